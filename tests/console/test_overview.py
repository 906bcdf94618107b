"""The overview: how far invitations have come, what needs attention, who runs out of time."""

import re

import pytest
from playwright.sync_api import expect


def step(name, count, timed=None, median=None):
    return {"step": name, "count": count, "timed": count if timed is None else timed, "median": median}


NUMBERS = {
    "group": None,
    "complete": True,
    "funnel": [
        step("invited", 1200, 0),
        step("delivered", 1180, median={"fromSeconds": 2, "toSeconds": 3}),
        step("redeemed", 900, 890, {"fromSeconds": 4096, "toSeconds": 5793}),
        step("registered", 850, median={"fromSeconds": 128, "toSeconds": 181}),
        step("confirmed", 8, median={"fromSeconds": 4_000_000, "toSeconds": None}),
    ],
    "attention": {"bounced": 8, "refused": 0, "locked": 2, "expired": 31, "declined": 1},
    "open": 309,
    "expiringTomorrow": {"from": "2026-11-27T23:00:00Z", "until": "2026-11-28T23:00:00Z", "count": 2, "more": False},
}

NOBODY = {
    **NUMBERS,
    "funnel": [step(name, 0) for name in ("invited", "delivered", "redeemed", "registered", "confirmed")],
    "attention": dict.fromkeys(NUMBERS["attention"], 0),
}

ADA = {
    "userId": "01JADA",
    "email": "ada@example.com",
    "displayName": "Ada Lindqvist",
    "groups": ["sales"],
    "state": "pending",
    "expiresAt": "2026-11-28T09:12:00Z",
}
BEN = {**ADA, "userId": "01JBEN", "email": "ben@example.com", "displayName": None}

PAUSE = {"code": "quota", "reason": "Daily message quota exceeded.", "until": "2026-11-28T06:00:00Z"}
RUNNING = {"state": "running", "pause": None, "perSecond": 14}


def has(console, path, answer, method="GET"):
    """Has requests answered as the API would for more people than a check can invite."""

    def fulfil(route):
        if route.request.method != method:
            return route.fallback()
        return route.fulfill(json=answer(route.request) if callable(answer) else answer)

    console.page.route(f"**{path}", fulfil)


def people(*items, after=None):
    return {"from": "2026-11-27T23:00:00Z", "until": "2026-11-28T23:00:00Z", "items": list(items), "next": after, "unreadable": 0}


@pytest.fixture
def overview(console):
    has(console, "/v1/overview*", NUMBERS)
    has(console, "/v1/overview/expiring*", people(ADA, BEN))
    has(console, "/v1/delivery", RUNNING)
    return console


def opened(console, query=""):
    page = console.open(f"/overview{query}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.locator("[aria-busy]")).to_have_count(0)
    return page


def cells(page, name):
    row = page.locator(".funnel").get_by_role("row").filter(has_text=name)
    return [cell.inner_text() for cell in row.get_by_role("cell").all()]


def test_the_chart_reads_as_a_table_with_numbers_shares_and_ranges_of_time(overview):
    page = opened(overview)
    expect(page.locator(".funnel tbody").get_by_role("row")).to_have_count(5)
    people_, share, time = cells(page, "Redeemed")
    assert (people_.strip(), share.strip()) == ("900", "75%")
    assert "68–97 minutes" in time and "of the 890 whose time is known" in time
    assert "over 46 days" in cells(page, "Confirmed")[2]
    widths = [bar.bounding_box()["width"] for bar in page.locator(".funnel-bar").all()]
    assert widths == sorted(widths, reverse=True)
    assert widths[2] / widths[0] == pytest.approx(900 / 1200, abs=0.01)
    expect(page.locator(".funnel-card")).to_contain_text("Times are kept in fixed ranges")


def test_what_needs_attention_leads_to_the_people(overview):
    page = opened(overview, "?group=sales")
    links = page.locator(".attention a")
    assert [link.get_attribute("href") for link in links.all()] == [
        "#/users?delivery=hardBounced%2CsoftBounced&group=sales",
        "#/users?state=locked&group=sales",
        "#/users?state=expired&group=sales",
        "#/users?state=declined&group=sales",
    ]
    links.nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Users")


def test_a_group_stands_in_the_address_and_in_the_requests(overview):
    page = opened(overview)
    with page.expect_request("**/v1/overview?group=staff"), page.expect_request("**/v1/overview/expiring?group=staff*"):
        page.get_by_label("Group", exact=True).fill("staff")
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#/overview\?group=staff$"))
    expect(page.locator(".funnel-card h2")).to_contain_text("staff")
    page.reload()
    expect(page.get_by_label("Group", exact=True)).to_have_value("staff")


def test_an_answer_that_comes_late_is_not_shown_for_another_group(overview):
    page = opened(overview)
    held = []
    ours = {**NUMBERS, "funnel": [{**step, "count": 7} for step in NUMBERS["funnel"]]}
    page.route("**/v1/overview?group=slow", lambda route: held.append(route))
    page.route("**/v1/overview?group=quick", lambda route: route.fulfill(json=ours))
    group = page.get_by_label("Group", exact=True)
    with page.expect_request("**/v1/overview?group=slow"):
        group.fill("slow")
        page.keyboard.press("Enter")
    group.fill("quick")
    page.keyboard.press("Enter")
    expect(page.locator(".funnel-card h2")).to_contain_text("quick")
    assert cells(page, "Redeemed")[0].strip() == "7"
    with page.expect_response("**/v1/overview?group=slow"):
        held[0].fulfill(json=NUMBERS)
    page.wait_for_timeout(300)
    expect(page.locator(".funnel-card h2")).to_contain_text("quick")
    assert cells(page, "Redeemed")[0].strip() == "7"


def test_a_batch_shows_its_own_numbers(overview):
    batch = {"batch": {"id": "01JB", "createdAt": "2026-11-20T10:00:00Z"}, "funnel": NUMBERS["funnel"], "attention": NUMBERS["attention"]}
    has(overview, "/v1/batches/01JB", batch)
    page = opened(overview, "?batch=01JB")
    expect(page.locator(".funnel-card h2")).to_contain_text("20 Nov 2026")
    expect(page.locator(".attention a").first).to_have_attribute("href", "#/batches/01JB?outcome=bounced")
    overview.button("Show everything").click()
    expect(page).to_have_url(re.compile(r"#/overview$"))
    expect(page.locator(".funnel-card h2")).to_have_text("How far invitations have come")


def test_numbers_that_are_not_complete_say_so(overview):
    has(overview, "/v1/overview*", {**NUMBERS, "complete": False})
    page = opened(overview)
    expect(page.locator(".funnel-note")).to_contain_text("Not everything is counted yet")


def test_who_runs_out_of_time_is_mailed_again(overview):
    asked = []

    def answer(request):
        asked.append(request.url)
        return {}

    has(overview, "/v1/users/01JADA/invitation/resend", answer, "POST")
    page = opened(overview)
    overview.button("Mail again to Ada Lindqvist").click()
    overview.hears("The invitation is mailed to Ada Lindqvist again.")
    assert len(asked) == 1
    expect(page.locator(".expiring li").first).to_contain_text("Mailed again")
    expect(overview.button("Mail again to ben@example.com")).to_be_visible()


def test_who_runs_out_of_time_is_listed_with_exactly_those_people(beckon, console):
    """One whose invitation ends tomorrow, in the settings' time zone, and one whose ends later."""
    names = {24: "On", 70: "After"}
    for hours, name in names.items():
        beckon.settings({"registration": {"lifetimeHours": hours}})
        user = {"email": f"ends.{name.lower()}@example.com", "displayName": f"Ends {name}", "groups": ["ending"]}
        beckon.send("POST", "/v1/users", user)
    beckon.settings({})
    page = console.open("/overview?group=ending")
    card = page.locator(".expiring-card")
    expect(card.locator("li a")).to_have_text(["Ends On"])
    card.get_by_role("link", name="All of them in the list of users").click()
    expect(page).to_have_url(re.compile(r"ends=\d{4}-"))
    expect(page.locator("tbody tr .name a")).to_have_text(["Ends On"])
    expect(page.get_by_label("Expiry")).to_have_value(re.compile(r"^\d{4}-.*Z/\d{4}-.*Z$"))
    console.is_accessible()
    page.reload()
    expect(page.locator("tbody tr .name a")).to_have_text(["Ends On"])
    page.get_by_label("Expiry").select_option("3")
    expect(page).to_have_url(re.compile(r"ends=3\b"))
    expect(page.locator("tbody tr .name a")).to_have_text(["Ends After", "Ends On"])
    page.get_by_label("Expiry").select_option("1")
    expect(page.locator("tbody tr .name a")).to_have_text(["Ends On"])
    console.button("Clear filters").click()
    expect(page.get_by_label("Expiry")).to_have_value("")


def test_a_refusal_to_mail_again_stands_beside_the_person(overview):
    problem = {"type": "urn:beckon:problem:not-open", "title": "Not open", "status": 409, "detail": "The invitation is not open any more; send a new one."}
    overview.answers("/v1/users/01JADA/invitation/resend", 409, problem, "POST")
    page = opened(overview)
    overview.button("Mail again to Ada Lindqvist").click()
    expect(page.locator(".expiring li").first).to_contain_text("The invitation is not open any more")
    expect(overview.button("Mail again to Ada Lindqvist")).to_be_visible()


def test_people_come_by_pages_even_where_one_is_empty(overview):
    def answer(request):
        if "cursor=two" in request.url:
            return people(after="three")
        return people(BEN) if "cursor=three" in request.url else people(ADA, after="two")

    has(overview, "/v1/overview/expiring*", answer)
    page = opened(overview)
    expect(page.locator(".expiring-card h2")).to_contain_text("1 or more")
    overview.button("Show more").click()
    expect(page.locator(".expiring li")).to_have_count(2)
    expect(page.get_by_role("link", name="ben@example.com")).to_be_focused()


def test_paused_delivery_says_why_and_is_resumed(overview):
    paused = [True]
    has(overview, "/v1/delivery", lambda _: {**RUNNING, "pause": PAUSE if paused[0] else None})

    def resume(_):
        paused[0] = False
        return RUNNING

    has(overview, "/v1/delivery/resume", resume, "POST")
    page = opened(overview)
    expect(page.locator(".overview-delivery")).to_contain_text("Daily message quota exceeded.")
    overview.is_accessible()
    overview.button("Resume now").click()
    overview.hears("Delivery goes on.")
    expect(page.locator(".overview-delivery")).to_be_empty()


def test_before_the_first_invitation_the_next_steps_are_shown(beckon, overview):
    beckon.settings({"organisation": {"name": "Nordlicht Werke"}})
    has(overview, "/v1/overview*", NOBODY)
    page = opened(overview)
    expect(page.locator(".first-run li")).to_have_count(4)
    expect(page.locator(".first-run li").first).to_contain_text("Done")
    expect(page.locator(".funnel-card")).to_be_hidden()
    overview.is_accessible()
    page.get_by_role("link", name="Enrolment addresses").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enrolment addresses")


def test_nothing_to_do_is_said(overview):
    has(overview, "/v1/overview*", {**NUMBERS, "attention": NOBODY["attention"]})
    has(overview, "/v1/overview/expiring*", people())
    page = opened(overview)
    expect(page.locator(".attention-card")).to_contain_text("Nothing needs attention.")
    expect(page.locator(".expiring-card")).to_contain_text("Nobody's invitation expires tomorrow.")


def test_each_part_that_does_not_come_is_asked_for_again(overview):
    overview.answers("/v1/overview*", 500, method="GET")
    page = opened(overview)
    expect(page.locator(".notice.bad")).to_contain_text("Beckon cannot answer just now")
    overview.is_accessible()
    has(overview, "/v1/overview*", NUMBERS)
    has(overview, "/v1/overview/expiring*", people(ADA))
    overview.button("Try again").first.click()
    expect(page.locator(".funnel-count").first).to_have_text("1,200")
    expect(page.locator(".notice.bad")).to_have_count(0)


def test_nothing_moves_while_the_numbers_come(overview):
    held = []
    overview.page.route("**/v1/overview*", lambda route: held.append(route))
    page = overview.open("/overview")
    expect(page.locator(".funnel-card")).to_be_visible()
    page.wait_for_timeout(300)
    before = page.locator(".funnel-card").bounding_box()
    for route in held:
        route.fulfill(json=NUMBERS)
    expect(page.locator(".funnel-count").first).to_have_text("1,200")
    after = page.locator(".funnel-card").bounding_box()
    assert (before["x"], before["y"], before["width"]) == (after["x"], after["y"], after["width"])
    assert abs(before["height"] - after["height"]) <= 4


@pytest.mark.parametrize("width", [320, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_at_every_width(chromium, width, scheme):
    with chromium.visit(color_scheme=scheme, viewport={"width": width, "height": 900}) as console:
        has(console, "/v1/overview*", NUMBERS)
        has(console, "/v1/overview/expiring*", people(ADA, BEN))
        has(console, "/v1/delivery", {**RUNNING, "pause": PAUSE})
        opened(console)
        console.is_accessible()
