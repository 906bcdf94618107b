"""How many functions run at a time when everything happens at once, by the limits of the template.

What comes at a rate and holds a function for a while runs rate times duration at a time. What a stream hands over
comes in batches: for each shard one call, then a window in which records gather.
"""

import re
from dataclasses import dataclass

import gateway
from test_api import LOOK_AT_SECRETS
from test_streams import only_source
from reading import REPOSITORY

# The concurrent executions of a new account.
MOST_AT_A_TIME = 10

# Seconds. A refusal is held back as long as the code says; the others are estimates from runs on one machine.
READ_SECONDS = 0.02
PAGE_SECONDS = 0.01
ADMINISTRATOR_SECONDS = 0.1
RECORD_SECONDS = 0.05
REPORT_SECONDS = 0.03
KEEP_SECONDS = 0.015
CALL_SECONDS = {"expand": 0.25, "publish": 0.15}
MAINTENANCE_SECONDS = 0.1
POLL_SECONDS = 2

# A new table on demand has four partitions, and its stream a shard for each.
SHARDS = 4
# What the page loads: itself, style, script, words, look.
LOADS = 5
# The mails a second that SES gives an account outside its sandbox to begin with, and its reports of each.
MAILS = 14
REPORTS = 2
ADMINISTRATORS = 5


@dataclass
class Share:
    """What runs of one kind at a time."""

    what: str
    how: str
    at_a_time: float

    def row(self):
        return f"| {self.what} | {self.how} | {self.at_a_time:.2f} |"


def refusal_seconds():
    source = (REPOSITORY / "functions" / "redeem" / "src" / "main.rs").read_text()
    return int(re.search(r'"BECKON_REFUSE_AFTER_MILLIS", (\d+)', source)[1]) / 1000


def shares(stack):
    rate = int(stack.parameters["PublicRequestsPerSecond"])
    held = refusal_seconds()
    # Every one of these is held back when it is refused or whatever comes of it; a registration is only read, also by whoever
    # asks where to go on, unless a source has to issue a token first.
    refused = len(LOOK_AT_SECRETS) - 2
    events = int(stack.parameters["DeviceEventsPerSecond"])
    found = [
        Share("redeeming, asking for a PIN, declining", f"{refused} routes, {rate} a second each, {held} s when refused", refused * rate * held),
        Share("`device-events`", f"{events} messages a second, {KEEP_SECONDS} s", events * KEEP_SECONDS),
        Share("`scim`", f"{scim_rate(stack)} requests a second, {READ_SECONDS} s", scim_rate(stack) * READ_SECONDS),
        Share("reading a registration, or asking where to go on", f"{rate} a second, {READ_SECONDS} s", rate * READ_SECONDS),
        Share("the enrolment page", f"{LOADS} loads for each of {rate} people a second, {PAGE_SECONDS} s", LOADS * rate * PAGE_SECONDS),
        *_elsewhere(stack),
        Share("administrators", f"{ADMINISTRATORS} requests a second, {ADMINISTRATOR_SECONDS} s", ADMINISTRATORS * ADMINISTRATOR_SECONDS),
        Share("`deliver`", "one at a time, by its lease", 1.0),
    ]
    for name, seconds in CALL_SECONDS.items():
        source = only_source(stack, name)
        window = source.get("MaximumBatchingWindowInSeconds", 0)
        shards = SHARDS * source.get("ParallelizationFactor", 1)
        found.append(
            Share(f"`{name}`", f"{shards} shards, {seconds} s of work, then a window of {window} s", shards * seconds / (seconds + window))
        )
    found += [
        Share("`feedback`", f"{MAILS} mails a second, {REPORTS} reports each, {REPORT_SECONDS} s", MAILS * REPORTS * REPORT_SECONDS),
        Share("`registration-confirmed`", f"{rate} reports a second, {RECORD_SECONDS} s", rate * RECORD_SECONDS),
        Share("`maintenance`", f"once a minute, {MAINTENANCE_SECONDS} s", MAINTENANCE_SECONDS / 60),
        Share("`poll`", f"every five minutes, {POLL_SECONDS} s", POLL_SECONDS / 300),
    ]
    return found


def scim_rate(stack):
    """The requests a second that a directory may make."""
    return gateway.stage(stack)["RouteSettings"]["ANY /scim/v2/{path+}"]["ThrottlingRateLimit"]


def _elsewhere(stack):
    """Requests for what there is not, if a route takes them."""
    settings = gateway.stage(stack).get("RouteSettings", {}).get("$default")
    if settings is None:
        return []
    rate = settings["ThrottlingRateLimit"]
    return [Share("what there is not", f"{rate} a second, {PAGE_SECONDS} s", rate * PAGE_SECONDS)]


def table(stack):
    """The table of docs/deploy.md."""
    every = shares(stack)
    return [
        "| what | how often, and how long | at a time |",
        "| --- | --- | --- |",
        *(share.row() for share in every),
        f"| **together** | | **{total(stack):.2f}** |",
    ]


def total(stack):
    return sum(share.at_a_time for share in shares(stack))
