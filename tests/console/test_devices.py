"""Devices that belong to nobody, and the device managements that tell of them."""

import base64
import json
import subprocess
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


def connecting(console, name, system):
    """Opens the settings and begins to connect a device management; answers the page."""
    page = console.open("/settings/sources")
    console.button("Connect a device management").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("System").select_option(system)
    return page


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


def test_where_no_device_is_listed_the_way_to_the_device_managements_is(console):
    console.answers("/v1/unassigned-devices*", 200, {"items": [], "next": None, "unreadable": 0})
    page = console.open("/devices")
    page.locator(".empty").get_by_role("link", name="Device managements").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Device managements")


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
    # Its card was written anew meanwhile.
    expect(console.button("Make a secret for phones", card)).to_be_focused()
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


def test_an_entry_that_was_opened_before_everything_was_there_stays_open(beckon, console):
    source(beckon, "phones", "simplemdm")
    page = console.page
    held = []
    page.route("**/v1/device-event-sources", lambda route: held.append(route))
    console.open("/settings/sources")
    entry = page.locator(".ordered-entry > details")
    entry.locator("summary").first.click()
    until("the list of sources is asked for", lambda: page.wait_for_timeout(50) or held)
    held[0].continue_()
    expect(page.locator(".source-card")).to_have_count(1)
    expect(entry).to_have_attribute("open", "")
    beckon.settings({})


MAPPING = {
    "rules": [{"says": "enrolled", "when": [{"of": "/event", "in": ["added"]}]}],
    "device": {"id": {"from": ["/udid"]}, "serial": {"from": ["/serial", "/sn"]}, "supervised": {"from": ["/mode"], "map": {"full": True}}},
    "person": {"email": {"from": ["/who"]}},
}


def test_a_mapping_is_written_tried_on_a_message_and_saved(beckon, console):
    page = connecting(console, "ours", "generic")
    # A system that Beckon does not know must say how it proves itself.
    expect(page.get_by_label("How it proves itself")).to_have_value("header")
    page.get_by_label("Header that holds the secret").fill("X-Token")
    mapping = page.get_by_label("Mapping", exact=True)
    mapping.fill("{")
    expect(page.get_by_text("This is no JSON.")).to_be_visible()
    console.is_accessible()
    page.get_by_text("Try a message").click()
    message = page.get_by_label("Message", exact=True)
    message.fill('{"event": "added", "sn": "S-1", "mode": "half", "who": "ada@example.com"}')
    mapping.fill(json.dumps(MAPPING))
    console.button("Try it").click()
    result = page.locator(".trial-result")
    # Without an id of a device it says nothing, and where the mapping looked stands beside each field.
    expect(result).to_contain_text("The message holds no id of a device where the mapping looks for it.")
    console.hears("The message holds no id of a device where the mapping looks for it.")
    row = lambda name: result.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))  # noqa: E731
    expect(row("Id")).to_contain_text("Nothing found")
    expect(row("Id")).to_contain_text("/udid")
    expect(row("Serial number")).to_contain_text("S-1")
    expect(row("Serial number").locator("code")).to_have_text("/sn")
    expect(row("Supervised")).to_contain_text("Means nothing")
    console.is_accessible()
    message.fill('{"event": "added", "udid": "U-1", "mode": "full", "who": "ada@example.com"}')
    console.button("Try it").click()
    expect(result).to_contain_text("A device has enrolled.")
    expect(result).to_contain_text("It names a person by: Address")
    # Where the mapping is wrong is said at that place, and what was typed stays.
    mapping.fill(json.dumps({**MAPPING, "time": {"from": ["no pointer"]}}))
    console.button("Try it").click()
    expect(result).to_contain_text("mapping.time.from[0]")
    console.button("Save").click()
    expect(page.locator(".wrong code")).to_have_text("time.from[0]")
    mapping.fill(json.dumps(MAPPING))
    console.button("Save").click()
    card = page.locator(".source-card")
    expect(card).to_contain_text("Another system")
    saved = beckon.get("/v1/settings")["deviceSources"][0]
    assert saved["mapping"]["device"]["serial"] == {"from": ["/serial", "/sn"]}
    assert saved["authentication"] == {"type": "header", "header": "X-Token"}
    beckon.settings({})


def test_android_is_connected_by_googles_tokens_and_no_secret_is_offered(beckon, console):
    page = connecting(console, "pixels", "android")
    expect(page.get_by_label("How it proves itself")).to_have_value("google")
    expect(page.get_by_label("Audience")).to_have_value(beckon.address)
    page.get_by_label("Service account").fill("push@example.iam.gserviceaccount.com")
    console.is_accessible()
    console.button("Save").click()
    card = page.locator(".source-card")
    expect(card).to_contain_text("It proves itself by tokens of this account, and needs no secret.")
    expect(console.button("Make a secret for pixels", card)).to_have_count(0)
    console.is_accessible()
    saved = beckon.get("/v1/settings")["deviceSources"][0]["authentication"]
    assert saved == {
        "type": "google",
        "issuer": "https://accounts.google.com",
        "audience": beckon.address,
        "account": "push@example.iam.gserviceaccount.com",
    }
    beckon.settings({})


def test_a_built_in_mapping_is_tried_and_changed(beckon, console):
    page = connecting(console, "macs", "jamf")
    page.get_by_text("Try a message").click()
    page.get_by_label("Message", exact=True).fill(json.dumps(enrolled("SERIAL9", "ada@example.com")))
    console.button("Try it").click()
    expect(page.locator(".trial-result")).to_contain_text("A device has enrolled.")
    own = page.get_by_label("Read its messages by a mapping of your own")
    expect(own).not_to_be_checked()
    own.check()
    mapping = page.get_by_label("Mapping", exact=True)
    assert "udid" in mapping.input_value()
    own.uncheck()
    expect(mapping).to_have_count(0)
    console.button("Save").click()
    expect(page.locator(".source-card")).to_contain_text("Jamf Pro")
    assert "mapping" not in beckon.get("/v1/settings")["deviceSources"][0]
    beckon.settings({})


def test_the_directory_gets_its_address_and_two_tokens_each_shown_once(beckon, console):
    for token in beckon.get("/v1/directory")["tokens"]:
        beckon.send("DELETE", f"/v1/directory/tokens/{token['id']}")
    page = console.open("/settings/directory")
    card = page.locator(".directory-card")
    expect(card.locator(".pasted-text")).to_have_text(f"{beckon.address}/scim/v2")
    expect(card).to_contain_text("No token yet: the directory is refused.")
    console.is_accessible()
    console.button("Make a token", card).click()
    shown = console.dialog.locator(".pasted-text").text_content()
    assert len(shown) >= 16
    console.is_accessible()
    console.button("Okay", console.dialog).click()
    expect(card).not_to_contain_text(shown)
    console.button("Make a token", card).click()
    console.button("Okay", console.dialog).click()
    expect(card.locator(".secrets li")).to_have_count(2)
    expect(console.button("Make a token", card)).to_have_count(0)
    card.get_by_role("button", name="Take away the secret").first.click()
    console.button("Take away", console.dialog).click()
    expect(card.locator(".secrets li")).to_have_count(1)


def test_the_directory_says_what_it_has_and_invites_members_of_groups_that_are_chosen(beckon, console):
    beckon.settings({})
    beckon.send("POST", "/v1/users", {"email": "chosen@example.com", "groups": ["Sales, North"], "invite": False})
    page = console.open("/settings/directory")
    facts = page.locator(".directory-card .record-facts")
    expect(facts).to_contain_text("People from the directory0")
    expect(facts).to_contain_text("Last requestNone yet")
    page.get_by_label("Members of named groups").check()
    console.button("Add the group Sales, North").click()
    expect(page.get_by_label("Groups whose members are invited")).to_have_value("Sales, North")
    console.is_accessible()
    console.button("Save").click()
    console.hears("Saved.")
    directory = beckon.get("/v1/settings")["directory"]
    assert (directory["invites"], directory["groups"]) == ("groups", ["Sales, North"]), directory
    beckon.settings({})


def test_a_system_that_is_asked_has_credentials_which_are_never_shown_and_hold_for_its_address(beckon, console):
    beckon.settings({})
    page = connecting(console, "epmm", "Ivanti EPMM")
    page.get_by_label("Address of its API").fill("https://mdm.example.com")
    page.get_by_label("Device space").fill("2")
    console.button("Save").click()
    card = page.locator(".source-card")
    state = card.locator("h3 .badge")
    expect(state).to_have_text("Not set")
    [saved] = beckon.get("/v1/settings")["deviceSources"]
    assert saved["api"] == {"address": "https://mdm.example.com", "space": 2}, saved
    give = card.get_by_role("button", name="Set credentials: epmm")
    give.click()
    expect(card.get_by_label("User")).to_be_focused()
    card.get_by_label("User").fill("reader")
    card.get_by_label("Password").fill("not-to-be-shown")
    # What is typed here does not go with what else is saved.
    page.get_by_label("Device space").fill("3")
    console.button("Save").click()
    console.hears("Saved.")
    expect(card.get_by_label("User")).to_have_value("reader")
    expect(card.get_by_label("Password")).to_have_value("not-to-be-shown")
    give.click()
    expect(state).to_have_text("Set")
    console.hears("The credentials are set.")
    expect(card.get_by_label("Password")).to_have_value("")
    console.is_accessible()
    page.get_by_label("Address of its API").fill("https://other.example.com")
    card.get_by_label("Password").fill("for-the-first-address")
    console.button("Save").click()
    expect(state).to_have_text("Not set")
    expect(card.get_by_label("Password")).to_have_value("")
    beckon.settings({})


@pytest.mark.parametrize(
    ("kind", "address", "client", "secret"),
    [
        ("fleet", "https://fleet.example.com", None, "API token"),
        ("jamf", "https://jamf.example.com", "the-client", "Client secret"),
        ("simplemdm", None, None, "API key"),
    ],
)
def test_a_system_that_sends_messages_is_also_asked_whose_a_device_is(beckon, console, kind, address, client, secret):
    beckon.settings({})
    page = connecting(console, "ours", kind)
    ask = page.get_by_label("whose a device is")
    expect(ask).not_to_be_checked()
    expect(page.get_by_label("Address of its API")).to_have_count(0)
    ask.check()
    if address:
        # It is asked nowhere until the address is given.
        console.button("Save").click()
        expect(page.locator(".save-trouble .error, .error:not([hidden])").first).to_be_visible()
        page.get_by_label("Address of its API").fill(address)
    if client:
        page.get_by_label("Client id").fill(client)
    else:
        expect(page.get_by_label("Client id")).to_have_count(0)
    # What was typed outlasts a change of mind.
    ask.uncheck()
    expect(page.get_by_label("Address of its API")).to_have_count(0)
    ask.check()
    expect(page.get_by_label("Address of its API")).to_have_value(address or "")
    console.is_accessible()
    console.button("Save").click()
    card = page.locator(".source-card")
    expect(card.get_by_role("heading", name="Asking whose a device is")).to_be_visible()
    expect(card).to_contain_text(address or "https://a.simplemdm.com")
    [saved] = beckon.get("/v1/settings")["deviceSources"]
    assert saved["api"] == {"address": address or "https://a.simplemdm.com", **({"clientId": client} if client else {})}, saved

    state = card.locator("h3 .badge")
    expect(state).to_have_text("Not set")
    give = card.get_by_role("button", name="Set credentials: ours")
    card.get_by_label(secret).fill("not-to-be-shown")
    give.click()
    expect(state).to_have_text("Set")
    console.hears("The system is asked at the next message that names nobody who is known.")
    expect(card.get_by_label(secret)).to_have_value("")
    console.is_accessible()

    ask.uncheck()
    console.button("Save").click()
    expect(card.get_by_role("heading", name="Asking whose a device is")).to_have_count(0)
    assert "api" not in beckon.get("/v1/settings")["deviceSources"][0]
    beckon.settings({})


# Prints an RSA key as Google Cloud puts it into a key file.
MAKE_KEY = """
const { privateKey } = require("node:crypto").generateKeyPairSync("rsa", { modulusLength: 2048 });
process.stdout.write(privateKey.export({ type: "pkcs8", format: "pem" }));
"""


def key_file():
    made = subprocess.run(["node", "-e", MAKE_KEY], check=True, capture_output=True, text=True)
    return {
        "type": "service_account",
        "client_email": "tokens@beckon.iam.gserviceaccount.com",
        "private_key_id": "key-1",
        "private_key": made.stdout,
        "token_uri": "https://oauth2.googleapis.com/token",
    }


def test_a_mapping_that_is_no_json_is_neither_saved_nor_lost(beckon, console):
    kept = {"name": "other", "kind": "generic", "authentication": {"type": "header", "header": "X-Secret"}, "mapping": MAPPING}
    beckon.settings({"deviceSources": [kept]})
    page = console.open("/settings/sources")
    # The list is written anew once the kinds of systems are known.
    expect(page.locator(".source-card")).to_be_visible()
    page.locator(".ordered-entry summary").first.click()
    page.get_by_label("Mapping", exact=True).fill('{"rules": [')
    console.button("Save").click()
    expect(page.locator(".save-trouble .error")).to_be_visible()
    expect(page.get_by_label("Mapping", exact=True)).to_have_value('{"rules": [')
    assert beckon.get("/v1/settings")["deviceSources"][0]["mapping"] == MAPPING
    beckon.settings({})


def test_android_management_is_asked_for_enrolment_tokens_of_an_enterprise(beckon, console):
    beckon.settings({})
    page = connecting(console, "phones", "android")
    page.get_by_label("Account", exact=False).first.fill("push@beckon.iam.gserviceaccount.com")
    page.get_by_label("make enrolment tokens for each person").check()
    # Nothing is asked for until the enterprise is known; the address is the usual one.
    console.button("Save").click()
    expect(page.locator(".save-trouble .error, .error:not([hidden])").first).to_be_visible()
    page.get_by_label("Enterprise").fill("LC012abc")
    console.is_accessible()
    console.button("Save").click()
    card = page.locator(".source-card")
    expect(card.get_by_role("heading", name="Making enrolment tokens")).to_be_visible()
    expect(card).to_contain_text("https://androidmanagement.googleapis.com")
    [saved] = beckon.get("/v1/settings")["deviceSources"]
    assert saved["api"] == {"address": "https://androidmanagement.googleapis.com", "tenant": "LC012abc"}, saved

    credentials = card.get_by_label("Key file of the service account")
    give = card.get_by_role("button", name="Set credentials: phones")
    credentials.fill("not a key file")
    give.click()
    expect(card.locator(".error:not([hidden])").first).to_be_visible()
    # As a download shows it, on several lines.
    credentials.fill(json.dumps(key_file(), indent=2))
    give.click()
    expect(card.locator("h3 .badge")).to_have_text("Set")
    console.hears("The system is asked when a person goes on.")
    expect(credentials).to_have_value("")
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
