"""The alarms: what each looks at, whether that exists, and whom it tells. And the dashboard."""

import json
import re

from reading import REPOSITORY, STACK, Deployed
from saying import Wrong, functions

# Sound only with EarlyWarnings: each has another alarm that sounds later, or tells of nothing lost.
EARLY = {
    "StreamRecordsDropped",
    "EventsLate",
    "ExpandErrors",
    "PublishErrors",
    "DeliverErrors",
    "RegistrationConfirmedErrors",
    "FeedbackErrors",
    "MaintenanceErrors",
}
# Must be there always: (metric, the most it may be, seconds until it sounds at the latest).
ALWAYS = {
    "DeadLetterQueueNotEmpty": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", 0, 60),
    "UnreadableRows": ("Beckon", "UnreadableRows", 0, 60),
    "EventsDropped": ("AWS/Lambda", "DestinationDeliveryFailures", 0, 60),
    "DeviceReportsLost": ("AWS/Lambda", "DestinationDeliveryFailures", 0, 60),
    "MailReportsLost": ("AWS/Lambda", "DestinationDeliveryFailures", 0, 60),
    "DeliveryPaused": ("Beckon", "DeliveryPaused", 1, 60),
    "MailOverdue": ("Beckon", "OldestDueMailSeconds", 900, 600),
    "BounceRate": ("AWS/SES", "Reputation.BounceRate", 0.04, 3600),
    "ComplaintRate": ("AWS/SES", "Reputation.ComplaintRate", 0.0008, 3600),
    "WrongSecrets": ("Beckon", "WrongSecrets", "500", 3600),
    "DeviceEventsRefused": ("Beckon", "UnprovenDeviceEvents", "500", 3600),
    "ApiErrors": ("AWS/ApiGateway", "5xx", 0, 300),
}
# Sound only where they are asked for, with DeviceEventsAlarm. The first is about what the API's log counts, the second about
# what maintenance measures.
ASKED_FOR = {"DeviceEventsLost": ("LostDeviceEvents", 0, 300)}
ASKED_FOR_OF_BECKON = {"SourcesSilent": ("SecondsSinceLastPoll", 3600, 300)}
# Counted in the API's log, in a namespace of the stack.
OF_THE_STACK = f"Beckon/{STACK}"
MISSING = {"MailOverdue": "breaching", "BounceRate": "ignore", "ComplaintRate": "ignore"}
STATISTICS = {
    "ApproximateNumberOfMessagesVisible": "Maximum",
    "DestinationDeliveryFailures": "Sum",
    "Errors": "Sum",
    "IteratorAge": "Maximum",
    "5xx": "Sum",
    "WrongSecrets": "Sum",
    "UnprovenDeviceEvents": "Sum",
    "UnreadableRows": "Sum",
}
# Metrics of AWS, and the dimension by which they are kept apart.
DIMENSIONS = {"AWS/SQS": "QueueName", "AWS/Lambda": "FunctionName", "AWS/ApiGateway": "ApiId", "Beckon": "Stack"}
# About one thing of several of its kind.
ABOUT = {
    "DeadLetterQueueNotEmpty": "FailureQueue",
    "EventsDropped": "PublishFunction",
    "StreamRecordsDropped": "ExpandFunction",
    "DeviceReportsLost": "RegistrationConfirmedFunction",
    "MailReportsLost": "FeedbackFunction",
    "EventsLate": "PublishFunction",
    "ApiErrors": "Api",
    **{f"{name}Errors": f"{name}Function" for name in ("Expand", "Publish", "Deliver", "RegistrationConfirmed", "Feedback", "Maintenance")},
}


def alarms(stack):
    return stack.of_type("AWS::CloudWatch::Alarm")


def logged_metrics():
    source = (REPOSITORY / "shared" / "runtime" / "src" / "metrics.rs").read_text()
    return set(re.findall(r'Self::\w+ => "(\w+)"', source)) - {"Seconds", "Milliseconds", "Count"}


def test_the_necessary_alarms_are_always_there(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        missing = set(ALWAYS) - set(alarms(stack))
        wrong.unless(not missing, f"{which}, alarms that are missing: {missing}")
        for name in set(ALWAYS) & set(alarms(stack)):
            namespace, metric, threshold, seconds = ALWAYS[name]
            alarm = alarms(stack)[name]
            wrong.equal((alarm["Namespace"], alarm["MetricName"]), (namespace, metric), f"{which}, the metric of {name}")
            wrong.equal(alarm["Threshold"], threshold, f"{which}, the threshold of {name}")
            wrong.equal(alarm["Period"] * alarm["EvaluationPeriods"], seconds, f"{which}, the seconds {name} looks at")
            missing_data = alarm.get("TreatMissingData")
            wrong.equal(missing_data, MISSING.get(name, "notBreaching"), f"{which}, what {name} makes of no values")
    wrong.raise_if_any()


def test_early_warnings_are_there_only_where_they_are_asked_for(stacks):
    wrong = Wrong()
    wrong.unless(not EARLY & set(alarms(stacks.default)), "early warnings are there by default")
    missing = EARLY - set(alarms(stacks.options))
    wrong.unless(not missing, f"early warnings that are missing: {missing}")
    for name in EARLY & set(alarms(stacks.options)):
        wrong.equal(alarms(stacks.options)[name].get("TreatMissingData"), "notBreaching", f"what {name} makes of no values")
    late = alarms(stacks.options).get("EventsLate", {})
    wrong.equal((late.get("MetricName"), late.get("Threshold")), ("IteratorAge", 900000), "when EventsLate sounds")
    for name in EARLY:
        alarm = alarms(stacks.options).get(name, {})
        if name.endswith("Errors"):
            wrong.equal((alarm.get("MetricName"), alarm.get("Threshold")), ("Errors", 0), f"what {name} looks at")
    wrong.raise_if_any()


def counted_in_logs(stack):
    """The metrics of the stack's own namespace: {name: filter}."""
    found = {}
    for each in stack.of_type("AWS::Logs::MetricFilter").values():
        for metric in each["MetricTransformations"]:
            if metric["MetricNamespace"] == OF_THE_STACK and metric["MetricValue"] == "1":
                found[metric["MetricName"]] = each
    return found


def test_messages_of_device_managements_that_are_lost_are_counted_and_sound_where_that_is_asked_for(stacks):
    wrong = Wrong()
    asked_for = {**ASKED_FOR, **ASKED_FOR_OF_BECKON}
    wrong.unless(not set(asked_for) & set(alarms(stacks.default)), "alarms that nobody asked for")
    for name, (metric, threshold, seconds) in asked_for.items():
        alarm = alarms(stacks.options).get(name, {})
        namespace = OF_THE_STACK if name in ASKED_FOR else "Beckon"
        wrong.equal((alarm.get("Namespace"), alarm.get("MetricName")), (namespace, metric), f"the metric of {name}")
        comparison = (alarm.get("ComparisonOperator"), alarm.get("Threshold"), alarm.get("EvaluationPeriods"))
        wrong.equal(comparison, ("GreaterThanThreshold", threshold, 1), f"when {name} sounds")
        wrong.equal((alarm.get("Period"), alarm.get("TreatMissingData")), (seconds, "notBreaching"), f"what {name} looks at")
    for which, stack in stacks.every.items():
        counted = counted_in_logs(stack).get("LostDeviceEvents", {})
        wrong.equal(counted.get("LogGroupName"), stack.ref("ApiLogs"), f"{which}, where lost messages are counted")
        pattern = counted.get("FilterPattern", "")
        for part in ('$.route = "POST /v1/device-events/*"', '$.status = "429"', '$.status = "5*"'):
            wrong.unless(part in pattern, f"{which}, lost messages are counted by {pattern}")
        # Each name of the pattern is one of the access log.
        logged = stack.properties("Stage")["AccessLogSettings"]["Format"]
        for field in set(re.findall(r"\$\.(\w+)", pattern)):
            wrong.unless(f'"{field}":' in logged, f"{which}, the access log has no {field}")
    wrong.raise_if_any()


def test_each_alarm_looks_at_something_that_exists(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        for name, alarm in alarms(stack).items():
            dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
            namespace = alarm["Namespace"]
            if namespace == OF_THE_STACK:
                wrong.equal(dimensions, {}, f"{which}, {name} looks at the whole stack")
                wrong.unless(alarm["MetricName"] in counted_in_logs(stack), f"{name} looks at {alarm['MetricName']}, which no log counts")
                wrong.equal(alarm["Statistic"], "Sum", f"{which}, the statistic of {name}")
                wrong.unless(name in ASKED_FOR, f"{name} is not among the alarms that are asked for")
                continue
            if namespace == "AWS/SES":
                wrong.equal(dimensions, {}, f"{which}, {name} looks at the whole account")
                continue
            wrong.equal(set(dimensions), {DIMENSIONS[namespace]}, f"{which}, the dimensions of {name}")
            value = next(iter(dimensions.values()), None)
            if namespace == "Beckon":
                wrong.equal(value, stack.ref("AWS::StackName"), f"{which}, whose metric {name} looks at")
                wrong.unless(alarm["MetricName"] in logged_metrics(), f"{name} looks at {alarm['MetricName']}, which nothing logs")
            elif name in ABOUT:
                logical = ABOUT[name]
                expected = stack.attribute(logical, "QueueName") if namespace == "AWS/SQS" else stack.ref(logical)
                wrong.equal(value, expected, f"{which}, what {name} looks at")
            else:
                wrong.unless(False, f"what {name} looks at is not said here")
            statistic = STATISTICS.get(alarm["MetricName"], "Maximum")
            if namespace != "Beckon" or alarm["MetricName"] in STATISTICS:
                wrong.equal(alarm["Statistic"], statistic, f"{which}, the statistic of {name}")
            comparison = "GreaterThanOrEqualToThreshold" if name == "DeliveryPaused" else "GreaterThanThreshold"
            if name in ALWAYS or name in EARLY or name in ASKED_FOR_OF_BECKON:
                wrong.equal(alarm["ComparisonOperator"], comparison, f"{which}, how {name} compares")
            else:
                wrong.unless(False, f"{name} is neither among the alarms that are always there nor an early warning")
            points = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
            wrong.unless(1 <= points <= alarm["EvaluationPeriods"], f"{which}, {name} can never sound")
            if alarm["MetricName"] in ("Errors", "5xx", "IteratorAge"):
                wrong.equal((points, alarm["EvaluationPeriods"]), (3, 5), f"{which}, in how many minutes {name} sounds")
    wrong.raise_if_any()


def test_each_alarm_tells_the_topic_when_it_begins_and_ends(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        topic = [stack.ref("AlarmTopic")]
        for name, alarm in alarms(stack).items():
            wrong.equal(alarm.get("AlarmActions"), topic, f"{which}, whom {name} tells")
            wrong.equal(alarm.get("OKActions"), topic, f"{which}, whom {name} tells of its end")
            wrong.equal(alarm.get("ActionsEnabled", True), True, f"{which}, whether {name} tells anybody")
            wrong.unless(len(alarm.get("AlarmDescription", "")) > 20, f"{which}, {name} does not say what it means")
    wrong.raise_if_any()


def test_alarms_are_mailed_to_the_address_that_is_given(stacks):
    wrong = Wrong()
    wrong.unless("AlarmSubscription" not in stacks.default.there, "alarms are mailed though no address was given")
    subscription = stacks.options.properties("AlarmSubscription")
    expected = {"TopicArn": stacks.options.ref("AlarmTopic"), "Protocol": "email", "Endpoint": "operators@example.com"}
    wrong.equal(subscription, expected, "how alarms are mailed")
    wrong.raise_if_any()


def test_each_function_that_events_call_has_alarms_about_it(stacks):
    """One for its errors, and, where something would be lost, one for what found no place to go."""
    wrong = Wrong()
    stack = stacks.options
    covered = {each["Value"] for alarm in alarms(stack).values() for each in alarm.get("Dimensions", [])}
    for name, logical in functions(stack).items():
        if name in ("expand", "publish", "deliver", "registration-confirmed", "feedback", "maintenance"):
            wrong.unless(stack.ref(logical) in covered, f"no alarm is about {name}")
    wrong.raise_if_any()


def test_the_dashboard_shows_all_alarms_where_it_is_asked_for(stacks):
    wrong = Wrong()
    wrong.unless("Dashboard" not in stacks.default.there, "there is a dashboard by default, which costs 3 dollars a month")
    shown = json.loads(stacks.options.properties("Dashboard")["DashboardBody"])["widgets"]
    [panel] = [widget["properties"]["alarms"] for widget in shown if widget["type"] == "alarm"]
    wrong.equal(sorted(panel), sorted(stacks.options.attribute(name, "Arn") for name in alarms(stacks.options)), "alarms on the dashboard")
    metrics = [metric for widget in shown for metric in widget["properties"].get("metrics", [])]
    ours = {each for metric in metrics for each in metric if isinstance(each, str)} & logged_metrics()
    wrong.unless(len(ours) >= 5, f"the dashboard shows {len(ours)} metrics of Beckon")
    # And with nothing but the dashboard asked for.
    alone = Deployed(stacks.document, {"DashboardEnabled": "true"})
    shown = json.loads(alone.properties("Dashboard")["DashboardBody"])["widgets"]
    [panel] = [widget["properties"]["alarms"] for widget in shown if widget["type"] == "alarm"]
    wrong.equal(sorted(panel), sorted(alone.attribute(name, "Arn") for name in alarms(alone)), "alarms on the dashboard alone")
    wrong.raise_if_any()
