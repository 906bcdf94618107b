"""Address and PIN, typed as people type, and the PIN that is asked for again."""

import re

from playwright.sync_api import expect

from beckon import until

LETTERS = {"registration": {"pin": {"alphabet": "unambiguous", "length": 12}}}


def another(pin):
    """A PIN that is as long and is another one."""
    return ("4" if pin[0] != "4" else "7") + pin[1:]


def redeemed(session, person, typed, email=None):
    with session.browser.visit() as visit:
        visit.open()
        visit.type_pin(email or person.email, typed)
        expect(visit.at("title")).to_have_text("Next: go on with device management")
        assert visit.at("pin").input_value() == "", "a PIN stays in the page"
    history = session.beckon.get(f"/v1/users/{person.id}/history")["items"]
    assert any("a registration began" in entry["text"] for entry in history), history


def test_opening_the_page_sends_nothing(session):
    with session.browser.visit() as visit:
        visit.page.clock.install()
        visit.open()
        visit.let_a_minute_pass()
        assert visit.sent == [], visit.sent
        expect(visit.at("email")).to_be_empty()
        expect(visit.at("pin")).to_be_empty()


def test_a_pin_may_be_grouped_and_spaced_and_the_address_written_in_capitals(session):
    person = session.beckon.invite()
    digits = person.pin.replace(" ", "")
    redeemed(session, person, person.pin)
    redeemed(session, person, f"  {digits[:3]}-{digits[3:5]}   {digits[5:]} ", f" {person.email.upper()} ")


def test_a_pin_with_letters_may_be_typed_in_small_ones(session):
    person = session.beckon.invite(settings=LETTERS)
    assert person.pin.lower() != person.pin, person.pin
    redeemed(session, person, person.pin.lower())


def test_what_is_missing_is_asked_for_and_nothing_is_sent(session):
    with session.browser.visit() as visit:
        visit.open()
        visit.at("form-send").click()
        said(visit, "email", "Enter the address")
        said(visit, "pin", "Enter the PIN")
        expect(visit.at("email")).to_be_focused()
        visit.type_pin("person", "1234")
        said(visit, "email", "This is not a complete address")
        expect(visit.at("pin-error")).to_be_hidden()
        visit.type_pin("person@example.com", "   ")
        said(visit, "pin", "Enter the PIN")
        expect(visit.at("pin")).to_be_focused()
        visit.at("pin").fill("1")
        expect(visit.at("pin-error")).to_be_hidden()
        assert visit.sent == [], visit.sent


def said(visit, field, text):
    """A field has this error, and whoever only hears the page is told with the field."""
    expect(visit.at(f"{field}-error")).to_contain_text(text)
    expect(visit.at(f"{field}-error")).to_be_visible()
    expect(visit.at(field)).to_have_attribute("aria-invalid", "true")
    expect(visit.at(field)).to_have_accessible_description(re.compile(re.escape(text)))


def test_a_wrong_pin_is_said_aloud_and_what_was_typed_stays(session):
    person = session.beckon.invite()
    with session.browser.visit() as visit:
        visit.open()
        wrong = another(person.pin)
        visit.type_pin(person.email, wrong)
        expect(visit.at("message")).to_contain_text("That address and PIN do not fit together")
        expect(visit.at("message")).to_be_focused()
        expect(visit.at("message")).to_have_attribute("role", "alert")
        expect(visit.at("email")).to_have_value(person.email)
        expect(visit.at("pin")).to_have_value(wrong)
        expect(visit.at("form-send")).to_be_enabled()
        expect(visit.at("form-send")).to_have_text("Continue")
        visit.at("pin").fill(person.pin)
        visit.at("pin").press("Enter")
        expect(visit.at("done-view")).to_be_visible()
        expect(visit.at("message")).to_be_hidden()


def test_half_a_pin_costs_no_try_and_stays_to_be_completed(session):
    person = session.beckon.invite()
    tries = session.beckon.invitation(person.id)["triesLeft"]
    with session.browser.visit() as visit:
        visit.open()
        visit.type_pin(person.email, person.pin[:4])
        expect(visit.at("message")).to_be_visible()
        left = session.beckon.invitation(person.id)["triesLeft"]
        assert left == tries, f"half a PIN cost a try: {left} of {tries} are left"
        expect(visit.at("pin")).to_have_value(person.pin[:4])
        visit.at("pin").press("End")
        visit.at("pin").press_sequentially(person.pin[4:])
        visit.at("form-send").click()
        expect(visit.at("done-view")).to_be_visible()


def test_without_an_answer_what_was_typed_stays_and_can_be_sent_again(session):
    person = session.beckon.invite()
    with session.browser.visit() as visit:
        visit.open()
        visit.page.route("**/v1/redemptions", lambda route: route.abort())
        visit.type_pin(person.email, person.pin)
        expect(visit.at("message")).to_contain_text("No answer")
        visit.page.unroute_all(behavior="wait")
        visit.at("form-send").click()
        expect(visit.at("done-view")).to_be_visible()


def test_the_keyboard_of_a_phone_changes_to_letters(session):
    with session.browser.visit(is_mobile=True, has_touch=True) as visit:
        visit.open()
        expect(visit.at("pin")).to_have_attribute("inputmode", "numeric")
        visit.at("keyboard").tap()
        expect(visit.at("pin")).to_have_attribute("inputmode", "text")
        expect(visit.at("pin")).to_be_focused()
        expect(visit.at("keyboard")).to_have_text("My PIN has digits only")


def test_the_pin_is_mailed_again_on_request(session):
    person = session.beckon.invite()
    with session.browser.visit() as visit:
        visit.open()
        visit.at("email").fill(person.email)
        visit.at("ask").locator("summary").click()
        expect(visit.at("ask-email")).to_have_value(person.email)
        visit.at("ask-send").click()
        expect(visit.at("ask-done")).to_be_focused()
        expect(visit.at("ask-done-address")).to_have_text(person.email)
        assert visit.sent == [("/v1/pin-requests", {"email": person.email})], visit.sent
        newest, _ = until("the PIN is mailed again", lambda: both(session.beckon.mails(person.email)))
        assert person.pin in newest["text"], newest["text"]
        visit.at("ask-other").click()
        expect(visit.at("ask-email")).to_be_focused()


def both(mails):
    return mails if len(mails) == 2 else None


def test_whoever_asks_for_a_pin_reads_the_same_whoever_they_are(session):
    with session.browser.visit() as visit:
        visit.open()
        visit.at("ask").locator("summary").click()
        visit.at("ask-send").click()
        said(visit, "ask-email", "Enter the address")
        expect(visit.at("ask-email")).to_be_focused()
        assert visit.sent == [], visit.sent
        visit.at("ask-email").fill("nobody@example.com")
        visit.at("ask-send").click()
        expect(visit.at("ask-done-title")).to_have_text("We have noted your request")
    mails = session.beckon.mails("nobody@example.com")
    assert mails == [], mails
