"""Ten thousand people, and a hundred thousand. Takes minutes, so it is only looked at with `--large`."""

import json
import re
import time
import urllib.request
from itertools import count

import pytest
from beckon import Person, until
from playwright.sync_api import expect

pytestmark = pytest.mark.large

GROUP = 10_000
EVERYBODY = 100_000

# What a first look at the list may cost.
MOST_BYTES = 100 * 1024
MOST_MILLISECONDS = 300

number = count(1)


def load(beckon, many, group):
    """Adds so many people of a group by importing them, and waits until the last is in."""
    first = next(number) * 1_000_000
    for start in range(first, first + many, 10_000):
        lines = ["email,name,groups"]
        lines += [f"crowd{at}@example.com,Crowd {at},{group}" for at in range(start, min(start + 10_000, first + many))]
        given = {"Content-Type": "text/csv", "Idempotency-Key": f"crowd-{start}"}
        request = urllib.request.Request(f"{beckon.address}/v1/jobs/import?invite=false", "\n".join(lines).encode(), given)
        with urllib.request.urlopen(request, timeout=60) as answer:
            job = json.load(answer)["id"]
        until("a part of the crowd is in", lambda: beckon.get(f"/v1/jobs/{job}")["state"] == "done", seconds=300, every=1)


def sent_to_its_end(console, beckon):
    """Waits until the batch that the dialog shows has ended and every mail is delivered. Gives when the last mail was out."""
    # On a busy machine an unoptimised build writes some ten mails a second.
    expect(console.page.locator(".sent .send-lead")).to_have_text("10,000 mails are out.", timeout=1_800_000)
    out = time.monotonic()
    batch = beckon.get("/v1/batches?limit=1")["items"][0]["batch"]["id"]
    counts = lambda: beckon.get(f"/v1/batches/{batch}")["batch"]["counts"]  # noqa: E731
    until("every mail is delivered", lambda: counts()["delivered"] == GROUP, seconds=900, every=1)
    assert (counts()["issued"], counts()["sent"], counts()["skipped"]) == (GROUP, GROUP, 0)
    return out


def first_of(page):
    """The first of the people who are shown: their address, and their id."""
    row = page.locator("tbody tr").first
    return row.locator(".address").inner_text(), row.locator("a").first.get_attribute("href").rsplit("/", 1)[1]


def registers_on_a_phone(beckon, chromium, console, method):
    """The first of those who are shown goes on from the link in their mail to a registered device, and the console shows
    it without a reload."""
    email, user = first_of(console.page)
    person = Person(user, email, beckon.mails(email)[0]["text"])
    with chromium.visit(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True) as phone:
        page = phone.page
        if method == "pin":
            page.goto(re.search(r"\S+/enroll\b", person.mail)[0])
            page.locator("#email").fill(email)
            page.locator("#pin").fill(person.pin)
            page.keyboard.press("Enter")
        else:
            page.goto(person.link)
            page.locator("#link-send").tap()
        expect(page.locator("#title")).to_have_text("Next: go on with device management")
        page.locator("#done-help summary").tap()
        device = {"registrationId": page.locator("#registration-id").inner_text(), "device": {"id": f"{method}-phone"}}
    beckon.send("POST", "/v1/mdm/registrations", device)
    began = time.monotonic()
    expect(console.page.locator("tbody tr").first).to_contain_text("Registered", timeout=60_000)
    return time.monotonic() - began


def opened(console, group):
    page = console.open(f"/users?group={group}")
    # Among many, the people of a group are some way down the list.
    expect(page.locator("tbody tr:not(.blank)").first).to_be_visible(timeout=120_000)
    return page


@pytest.fixture
def fast(beckon):
    """The mail account takes as many mails as the processor can write."""
    beckon.send("PUT", "/local/ses/account", {"maxSendRate": 1_000, "max24HourSend": 10_000_000})


def told(what, began, counted, out, registered):
    ended = time.monotonic()
    print(f"\n{what}: everybody counted after {counted - began:.1f} s, all mails out after {out - began:.1f} s, seen as registered after {registered:.1f} s, everything after {ended - began:.1f} s")


def test_a_group_of_ten_thousand_is_invited_with_the_mouse_alone(beckon, chromium, console, fast):
    beckon.settings({"registration": {"method": "pin"}})
    load(beckon, GROUP, "mouse")
    page = opened(console, "mouse")
    began = time.monotonic()
    console.button("Select all that match").click()
    console.choose("Actions", "Send invite")
    expect(console.dialog.locator(".send-lead")).to_contain_text("10,000 people will get a mail", timeout=300_000)
    counted = time.monotonic()
    console.dialog.get_by_label("Device owner settings").click()
    console.dialog.get_by_label("Company owned").click()
    expect(console.button("Send", console.dialog)).to_be_enabled(timeout=60_000)
    console.button("Send", console.dialog).click()
    out = sent_to_its_end(console, beckon)
    console.button("Okay", console.dialog).click()
    expect(page.locator("tbody tr").first).to_contain_text("Pending", timeout=60_000)
    told("mouse, PIN", began, counted, out, registers_on_a_phone(beckon, chromium, console, "pin"))


def test_a_group_of_ten_thousand_is_invited_with_the_keyboard_alone(beckon, chromium, console, fast):
    beckon.settings({"registration": {"method": "qrCode"}})
    load(beckon, GROUP, "keyboard")
    page = opened(console, "keyboard")
    began = time.monotonic()

    def to(name, key="Tab"):
        """Goes on to what is called so."""
        for _ in range(200):
            page.keyboard.press(key)
            if page.evaluate("(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()") == name:
                return
        raise AssertionError(f"the keyboard does not lead to {name}")

    to("Select all that match")
    page.keyboard.press("Enter")
    to("Actions", "Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(console.dialog.locator(".send-lead")).to_contain_text("10,000 people will get a mail", timeout=300_000)
    counted = time.monotonic()
    to("Send")
    page.keyboard.press("Enter")
    out = sent_to_its_end(console, beckon)
    expect(console.button("Okay", console.dialog)).to_be_focused()
    page.keyboard.press("Enter")
    expect(console.page.get_by_role("dialog")).to_have_count(0)
    told("keyboard, QR code", began, counted, out, registers_on_a_phone(beckon, chromium, console, "qrCode"))


SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value; })
  .observe({ type: "layout-shift", buffered: true });
addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  if (!window.usableAt && document.querySelector("tbody tr:not(.blank) input")) window.usableAt = performance.now();
}).observe(document, { childList: true, subtree: true }));
"""


def test_among_a_hundred_thousand_the_list_is_small_soon_there_and_stands_still(request, beckon, chromium):
    if request.config.getoption("--page"):
        pytest.skip("files of a folder are served as they are, not compressed as the binary has them")
    load(beckon, EVERYBODY, "everybody")
    seen = []
    for _ in range(5):
        with chromium.visit() as console:
            page = console.page
            page.add_init_script(SHIFTS)
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")
            transferred, asked = [], []
            session.on("Network.loadingFinished", lambda one: transferred.append(one["encodedDataLength"]))
            session.on("Network.requestWillBeSent", lambda one: asked.append(one["request"]["url"]))
            # Nothing of the check's own runs in the page meanwhile.
            console.open("/users")
            page.wait_for_load_state("networkidle")
            seen.append((page.evaluate("window.usableAt"), sum(transferred), page.evaluate("window.shifted"), len(asked)))
            api = [url for url in asked if "/v1/" in url]
            assert [url.split("/v1/")[1].split("?")[0] for url in api] == ["me", "users"] or len(api) <= 2, api
    usable = sorted(one[0] for one in seen)[len(seen) // 2]
    bytes_, shifted = max(one[1] for one in seen), max(one[2] for one in seen)
    print(f"\n100,000 users: usable after {usable:.0f} ms (median of {len(seen)}), {bytes_ / 1024:.1f} KiB, shift {shifted:.4f}, {seen[0][3]} requests")
    assert bytes_ < MOST_BYTES
    assert shifted < 0.001
    assert usable < MOST_MILLISECONDS


def test_who_pages_through_five_thousand_leaves_nothing_behind(beckon, console):
    load(beckon, GROUP, "paged")
    page = console.open("/users")
    session = page.context.new_cdp_session(page)
    following = console.button("Next page")

    def paged_to(pages, shown):
        for at in range(shown + 1, pages + 1):
            following.click()
            expect(page.locator(".range")).to_have_text(f"{(at - 1) * 50 + 1:,} to {at * 50:,}")

    def heap():
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"] / 1024 / 1024

    expect(page.locator(".range")).to_have_text("1 to 50")
    paged_to(4, 1)
    few = heap()
    paged_to(100, 4)
    many = heap()
    print(f"\nheap after 200 users {few:.2f} MiB, after 5,000 {many:.2f} MiB")
    assert many - few < 10
