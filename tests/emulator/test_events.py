"""What the bus tells whoever listens there: a rule of somebody else's, with a queue behind it."""

import json
import re

import deployment
import workarounds
from test_walk import PIN_SETTINGS, equal, newest_mail, redeem, registration
from waiting import until

SCHEMAS = deployment.REPOSITORY / "schemas" / "events"

# What happens to somebody who is invited, redeems and registers.
TOLD = {
    "Invitation Issued", "Invitation Delivered", "Invitation Redeemed", "Invitation Completed", "Registration Confirmed",
}


class Listener:
    """Listens to Beckon's events as another application of the account would."""

    def __init__(self, session):
        self._sqs = session.stack.client("sqs")
        events = session.stack.client("events")
        bus = workarounds.name_of_bus(session.stack.outputs["BusArn"])
        self._queue = self._sqs.create_queue(QueueName="listener")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        queue = attributes["Attributes"]["QueueArn"]
        rule = events.put_rule(
            Name="listener", EventBusName=bus, EventPattern=json.dumps({"source": ["beckon"]})
        )["RuleArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        put = events.put_targets(Rule="listener", EventBusName=bus, Targets=[{"Id": "queue", "Arn": queue}])
        equal(put["FailedEntryCount"], 0, "targets that were refused")
        self._heard = []

    def heard_of(self, user):
        """The events about somebody so far."""
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._heard.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [event for event in self._heard if event["detail"]["userId"] == user]


def fields_fit(event):
    """Which fields there are, held against the schema; `cargo test` holds the values against it."""
    name = event["detail-type"].lower().replace(" ", "-")
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    fields = set(event["detail"])
    equal(set(schema["required"]) - fields, set(), f"fields that {event['detail-type']} lacks")
    equal(fields - set(schema["properties"]), set(), f"fields that {event['detail-type']} has beyond its schema")


def test_who_listens_on_the_bus_hears_what_happens_and_reads_no_address(session):
    listener = Listener(session)
    admin = session.administrator
    admin.change_settings(PIN_SETTINGS).expect(200)
    user = admin.add("heard-of")
    admin.post("/v1/invitations", {"selection": {"userIds": [user]}, "ownership": "userOwned"}).expect(202)
    mail = newest_mail(session, "heard-of", "Register your device")
    pin = re.search(r"PIN: ([0-9 ]+)", mail.text)[1].strip()
    redeemed = redeem(session, email=mail.to, pin=pin)
    session.report_device(redeemed["registrationId"], id="heard-of-phone", platform="ios")
    registration(session, redeemed["registrationId"])

    def all_of_it():
        heard = listener.heard_of(user)
        return heard if {event["detail-type"] for event in heard} >= TOLD else None

    events = until("all of it is heard", all_of_it)
    equal({event["detail-type"] for event in events}, TOLD, "what is heard")
    for event in events:
        fields_fit(event)
        if "@" in json.dumps(event):
            raise AssertionError(f"an event holds an address: {event}")
    confirmed = next(event["detail"] for event in events if event["detail-type"] == "Registration Confirmed")
    equal((confirmed["ownership"], confirmed["rule"]), ("userOwned", "invitation"), "ownership and rule")
    rows = {row["id"] for row in admin.get(f"/v1/users/{user}/history").expect(200).json["items"]}
    equal({event["detail"]["id"] for event in events} - rows, set(), "events that tell of no row of the history")
