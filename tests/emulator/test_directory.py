"""A directory that speaks SCIM: somebody joins and is invited, is in a group, moves, and leaves."""

import json
import re

from test_walk import PIN_SETTINGS, equal, newest_mail, redeem
from waiting import until

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def test_who_joins_by_scim_is_invited_and_who_leaves_is_disabled(session):
    admin = session.administrator
    admin.change_settings({**PIN_SETTINGS, "directory": {"invites": "everybody"}}).expect(200)
    token = admin.post("/v1/directory/tokens", {}).expect(201).json["token"]

    def scim(method, path, body=None, shown=token):
        headers = {"Authorization": f"Bearer {shown}", "Content-Type": "application/scim+json"}
        return session.anybody.send(method, f"/scim/v2/{path}", body and json.dumps(body), headers)

    # A token is valid within half a minute: until then the function knows those that it read last.
    until("the token is taken", lambda: scim("GET", "ServiceProviderConfig").status == 200, seconds=45)
    scim("GET", "Users", shown="guessed").expect(401)

    joiner = {
        "schemas": [USER],
        "userName": "sam@example.com",
        "externalId": "object-of-sam",
        "displayName": "Sam Rivera",
        "emails": [{"value": "sam@example.com", "type": "work", "primary": True}],
        "active": True,
    }
    joined = scim("POST", "Users", joiner).expect(201).json
    scim("POST", "Users", joiner).expect(409)
    mail = newest_mail(session, "sam", "Register your device")
    pin = re.search(r"PIN: ([0-9 ]+)", mail.text)[1].strip()
    redeem(session, email=mail.to, pin=pin)

    renamed = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "displayName", "value": "Sam Rivera-Ito"}]}
    scim("PATCH", f"Users/{joined['id']}", renamed).expect(200)
    equal(admin.get(f"/v1/users/{joined['id']}").expect(200).json["displayName"], "Sam Rivera-Ito", "the name")

    crew = {"schemas": [GROUP], "displayName": "Crew", "members": [{"value": joined["id"]}]}
    crew = scim("POST", "Groups", crew).expect(201).json
    group = f"Groups/{crew['id']}"
    scim("POST", "Groups", {"schemas": [GROUP], "displayName": "CREW"}).expect(409)
    renamed = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "displayName", "value": "Ground crew"}]}
    scim("PATCH", group, renamed).expect(204)
    equal(admin.get(f"/v1/users/{joined['id']}").expect(200).json["groups"], ["Ground crew"], "the groups")
    listed = scim("GET", "Groups?excludedAttributes=members").expect(200).json
    equal(["members" in found for found in listed["Resources"]], [False], "whether members are shown")
    equal(scim("GET", group).expect(200).json["members"][0]["value"], joined["id"], "the member")
    leaves = {"schemas": [PATCH], "Operations": [{"op": "Remove", "path": "members", "value": [{"value": joined["id"]}]}]}
    scim("PATCH", group, leaves).expect(204)
    equal(admin.get(f"/v1/users/{joined['id']}").expect(200).json["groups"], [], "the groups")
    joins = {"schemas": [PATCH], "Operations": [{"op": "Add", "path": "members", "value": [{"value": joined["id"]}]}]}
    scim("PATCH", group, joins).expect(204)
    state = admin.get("/v1/directory").expect(200).json
    equal(state["groups"]["number"], 1, "the number of groups")
    equal(state["lastRefusal"]["code"], "uniqueness", "the last refusal")
    scim("DELETE", group).expect(204)
    scim("GET", group).expect(404)
    equal(admin.get(f"/v1/users/{joined['id']}").expect(200).json["groups"], [], "the groups")

    admin.add("hana")
    listed = scim("GET", "Users?count=1").expect(200).json
    if listed["totalResults"] < 2 or len(listed["Resources"]) != 1:
        raise AssertionError(f"the list of everybody has {listed['totalResults']}, and a page {len(listed['Resources'])}")

    left = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
    scim("PATCH", f"Users/{joined['id']}", left).expect(200)
    equal(admin.get(f"/v1/users/{joined['id']}").expect(200).json["enabled"], False, "whether Sam is enabled")
    session.anybody.post("/v1/redemptions", {"email": mail.to, "pin": pin}).expect(403)

    scim("DELETE", f"Users/{joined['id']}").expect(204)
    scim("GET", f"Users/{joined['id']}").expect(404)
    admin.change_settings(PIN_SETTINGS).expect(200)
