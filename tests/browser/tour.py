"""A walk through everything that the page can show, in every language, on a small phone."""

from dataclasses import dataclass

from playwright.sync_api import expect

# A browser's language, and the words and the direction that the page has for it.
LANGUAGES = {
    "ar-EG": "ar", "de-AT": "de", "en-US": "en", "es-MX": "es", "fi-FI": "fi", "fr-CA": "fr", "it-IT": "it",
    "ja-JP": "ja", "ko-KR": "ko", "pt-PT": "pt-BR", "zh-CN": "zh-Hans", "zh-TW": "zh-Hant",
}
# What a link to the page can end in, the view that it leads to, and the word that is its title.
FRAGMENTS = [
    ("#password", "password", "formTitle"),
    ("#t=of-nobody", "link", "linkTitle"),
    ("#decline=of-nobody", "decline", "declineTitle"),
]

LOOK = """() => {
  const html = document.documentElement;
  const shown = (place) => place.checkVisibility() && !place.closest(".unseen");

  // What is to be read, but for what is no word of a language's: addresses, moments, numbers, others' words.
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const place = walk.currentNode.parentElement;
    const text = walk.currentNode.data.trim();
    if (text && shown(place) && !place.closest("bdi, time, #registration-id, #agreement-text")) texts.push(text);
  }

  // A word that is not there leaves its place empty.
  const places = document.querySelectorAll(":is(p, li, dt, dd, h1, h2, a, button, summary, label, legend, span, strong):empty");
  const empty = [...places].filter(shown).map((place) => place.outerHTML);

  // What differs too little from what is behind it, by the formula of WCAG 2.
  const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = (place) => {
    for (; place; place = place.parentElement) {
      const colour = parts(getComputedStyle(place).backgroundColor);
      if (colour[3] === undefined) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const place of document.querySelectorAll("body *")) {
    const text = [...place.childNodes].filter((child) => child.nodeType === Node.TEXT_NODE).map((child) => child.data.trim()).join("");
    if (!(text || place.matches("input")) || !shown(place)) continue;
    const [more, less] = [light(parts(getComputedStyle(place).color)), light(behind(place))].sort((one, other) => other - one);
    const contrast = (more + 0.05) / (less + 0.05);
    if (contrast < 4.5) faint.push(`${text || place.id} (${contrast.toFixed(1)}:1)`);
  }

  return {
    tab: document.title, lang: html.lang, dir: html.dir, texts, empty, faint,
    tooWide: html.scrollWidth - html.clientWidth,
  };
}"""


@dataclass(frozen=True)
class Stop:
    """What was to be seen at one moment, as LOOK says it."""

    language: str
    scheme: str
    view: str
    title: str  # the word that is the view's title
    look: dict

    def __str__(self):
        return f"{self.view} in {self.language}, {self.scheme}"


def every_stop(session):
    """The stops of a tour in each language, half of them in the dark; made once in a run."""
    if session.tours is None:
        session.tours = [
            stop
            for number, (locale, language) in enumerate(LANGUAGES.items())
            for stop in tour(session.browser, locale, language, "dark" if number % 2 else "light")
        ]
    return session.tours


def tour(browser, locale, language, scheme):
    phone = {"viewport": {"width": 320, "height": 568}, "is_mobile": True, "has_touch": True}
    with browser.visit(locale, color_scheme=scheme, **phone) as visit:
        return [Stop(language, scheme, view, title, visit.page.evaluate(LOOK)) for view, title in stops(visit)]


OPENED = {
    "registrationId": "0123456789ABCDEFGHJKMNPQRS",
    "ownership": "userOwned",
    "mayChooseOwnership": True,
    "passwordRequired": True,
    "continueUrl": "awagent://enroll",
    "expiresAt": "2100-01-01T00:00:00Z",
    "agreement": {"text": "Agreed.", "url": "https://example.com/agreement"},
}


def without_answers_from_beckon(visit):
    """What a tour sends is answered here: it is about what the page shows."""
    visit.answers("/v1/redemptions", 200, OPENED)
    visit.page.route("**/v1/declines", lambda route: route.fulfill(status=202))
    visit.page.route("**/v1/pin-requests", lambda route: route.fulfill(status=202))


def press(place):
    """Presses something without waiting until it stands still, which a tour has no time for."""
    place.dispatch_event("click")


def stops(visit):
    """Shows a view after the other and gives the name of each, with the word that is its title."""
    without_answers_from_beckon(visit)
    visit.open()
    yield "form", "formTitle"
    press(visit.at("form-send"))
    expect(visit.at("pin-error")).to_be_visible()
    yield "form with errors", "formTitle"
    press(visit.page.locator("#ask summary"))
    press(visit.page.locator("#ask + .more summary"))
    press(visit.at("ask-send"))
    expect(visit.at("ask-email-error")).to_be_visible()
    yield "form opened", "formTitle"
    visit.at("ask-email").fill("person@example.com")
    press(visit.at("ask-send"))
    expect(visit.at("ask-done")).to_be_visible()
    yield "asked", "formTitle"
    for fragment, view, title in FRAGMENTS:
        visit.follow(fragment)
        expect(visit.at(f"{view}-view")).to_be_visible()
        yield view, title
    press(visit.at("decline-send"))
    expect(visit.at("decline-error")).to_be_visible()
    yield "decline without a choice", "declineTitle"
    press(visit.at("decline-yes"))
    press(visit.at("decline-send"))
    expect(visit.at("declined-view")).to_be_visible()
    yield "declined", "declinedTitle"
    visit.follow("#decline=of-nobody-else")
    press(visit.at("decline-no"))
    press(visit.at("decline-send"))
    expect(visit.at("declined-form")).to_be_visible()
    yield "kept", "keptTitle"
    visit.follow("#t=of-nobody-else")
    press(visit.at("link-send"))
    expect(visit.at("done-view")).to_be_visible()
    press(visit.page.locator("#done-help summary"))
    yield "done", "doneTitle"
    visit.answers("/v1/redemptions", 200, {**OPENED, "expiresAt": "2000-01-01T00:00:00Z"})
    visit.follow("#t=of-yet-another")
    press(visit.at("link-send"))
    expect(visit.at("again")).to_be_visible()
    yield "over", "overTitle"
    visit.answers("/v1/redemptions", 403, {"type": "urn:beckon:problem:does-not-fit"})
    visit.follow("#t=of-no-one")
    press(visit.at("link-send"))
    expect(visit.at("message")).to_be_visible()
    yield "link refused", "linkTitle"
    visit.page.reload()
    visit.ready()
    yield "reopen", "reopenTitle"
