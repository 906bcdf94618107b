"""A device management that sends messages of its own: NanoMDM, signed as it signs, from the reference in the enrolment
address to the completed invitation; and a message whose sender is not proven."""

import base64
import hashlib
import hmac
import json
import re

from test_walk import PIN_SETTINGS, equal, newest_mail, redeem
from waiting import until

SETTINGS = {
    **PIN_SETTINGS,
    "enrolment": {"addresses": [{"url": "https://mdm.example.com/enroll?beckon={reference}"}]},
    "deviceSources": [{"name": "phones", "kind": "nanomdm"}],
}


def signed(body, secret):
    digest = hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()
    return {"X-Hmac-Signature": base64.b64encode(digest).decode(), "Content-Type": "application/json"}


def test_nanomdm_completes_an_invitation_by_its_own_messages(session):
    admin = session.administrator
    admin.change_settings(SETTINGS).expect(200)
    secret = admin.post("/v1/device-event-sources/phones/secrets", {}).expect(201).json["secret"]
    nina = admin.add("nina")
    order = {"selection": {"userIds": [nina]}, "ownership": None}
    admin.post("/v1/invitations", order).expect(202)
    mail = newest_mail(session, "nina", "Register your device")
    pin = re.search(r"PIN: ([0-9 ]+)", mail.text)[1].strip()
    reference = redeem(session, email=mail.to, pin=pin)["continueUrl"].partition("beckon=")[2]
    checkin = {
        "udid": "UDID-OF-NINA",
        "ids": {"id": "UDID-OF-NINA", "type": "Device"},
        "url_params": {"beckon": reference},
        "token_update_tally": 1,
        "raw_payload": base64.b64encode(b'<plist version="1.0"><dict></dict></plist>').decode(),
    }
    body = json.dumps({"topic": "mdm.TokenUpdate", "created_at": session.now(), "checkin_event": checkin})

    def taken():
        return session.anybody.send("POST", "/v1/device-events/phones", body, signed(body, secret)).status == 200

    # A secret is valid within half a minute: until then the function knows those that it read last.
    until("the message is taken", taken, seconds=45)

    def completed():
        return admin.get(f"/v1/users/{nina}").expect(200).json["invitation"]["state"] == "completed"

    until("the invitation is completed", completed, seconds=90)
    devices = admin.get(f"/v1/users/{nina}/devices").expect(200).json["items"]
    equal([device["id"] for device in devices], ["phones:UDID-OF-NINA"], "the devices")
    equal(admin.get("/v1/device-event-sources/failures").expect(200).json["items"], [], "messages that failed")
    session.anybody.get("/v1/device-events/phones").expect(200)
    session.anybody.send("POST", "/v1/device-events/phones", body, signed(body, "guessed")).expect(401)
    admin.change_settings(PIN_SETTINGS).expect(200)
