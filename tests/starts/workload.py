"""What the functions are asked: one request each, as an administrator, an invited person or a desk sends
it, of people whom the local system has invited before."""

import json
import re
import urllib.request
from pathlib import Path

from waiting import until

EVENTS = Path(__file__).resolve().parents[1] / "events"

# People to list and preview, at least.
PEOPLE = 10

# How many registrations an invitation may have open at a time.
REDEMPTIONS_EACH = 3


class Local:
    """The API of the local system."""

    def __init__(self, address):
        self._address = address

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self._address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")


def prepare(address, starts):
    """Invites people, and gives each function's requests, as many as it has starts or one for all of them:
    {function: [event, …]}."""
    local = Local(address)
    redeemers = -(-starts // REDEMPTIONS_EACH)
    users, batch = [], None
    for number in range(max(PEOPLE, redeemers + 1)):
        added = local.call("POST", "/v1/users", {
            "email": f"person{number}@example.com", "displayName": f"Person {number}", "groups": ["staff"],
        })
        users.append(added["user"]["id"])
        batch = added["batch"]["id"]
    redemptions = []
    for number in range(redeemers):
        email = f"person{number}@example.com"
        redemption = {"email": email, "pin": _pin(local, email)}
        redemptions += [_event("redeem", "POST", "/v1/redemptions", redemption)] * REDEMPTIONS_EACH
    order = {"selection": {"userIds": users[:PEOPLE]}, "ownership": "companyOwned"}
    # Whoever gets a PIN at the desk has it instead of the mailed one.
    desk = users[-1]
    return {
        "preview": [_event("preview", "POST", "/v1/invitations/preview", order)],
        "send": [_event("send", "GET", f"/v1/batches/{batch}", id=batch)],
        "directory": [_event("directory", "GET", "/v1/users")],
        "desk": [_event("desk", "POST", f"/v1/users/{desk}/invitation/pin", {"reason": "Stands at the desk"}, id=desk)],
        "settings": [_event("settings", "GET", "/v1/settings")],
        "console": [_event("console", "GET", "/")],
        "redeem": redemptions,
    }


def _pin(local, email):
    """The PIN of the mail that invited them."""
    mails = until(f"the mail to {email} arrives", lambda: local.call("GET", f"/local/mailbox?to={email}&limit=1")["items"])
    return re.search(r"Your PIN: ([0-9 ]+)", mails[0]["text"]).group(1)


def _event(function, method, path, body=None, **parameters):
    """The function's sample event, with another request in it."""
    event = json.loads((EVENTS / f"{function}.json").read_text())
    event["rawPath"] = path
    event["requestContext"]["http"] |= {"method": method, "path": path}
    event.pop("body", None)
    event.pop("pathParameters", None)
    if body is not None:
        event["body"] = json.dumps(body)
    if parameters:
        event["pathParameters"] = parameters
    return event
