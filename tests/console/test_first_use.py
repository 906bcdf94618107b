"""What a person who sees the console for the first time stumbled at."""

import json
import re
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest
from beckon import until
from playwright.sync_api import expect


@pytest.fixture(autouse=True)
def settings_as_at_first(beckon):
    beckon.settings({})


def add(beckon, name, **more):
    """Adds somebody, without an invitation unless that is asked for."""
    email = f"{name.lower().replace(' ', '.')}@example.com"
    return beckon.send("POST", "/v1/users", {"email": email, "displayName": name, "invite": False, **more})["user"]


def invite(beckon, name, **more):
    user = add(beckon, name, invite=True, **more)
    until("the mail has gone", lambda: beckon.invitation(user["id"]).get("delivery") == "delivered")
    return user


def begin(beckon, user):
    """Redeems somebody's PIN as they do; answers the registration id."""
    text = beckon.mails(user["email"])[0]["text"]
    pin = next(line.split("PIN:")[1].strip() for line in text.splitlines() if "PIN:" in line)
    return beckon.send("POST", "/v1/redemptions", {"email": user["email"], "pin": pin})["registrationId"]


def find(console, text, more=""):
    page = console.open(f"/users?text={text}{more}")
    expect(page.locator("table")).not_to_have_attribute("aria-busy", "true")
    return page


def select(console, *names):
    for name in names:
        console.page.get_by_label(f"Select {name}", exact=True).check()


def preview(console, *names):
    select(console, *names)
    console.choose("Actions", "Send invite")
    expect(console.button("Send", console.dialog)).to_be_enabled()
    return console.dialog


# ---- Before sending ----


@pytest.mark.parametrize(("length", "shown"), [(4, "••••"), (6, "••• •••"), (10, "•••• •••• ••")])
def test_the_preview_shows_a_pin_as_long_as_it_will_be(beckon, console, length, shown):
    policy = {"length": length, "alphabet": "unambiguous", "tries": 3}
    beckon.settings({"registration": {"pin": policy, "lifetimeHours": 1}})
    add(beckon, f"Dots {length}")
    find(console, f"dots.{length}")
    dialog = preview(console, f"Dots {length}")
    mail = dialog.frame_locator("iframe")
    expect(mail.get_by_text(shown, exact=True)).to_be_visible()


def test_what_is_missing_in_the_settings_is_said_before_anybody_is_invited(beckon, console):
    add(beckon, "Anna Advice")
    find(console, "anna.advice")
    dialog = preview(console, "Anna Advice")
    advice = dialog.locator(".send-advice")
    expect(advice).to_contain_text("nobody who is stuck is told whom to ask")
    expect(advice).to_contain_text("your organisation")
    # The settings open beside, so that the preview and the selection stay.
    with console.page.expect_popup() as beside:
        advice.get_by_role("link", name="Organisation and sender").first.click()
    expect(beside.value.get_by_role("heading", level=1)).to_have_text("Organisation and sender")
    expect(dialog.locator(".people")).to_contain_text("Anna Advice")


def test_nothing_is_said_of_settings_that_are_complete(beckon, console):
    desk = {"name": "IT", "email": "it@example.com"}
    address = {"url": "https://mdm.example/{email}"}
    beckon.settings({"organisation": {"name": "Nordwind", "helpDesk": desk}, "enrolment": {"addresses": [address]}})
    add(beckon, "Ada Complete")
    find(console, "ada.complete")
    dialog = preview(console, "Ada Complete")
    expect(dialog.locator(".people")).to_contain_text("Ada Complete")
    console.page.wait_for_load_state("networkidle")
    expect(dialog.locator(".send-advice")).to_be_empty()


def test_a_preview_says_what_will_be_and_in_which_language(beckon, console):
    add(beckon, "Dora Deutsch", locale="de")
    find(console, "dora.deutsch")
    dialog = preview(console, "Dora Deutsch")
    expect(dialog.locator(".people .badge")).to_have_text("Will be invited")
    expect(dialog.locator(".mail-tongue")).to_have_text("Dora Deutsch will get this mail in German.")
    dialog.get_by_label("Language").select_option("fr")
    expect(dialog.locator(".mail-tongue")).to_have_text("Shown here in French; Dora Deutsch will get it in German.")


def test_where_the_owner_switch_reaches_nobody_it_cannot_be_switched_and_says_why(beckon, console):
    beckon.settings({"registration": {"method": "qrCode"}})
    add(beckon, "Quentin Code")
    find(console, "quentin.code")
    dialog = preview(console, "Quentin Code")
    expect(dialog.get_by_label("Device owner settings")).to_be_disabled()
    expect(dialog.locator(".owner-effect")).to_contain_text("It has no effect here: people register with QR code")


# ---- Words for people ----


def test_a_domain_that_may_not_be_invited_is_refused_in_words_with_the_way_to_the_setting(beckon, console):
    page = find(console, "nobody")
    console.button("Add user").first.click()
    dialog = console.dialog
    dialog.get_by_label("Mail address").fill("eve@elsewhere.example")
    console.button("Add user", dialog).click()
    error = dialog.locator('[data-field="email"] .error')
    expect(error).to_contain_text("Addresses of elsewhere.example may not be invited.")
    expect(error).not_to_contain_text("recipientDomains")
    expect(error).not_to_contain_text("invite to false")
    expect(error.get_by_role("link", name="Domains that may be invited")).to_have_attribute("href", "#/settings/sender")
    console.is_accessible()
    beckon.settings({"sender": {"recipientDomains": ["elsewhere.example"]}})
    console.button("Add user", dialog).click()
    expect(page.locator(".toast")).to_contain_text("eve@elsewhere.example was added and is being invited.")


def test_a_group_without_a_name_is_called_so_in_the_bar_that_saves(console):
    page = console.open("/settings/groups")
    console.button("Add a group").click()
    expect(page.locator(".save-text")).to_have_text("One unsaved change: Group A group without a name")
    expect(page.locator(".save-text")).not_to_contain_text("[")


def test_what_was_saved_or_added_is_seen_and_said(console):
    page = find(console, "nobody")
    console.button("Add user").first.click()
    console.dialog.get_by_label("Mail address").fill("tessa@example.com")
    console.dialog.get_by_label("Send invitation").uncheck()
    console.button("Add user", console.dialog).click()
    toast = page.locator(".toast")
    expect(toast).to_be_visible()
    expect(toast).to_contain_text("tessa@example.com was added.")
    console.hears("tessa@example.com was added.")
    console.is_accessible()
    toast.get_by_role("link", name="Open the user’s page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("tessa@example.com")
    expect(toast).to_be_hidden()
    console.button("Edit").click()
    page.get_by_label("Name", exact=True).fill("Tessa")
    console.button("Save").click()
    expect(toast).to_contain_text("The details are saved.")
    page = console.open("/settings/reminders")
    page.get_by_label("Send reminders").click()
    console.button("Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved.")


def test_a_dialog_that_cancels_something_has_another_word_for_leaving_it(beckon, console):
    user = invite(beckon, "Karl Keep")
    page = console.open(f"/users/{user['id']}")
    console.choose("Actions", "Cancel invitation")
    expect(console.button("Cancel", console.dialog)).to_have_count(0)
    console.button("Keep invitation", console.dialog).click()
    expect(page.locator(".page-name")).to_contain_text("Pending")


# ---- The list ----


def test_who_has_begun_and_who_is_disabled_is_seen_and_found(beckon, console):
    begun = invite(beckon, "Bea Begun")
    invite(beckon, "Bea Waits")
    off = add(beckon, "Bea Disabled")
    begin(beckon, begun)
    beckon.send("PATCH", f"/v1/users/{off['id']}", {"enabled": False})
    page = find(console, "bea")
    row = lambda name: page.get_by_role("row").filter(has_text=name)  # noqa: E731
    expect(row("Bea Begun").locator(".badge").first).to_have_text("Redeemed")
    expect(row("Bea Waits").locator(".badge").first).to_have_text("Pending")
    expect(row("Bea Disabled").locator(".badge").first).to_have_text("Disabled")
    console.button("Invitation").click()
    page.get_by_label("Redeemed", exact=True).check()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(row("Bea Begun")).to_be_visible()
    page.keyboard.press("Escape")
    console.button("Clear filters").click()
    page = find(console, "bea", "&account=disabled")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(row("Bea Disabled")).to_be_visible()
    expect(console.button("Account: Disabled")).to_be_visible()
    console.is_accessible()
    # Everyone who matches is the same in the API's body.
    console.button("Select all that match").click()
    console.choose("Actions", "Enable")
    console.button("Enable", console.dialog).click()
    until("they are enabled", lambda: beckon.get(f"/v1/users/{off['id']}")["enabled"])
    assert beckon.get(f"/v1/users/{begun['id']}")["enabled"]


def test_the_page_of_somebody_who_has_begun_says_so(beckon, console):
    user = invite(beckon, "Berta Begun")
    page = console.open(f"/users/{user['id']}")
    expect(page.locator(".page-name")).to_contain_text("Pending")
    begin(beckon, user)
    expect(page.locator(".page-name .badge")).to_have_text("Redeemed")
    expect(page.locator(".invitation-card .lead")).to_contain_text("no device is registered yet")


def test_the_help_desk_finds_whose_registration_id_is_read_to_them(beckon, console):
    user = invite(beckon, "Rita Reads")
    registration = begin(beckon, user)
    page = console.open("/users")
    page.get_by_role("searchbox").fill(f"{registration[:8].upper()} {registration[8:]}")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="Rita Reads")).to_be_visible()
    expect(console.button("Select all that match")).to_be_hidden()
    assert registration[8:] not in page.url
    page.get_by_role("searchbox").fill("0" * 32)
    expect(page.get_by_role("heading", name="Nobody matches")).to_be_visible()


def test_a_filter_whose_first_thousands_hold_nobody_goes_on_to_those_who_match(beckon, console):
    """The API looks at 2,000 at a time, so that an answer may be empty and not be the last."""
    user = add(beckon, "Zoe Last")
    empty = {"items": [], "next": "bmV4dA", "unreadable": 0}
    asked = []

    def answer(route):
        asked.append(route.request.url)
        if "cursor=" in route.request.url:
            return route.fulfill(json={"items": [user], "next": None, "unreadable": 0})
        return route.fulfill(json=empty)

    console.page.route("**/v1/users?*", answer)
    page = console.open("/users?group=rare")
    expect(page.get_by_role("row").filter(has_text="Zoe Last")).to_be_visible()
    assert "cursor=bmV4dA" in asked[1]


def test_a_page_that_a_filter_leaves_short_is_filled_from_those_who_follow(beckon, console):
    for at in range(60):
        beckon.send("POST", "/v1/users", {"email": f"short{at:02}@example.com", "groups": ["short pages"], "invite": False})

    def at_most_twenty(route):
        limit = re.search(r"limit=(\d+)", route.request.url)[1]
        route.continue_(url=route.request.url.replace(f"limit={limit}", f"limit={min(20, int(limit))}"))

    console.page.route("**/v1/users?**", at_most_twenty)
    page = console.open("/users?group=short+pages")
    expect(page.locator("tbody tr:not(.blank)")).to_have_count(50)
    expect(page.locator(".range")).to_have_text("1 to 50")
    console.button("Next page").click()
    expect(page.locator("tbody tr:not(.blank)")).to_have_count(10)
    expect(page.locator(".range")).to_have_text("51 to 60 of 60")
    page.reload()
    expect(page.locator(".range")).to_have_text("51 to 60 of 60")
    console.button("Previous page").click()
    expect(page.locator(".range")).to_have_text("1 to 50")


def test_rows_that_were_waited_for_come_whatever_the_page_asks_by_itself_meanwhile(beckon, console):
    beckon.send("POST", "/v1/users", {"email": "slowly@example.com", "groups": ["slowly"], "invite": False})
    page = console.open("/users")
    expect(page.locator("tbody tr:not(.blank)").first).to_be_visible()
    held = []
    page.route("**/v1/users?**", lambda route: held.append(route))
    page.get_by_role("searchbox").fill("slowly@example.com")
    until("the search is asked for", lambda: page.wait_for_timeout(50) or held)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(100)
    assert len(held) == 1, [one.request.url for one in held]
    held[0].continue_()
    expect(page.locator("tbody tr:not(.blank)")).to_have_count(1)
    console.hears("One person is shown")


def test_the_focus_stays_where_something_was_pressed(beckon, console):
    beckon.send("POST", "/v1/users", {"email": "focused@example.com", "invite": False})
    page = console.open("/users")
    sort = page.locator("th button.sort").first
    expect(page.locator("tbody tr:not(.blank)").first).to_be_visible()
    sort.click()
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    expect(page.locator("th button.sort").first).to_be_focused()
    language = page.locator("#head-tools button").first
    language.click()
    page.get_by_role("menuitemradio", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Benutzer")
    expect(page.locator("#head-tools button").first).to_be_focused()


@pytest.mark.parametrize("hours, shown", [(20, "in 20 hours"), (27, "tomorrow"), (30, "in 2 days"), (200, "in 1 week")])
def test_tomorrow_is_the_next_day_of_the_calendar(beckon, chromium, hours, shown):
    """An invitation that ends at about four in the morning, looked at so many hours before."""
    user = invite(beckon, f"Tom Tomorrow{hours}")
    ends = datetime.fromisoformat(beckon.get(f"/v1/users/{user['id']}")["invitation"]["expiresAt"])
    # Zones are named by what must be added to come to UTC.
    zone = (ends.hour - 4 + 11) % 24 - 11
    with chromium.visit(timezone_id=f"Etc/GMT{zone:+}") as console:
        console.page.clock.set_fixed_time(ends - timedelta(hours=hours))
        page = console.open(f"/users/{user['id']}")
        expect(page.locator(".invitation-card")).to_contain_text(f"({shown})")


def test_from_the_head_of_the_list_one_key_leads_to_the_first_box(beckon, console):
    add(beckon, "Toni Tab")
    page = find(console, "toni.tab")
    expect(page.locator("tbody tr")).to_have_count(1)
    skip = console.button("Skip to the list")
    skip.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Select Toni Tab")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_label("Select Toni Tab")).to_be_checked()


def test_an_action_for_many_names_them_and_one_that_fits_nobody_cannot_be_chosen(beckon, console):
    names = [f"Mara {one}" for one in ("Adam", "Bach", "Cohn", "Dorn", "Eich", "Funk", "Graf")]
    for name in names:
        add(beckon, name)
    page = find(console, "mara")
    select(console, *names)
    console.button("Actions").click()
    mail_again = page.get_by_role("menuitem", name="Mail again")
    expect(mail_again).to_have_attribute("aria-disabled", "true")
    expect(mail_again).to_contain_text("Fits nobody who is selected. There is no open invitation.")
    page.get_by_role("menuitem", name="Disable").click()
    named = console.dialog.locator(".people-named")
    expect(named).to_have_text("Mara Adam, Mara Bach, Mara Cohn, Mara Dorn, Mara Eich and 2 more")
    console.button("Disable", console.dialog).click()
    expect(console.dialog.locator(".lead")).to_contain_text("Done: 7 people.")
    counts = console.dialog.locator(".counts")
    expect(counts).to_contain_text("Not done")
    expect(counts).not_to_contain_text("Unreadable")
    expect(counts).not_to_contain_text("Not there")


def test_after_an_action_nobody_is_selected_and_who_is_not_shown_is_counted(beckon, console):
    for name in ("Sela One", "Sela Two"):
        add(beckon, name)
    page = find(console, "sela")
    told = page.locator(".selection-text")
    select(console, "Sela One", "Sela Two")
    page.get_by_label("Search name, address or id").fill("sela.two")
    expect(told).to_have_text("2 people are selected (Not on this page: 1)")
    console.choose("Actions", "Send invite")
    console.button("Send", console.dialog).click()
    console.button("Okay", console.dialog).click()
    expect(told).to_have_text("Nobody is selected")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)


def test_a_preview_with_two_methods_says_how_many_get_each(beckon, console):
    beckon.settings({"groups": [{"group": "cameras", "registration": {"method": "qrCode"}}]})
    add(beckon, "Meta Pin")
    add(beckon, "Meta Code", groups=["cameras"])
    find(console, "meta")
    select(console, "Meta Pin", "Meta Code")
    console.choose("Actions", "Send invite")
    summary = console.dialog.locator(".send-summary")
    expect(summary.locator(".send-lead")).to_have_text("2 people will get a mail:")
    expect(summary).to_contain_text("One person, with a PIN.")
    expect(summary).to_contain_text("One person, with a QR code.")


def test_the_menu_tells_actions_apart_that_sound_alike(beckon, console):
    user = add(beckon, "Hinta Mail")
    beckon.send("POST", "/v1/invitations", {"selection": {"userIds": [user["id"]]}}, {"Idempotency-Key": "hinta"})
    page = find(console, "hinta")
    select(console, "Hinta Mail")
    console.button("Actions").click()
    for item, hint in (
        ("Send invite", "A new invitation by mail."),
        ("Mail again", "with the same PIN or link"),
        ("Generate PIN", "to hand over yourself"),
    ):
        expect(page.get_by_role("menuitem", name=item)).to_contain_text(hint)


def test_where_a_group_is_typed_the_known_names_are_offered(beckon, console):
    beckon.settings({"groups": [{"group": "only-settings", "registration": {"method": "qrCode"}}]})
    add(beckon, "Greta Group", groups=["only-people"])
    page = find(console, "greta")
    expect(page.locator("tbody tr")).to_have_count(1)

    def offered(field):
        field.focus()
        page.wait_for_function("(field) => [...field.list.options].some(({ value }) => value.endsWith('only-settings'))", arg=field.element_handle())
        return field.evaluate("field => [...field.list.options].map(({ value }) => value)")

    group = page.get_by_label("Group", exact=True)
    assert {"only-people", "only-settings"} <= set(offered(group))
    group.fill("staff, only")
    assert "staff, only-people" in offered(group)
    # What is typed is looked for a moment later, and belongs to this page.
    expect(page.locator("tbody tr")).to_have_count(0)
    page = console.open("/settings/groups")
    page.locator(".ordered-entry summary").first.click()
    assert "only-people" in offered(page.get_by_label("Group", exact=True).first)


def test_a_long_menu_ends_with_the_window_and_is_scrolled(beckon, console):
    add(beckon, "Menno Low")
    page = find(console, "menno")
    select(console, "Menno Low")
    page.set_viewport_size({"width": 1366, "height": 600})
    console.button("Actions").click()
    menu = page.get_by_role("menu", name="Actions")
    assert menu.evaluate("list => list.getBoundingClientRect().bottom <= innerHeight && list.scrollHeight > list.clientHeight")
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_in_viewport(ratio=1)


def test_a_pin_is_read_from_left_to_right_in_arabic_too(beckon, console):
    user = add(beckon, "Pina Arabic")
    page = console.open(f"/users/{user['id']}")
    page.evaluate("document.documentElement.dir = 'rtl'")
    console.choose("Actions", "Generate PIN")
    console.dialog.get_by_label("Reason").fill("On the phone")
    console.button("Generate PIN", console.dialog).click()
    assert console.dialog.locator(".secret-pin").evaluate("one => getComputedStyle(one).direction") == "ltr"


def test_what_is_typed_in_a_dialog_outlasts_escape_pressed_again_and_again(console):
    page = find(console, "nobody")
    console.button("Add user").click()
    form = page.get_by_role("dialog", name="Add user")
    form.get_by_label("Mail address").fill("typed@example.com")
    for _ in range(4):
        page.keyboard.press("Escape")
        page.wait_for_timeout(100)
    expect(form).to_be_visible()
    expect(form.get_by_label("Mail address")).to_have_value("typed@example.com")


def test_of_what_is_said_with_a_pin_only_the_pin_is_large(beckon, console):
    user = add(beckon, "Pina Large")
    page = console.open(f"/users/{user['id']}")
    console.choose("Actions", "Generate PIN")
    console.dialog.get_by_label("Reason").fill("On the phone")
    console.button("Generate PIN", console.dialog).click()
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    assert console.dialog.locator(".secret-pin").evaluate(size) >= 30
    for told in console.dialog.locator("dd, .hint").all():
        assert told.evaluate(size) <= 16


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("email,name\nida@example.com,\"Import, Ida\"\nnonsense,Nobody\n", ["ida@example.com · Import, Ida", "nonsense · Nobody"]),
        ("sep=;\nname;email\nIvo Import;ivo@example.com\n", ["ivo@example.com · Ivo Import"]),
    ],
)
def test_an_import_names_the_person_beside_the_line(console, text, shown):
    find(console, "nobody")
    console.button("Import").click()
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}
    console.page.locator('input[type="file"]').set_input_files(file)
    rows = console.dialog.locator(".import-rows")
    for one in shown:
        expect(rows.get_by_role("rowheader", name=one, exact=True)).to_be_visible()
    expect(rows).to_contain_text("Will be added")
    console.is_accessible()


def test_how_long_ago_something_was_goes_on_while_the_page_stays_open(beckon, chromium):
    invite(beckon, "Ursula Hours")
    with chromium.visit() as console:
        console.page.clock.install()
        page = find(console, "ursula")
        issued = page.locator('tbody td[data-label="Issued"] time')
        expect(issued).to_have_text("now")
        console.answers("/v1/users?*", 503)
        console.page.clock.fast_forward(3 * 60_000)
        expect(issued).to_have_text("3 min ago")
        page.unroute_all()


# ---- Other languages ----


def test_the_history_is_told_in_the_language_of_the_reader(beckon, chromium):
    user = invite(beckon, "Gerda German")
    registration = begin(beckon, user)
    detail = {"registrationId": registration, "device": {"id": "d-1", "supervised": True}}
    entry = {"Source": "mdm", "DetailType": "Device Registered", "Detail": json.dumps(detail)}
    beckon.send("POST", "/local/events", {"Entries": [entry]})
    until("the device is known", lambda: beckon.get(f"/v1/users/{user['id']}")["devices"])
    with chromium.visit(locale="de-DE") as console:
        page = console.open(f"/users/{user['id']}")
        history = page.locator(".history-list")
        expect(history).to_contain_text("Einladung eingelöst")
        expect(history).to_contain_text("Gerät: d-1")
        expect(history).to_contain_text("Firmengerät")
        expect(history).not_to_contain_text("issue")
        expect(history.locator('[lang="en"]')).to_have_count(0)


def test_what_happened_that_this_console_does_not_know_is_told_as_the_api_tells_it(beckon, chromium):
    user = add(beckon, "Nora New")
    with chromium.visit(locale="de-DE") as console:
        entry = {"id": "1", "at": "2026-01-01T00:00:00Z", "who": "x", "what": "somethingNew", "text": "Something new happened."}
        path = f"/v1/users/{user['id']}/history"
        console.page.route(f"**{path}*", lambda route: route.fulfill(json={"items": [entry], "next": None}))
        page = console.open(f"/users/{user['id']}")
        expect(page.locator(".history-list")).to_contain_text("Something new happened.")


def test_without_the_words_of_a_language_english_is_spoken_and_that_is_said(chromium):
    with chromium.visit(locale="de-DE") as console:
        console.page.route("**/words/de/*.json", lambda route: route.abort())
        page = console.open("/users")
        expect(page.get_by_role("heading", level=1)).to_have_text("Users")
        expect(page.locator(".toast")).to_contain_text("The words of German could not be loaded")
        console._complaints.clear()


def test_words_that_come_with_the_first_dialog_are_asked_for_again_after_they_failed(console, chromium):
    page = console.open("/users")
    page.route("**/words/en/rest.json", lambda route: route.abort())
    console.button("Add user").first.click()
    expect(console.dialog).to_contain_text("Reload it to go on")
    page.keyboard.press("Escape")
    page.unroute("**/words/en/rest.json")
    console.button("Add user").first.click()
    expect(console.dialog.get_by_label("Mail address")).to_be_visible()
    console._complaints.clear()


# ---- More people than a page of the preview holds ----


def test_whoever_is_skipped_on_a_later_page_of_the_preview_is_counted_with_the_reason(beckon, console):
    lines = ["email,name,groups", *(f"leaf{at:03}@example.com,Leaf {at:03},leaves" for at in range(150))]
    request = urllib.request.Request(f"{beckon.address}/v1/jobs/import?invite=false", "\n".join(lines).encode(), {"Content-Type": "text/csv", "Idempotency-Key": "leaves"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        job = json.load(answer)["id"]
    until("all are in", lambda: beckon.get(f"/v1/jobs/{job}")["state"] == "done")
    [last] = beckon.get("/v1/users?text=leaf149")["items"]
    beckon.send("PATCH", f"/v1/users/{last['id']}", {"enabled": False})
    page = console.open("/users?group=leaves")
    console.button("Select all that match").click()
    console.choose("Actions", "Send invite")
    expect(page.locator(".send-lead")).to_contain_text("149 people will get a mail")
    expect(page.locator(".send-counts")).to_contain_text("One person gets no mail. The user is disabled.")
    expect(page.locator(".send-summary")).not_to_contain_text("Still counting")
    expect(console.button("Send", console.dialog)).to_be_enabled()


# ---- Two at once ----


def change_as_it_is_saved(beckon, console, user, body):
    """Changes somebody between the console's last look and its change."""

    def answer(route):
        if route.request.method == "PATCH" and body:
            beckon.send("PATCH", f"/v1/users/{user['id']}", dict(body))
            body.clear()
        route.fallback()

    console.page.route(f"**/v1/users/{user['id']}", answer)


def test_what_two_administrators_change_at_the_same_moment_is_kept_of_both(beckon, console):
    user = add(beckon, "Paula Patch")
    page = console.open(f"/users/{user['id']}")
    console.button("Edit").click()
    page.get_by_label("Name", exact=True).fill("Mine")
    change_as_it_is_saved(beckon, console, user, {"groups": ["theirs"]})
    console.button("Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mine")
    now = beckon.get(f"/v1/users/{user['id']}")
    assert (now["displayName"], now["groups"]) == ("Mine", ["theirs"])
    console._complaints[:] = [one for one in console._complaints if "412" not in one]


def test_what_both_change_is_shown_before_it_is_overwritten(beckon, console):
    user = add(beckon, "Peter Patch")
    page = console.open(f"/users/{user['id']}")
    console.button("Edit").click()
    page.get_by_label("Name", exact=True).fill("Mine")
    change_as_it_is_saved(beckon, console, user, {"displayName": "Theirs"})
    console.button("Save").click()
    expect(page.locator(".clash")).to_contain_text(["Theirs"])
    assert beckon.get(f"/v1/users/{user['id']}")["displayName"] == "Theirs"
    expect(page.get_by_label("Name", exact=True)).to_have_value("Mine")
    console._complaints[:] = [one for one in console._complaints if "412" not in one]


# ---- Settings that cannot be saved now ----


@pytest.mark.parametrize("how", ["busy", "cut"])
def test_settings_that_cannot_be_saved_now_lose_nothing_and_are_saved_later(beckon, console, how):
    page = console.open("/settings/sender")
    page.get_by_label("Name", exact=True).first.fill("Nordwind")
    if how == "busy":
        console.answers("/v1/settings", 503, method="PUT")
    else:
        page.route("**/v1/settings", lambda route: route.abort() if route.request.method == "PUT" else route.fallback())
    page.clock.install()
    console.button("Save").click()
    for _ in range(8):
        page.clock.fast_forward(10_000)
        page.wait_for_timeout(50)
    expect(page.locator(".save-trouble")).to_contain_text("What you typed is kept: nothing is lost.")
    expect(page.get_by_label("Name", exact=True).first).to_have_value("Nordwind")
    console.is_accessible()
    page.unroute_all()
    console.button("Try again").click()
    expect(page.locator(".toast")).to_contain_text("Saved.")
    assert beckon.get("/v1/settings")["organisation"]["name"] == "Nordwind"


def test_who_gets_a_confirmation_can_be_chosen_only_while_they_are_sent(console):
    page = console.open("/settings/confirmation")
    everyone = page.get_by_label("Everyone", exact=True)
    expect(everyone).to_be_disabled()
    page.get_by_label("Send confirmation mails").click()
    expect(everyone).to_be_enabled()


def test_the_bar_that_saves_does_not_cover_the_field_that_is_changed(chromium):
    with chromium.visit(viewport={"width": 1280, "height": 700}) as console:
        page = console.open("/settings/registration")
        letters = page.get_by_label("Letters and digits")
        # It stands at the very foot of the window, where the bar will be.
        letters.evaluate("(box) => scrollBy(0, box.getBoundingClientRect().bottom - innerHeight + 10)")
        page.mouse.click(*(letters.bounding_box()[side] + 5 for side in ("x", "y")))
        bar = page.locator(".save-bar")
        expect(bar).to_be_visible()
        page.wait_for_timeout(200)
        box, above = letters.bounding_box(), bar.bounding_box()
        assert box["y"] + box["height"] <= above["y"]


# ---- Inviting again ----


def test_who_was_invited_with_an_owner_keeps_it_unless_that_is_given_up(beckon, console):
    kept = invite(beckon, "Olga Owner", ownership="userOwned")
    find(console, "olga.owner")
    dialog = preview(console, "Olga Owner")
    person = dialog.locator(".people li").filter(has_text="Olga Owner")
    expect(person).to_contain_text("User owned, as before")
    keep = dialog.get_by_label("Keep what was set before")
    expect(keep).to_be_checked()
    expect(dialog).to_contain_text("For one of these people it was set with their earlier invitation.")
    console.is_accessible()
    keep.uncheck()
    expect(person).to_contain_text("Owner not set (was User owned)")
    dialog.get_by_label("Device owner settings").click()
    dialog.get_by_label("Company owned", exact=True).check()
    expect(person).to_contain_text("Company owned (was User owned)")
    expect(keep).to_be_hidden()
    dialog.get_by_label("Device owner settings").click()
    keep.check()
    expect(person).to_contain_text("User owned, as before")
    console.button("Send", dialog).click()
    expect(console.button("Okay", console.dialog)).to_be_visible()
    until("it is mailed again", lambda: len(beckon.mails(kept["email"])) == 2)
    assert beckon.invitation(kept["id"])["ownership"] == "userOwned"


def test_a_disabled_person_is_called_so_first_and_a_filter_by_state_says_that_they_are_among_them(beckon, console):
    off = invite(beckon, "Dan Disabled")
    invite(beckon, "Dan Enabled")
    beckon.send("PATCH", f"/v1/users/{off['id']}", {"enabled": False})
    page = find(console, "dan.", "&state=pending")
    row = page.get_by_role("row").filter(has_text="Dan Disabled")
    expect(row.locator(".badge").first).to_have_text("Disabled")
    note = page.locator(".filter-note")
    expect(note).to_contain_text("Disabled people are among them")
    console.is_accessible()
    console.button("Only enabled people", note).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Dan Enabled")
    expect(note).to_be_hidden()


@pytest.mark.parametrize("locale", ["de", "es", "fi", "ar", "ja", "pt-BR"])
def test_the_list_of_users_fits_into_1280_pixels(beckon, chromium, locale):
    for name in ("Bounce", "Katherine Johnson of the Field"):
        if not beckon.get(f"/v1/users?text={name.split()[0].lower()}")["items"]:
            invite_anyhow(beckon, name)
    with chromium.visit(locale=locale, viewport={"width": 1280, "height": 760}) as visit:
        # Moments that lie back are written in more letters than "now".
        visit.page.clock.set_fixed_time(datetime.now(timezone.utc) + timedelta(minutes=47))
        page = visit.open("/users")
        expect(page.locator("tbody tr:not(.blank)").first).to_be_visible()
        over = page.locator(".table-place").evaluate("(place) => place.scrollWidth - place.clientWidth")
        assert over <= 0, f"{over} px too wide"


def invite_anyhow(beckon, name):
    """Invites somebody whose mail may come back, and disables them: then every column says what it can."""
    user = add(beckon, name, invite=True, groups=["Research and development", "Field"])
    until("the mail has gone", lambda: beckon.invitation(user["id"]).get("delivery") in ("delivered", "hardBounced"))
    beckon.send("PATCH", f"/v1/users/{user['id']}", {"enabled": False})


def test_sending_goes_on_when_its_dialog_is_closed_and_says_where_it_is_seen(beckon, console):
    """As it is while nothing is counted yet, of a batch that is larger than one of a test."""
    beckon.settings({"confirmation": {"enabled": True}})
    add(beckon, "Gina Going")

    def uncounted(route):
        answer = route.fetch()
        body = answer.json()
        body["batch"].update(state="expanding", counts=None)
        body["confirmation"].update(willReceive=None, willNotReceive=None)
        route.fulfill(response=answer, json=body)

    page = find(console, "gina.")
    page.route("**/v1/invitations", uncounted)
    page.route("**/v1/batches/*", uncounted)
    dialog = preview(console, "Gina Going")
    expect(dialog).to_contain_text("Everyone will get a confirmation mail after registering.")
    console.button("Send", dialog).click()
    dialog = console.dialog
    expect(dialog).to_contain_text("Sending goes on when this is closed.")
    # There is no distribution list, so none is spoken of.
    expect(dialog).to_contain_text("Everyone will get a confirmation mail after registering.")
    console.is_accessible()
    page.unroute_all(behavior="wait")
    dialog.get_by_role("link", name="See the batch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Batch of")
    expect(page.get_by_role("dialog")).to_have_count(0)
    beckon.settings({})


def test_who_was_not_reached_is_named_with_the_reason_and_a_link(beckon, console):
    add(beckon, "Nora Reached")
    off = add(beckon, "Nora Disabled")
    beckon.send("PATCH", f"/v1/users/{off['id']}", {"enabled": False})
    find(console, "nora.")
    dialog = preview(console, "Nora Reached", "Nora Disabled")
    console.button("Send", dialog).click()
    who = console.dialog.locator(".who-not")
    expect(who).to_contain_text("Nora Disabled: The user is disabled.")
    expect(who.get_by_role("link", name="Nora Disabled")).to_have_attribute("href", f"#/users/{off['id']}")
    console.is_accessible()


def test_what_is_typed_into_the_settings_stays_where_it_is(beckon, console):
    page = console.open("/settings/sender")
    name = page.locator('[data-path="organisation.helpDesk.name"] input')
    before = name.bounding_box()["y"]
    page.locator('[data-path="organisation.name"] input').fill("Nordwind")
    expect(page.locator(".save-bar")).to_be_visible()
    assert name.bounding_box()["y"] == before


def test_the_last_page_has_none_behind_it_however_often_next_is_pressed(beckon, console):
    for at in range(51):
        beckon.send("POST", "/v1/users", {"email": f"paged{at:02}@example.com", "groups": ["paged"], "invite": False})
    page = console.open("/users?group=paged")
    expect(page.locator(".range")).to_have_text("1 to 50")
    console.button("Next page").click()
    expect(page.locator(".range")).to_have_text("51 to 51 of 51")
    console.button("Next page").click(force=True)
    page.wait_for_timeout(300)
    expect(page.locator(".range")).to_have_text("51 to 51 of 51")
    expect(console.button("Next page")).to_have_attribute("aria-disabled", "true")


@pytest.mark.parametrize("path", ["/users/%", "/users/100%25%", "/batches/%E0%A4%A"])
def test_an_address_that_is_no_text_is_a_page_that_does_not_exist(console, path):
    page = console.open(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    expect(page.locator(".nav")).to_be_visible()
