"""The page of one user: how they stand, editing in place, actions, and news without a reload."""

import json
from itertools import count
from pathlib import Path

import pytest
from beckon import until
from playwright.sync_api import expect

GERMAN = Path(__file__).parents[2] / "functions/console/page/words/de.json"

number = count(1)


def add(beckon, invite=True, **more):
    """Adds somebody new, and waits until the mail has gone if there is one."""
    at = next(number)
    user = {"email": f"user{at}@example.com", "displayName": f"User {at}", "invite": invite, **more}
    made = beckon.send("POST", "/v1/users", user)["user"]
    if invite:
        until("the mail has gone", lambda: beckon.invitation(made["id"]).get("delivery") not in (None, "waiting", "sending"))
    return beckon.get(f"/v1/users/{made['id']}")


def open_user(console, user):
    page = console.open(f"/users/{user['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(user["displayName"])
    return page


def test_an_open_invitation_is_described(beckon, console):
    user = add(beckon, groups=["staff"], ownership="companyOwned")
    page = open_user(console, user)
    card = page.locator(".invitation-card")
    expect(card).to_contain_text("Pending: the PIN is good until")
    expect(card).to_contain_text("Company owned")
    expect(card).to_contain_text("5 tries left")
    expect(card).to_contain_text("Delivered")
    expect(page.locator(".history-list")).to_contain_text("Invited")
    expect(page.locator(".history-list")).to_contain_text("Local administrator")


def test_the_menu_of_actions_tells_those_apart_that_sound_alike(beckon, console):
    page = open_user(console, add(beckon))
    console.button("Actions").click()
    expect(page.get_by_role("menuitem", name="Invite again")).to_contain_text("It replaces an open one.")
    expect(page.get_by_role("menuitem", name="Mail again")).to_contain_text("with the same PIN or link.")


def test_a_device_names_the_rule_that_decided_its_owner_and_why_it_completed_nothing(beckon, console):
    user = add(beckon)
    device = {"id": "tablet-1", "name": "Tablet", "platform": "ios", "supervised": True}
    detail = {"userId": user["id"], "device": device, "registeredAt": "2020-01-02T10:00:00Z"}
    report(beckon, detail)
    until("the device is known", lambda: beckon.get(f"/v1/users/{user['id']}/devices")["items"])
    card = open_user(console, user).locator(".devices-card")
    expect(card).to_contain_text("Tablet")
    expect(card).to_contain_text("Company owned, since it is supervised")
    expect(card).to_contain_text("since it was registered before that was issued")


def report(beckon, detail):
    import json

    entry = {"Source": "mdm", "DetailType": "Device Registered", "Detail": json.dumps(detail)}
    beckon.send("POST", "/local/events", {"Entries": [entry]})


def test_what_happens_elsewhere_is_shown_and_said_without_a_reload(beckon, console):
    user = add(beckon)
    page = open_user(console, user)
    expect(page.locator(".page-name")).to_contain_text("Pending")
    beckon.send("POST", f"/v1/users/{user['id']}/invitation/cancel")
    expect(page.locator(".page-name")).to_contain_text("Cancelled")
    expect(page.locator(".history-list .fresh")).to_contain_text("Invitation cancelled")
    console.hears("New: Invitation cancelled")


def test_what_was_edited_is_saved_and_shown(beckon, console):
    user = add(beckon, invite=False)
    page = open_user(console, user)
    console.button("Edit").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("Renamed")
    page.get_by_label("Groups").fill("staff, field\\, north")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.keyboard.press("Tab")
    console.button("Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Renamed")
    expect(console.button("Edit")).to_be_focused()
    now = beckon.get(f"/v1/users/{user['id']}")
    assert (now["displayName"], now["groups"], now["timeZone"]) == ("Renamed", ["field, north", "staff"], "Asia/Tokyo")
    assert now["email"] == user["email"]


def test_a_wrong_field_says_so_beside_it_and_keeps_what_was_typed(beckon, console):
    taken = add(beckon, invite=False)
    user = add(beckon, invite=False)
    page = open_user(console, user)
    console.button("Edit").click()
    address = page.get_by_label("Mail address")
    address.fill(taken["email"])
    page.get_by_label("External id").fill("kept")
    console.button("Save").click()
    expect(page.locator("[data-field=email]")).to_contain_text("Is taken by another user.")
    expect(address).to_be_focused()
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("External id")).to_have_value("kept")
    assert beckon.get(f"/v1/users/{user['id']}") == user


def test_both_values_are_shown_where_somebody_else_saved_meanwhile(beckon, console):
    user = add(beckon, invite=False)
    page = open_user(console, user)
    console.button("Edit").click()
    name = page.get_by_label("Name", exact=True)
    name.fill("Mine")
    # Seen at Save or before, whichever comes first.
    beckon.send("PATCH", f"/v1/users/{user['id']}", {"displayName": "Theirs", "externalId": "also theirs"})
    console.button("Save").click()
    expect(page.locator("[data-field=displayName] .clash")).to_contain_text("Somebody else has saved meanwhile: Theirs")
    expect(name).to_have_value("Mine")
    expect(page.get_by_label("External id")).to_have_value("also theirs")
    assert beckon.get(f"/v1/users/{user['id']}")["displayName"] == "Theirs", "it was saved over"
    console.button("Keep mine").click()
    console.button("Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mine")
    now = beckon.get(f"/v1/users/{user['id']}")
    assert (now["displayName"], now["externalId"]) == ("Mine", "also theirs")


def test_a_cut_connection_loses_nothing_that_was_typed(beckon, console):
    user = add(beckon, invite=False)
    page = open_user(console, user)
    console.button("Edit").click()
    page.get_by_label("Name", exact=True).fill("Typed")
    page.route(f"**/v1/users/{user['id']}", lambda route: route.abort() if route.request.method == "PATCH" else route.continue_())
    console.button("Save").click()
    expect(page.locator(".details-card .notice")).to_contain_text("No answer came")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Typed")
    page.unroute_all(behavior="wait")
    console.button("Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Typed")


def test_leaving_with_something_typed_asks_first(beckon, console):
    user = add(beckon, invite=False)
    page = open_user(console, user)
    console.button("Edit").click()
    page.get_by_label("Name", exact=True).fill("Typed")
    page.get_by_role("link", name="Batches").click()
    expect(console.dialog).to_contain_text("Leave without saving?")
    console.button("Cancel", console.dialog).click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Typed")
    page.get_by_role("link", name="Batches").click()
    console.button("Leave without saving", console.dialog).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Batches")


def test_cancelling_and_restoring_with_the_keyboard_alone(beckon, console):
    user = add(beckon)
    page = open_user(console, user)
    console.button("Actions").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type("cancel")
    page.keyboard.press("Enter")
    expect(console.dialog).to_contain_text("Cancel invitation")
    console.button("Cancel invitation", console.dialog).press("Enter")
    expect(page.locator(".page-name")).to_contain_text("Cancelled")
    page.keyboard.press("Escape")
    expect(console.button("Actions")).to_be_focused()
    console.button("Restore invitation").press("Enter")
    console.button("Restore invitation", console.dialog).press("Enter")
    expect(page.locator(".page-name")).to_contain_text("Pending")
    assert beckon.invitation(user["id"])["state"] == "pending"


def test_what_is_not_possible_any_more_is_said_in_the_readers_language(beckon, chromium):
    user = add(beckon)
    said = json.loads(GERMAN.read_text())["jobs.why.notOpen"]
    with chromium.visit(locale="de-DE") as console:
        page = open_user(console, user)
        console.choose("Aktionen", "Einladung zurückziehen")
        beckon.send("POST", f"/v1/users/{user['id']}/invitation/cancel")
        console.button("Einladung zurückziehen", console.dialog).click()
        expect(console.dialog).to_contain_text(said)
        expect(page.get_by_role("alert")).to_contain_text(said)


def test_only_what_fits_is_offered(beckon, console):
    page = open_user(console, add(beckon, invite=False))
    expect(console.button("Send invite")).to_be_visible()
    console.button("Actions").click()
    offered = page.get_by_role("menuitem").all_inner_texts()
    assert not [one for one in offered if one.startswith(("Cancel invitation", "Restore", "Mail again", "Enable"))], offered
    assert [one for one in offered if one.startswith("Delete")], offered


def test_deleting_names_what_is_lost_and_leaves_the_history(beckon, console):
    user = add(beckon)
    page = open_user(console, user)
    console.choose("Actions", "Delete")
    expect(console.dialog).to_contain_text(user["email"])
    expect(console.dialog).to_contain_text("The open invitation: its PIN stops working at once.")
    console.button("Delete", console.dialog).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text("This user was deleted")
    expect(page.locator(".history-list")).to_contain_text("User deleted")
    assert user["email"] not in page.locator("main").inner_text()


def test_an_unknown_user_is_said_to_be_unknown(console):
    page = console.open("/users/01M8FMAFSP4RFFWVMXBQTS4000")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such user")


def test_the_history_goes_on_page_by_page(beckon, console):
    user = add(beckon, invite=False)
    for at in range(25):
        beckon.send("PATCH", f"/v1/users/{user['id']}", {"displayName": f"Name {at}"})
    page = open_user(console, {**user, "displayName": "Name 24"})
    rows = page.locator(".history-list > li")
    expect(rows).to_have_count(20)
    console.button("Show older").click()
    expect(rows).to_have_count(26)
    expect(rows.nth(20)).to_be_focused()
    expect(rows.last).to_contain_text("User added")
    expect(console.button("Show older")).to_have_count(0)


@pytest.mark.parametrize("status, said", [(503, "cannot answer just now"), (403, "needs the role viewer")])
def test_a_page_that_cannot_be_read_says_why(beckon, console, status, said):
    user = add(beckon, invite=False)
    problem = {"type": "urn:beckon:problem:x", "title": "x", "status": status, "detail": "This needs the role viewer."}
    console.answers(f"/v1/users/{user['id']}", status, problem if status == 403 else None)
    page = console.open(f"/users/{user['id']}")
    expect(page.locator("main .notice")).to_contain_text(said, timeout=20_000)
    page.unroute_all(behavior="wait")
    console.button("Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(user["displayName"])


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing(beckon, chromium, width, colours):
    user = add(beckon, groups=["staff"])
    with chromium.visit(viewport={"width": width, "height": 800}, color_scheme=colours, reduced_motion="reduce") as console:
        page = open_user(console, user)
        expect(page.locator(".history-list")).to_contain_text("User added")
        expect(page.locator(".devices-card")).to_contain_text("No device yet")
        console.is_accessible()
        console.button("Edit").click()
        page.get_by_label("Mail address").fill("nonsense")
        console.button("Save").click()
        expect(page.locator(".field.wrong")).to_have_count(1)
        console.is_accessible()
