"""Every page of the console as people need it: twice as large, without motion, from right to left."""

import pytest
from beckon import until
from playwright.sync_api import expect

PAGES = ["/overview", "/users", "/devices", "/batches", "/jobs", "/settings/registration", "/settings/groups", "/settings/sources", "/settings/directory", "/settings/history", "/settings/templates"]

# A window of 1280 by 800 at 200 % has room for half as much.
ZOOMED = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}


@pytest.fixture(scope="module")
def person(beckon):
    beckon.settings({})
    added = beckon.send("POST", "/v1/users", {"email": "every@example.com", "displayName": "Every Page"})["user"]
    until("the mail has gone", lambda: beckon.invitation(added["id"]).get("delivery") == "delivered")
    return added


def each_page(console, person):
    """Goes from page to page, as people do: that is quicker than a browser for each."""
    for path in [*PAGES, f"/users/{person['id']}"]:
        page = console.open(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        yield page


@pytest.mark.parametrize("look", [ZOOMED, {**ZOOMED, "locale": "ar"}], ids=["200 %", "200 % Arabic"])
def test_at_200_percent_every_page_can_be_read_and_nothing_is_cut_off(chromium, person, look):
    with chromium.visit(**look) as console:
        for _ in each_page(console, person):
            console.is_accessible()


@pytest.mark.parametrize("action", ["Send invite", "Disable"])
def test_at_200_percent_a_dialog_can_be_read_to_its_end_and_left(chromium, person, action):
    with chromium.visit(**ZOOMED) as console:
        page = console.open("/users?text=every@example.com")
        page.get_by_label("Select Every Page").check()
        console.choose("Actions", action)
        last = console.dialog.locator(".dialog-actions button").last
        expect(last).to_be_in_viewport(ratio=1)
        console.is_accessible()
        page.keyboard.press("Escape")
        expect(console.dialog).to_be_hidden()


@pytest.mark.parametrize("locale", ["en-GB", "de-DE", "ar"])
def test_on_a_phone_the_way_to_every_page_is_seen(chromium, locale):
    with chromium.visit(viewport={"width": 390, "height": 844}, locale=locale) as console:
        page = console.open("/users")
        ways = page.locator(".nav a")
        expect(ways).to_have_count(6)
        for way in ways.all():
            expect(way).to_be_in_viewport(ratio=1)


def test_whoever_wants_no_motion_gets_none(chromium, person):
    with chromium.visit(reduced_motion="reduce") as console:
        for page in each_page(console, person):
            moving = page.evaluate(
                """() => document.getAnimations().filter((one) => {
                  const { duration, iterations } = one.effect.getComputedTiming();
                  return duration > 1 || iterations > 1;
                }).length"""
            )
            assert moving == 0, page.url
            # What would move, moves at once: a switch that is pressed, above all.
            slow = page.evaluate(
                """() => [...document.querySelectorAll('*')].filter((one) => {
                  const { transitionDuration, animationDuration } = getComputedStyle(one);
                  const seconds = (text) => Math.max(...text.split(',').map(parseFloat));
                  return seconds(transitionDuration) > 0.001 || seconds(animationDuration) > 0.001;
                }).map((one) => one.outerHTML.slice(0, 100))"""
            )
            assert slow == [], page.url


def test_with_motion_something_moves(chromium, person):
    """The check above would see it."""
    with chromium.visit(reduced_motion="no-preference") as console:
        page = console.open("/settings/reminders")
        expect(page.get_by_role("switch").first).to_be_visible()
        assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.switch')).transitionDuration)") > 0.1
