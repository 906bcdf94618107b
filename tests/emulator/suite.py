"""Runs every check against one deployed stack, and says how each ended and how long it took."""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from checking import Checking
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
    checking = Checking()
    try:
        if checking.step("the emulator starts", session.start) and checking.step("sam deploy", session.deploy):
            checking.groups(GROUPS, given.only, lambda check: check(session))
    finally:
        if given.keep:
            session.keep_logs()
        session.stop()
        if given.keep:
            print(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if checking.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
