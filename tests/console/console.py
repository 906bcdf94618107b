"""Chromium, and the console as an administrator sees it there."""

import re
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from chromium import WATCH_POLICY, Program, is_refused_request

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"

# WCAG 2.2 AA, and what axe holds to be good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

WATCH = WATCH_POLICY + """
window.said = [];
addEventListener("DOMContentLoaded", () => new MutationObserver((changes) => {
  for (const { target } of changes) {
    const region = target.closest?.("[role=status], [role=alert]");
    if (region?.textContent) window.said.push(region.textContent);
  }
}).observe(document.body, { childList: true, subtree: true }));
"""


class Visit:
    """One administrator's browser."""

    def __init__(self, context, address):
        self._address = address
        self._complaints = []
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self._complaints.append(f"error: {error}"))
        self.page.on("console", self._read_console)

    def _read_console(self, message):
        # What watches the page (WATCH) may not run in the frame of a mail, where no script may.
        watcher = message.text.startswith("Blocked script execution") and "/console/frame" in message.text
        if message.type in ("error", "warning") and not is_refused_request(message) and not watcher:
            self._complaints.append(f"console: {message.text}")

    def open(self, path):
        self.page.goto(f"{self._address}/#{path}")
        return self.page

    def button(self, name, within=None):
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def choose(self, menu, item):
        """Chooses from a menu."""
        self.button(menu).click()
        self.page.get_by_role("menuitem", name=item).click()

    @property
    def dialog(self):
        return self.page.get_by_role("dialog").last

    @property
    def said(self):
        """Everything that screen readers were told."""
        return self.page.evaluate("window.said")

    def hears(self, text):
        """Waits until screen readers are told this."""
        self.page.wait_for_function("(text) => window.said.some((one) => one.includes(text))", arg=text)

    def answers(self, path, status, body=None, method=None):
        """Has requests to this path answered so, without asking Beckon."""

        def answer(route):
            if method and route.request.method != method:
                return route.fallback()
            return route.fulfill(status=status, json=body or {}, content_type="application/problem+json")

        self.page.route(f"**{path}", answer)

    def cuts(self, path):
        """Cuts the connection of requests to this path."""
        self.page.route(f"**{path}", lambda route: route.abort())

    def is_accessible(self):
        """Fails where axe finds anything, or where the page is wider than its window."""
        self.page.wait_for_function("() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)")
        self.page.evaluate(AXE.read_text() + ";undefined")
        found = self.page.evaluate("(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", RULES)["violations"]
        told = [(one["id"], one["help"], [node["target"] for node in one["nodes"]]) for one in found]
        assert not told, f"axe: {told}"
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"the page is {wide} px too wide"

    def check_manners(self):
        violated = self.page.evaluate("window.policyViolations ?? []")
        assert not violated, f"the page's policy was violated: {violated}"
        assert not self._complaints, f"the browser complained: {self._complaints}"


class Chromium(Program):
    """The browser. `page` is a folder with the console's files, or none for Beckon's own."""

    def __init__(self, program, beckon, page):
        super().__init__(program)
        self._beckon = beckon
        self._files = page

    @contextmanager
    def visit(self, **more):
        options = {"locale": "en-GB", "timezone_id": "Europe/Berlin", "viewport": {"width": 1440, "height": 900}, **more}
        context = self.context(**options)
        context.add_init_script(WATCH)
        if self._files:
            context.route("**/console/*/**", self._serve_file)
            context.route(f"{self._beckon.address}/", self._serve_page)
        visit = Visit(context, self._beckon.address)
        try:
            yield visit
            visit.check_manners()
        finally:
            context.close()

    @contextmanager
    def stranger(self, **more):
        """A browser that nobody used before, for pages that lead to another server and back."""
        context = self.context(locale="en-GB", viewport={"width": 1440, "height": 900}, **more)
        if self._files:
            context.route("**/console/*/**", self._serve_file)
        try:
            yield context
        finally:
            context.close()

    def _serve_file(self, route):
        """The folder's file in the place of the binary's."""
        name = urlsplit(route.request.url).path.split("/", 3)[3]
        # The build divides the words of a language; the folder has them together.
        name = re.sub(r"^(words/[^/]+)/\w+(\.json)$", r"\1\2", name)
        file = self._files / name
        if not file.is_file():
            return route.continue_()
        return route.fulfill(path=file)

    def _serve_page(self, route):
        """The page itself, with the address that the binary's files have."""
        answer = route.fetch()
        found = re.search(r"/console/([0-9a-f]+)/", answer.text())[1]
        setup = re.search(r'data-setup="([^"]*)"', answer.text())[1]
        languages = " ".join(sorted(file.stem for file in (self._files / "words").glob("*.json")))
        text = (self._files / "index.html").read_text()
        return route.fulfill(response=answer, body=text.replace("{hash}", found).replace("{languages}", languages).replace("{setup}", setup))
