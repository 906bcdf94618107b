"""An OpenID provider, a Beckon that takes its tokens, and the console in a browser that signs in there."""

import json
import re
import socket
import subprocess
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect

PROVIDER = Path(__file__).with_name("provider.mjs")

# What the provider's settings are at the start of each check.
USUAL = {"roles": {}, "lifetime": 600, "refresh": True, "audience": None, "down": False, "ahead": 0}


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Started:
    """A program of its own that has said that it runs."""

    def __init__(self, command, log):
        with log.open("ab") as to:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=to, text=True)
        said = self._process.stdout.readline()
        threading.Thread(target=self._process.stdout.read, daemon=True).start()
        if not said:
            raise AssertionError(f"{command[0]} did not start: {log.read_text()[-2000:]}")

    def stop(self):
        self._process.terminate()
        self._process.wait(timeout=20)


def start_beckon(binary, folder, port, *more):
    return Started([binary, "--port", str(port), "--data", folder / "data", *more], folder / "beckon.log")


class SignIn:
    """The two programs. `more` are further arguments of Beckon."""

    def __init__(self, binary, folder, audience, *more):
        self._folder = folder
        self._port = free_port()
        beckon = free_port()
        self.issuer = f"http://127.0.0.1:{self._port}"
        self.address = f"http://127.0.0.1:{beckon}"
        self.start_provider()
        asked = ["--issuer", self.issuer, "--audience", audience, *more]
        self._beckon = start_beckon(binary, folder, beckon, *asked)

    def start_provider(self):
        settings = json.dumps({"port": self._port, "console": self.address})
        self._provider = Started(["node", PROVIDER, settings], self._folder / "provider.log")

    def stop_provider(self):
        self._provider.stop()

    def stop(self):
        self._beckon.stop()
        self._provider.stop()

    def set(self, **settings):
        """Changes what the provider does."""
        request = urllib.request.Request(f"{self.issuer}/settings", json.dumps(settings).encode(), method="PUT")
        urllib.request.urlopen(request, timeout=10).close()

    def reset(self):
        self.set(**USUAL)


class Console:
    """The console in a browser of its own."""

    def __init__(self, context, address):
        self.context = context
        self.address = address
        self.page = context.new_page()
        self.complaints = []
        self.asked = []
        context.on("request", lambda request: self.asked.append(request))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, place="/"):
        self.page.goto(self.address + place)

    def enter(self, person, place="/"):
        """Opens the console and signs in as somebody."""
        self.open(place)
        self.sign_in(self.page, person)

    @staticmethod
    def sign_in(page, person):
        """On the provider's own page."""
        page.locator("input[name=login]").fill(person)
        page.locator("input[name=password]").fill("any")
        page.get_by_role("button", name="Sign-in").click()

    def heading(self, name):
        expect(self.page.get_by_role("heading", level=1, name=name)).to_be_visible()

    def is_in(self, person):
        """Somebody is signed in, and the list of users is there."""
        self.heading("Users")
        expect(self.page.get_by_role("button", name=f"{person}@example.com")).to_be_visible()

    def is_tidy(self):
        """Neither address, history nor storage holds what a sign-in left, and no token stands anywhere but in memory."""
        kept = self.page.evaluate("JSON.stringify([location.href, history.state, {...localStorage}, {...sessionStorage}, document.cookie])")
        assert not re.search(r"code=|state=[\w-]{20}|eyJ|verifier", kept), kept
        assert not self.complaints, self.complaints


@contextmanager
def opened(chromium, address):
    """The console at an address, in a browser that nobody used before."""
    with chromium.stranger() as context:
        yield Console(context, address)
