"""The console on the deployed stack: its page, where it signs people in, and who it is told that they are."""

import html
import json
import re

from api import Api
from test_walk import equal


def test_the_console_signs_people_in_at_the_stacks_own_pool(session):
    outputs = session.stack.outputs
    page = session.anybody.get("/").expect(200)
    config = json.loads(html.unescape(re.search(r'data-setup="([^"]*)"', page.body.decode())[1]))
    sign_in = config["signIn"]
    equal(sign_in["clientId"], outputs["AdministratorClientId"], "the console's client")
    equal((sign_in["token"], sign_in["audience"]), ("id", None), "the token that the console sends, and for what")
    equal(sign_in["issuer"].rpartition("/")[2], outputs["UserPoolId"], "the pool")
    equal(config["local"], False, "whether this is one machine")

    headers = {name.lower(): value for name, value in page.headers.items()}
    [connect] = [part for part in headers["content-security-policy"].split("; ") if part.startswith("connect-src ")]
    origins = {"/".join(address.split("/")[:3]) for address in (sign_in["issuer"], sign_in["signOut"])}
    equal(set(connect.split(" ")[1:]), {"'self'", *origins}, "what the page may connect to")
    equal(headers["cache-control"], "no-store", "whether the page is kept")


def test_the_pools_client_takes_the_flow_of_the_console_and_no_other(session):
    outputs = session.stack.outputs
    client = session.stack.client("cognito-idp").describe_user_pool_client(
        UserPoolId=outputs["UserPoolId"], ClientId=outputs["AdministratorClientId"]
    )["UserPoolClient"]
    equal(client["AllowedOAuthFlows"], ["code"], "the flows")
    equal(client["AllowedOAuthFlowsUserPoolClient"], True, "whether they may be used")
    equal(set(client["AllowedOAuthScopes"]), {"openid", "email", "profile"}, "the scopes")
    equal((client["CallbackURLs"], client["LogoutURLs"]), ([outputs["Console"]], [outputs["Console"]]), "where sign-in leads back to")
    equal("ClientSecret" in client, False, "whether the client has a secret, which a page cannot keep")


def test_whoever_is_signed_in_learns_what_they_may_do(session):
    for name, groups, may in (
        ("sees", ["viewer"], ["viewer"]),
        ("sends", ["inviter", "settings"], ["viewer", "helpdesk", "inviter", "settings"]),
        ("nothing", [], []),
    ):
        address = session.people.user(f"console-{name}", *groups)
        for token in session.people.tokens(address):
            me = Api(session.stack, token).get("/v1/me").expect(200).json
            equal((set(me["roles"]), me["mayActAs"]), (set(groups), may), f"what somebody of {groups} may do")
    session.anybody.get("/v1/me").expect(401)
