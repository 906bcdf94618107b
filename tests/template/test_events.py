"""What calls the functions: rules, event sources and permissions; and where goes what none of them took."""

import copy
import json

from test_access import ENCRYPTED, queue_documents
from patterns import matches
from policies import allows
from reading import ACCOUNT, REPOSITORY
from saying import Wrong, functions

SAMPLES = REPOSITORY / "tests" / "events"

# What SES reports and `feedback` records. Opens and clicks are not among them: SES would change the mails.
MAIL_EVENTS = {"send", "delivery", "deliveryDelay", "bounce", "complaint", "reject", "renderingFailure"}

# Where goes what a function failed on, or what could not be handed to it: what asks for somebody apart from what
# the next minute makes up for.
FAILED = {
    "registration-confirmed": "FailureQueue",
    "feedback": "FailureQueue",
    "deliver": "MissedCallsQueue",
    "maintenance": "MissedCallsQueue",
    "poll": "MissedCallsQueue",
}
# How often and how long Lambda tries an event again: (times, seconds).
ASYNCHRONOUS = {
    "registration-confirmed": (2, 21600),
    "feedback": (2, 21600),
    # Later ones have been sent since.
    "deliver": (1, 180),
    "maintenance": (0, 60),
    # A later round of maintenance asks for it again.
    "poll": (0, 180),
}


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def rule_of(stack, function):
    """The rules that have a function for their target: {logical id: rule}."""
    arn = stack.attribute(function, "Arn")
    rules = stack.of_type("AWS::Events::Rule")
    return {name: rule for name, rule in rules.items() if any(target["Arn"] == arn for target in rule["Targets"])}


def only_rule_of(stack, name):
    rules = rule_of(stack, functions(stack)[name])
    if len(rules) != 1:
        raise AssertionError(f"{len(rules)} rules call {name}")
    return next(iter(rules.items()))


def enabled(rule):
    return rule.get("State", "ENABLED") == "ENABLED"


def test_rules_are_enabled_and_may_call_their_functions(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        for name in ("registration-confirmed", "feedback", "maintenance"):
            logical, rule = only_rule_of(stack, name)
            wrong.unless(enabled(rule), f"{which}, the rule of {name} is disabled")
            arn = stack.attribute(logical, "Arn")
            wrong.unless(
                may_call(stack, functions(stack)[name], "events.amazonaws.com", arn), f"{which}, the rule may not call {name}"
            )
            foreign = arn.replace(":rule/", ":rule/another-")
            wrong.unless(
                not may_call(stack, functions(stack)[name], "events.amazonaws.com", foreign), f"{which}, any rule may call {name}"
            )
    wrong.raise_if_any()


def may_call(stack, function, principal, source):
    """Whether a service may call a function for a source, by the function's resource policy."""
    names = {stack.ref(function), stack.attribute(function, "Arn")}
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": permission["Principal"]},
            "Action": permission["Action"],
            "Resource": stack.attribute(function, "Arn"),
            "Condition": {"ArnLike": {"aws:SourceArn": permission["SourceArn"]}} if "SourceArn" in permission else {},
        }
        for permission in stack.of_type("AWS::Lambda::Permission").values()
        if permission["FunctionName"] in names
    ]
    document = {"Statement": statements}
    arn = stack.attribute(function, "Arn")
    return allows([document], "lambda:InvokeFunction", arn, {"aws:SourceArn": source}, principal)


def test_reports_of_the_mdm_reach_their_function_and_nothing_else_does(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        _, rule = only_rule_of(stack, "registration-confirmed")
        wrong.equal(rule.get("EventBusName"), stack.ref("Bus"), f"{which}, the bus of the rule")
        report = sample("registration-confirmed")
        for source in stack.parameters["EventSources"]:
            reported = {**report, "source": source, "detail-type": "Device Registered"}
            wrong.unless(matches(rule["EventPattern"], reported), f"{which}, a report of {source} does not match")
        for change in ({"source": "stranger"}, {"source": "beckon", "detail-type": "Registration Confirmed"}, {"detail-type": "Other"}):
            other = {**report, "source": "mdm", "detail-type": "Device Registered", **change}
            wrong.unless(not matches(rule["EventPattern"], other), f"{which}, an event with {change} matches")
    wrong.raise_if_any()


def test_other_accounts_report_devices_and_put_nothing_else(stacks):
    wrong = Wrong()
    wrong.unless("Policy" not in stacks.default.properties("Bus"), "the bus is open to others by default")
    stack = stacks.options
    policy = stack.properties("Bus").get("Policy", {"Statement": []})
    arn = stack.attribute("Bus", "Arn")
    for account in (*stack.parameters["EventAccounts"], "999999999999"):
        for source in (*stack.parameters["EventSources"], "beckon"):
            for kind in ("Device Registered", "Registration Confirmed"):
                context = {"events:source": [source], "events:detail-type": kind}
                may = allows([policy], "events:PutEvents", arn, context, account)
                should = account != "999999999999" and source != "beckon" and kind == "Device Registered"
                wrong.unless(may == should, f"{account} may put {kind} of {source}: {may}")
    wrong.raise_if_any()


def test_ses_reports_every_kind_that_is_recorded(stacks):
    wrong = Wrong()
    stack = stacks.default
    destinations = list(stack.of_type("AWS::SES::ConfigurationSetEventDestination").values())
    wrong.equal(len(destinations), 1, "destinations of SES's events")
    [destination] = destinations[:1] or [{"EventDestination": {}}]
    wrong.equal(destination.get("ConfigurationSetName"), stack.ref("ConfigurationSet"), "the configuration set of the events")
    events = destination["EventDestination"]
    wrong.equal(events.get("Enabled"), True, "whether SES reports")
    wrong.equal({each[:1].lower() + each[1:] for each in events.get("MatchingEventTypes", [])}, MAIL_EVENTS, "what SES reports")
    bus = events.get("EventBridgeDestination", {}).get("EventBusArn")
    wrong.equal(bus, stack.resolved({"Fn::Sub": "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"}), "the bus")
    sending = stack.properties("ConfigurationSet").get("SendingOptions", {}).get("SendingEnabled", True)
    wrong.equal(sending, True, "whether the configuration set sends")
    reasons = stack.properties("ConfigurationSet").get("SuppressionOptions", {}).get("SuppressedReasons")
    wrong.equal(sorted(reasons or []), ["BOUNCE", "COMPLAINT"], "what SES suppresses")
    wrong.raise_if_any()


def test_reports_of_ses_reach_their_function_and_those_of_others_do_not(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        _, rule = only_rule_of(stack, "feedback")
        wrong.unless("EventBusName" not in rule, f"{which}, SES reports to the default bus alone")
        for kind in ("Send", "Delivery", "DeliveryDelay", "Bounce", "Complaint", "Reject", "Rendering Failure"):
            report = copy.deepcopy(sample("feedback"))
            report["detail"]["eventType"] = kind
            report["detail-type"] = f"Email {kind}"
            report["detail"]["mail"]["tags"]["ses:configuration-set"] = [stack.ref("ConfigurationSet")]
            wrong.unless(matches(rule["EventPattern"], report), f"{which}, {kind} does not match")
            report["detail"]["mail"]["tags"]["ses:configuration-set"] = ["another"]
            wrong.unless(not matches(rule["EventPattern"], report), f"{which}, {kind} of another configuration set matches")
    wrong.raise_if_any()


def test_the_clock_goes_every_minute(stacks):
    wrong = Wrong()
    _, rule = only_rule_of(stacks.default, "maintenance")
    wrong.equal(rule.get("ScheduleExpression"), "rate(1 minute)", "the schedule of maintenance")
    wrong.raise_if_any()


def test_what_a_rule_cannot_hand_over_goes_to_its_queue(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        for name in ("registration-confirmed", "feedback", "maintenance"):
            logical, rule = only_rule_of(stack, name)
            [target] = rule["Targets"]
            queue = FAILED[name]
            arn = stack.attribute(queue, "Arn")
            wrong.equal(target.get("DeadLetterConfig", {}).get("Arn"), arn, f"{which}, the dead-letter queue of {name}")
            wrong.unless(may_put(stack, queue, logical), f"{which}, the rule of {name} may not put anything on {queue}")
            retries = target.get("RetryPolicy", {})
            expected = (0, 60) if name == "maintenance" else (185, 86400)
            tried = (retries.get("MaximumRetryAttempts"), retries.get("MaximumEventAgeInSeconds"))
            wrong.equal(tried, expected, f"{which}, how often and how long the rule of {name} tries")
    wrong.raise_if_any()


def may_put(stack, queue, rule):
    """Whether a rule may put messages on a queue, by the queue's policy."""
    context = {"aws:SourceArn": stack.attribute(rule, "Arn"), "aws:SourceAccount": ACCOUNT, **ENCRYPTED}
    arn = stack.attribute(queue, "Arn")
    return allows(queue_documents(stack, queue), "sqs:SendMessage", arn, context, "events.amazonaws.com")


def test_a_strange_rule_may_put_nothing_on_the_queues(stacks):
    wrong = Wrong()
    stack = stacks.default
    for queue in ("FailureQueue", "MissedCallsQueue"):
        arn = stack.attribute(queue, "Arn")
        strange = {"aws:SourceArn": f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/strange", **ENCRYPTED}
        documents = queue_documents(stack, queue)
        wrong.unless(not allows(documents, "sqs:SendMessage", arn, strange, "events.amazonaws.com"), f"any rule may fill {queue}")
        open_ = allows(documents, "sqs:ReceiveMessage", arn, ENCRYPTED, "arn:aws:iam::999999999999:root")
        wrong.unless(not open_, f"another account may read {queue}")
    wrong.raise_if_any()


def test_what_a_function_failed_on_goes_to_its_queue(stacks):
    wrong = Wrong()
    stack = stacks.default
    configured = {each["FunctionName"]: each for each in stack.of_type("AWS::Lambda::EventInvokeConfig").values()}
    for name, queue in FAILED.items():
        logical = functions(stack)[name]
        config = configured.get(stack.ref(logical), {})
        to = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        wrong.equal(to, stack.attribute(queue, "Arn"), f"where goes what {name} failed on")
        tried = (config.get("MaximumRetryAttempts"), config.get("MaximumEventAgeInSeconds"))
        wrong.equal(tried, ASYNCHRONOUS[name], f"how often and how long {name} is tried again")
    wrong.raise_if_any()


def test_records_that_are_given_up_are_told_on_the_dead_letter_queue(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        queue = stack.attribute("FailureQueue", "Arn")
        told = stack.properties("FailedRecords").get("NotificationConfiguration", {}).get("EventBridgeConfiguration", {})
        wrong.equal(told.get("EventBridgeEnabled"), True, f"{which}, whether the bucket tells of objects")
        event = {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": stack.ref("FailedRecords")}, "object": {"key": "aws/lambda/record"}},
        }
        telling = [
            name
            for name, rule in stack.of_type("AWS::Events::Rule").items()
            if "EventPattern" in rule
            and enabled(rule)
            and "EventBusName" not in rule
            and matches(rule["EventPattern"], event)
            and [target["Arn"] for target in rule["Targets"]] == [queue]
            and may_put(stack, "FailureQueue", name)
        ]
        wrong.equal(len(telling), 1, f"{which}, rules that tell of records that were given up")
        others = [{"source": "aws.ec2"}, {"detail-type": "Object Deleted"}, {"detail": {"bucket": {"name": "another"}}}]
        for name in telling:
            for change in others:
                told_too = matches(stack.properties(name)["EventPattern"], {**event, **change})
                wrong.unless(not told_too, f"{which}, an event with {change} is told too")
    wrong.raise_if_any()
