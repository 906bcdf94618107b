"""What must hold when something breaks: processes that are killed, rows and events that nobody can
understand, an SES that does not answer, maintenance that has to make up for it."""

import json
import os
import signal
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

import workarounds
from test_walk import equal, newest_mail
from waiting import until

# The next round of maintenance, and a run after it.
A_ROUND = 100
# Seconds. Maintenance's own minute is waited for where it is what is checked.
BETWEEN_ROUNDS = 5


def kill(session, name):
    """Kills every process of a function, as a crash would."""
    function = session.stack.function(name)["FunctionName"]
    killed = session.emulator.processes_of(function)
    for process in killed:
        os.kill(process, signal.SIGKILL)
    if not killed:
        raise AssertionError(f"{name} has no process to kill")


def invite(session, prefix, how_many):
    """Adds users and sends them an invitation; gives the batch and their addresses."""
    admin = session.administrator
    ids = [admin.add(f"{prefix}-{number}") for number in range(how_many)]
    order = {"selection": {"userIds": ids}}
    batch = admin.post("/v1/invitations", order).expect(202).json["batch"]["id"]
    return batch, [f"{prefix}-{number}@example.com" for number in range(how_many)]


def everybody_got_one_mail(session, addresses, seconds):
    """Waits for a mail to each, with a round of maintenance now and then, and fails if somebody got two."""
    def arrived():
        return Counter(mail.to for mail in session.ses.mails() if mail.to in addresses)

    wound = time.monotonic()

    def everybody():
        nonlocal wound
        if time.monotonic() - wound > BETWEEN_ROUNDS:
            session.run_maintenance()
            wound = time.monotonic()
        return len(arrived()) == len(addresses)

    until(f"mails to all {len(addresses)}", everybody, seconds)
    twice = [address for address, count in arrived().items() if count > 1]
    equal(twice, [], "who got more than one mail")


def test_outbox_is_killed_in_the_middle_of_a_page(session):
    key = workarounds.access_key_of(session.stack.function("expand"))
    # 40 users are two transactions; the first goes through, the second is held and lost.
    gate = session.recorder.hold(key, "dynamodb:PutItem", passing=1)
    batch, addresses = invite(session, "killed-expand", 40)
    if not gate.reached.wait(30):
        raise AssertionError("expand never began its second transaction")
    kill(session, "expand")
    gate.released.set()
    everybody_got_one_mail(session, addresses, A_ROUND)
    counts = session.administrator.get(f"/v1/batches/{batch}").expect(200).json["batch"]["counts"]
    equal((counts["issued"], counts["skipped"]), (40, 0), "issued and skipped")


def test_records_that_are_given_up_are_told_on_the_dead_letter_queue(session):
    """The emulator's event source gives nothing up, so the object is put here as Lambda would."""
    session.stack.failures()
    bucket = session.stack.outputs["FailedRecordsBucket"]
    session.stack.client("s3").put_object(Bucket=bucket, Key="aws/lambda/poison/record", Body=b"{}")
    [told] = until("the dead-letter queue tells of it", session.stack.failures)
    equal((told["source"], told["detail"]["object"]["key"]), ("aws.s3", "aws/lambda/poison/record"), "what is told")


def test_rows_that_nobody_understands_go_to_the_dead_letter_queue(session):
    session.stack.failures()
    dynamodb = session.stack.client("dynamodb")
    table = session.stack.outputs["TableName"]
    poison = [
        {"pk": {"S": "batch#poison"}, "sk": {"S": "cursor"}, "done": {"BOOL": False}},
        {"pk": {"S": "mail#poison"}, "sk": {"S": "mail"}, "state": {"N": "7"}},
        {"pk": {"S": "user#poison"}, "sk": {"S": "event#poison"}, "what": {"N": "7"}},
    ]
    for row in poison:
        dynamodb.put_item(TableName=table, Item=row)
    _, addresses = invite(session, "beside-poison", 2)
    everybody_got_one_mail(session, addresses, A_ROUND)
    failures = []

    def all_of_them():
        failures.extend(session.stack.failures())
        return len(failures) >= len(poison)

    until("the rows are on the dead-letter queue", all_of_them)
    for row in poison:
        reasons = [f["reason"] for f in failures if row["pk"]["S"] in f["event"]]
        equal(len(reasons), 1, f"failures about {row['pk']['S']}")
        dynamodb.delete_item(TableName=table, Key={"pk": row["pk"], "sk": row["sk"]})


def test_rows_that_cannot_be_read_are_set_aside_and_told_of_once(session):
    """As a rollback leaves them: a mail of a later kind that is due before all others, and a damaged user."""
    session.stack.failures()
    admin = session.administrator
    dynamodb = session.stack.client("dynamodb")
    table = session.stack.outputs["TableName"]
    readable = admin.add("beside-unreadable")
    of_user = {"pk": {"S": f"user#{readable}"}, "sk": {"S": "user"}}
    mail, user = "01KG4JZ3M0000000000000000B", "01KG4JZ3M0000000000000000C"
    image = dynamodb.get_item(TableName=table, Key=of_user)["Item"]
    since = "2026-01-01T00:00:00.000Z#00"
    rows = [
        {
            "pk": {"S": f"mail#{mail}"}, "sk": {"S": "mail"}, "id": {"S": mail}, "version": {"N": "1"}, "user": {"S": readable},
            "kind": {"M": {"type": {"S": "weeklyDigest"}}}, "state": {"S": "waiting"}, "class": {"S": "small"}, "settings": {"N": "0"},
            "attempts": {"N": "0"}, "dueAt": {"S": "2026-01-01T00:00:00Z"}, "createdAt": {"S": "2026-01-01T00:00:00Z"},
            "duePk": {"S": "mail#small#b"}, "dueSk": {"S": since},
        },
        {
            **image, "pk": {"S": f"user#{user}"}, "id": {"S": user}, "groups": {"S": "not a list"}, "email": {"S": "zz@example.com"},
            "listPk": {"S": "users#c"}, "listSk": {"S": f"zz@example.com#{user}"},
        },
    ]
    for row in rows:
        dynamodb.put_item(TableName=table, Item=row)
    _, addresses = invite(session, "beside-unreadable-rows", 2)
    everybody_got_one_mail(session, addresses, A_ROUND)
    failures = []
    # MiniStack's filters find nothing absent below an attribute that is absent itself, as AWS's do. So only what
    # another filter lets through, the mail, comes to the function that tells of it.
    told_of = rows[:1]

    def both():
        listed = admin.get("/v1/users?text=beside-unreadable").expect(200).json
        equal(listed["unreadable"], 1, "how many entries the list leaves out")
        failures.extend(session.stack.failures())
        return len(failures) >= len(told_of)

    until("the rows are on the dead-letter queue", both)
    refused = admin.get(f"/v1/users/{user}").expect(409).json
    equal(refused["type"], "urn:beckon:problem:unreadable-record", "what is answered who asks for the user")
    _, addresses = invite(session, "after-unreadable-rows", 2)
    everybody_got_one_mail(session, addresses, A_ROUND)
    failures.extend(session.stack.failures())
    for row in rows:
        key = {"pk": row["pk"], "sk": row["sk"]}
        told = [f["event"] for f in failures if f"{row['pk']['S']} {row['sk']['S']}" in f["event"]]
        kept = dynamodb.get_item(TableName=table, Key=key)["Item"]
        aside = kept.pop("setAside")["M"]
        if row in told_of:
            equal(len(told), 1, f"failures about {row['pk']['S']}")
            equal(bool(aside["reportedAt"]["S"]), True, "whether it is noted that it was told of")
        index = {"duePk", "dueSk"}
        equal({n: v for n, v in kept.items() if n not in index}, {n: v for n, v in row.items() if n not in index}, "the row")
        dynamodb.delete_item(TableName=table, Key=key)


def test_reports_that_nobody_understands_go_to_the_dead_letter_queue(session):
    session.stack.failures()
    admin = session.administrator
    user = admin.add("good-report")
    session.put_event({"email": "good-report@example.com", "device": "a phone", "registeredAt": "yesterday"})
    session.put_event({"userId": "01KG4JZ3M0000000000000000A", "device": {"id": "x"}, "registeredAt": "2026-01-31T09:30:00Z"})
    session.put_event({"userId": user, "device": {"id": "good"}, "registeredAt": "2026-01-31T09:30:00Z"})
    session.put_event({"userId": user, "device": {"id": "bad"}, "registeredAt": "2026-01-31T09:30:00Z"}, source="stranger")
    until("the good report is recorded", lambda: admin.get(f"/v1/users/{user}").expect(200).json["devices"] == 1)
    failures = []

    def both():
        failures.extend(session.stack.failures())
        return len(failures) >= 2

    until("both reports are on the dead-letter queue", both)
    about = {("yesterday" in f["event"], "01KG4JZ3M0000000000000000A" in f["event"]) for f in failures}
    equal(about, {(True, False), (False, True)}, "what the failures are about")
    if not all(f["reason"] for f in failures):
        raise AssertionError("a failure has no reason")
    equal(admin.get(f"/v1/users/{user}").expect(200).json["devices"], 1, "devices, a stranger's report not counted")


def test_reports_of_ses_in_any_order_and_repeated_leave_the_right_states(session):
    admin = session.administrator
    session.report_mails = False
    try:
        for state, reports in REPORTS.items():
            # All orders that differ in what comes first, and one in which everything comes twice.
            orders = [reports[turn:] + reports[:turn] for turn in range(len(reports))] + [reports[::-1] * 2]
            histories = set()
            batch, addresses = invite(session, f"reports-{state.lower()}", len(orders))
            everybody_got_one_mail(session, addresses, A_ROUND)

            def states(batch=batch):
                items = admin.get(f"/v1/batches/{batch}/recipients").expect(200).json["items"]
                return [item["delivery"] for item in items]

            until("all are sent", lambda states=states: set(states()) == {"sent"}, A_ROUND)
            for address, order in zip(addresses, orders, strict=True):
                mail = session.ses.mails(address)[0]
                for kind, report in order:
                    event = workarounds.ses_event(kind, mail, mail.configuration_set, **report)
                    if not workarounds.deliver_ses_event(session.stack, event):
                        raise AssertionError(f"the rule of feedback does not match {kind}")
            equal(set(states()), {state}, f"the states after {[kind for kind, _ in reports]}")
            for user in admin.get(f"/v1/users?text=reports-{state.lower()}-").expect(200).json["items"]:
                rows = admin.get(f"/v1/users/{user['id']}/history").expect(200).json["items"]
                histories.add(rows[0]["text"] if state in ("complained", "hardBounced") else "")
            equal(len(histories), 1, f"different ends of the histories: {histories}")
    finally:
        session.report_mails = True


def test_the_rule_of_feedback_leaves_other_mails_alone(session):
    mail = session.ses.mails()[0]
    event = workarounds.ses_event("Delivery", mail, "somebody-elses-set")
    equal(workarounds.deliver_ses_event(session.stack, event), False, "whether the rule matches")


def test_a_report_of_ses_that_nobody_understands_goes_to_the_dead_letter_queue(session):
    session.stack.failures()
    mail = session.ses.mails()[0]
    event = workarounds.ses_event("Delivery", mail, mail.configuration_set)
    event["detail"]["mail"]["tags"]["beckon-mail"] = ["poison"]
    equal(workarounds.deliver_ses_event(session.stack, event), True, "whether the rule matches")
    failures = until("the report is on the dead-letter queue", session.stack.failures)
    equal([("poison" in f["event"], bool(f["reason"])) for f in failures], [(True, True)], "the failures")


def test_what_met_a_busy_delivery_worker_is_woken_by_the_clock(session):
    dynamodb = session.stack.client("dynamodb")
    busy_until = int((time.time() + 15) * 1000)
    dynamodb.put_item(
        TableName=session.stack.outputs["TableName"],
        Item={"pk": {"S": "postman"}, "sk": {"S": "lease"}, "run": {"S": "another"}, "until": {"N": str(busy_until)}},
    )
    _, addresses = invite(session, "busy", 1)
    time.sleep(10)
    equal(session.ses.mails(addresses[0]), [], "mails while another delivery worker is at work")
    everybody_got_one_mail(session, addresses, A_ROUND)


# SES's reports by the state that they leave a mail in, whatever their order.
BOUNCE = {"bounceSubType": "General", "bouncedRecipients": []}
REPORTS = {
    "delayed": [("Send", {}), ("DeliveryDelay", {"delayType": "MailboxFull"})],
    "delivered": [("Send", {}), ("Delivery", {}), ("DeliveryDelay", {"delayType": "MailboxFull"})],
    "softBounced": [("Send", {}), ("Delivery", {}), ("Bounce", {"bounceType": "Transient", **BOUNCE})],
    "hardBounced": [
        ("Send", {}), ("Bounce", {"bounceType": "Transient", **BOUNCE}), ("Bounce", {"bounceType": "Permanent", **BOUNCE}),
    ],
    "complained": [("Send", {}), ("Delivery", {}), ("Complaint", {"complaintFeedbackType": "abuse"})],
    "sent": [("Send", {})],
    "failed": [("Send", {}), ("Reject", {"reason": "Bad content"}), ("Rendering Failure", {"errorMessage": "x"})],
}


def test_an_invitation_that_ran_out_is_ended_by_maintenance(session):
    admin = session.administrator
    batch, _ = invite(session, "late", 1)
    newest_mail(session, "late-0", "Register your device")
    user = admin.get("/v1/users?text=late-0").expect(200).json["items"][0]["id"]
    until("the mail is delivered", lambda: admin.get(f"/v1/batches/{batch}").expect(200).json["batch"]["counts"]["delivered"])
    past = (datetime.now(timezone.utc) - timedelta(minutes=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    table = session.stack.outputs["TableName"]
    key = {"pk": {"S": f"user#{user}"}, "sk": {"S": "user"}}
    row = session.stack.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    row["invitation"]["M"]["expiresAt"] = {"S": past}
    row["dueSk"] = {"S": past + "#" + row["dueSk"]["S"].partition("#")[2]}
    session.stack.client("dynamodb").put_item(TableName=table, Item=row)

    def ended():
        history = admin.get(f"/v1/users/{user}/history").expect(200).json["items"]
        return "expired" in json.dumps(history[0]).lower()

    until("the history says that it expired", ended, A_ROUND)


def test_a_mail_that_ses_refuses_fails_alone(session):
    session.ses.misbehave("refuse mail")
    batch, _ = invite(session, "refused", 2)
    admin = session.administrator

    def settled():
        items = admin.get(f"/v1/batches/{batch}/recipients").expect(200).json["items"]
        states = sorted(item["delivery"] or "" for item in items)
        return states if states in (["delivered", "failed"], ["failed", "sent"]) else None

    until("one mail failed and the other went", settled, A_ROUND)


def test_a_refusal_of_the_account_pauses_delivery_until_it_is_resumed(session):
    admin = session.administrator
    session.ses.misbehave("refuse account")
    _, addresses = invite(session, "paused", 1)
    until("delivery is paused", lambda: admin.get("/v1/delivery").expect(200).json["state"] == "paused")
    # A round of maintenance while it is paused, in which the alarm's metric is logged.
    session.run_maintenance()
    equal(admin.post("/v1/delivery/resume").expect(200).json["state"], "running", "delivery after resuming")
    everybody_got_one_mail(session, addresses, A_ROUND)


def test_deliver_is_killed_while_ses_has_a_mail(session):
    session.ses.misbehave("stall")
    _, addresses = invite(session, "killed-deliver", 8)
    until("SES stalls", lambda: session.ses.faults_left() == 0)
    kill(session, "deliver")
    # The lease of the killed run ends after 30 s; then the claimed mail waits for a report.
    everybody_got_one_mail(session, addresses, 2 * A_ROUND)


def test_ses_throttles_resets_and_stalls(session):
    session.ses.misbehave("throttle", "reset", "throttle", "stall", "reset")
    _, addresses = invite(session, "rough", 12)
    everybody_got_one_mail(session, addresses, 2 * A_ROUND)
    equal(session.ses.faults_left(), 0, "faults that nobody met")
