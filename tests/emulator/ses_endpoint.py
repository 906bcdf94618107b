"""An SES v2 endpoint that keeps every mail with its attachments, and that can be told to misbehave.

It knows the two operations that `deliver` calls: SendEmail and GetAccount. Like SES, it asks whether the caller's
policies allow the sender and the configuration set, and sends for verified identities alone.
"""

import base64
import json
import socket
import struct
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parseaddr
from http.server import BaseHTTPRequestHandler

from recorder import QuietServer

# The one identity that is verified.
VERIFIED = "example.com"

# Longer than `deliver` waits for SES, which is ten seconds.
STALL_SECONDS = 15


NOT_VERIFIED = "Email address is not verified. The following identities failed the check in region US-EAST-1: "


def address_in(header):
    """The address in the value of From, with or without a name before it."""
    return parseaddr(header)[1]


def actions_for(order):
    """What SES may ask of the policies for a mail: one with an attachment it may judge as a raw one too."""
    attached = order["Content"]["Simple"].get("Attachments")
    return ["ses:SendEmail", "ses:SendRawEmail"] if attached else ["ses:SendEmail"]


@dataclass
class Mail:
    """A mail that the endpoint took."""

    message_id: str
    to: str
    sender: str
    subject: str
    text: str
    html: str
    attachments: list
    tags: dict
    configuration_set: str | None
    at: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="milliseconds"))


class SesEndpoint:
    """The endpoint. `note` is told (headers, actions) of each call; `may` is asked (headers, action, sender,
    configuration set) and answers whether the caller's policies allow it; `accepted` gets each mail."""

    def __init__(self, note, may, accepted):
        self._note = note
        self._may = may
        self._accepted = accepted
        self._lock = threading.Lock()
        self._mails = []
        self._faults = []
        self.port = None
        self._server = None

    def start(self):
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if self.path != "/v2/email/account":
                    return self.answer(404, {"message": "not an operation of this endpoint"})
                endpoint._note(self.headers, [("ses:GetAccount", None)])
                return self.answer(
                    200,
                    {
                        "SendingEnabled": True,
                        "ProductionAccessEnabled": True,
                        "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 50.0, "SentLast24Hours": 0.0},
                    },
                )

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                order = json.loads(self.rfile.read(length))
                if self.path != "/v2/email/outbound-emails":
                    return self.answer(404, {"message": "not an operation of this endpoint"})
                actions = actions_for(order)
                endpoint._note(self.headers, [(action, None) for action in actions])
                sender = address_in(order["FromEmailAddress"])
                for action in actions:
                    if not endpoint._may(self.headers, action, sender, order.get("ConfigurationSetName")):
                        return self.answer(403, {"message": f"not authorized to perform `{action}'"}, "AccessDeniedException")
                if sender.rpartition("@")[2] != VERIFIED:
                    return self.answer(400, {"message": NOT_VERIFIED + sender}, "MessageRejected")
                fault = endpoint._next_fault()
                if fault == "throttle":
                    return self.answer(
                        429, {"message": "Maximum sending rate exceeded."}, "TooManyRequestsException"
                    )
                if fault == "refuse mail":
                    return self.answer(400, {"message": "Illegal address"}, "BadRequestException")
                if fault == "refuse account":
                    return self.answer(
                        400, {"message": "Sending paused for this account."}, "SendingPausedException"
                    )
                if fault == "reset":
                    # With no time to linger, closing sends a reset.
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    self.close_connection = True
                    return None
                if fault == "stall":
                    time.sleep(STALL_SECONDS)
                    self.close_connection = True
                    return None
                mail = endpoint._take(order)
                return self.answer(200, {"MessageId": mail.message_id})

            def answer(self, status, document, error=None):
                content = json.dumps(document).encode()
                self.send_response_only(status)
                self.send_header("Content-Type", "application/json")
                if error:
                    self.send_header("x-amzn-errortype", error)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = QuietServer.started(Handler)
        self.port = self._server.server_address[1]

    def stop(self):
        if self._server is not None:
            self._server.shutdown()

    def misbehave(self, *faults):
        """Lets the next calls of SendEmail go wrong, one each.

        `throttle`, `refuse mail` and `refuse account` are answers; `reset` breaks the connection and
        `stall` leaves it open without one. None of the mails is taken.
        """
        with self._lock:
            self._faults.extend(faults)

    def faults_left(self):
        with self._lock:
            return len(self._faults)

    def mails(self, to=None):
        """The mails taken so far, oldest first."""
        with self._lock:
            return [mail for mail in self._mails if to in (None, mail.to)]

    def _next_fault(self):
        with self._lock:
            return self._faults.pop(0) if self._faults else None

    def _take(self, order):
        message = order["Content"]["Simple"]
        mail = Mail(
            message_id=str(uuid.uuid4()),
            to=order["Destination"]["ToAddresses"][0],
            sender=order["FromEmailAddress"],
            subject=message["Subject"]["Data"],
            text=message["Body"]["Text"]["Data"],
            html=message["Body"]["Html"]["Data"],
            attachments=[
                {
                    "content_id": attachment.get("ContentId"),
                    "content_type": attachment.get("ContentType"),
                    "content": base64.b64decode(attachment["RawContent"]),
                }
                for attachment in message.get("Attachments", [])
            ],
            tags={tag["Name"]: tag["Value"] for tag in order.get("EmailTags", [])},
            configuration_set=order.get("ConfigurationSetName"),
        )
        with self._lock:
            self._mails.append(mail)
        self._accepted(mail)
        return mail
