"""Spoils copies of the template, one fault each, and shows which check finds it.

Each fault is one that would stop mail, lose what was reported, let somebody in or keep everybody out, and that a
deployment would take without a word.
"""

import copy

import pytest
import test_access
import test_alarms
import test_api
import test_events
import test_functions
import test_limits
import test_state
import test_streams
from faults import FAULTS
from reading import Dangling, Stacks, read, transformed

GROUPS = (test_functions, test_access, test_api, test_events, test_streams, test_state, test_alarms, test_limits)
CHECKS = [check for group in GROUPS for name, check in vars(group).items() if name.startswith("test_") and callable(check)]


def sentence(function):
    return function.__name__.removeprefix("test_").replace("_", " ")


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


@pytest.fixture(scope="session")
def sound(template, stacks):
    """The template, in which no check finds anything before it is spoilt."""
    found = findings(stacks)
    assert not found, "\n".join(f"{check}: {says}" for check, says in found.items())
    return template


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_found(sound, fault, capsys):
    found = findings(spoilt(sound, fault))

    # Documents that no longer fit say nothing about the fault itself.
    found.pop("the documentation shows these figures", None)
    assert found, f"no check finds that {sentence(fault)}"
    check, says = next(iter(found.items()))
    with capsys.disabled():
        print(f"\n  by: {check}\n  {says[:160]}")


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


if __name__ == "__main__":
    for how, path in survivors(read()):
        print(how, ".".join(str(step) for step in path[1:]), flush=True)
