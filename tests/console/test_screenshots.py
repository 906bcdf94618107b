"""Screens of the console to look at, and the five of them that the documentation shows.

    tests/console/browse --binary target/debug/beckon --screenshots target/screenshots -k screenshots

writes them all into that folder. Those that DOCUMENTED names are copied to docs by hand once they were looked at:
`--screenshots docs --documented` writes these alone, under their names there.
"""

import json

import pytest
from PIL import Image
from beckon import until
from playwright.sync_api import expect

# What a picture in the documentation may weigh.
MOST_BYTES = 120 * 1024

DOCUMENTED = {
    "preview-owner": "console.png",
    "users": "console-users.png",
    "preview": "console-preview.png",
    "user": "console-user.png",
    "import": "console-import.png",
    "registration": "console-settings.png",
}

DESKTOP = {"viewport": {"width": 1280, "height": 760}}
PHONE = {"viewport": {"width": 390, "height": 844}}
DARK = {"color_scheme": "dark"}
ARABIC = {"locale": "ar"}

PEOPLE = [
    ("Ada Lovelace", "Research", None),
    ("Anna Müller", "Sales", "de"),
    ("Bernd Köhler", "Sales", "de"),
    ("Chloé Martin", "Field", "fr"),
    ("Grace Hopper", "Research", None),
    ("Hiro Tanaka", "Field", "ja"),
    ("Ilse Vogel", "IT", "de"),
    ("Jonas Berg", "Field", None),
    ("Katherine Johnson", "Research", None),
    ("Layla Haddad", "IT", "ar"),
    ("Marta Rossi", "Sales", "it"),
    ("Nuria Gil", "Sales", "es"),
]


@pytest.fixture(scope="module")
def folder(request):
    chosen = request.config.getoption("--screenshots")
    if chosen is None:
        pytest.skip("no folder for screenshots is given")
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


@pytest.fixture(scope="module")
def people(beckon, folder):
    """A small company in the midst of it: some have registered, some have begun, one is disabled."""
    beckon.settings(
        {
            "organisation": {"name": "Nordwind Logistics", "helpDesk": {"name": "IT desk", "email": "it@example.com"}},
            "enrolment": {"addresses": [{"url": "https://mdm.example/enroll?session={registrationId}"}]},
            "confirmation": {"enabled": True, "distribution": {"groups": ["Sales", "Research"]}},
            "groups": [{"group": "Field", "registration": {"method": "qrCode"}}],
        }
    )
    made = {}
    for name, group, locale in PEOPLE:
        email = f"{name.split()[0].lower().replace('é', 'e')}@example.com"
        body = {"email": email, "displayName": name, "groups": [group], "locale": locale, "invite": name not in ("Nuria Gil", "Marta Rossi")}
        made[name] = beckon.send("POST", "/v1/users", body)["user"]

    def sent(name):
        return beckon.invitation(made[name]["id"]).get("delivery") == "delivered"

    until("the mails have gone", lambda: all(sent(name) for name in made if name not in ("Nuria Gil", "Marta Rossi")))
    for name, device in [("Ada Lovelace", "Ada’s phone"), ("Grace Hopper", "Grace’s tablet"), ("Ilse Vogel", None)]:
        user = made[name]
        pin = next(line.split("PIN:")[1].strip() for line in beckon.mails(user["email"])[-1]["text"].splitlines() if "PIN:" in line)
        session = beckon.send("POST", "/v1/redemptions", {"email": user["email"], "pin": pin})["registrationId"]
        if device:
            detail = {"registrationId": session, "device": {"id": f"d-{user['id'][-6:]}", "name": device, "platform": "ios", "osVersion": "26.1", "supervised": name == "Ada Lovelace"}}
            beckon.send("POST", "/local/events", {"Entries": [{"Source": "mdm", "DetailType": "Device Registered", "Detail": json.dumps(detail)}]})
            until("the device is known", lambda: beckon.get(f"/v1/users/{user['id']}")["devices"])
    beckon.send("POST", f"/v1/users/{made['Jonas Berg']['id']}/invitation/cancel")
    beckon.send("PATCH", f"/v1/users/{made['Bernd Köhler']['id']}", {"enabled": False})
    return made


@pytest.fixture
def shot(request, chromium, folder):
    """Opens the console in a look, has something done there, and writes what is seen."""
    documented = request.config.getoption("--documented")

    def take(name, path, look, do=None, heading=None):
        if documented and name not in DOCUMENTED:
            return
        with chromium.visit(**look) as console:
            page = console.open(path)
            expect(page.get_by_role("heading", level=1).first).to_be_visible()
            if do:
                do(console, page)
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(400)
            file = folder / (DOCUMENTED[name] if documented else f"{name}.png")
            page.screenshot(path=file, animations="disabled")
            if documented:
                # As few colours as are seen: a third of the size.
                Image.open(file).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)
            console._complaints.clear()
            assert not documented or file.stat().st_size <= MOST_BYTES, f"{file.name} has {file.stat().st_size} bytes"

    return take


def preview(names):
    def do(console, page):
        for name in names:
            page.get_by_label(f"Select {name}", exact=True).check()
        console.choose("Actions", "Send invite")
        expect(console.button("Send", console.dialog)).to_be_enabled()

    return do


def with_owner(console, page):
    """Device owner settings are on, and the mail is seen in English."""
    preview(["Ada Lovelace", "Grace Hopper", "Katherine Johnson", "Marta Rossi", "Nuria Gil"])(console, page)
    console.dialog.get_by_label("Device owner settings").click()
    console.dialog.get_by_label("User owned").click()
    console.dialog.get_by_label("As seen by").select_option(label="ada@example.com")
    expect(console.button("Send", console.dialog)).to_be_enabled()
    expect(console.dialog.locator(".mail-subject")).to_contain_text("Register your device")


def importing(console, page):
    console.button("Import").click()
    text = "email,name,groups\nada@example.com,Ada King,Research\nolga@example.com,Olga Novak,Sales\npeer@example,Peer Gynt,Sales\nquinn@example.com,Quinn Doe,IT\n"
    page.locator('input[type="file"]').set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()})
    expect(console.dialog.locator(".import-rows")).to_be_visible()


def unsaved(console, page):
    page.get_by_label("Length").fill("6")
    expect(page.locator(".save-bar")).to_be_visible()


def wrong(console, page):
    page.get_by_label("Domains that may be invited").fill("no domain")
    console.button("Save").click()
    expect(page.locator(".error:visible").first).to_be_visible()


def test_screens(shot, beckon, people, chromium):
    ada, ilse = people["Ada Lovelace"]["id"], people["Ilse Vogel"]["id"]
    shot("users", "/users", DESKTOP)
    shot("users-dark", "/users", {**DESKTOP, **DARK})
    shot("users-phone", "/users", PHONE)
    shot("users-arabic", "/users", {**DESKTOP, **ARABIC})
    shot("users-no-match", "/users?text=nobody", DESKTOP)
    shot("preview", "/users", DESKTOP, preview(["Nuria Gil", "Marta Rossi", "Bernd Köhler", "Chloé Martin"]))
    shot("preview-owner", "/users", {"viewport": {"width": 1280, "height": 860}}, with_owner)
    shot("preview-phone-dark", "/users", {**PHONE, **DARK}, preview(["Nuria Gil"]))
    shot("user", f"/users/{ada}", DESKTOP)
    shot("user-begun-phone", f"/users/{ilse}", PHONE)
    shot("user-arabic-dark", f"/users/{ada}", {**DESKTOP, **ARABIC, **DARK})
    shot("import", "/users", DESKTOP, importing)
    shot("overview", "/overview", DESKTOP)
    shot("overview-phone-dark", "/overview", {**PHONE, **DARK})
    shot("registration", "/settings/registration", DESKTOP, unsaved)
    shot("groups-dark", "/settings/groups", {**DESKTOP, **DARK}, lambda console, page: page.locator("summary").first.click())
    shot("sender-wrong", "/settings/sender", DESKTOP, wrong)
    shot("settings-arabic-phone", "/settings/confirmation", {**PHONE, **ARABIC})
    shot("settings-history", "/settings/history", DESKTOP)
    shot("batches", "/batches", DESKTOP)


def test_screens_of_an_error_and_of_nothing(shot, people):
    def fails(console, page):
        console.answers("/v1/users?*", 422, {"type": "urn:beckon:problem:unreadable-record", "title": "x", "status": 422, "detail": "A record cannot be read by this version; an operator has been told."})
        page.reload()
        expect(page.locator(".notice.bad")).to_be_visible()

    def nobody(console, page):
        page.route("**/v1/users?*", lambda route: route.fulfill(json={"items": [], "next": None, "unreadable": 0}))
        page.reload()
        expect(page.locator(".empty")).to_be_visible()

    shot("users-error", "/users", DESKTOP, fails)
    shot("users-empty-dark", "/users", {**DESKTOP, **DARK}, nobody)
