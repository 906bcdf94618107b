"""The API over HTTP, as its clients see it."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass

import workarounds


class NotFollowed(urllib.request.HTTPRedirectHandler):
    """An answer that leads elsewhere is an answer."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NotFollowed)


@dataclass
class Answer:
    """An answer. `json` is its body, read."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    def expect(self, status):
        """Fails unless the answer has this status."""
        if self.status != status:
            raise AssertionError(f"{status} was expected, but: {self.status} {self.body[:2000].decode()}")
        return self


class Api:
    """The API with a caller's token, or none."""

    def __init__(self, stack, token=None):
        self._stack = stack
        self._token = token

    def send(self, method, path, body=None, headers=None):
        url, host = workarounds.api_request_target(self._stack.emulator, self._stack.outputs["ApiId"], path)
        request = urllib.request.Request(url, method=method, headers={"Host": host, **(headers or {})})
        if isinstance(body, str):
            request.data = body.encode()
        elif body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with OPENER.open(request, timeout=40) as answer:
                return Answer(answer.status, dict(answer.headers), workarounds.body_of(answer))
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, dict(refused.headers), refused.read())

    def get(self, path):
        return self.send("GET", path)

    def post(self, path, body=None, headers=None):
        return self.send("POST", path, body, headers)

    def change_settings(self, settings):
        """Replaces the settings, by the version that was read."""
        read = self.get("/v1/settings").expect(200)
        tag = {name.lower(): value for name, value in read.headers.items()}["etag"]
        return self.send("PUT", "/v1/settings", settings, {"If-Match": tag})

    def add(self, name, **more):
        """Adds a user without inviting them, and gives their id."""
        user = {"email": f"{name}@example.com", "displayName": name.title(), "invite": False, **more}
        return self.post("/v1/users", user).expect(201).json["user"]["id"]
