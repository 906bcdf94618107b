"""The administration console: the procedure with the mouse alone and with the keyboard alone, and what it does when
something is in its way."""

import re
from itertools import count

import pytest
from playwright.sync_api import expect

from beckon import Person, until

# Each check has people of its own, whom their group finds.
_groups = count(1)

COMPANY = "Company owned"


@pytest.fixture
def group():
    return f"group{next(_groups)}"


def people(session, group, how_many, **more):
    """Adds so many people without inviting them; answers with their ids and addresses."""
    added = []
    for number in range(how_many):
        email = f"{group}.person{number}@example.com"
        user = {"email": email, "displayName": f"{group} person {number}", "groups": [group], "invite": False, **more}
        added.append((session.beckon.send("POST", "/v1/users", user)["user"]["id"], email))
    return added


def opened(visit, session, group):
    """The list of a group's people."""
    visit.page.goto(f"{session.beckon.address}/#/users?group={group}")
    expect(visit.page.locator("tbody tr:not(.blank)").first).to_be_visible()
    return visit.page


def method(session, method, **more):
    session.beckon.settings({"registration": {"method": method}, **more})


def invited(session, people, ownership):
    """Fails unless each got one mail, and an invitation with this ownership."""
    for user, email in people:
        until("an invitation is delivered", lambda: session.beckon.invitation(user).get("delivery") == "delivered")
        assert len(session.beckon.mails(email)) == 1, email
        assert session.beckon.invitation(user)["ownership"] == ownership


@pytest.mark.parametrize("how_many", [1, 3])
@pytest.mark.parametrize("registration", ["pin", "qrCode"])
def test_the_seven_steps_with_the_mouse(session, group, registration, how_many):
    method(session, registration, confirmation={"enabled": True, "distribution": {"groups": ["elsewhere"]}})
    chosen = people(session, group, how_many)
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        page.get_by_label("Select all on this page").click()
        page.get_by_role("button", name="Actions").click()
        page.get_by_role("menuitem", name="Send invite").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading", name="Invitation preview")).to_be_visible()
        expect(dialog.locator(".send-lead")).to_have_text(re.compile("^(One person|3 people) will get a mail"))
        mail = page.frame_locator("iframe.mail-frame")
        expect(mail.get_by_role("heading", name="Register your device")).to_be_visible()
        if registration == "pin":
            dialog.get_by_label("Device owner settings").click()
            dialog.get_by_label(COMPANY, exact=True).click()
            expect(dialog.locator(".people")).to_contain_text(COMPANY)
        else:
            expect(dialog.locator(".owner-effect")).to_contain_text("It has no effect here")
        dialog.get_by_role("button", name="Send", exact=True).click()
        expect(dialog.locator(".send-lead")).to_have_text(re.compile("mails? (is|are) out"))
        # Of three, the names of those who will not be told stand there.
        expect(dialog.locator(".notice")).to_contain_text(f"{group} person 0")
        dialog.get_by_role("button", name="Okay").click()
        expect(dialog).to_be_hidden()
        expect(page.get_by_role("row").filter(has_text="Delivered")).to_have_count(how_many)
    invited(session, chosen, "companyOwned" if registration == "pin" else "notSet")


@pytest.mark.parametrize("how_many", [1, 3])
@pytest.mark.parametrize("registration", ["pin", "qrCode"])
def test_the_seven_steps_with_the_keyboard(session, group, registration, how_many):
    method(session, registration)
    chosen = people(session, group, how_many + 1)
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        press = page.keyboard.press

        def tab_to(name, presses=60):
            for _ in range(presses):
                press("Tab")
                label = page.evaluate("(document.activeElement.getAttribute('aria-label') ?? [...(document.activeElement.labels ?? [])].map((one) => one.textContent).join() ?? '') || document.activeElement.textContent")
                if label.strip().startswith(name):
                    return
            raise AssertionError(f"{name} is not reached with Tab")

        for number in range(how_many):
            tab_to(f"Select {group} person {number}")
            press("Space")
        expect(page.locator(".selection-text")).to_have_text(re.compile("^(One person is|3 people are) selected$"))
        press("Home")
        page.locator("body").evaluate("document.querySelector('h1').focus()")
        tab_to("Actions")
        press("Enter")
        expect(page.get_by_role("menuitem", name="Send invite")).to_be_focused()
        press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading", name="Invitation preview")).to_be_focused()
        expect(dialog.locator(".send-lead")).to_contain_text(re.compile("^(One person|3 people) will get a mail"))
        if registration == "pin":
            tab_to("Device owner settings")
            press("Space")
            tab_to("User owned")
            press("ArrowDown")
            expect(dialog.get_by_label(COMPANY, exact=True)).to_be_checked()
            expect(dialog.locator(".people")).to_contain_text(COMPANY)
        tab_to("Send")
        press("Enter")
        expect(dialog.get_by_role("button", name="Okay")).to_be_focused()
        expect(dialog.locator(".send-lead")).to_have_text(re.compile("mails? (is|are) out"))
        press("Enter")
        expect(dialog).to_be_hidden()
        expect(page.get_by_role("button", name="Actions")).to_be_focused()
    invited(session, chosen[:how_many], "companyOwned" if registration == "pin" else "notSet")
    assert session.beckon.invitation(chosen[how_many][0])["state"] == "none"


def test_the_console_shows_that_somebody_registered_without_a_reload(session, group):
    method(session, "pin")
    [(user, email)] = people(session, group, 1)
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        page.get_by_label("Select all on this page").click()
        page.get_by_role("button", name="Actions").click()
        page.get_by_role("menuitem", name="Send invite").click()
        page.get_by_role("button", name="Send", exact=True).click()
        page.get_by_role("button", name="Okay").click()
        until("an invitation is delivered", lambda: session.beckon.invitation(user).get("delivery") == "delivered")
        person = Person(user, email, session.beckon.mails(email)[0]["text"])
        redeemed = session.beckon.send("POST", "/v1/redemptions", {"email": email, "pin": person.pin})
        device = {"registrationId": redeemed["registrationId"], "device": {"id": f"{group}-phone"}}
        session.beckon.send("POST", "/v1/mdm/registrations", device)
        expect(page.get_by_role("row").filter(has_text="Registered")).to_have_count(1)


def test_everyone_who_matches_but_one(session, group):
    chosen = people(session, group, 4)
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        page.get_by_role("button", name="Select all that match").click()
        page.get_by_label(f"Select {group} person 2").click()
        expect(page.locator(".selection-text")).to_have_text("Everyone who matches is selected, except one")
        page.get_by_role("button", name="Actions").click()
        page.get_by_role("menuitem", name="Send invite").click()
        expect(page.locator(".send-lead")).to_contain_text("3 people will get a mail")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator(".send-lead")).to_have_text("3 mails are out.")
    left_out = chosen.pop(2)
    invited(session, chosen, "notSet")
    assert session.beckon.invitation(left_out[0])["state"] == "none"


def test_settings_that_changed_since_the_preview_send_nothing_and_are_shown(session, group):
    chosen = people(session, group, 1)
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        page.get_by_label("Select all on this page").click()
        page.get_by_role("button", name="Actions").click()
        page.get_by_role("menuitem", name="Send invite").click()
        expect(page.get_by_text("will get a mail with a PIN")).to_be_visible()
        method(session, "qrCode")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("Somebody changed the settings meanwhile").first).to_be_visible()
        expect(page.get_by_text("will get a mail with a QR code")).to_be_visible()
        assert session.beckon.invitation(chosen[0][0])["state"] == "none"
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator(".send-lead")).to_have_text("One mail is out.")
    invited(session, chosen, "notSet")


def test_an_answer_that_was_lost_is_asked_for_again_and_nobody_is_invited_twice(session, group):
    chosen = people(session, group, 1)
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        keys = []

        def lose_the_first(route):
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) == 1:
                route.fetch()
                route.abort("connectionreset")
            else:
                route.continue_()

        page.route("**/v1/invitations", lose_the_first)
        page.get_by_label("Select all on this page").click()
        page.get_by_role("button", name="Actions").click()
        page.get_by_role("menuitem", name="Send invite").click()
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator(".send-lead")).to_have_text("One mail is out.")
        assert len(keys) == 2 and keys[0] == keys[1], keys
        page.unroute_all(behavior="wait")
    invited(session, chosen, "notSet")


def test_a_list_that_cannot_be_read_says_so_and_comes_with_try_again(session, group):
    people(session, group, 1)
    with session.browser.visit() as visit:
        page = visit.page
        page.route("**/v1/users?*", lambda route: route.fulfill(status=403, json={
            "type": "urn:beckon:problem:not-allowed", "title": "Not allowed", "status": 403, "detail": "This takes the role viewer.",
        }))
        page.goto(f"{session.beckon.address}/#/users?group={group}")
        expect(page.locator(".notice")).to_contain_text("This takes the role viewer.")
        expect(page.get_by_role("alert")).to_have_text("This takes the role viewer.")
        page.unroute_all(behavior="wait")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("row").filter(has_text=f"{group} person 0")).to_be_visible()


def test_what_was_typed_stays_when_the_api_refuses_it(session, group):
    [(_, email)] = people(session, group, 1)
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        page.get_by_role("button", name="Add user").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("Mail address")).to_be_focused()
        expect(dialog.get_by_label("Send invitation")).to_be_checked()
        dialog.get_by_label("Mail address").fill(email)
        dialog.get_by_label("Name").fill("Somebody else")
        page.keyboard.press("Enter")
        expect(dialog.get_by_label("Mail address")).to_be_focused()
        expect(dialog.get_by_label("Mail address")).to_have_attribute("aria-invalid", "true")
        expect(dialog.get_by_label("Name")).to_have_value("Somebody else")
        dialog.get_by_label("Mail address").fill(f"other.{email}")
        page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        expect(page.get_by_role("button", name="Add user")).to_be_focused()
    found = session.beckon.get(f"/v1/users?text=other.{email}")["items"]
    assert [user["displayName"] for user in found] == ["Somebody else"], found


def test_filters_stand_in_the_address_and_survive_a_reload(session, group):
    people(session, group, 2)
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        page.get_by_role("searchbox").fill(f"{group}.person1")
        expect(page.locator("tbody tr:not(.blank)")).to_have_count(1)
        expect(page).to_have_url(re.compile(f"text={group}.person1"))
        page.reload()
        expect(page.locator("tbody tr:not(.blank)")).to_have_count(1)
        expect(page.get_by_role("searchbox")).to_have_value(f"{group}.person1")
        page.get_by_role("button", name="Invitation", exact=True).click()
        page.get_by_label("Pending").click()
        expect(page.get_by_text("Nobody matches")).to_be_visible()
        page.get_by_role("button", name="Clear filters").first.click()
        expect(page).to_have_url(re.compile("#/users$"))


def test_an_import_says_first_what_becomes_of_each_row(session, group):
    [(user, email)] = people(session, group, 1)
    file = f"email,name\n{email},Renamed\n{group}.new@example.com,New\nnobody,Nobody\n"
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        page.get_by_role("button", name="Import").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("CSV file").set_input_files({"name": "users.csv", "mimeType": "text/csv", "buffer": file.encode()})
        rows = dialog.get_by_role("row")
        expect(rows.filter(has_text="Wrong")).to_contain_text("Mail address:")
        expect(rows.filter(has_text="Changed")).to_contain_text("Renamed")
        expect(rows.filter(has_text="Added")).to_have_count(1)
        assert session.beckon.get(f"/v1/users/{user}")["displayName"] != "Renamed"
        dialog.get_by_role("button", name="Import").click()
        expect(dialog).to_contain_text("Done: 3 lines were read.")
    assert session.beckon.get(f"/v1/users/{user}")["displayName"] == "Renamed"


def test_a_pin_is_handed_over_for_a_reason(session, group):
    method(session, "pin")
    people(session, group, 1)
    with session.browser.visit() as visit:
        page = opened(visit, session, group)
        page.get_by_label("Select all on this page").click()
        page.get_by_role("button", name="Actions").click()
        page.get_by_role("menuitem", name="Generate PIN").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Generate PIN").click()
        expect(dialog.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
        dialog.get_by_label("Reason").fill("Stands at the desk")
        page.keyboard.press("Enter")
        expect(dialog.locator(".secret-pin")).to_have_text(re.compile(r"^\d{4} \d{4}$"))


def test_nothing_is_asked_that_the_page_does_not_need(session, group):
    people(session, group, 1)
    with session.browser.visit() as visit:
        opened(visit, session, group)
        asked = [request.url.removeprefix(session.beckon.address) for request in visit.requests]
        others = [path for path in asked if not path.startswith("/console/")]
        # The page, who is there, and the people.
        assert others == ["/", "/v1/me", f"/v1/users?group={group}&limit=50"], others
