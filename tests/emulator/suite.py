"""Runs every check against one deployed stack, and says how each ended and how long it took."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from session import Session

import checks_events
import checks_faults
import checks_metrics
import checks_options
import checks_permissions
import checks_shape
import checks_sizes
import checks_walk

GROUPS = [
    ("functions and routes", checks_shape.CHECKS),
    ("the walk", checks_walk.CHECKS),
    ("events", checks_events.CHECKS),
    ("faults", checks_faults.CHECKS),
    # These look at what all the checks before made the functions call and log.
    ("permissions", checks_permissions.CHECKS),
    ("metrics", checks_metrics.CHECKS),
    ("sizes", checks_sizes.CHECKS),
    # After them, since the functions of a second stack call too.
    ("options", checks_options.CHECKS),
]


def sentence(check):
    return check.__name__.replace("_", " ")


def run(session, only):
    results = []

    def step(name, action):
        began = time.monotonic()
        result, detail = "ok", ""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a failed check must not end the others
            result = "FAILED"
            detail = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            print(f"--- {name}\n{detail}", flush=True)
        took = time.monotonic() - began
        results.append((result, name, detail))
        print(f"{took:7.1f} s  {result:7} {name}", flush=True)
        return result == "ok"

    if step("the emulator starts", session.start) and step("sam deploy", session.deploy):
        for group, checks in GROUPS:
            print(f"=== {group}", flush=True)
            for check in checks:
                if only is None or only in check.__name__:
                    step(sentence(check), lambda check=check: check(session))
    return results


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binaries", required=True, type=Path, help="a folder with NAME/bootstrap or NAME per function")
    arguments.add_argument("--architecture", default="x86_64", choices=["x86_64", "arm64"], help="of this machine and the binaries")
    arguments.add_argument("--only", help="only checks whose names hold this")
    arguments.add_argument("--keep", action="store_true", help="keep the run's folder, with all logs and the table's rows")
    given = arguments.parse_args()

    # So that being told to end stops the emulator too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="beckon-emulator-"))
    session = Session(folder, given.binaries.resolve(), given.architecture)
    began = time.monotonic()
    try:
        results = run(session, given.only)
    finally:
        if given.keep:
            session.keep_logs()
        session.stop()
        if given.keep:
            print(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    failed = [(name, detail) for result, name, detail in results if result != "ok"]
    print(f"=== {len(results) - len(failed)} passed, {len(failed)} failed, after {time.monotonic() - began:.0f} s")
    for name, detail in failed:
        # The last lines say why; the whole stands where it happened.
        print("\n".join([f"FAILED: {name}", *detail[-1500:].splitlines()[-8:]]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
