"""Runs every check of the enrolment page against one Beckon, and says how each ended and how long it took."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from beckon import Beckon
from browser import Browser
from checking import Checking

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

    def from_the_start(self, check):
        """Carries out a check under settings that nobody changed."""
        self.beckon.settings({})
        check(self)

    def stop(self):
        try:
            self.browser.stop()
        finally:
            self.beckon.stop()


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
    checking = Checking()
    with tempfile.TemporaryDirectory(prefix="beckon-browser-") as folder:
        session = Session(Path(folder), given)
        try:
            if checking.step("Beckon and Chromium start", session.start):
                checking.groups(GROUPS, given.only, session.from_the_start)
        finally:
            session.stop()
    # With nothing but the start, nothing was checked.
    return 1 if checking.failed() or checking.steps < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
