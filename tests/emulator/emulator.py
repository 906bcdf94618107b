"""MiniStack, started on loopback with its data in a folder of this run, and stopped again."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3

REGION = "us-east-1"
ACCOUNT = "000000000000"
READY_WITHIN_SECONDS = 60


def free_port():
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _as_if_by_tls(request, **_):
    request.headers["X-Forwarded-Proto"] = "https"


class Emulator:
    """One MiniStack. `function_environment` reaches the functions, which inherit its environment."""

    def __init__(self, folder: Path, function_environment):
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "emulator.log"
        self._function_environment = function_environment
        self._process = None

    def start(self):
        data = self.folder / "data"
        data.mkdir(parents=True)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(data),
            "TMPDIR": str(data),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "STATE_DIR": str(data / "state"),
            "S3_DATA_DIR": str(data / "s3"),
            "LAMBDA_EXECUTOR": "local",
            # Signatures are checked and every call is held against the policies of its caller: a
            # function that lacks a permission is refused here as it would be in AWS.
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",
            **self._function_environment,
        }
        self._process = subprocess.Popen(
            [str(Path(sys.executable).parent / "ministack")],
            env=environment,
            cwd=data,
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
            # A group of its own, so that stopping takes the functions' processes along.
            start_new_session=True,
        )
        until = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/_ministack/health", timeout=2).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"MiniStack did not start; see {self.log}") from None
                time.sleep(0.2)

    def stop(self):
        if self._process is None:
            return
        group = self._process.pid
        for signal_, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            try:
                os.killpg(group, signal_)
                self._process.wait(patience)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
        self._process = None

    def client(self, service):
        """A client with the account's own rights, past the recording proxy."""
        client = self.plain_client(service)
        # The queues take no connection without TLS; MiniStack believes a proxy that was its end.
        client.meta.events.register("before-send", _as_if_by_tls)
        return client

    def plain_client(self, service):
        """The same over a connection without TLS."""
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def processes_of(self, function_name):
        """The running execution environments of a function."""
        wanted = f"AWS_LAMBDA_FUNCTION_NAME={function_name}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                same_group = os.getpgid(int(entry.name)) == self._process.pid
                if same_group and wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except (OSError, PermissionError):
                continue
        return found
