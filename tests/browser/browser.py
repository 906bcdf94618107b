"""Chromium, and the enrolment page as somebody sees it there."""

import json
import re
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from chromium import WATCH_POLICY, Program, is_refused_request
from playwright.sync_api import expect

FOLLOW = """(fragment) => new Promise((followed) => {
  addEventListener("hashchange", followed, { once: true });
  location.hash = fragment;
})"""

LOOK = Path(__file__).parents[2] / "shared/look/src"


def tokens():
    """The design tokens that Beckon puts before the page's own styles."""
    light, dark = ((LOOK / name).read_text() for name in ("light.css", "dark.css"))
    return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


class Visit:
    """One person's browser with the page; notes everything that the page asks for."""

    def __init__(self, context, address):
        self._context = context
        self._address = address
        self.requests = []
        self._secrets = []
        self._complaints = []
        self.page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("pageerror", lambda error: self._complaints.append(f"error: {error}"))
        self.page.on("console", self._read_console)

    def _read_console(self, message):
        if message.type in ("error", "warning") and not is_refused_request(message):
            self._complaints.append(f"console: {message.text}")

    def open(self, fragment=""):
        """Opens the page, with what stands behind its address, and waits until its script shows it."""
        self._note_secret(fragment)
        self.page.goto(f"{self._address}/enroll{fragment}")
        self.ready()

    def ready(self):
        expect(self.page.locator("html")).not_to_have_class("waiting")

    def follow(self, fragment):
        """Follows a link to the page where the page is open already, and waits until its script knows."""
        self._note_secret(fragment)
        self.page.evaluate(FOLLOW, fragment)

    def let_a_minute_pass(self):
        """For what the page might do later by itself; its clock must have been installed."""
        self.page.clock.fast_forward("01:00")
        # Requests are told in their order, so whatever was sent before this one is known after it.
        self.page.evaluate("async () => { await fetch('/enroll/look') }")

    def _note_secret(self, fragment):
        _, _, secret = fragment.partition("#")[2].partition("=")
        if secret:
            self._secrets.append(secret)

    def at(self, element_id):
        return self.page.locator(f"#{element_id}")

    def type_pin(self, email, pin):
        self.at("email").fill(email)
        self.at("pin").fill(pin)
        self.at("form-send").click()

    def answers(self, path, status, body=None):
        """Has the page's next requests to this path answered so, without asking Beckon."""
        self.page.unroute_all(behavior="wait")
        self.page.route(f"**{path}", lambda route: route.fulfill(status=status, json=body or {}))

    @property
    def sent(self):
        """What the page sent: paths and documents."""
        posts = [request for request in self.requests if request.method != "GET"]
        return [(urlsplit(request.url).path, json.loads(request.post_data)) for request in posts]

    def policy_violations(self):
        return self.page.evaluate("window.policyViolations ?? []")

    def check_manners(self):
        """Nothing was asked of others, no token stood in an address, nothing was complained of."""
        for request in self.requests:
            assert request.url.startswith((self._address + "/", "data:")), f"the page asked {request.url}"
            told = request.url + request.headers.get("referer", "")
            assert not any(secret in told for secret in self._secrets), f"a token stands in {told}"
        violated = self.policy_violations()
        assert not violated, f"the page's policy was violated: {violated}"
        assert not self._complaints, f"the browser complained: {self._complaints}"


class Browser(Program):
    """The browser. `page` and `console` are folders with the files of the two pages, or none for Beckon's own."""

    def __init__(self, chromium, beckon, page: Path | None, console: Path | None):
        super().__init__(chromium)
        self._beckon = beckon
        self._files = page
        self._console = console

    @contextmanager
    def visit(self, locale="en-GB", **more):
        """A browser that nobody used before, in somebody's language. At its end the page must have
        behaved."""
        context = self.context(locale=locale, timezone_id="Europe/Berlin", **more)
        context.add_init_script(WATCH_POLICY)
        if self._files:
            context.route(re.compile(r"/enroll(\?.*)?$"), self._serve_file)
            context.route("**/enroll/**", self._serve_file)
        if self._console:
            context.route("**/console/*/**", self._serve_console)
        visit = Visit(context, self._beckon.address)
        try:
            yield visit
            visit.check_manners()
        finally:
            context.close()

    def _serve_file(self, route):
        """Beckon's answer with the body that the folder has."""
        name = urlsplit(route.request.url).path.removeprefix("/enroll").lstrip("/") or "enroll.html"
        if name.startswith("words/"):
            name += ".json"
        file = self._files / name
        if not file.is_file():
            return route.continue_()
        text = file.read_text()
        if name == "enroll.css":
            text = tokens() + text
        if name == "enroll.js":
            text = f"const ENGLISH = {(self._files / 'words/en.json').read_text()};\n\n{text}"
        return route.fulfill(response=route.fetch(), body=text)

    def _serve_console(self, route):
        """A file of the console as the folder has it, whatever build the page names."""
        name = urlsplit(route.request.url).path.split("/", 3)[3]
        file = self._console / name
        if not file.is_file():
            return route.continue_()
        media = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}[file.suffix]
        return route.fulfill(body=file.read_text(), content_type=f"{media}; charset=utf-8")
