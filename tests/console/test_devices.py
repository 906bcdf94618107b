"""Devices that belong to nobody, and the device managements that tell of them."""

import base64
import json
import urllib.error
import urllib.request

import pytest
from beckon import until
from playwright.sync_api import expect


def source(beckon, name, kind):
    """Connects a device management that proves itself by user and password; answers how it sends a message."""
    beckon.settings({"deviceSources": [{"name": name, "kind": kind, "authentication": {"type": "basic"}}]})
    secret = f"{name}:a-long-enough-password"
    # A source may be connected again: its secrets stay, and two are the most.
    known = next(one for one in beckon.get("/v1/device-event-sources")["items"] if one["name"] == name)
    if not known["secrets"]:
        beckon.send("POST", f"/v1/device-event-sources/{name}/secrets", {"secret": secret})
    proof = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}

    def tell(message):
        # A secret that was just added may be unknown for a moment.
        def sent():
            data = json.dumps(message).encode()
            request = urllib.request.Request(f"{beckon.address}/v1/device-events/{name}", data, proof, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status == 200
            except urllib.error.HTTPError:
                return False

        until("the message is taken", sent)

    return tell


def enrolled(serial, user, name="Phone"):
    """What Jamf Pro sends of a mobile device."""
    event = {"deviceName": name, "osVersion": "18.1", "serialNumber": serial, "udid": f"udid-{serial}", "username": user}
    return {"webhook": {"webhookEvent": "MobileDeviceEnrolled"}, "event": event}


def unassigned(beckon):
    return beckon.get("/v1/unassigned-devices")["items"]


@pytest.fixture
def jamf(beckon):
    yield source(beckon, "jamf", "jamf")
    beckon.settings({})


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing(beckon, chromium, jamf, width, colours):
    serial = f"LOOK{width}{colours}"
    jamf(enrolled(serial, "somebody", f"Phone {serial}"))
    until("it is listed", lambda: any(one["serial"] == serial for one in unassigned(beckon)))
    with chromium.visit(viewport={"width": width, "height": 800}, color_scheme=colours, reduced_motion="reduce") as visit:
        visit.open("/devices")
        visit.button(f"Assign Phone {serial}").click()
        expect(visit.dialog.locator("p", has_text="Nobody was found.")).to_be_visible()
        visit.is_accessible()
        visit.button("Cancel", visit.dialog).click()
        visit.is_accessible()


def test_a_device_of_nobody_is_listed_and_assigned_and_the_result_is_named(beckon, console, jamf):
    jamf(enrolled("SERIAL1", "nobody-known", "Ada’s iPhone"))
    until("it is listed", lambda: any(one["serial"] == "SERIAL1" for one in unassigned(beckon)))
    user = beckon.send("POST", "/v1/users", {"email": "grace@example.com", "displayName": "Grace", "invite": False})
    page = console.open("/devices")
    row = page.get_by_role("row").filter(has_text="Ada’s iPhone")
    expect(row).to_contain_text("jamf")
    expect(row).to_contain_text("nobody-known")
    console.is_accessible()

    console.button("Assign Ada’s iPhone", row).click()
    dialog = console.dialog
    expect(dialog).to_contain_text("Nobody was found.")
    console.button("Assign", dialog).click()
    expect(dialog).to_contain_text("Choose the person whose it is.")
    dialog.get_by_role("searchbox").fill("grace")
    dialog.get_by_label("Grace", exact=True).check()
    console.is_accessible()
    console.button("Assign", dialog).click()
    expect(dialog.get_by_role("heading", level=2)).to_have_text("Ada’s iPhone belongs to Grace now.")
    expect(dialog).to_contain_text("It completed no invitation: none was waiting for a device.")
    console.hears("Ada’s iPhone belongs to Grace now.")
    console.is_accessible()
    console.button("Okay", dialog).click()
    expect(page.get_by_role("row").filter(has_text="Ada’s iPhone")).to_have_count(0)
    devices = beckon.get(f"/v1/users/{user['user']['id']}/devices")["items"]
    assert [one["serial"] for one in devices] == ["SERIAL1"]


def test_a_device_that_somebody_else_assigned_meanwhile_is_refused_in_words(beckon, console, jamf):
    jamf(enrolled("SERIAL2", "nobody-either"))
    until("it is listed", lambda: any(one["serial"] == "SERIAL2" for one in unassigned(beckon)))
    ids = [
        beckon.send("POST", "/v1/users", {"email": f"{name}@example.com", "displayName": name, "invite": False})["user"]["id"]
        for name in ("Hedy", "Katherine")
    ]
    page = console.open("/devices")
    console.button("Assign Phone", page.get_by_role("row").filter(has_text="nobody-either")).click()
    console.dialog.get_by_role("searchbox").fill("katherine")
    console.dialog.get_by_label("Katherine", exact=True).check()
    device = next(one["id"] for one in unassigned(beckon) if one["serial"] == "SERIAL2")
    beckon.send("POST", "/v1/device-assignments", {"deviceId": device, "userId": ids[0]})
    console.button("Assign", console.dialog).click()
    expect(console.dialog.locator(".notice.bad")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_device_management_is_connected_and_given_a_secret_that_is_shown_once(beckon, console):
    page = console.open("/settings/sources")
    expect(page.get_by_text("No device management is connected.")).to_be_visible()
    console.button("Connect a device management").click()
    page.get_by_label("Name", exact=True).fill("phones")
    page.get_by_label("System").select_option("simplemdm")
    console.button("Save").click()
    card = page.locator(".source-card")
    expect(card).to_contain_text("SimpleMDM")
    expect(card).to_contain_text("No secret yet: its messages are refused.")
    expect(card.locator(".pasted-text")).to_have_text(f"{beckon.address}/v1/device-events/phones?token=SECRET")
    console.is_accessible()
    console.button("Make a secret for phones", card).click()
    shown = console.dialog.locator(".pasted-text").text_content()
    assert len(shown) >= 16
    console.is_accessible()
    console.button("Okay", console.dialog).click()
    expect(card).not_to_contain_text("No secret yet")
    expect(card).not_to_contain_text(shown)
    console.button("Make a secret for phones", card).click()
    console.button("Okay", console.dialog).click()
    expect(card.locator(".secrets li")).to_have_count(2)
    # It has two at most.
    expect(console.button("Make a secret for phones", card)).to_have_count(0)
    card.get_by_role("button", name="Take away the secret").first.click()
    console.button("Take away", console.dialog).click()
    expect(card.locator(".secrets li")).to_have_count(1)
    beckon.settings({})


def test_a_message_that_failed_is_seen_with_its_reason_and_replayed(beckon, console, jamf):
    jamf({"webhook": {"webhookEvent": "MobileDeviceEnrolled"}, "event": {"deviceName": "No id"}})
    failures = "/v1/device-event-sources/failures"
    until("it failed", lambda: beckon.get(failures)["items"])
    page = console.open("/settings/sources")
    card = page.locator(".failed-card")
    card.get_by_text("The message as it came").first.click()
    expect(card.locator("pre").first).to_contain_text('"deviceName": "No id"')
    expect(card.locator(".strong").first).not_to_be_empty()
    console.is_accessible()
    card.get_by_role("button", name="Replay the message of").first.click()
    expect(card).to_contain_text("It is being carried on.")


def test_the_local_failures_are_a_page_to_read(beckon, console):
    page = console.open("/users")
    page.get_by_role("link", name="Failures").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Failures")
    expect(page.get_by_text("Nothing has failed.")).to_be_visible()
    entry = {"Source": "mdm", "DetailType": "Device Registered", "Detail": json.dumps({"userId": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "device": {"id": "unknown"}})}
    beckon.send("POST", "/local/events", {"Entries": [entry]})
    until("it failed", lambda: beckon.get("/local/failures")["items"])
    page.reload()
    page.get_by_text("The event as it came").first.click()
    expect(page.locator("pre").first).to_contain_text("Device Registered")
    console.is_accessible()
