"""Runs every check of the enrolment page against one Beckon, and says how each ended and how long it took."""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from beckon import Beckon
from browser import Browser

import checks_declines
import checks_languages
import checks_links
import checks_looks
import checks_pins

GROUPS = [
    ("links", checks_links.CHECKS),
    ("PINs", checks_pins.CHECKS),
    ("declining", checks_declines.CHECKS),
    ("languages", checks_languages.CHECKS),
    ("looks", checks_looks.CHECKS),
]


class Session:
    """What the checks need: a Beckon and a browser."""

    def __init__(self, folder, given):
        self.beckon = Beckon(given.binary.resolve(), folder)
        self.browser = Browser(given.chromium, self.beckon, given.page)
        self.tours = None  # what was seen on them, once they were made

    def start(self):
        self.beckon.start()
        self.browser.start()

    def stop(self):
        try:
            self.browser.stop()
        finally:
            self.beckon.stop()


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
            detail = (isinstance(error, AssertionError) and str(error)) or traceback.format_exc()
            print(f"--- {name}\n{detail}", flush=True)
        took = time.monotonic() - began
        results.append((result, name, detail))
        print(f"{took:7.1f} s  {result:7} {name}", flush=True)
        return result == "ok"

    def from_the_start(check):
        session.beckon.settings({})
        check(session)

    if step("Beckon and Chromium start", session.start):
        for group, checks in GROUPS:
            print(f"=== {group}", flush=True)
            for check in checks:
                if only is None or only in sentence(check):
                    step(sentence(check), lambda check=check: from_the_start(check))
    return results


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binary", required=True, type=Path, help="beckon, as cargo builds it")
    arguments.add_argument("--chromium", required=True, help="the browser's program")
    arguments.add_argument("--only", help="only checks whose names hold this")
    arguments.add_argument("--page", type=Path, help="a folder with the page's files, in the place of those in the binary")
    given = arguments.parse_args()
    if given.page and not (given.page / "enroll.js").is_file():
        arguments.error(f"{given.page} has no enroll.js")

    # So that being told to end stops the others too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="beckon-browser-") as folder:
        session = Session(Path(folder), given)
        try:
            results = run(session, given.only)
        finally:
            session.stop()
    failed = [(name, detail) for result, name, detail in results if result != "ok"]
    print(f"=== {len(results) - len(failed)} passed, {len(failed)} failed, after {time.monotonic() - began:.0f} s")
    for name, detail in failed:
        # The last lines say why; the whole stands where it happened.
        print("\n".join([f"FAILED: {name}", *detail[-1500:].splitlines()[-8:]]))
    # With nothing but the start, nothing was checked.
    return 1 if failed or len(results) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
