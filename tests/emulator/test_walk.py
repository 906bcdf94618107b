"""The procedure, carried out over HTTP with real tokens: once with PINs, once with a QR code."""

import io
import re

import zxingcpp
from PIL import Image

from api import Api
from people import claims
from waiting import until

PIN_SETTINGS = {
    "organisation": {"name": "Example Ltd"},
    "confirmation": {"enabled": True, "distribution": {"groups": ["staff"]}},
}
QR_SETTINGS = {**PIN_SETTINGS, "registration": {"method": "qrCode"}}


def test_without_a_token_nobody_gets_in(session):
    for method, path in [
        ("GET", "/v1/users"), ("GET", "/v1/settings"), ("GET", "/v1/batches"), ("POST", "/v1/invitations/preview"),
    ]:
        session.anybody.send(method, path).expect(401)
    Api(session.stack, "not.a.token").get("/v1/users").expect(401)


def test_a_token_for_another_application_is_refused(session):
    address = session.people.user("elsewhere", "inviter", "settings")
    client = session.people.client_of_another_application()
    for token in session.people.tokens(address, client):
        Api(session.stack, token).get("/v1/users").expect(401)


def test_each_role_may_do_its_own_and_no_more(session):
    nobody = session.api(session.people.user("nobody"))
    nobody.get("/v1/users").expect(403)
    viewer = session.api(session.people.user("viewer", "viewer"))
    viewer.get("/v1/users").expect(200)
    viewer.get("/v1/settings").expect(200)
    viewer.change_settings(PIN_SETTINGS).expect(403)
    viewer.post("/v1/users", {"email": "x@example.com", "displayName": "X"}).expect(403)
    viewer.post("/v1/invitations", {"selection": {"userIds": []}}).expect(403)
    helpdesk = session.api(session.people.user("helpdesk", "helpdesk"))
    helpdesk.post("/v1/users", {"email": "x@example.com", "displayName": "X"}).expect(403)
    helpdesk.add("added-by-helpdesk")
    pindesk = session.api(session.people.user("pindesk", "pindesk"))
    pindesk.get("/v1/users").expect(200)
    pindesk.change_settings(PIN_SETTINGS).expect(403)


def test_an_access_token_counts_like_an_id_token(session):
    address = session.people.user("by-access-token", "viewer")
    _, access = session.people.tokens(address)
    Api(session.stack, access).get("/v1/users").expect(200)


def test_the_machine_of_the_mdm_gets_a_token_that_opens_no_administration(session):
    token = session.people.machine_token()
    if claims(token)["scope"] != "beckon/mdm":
        raise AssertionError(f"the machine's token has the scope {claims(token)['scope']}")
    Api(session.stack, token).get("/v1/users").expect(403)


def test_the_enrolment_page_is_served_with_what_it_loads(session):
    page = session.anybody.get("/enroll").expect(200)
    for asset in re.findall(rb'(?:href|src)="(/[^"]+)"', page.body):
        session.anybody.get(asset.decode()).expect(200)


def test_the_walk_with_pins(session):
    admin = session.administrator
    admin.change_settings(PIN_SETTINGS).expect(200)
    ada = admin.add("ada", groups=["staff"])
    ben = admin.add("ben")
    order = {"selection": {"userIds": [ada, ben]}, "ownership": "companyOwned"}

    preview = admin.post("/v1/invitations/preview", order).expect(200).json
    equal(preview["counts"], {"selected": 2, "willSend": 2, "skipped": 0, "exact": True}, "the preview's counts")
    # The gateway says where it answers; MiniStack's says its own name, without the port.
    address = f"https://{session.stack.outputs['ApiId']}.execute-api.localhost/enroll"
    if address not in preview["mail"]["text"]:
        raise AssertionError(f"the previewed mail does not lead to {address}: {preview['mail']['text']}")
    who_is_told = {r["email"]: r["confirmation"]["willSend"] for r in preview["recipients"]}
    equal(who_is_told, {"ada@example.com": True, "ben@example.com": False}, "who will get a confirmation")

    order["settingsVersion"] = preview["settingsVersion"]
    sent = admin.post("/v1/invitations", order, {"Idempotency-Key": "walk-1"}).expect(202).json
    equal(sent["confirmation"], {"confirmationEnabled": True, "willReceive": 1, "willNotReceive": 1}, "the reminder")
    again = admin.post("/v1/invitations", order, {"Idempotency-Key": "walk-1"}).expect(202).json
    equal(again["batch"]["id"], sent["batch"]["id"], "the batch of the repeated request")

    batch = sent["batch"]["id"]
    until(
        "both mails are delivered",
        lambda: admin.get(f"/v1/batches/{batch}").expect(200).json["batch"]["counts"]["delivered"] == 2,
        seconds=90,
    )
    outcomes = admin.get(f"/v1/batches/{batch}/recipients").expect(200).json["items"]
    equal([r["outcome"] for r in outcomes], ["issued", "issued"], "the outcomes")

    for name, told in (("ada", True), ("ben", False)):
        mail = newest_mail(session, name, "Register your device")
        if session.stack.outputs["EnrolmentPage"] not in mail.text:
            raise AssertionError("the mail does not name the enrolment page of the stack")
        equal(mail.configuration_set, session.stack.outputs["ConfigurationSetName"], "the configuration set")
        pin = re.search(r"PIN: ([0-9 ]+)", mail.text)[1].strip()
        wrong = "".join("1" if digit == "0" else "0" for digit in pin.replace(" ", ""))
        session.anybody.post("/v1/redemptions", {"email": mail.to, "pin": wrong}).expect(403)
        redeemed = redeem(session, email=mail.to, pin=pin)
        equal(redeemed["ownership"], "companyOwned", "the ownership at redemption")
        session.report_device(redeemed["registrationId"], id=f"{name}s-phone", platform="ios")
        confirmed = registration(session, redeemed["registrationId"])
        equal((confirmed["ownership"], confirmed["rule"]), ("companyOwned", "invitation"), "ownership and rule")
        if told:
            newest_mail(session, name, "Your device is registered")
    confirmations = [m.to for m in session.ses.mails() if "Your device is registered" in m.subject]
    equal(confirmations, ["ada@example.com"], "who got a confirmation")

    history = [row["text"] for row in admin.get(f"/v1/users/{ada}/history").expect(200).json["items"]]
    for sentence in ("Device adas-phone was registered", "The mail of issue 1 was delivered", "Added"):
        if not any(sentence in text for text in history):
            raise AssertionError(f"the history does not say {sentence!r}: {history}")


def redeem(session, **secret):
    return session.anybody.post("/v1/redemptions", secret).expect(200).json


def newest_mail(session, name, subject_has, after=0):
    """The newest mail to somebody once they have more than `after` of that subject."""
    def arrived():
        mails = [mail for mail in session.ses.mails(f"{name}@example.com") if subject_has in mail.subject]
        return mails[-1] if len(mails) > after else None

    # A wake-up that meets a delivery worker at its last look is lost; maintenance makes up for it in a minute.
    return until(f"mail number {after + 1} to {name} about {subject_has!r}", arrived, seconds=90)


def registration(session, registration_id):
    def confirmed():
        answer = session.anybody.get(f"/v1/registrations/{registration_id}").expect(200).json
        return answer if answer["state"] == "confirmed" else None

    return until("the registration is confirmed", confirmed)


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {expected!r} was expected, but is {actual!r}")


def test_the_walk_with_a_qr_code(session):
    admin = session.administrator
    admin.change_settings(QR_SETTINGS).expect(200)
    cleo = admin.add("cleo", groups=["staff"])
    order = {"selection": {"userIds": [cleo]}}
    preview = admin.post("/v1/invitations/preview", order).expect(200).json
    equal(preview["method"], "qrCode", "the method")
    admin.post("/v1/invitations", order).expect(202)

    mail = newest_mail(session, "cleo", "Register your device")
    images = [a for a in mail.attachments if a["content_type"] == "image/png"]
    equal(len(images), 1, "the number of images")
    if f"cid:{images[0]['content_id']}" not in mail.html:
        raise AssertionError("the mail's HTML does not show the image")
    codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(images[0]["content"])))
    equal(len(codes), 1, "the number of codes in the image")
    link = codes[0].text
    if link not in mail.text:
        raise AssertionError("the code and the link in the text differ")
    token = link.partition("#")[2].rpartition("=")[2]

    redeemed = redeem(session, token=token)
    session.report_device(redeemed["registrationId"], id="cleos-tablet", platform="ios", supervised=True)
    confirmed = registration(session, redeemed["registrationId"])
    equal((confirmed["ownership"], confirmed["rule"]), ("companyOwned", "supervised"), "ownership and rule")
    newest_mail(session, "cleo", "Your device is registered")
    admin.change_settings(PIN_SETTINGS).expect(200)


def test_the_mdm_redeems_and_reports_over_http_and_nobody_else_does(session):
    admin = session.administrator
    mdm = Api(session.stack, session.people.machine_token())
    ina = admin.add("ina")
    admin.post("/v1/invitations", {"selection": {"userIds": [ina]}, "ownership": "userOwned"}).expect(202)
    pin = re.search(r"PIN: ([0-9 ]+)", newest_mail(session, "ina", "Register your device").text)[1].strip()
    shown = {"email": "ina@example.com", "pin": pin, "clientAddress": "203.0.113.7"}
    report = {"device": {"id": "inas-phone", "platform": ["Android 14"], "supervised": "?"}, "registeredAt": session.now()}
    for caller, status in ((session.anybody, 401), (admin, 403)):
        caller.post("/v1/mdm/redemptions", shown).expect(status)
        caller.post("/v1/mdm/registrations", {"userId": ina, **report}).expect(status)
    mdm.post("/v1/mdm/redemptions", {**shown, "pin": "0"}).expect(403)
    redeemed = mdm.post("/v1/mdm/redemptions", shown).expect(200).json
    report["registrationId"] = redeemed["registrationId"]
    old = {"device": {"id": "inas-old-phone"}, "userId": ina, "registeredAt": "2019-05-06T07:08:09Z"}
    left_open = mdm.post("/v1/mdm/registrations", old).expect(200).json
    equal(left_open["notCompleted"]["why"], "enrolledBefore", "why an old device leaves the invitation open")
    answers = [mdm.post("/v1/mdm/registrations", report).expect(200).json for _ in range(2)]
    ignored = [entry["field"] for answer in answers for entry in answer.pop("ignored")]
    equal(ignored, ["device.supervised"] * 2, "what of the reports was let be")
    decided = {"ownership": "userOwned", "rule": "invitation", "issue": 1}
    decided |= {"notCompleted": None, "afterEnd": False, "timeUnknown": False}
    equal(answers, [{"outcome": "recorded", **decided}, {"outcome": "knownBefore", **decided}], "what came of the reports")
    equal(admin.get(f"/v1/users/{ina}").expect(200).json["devices"], 2, "the devices")
    mdm.post("/v1/mdm/registrations", {**report, "registrationId": None, "externalId": "nobody"}).expect(404)


def test_what_else_the_api_offers(session):
    """The routes that the walk does not pass."""
    admin = session.administrator
    dora = admin.add("dora", externalId="hr-4711")
    admin.get(f"/v1/users/{dora}").expect(200)
    admin.send("PATCH", f"/v1/users/{dora}", {"displayName": "Dora D."}).expect(200)
    equal(admin.get("/v1/users/lookup?externalId=hr-4711").expect(200).json["id"], dora, "who is looked up")
    counts = admin.get("/v1/users/counts?text=dora").expect(200).json
    equal((counts["users"], counts["states"]["none"], counts["next"]), (1, 1, None), "the counts")
    page = admin.get("/v1/users?text=dora&limit=1").expect(200).json
    equal([user["id"] for user in page["items"]], [dora], "who is found by text")
    by_filter = {"selection": {"filter": {"states": ["none"], "groups": [], "text": "dora"}}}
    admin.post("/v1/invitations/preview", by_filter).expect(200)
    batch = admin.post("/v1/invitations", by_filter).expect(202).json["batch"]["id"]
    newest_mail(session, "dora", "Register your device")
    admin.post(f"/v1/users/{dora}/invitation/resend").expect(200)
    newest_mail(session, "dora", "Sent again: register your device")
    session.anybody.post("/v1/pin-requests", {"email": "dora@example.com"}).expect(202)
    newest_mail(session, "dora", "Sent again: register your device", after=1)
    admin.post(f"/v1/users/{dora}/invitation/cancel").expect(200)
    admin.post(f"/v1/users/{dora}/invitation/restore").expect(200)
    equal(admin.get("/v1/batches").expect(200).json["items"][0]["batch"]["id"], batch, "the newest batch")
    admin.post(f"/v1/batches/{batch}/stop").expect(200)
    told = [row["what"] for row in admin.get(f"/v1/batches/{batch}/history").expect(200).json["items"]]
    equal(told, ["stopped", "expanded", "started"], "the history of the batch")
    equal(admin.get("/v1/delivery").expect(200).json["state"], "running", "delivery")
    admin.post("/v1/delivery/resume").expect(200)


def test_what_becomes_of_an_invitation_afterwards(session):
    """Handed over, declined and restored, corrected, deleted."""
    admin = session.administrator
    gus = admin.add("gus")
    desk = session.api(session.people.user("desk", "pindesk"))
    why = {"reason": "Stands at the desk"}
    admin.post(f"/v1/users/{gus}/invitation/pin", why).expect(403)
    handed = desk.post(f"/v1/users/{gus}/invitation/pin", why).expect(200).json
    handout = desk.post(f"/v1/users/{gus}/invitation/sheet", why).expect(200)
    if handed["pin"] not in handout.body.decode():
        raise AssertionError("the handout does not show the PIN that was handed over")
    told = until("the person is told", lambda: [m for m in session.ses.mails() if m.to == "gus@example.com"])[0]
    if handed["pin"] in told.text:
        raise AssertionError("the mail that tells of a hand-over holds the PIN")
    token = re.search(r"/enroll\?lang=[\w-]+#decline=([A-Za-z0-9_-]+)", told.text)[1]
    session.anybody.post("/v1/declines", {"token": token}).expect(202)
    equal(admin.get(f"/v1/users/{gus}").expect(200).json["invitation"]["state"], "declined", "the state")
    admin.post(f"/v1/users/{gus}/invitation/restore").expect(200)
    redeem(session, email="gus@example.com", pin=handed["pin"])
    admin.post(f"/v1/users/{gus}/address/try-again").expect(409)
    admin.send("PATCH", f"/v1/users/{gus}", {"email": "gustav@example.com"}).expect(200)
    newest_mail(session, "gustav", "Register your device")
    admin.send("DELETE", f"/v1/users/{gus}").expect(204)
    admin.get(f"/v1/users/{gus}").expect(404)


def test_people_come_and_go_as_files(session):
    admin = session.administrator
    file = "email,name,groups\r\nhal@example.com,Hal,field\r\nnobody,Nobody,\r\n"
    header = {"Content-Type": "text/csv"}
    first = admin.send("POST", "/v1/users/import?invite=false", file, header).expect(200).json
    again = admin.send("POST", "/v1/users/import?invite=false", file, header).expect(200).json
    outcomes = [[row["outcome"] for row in answer["rows"]] for answer in (first, again)]
    equal(outcomes, [["added", "invalid"], ["unchanged", "invalid"]], "the outcomes of the rows")
    exported = admin.get("/v1/users/export?text=hal").expect(200).body.decode()
    if "hal@example.com" not in exported:
        raise AssertionError(f"the export misses who was imported: {exported[:300]}")


def test_wordings_of_ones_own(session):
    admin = session.administrator
    ours = admin.get("/v1/templates/confirmation/en").expect(200)
    equal(ours.json["own"], False, "whether the wording is one's own")
    wording = ours.json["wording"]
    admin.post("/v1/templates/confirmation/en/preview", {}).expect(200)
    saved = admin.send("PUT", "/v1/templates/confirmation/en", wording, {"If-Match": "*"}).expect(200)
    equal(saved.json["own"], True, "whether the wording is one's own after it was kept")
    admin.get("/v1/templates").expect(200)
    admin.post("/v1/templates/confirmation/en/test", {"to": "tester@example.com"}).expect(202)
    until("the test mail is there", lambda: [m for m in session.ses.mails() if m.to == "tester@example.com"])
    admin.send("DELETE", "/v1/templates/confirmation/en", None, {"If-Match": "*"}).expect(200)


def test_a_report_by_address_and_one_by_external_id(session):
    """The MDM need not know the registration's id."""
    admin = session.administrator
    for name, by in (("emil", {"email": "emil@example.com"}), ("fay", {"externalId": "hr-0815"})):
        user = admin.add(name, externalId="hr-0815") if "externalId" in by else admin.add(name)
        session.put_event({**by, "device": {"id": f"{name}s-phone"}, "registeredAt": session.now()})
        until(
            f"the device of {name} is counted",
            lambda user=user: admin.get(f"/v1/users/{user}").expect(200).json["devices"] == 1,
        )


def test_ses_reports_reached_feedback(session):
    equal(session.report_failures, [], "reports of SES that went wrong")
