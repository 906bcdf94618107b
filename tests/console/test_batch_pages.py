"""The list of batches and the page of one: progress, people, stopping, and what holds a batch up."""

from itertools import count

import pytest
from beckon import until
from playwright.sync_api import expect

number = count(1)


@pytest.fixture(autouse=True)
def usual_mail_service(beckon):
    """The mail service as it is at the start, whatever a check does to it."""
    yield
    rate(beckon, 500)
    beckon.send("POST", "/v1/delivery/resume")


def rate(beckon, per_second):
    beckon.send("PUT", "/local/ses/account", {"maxSendRate": per_second})


def people(beckon, group, names):
    made = []
    for name in names:
        at = next(number)
        user = {"email": f"{name}+{at}@example.com", "displayName": f"{name} {at}", "groups": [group], "invite": False}
        made.append(beckon.send("POST", "/v1/users", user)["user"])
    return made


def send(beckon, group, ownership=None):
    selection = {"filter": {"groups": [group]}}
    body = {"selection": selection, "ownership": ownership}
    body["settingsVersion"] = beckon.send("POST", "/v1/invitations/preview", body)["settingsVersion"]
    key = {"Idempotency-Key": f"batch-{next(number)}"}
    return beckon.send("POST", "/v1/invitations", body, key)["batch"]["id"]


def settled(beckon, batch):
    def done():
        known = beckon.get(f"/v1/batches/{batch}")["batch"]
        counts = known["counts"]
        return known["state"] == "expanded" and counts and counts["waiting"] == 0 and counts

    return until("the batch has settled", done)


def mixed(beckon, group):
    """A batch with somebody who gets the mail, somebody whose mail comes back, and somebody who is skipped."""
    reached, bounced, off = people(beckon, group, ["reached", "bounce", "off"])
    beckon.send("PATCH", f"/v1/users/{off['id']}", {"enabled": False})
    batch = send(beckon, group, "companyOwned")
    settled(beckon, batch)
    until("the mail came back", lambda: beckon.invitation(bounced["id"]).get("delivery") == "hardBounced")
    until("the mail arrived", lambda: beckon.invitation(reached["id"]).get("delivery") == "delivered")
    return batch, reached, bounced, off


def test_the_newest_batch_comes_first_with_its_counts(beckon, console):
    batch, *_ = mixed(beckon, "list")
    page = console.open("/batches")
    first = page.locator("tbody tr").first
    expect(first.get_by_role("link")).to_have_attribute("href", f"#/batches/{batch}")
    expect(first).to_contain_text("Done")
    expect(first.locator("[data-label=Selected]")).to_have_text("3")
    expect(first.locator("[data-label=Skipped]")).to_have_text("1")
    first.get_by_role("link").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Batch of")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_a_new_batch_appears_in_the_list_and_is_said(beckon, console):
    mixed(beckon, "before")
    page = console.open("/batches")
    expect(page.locator(".data tbody tr:not(.blank)").first).to_be_visible()
    people(beckon, "appears", ["one"])
    batch = send(beckon, "appears")
    expect(page.locator(f"a[href='#/batches/{batch}']")).to_be_visible(timeout=20_000)
    console.hears("A new batch was started.")


def test_each_person_has_an_outcome_with_its_reason(beckon, console):
    batch, reached, bounced, off = mixed(beckon, "outcomes")
    page = console.open(f"/batches/{batch}")
    expect(page.locator(".progress-card")).to_contain_text("2 mails are out.")
    expect(page.locator(".progress-card")).to_contain_text("Company owned")
    row = page.locator("tbody tr")
    expect(row.filter(has_text=reached["email"])).to_contain_text("Delivered")
    expect(row.filter(has_text=bounced["email"])).to_contain_text("Bounced")
    expect(row.filter(has_text=off["email"])).to_contain_text("The user is disabled.")
    expect(page.locator(".history-list")).to_contain_text("All invitations written")


def test_a_batch_can_be_stopped_and_says_how_many_went(beckon, console):
    rate(beckon, 1)
    people(beckon, "stopped", ["person"] * 12)
    batch = send(beckon, "stopped")
    page = console.open(f"/batches/{batch}")
    expect(page.locator(".progress-card")).to_contain_text("of 12 mails are out.")
    expect(page.locator(".progress-when")).to_contain_text("Expected to be done at")
    console.button("Stop").click()
    expect(console.dialog).to_contain_text("Stop sending?")
    console.button("Cancel", console.dialog).click()
    assert beckon.get(f"/v1/batches/{batch}")["batch"]["state"] == "expanded"
    console.button("Stop").click()
    console.button("Stop", console.dialog).click()
    expect(page.locator(".page-name")).to_contain_text("Stopped")
    expect(console.button("Stop")).to_be_hidden()
    console.hears("Stopped. No further mail of these goes out.")
    assert beckon.get(f"/v1/batches/{batch}")["batch"]["state"] == "stopped"


def test_what_holds_a_batch_up_is_said_and_can_be_ended(beckon, console):
    people(beckon, "held", ["person"] * 3)
    beckon.send("PUT", "/local/ses/account", {"sendingEnabled": False})
    try:
        batch = send(beckon, "held")
        page = console.open(f"/batches/{batch}")
        expect(page.locator(".progress-card .notice")).to_contain_text("Delivery pauses until")
        expect(page.locator(".page-name")).to_contain_text("Held up")
    finally:
        beckon.send("PUT", "/local/ses/account", {"sendingEnabled": True})
    console.button("Resume delivery now").click()
    expect(page.locator(".page-name")).to_contain_text("Done")
    expect(page.locator(".progress-card .notice")).to_have_count(0)


def test_an_unknown_batch_is_said_to_be_unknown(console):
    page = console.open("/batches/01M8FMAFSP4RFFWVMXBQTS4000")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such batch")


def test_a_list_that_cannot_be_read_says_so_and_can_be_asked_for_again(console):
    console.answers("/v1/batches?*", 503)
    page = console.open("/batches")
    expect(page.locator("main .notice")).to_contain_text("cannot answer just now", timeout=20_000)
    page.unroute_all(behavior="wait")
    console.button("Try again").click()
    expect(page.locator(".table-place")).to_be_visible()
    expect(page.locator("main .notice")).to_be_hidden()


def test_without_batches_the_page_says_what_to_do(console):
    console.answers("/v1/batches?*", 200, {"items": [], "next": None, "unreadable": 0})
    page = console.open("/batches")
    expect(page.get_by_role("heading", level=2)).to_have_text("Nothing was sent yet")
    console.is_accessible()
    page.get_by_role("link", name="Choose whom to invite").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Users")


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing(beckon, chromium, width, colours):
    batch, reached, *_ = mixed(beckon, f"axe{width}{colours}")
    with chromium.visit(viewport={"width": width, "height": 800}, color_scheme=colours, reduced_motion="reduce") as console:
        page = console.open(f"/batches/{batch}")
        expect(page.locator("tbody tr").filter(has_text=reached["email"])).to_be_visible()
        console.is_accessible()
        console.open("/batches")
        expect(page.locator(".data tbody tr:not(.blank)").first).to_be_visible()
        console.is_accessible()


def test_the_outcome_stands_in_the_address_and_outlives_a_reload(beckon, console):
    batch, reached, bounced, off = mixed(beckon, "filter")
    page = console.open(f"/batches/{batch}")
    row = page.locator(".data tbody tr:not(.blank)")
    expect(row).to_have_count(3)
    page.get_by_label("Outcome").select_option("bounced")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(bounced["email"])
    assert "outcome=bounced" in page.url
    page.reload()
    expect(row).to_have_count(1)
    expect(page.get_by_label("Outcome")).to_have_value("bounced")


def test_the_funnel_counts_each_step(beckon, console):
    batch, *_ = mixed(beckon, "funnel")
    page = console.open(f"/batches/{batch}")
    expect(page.locator(".funnel-invited .funnel-count")).to_have_text("2")
    expect(page.locator(".funnel-delivered .funnel-count")).to_have_text("1")
    expect(page.locator(".funnel-registered .funnel-count")).to_have_text("0")


def test_those_who_have_not_registered_are_invited_again(beckon, console):
    batch, reached, bounced, off = mixed(beckon, "again")
    page = console.open(f"/batches/{batch}")
    console.choose("Invite again", "Those who have not registered")
    expect(console.dialog).to_contain_text("2 people were found.")
    console.button("Preview for 2 people", console.dialog).click()
    expect(console.dialog).to_contain_text("Invitation preview")
    expect(console.dialog).to_contain_text("Mail to this address came back.")
    console.button("Send", console.dialog).click()
    # What was chosen before is kept: so soon, the same is mailed again.
    until("it is mailed again", lambda: len(beckon.mails(reached["email"])) == 2)
    assert beckon.invitation(reached["id"])["ownership"] == "companyOwned"
