"""What each function called during the walk and the faults, held against what its policy grants.

The emulator enforces the policies, so a missing one has failed the walk before. What is granted and was
not called must stand in `granted_not_called.json` with the reason; what stands there must not be called.
"""

import json
from pathlib import Path

import deployment
import workarounds
from test_walk import equal
from policies import as_list

LISTED = Path(__file__).with_name("granted_not_called.json")


def index_of(resource):
    """The index that a resource of the template names, or None."""
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        text = as_list(resource["Fn::Sub"])[0]
        if "/index/" in text:
            return text.rpartition("/index/")[2]
    return None


def label(action, index):
    return f"{action} on index {index}" if index else action


def granted(document, function):
    """What a function's role allows in the template, as labels."""
    role_name = function["Properties"]["Role"]["Fn::GetAtt"]
    role_name = (role_name if isinstance(role_name, str) else ".".join(role_name)).removesuffix(".Arn")
    role = document["Resources"][role_name]["Properties"]
    documents = [policy["PolicyDocument"] for policy in role["Policies"]]
    for managed in as_list(role["ManagedPolicyArns"]):
        if "Ref" not in managed:
            # The policy for a key of one's own; no key is given here.
            continue
        documents.append(document["Resources"][managed["Ref"]]["Properties"]["PolicyDocument"])
    labels = set()
    for statement in (statement for each in documents for statement in each["Statement"]):
        for action in as_list(statement["Action"]):
            if "*" in action:
                raise AssertionError(f"{role_name} grants {action}: an action must be named whole")
            for resource in as_list(statement["Resource"]):
                labels.add(label(action, index_of(resource)))
    return labels


def called(session):
    """What each function called, as labels, by function."""
    names = {workarounds.access_key_of(f): name for name, f in session.stack.functions().items()}
    calls = {name: set() for name in names.values()}
    for key, action, index in session.recorder.noted():
        if key not in names:
            raise AssertionError(f"the access key {key} belongs to no function; see access_key_of")
        calls[names[key]].add(label(action, index))
    return calls


def test_policies_grant_what_is_called_and_no_more(session):
    document = deployment.template()
    listed = json.loads(LISTED.read_text())
    everywhere = listed.pop("every function", {})
    calls = called(session)
    wrong = []
    for name, logical in deployment.functions_in(document).items():
        grants = granted(document, document["Resources"][logical])
        # What Lambda itself does with every function's role, where the function has it done.
        for_lambda = {what: why for what, why in everywhere.items() if what in grants}
        reasons = {**for_lambda, **listed.pop(name, {})}
        wrong += [f"{name} called {what}, which its policy does not grant" for what in sorted(calls[name] - grants)]
        wrong += [
            f"{name} may {what}, did not, and {LISTED.name} gives no reason"
            for what in sorted(grants - calls[name] - reasons.keys())
        ]
        wrong += [f"{name} called {what}, so {LISTED.name} is out of date" for what in sorted(calls[name] & reasons.keys())]
        wrong += [
            f"{LISTED.name} gives a reason for {name} and {what}, which is not granted"
            for what in sorted(reasons.keys() - grants)
        ]
        wrong += [f"the reason for {name} and {what} is empty" for what, why in reasons.items() if not why.strip()]
    wrong += [f"{LISTED.name} names {name}, which is no function" for name in listed]
    if wrong:
        raise AssertionError("\n".join(wrong))


def test_deliver_sends_as_the_senders_domain_and_nobody_else_sends(session):
    mails = session.stack.outputs["ConfigurationSetName"]
    may = {
        (name, sender, which): session.may_send(name, "ses:SendRawEmail", sender, which)
        for name in session.stack.functions()
        for sender in (deployment.SENDER, "beckon@elsewhere.example")
        for which in (mails, "another")
    }
    equal([asked for asked, allowed in may.items() if allowed], [("deliver", deployment.SENDER, mails)], "who may send as whom")


def test_the_queues_take_no_connection_without_tls(session):
    plain = session.stack.emulator.plain_client("sqs")
    for output in ("DeadLetterQueueUrl", "MissedCallsQueueUrl"):
        queue = session.stack.outputs[output]
        session.stack.client("sqs").receive_message(QueueUrl=queue)
        try:
            plain.receive_message(QueueUrl=queue)
        except plain.exceptions.ClientError as refused:
            equal(refused.response["Error"]["Code"].rpartition(".")[2], "AccessDenied", f"what {output} answers")
        else:
            raise AssertionError(f"{output} takes connections without TLS")
