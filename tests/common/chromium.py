"""Chromium without a screen, as the suites that open pages use it."""

from playwright.sync_api import expect, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    # A name that a page asks for leads nowhere, whatever network this runs in.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-proxy-server",
]

# Playwright waits for what is to come, at most this many milliseconds.
PATIENCE = 15_000

WATCH_POLICY = """
window.policyViolations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.policyViolations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""


def is_refused_request(message):
    """Whether Chromium complains of a refusal by the API; what the page says of it then is checked."""
    return message.text.startswith("Failed to load resource") and "/v1/" in message.location["url"]


class Program:
    """The browser. Each context of it is one that nobody used before."""

    def __init__(self, path):
        self._path = path
        self._playwright = self._browser = None

    def start(self):
        expect.set_options(timeout=PATIENCE)
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=self._path, args=ARGUMENTS)

    def stop(self):
        if self._browser:
            self._browser.close()
        if self._playwright:
            self._playwright.stop()

    def context(self, **options):
        context = self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        return context
