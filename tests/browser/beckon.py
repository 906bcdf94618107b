"""A Beckon of the run's own on loopback, spoken to as its administrator."""

import json
import os
import re
import subprocess
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import waiting


# What happens here happens in this process's sight, and soon.
until = partial(waiting.until, seconds=20, every=0.05)


@dataclass(frozen=True)
class Person:
    """Somebody who was invited, with what their mail says."""

    id: str
    email: str
    mail: str

    @property
    def pin(self):
        """The PIN, grouped as in the mail."""
        return re.search(r"PIN: (.+)", self.mail)[1].strip()

    @property
    def link(self):
        """The personal link, which the QR code holds as well."""
        return re.search(r"\S+/enroll\?lang=\S+#t=\S+", self.mail)[0]

    @property
    def token(self):
        return self.link.partition("#t=")[2]

    @property
    def decline_link(self):
        return re.search(r"\S+/enroll\?lang=\S+#decline=\S+", self.mail)[0]

    @property
    def decline_token(self):
        return self.decline_link.partition("#decline=")[2]


class Beckon:
    """The given program with data of its own."""

    def __init__(self, binary: Path, folder: Path):
        self._binary = binary
        self._folder = folder
        self._invited = 0
        self._process = None

    def start(self):
        with (self._folder / "beckon.log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._binary, "--port", "0", "--data", self._folder / "data"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Refusals are held back for a while, for guessers; nobody guesses here.
                env={**os.environ, "BECKON_REFUSE_AFTER_MILLIS": "20"},
            )
        said = self._process.stdout.readline()
        threading.Thread(target=self._process.stdout.read, daemon=True).start()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        if not found:
            raise AssertionError(f"Beckon did not start: {said}{(self._folder / 'beckon.log').read_text()[-2000:]}")
        self.address = found[0]

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=20)

    def send(self, method, path, body=None, headers=None):
        """The answer's document; an answer that is no success is an error."""
        data = None if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.address + path, data, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{method} {path}: {refused.code} {refused.read()[:2000].decode()}") from None

    def get(self, path):
        return self.send("GET", path)

    def settings(self, settings):
        """Saves settings, whatever was saved before; what is left out is as at the start."""
        self.send("PUT", "/v1/settings", settings, {"If-Match": "*"})

    def invite(self, method="pin", settings=None, **user):
        """Invites somebody new by a method, and waits until their mail has arrived."""
        self.settings({**(settings or {}), "registration": {"method": method, **(settings or {}).get("registration", {})}})
        self._invited += 1
        email = f"person{self._invited}@example.com"
        added = self.send("POST", "/v1/users", {"email": email, **user})["user"]["id"]
        until("an invitation is delivered", lambda: self.invitation(added).get("delivery") == "delivered")
        return Person(added, email, self.mails(email)[0]["text"])

    def invitation(self, user_id):
        return self.get(f"/v1/users/{user_id}")["invitation"]

    def mails(self, email):
        """The mails to somebody, newest first."""
        return self.get(f"/local/mailbox?to={quote(email)}")["items"]

    def known_of(self, person):
        """All that can be seen of somebody; the same twice if nothing happened in between."""
        return [
            self.get(f"/v1/users/{person.id}"),
            self.get(f"/v1/users/{person.id}/history"),
            [mail["id"] for mail in self.mails(person.email)],
        ]

    def knows_only(self, before, person):
        """Fails if anything happened to somebody since."""
        now = self.known_of(person)
        assert now == before, f"something was changed: {now}, before: {before}"
