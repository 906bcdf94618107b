"""The metric lines that alarms and dashboard count: whether the functions logged them during the run."""

import json
import re

import cost
import deployment
from test_walk import equal
from waiting import until

NAMESPACE = "Beckon"


def metrics_in(lines):
    """The metrics in lines of the embedded metric format: {name: [(dimensions, value)]}."""
    found = {}
    for line in lines:
        try:
            document = json.loads(line)
            directives = document["_aws"]["CloudWatchMetrics"]
        except (ValueError, TypeError, KeyError):
            continue
        for directive in directives:
            if directive["Namespace"] != NAMESPACE:
                continue
            for metric in directive["Metrics"]:
                for names in directive["Dimensions"]:
                    dimensions = {name: document[name] for name in names}
                    found.setdefault(metric["Name"], []).append((dimensions, document[metric["Name"]]))
    return found


def counted(document):
    """The metrics of ours that the template counts, in alarms and on the dashboard."""
    names = {
        alarm["Properties"]["MetricName"]
        for alarm in document["Resources"].values()
        if alarm["Type"] == "AWS::CloudWatch::Alarm" and alarm["Properties"]["Namespace"] == NAMESPACE
    }
    body = document["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
    for metrics in re.findall(r'"Beckon", .*?\] \}', body, re.DOTALL):
        names.update(re.findall(r'\[ (?:"Beckon"|"\."), "(\w+)"', "[ " + metrics))
    return names


def test_every_metric_that_is_counted_was_logged(session):
    lines = [line for name in session.stack.functions() for line in session.stack.log_lines(name)]
    logged = metrics_in(lines)
    missing = counted(deployment.template()) - logged.keys()
    equal(missing, set(), "metrics that no function logged")
    for name, values in logged.items():
        for dimensions, _ in values:
            equal(dimensions, {"Stack": deployment.STACK}, f"the dimensions of {name}")
    if not any(value == 1 for _, value in logged["DeliveryPaused"]):
        raise AssertionError("maintenance never logged that delivery is paused")


def test_only_the_metrics_that_are_paid_for_are_logged_while_nothing_happens(session):
    """Each metric with values costs; `tests/template/cost.py` counts those of every round of maintenance."""
    before = len(session.stack.log_lines("maintenance"))
    session.run_maintenance()
    fresh = until("maintenance logs its round", lambda: metrics_in(session.stack.log_lines("maintenance")[before:]))
    equal(set(fresh), cost.EVERY_ROUND, "what maintenance logs in a round in which nothing is due")
