"""Runs every check of the template, and says how each ended."""

import argparse
import sys
from pathlib import Path

from checking import Checking

import checks_access
import checks_alarms
import checks_api
import checks_events
import checks_functions
import checks_limits
import checks_state
import checks_streams
import cost
import limits
from reading import TEMPLATE, Stacks, read

GROUPS = [
    ("functions", checks_functions.CHECKS),
    ("who may do what", checks_access.CHECKS),
    ("the API", checks_api.CHECKS),
    ("events", checks_events.CHECKS),
    ("the stream", checks_streams.CHECKS),
    ("state", checks_state.CHECKS),
    ("alarms", checks_alarms.CHECKS),
    ("limits and costs", checks_limits.CHECKS),
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--template", type=Path, default=TEMPLATE)
    arguments.add_argument("--only", help="only checks whose names hold this")
    arguments.add_argument("--tables", action="store_true", help="print the tables that docs/deploy.md shows, and check nothing")
    given = arguments.parse_args()
    stacks = Stacks(read(given.template))
    if given.tables:
        print("\n".join([*cost.table(stacks.default), "", *limits.table(stacks.default)]))
        return 0
    checking = Checking()
    checking.groups(GROUPS, given.only, lambda check: check(stacks))
    return 1 if checking.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
