"""The page in each of its languages, from the browser's own setting."""

import re

from playwright.sync_api import expect

import tour


def texts_of(words):
    """Every text of a language; that with something to fill in, as a pattern."""
    if isinstance(words, str):
        return [words]
    return [text for part in (words.values() if isinstance(words, dict) else words) for text in texts_of(part)]


def test_every_view_speaks_the_readers_language_alone(session):
    for stop in tour.every_stop(session):
        words = session.beckon.get(f"/enroll/words/{stop.language}")
        known = {text.strip() for text in texts_of(words)}
        texts, tab = stop.look["texts"], stop.look["tab"]
        strange = [text for text in texts if text not in known]
        assert not strange, f"{stop}: these are none of its words: {strange}"
        assert not stop.look["empty"], f"{stop}: without words: {stop.look['empty']}"
        title = words[stop.title]
        assert title in texts and tab == title, f"{stop}: the tab is called {tab}, not {title}"


def test_every_language_is_named_and_runs_in_its_direction(session):
    for stop in tour.every_stop(session):
        direction = "rtl" if stop.language == "ar" else "ltr"
        named = (stop.look["lang"], stop.look["dir"])
        assert named == (stop.language, direction), f"{stop}: {named}"


def test_a_german_reads_german_and_whoever_speaks_none_of_them_english(session):
    for locale, title in (("de-DE", "Registrieren Sie dieses Gerät"), ("nl-NL", "Register this device")):
        with session.browser.visit(locale) as visit:
            visit.open()
            expect(visit.at("title")).to_have_text(title)


def test_a_page_that_a_mail_leads_to_speaks_as_the_mail_does(session):
    person = session.beckon.invite("qrCode", locale="ar")
    link = person.link.removeprefix(f"{session.beckon.address}/enroll")
    with session.browser.visit("de-DE") as visit:
        visit.open(link)
        expect(visit.page.locator("html")).to_have_attribute("lang", "ar")
        expect(visit.page.locator("html")).to_have_attribute("dir", "rtl")
        # What was asked of the address is kept, the token is not.
        expect(visit.page).to_have_url(f"{session.beckon.address}/enroll?lang=ar")
        visit.page.reload()
        visit.ready()
        expect(visit.page.locator("html")).to_have_attribute("lang", "ar")


def test_arabic_runs_from_right_to_left_but_addresses_and_pins_do_not(session):
    with session.browser.visit("ar") as visit:
        visit.open()
        direction = "(element) => getComputedStyle(element).direction"
        assert visit.page.locator("body").evaluate(direction) == "rtl", "the page"
        for field in ("email", "pin", "ask-email"):
            assert visit.at(field).evaluate(direction) == "ltr", field


def test_without_its_words_the_page_is_english_and_works(session):
    person = session.beckon.invite()
    with session.browser.visit("fi") as visit:
        visit.page.route("**/enroll/words/*", lambda route: route.fulfill(status=200, body="<html>a proxy</html>"))
        visit.open()
        expect(visit.page.locator("html")).to_have_attribute("lang", "en")
        visit.type_pin(person.email, person.pin)
        expect(visit.at("title")).to_have_text("Next: go on with device management")


# What can be answered to a PIN and to a link, and which message it is.
PROBLEMS = [
    (403, {"type": "does-not-fit"}, "doesNotFit", "linkDoesNotFit"),
    (410, {"type": "invitation-ended", "ended": "expired"}, "pinExpired", "expired"),
    (410, {"type": "invitation-ended", "ended": "used"}, "used", "used"),
    (410, {"type": "invitation-ended", "ended": "cancelled"}, "cancelled", "cancelled"),
    (410, {"type": "invitation-ended", "ended": "declined"}, "ended", "ended"),
    (429, {"type": "too-many-tries"}, "tooManyTries", "tooManyTries"),
    (429, {"type": "too-many-sessions", "until": "2100-01-01T00:00:00Z"}, "tooManySessions", "tooManySessions"),
    (429, {}, "tooOften", "tooOften"),
    (503, {"type": "unavailable"}, "unavailable", "unavailable"),
    (502, {}, "unavailable", "unavailable"),
    (500, {}, "unexpected", "unexpected"),
    (200, {}, "unexpected", "unexpected"),
]


def test_every_refusal_is_said_in_the_readers_words(session):
    words = session.beckon.get("/enroll/words/de")["problems"]
    with session.browser.visit("de") as visit:
        visit.open()
        for status, problem, of_a_pin, _ in PROBLEMS:
            refuse(visit, status, problem)
            visit.type_pin("person@example.com", "12345678")
            reads(visit, words[of_a_pin])
        for status, problem, _, of_a_link in PROBLEMS:
            refuse(visit, status, problem)
            visit.follow("#t=of-nobody")
            visit.at("link-send").click()
            reads(visit, words[of_a_link])


def refuse(visit, status, problem):
    visit.answers("/v1/redemptions", status, {**problem, "type": f"urn:beckon:problem:{problem.get('type')}"})


def reads(visit, message):
    box = visit.at("message")
    expect(box).to_be_visible()
    expect(box.locator(".message-title")).to_have_text(message["title"])
    shown = box.locator("li, p:not(.message-title)")
    expect(shown).to_have_text([as_pattern(line) for line in message["lines"]])


def as_pattern(line):
    """A line with whatever was filled in; a moment has a digit."""
    return re.compile("^" + re.sub(r"\\\{\w+\\\}", r"[^{}]*\\d[^{}]*", re.escape(line)) + "$")
