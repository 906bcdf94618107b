"""A proxy between the functions and the emulator that notes which function called which action.

It passes requests on as they come, signature included, and reads only what it needs to name the action
as IAM does: for a transaction the operations in it, for a query the index.
"""

import http.client
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INVOKE = re.compile(r"^/2015-03-31/functions/([^/]+)/invocations")
ACCESS_KEY = re.compile(r"Credential=([^/]+)/")
IN_A_TRANSACTION = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
SERVICES = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "AWSEvents": "events",
    "secretsmanager": "secretsmanager",
}


def signer_of(headers):
    """The access key that signed a request."""
    key = ACCESS_KEY.search(headers.get("Authorization", ""))
    return key[1] if key else "unsigned"


def actions_of(method, path, headers, body):
    """The (IAM action, index or None) pairs that a request needs permission for."""
    invoked = INVOKE.match(path)
    if invoked:
        return [("lambda:InvokeFunction", None)]
    target, _, operation = headers.get("X-Amz-Target", "").partition(".")
    service = SERVICES.get(target)
    if service is None:
        return [(f"unknown:{method} {path}", None)]
    if service == "dynamodb" and operation == "TransactWriteItems":
        items = json.loads(body)["TransactItems"]
        return [(IN_A_TRANSACTION[kind], None) for item in items for kind in item]
    if service == "dynamodb" and operation in ("Query", "Scan"):
        return [(f"dynamodb:{operation}", json.loads(body).get("IndexName"))]
    return [(f"{service}:{operation}", None)]


class Gate:
    """Lets `passing` requests of a kind through, holds the next, and never passes that on."""

    def __init__(self, access_key, action, passing):
        self.access_key = access_key
        self.action = action
        self._passing = passing
        self._lock = threading.Lock()
        self.reached = threading.Event()
        self.released = threading.Event()

    def holds(self, access_key, actions):
        if access_key != self.access_key or (self.action, None) not in actions:
            return False
        with self._lock:
            self._passing -= 1
            return self._passing < 0 and not self.released.is_set()


class Recorder:
    """The proxy and what it noted."""

    def __init__(self):
        self._lock = threading.Lock()
        self._noted = set()
        self._gate = None
        self._server = None
        self.upstream = None
        self.port = None

    def start(self):
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.upstream = None

            def handle_any(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length) if length else b""
                actions = actions_of(self.command, self.path, self.headers, body)
                recorder.note(self.headers, actions)
                if recorder._held(self.headers, actions):
                    self.close_connection = True
                    return
                for attempt in (1, 2):
                    if self.upstream is None:
                        self.upstream = http.client.HTTPConnection("127.0.0.1", recorder.upstream)
                    try:
                        self.upstream.putrequest(
                            self.command, self.path, skip_host=True, skip_accept_encoding=True
                        )
                        for name, value in self.headers.items():
                            self.upstream.putheader(name, value)
                        # The queues take no connection without TLS, whose end is here.
                        self.upstream.putheader("X-Forwarded-Proto", "https")
                        self.upstream.endheaders(body)
                        answer = self.upstream.getresponse()
                        content = answer.read()
                        break
                    except (http.client.HTTPException, OSError):
                        # The emulator closes connections that were idle for a while.
                        self.upstream = None
                        if attempt == 2:
                            raise
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self._server = QuietServer.started(Handler)
        self.port = self._server.server_address[1]

    def stop(self):
        if self._server is not None:
            self._server.shutdown()

    def hold(self, access_key, action, passing=0):
        """Holds a function's call of an action, after `passing` of them; see `Gate`."""
        self._gate = Gate(access_key, action, passing)
        return self._gate

    def _held(self, headers, actions):
        gate = self._gate
        if gate is None or not gate.holds(signer_of(headers), actions):
            return False
        gate.reached.set()
        gate.released.wait(60)
        return True

    def note(self, headers, actions):
        """Notes actions under the access key that signed the request."""
        with self._lock:
            self._noted.update((signer_of(headers), action, index) for action, index in actions)

    def noted(self):
        """Everything noted so far: (access key, action, index or None)."""
        with self._lock:
            return set(self._noted)


class QuietServer(ThreadingHTTPServer):
    """A server for clients that may be killed while they speak with it."""

    daemon_threads = True

    @classmethod
    def started(cls, handler):
        """One that serves on a free port of loopback until it is shut down."""
        server = cls(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def handle_error(self, request, client_address):
        pass
