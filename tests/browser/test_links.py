"""Personal links and QR codes: opening one changes nothing, pressing the button redeems."""

import json
from urllib.parse import urlsplit

from beckon import until
from playwright.sync_api import expect

ELSEWHERE = {"enrolment": {"addresses": [
    {"platform": "ios", "url": "https://mdm.example.com/iphone"},
    {"url": "https://mdm.example.com/s/{registrationId}"},
]}}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"


def fragment(link):
    return "#" + urlsplit(link).fragment


def test_opening_a_link_sends_nothing_and_changes_nothing(session):
    person = session.beckon.invite("qrCode")
    before = session.beckon.known_of(person)
    with session.browser.visit() as visit:
        visit.page.clock.install()
        visit.open(fragment(person.link))
        expect(visit.at("link-send")).to_be_visible()
        visit.let_a_minute_pass()
        assert visit.sent == [], visit.sent
    session.beckon.knows_only(before, person)


def test_the_token_leaves_the_address_and_a_reload_asks_for_the_link(session):
    person = session.beckon.invite("qrCode")
    with session.browser.visit() as visit:
        visit.open(fragment(person.link))
        expect(visit.page).to_have_url(f"{session.beckon.address}/enroll")
        visit.page.reload()
        visit.ready()
        expect(visit.at("reopen-view")).to_be_visible()
        expect(visit.at("link-send")).to_be_hidden()
        assert visit.sent == [], visit.sent
        visit.at("reopen-form").click()
        expect(visit.at("pin")).to_be_visible()


def test_pressing_the_button_redeems_and_says_where_to_go_on(session):
    person = session.beckon.invite("qrCode")
    with session.browser.visit() as visit:
        visit.open(fragment(person.link))
        visit.at("link-send").click()
        expect(visit.at("title")).to_have_text("Next: go on with device management")
        expect(visit.at("title")).to_be_focused()
        expect(visit.at("done-lead")).to_contain_text("Continue in the device management app")
        expect(visit.at("done-continue")).to_be_hidden()
        [(path, body)] = visit.sent
        assert (path, body["token"]) == ("/v1/redemptions", person.token), (path, body)
        visit.at("done-help").locator("summary").click()
        registration = visit.at("registration-id").inner_text()
    known = session.beckon.get(f"/v1/registrations/{registration}")
    assert (known["state"], known["userId"]) == ("open", person.id), known


def test_the_button_of_a_registration_leads_to_the_device_management(session):
    person = session.beckon.invite("qrCode", ELSEWHERE)
    with session.browser.visit() as visit:
        visit.open(fragment(person.link))
        visit.at("link-send").click()
        expect(visit.at("done-lead")).to_contain_text("Next comes the device management")
        expect(visit.at("done-continue")).to_be_visible()
        registration = visit.at("registration-id").text_content()
        there = f"https://mdm.example.com/s/{registration}"
        expect(visit.at("done-continue")).to_have_attribute("href", there)
        expect(visit.at("done-app")).to_be_hidden()
        assert visit.page.url == f"{session.beckon.address}/enroll", "nobody is sent on unasked"


def test_an_iphone_is_led_to_where_iphones_go(session):
    person = session.beckon.invite("qrCode", ELSEWHERE)
    with session.browser.visit(user_agent=IPHONE, is_mobile=True, has_touch=True) as visit:
        visit.open(fragment(person.link))
        visit.at("link-send").tap()
        expect(visit.at("done-continue")).to_have_attribute("href", "https://mdm.example.com/iphone")
        assert visit.sent[0][1]["device"] == {"platform": "ios"}, visit.sent


def test_a_registration_leads_nowhere_that_a_page_must_not_lead(session):
    addresses = {
        "javascript:alert(1)": False, "data:text/html,x": False, "http://mdm.example.com/": False, "": False,
        "awagent://enroll": True, "https://mdm.example.com/": True,
    }
    with session.browser.visit() as visit:
        visit.open()
        for address, leads in addresses.items():
            visit.answers("/v1/redemptions", 200, {"registrationId": "x", "continueUrl": address})
            visit.follow("#t=of-nobody")
            visit.at("link-send").click()
            expect(visit.at("done-view")).to_be_visible()
            assert visit.at("done-continue").is_visible() == leads, address
            assert visit.at("done-app").is_visible() == address.startswith("awagent:"), address


def test_where_there_is_nothing_to_open_the_page_says_what_to_do(session):
    text = "Open Settings > General.\n\nSign in with <b>your</b> account."
    addresses = [{"platform": "ios", "text": text}, {"url": "https://mdm.example.com/any"}]
    person = session.beckon.invite("qrCode", {"enrolment": {"addresses": addresses}})
    with session.browser.visit(user_agent=IPHONE, is_mobile=True, has_touch=True) as visit:
        visit.open(fragment(person.link))
        visit.at("link-send").tap()
        expect(visit.at("done-lead")).to_have_text("Your invitation was accepted. This is how you go on:")
        lines = visit.at("done-instruction").locator("p")
        expect(lines).to_have_text(["Open Settings > General.", "Sign in with <b>your</b> account."])
        expect(visit.at("done-continue")).to_be_hidden()
        expect(visit.at("done-app")).to_be_hidden()


def test_windows_is_led_to_its_own_settings(session):
    address = {"platform": "windows", "url": "ms-device-enrollment:?mode=mdm&username={email}"}
    person = session.beckon.invite("qrCode", {"enrolment": {"addresses": [address]}})
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
    with session.browser.visit(user_agent=windows) as visit:
        visit.open(fragment(person.link))
        visit.at("link-send").click()
        username = person.email.replace("@", "%40")
        expected = f"ms-device-enrollment:?mode=mdm&username={username}"
        expect(visit.at("done-continue")).to_have_attribute("href", expected)
        expect(visit.at("done-app")).to_be_visible()


def test_what_registering_means_is_shown_in_the_administrators_words(session):
    text = "We see the model.\n\n<b>Nothing</b> private."
    agreements = [{"ownership": "userOwned", "text": text, "url": "https://example.com/byod"}]
    person = session.beckon.invite("pin", {"agreements": agreements}, ownership="userOwned")
    with session.browser.visit() as visit:
        visit.open()
        visit.type_pin(person.email, person.pin)
        expect(visit.at("done-agreement")).to_be_visible()
        expect(visit.at("agreement-text").locator("p")).to_have_text(["We see the model.", "<b>Nothing</b> private."])
        expect(visit.at("agreement-link")).to_have_attribute("href", "https://example.com/byod")
        expect(visit.at("done-ownership-text")).to_contain_text("your own device")


def test_whoever_comes_back_sees_where_they_are_and_at_the_end_that_it_is_done(session):
    person = session.beckon.invite("pin", ELSEWHERE)
    with session.browser.visit() as visit:
        visit.open()
        visit.type_pin(person.email, person.pin)
        expect(visit.at("done-view")).to_be_visible()
        expect(visit.at("done-path").locator("[aria-current]")).to_have_text("Device management sets this device up")
        there = visit.at("done-continue").get_attribute("href")
        visit.page.goto(f"{session.beckon.address}/openapi.json")
        visit.page.go_back()
        visit.ready()
        expect(visit.at("done-lead")).to_contain_text("there is nothing to enter again")
        expect(visit.at("done-continue")).to_have_attribute("href", there)
        expect(visit.at("form-view")).to_be_hidden()
        assert [path for path, _ in visit.sent] == ["/v1/redemptions"], visit.sent
        detail = {"registrationId": visit.at("registration-id").text_content(), "device": {"id": f"back-{person.id}"}}
        entry = {"Source": "mdm", "DetailType": "Device Registered", "Detail": json.dumps(detail)}
        session.beckon.send("POST", "/local/events", {"Entries": [entry]})
        until("it is registered", lambda: session.beckon.get(f"/v1/registrations/{detail['registrationId']}")["state"] == "confirmed")
        visit.page.reload()
        visit.ready()
        expect(visit.at("title")).to_have_text("This device is registered")
        expect(visit.at("done-continue")).to_be_hidden()
        visit.page.reload()
        visit.ready()
        expect(visit.at("pin")).to_be_visible()


def test_a_link_that_fits_nobody_is_refused_and_not_offered_again(session):
    with session.browser.visit() as visit:
        visit.open("#t=of-nobody")
        visit.at("link-send").click()
        expect(visit.at("message")).to_contain_text("This link does not work")
        expect(visit.at("message")).to_be_focused()
        expect(visit.at("link-send")).to_be_hidden()


def test_a_button_pressed_twice_sends_once(session):
    with session.browser.visit() as visit:
        visit.open("#t=of-nobody")
        waiting = []
        visit.page.route("**/v1/redemptions", lambda route: waiting.append(route))
        with visit.page.expect_request("**/v1/redemptions"):
            visit.at("link-send").click()
        expect(visit.at("link-send")).to_be_disabled()
        # Past the button, as a script or a keyboard of an aid might.
        visit.page.evaluate("document.getElementById('form').requestSubmit()")
        visit.at("link-send").dispatch_event("click")
        waiting[0].fulfill(status=200, json={"registrationId": "x"})
        expect(visit.at("done-view")).to_be_visible()
        assert len(visit.sent) == 1, visit.sent


def test_a_registration_whose_time_ran_out_is_begun_again_with_the_same_link(session):
    person = session.beckon.invite("qrCode")
    with session.browser.visit() as visit:
        visit.page.clock.install()
        visit.open(fragment(person.link))
        visit.at("link-send").click()
        expect(visit.at("done-until-text")).not_to_be_empty()
        visit.page.clock.fast_forward("25:00:00")
        expect(visit.at("title")).to_have_text("The time to continue has run out")
        expect(visit.at("registration-id")).to_be_empty()
        visit.at("again").click()
        expect(visit.at("link-send")).to_be_visible()


def test_a_link_followed_where_the_page_is_open_is_taken_too(session):
    person = session.beckon.invite("qrCode")
    with session.browser.visit() as visit:
        visit.open()
        expect(visit.at("pin")).to_be_visible()
        visit.follow(fragment(person.link))
        expect(visit.at("link-send")).to_be_visible()
        expect(visit.page).to_have_url(f"{session.beckon.address}/enroll")
        assert visit.sent == [], visit.sent
