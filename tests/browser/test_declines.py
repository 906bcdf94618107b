"""The link for "this was not me": it can do nothing else, and does nothing unasked."""

from playwright.sync_api import expect

from test_links import fragment


def test_opening_the_link_that_declines_chooses_and_sends_nothing(session):
    person = session.beckon.invite()
    before = session.beckon.known_of(person)
    with session.browser.visit() as visit:
        visit.page.clock.install()
        visit.open(fragment(person.decline_link))
        expect(visit.at("decline-view")).to_be_visible()
        expect(visit.page).to_have_url(f"{session.beckon.address}/enroll")
        for choice in ("decline-yes", "decline-no"):
            expect(visit.at(choice)).not_to_be_checked()
        visit.let_a_minute_pass()
        assert visit.sent == [], visit.sent
    session.beckon.knows_only(before, person)


def test_confirming_without_a_choice_asks_for_one(session):
    person = session.beckon.invite()
    before = session.beckon.known_of(person)
    with session.browser.visit() as visit:
        visit.open(fragment(person.decline_link))
        visit.at("decline-send").click()
        expect(visit.at("decline-error")).to_have_text("Choose one of the two.")
        expect(visit.at("decline-yes")).to_be_focused()
        expect(visit.at("decline-yes")).not_to_be_checked()
        visit.at("decline-no").check()
        expect(visit.at("decline-error")).to_be_hidden()
        assert visit.sent == [], visit.sent
    session.beckon.knows_only(before, person)


def test_whoever_keeps_the_invitation_sends_nothing_and_can_go_on(session):
    person = session.beckon.invite()
    before = session.beckon.known_of(person)
    with session.browser.visit() as visit:
        visit.open(fragment(person.decline_link))
        visit.at("decline-no").check()
        visit.at("decline-send").click()
        expect(visit.at("title")).to_have_text("The invitation stays as it is")
        assert visit.sent == [], visit.sent
        visit.at("declined-form").click()
        expect(visit.at("pin")).to_be_visible()
    session.beckon.knows_only(before, person)


def test_choosing_and_confirming_declines(session):
    person = session.beckon.invite()
    with session.browser.visit() as visit:
        visit.open(fragment(person.decline_link))
        visit.at("decline-yes").check()
        assert visit.sent == [], visit.sent
        visit.at("decline-send").click()
        expect(visit.at("title")).to_have_text("The invitation is declined")
        expect(visit.at("title")).to_be_focused()
        assert visit.sent == [("/v1/declines", {"token": person.decline_token})], visit.sent
        expect(visit.at("declined-form")).to_be_hidden()
    state = session.beckon.invitation(person.id)["state"]
    assert state == "declined", state


def test_a_choice_is_forgotten_when_the_link_is_opened_again(session):
    person = session.beckon.invite()
    with session.browser.visit() as visit:
        visit.open(fragment(person.decline_link))
        visit.at("decline-yes").check()
        visit.follow(fragment(person.decline_link))
        expect(visit.at("decline-yes")).not_to_be_checked()
        visit.page.reload()
        visit.ready()
        expect(visit.at("reopen-view")).to_be_visible()
        assert visit.sent == [], visit.sent
