"""Measures starts over TLS: a function's process, a bare one and its Node.js twin in turn, and the medians
of as many rounds as were asked for."""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import runtime_api
from tls_end import TlsEnd
from twin import Listener, Twins
from waiting import until
from workload import prepare

REPOSITORY = Path(__file__).resolve().parents[2]

# What the template tells functions beside that: of the sign-in, whose issuer is asked for nothing, and where the
# secrets of senders are, which none of these answers needs.
TOLD_BESIDE = {
    "BECKON_SENDER_SECRET": "beckon-senders",
    "BECKON_CONSOLE_ISSUER": "https://issuer.example",
    "BECKON_CONSOLE_SCOPE": "openid email profile",
    "BECKON_CONSOLE_TOKEN": "id",
}

# From start to first answer: how much more than the bare one, and which part of the twin's.
MOST_ABOVE_BARE = 0.018
MOST_OF_TWIN = 1 / 5


class System:
    """The local system, in a folder of its own."""

    def __init__(self, binary: Path, folder: Path):
        self._folder = folder
        self._process = subprocess.Popen(
            [binary, "--port", "0", "--data", folder, "--aws"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        first = self._process.stdout.readline()
        if " at " not in first:
            raise SystemExit(f"{binary} does not start")
        self.address = first.split(" at ")[1].strip()

    def environment(self):
        """What functions are told that work with it."""
        lines = until("the local system writes lambda.env", lambda: self._lines())
        return dict(line.split("=", 1) for line in lines)

    def _lines(self):
        written = self._folder / "lambda.env"
        return written.read_text().splitlines() if written.exists() else None

    def stop(self):
        self._process.terminate()
        self._process.wait()


class Measured:
    """What was measured of one kind of process."""

    def __init__(self, command, environment):
        self.command = command
        self.environment = environment
        self.starts = []
        self.connections = []

    def median(self, part):
        return statistics.median(getattr(start, part) for start in self.starts)


class Measuring:
    def __init__(self, folder: Path, binaries: Path, system: System):
        self._binaries = binaries
        self._system = system
        given = system.environment()
        upstream = given["AWS_ENDPOINT_URL"]
        self._plain = given
        self._listener = Listener(upstream)
        self._tls = TlsEnd(folder, int(upstream.rsplit(":", 1)[1]))
        self._tls.start()
        self._twins = Twins(folder / "twin")
        self._over_tls = {
            **{name: value for name, value in given.items() if name != "AWS_ENDPOINT_URL_LAMBDA"},
            **TOLD_BESIDE,
            "AWS_ENDPOINT_URL": self._tls.address,
            "AWS_LAMBDA_FUNCTION_NAME": "measured",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "SSL_CERT_FILE": str(self._tls.roots),
            "NODE_EXTRA_CA_CERTS": str(self._tls.root),
        }

    def stop(self):
        self._tls.stop()
        self._listener.stop()

    def of(self, name, event):
        """The function, the bare one and the twin, before anything is measured."""
        command = [str(self._binaries / name / "bootstrap")]
        self._listener.calls.clear()
        ready = []
        self._start(command, {**self._over_tls, "AWS_ENDPOINT_URL": self._listener.address}, event,
                    on_ready=lambda: ready.append(len(self._listener.calls)))
        warm_up, first_request = self._listener.calls[: ready[0]], self._listener.calls[ready[0] :]
        print(f"{name}: {_said(warm_up)} | {_said(first_request)}", flush=True)
        twin = self._twins.of(name, warm_up, first_request)
        return {
            "function": Measured(command, self._over_tls),
            "bare": Measured([str(self._binaries / "bare" / "bootstrap")], self._over_tls),
            "twin": Measured(twin, self._over_tls),
        }

    def round(self, kinds, event):
        for measured in kinds.values():
            before = self._tls.connections()
            at_ready = []
            start = self._start(measured.command, measured.environment, event, lambda: at_ready.append(self._tls.connections()))
            measured.starts.append(start)
            measured.connections.append((at_ready[0] - before, self._tls.connections() - at_ready[0]))

    def _start(self, command, environment, event, on_ready):
        start = runtime_api.start(command, environment, event, on_ready)
        status = json.loads(start.answer).get("statusCode")
        if status not in (200, 201, 202):
            raise AssertionError(f"{command[-1]} answered {status}: {start.answer[:500]}")
        return start


def _said(calls):
    return ", ".join(operation for _, operation, _ in calls) or "nothing"


def report(measured):
    """Prints the table, and gives what is slower than it may be."""
    print()
    print("| function | ready, ms | first answer | together | above the bare one | Node.js twin | of the twin's | processor time: function, bare, twin | connections |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    slow = []
    for name, kinds in measured.items():
        function, bare, twin = kinds["function"], kinds["bare"], kinds["twin"]
        above = function.median("total") - bare.median("total")
        part = function.median("total") / twin.median("total")
        before, further = (statistics.mode(column) for column in zip(*function.connections))
        columns = [
            f"`{name}`",
            *(milliseconds(function.median(part)) for part in ("ready", "answering", "total")),
            milliseconds(above),
            f"{milliseconds(twin.median('total'))} ({milliseconds(twin.median('ready'))} + {milliseconds(twin.median('answering'))})",
            f"{part:.2f}",
            ", ".join(milliseconds(measured.median("processor")) for measured in (function, bare, twin)),
            f"{before} + {further}",
        ]
        print(f"| {' | '.join(columns)} |")
        if above > MOST_ABOVE_BARE:
            slow.append(f"{name} takes {milliseconds(above)} ms more than the bare function; {milliseconds(MOST_ABOVE_BARE)} are allowed")
        if part > MOST_OF_TWIN:
            slow.append(f"{name} takes {part:.2f} of its Node.js twin's time; {MOST_OF_TWIN} are allowed")
        if further:
            slow.append(f"the first answer of {name} took {further} further connections; those that were opened before it was ready should do")
    print()
    print("Ready: from the start of the process until it asks for work. First answer: from then on. Medians.")
    print("Connections: over TLS, until it is ready + for the first answer.")
    return slow


def milliseconds(seconds):
    return f"{seconds * 1000:.1f}"


def missing_built(binaries: Path, system: Path):
    if not system.exists():
        subprocess.run(["cargo", "build", "--package", "beckon-local"], cwd=REPOSITORY, check=True)
    if not (binaries / "bare" / "bootstrap").exists():
        command = ["cargo", "lambda", "build", "--release", "--locked", "--lambda-dir", str(binaries), "--package", "bare", "--bin", "bare"]
        subprocess.run(command, cwd=REPOSITORY, check=True)


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binaries", type=Path, default=target / "lambda", help="a folder with NAME/bootstrap per function")
    arguments.add_argument("--system", type=Path, default=target / "debug" / "beckon", help="the local system")
    arguments.add_argument("--rounds", type=int, default=15, help="how often each is started")
    arguments.add_argument("--only", action="append", help="measures this function alone; may be repeated")
    arguments.add_argument("--look", action="store_true", help="ends well however slow they are")
    given = arguments.parse_args()

    # So that being told to end stops everything that was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    binaries = given.binaries.resolve()
    missing_built(binaries, given.system)
    folder = Path(tempfile.mkdtemp(prefix="beckon-starts-"))
    system = System(given.system.resolve(), folder / "data")
    measuring = None
    try:
        events = prepare(system.address, given.rounds + 1)
        names = [name for name in events if not given.only or name in given.only]
        measuring = Measuring(folder, binaries, system)
        measured = {name: measuring.of(name, events[name][0]) for name in names}
        # In turn, so that whatever else the machine does meets all of them.
        for number in range(1, given.rounds + 1):
            for name in names:
                measuring.round(measured[name], events[name][number % len(events[name])])
        slow = report(measured)
    finally:
        if measuring:
            measuring.stop()
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(slow) or "Every function starts as fast as it should.")
    return 1 if slow and not given.look else 0


if __name__ == "__main__":
    sys.exit(main())
