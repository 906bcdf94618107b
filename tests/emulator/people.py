"""Who calls: users of the stack's own pool in its groups, and the machine client of the MDM."""

import base64
import json
import urllib.parse
import urllib.request

PASSWORD = "correct horse battery 9"


class People:
    """Signs people in with real tokens of the pool."""

    def __init__(self, stack):
        self._stack = stack
        self._cognito = stack.client("cognito-idp")
        self._pool = stack.outputs["UserPoolId"]

    def user(self, name, *groups):
        """Adds a user to the pool and its groups."""
        address = f"{name}@example.com"
        self._cognito.admin_create_user(
            UserPoolId=self._pool, Username=address, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
        )
        self._cognito.admin_set_user_password(
            UserPoolId=self._pool, Username=address, Password=PASSWORD, Permanent=True
        )
        for group in groups:
            self._cognito.admin_add_user_to_group(UserPoolId=self._pool, Username=address, GroupName=group)
        return address

    def tokens(self, address, client_id=None):
        """Signs a user in as docs/deploy.md says; gives the id and the access token."""
        answer = self._cognito.admin_initiate_auth(
            UserPoolId=self._pool,
            ClientId=client_id or self._stack.outputs["AdministratorClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": address, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        return answer["IdToken"], answer["AccessToken"]

    def client_of_another_application(self):
        """A client of the same pool for which Beckon's API is not meant."""
        return self._cognito.create_user_pool_client(
            UserPoolId=self._pool,
            ClientName="another application",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]

    def machine_token(self):
        """Exchanges the MDM's client id and secret for a token, at the token endpoint."""
        client_id = self._stack.outputs["MdmClientId"]
        secret = self._cognito.describe_user_pool_client(UserPoolId=self._pool, ClientId=client_id)
        credentials = f"{client_id}:{secret['UserPoolClient']['ClientSecret']}".encode()
        request = urllib.request.Request(
            f"{self._stack.emulator.address}/oauth2/token",
            data=urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "beckon/mdm"}).encode(),
            headers={
                "Authorization": "Basic " + base64.b64encode(credentials).decode(),
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())["access_token"]


def claims(token):
    """What a token says, unchecked."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
