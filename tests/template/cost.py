"""What a month costs in which nothing happens, from the template by default and AWS's list prices.

    tests/template/run --tables    prints the table that docs/deploy.md shows

Nothing here counts on what AWS gives for free, nor on discounts.
"""

import re
from dataclasses import dataclass

from reading import REPOSITORY
from saying import functions

MOST_DOLLARS = 2.20

# US dollars, us-east-1, list prices of 2026, by the pages of AWS that name them:
# aws.amazon.com/cloudwatch/pricing (alarms of standard resolution, custom metrics, dashboards, logs, traces)
ALARM = 0.10
METRIC = 0.30
DASHBOARD = 3.00
LOGS_TAKEN_IN_A_GB = 0.50
LOGS_KEPT_A_GB = 0.03
TRACES_A_MILLION = 5.00
# aws.amazon.com/secrets-manager/pricing
SECRET = 0.40
# aws.amazon.com/kms/pricing: a key of one's own; keys of AWS cost nothing by themselves.
KEY = 1.00
# aws.amazon.com/lambda/pricing
RUNS_A_MILLION = 0.20
GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
# aws.amazon.com/dynamodb/pricing/on-demand: read request units; a GB of table, a GB of point-in-time recovery.
READS_A_MILLION = 0.125
TABLE_A_GB = 0.25
RECOVERY_A_GB = 0.20
# aws.amazon.com/cognito/pricing: a client of a machine.
MACHINE_CLIENT = 6.00

HOURS = 730
ROUNDS = HOURS * 60

# Seconds that a round of maintenance takes: 64 queries, 16 at a time. An estimate.
ROUND_SECONDS = 0.1
# Bytes that a round logs: Lambda's own lines and the one with its metric, at 26 bytes more for each. An estimate.
ROUND_LOGS = 2_000
# A table of ten thousand users. An estimate.
TABLE_GB = 0.03

# What maintenance reads in a round: four kinds of rows that may be due, from each part of the index; one unit reads
# two of them. The pause and, for messages and for systems that are asked, the settings are read consistently, a unit each.
DUE_KINDS = 4
PAUSE_AND_SETTINGS = 3

# Metrics that maintenance logs in every round, and those that it logs only when there is something to say. A metric
# costs for each hour in which it has values.
EVERY_ROUND = {"OldestDueMailSeconds"}
WHEN_IT_HAPPENS = {"DeliveryPaused", "FailedDeviceEvents", "Failures", "SecondsSinceLastPoll", "UnreadableRows"}

# A month in which systems are asked. How long a round takes, and how many sources there are, are estimates; a round reads the
# secret, the settings and a row, and writes the row twice.
POLLS = HOURS * 12
POLL_SECONDS = 2
POLLED_SOURCES = 2
SECRET_READS_A_MILLION = 5.00
WRITES_A_MILLION = 0.625
MOST_DOLLARS_OF_POLLING = 1.00


@dataclass
class Item:
    """A line of the table."""

    what: str
    how_much: str
    price: str
    dollars: float

    def row(self):
        return f"| {self.what} | {self.how_much} | {self.price} | {self.dollars:.2f} |"


def shards():
    source = (REPOSITORY / "shared" / "aws" / "src" / "table" / "keys.rs").read_text()
    return int(re.search(r"SHARDS: u8 = (\d+);", source)[1])


def metrics_in(path):
    return set(re.findall(r"Metric::([A-Z]\w+)", (REPOSITORY / path).read_text()))


def idle_metrics():
    """The metrics that have values though nothing happens."""
    by_maintenance = metrics_in("functions/maintenance/src/lib.rs")
    unknown = by_maintenance - EVERY_ROUND - WHEN_IT_HAPPENS
    if unknown:
        raise AssertionError(f"maintenance logs {unknown}: say in cost.py whether in every round or only when it happens")
    # What every process logs as it starts; maintenance's starts a few times a day.
    at_start = metrics_in("shared/runtime/src/telemetry.rs")
    return (by_maintenance & EVERY_ROUND) | at_start


def alarm_metrics(alarm):
    """How many metrics an alarm is charged for."""
    if "Metrics" in alarm:
        return sum("MetricStat" in each for each in alarm["Metrics"])
    return 1


def set_metrics(stack):
    """Metrics beyond ours that AWS publishes at a price: of a configuration set, and of an event source."""
    sets = stack.of_type("AWS::SES::ConfigurationSet").values()
    reputation = sum(2 for each in sets if each.get("ReputationOptions", {}).get("ReputationMetricsEnabled"))
    sources = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    # PolledEventCount, FilteredOutEventCount, InvokedEventCount, FailedInvokeEventCount, DroppedEventCount and
    # OnFailureDestinationDeliveredEventCount.
    return reputation + sum(6 for each in sources if each.get("MetricsConfig"))


def idle_month(stack):
    """The items of a month in which nothing happens."""
    function = stack.properties(functions(stack)["maintenance"])
    _, _, rule = _maintenance_rule(stack)
    rounds = ROUNDS if rule["ScheduleExpression"] == "rate(1 minute)" else ROUNDS * 60
    memory = function["MemorySize"] / 1024
    processors = function["Architectures"][0]
    alarms = sum(alarm_metrics(each) for each in stack.of_type("AWS::CloudWatch::Alarm").values())
    dashboards = len(stack.of_type("AWS::CloudWatch::Dashboard"))
    metrics = len(idle_metrics()) + set_metrics(stack)
    secrets = len(stack.of_type("AWS::SecretsManager::Secret"))
    keys = len(stack.of_type("AWS::KMS::Key"))
    clients = sum("client_credentials" in each.get("AllowedOAuthFlows", []) for each in stack.of_type("AWS::Cognito::UserPoolClient").values())
    reads = (DUE_KINDS * shards() / 2 + PAUSE_AND_SETTINGS) * rounds
    traced = function.get("TracingConfig", {}).get("Mode") == "Active"
    logs = ROUND_LOGS * rounds / 1e9
    recovery = stack.properties("Table").get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled")
    gb = TABLE_A_GB + (RECOVERY_A_GB if recovery else 0)
    runs = rounds * RUNS_A_MILLION / 1e6 + rounds * ROUND_SECONDS * memory * GB_SECOND[processors]
    items = [
        Item("alarms", f"{alarms} (C)", "0.10 each", alarms * ALARM),
        Item("metrics that have values", f"{metrics} (C)", "0.30 each", metrics * METRIC),
        Item("secret", f"{secrets} (C)", "0.40 each", secrets * SECRET),
        Item("maintenance's reads of the table", f"{reads / 1e6:.2f} million units (C)", "0.125 a million", reads / 1e6 * READS_A_MILLION),
        Item(
            "maintenance's runs",
            f"{rounds:,} (C), {ROUND_SECONDS} s at {function['MemorySize']} MB (E)",
            f"0.20 a million, {GB_SECOND[processors]:.7f} a GB-second",
            runs,
        ),
        Item("maintenance's logs", f"{logs:.2f} GB (E)", "0.50 a GB taken in, 0.03 a GB kept", logs * (LOGS_TAKEN_IN_A_GB + LOGS_KEPT_A_GB)),
        Item("table", f"{TABLE_GB} GB for 10,000 users (E)", "0.25 a GB, and 0.20 to restore it", TABLE_GB * gb),
        Item("dashboard", f"{dashboards} (C)", "3.00 each", dashboards * DASHBOARD),
        Item("maintenance's traces", f"{rounds if traced else 0} (C)", "5.00 a million", rounds * traced * TRACES_A_MILLION / 1e6),
        Item("clients of machines in Cognito", f"{clients} (C)", "6.00 each", clients * MACHINE_CLIENT),
        Item("keys of KMS", f"{keys} (C)", "1.00 each", keys * KEY),
    ]
    return items


def polling_month(stack):
    """What a month costs beside the idle one in which systems are asked and nobody enrols."""
    function = stack.properties(functions(stack)["poll"])
    seconds = POLLS * POLL_SECONDS * function["MemorySize"] / 1024
    runs = POLLS * RUNS_A_MILLION / 1e6 + seconds * GB_SECOND[function["Architectures"][0]]
    traced = function.get("TracingConfig", {}).get("Mode") == "Active"
    # Maintenance reads the row of each source every minute.
    reads = POLLED_SOURCES * (ROUNDS + 3 * POLLS)
    writes = POLLED_SOURCES * 2 * POLLS
    logs = ROUND_LOGS * POLLS / 1e9
    return [
        Item("metric that has values", "1 (C)", "0.30 each", METRIC),
        Item("runs of `poll`", f"{POLLS:,} (C), {POLL_SECONDS} s at {function['MemorySize']} MB (E)", "as above", runs),
        Item("its traces and logs", f"{POLLS if traced else 0:,} (C), {logs:.2f} GB (E)", "as above", POLLS * traced * TRACES_A_MILLION / 1e6 + logs * (LOGS_TAKEN_IN_A_GB + LOGS_KEPT_A_GB)),
        Item("reads of the secret", f"{POLLS:,} (C)", "5.00 a million", POLLS * SECRET_READS_A_MILLION / 1e6),
        Item("the table's reads and writes", f"{reads:,} and {writes:,} units of {POLLED_SOURCES} sources (C)", "0.125 and 0.625 a million", reads * READS_A_MILLION / 1e6 + writes * WRITES_A_MILLION / 1e6),
    ]


def _maintenance_rule(stack):
    arn = stack.attribute(functions(stack)["maintenance"], "Arn")
    for name, rule in stack.of_type("AWS::Events::Rule").items():
        if any(target["Arn"] == arn for target in rule["Targets"]):
            return name, arn, rule
    raise AssertionError("no rule calls maintenance")


def table(stack):
    """The table of docs/deploy.md."""
    items = idle_month(stack)
    total = sum(item.dollars for item in items)
    return [
        "| what | how much | price | a month |",
        "| --- | --- | --- | --- |",
        *(item.row() for item in items),
        f"| **together** | | | **{total:.2f}** |",
    ]


def polling_table(stack):
    """The second table of docs/deploy.md."""
    items = polling_month(stack)
    return [
        "| what | how much | price | a month |",
        "| --- | --- | --- | --- |",
        *(item.row() for item in items),
        f"| **together** | | | **{polling_total(stack):.2f}** |",
    ]


def polling_total(stack):
    return sum(item.dollars for item in polling_month(stack))


def total(stack):
    return sum(item.dollars for item in idle_month(stack))
