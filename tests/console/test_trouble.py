"""Each action while the network is slow or cut, Beckon is busy, or somebody else was first: it says what happened, keeps
what was typed, and can be repeated."""

import re
from itertools import count

import pytest
from beckon import until
from playwright.sync_api import expect

number = count(1)

# What the console says of each kind of trouble, and how it comes about.
TROUBLES = {
    "slow": None,
    "cut": "No answer came from Beckon",
    401: "You are signed out",
    403: "This needs the role inviter",
    409: "Somebody was first.",
    412: "Somebody was first.",
    429: "too many requests|Somebody was first",
    503: "cannot answer just now|Somebody was first",
}


def problem(status):
    if status == 403:
        return {"type": "urn:beckon:problem:not-permitted", "title": "No", "status": 403, "detail": "No.", "role": "inviter"}
    return {"type": "urn:beckon:problem:other", "title": "No", "status": status, "detail": "Somebody was first."}


def person(beckon, invite=True):
    at = next(number)
    user = {"email": f"trouble{at}@example.com", "displayName": f"Trouble {at}", "groups": ["trouble"], "invite": invite}
    added = beckon.send("POST", "/v1/users", user)["user"]
    if invite:
        until("the mail has gone", lambda: beckon.invitation(added["id"]).get("delivery") == "delivered")
    return added


def troubled(console, path, trouble, method):
    """Has requests meet this trouble until `page.unroute_all`; answers those that are on their way, to be let go on."""
    reached = []

    def meet(route):
        if route.request.method != method:
            return route.fallback()
        if trouble == "slow":
            reached.append(route)
            return None
        if trouble == "cut":
            return route.abort()
        return route.fulfill(status=trouble, json=problem(trouble), content_type="application/problem+json")

    console.page.route(re.compile(path), meet)
    return reached


ONE = {
    "Mail again": (r"/invitation/resend$", "POST", None, lambda known: True),
    "Cancel invitation": (r"/invitation/cancel$", "POST", None, lambda known: known["invitation"]["state"] == "cancelled"),
    "Generate PIN": (r"/invitation/pin$", "POST", "Stood at the desk", lambda known: True),
    "Disable": (r"/v1/users/[^/]+$", "PATCH", None, lambda known: not known["enabled"]),
}


def goes_on(reached, page):
    """The one request that is on its way reaches Beckon."""
    until("it is sent", lambda: page.wait_for_timeout(50) or reached)
    assert len(reached) == 1
    reached[0].continue_()


def said_of(place, trouble, console):
    expect(place.locator(".notice.bad").last).to_contain_text(re.compile(TROUBLES[trouble]), timeout=40_000)
    console.page.wait_for_function("(text) => window.said.some((one) => new RegExp(text).test(one))", arg=TROUBLES[trouble])


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("name", ONE)
def test_an_action_on_one_person(beckon, console, name, trouble):
    user = person(beckon)
    path, method, reason, done = ONE[name]
    page = console.open(f"/users?text={user['email']}")
    page.get_by_label(f"Select {user['displayName']}", exact=True).check()
    console.choose("Actions", name)
    dialog = console.dialog
    if reason:
        dialog.get_by_label("Reason").fill(reason)
    reached = troubled(console, path, trouble, method)
    go = dialog.locator(".dialog-actions button").last
    go.click()
    if trouble == "slow":
        # While it is on its way it says so, and a second press sends nothing.
        expect(go).to_have_attribute("aria-disabled", "true")
        go.click(force=True)
        goes_on(reached, page)
    else:
        said_of(dialog, trouble, console)
        if reason:
            expect(dialog.get_by_label("Reason")).to_have_value(reason)
        page.unroute_all(behavior="wait")
        go.click()
    expect(console.button("Close", dialog.locator(".dialog-actions"))).to_be_visible(timeout=20_000)
    until("it is done", lambda: done(beckon.get(f"/v1/users/{user['id']}")))


@pytest.mark.parametrize("trouble", TROUBLES)
def test_adding_somebody(beckon, console, trouble):
    at = next(number)
    email = f"typed{at}@example.com"
    page = console.open("/users")
    console.button("Add user").first.click()
    dialog = console.dialog
    dialog.get_by_label("Address").fill(email)
    dialog.get_by_label("Name").fill(f"Typed {at}")
    reached = troubled(console, r"/v1/users$", trouble, "POST")
    go = dialog.locator(".dialog-actions button").last
    go.click()
    if trouble == "slow":
        go.click(force=True)
        goes_on(reached, page)
    else:
        said_of(dialog, trouble, console)
        expect(dialog.get_by_label("Address")).to_have_value(email)
        expect(dialog.get_by_label("Name")).to_have_value(f"Typed {at}")
        page.unroute_all(behavior="wait")
        go.click()
    until("they are added", lambda: len(beckon.get(f"/v1/users?text={email}")["items"]) == 1)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_sending_invitations(beckon, console, trouble):
    user = person(beckon, invite=False)
    page = console.open(f"/users?text={user['email']}")
    page.get_by_label(f"Select {user['displayName']}", exact=True).check()
    console.choose("Actions", "Send invite")
    dialog = console.dialog
    expect(dialog.locator(".send-lead")).to_contain_text("One person will get a mail")
    dialog.get_by_label("Device owner settings").click()
    dialog.get_by_label("Company owned").click()
    expect(console.button("Send", dialog)).not_to_have_attribute("aria-disabled", "true")
    reached = troubled(console, r"/v1/invitations$", trouble, "POST")
    console.button("Send", dialog).click()
    if trouble == "slow":
        goes_on(reached, page)
    else:
        said_of(dialog, trouble, console)
        expect(dialog.get_by_label("Company owned", exact=True)).to_be_checked()
        page.unroute_all(behavior="wait")
        console.button("Send", dialog).click()
    expect(console.button("Okay", dialog)).to_be_visible(timeout=20_000)
    until("the mail arrives", lambda: beckon.invitation(user["id"]).get("delivery") == "delivered")
    assert len(beckon.mails(user["email"])) == 1
    assert beckon.invitation(user["id"])["ownership"] == "companyOwned"


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_action_on_many_people(beckon, console, trouble):
    users = [person(beckon, invite=False) for _ in range(2)]
    group = f"many{next(number)}"
    for user in users:
        beckon.send("PATCH", f"/v1/users/{user['id']}", {"groups": [group]})
    page = console.open(f"/users?group={group}")
    expect(page.locator("tbody tr:not(.blank)").first).to_be_visible()
    page.get_by_label("Select all on this page").check()
    console.choose("Actions", "Change groups")
    dialog = console.dialog
    dialog.get_by_role("combobox", name="Groups").fill("typed")
    before = len(beckon.get("/v1/jobs")["items"])
    reached = troubled(console, r"/v1/jobs$", trouble, "POST")
    console.button("Change groups", dialog).click()
    if trouble == "slow":
        goes_on(reached, page)
    else:
        said_of(dialog, trouble, console)
        expect(dialog.get_by_role("combobox", name="Groups")).to_have_value("typed")
        page.unroute_all(behavior="wait")
        console.button("Change groups", dialog).click()
    expect(dialog).to_contain_text("Done: 2 people.", timeout=20_000)
    assert len(beckon.get("/v1/jobs")["items"]) == before + 1
