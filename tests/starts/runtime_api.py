"""A Runtime API as Lambda has it, for one process and one invocation: it notes when the process asks
for work, which is when it is ready, and when it answers."""

import json
import os
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LONGEST_START = 20


class Start:
    """One start of one process: seconds until it was ready, from then until its answer, of processor time in
    all, and the answer."""

    def __init__(self, ready, answered, processor, answer):
        self.ready = ready
        self.answering = answered - ready
        self.total = answered
        self.processor = processor
        self.answer = answer


def start(command, environment, event, on_ready=lambda: None):
    """Starts a process, hands it the event, and gives how long it took; then ends it."""
    # Each process has an API of its own, so that what a process that was ended still asks for goes nowhere.
    with RuntimeApi(json.dumps(event).encode(), on_ready) as api:
        environment = {**environment, "AWS_LAMBDA_RUNTIME_API": api.address, "PATH": os.environ["PATH"]}
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
        reader.start()
        try:
            while not api.done.wait(0.5):
                if _has_ended(process) or time.perf_counter() - began > LONGEST_START:
                    break
        finally:
            # `process.kill` would take note of an end, too.
            os.kill(process.pid, signal.SIGKILL)
            _, _, used = os.wait4(process.pid, 0)
            process.returncode = -signal.SIGKILL
            reader.join(1)
    if api.answered is None:
        log = b"".join(lines).decode(errors="replace")
        raise AssertionError(f"{command[-1]} gave no answer:\n{api.answer}\n{log[-3000:]}")
    return Start(api.ready - began, api.answered - began, used.ru_utime + used.ru_stime, api.answer)


def _has_ended(process):
    """Without taking note of it, as `poll` would: its times are asked for at its end."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


class RuntimeApi(ThreadingHTTPServer):
    """Hands one event to one process."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, event, on_ready):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.event = event
        self.on_ready = on_ready
        self.ready = self.answered = self.answer = None
        self.done = threading.Event()
        self.ended = threading.Event()
        self.address = f"127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=lambda: self.serve_forever(0.05), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        """A process that was ended leaves its connections half way."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Or a small answer waits for the acknowledgement of its own first half.
    disable_nagle_algorithm = True

    def do_GET(self):
        now = time.perf_counter()
        if self.server.ready is not None:
            # Lambda leaves a function waiting until there is work; this process has done its own.
            self.server.ended.wait()
            self.close_connection = True
            return
        self.server.ready = now
        self.server.on_ready()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + 60) * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:measured")
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.event)))
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = self._chunks()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        now = time.perf_counter()
        self.server.answer = body.decode(errors="replace")
        if self.path.endswith("/response"):
            self.server.answered = now
        self.server.done.set()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_):
        pass
