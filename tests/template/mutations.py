"""Spoils copies of the template, one fault each, and shows which check finds it.

Each fault is one that would stop mail, lose what was reported, let somebody in or keep everybody out, and that a
deployment would take without a word.
"""

import argparse
import copy
import sys

from checking import sentence
from faults import FAULTS
from reading import Dangling, Stacks, read, transformed
from suite import GROUPS

CHECKS = [check for _, checks in GROUPS for check in checks]


def findings(stacks, first=False):
    """The checks that fail, with what they say first: {check: sentence}."""
    found = {}
    for check in CHECKS:
        try:
            check(stacks)
        except Exception as error:  # noqa: BLE001 - a check that cannot be carried out has found something too
            found[sentence(check)] = str(error).splitlines()[0] if str(error) else type(error).__name__
            if first:
                break
    return found


def spoilt(template, fault):
    """The stacks of a template with a fault, or the error at which its deployment would end."""
    document = copy.deepcopy(template)
    fault(document)
    if document == template:
        raise AssertionError(f"the fault {sentence(fault)!r} changed nothing: it does not fit the template any more")
    return Stacks(document)


def every_fault_is_found(template, only):
    missed = 0
    for fault in FAULTS:
        name = sentence(fault)
        if only and only not in name:
            continue
        found = findings(spoilt(template, fault))
        # Documents that no longer fit say nothing about the fault itself.
        found.pop("the documentation shows these figures", None)
        if found:
            check, says = next(iter(found.items()))
            print(f"found    {name}\n           by: {check}\n           {says[:160]}")
        else:
            missed += 1
            print(f"MISSED   {name}")
    print(f"=== {len(FAULTS)} faults, {missed} missed")
    return missed == 0


def leaves(value, path=()):
    if isinstance(value, dict):
        for name, each in value.items():
            yield (*path, name)
            yield from leaves(each, (*path, name))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield (*path, at)
            yield from leaves(each, (*path, at))


def without(document, path):
    *parents, last = path
    for step in parents:
        document = document[step]
    del document[last]


def altered(document, path):
    """Changes a value; gives whether it was one that can be changed."""
    *parents, last = path
    for step in parents:
        document = document[step]
    value = document[last]
    if isinstance(value, bool):
        document[last] = not value
    elif isinstance(value, int):
        document[last] = value * 2 + 1
    elif isinstance(value, str):
        document[last] = value + "x"
    else:
        return False
    return True


def survivors(template):
    """Every value whose loss or change no check notices. Of resources of a type, a value that stands in the same
    place in several is tried in the first alone."""
    document = transformed(template)
    tried = set()
    for path in list(leaves(document["Resources"], ("Resources",))):
        if len(path) < 3 or path[2] in ("Metadata",) or path[-1] in ("Description", "AlarmDescription", "Tags"):
            continue
        place = (document["Resources"][path[1]]["Type"], path[2:])
        if place in tried:
            continue
        tried.add(place)
        for how, spoil in (("without", without), ("altered", altered)):
            spoilt_document = copy.deepcopy(document)
            if spoil(spoilt_document, path) is False:
                continue
            stacks = Stacks.__new__(Stacks)
            stacks.raw, stacks.document = template, spoilt_document
            try:
                if not findings(stacks, first=True):
                    yield how, path
            except Dangling:
                continue


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", help="only faults whose names hold this")
    arguments.add_argument("--every", action="store_true", help="leave out or alter every value, and list what nothing notices")
    given = arguments.parse_args()
    template = read()
    sound = findings(Stacks(template))
    if sound:
        print("the template has faults before it is spoilt:\n" + "\n".join(f"{check}: {says}" for check, says in sound.items()))
        return 1
    if given.every:
        for how, path in survivors(template):
            print(how, ".".join(str(step) for step in path[1:]), flush=True)
        return 0
    return 0 if every_fault_is_found(template, given.only) else 1


if __name__ == "__main__":
    sys.exit(main())
