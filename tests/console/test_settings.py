"""The settings: one draft for all sections, what is wrong with it, two who save, and what follows while one types."""

import base64
import json
import struct
import zlib

import pytest
from beckon import until
from playwright.sync_api import expect

SECTIONS = [
    "registration",
    "confirmation",
    "reminders",
    "groups",
    "sender",
    "sources",
    "directory",
    "branding",
    "templates",
    "enrolment",
    "agreements",
    "notices",
    "history",
]

FULL = {
    "organisation": {"name": "Nordlicht Werke", "helpDesk": {"email": "help@example.com"}},
    "groups": [{"group": "staff", "registration": {"pin": {"length": 6}}}, {"group": "sales", "reminders": {"enabled": True}}],
    "enrolment": {"addresses": [{"platform": "ios", "url": "https://mdm.example.com/ios"}, {"url": "https://mdm.example.com/all"}]},
    "agreements": [{"text": "We see which apps we installed."}],
    "reminders": {"enabled": True},
    "deviceSources": [{"name": "phones", "kind": "simplemdm"}],
}


@pytest.fixture(autouse=True)
def as_at_the_start(beckon):
    beckon.settings({})


def open_section(console, name):
    page = console.open(f"/settings/{name}")
    expect(page.locator(".settings-body > .card, .settings-body .with-sample").first).to_be_visible()
    expect(page.locator(".settings-blank")).to_have_count(0)
    return page


def saved(console, beckon):
    """Saves, and answers with what the API then says."""
    console.button("Save").click()
    console.hears("Saved.")
    expect(console.page.locator(".save-bar")).to_be_hidden()
    return beckon.get("/v1/settings")


def picture(width=40, height=20):
    """A PNG of one colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x1f\x5f\xae" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}}])
@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_is_accessible(beckon, chromium, name, look):
    beckon.settings(FULL)
    with chromium.visit(**look) as console:
        page = open_section(console, name)
        for summary in page.locator(".ordered-entry summary").all():
            summary.click()
        page.wait_for_load_state("networkidle")
        console.is_accessible()


def test_what_is_typed_in_two_sections_is_saved_at_once(beckon, console):
    page = open_section(console, "registration")
    page.get_by_label("Length").fill("10")
    page.get_by_role("link", name="Organisation and sender").click()
    page.get_by_label("Name", exact=True).first.fill("Nordlicht Werke")
    expect(page.locator(".save-text")).to_have_text("2 unsaved changes: PIN length and Organisation's name")
    expect(page.locator(".settings-nav")).to_contain_text("changed")
    now = saved(console, beckon)
    assert now["registration"]["pin"]["length"] == 10
    assert now["organisation"]["name"] == "Nordlicht Werke"


def test_every_kind_of_field_reaches_the_api(beckon, console):
    page = open_section(console, "registration")
    page.get_by_label("Password and PIN").check()
    page.get_by_label("Letters and digits").check()
    page.get_by_role("switch", name="People may ask for a new PIN").uncheck()
    page.get_by_role("link", name="Confirmation").click()
    page.get_by_role("switch", name="Send confirmation mails").check()
    page.get_by_label("Members of named groups").check()
    page.get_by_label("Groups", exact=True).fill("staff\nsales\n")
    page.get_by_role("link", name="Reminders").click()
    page.get_by_role("switch", name="Send reminders").check()
    page.get_by_label("From", exact=True).fill("21:30")
    page.get_by_role("link", name="Notices and retention").click()
    page.get_by_label("Whom to tell").fill("boss@example.com")
    page.get_by_role("switch", name="Erase what is known of people").check()
    page.get_by_label("Erase after").fill("90")
    page.get_by_role("link", name="Agreements").click()
    console.button("Add an agreement").click()
    page.get_by_label("Wording").fill("We see which apps we installed.")
    page.get_by_label("Device owner").select_option("User owned")
    page.get_by_role("link", name="Enrolment addresses").click()
    console.button("Add an address").click()
    page.get_by_label("Address", exact=True).fill("https://mdm.example.com/{registrationId}")
    page.get_by_label("Platform").select_option("Android")
    console.button("Add an address").click()
    page.get_by_label("Group", exact=True).last.fill("Staff")
    page.get_by_label("Instruction instead of an address").last.fill("Open Settings and sign in.")
    now = saved(console, beckon)
    assert now["registration"]["method"] == "passwordAndPin"
    assert now["registration"]["pin"]["alphabet"] == "unambiguous"
    assert now["registration"]["allowPinRequest"] is False
    assert now["confirmation"] == {"enabled": True, "distribution": {"groups": ["sales", "staff"]}} or sorted(now["confirmation"]["distribution"]["groups"]) == ["sales", "staff"]
    assert now["reminders"]["enabled"] is True
    assert now["reminders"]["quietHours"]["from"] == "21:30"
    assert now["administrators"]["addresses"] == ["boss@example.com"]
    assert now["retention"]["eraseAfterDays"] == 90
    assert (now["agreements"][0]["text"], now["agreements"][0]["ownership"]) == ("We see which apps we installed.", "userOwned")
    assert (now["enrolment"]["addresses"][0]["platform"], now["enrolment"]["addresses"][0]["url"]) == (
        "android",
        "https://mdm.example.com/{registrationId}",
    )
    instruction = now["enrolment"]["addresses"][1]
    assert (instruction["group"], instruction["text"], instruction.get("url")) == ("Staff", "Open Settings and sign in.", None)


POLICIES = [
    {},
    {"registration": {"pin": {"length": 6, "tries": 10}}},
    {"registration": {"pin": {"length": 5, "alphabet": "unambiguous", "tries": 3}, "allowPinRequest": False, "lifetimeHours": 24}},
    {"registration": {"method": "password"}, "groups": [{"group": "staff", "registration": {"method": "pin", "pin": {"length": 7}}}]},
    {"groups": [{"group": "staff", "registration": {"pin": {"tries": 9}, "lifetimeHours": 12}}]},
]


@pytest.mark.parametrize("policy", POLICIES, ids=json.dumps)
def test_the_guessing_chance_while_typing_is_that_of_the_api(beckon, console, policy):
    beckon.settings(policy)
    who = f"open{POLICIES.index(policy)}@example.com"
    beckon.send("POST", "/v1/users", {"email": who})
    # Page and test must read after it is open: one invitation more is another figure.
    until("it is open", lambda: beckon.get(f"/v1/users?text={who}")["items"][0]["invitation"]["state"] == "pending")
    told = beckon.get("/v1/settings")["guessing"]
    page = open_section(console, "registration")
    shown = float(page.locator(".guessing-chance").get_attribute("data-chance"))
    expected = float(page.locator("[data-expected]").get_attribute("data-expected"))
    bits = page.locator(".guessing-facts dd").first.inner_text()
    assert shown == pytest.approx(told["chancePerInvitation"], rel=1e-6)
    assert expected == pytest.approx(told["expectedHits"], rel=1e-6)
    assert bits == f"{round(told['entropyBits'], 1):g} bits"
    assert page.locator(".guessing .notice.warn").count() == len(told["warnings"])


def test_the_chance_follows_the_keys_and_says_what_cannot_be_saved(console):
    page = open_section(console, "registration")
    expect(page.locator(".guessing-chance")).to_have_text("1 in 5,000,000")
    page.get_by_label("Length").fill("4")
    expect(page.locator(".guessing-chance")).to_have_text("1 in 500")
    expect(page.locator(".guessing")).to_contain_text("This cannot be saved")
    console.button("Save").click()
    expect(page.locator(".unplaced")).to_contain_text("1 in 500")
    page.get_by_label("Length").fill("8")
    expect(page.locator(".unplaced .notice")).to_have_count(0)


def test_a_number_out_of_bounds_is_said_at_once_and_stays(console):
    page = open_section(console, "registration")
    page.get_by_label("An invitation is good for").fill("a week")
    expect(page.locator(".field.wrong .error")).to_have_text("Write a whole number from 1 to 720.")
    page.get_by_role("link", name="Reminders").click()
    page.get_by_role("link", name="Registration and PIN").click()
    expect(page.get_by_label("An invitation is good for")).to_have_value("a week")


def test_a_number_that_was_cleared_is_not_saved_as_something_else(beckon, console):
    page = open_section(console, "registration")
    before = beckon.get("/v1/settings")["registration"]
    page.get_by_label("An invitation is good for").fill("")
    console.button("Save").click()
    expect(page.locator(".field.wrong .error")).to_have_text("Write a whole number from 1 to 720.")
    expect(page.locator(".save-trouble .error")).to_be_visible()
    expect(page.get_by_label("An invitation is good for")).to_be_focused()
    assert beckon.get("/v1/settings")["registration"] == before
    page.get_by_label("An invitation is good for").fill("48")
    assert saved(console, beckon)["registration"]["lifetimeHours"] == 48


def test_quiet_hours_that_were_emptied_again_are_none(beckon, console):
    beckon.settings({"groups": [{"group": "staff"}]})
    page = open_section(console, "groups")
    page.locator(".ordered-entry summary").first.click()
    page.get_by_label("Quiet from").first.fill("22:00")
    page.get_by_label("Quiet from").first.fill("")
    page.get_by_label("Group", exact=True).first.fill("people")
    [group] = saved(console, beckon)["groups"]
    assert group["group"] == "people" and not group.get("reminders"), group
    beckon.settings({})


def test_what_the_api_refuses_stands_at_its_field_in_its_section(console):
    page = open_section(console, "sender")
    page.get_by_label("From", exact=True).fill("nobody")
    page.get_by_label("Domains that may be invited").fill("example.com\nnot a domain")
    page.get_by_role("link", name="Branding").click()
    console.button("Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Organisation and sender")
    expect(page.locator('[data-path="sender.from"] .error')).to_contain_text("Is not a mail address")
    expect(page.locator('[data-path="sender.recipientDomains"] .error')).to_contain_text("Is not a domain name")
    expect(page.locator(".settings-nav")).to_contain_text("2 to put right")
    console.hears("fields must be put right")
    expect(page.get_by_label("From", exact=True)).to_have_value("nobody")


def test_who_saves_second_sees_both_and_chooses(beckon, console):
    page = open_section(console, "registration")
    page.get_by_label("Length").fill("10")
    page.get_by_label("Wrong tries").fill("3")
    beckon.settings({"registration": {"pin": {"length": 9}}, "organisation": {"name": "Theirs"}})
    console.button("Save").click()
    dialog = console.dialog
    expect(dialog).to_contain_text("Local administrator")
    row = lambda name: dialog.get_by_role("row").filter(has_text=name)  # noqa: E731
    expect(row("PIN length")).to_contain_text("both changed it")
    expect(row("PIN length")).to_contain_text("9")
    expect(row("PIN length")).to_contain_text("10")
    expect(row("Organisation's name").get_by_role("radio").first).to_be_checked()
    expect(row("Wrong tries").get_by_role("radio").last).to_be_checked()
    console.is_accessible()
    console.button("Save what is chosen", dialog).click()
    expect(dialog).to_contain_text("Choose for one more field")
    row("PIN length").get_by_role("radio").last.check()
    console.button("Save what is chosen", dialog).click()
    console.hears("Saved.")
    now = beckon.get("/v1/settings")
    assert (now["registration"]["pin"]["length"], now["registration"]["pin"]["tries"]) == (10, 3)
    assert now["organisation"]["name"] == "Theirs"


def test_a_conflict_that_is_put_off_loses_nothing(beckon, console):
    page = open_section(console, "registration")
    page.get_by_label("Length").fill("10")
    beckon.settings({"registration": {"pin": {"length": 9}}})
    console.button("Save").click()
    console.button("Back to my changes", console.dialog).click()
    expect(page.get_by_label("Length")).to_have_value("10")
    expect(page.locator(".save-bar")).to_be_visible()
    assert beckon.get("/v1/settings")["registration"]["pin"]["length"] == 9


def test_an_answer_that_was_lost_is_no_conflict(beckon, console):
    page = open_section(console, "registration")
    page.get_by_label("Length").fill("10")
    lost = []

    def lose(route):
        if route.request.method != "PUT" or lost:
            return route.fallback()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/v1/settings", lose)
    console.button("Save").click()
    console.hears("Saved.")
    assert lost
    assert beckon.get("/v1/settings")["registration"]["pin"]["length"] == 10


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "You are signed out"), (403, "Your role does not allow this"), (500, "Beckon cannot answer just now")],
)
def test_a_refusal_says_what_happened_and_keeps_what_was_typed(beckon, console, status, says):
    page = open_section(console, "registration")
    page.get_by_label("Length").fill("10")
    console.answers("/v1/settings", status, method="PUT")
    console.button("Save").click()
    expect(page.locator(".save-bar")).to_contain_text(says)
    expect(page.locator(".save-bar")).to_contain_text("What you typed is kept")
    console.is_accessible()
    page.unroute_all(behavior="wait")
    console.button("Try again").click()
    console.hears("Saved.")
    assert beckon.get("/v1/settings")["registration"]["pin"]["length"] == 10


def test_what_is_typed_survives_a_reload(beckon, console):
    page = open_section(console, "registration")
    page.get_by_label("Length").fill("10")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_text("What you typed before is here again")).to_be_visible()
    expect(page.get_by_label("Length")).to_have_value("10")
    assert saved(console, beckon)["registration"]["pin"]["length"] == 10


def test_the_bar_that_saves_is_in_sight_wherever_one_types(console):
    console.page.set_viewport_size({"width": 1024, "height": 600})
    page = open_section(console, "registration")
    page.get_by_label("An invitation is good for").fill("100")
    expect(console.button("Save")).to_be_in_viewport()
    page.mouse.wheel(0, -5_000)
    expect(console.button("Save")).to_be_in_viewport()
    page.get_by_label("Wrong tries").focus()
    field, bar = page.get_by_label("Wrong tries").bounding_box(), page.locator(".save-bar").bounding_box()
    assert field["y"] + field["height"] <= bar["y"]


def test_leaving_asks_when_something_is_not_saved(console):
    page = open_section(console, "registration")
    page.get_by_label("Length").fill("10")
    page.get_by_role("link", name="Users", exact=True).click()
    expect(console.dialog).to_contain_text("PIN length")
    console.button("Cancel", console.dialog).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Registration and PIN")
    expect(page.get_by_label("Length")).to_have_value("10")
    page.get_by_role("link", name="Users", exact=True).click()
    console.button("Leave without saving", console.dialog).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Users")
    page.get_by_role("link", name="Settings", exact=True).click()
    expect(page.get_by_label("Length")).to_have_value("8")


def test_discarding_brings_back_what_is_saved(console):
    page = open_section(console, "registration")
    page.get_by_label("Length").fill("10")
    console.button("Discard").click()
    console.button("Discard", console.dialog).click()
    expect(page.get_by_label("Length")).to_have_value("8")
    expect(page.locator(".save-bar")).to_be_hidden()


def test_groups_are_put_in_order_with_the_keyboard(beckon, console):
    beckon.settings({"groups": [{"group": "one"}, {"group": "two"}, {"group": "three"}]})
    page = open_section(console, "groups")
    console.button("Move three up").focus()
    page.keyboard.press("Enter")
    console.hears("three is now at place 2 of 3.")
    page.keyboard.press("Enter")
    expect(console.button("Move three up")).to_be_focused()
    expect(page.locator(".save-text")).to_contain_text("Order of the groups")
    assert [entry["group"] for entry in saved(console, beckon)["groups"]] == ["three", "one", "two"]


def test_groups_are_put_in_order_with_the_mouse(beckon, console):
    beckon.settings({"groups": [{"group": "one"}, {"group": "two"}, {"group": "three"}]})
    page = open_section(console, "groups")
    page.locator("summary").nth(0).drag_to(page.locator("summary").nth(2))
    assert [entry["group"] for entry in saved(console, beckon)["groups"]] == ["two", "three", "one"]


def test_what_a_group_leaves_out_stays_as_everybody_elses(beckon, console):
    page = open_section(console, "groups")
    console.button("Add a group").click()
    page.get_by_label("Group", exact=True).fill("staff")
    page.get_by_label("Length").fill("6")
    page.get_by_label("Length").fill("")
    page.get_by_label("At most").fill("5")
    assert saved(console, beckon)["groups"] == [{"group": "staff", "reminders": {"most": 5}}]


def test_reminders_show_the_days_on_which_they_come(console):
    page = open_section(console, "reminders")
    page.get_by_role("switch", name="Send reminders").check()
    expect(page.locator(".reminder-days .reminder")).to_have_count(3)
    page.get_by_label("Then every").fill("3")
    expect(page.locator(".reminder-days .reminder")).to_have_count(2)
    expect(page.locator(".example")).to_contain_text("The invitation expires after 2 reminders.")


def test_the_colour_shows_in_the_mail_before_it_is_saved_and_warns_when_faint(console):
    page = open_section(console, "branding")
    mail = page.frame_locator(".mail-frame")
    expect(mail.locator("body")).to_contain_text("Hello Alex Example")
    page.get_by_label("Colour of buttons").fill("#ffe680")
    expect(mail.locator('[style*="#ffe680"], [bgcolor="#ffe680"]').first).to_be_attached()
    expect(page.locator(".colour-said")).to_contain_text("On it stands black")
    expect(page.locator(".colour-said")).to_contain_text("hardly stands out")
    page.get_by_label("Colour of buttons").fill("#00557f")
    expect(page.locator(".colour-said")).to_contain_text("On it stands white")
    expect(page.locator(".colour-said .notice")).to_have_count(0)
    page.get_by_label("Colour of buttons").fill("blue")
    expect(page.locator(".field.wrong")).to_contain_text("Is not a colour")
    expect(mail.locator("body")).to_contain_text("Hello Alex Example")


def test_a_logo_is_chosen_shown_and_taken_away(beckon, console):
    page = open_section(console, "branding")
    chosen = page.locator('input[type="file"]')
    chosen.set_input_files({"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    expect(page.locator(".field.wrong")).to_contain_text("neither PNG nor JPEG")
    chosen.set_input_files({"name": "big.png", "mimeType": "image/png", "buffer": picture() + b"\0" * 40_000})
    expect(page.locator(".field.wrong")).to_contain_text("at most 32")
    chosen.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": picture()})
    expect(page.locator(".logo-paper img")).to_be_visible()
    expect(page.frame_locator(".mail-frame").locator('img[src^="data:image/png"]')).to_be_attached()
    expect(page.locator(".field.wrong")).to_have_count(0)
    now = saved(console, beckon)
    assert now["branding"]["logo"]["contentBase64"] == base64.b64encode(picture()).decode()
    console.button("Remove the logo").click()
    assert saved(console, beckon)["branding"]["logo"] is None


def test_the_history_tells_each_field_before_and_after(beckon, console):
    beckon.settings({"registration": {"pin": {"length": 10}}, "confirmation": {"enabled": True}})
    page = open_section(console, "history")
    newest = page.locator(".settings-history > li").first
    row = newest.get_by_role("row").filter(has_text="PIN length")
    expect(row.get_by_role("cell").first).to_have_text("8")
    expect(row.get_by_role("cell").last).to_have_text("10")
    expect(newest.get_by_role("row").filter(has_text="Confirmation mails").get_by_role("cell").last).to_have_text("On")
    expect(newest).to_contain_text("Local administrator")


def test_settings_that_do_not_come_can_be_asked_for_again(console):
    console.answers("/v1/settings", 500)
    page = console.open("/settings/registration")
    expect(page.locator(".notice.bad")).to_contain_text("Beckon cannot answer just now")
    console.is_accessible()
    page.unroute_all(behavior="wait")
    console.button("Try again").click()
    expect(page.get_by_label("Length")).to_have_value("8")


VIEWER = {"name": "Vera", "roles": ["viewer"], "mayActAs": ["viewer"]}


@pytest.fixture
def viewer(console):
    console.page.route("**/v1/me", lambda route: route.fulfill(json=VIEWER))
    return console


@pytest.mark.parametrize("name", [name for name in SECTIONS if name not in ("templates", "history")])
def test_whoever_may_not_change_the_settings_reads_them_and_is_told_the_role(beckon, viewer, name):
    beckon.settings(FULL)
    page = open_section(viewer, name)
    expect(page.locator(".settings-body")).to_contain_text("you need the role settings")
    for summary in page.locator(".ordered-entry summary").all():
        summary.click()
    body = page.locator(".settings-body")
    editable = body.locator("input:not([readonly], [disabled]), textarea:not([readonly]), select:not([disabled])")
    expect(editable).to_have_count(0)
    expect(body.locator("button:not([aria-disabled])")).to_have_count(0)
    viewer.is_accessible()


def test_whoever_may_not_change_a_wording_reads_it(viewer):
    page = viewer.open("/settings/templates/invitation/en")
    expect(page.get_by_label("Subject", exact=True)).to_have_attribute("readonly", "")
    expect(page.locator(".template")).to_contain_text("you need the role settings")
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Mail a test")).to_have_count(0)


@pytest.mark.parametrize(
    "kind, system, steps",
    [
        ("jamf", "Jamf Pro", ["Webhook URL: {address}", "Basic Authentication", "MobileDeviceEnrolled", "user name"]),
        ("simplemdm", "SimpleMDM", ["{address}?token=SECRET", "device.enrolled", "assign it there"]),
    ],
)
def test_a_source_says_step_by_step_how_its_system_is_connected(beckon, console, kind, system, steps):
    beckon.settings({"deviceSources": [{"name": "phones", "kind": kind}]})
    page = open_section(console, "sources")
    guide = page.locator(".guide")
    expect(guide).to_contain_text(f"How to connect {system}")
    body = guide.locator(".guide-body")
    expect(body).to_be_visible()
    expect(body).to_have_attribute("lang", "en")
    for step in steps:
        expect(body).to_contain_text(step.format(address=f"{beckon.address}/v1/device-events/phones"))
    expect(body).not_to_contain_text("POST /v1")
    expect(page.locator(".source-card")).to_contain_text(f"{system} cannot reach it")


def test_a_source_with_user_and_password_gets_both(beckon, console):
    beckon.settings({"deviceSources": [{"name": "jamf", "kind": "jamf"}]})
    page = open_section(console, "sources")
    console.button("Make a secret for jamf").click()
    shown = console.dialog.locator(".pasted-text")
    expect(shown.first).to_have_text("beckon")
    expect(console.dialog).to_contain_text("Password")
    assert len(shown.last.inner_text()) >= 32
    console.button("Okay", console.dialog).click()
    expect(page.locator(".secrets li")).to_have_count(1)


def test_devices_of_a_person_are_limited_and_who_says_whose_they_are_is_chosen(beckon, console):
    page = open_section(console, "registration")
    page.get_by_label("Devices per person").fill("501")
    expect(page.locator('[data-path="registration.deviceLimit"] .error')).to_be_visible()
    page.get_by_label("Devices per person").fill("3")
    page.get_by_label("People may choose whose their device is").check()
    page.get_by_label("What the device management says of the owner decides first").check()
    kept = saved(console, beckon)["registration"]
    assert (kept["deviceLimit"], kept["personMayChoose"], kept["useStatedOwnership"]) == (3, True, True), kept
