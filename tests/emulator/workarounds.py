"""Everything the harness does because MiniStack is not AWS. Each part says when it can go.

The template and the binaries know nothing of this file.

What MiniStack does not do and nothing here makes up for is not proven by the harness: its event source of
a DynamoDB stream takes every normal answer for the success of the whole batch, and knows neither
bisecting nor a limit of retries nor a bucket for what it gives up; throttles of routes, access logs,
alarms and the dashboard are deployed, and have no effect; logs and traces are not written with a
function's own permissions.
"""

import codecs
import hashlib
import http.client
import json
import uuid
from datetime import datetime, timezone

from emulator import ACCOUNT, REGION
from policies import allows


def function_environment(recorder_port, ses_port):
    """Sends the functions' SES calls to the harness's endpoint, all others through the recorder.

    MiniStack's SES drops attachments and publishes no events. The second line can go when it keeps
    the one and does the other; the first is no workaround but how calls are recorded.
    """
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{recorder_port}",
        "AWS_ENDPOINT_URL_SESV2": f"http://127.0.0.1:{ses_port}",
    }


def access_key_of(function):
    """The access key that MiniStack gives a function's execution environment.

    By it a recorded call is ascribed to its function; nothing in a request names the function itself.
    It repeats `execution_credentials` of ministack.core.lambda_runtime, and can go when MiniStack
    tells the session of an access key.
    """
    digest = hashlib.sha256(f"{function['FunctionArn']}:{function['Role']}".encode()).hexdigest()
    return f"ASIA{digest[:16].upper()}"


def api_request_target(emulator, api_id, path):
    """Where a request to the API goes, and its Host header.

    The address that the template gives out ends in amazonaws.com. This can go when MiniStack answers
    there, which needs a name server of its own.
    """
    return f"{emulator.address}{path}", f"{api_id}.execute-api.localhost:{emulator.port}"


def name_of_bus(arn):
    """A bus by its name, where AWS takes its ARN as well.

    It can go when MiniStack's PutRule and PutTargets take an ARN.
    """
    return arn.rpartition("/")[2]


def body_of(answer):
    """The body of an answer of the API.

    MiniStack takes the byte order mark from the front of a body and counts it all the same, so the
    body of an exported file ends three bytes early. It can go when the two agree.
    """
    try:
        return answer.read()
    except http.client.IncompleteRead as short:
        missing = short.expected
        if missing != len(codecs.BOM_UTF8):
            raise
        return codecs.BOM_UTF8 + short.partial


def ses_event(kind, mail, configuration_set, **report):
    """An event as SES publishes it to EventBridge; `kind` is its eventType.

    PutEvents refuses the source `aws.ses`, so that no event of SES can be put on MiniStack's bus. It
    can go, with `deliver_ses_event`, when MiniStack's SES publishes events itself.
    """
    detail_types = {
        "Send": "Email Sent",
        "Delivery": "Email Delivered",
        "DeliveryDelay": "Email Delivery Delayed",
        "Bounce": "Email Bounced",
        "Complaint": "Email Complaint Received",
        "Reject": "Email Rejected",
        "Rendering Failure": "Email Rendering Failed",
    }
    field = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}.get(kind, kind.lower())
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    tags = {name: [value] for name, value in mail.tags.items()}
    tags["ses:configuration-set"] = [configuration_set]
    body = dict(report)
    if kind in ("Delivery", "DeliveryDelay", "Bounce", "Complaint"):
        body.setdefault("timestamp", now)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_types[kind],
        "source": "aws.ses",
        "account": ACCOUNT,
        "time": now,
        "region": REGION,
        "resources": [f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{configuration_set}"],
        "detail": {
            "eventType": kind,
            "mail": {
                "timestamp": now,
                "source": mail.sender,
                "messageId": mail.message_id,
                "destination": [mail.to],
                "tags": tags,
            },
            field: body,
        },
    }


# SES writes an event's type with and without an underscore.
KINDS = {"DELIVERY_DELAY": "DELIVERYDELAY"}


def reported_kinds(stack):
    """The types of events that the deployed configuration set reports to the default bus."""
    name = stack.outputs["ConfigurationSetName"]
    answer = stack.client("sesv2").get_configuration_set_event_destinations(ConfigurationSetName=name)
    return {
        KINDS.get(kind, kind)
        for destination in answer["EventDestinations"]
        if destination.get("Enabled") and destination["EventBridgeDestination"]["EventBusArn"].endswith(":event-bus/default")
        for kind in destination["MatchingEventTypes"]
    }


def deliver_ses_event(stack, event):
    """Invokes `feedback` as SES and EventBridge would: if the configuration set reports this kind, the rule's own
    pattern matches the event, and the function lets the rule call it.

    Gives whether the rule matched; see `ses_event` for when this can go.
    """
    kind = event["detail"]["eventType"]
    if kind.upper().replace(" ", "_") not in reported_kinds(stack):
        raise AssertionError(f"the configuration set does not report {kind}")
    matches = stack.client("events").test_event_pattern(
        EventPattern=stack.rule_pattern("FeedbackFunctionMailReported"), Event=json.dumps(event)
    )["Result"]
    if matches:
        document = json.loads(stack.client("lambda").get_policy(FunctionName=stack.function("feedback")["FunctionName"])["Policy"])
        rule = stack.rule_arn("FeedbackFunctionMailReported")
        function = stack.function("feedback")["FunctionArn"]
        if not allows([document], "lambda:InvokeFunction", function, {"aws:SourceArn": rule}, "events.amazonaws.com"):
            raise AssertionError("feedback does not let its rule call it")
        answer = stack.client("lambda").invoke(
            FunctionName=stack.function("feedback")["FunctionName"], Payload=json.dumps(event)
        )
        if "FunctionError" in answer:
            raise AssertionError(f"feedback failed: {answer['Payload'].read().decode()}")
    return matches
