"""Nothing English stands among another language: what the API says in sentences, the console says by code and numbers."""

import base64
import json
import re
import urllib.error
import urllib.request
from itertools import count

import pytest
from beckon import until
from playwright.sync_api import expect

number = count(1)

# What is a sentence for people in the API's answers.
SENTENCES = {"detail", "lastError", "reason", "text", "title"}

# Where the settings, and what changed of them, hold what administrators wrote themselves.
WRITTEN = {"agreements", "before", "after"}

GERMAN = {"locale": "de-DE"}


class Told:
    """Every English sentence that the API told this page."""

    def __init__(self, page, typed=()):
        self._page = page
        self._typed = set(typed)
        self._sentences = set()
        page.on("response", self._read)

    def _read(self, answer):
        if "/v1/" not in answer.url or "json" not in answer.headers.get("content-type", ""):
            return
        try:
            self._collect(answer.json())
        except Exception:  # noqa: BLE001 - a page that was left takes its answers along
            return

    def _collect(self, value, name=None):
        if isinstance(value, dict):
            for key, one in value.items():
                if key not in WRITTEN:
                    self._collect(one, key)
        elif isinstance(value, list):
            for one in value:
                self._collect(one, name)
        elif isinstance(value, str) and name in SENTENCES and " " in value and value not in self._typed:
            self._sentences.add(value)

    def is_not_shown(self, least=1):
        """Fails where the page shows any of them, or parts of one; and if the API told fewer than so many."""
        self._page.wait_for_load_state("networkidle")
        shown = self._page.locator("body").inner_text()
        assert len(self._sentences) >= least, self._sentences
        english = [one for one in self._sentences if any(part in shown for part in parts(one))]
        assert not english, f"{english} in {shown}"
        # The steps of a guide are the documentation's, which is English and says so.
        assert self._page.locator('main [lang="en"]:not(.guide-body)').count() == 0


def parts(sentence):
    """The sentence, and its clauses, with a capital letter as well."""
    clauses = [sentence, *sentence.split("; "), *sentence.split(". ")]
    clauses = [one.strip(" .") for one in clauses if len(one.split()) >= 3]
    return {*clauses, *(one[:1].upper() + one[1:] for one in clauses)}


def person(beckon, name, **more):
    at = next(number)
    user = {"email": f"{name.lower()}+{at}@example.com", "displayName": f"{name} {at}", "groups": ["sprache"], "invite": False}
    return beckon.send("POST", "/v1/users", {**user, **more})["user"]


def refused(beckon, method, path, body):
    """The answer to what is refused."""
    data = json.dumps(body).encode()
    given = {"Content-Type": "application/json", "If-Match": "*"}
    request = urllib.request.Request(beckon.address + path, data, given, method=method)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=30)
    return json.loads(error.value.read())


@pytest.fixture(autouse=True)
def as_at_the_start(beckon):
    beckon.settings({})
    yield
    beckon.settings({})


def test_a_check_for_english_would_find_it(beckon, chromium):
    """What this console does not know is told as the API tells it: the checks below would see that."""
    user = person(beckon, "Neu")
    with chromium.visit(**GERMAN) as console:
        told = Told(console.page)
        entry = {"id": "1", "at": "2026-01-01T00:00:00Z", "who": "x", "what": "somethingNew", "text": "Something quite new happened."}
        console.page.route(f"**/v1/users/{user['id']}/history*", lambda route: route.fulfill(json={"items": [entry], "next": None}))
        console.open(f"/users/{user['id']}")
        expect(console.page.locator(".history-list")).to_contain_text("Something quite new happened")
        with pytest.raises(AssertionError):
            told.is_not_shown()


def test_histories_of_people_batches_jobs_and_settings(beckon, chromium):
    # What administrators write themselves stays in their language.
    beckon.settings({"agreements": [{"text": "We see which apps we installed."}]})
    user = person(beckon, "Verlauf", invite=True)
    until("the mail has gone", lambda: beckon.invitation(user["id"]).get("delivery") == "delivered")
    beckon.send("POST", f"/v1/users/{user['id']}/invitation/cancel")
    beckon.send("POST", f"/v1/users/{user['id']}/invitation/restore")
    beckon.send("PATCH", f"/v1/users/{user['id']}", {"displayName": "Anders", "enabled": False})
    beckon.send("PATCH", f"/v1/users/{user['id']}", {"enabled": True})
    bounced = person(beckon, "Bounce", invite=True)
    until("the mail came back", lambda: beckon.invitation(bounced["id"]).get("delivery") == "hardBounced")
    batch = beckon.get("/v1/batches?limit=1")["items"][0]["batch"]["id"]
    job = beckon.send("POST", "/v1/jobs", {"action": "cancel", "selection": {"userIds": [user["id"], bounced["id"]]}}, {"Idempotency-Key": f"de-{next(number)}"})["id"]
    until("the job is over", lambda: beckon.get(f"/v1/jobs/{job}")["state"] != "running")
    for path in [f"/users/{user['id']}", f"/users/{bounced['id']}", f"/batches/{batch}", f"/jobs/{job}", "/settings/history", "/batches", "/jobs"]:
        with chromium.visit(**GERMAN) as console:
            told = Told(console.page)
            page = console.open(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.locator(".blank")).to_have_count(0)
            told.is_not_shown(least=0 if path in ("/batches", "/jobs", "/settings/history") else 1)


def test_why_a_job_did_nothing_for_somebody_and_why_lines_were_refused(beckon, chromium):
    never = person(beckon, "Nie")
    open_ = person(beckon, "Eingeladen", invite=True)
    file = "email,name,groups,locale\nnonsense,Zwei,,de\nok1@example.com,Drei,,xx-yy-zz\n" + f"ok2@example.com,{'x' * 300},,de\nok2@example.com,Doppelt,,de\n"
    started = []
    for action in ("cancel", "restore", "resend", "tryAddressAgain"):
        body = {"action": action, "selection": {"userIds": [never["id"], open_["id"]]}}
        started.append(beckon.send("POST", "/v1/jobs", body, {"Idempotency-Key": f"de-{next(number)}"})["id"])
        until("the job is over", lambda: beckon.get(f"/v1/jobs/{started[-1]}")["state"] != "running")
    given = {"Content-Type": "text/csv", "Idempotency-Key": f"de-{next(number)}"}
    request = urllib.request.Request(f"{beckon.address}/v1/jobs/import?invite=false", file.encode(), given)
    with urllib.request.urlopen(request, timeout=30) as answer:
        started.append(json.load(answer)["id"])
    until("the import is over", lambda: beckon.get(f"/v1/jobs/{started[-1]}")["state"] != "running")
    with chromium.visit(**GERMAN) as console:
        told = Told(console.page)
        for job in started:
            page = console.open(f"/jobs/{job}")
            expect(page.locator("tbody tr:not(.blank)").first).to_be_visible()
            told.is_not_shown()


def test_what_the_settings_refuse(beckon, chromium):
    with chromium.visit(**GERMAN) as console:
        told = Told(console.page)
        page = console.open("/settings/registration")
        body = beckon.get("/v1/settings")
        wrong = {
            "registration": {"lifetimeHours": 9_999, "pin": {"length": 40, "tries": 99}},
            "reminders": {"enabled": True, "startAfterDays": 29},
            "sender": {"from": "beckon@elsewhere.example", "name": "x" * 300, "recipientDomains": []},
            "confirmation": {"enabled": True, "distribution": {"groups": []}},
            "groups": [{"group": "a"}, {"group": "a"}],
            "enrolment": {"addresses": [{"url": "https://mdm.example.com/{nothing}"}]},
            "deviceSources": [{"name": "Not Lower", "kind": "generic", "authentication": {"type": "basic"}}],
            "agreements": [{"text": "x" * 20_000}],
            "timeZone": "Nowhere/Town",
            "locale": "xx-yy-zz",
        }
        answer = refused(beckon, "PUT", "/v1/settings", wrong)
        assert len(answer["errors"]) >= 9, answer
        console.answers("/v1/settings", 422, {**answer, "errors": answer["errors"]}, method="PUT")
        page.get_by_label("Länge").fill(str(body["registration"]["pin"]["length"] + 1))
        console.button("Speichern").click()
        expect(page.locator(".save-trouble .error")).to_be_visible()
        for section in ("registration", "reminders", "sender", "confirmation", "groups", "enrolment", "sources", "agreements"):
            page.locator(f'.settings-nav a[href="#/settings/{section}"]').click()
            expect(page.locator(".settings-body > .card").first).to_be_visible()
            told.is_not_shown(least=9)


@pytest.mark.parametrize("status", [403, 404, 409, 412, 422, 429, 503])
def test_what_a_request_is_refused_for(beckon, chromium, status):
    user = person(beckon, "Anna")
    answers = {
        403: {"type": "urn:beckon:problem:not-permitted", "title": "Not permitted", "status": 403, "detail": "This needs the role inviter, which your token does not carry.", "role": "inviter"},
        404: refused(beckon, "PATCH", "/v1/users/01ARZ3NDEKTSV4RRFFQ69G5FAV", {"displayName": "x"}),
        409: refused(beckon, "PATCH", f"/v1/users/{user['id']}", {"email": person(beckon, "Taken")["email"]}),
        422: refused(beckon, "PATCH", f"/v1/users/{user['id']}", {"displayName": "y" * 300, "groups": ["g" * 300]}),
    }
    with chromium.visit(**GERMAN) as console:
        told = Told(console.page)
        page = console.open(f"/users/{user['id']}")
        console.button("Bearbeiten").click()
        page.get_by_label("Name", exact=True).fill("Anna Neu")
        plain = {"type": f"urn:beckon:problem:{'stale-user' if status == 412 else 'unavailable'}", "title": "Some English title", "status": status, "detail": "Some English words that say why."}
        console.answers(f"/v1/users/{user['id']}", status, answers.get(status, plain), method="PATCH")
        console.button("Speichern").click()
        expect(page.locator(".notice.bad, .error:not([hidden]), dialog").first).to_be_visible()
        told.is_not_shown()


def test_why_messages_of_device_managements_failed_and_what_a_mapping_makes_of_one(beckon, chromium):
    source = {"name": "deutsch", "kind": "jamf", "authentication": {"type": "basic"}}
    beckon.settings({"deviceSources": [source]})
    secret = "deutsch:a-long-enough-password"
    if not beckon.get("/v1/device-event-sources")["items"][0]["secrets"]:
        beckon.send("POST", "/v1/device-event-sources/deutsch/secrets", {"secret": secret})
    proof = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}

    def tell(text):
        request = urllib.request.Request(f"{beckon.address}/v1/device-events/deutsch", text.encode(), proof, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30):
                return True
        except urllib.error.HTTPError:
            return False

    bodies = ["no json", '{"webhook": ', json.dumps({"webhook": {"webhookEvent": "MobileDeviceEnrolled"}, "event": {"deviceName": "No id"}})]
    for body in bodies:
        until("the message is taken", lambda body=body: tell(body))
    until("they failed", lambda: len(beckon.get("/v1/device-event-sources/failures")["items"]) >= len(bodies))
    with chromium.visit(**GERMAN) as console:
        told = Told(console.page)
        page = console.open("/settings/sources")
        expect(page.locator(".failed-card .strong").first).to_be_visible()
        told.is_not_shown(least=3)
        page.locator(".ordered-entry summary").first.click()
        page.get_by_text("Nachricht ausprobieren").click()
        for body in [*bodies, json.dumps({"webhook": {"webhookEvent": "Something"}})]:
            page.get_by_label("Nachricht", exact=True).fill(body)
            console.button("Ausprobieren").click()
            expect(page.locator(".trial-result .notice")).to_be_visible()
            told.is_not_shown(least=3)


# Why a device management could not be asked, as the API names it, and what it says with that.
NOT_ASKED = {
    "noCredentials": {},
    "unauthorised": {"status": "401"},
    "forbidden": {"status": "403"},
    "mayNotIssue": {"status": "403"},
    "notIssued": {},
    "notSigned": {},
    "noToken": {"status": "401", "word": "invalid_client"},
    "tooMany": {"status": "429"},
    "redirected": {"status": "302"},
    "status": {"status": "500"},
    "notUnderstood": {},
    "elsewhere": {},
    "endless": {},
    "notPublic": {},
    "tooLarge": {},
    "tooLate": {},
    "noCertificates": {},
    "notSendable": {},
    "notTrusted": {},
    "notListening": {},
    "brokeOff": {},
}


@pytest.mark.parametrize("locale", ["ar", "de-DE", "en-GB", "es", "fi", "fr", "it", "ja", "ko", "pt-BR", "zh-CN", "zh-TW"])
def test_why_a_device_management_could_not_be_asked(beckon, chromium, locale):
    """All that the API's document names, on one page."""
    described = beckon.get("/openapi.json")["components"]["schemas"]["AskFailureView"]["properties"]["code"]["description"]
    assert set(re.findall("`(\\w+)`", described)) == set(NOT_ASKED)
    beckon.settings({"deviceSources": [{"name": "kandji", "kind": "kandji", "api": {"address": "https://mdm.example.com"}}]})
    answer = beckon.get("/v1/device-event-sources")
    [source] = answer["items"]

    def failed(number, code, parameters):
        error = f"the English sentence number {number} of the API"
        went = {"lastRoundAt": "2026-03-02T10:00:00Z", "lastError": error, "lastFailure": {"code": code, "parameters": parameters}}
        return {**source, "name": f"kandji{number}", "asked": {**source["asked"], **went}}

    answer["items"] = [failed(number, *one) for number, one in enumerate(NOT_ASKED.items())]
    with chromium.visit(locale=locale) as console:
        told = Told(console.page)
        console.page.route("**/v1/device-event-sources", lambda route: route.fulfill(json=answer))
        page = console.open("/settings/sources")
        said = page.locator(".source-card .notice.warn p:last-child")
        expect(said).to_have_count(len(NOT_ASKED))
        texts = said.all_inner_texts()
        assert len(set(texts)) == len(NOT_ASKED), texts
        for text, parameters in zip(texts, NOT_ASKED.values(), strict=True):
            assert "{" not in text
            for fact in [parameters.get("word") or parameters.get("status", "")]:
                assert fact in text
        told.is_not_shown(least=len(NOT_ASKED))


def test_why_a_device_management_could_not_be_asked_is_told_as_it_was_noted_where_no_code_is_known(beckon, chromium):
    beckon.settings({"deviceSources": [{"name": "kandji", "kind": "kandji", "api": {"address": "https://mdm.example.com"}}]})
    answer = beckon.get("/v1/device-event-sources")
    answer["items"][0]["asked"].update(lastRoundAt="2026-03-02T10:00:00Z", lastError="the moon was full", lastFailure=None)
    with chromium.visit(**GERMAN) as console:
        console.page.route("**/v1/device-event-sources", lambda route: route.fulfill(json=answer))
        page = console.open("/settings/sources")
        expect(page.locator('.source-card .notice.warn [lang="en"]')).to_have_text("the moon was full")


def test_what_holds_mails_up(beckon, chromium):
    user = person(beckon, "Warten")
    beckon.send("PUT", "/local/ses/account", {"sendingEnabled": False})
    try:
        beckon.send("POST", "/v1/invitations", {"selection": {"userIds": [user["id"]]}}, {"Idempotency-Key": f"de-{next(number)}"})
        until("delivery pauses", lambda: beckon.get("/v1/delivery")["pause"])
        batch = beckon.get("/v1/batches?limit=1")["items"][0]["batch"]["id"]
        with chromium.visit(**GERMAN) as console:
            told = Told(console.page)
            for path in ("/overview", f"/batches/{batch}", f"/users/{user['id']}"):
                page = console.open(path)
                expect(page.locator(".notice.warn").first).to_be_visible()
                # What the mail service itself said is quoted.
                reason = beckon.get("/v1/delivery")["pause"]["reason"]
                assert "Das Tageskontingent" in page.locator("main").inner_text() or reason in page.locator("main").inner_text()
    finally:
        beckon.send("PUT", "/local/ses/account", {"sendingEnabled": True, "maxSendRate": 500})
        beckon.send("POST", "/v1/delivery/resume")
