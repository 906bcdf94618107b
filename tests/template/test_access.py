"""Who may do what: each role's rights against what its function calls, and the policies of queues, topic and bucket.

`needs.json` lists what each function calls; `tests/emulator` holds that list against the calls it records.
"""

import json
from functools import cache
from pathlib import Path

from policies import allows, as_list, denies, like
from reading import ACCOUNT, OPTIONS, REGION, SENDER
from saying import Wrong, functions

NEEDS = Path(__file__).with_name("needs.json")

# What cannot be narrowed to a resource: AWS knows none for these actions.
WITHOUT_RESOURCE = {
    "dynamodb:ListStreams",
    "ses:GetAccount",
    "ses:DeleteSuppressedDestination",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}

SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
# A mail with an attachment may be judged as a raw one.
SENDING = ("ses:SendEmail", "ses:SendRawEmail")
SENDERS = {
    SENDER: True,
    "somebody.else@example.com": True,
    "beckon@elsewhere.example": False,
    "beckon@example.com.elsewhere.example": False,
    "beckon@sub.example.com": False,
}

# What DynamoDB asks of those who read and write a table with a key of one's own; the others ask for less.
KEY_USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)

PLAIN = {"aws:SecureTransport": "false"}
ENCRYPTED = {"aws:SecureTransport": "true"}


@cache
def needs():
    return json.loads(NEEDS.read_text())


def places(stack):
    """The ARNs that the words of `needs.json` stand for."""
    table = stack.attribute("Table", "Arn")
    bucket = stack.attribute("FailedRecords", "Arn")
    senders = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{stack.ref('AWS::StackName')}-senders"
    return {
        "table": table,
        "index due": f"{table}/index/due",
        "index list": f"{table}/index/list",
        "stream": stack.attribute("Table", "StreamArn"),
        "secret": stack.attribute("KeySecret", "Id"),
        # It is made by what sets the first secret in it; Secrets Manager adds six characters. Until then it is asked
        # for all the same, and who may not ask is not told that it is missing.
        "secret of senders": f"{senders}-AbCdEf",
        "secret of senders, before it is made": senders,
        "dead-letter queue": stack.attribute("FailureQueue", "Arn"),
        "missed calls queue": stack.attribute("MissedCallsQueue", "Arn"),
        "function deliver": stack.attribute("DeliverFunction", "Arn"),
        "function poll": stack.attribute("PollFunction", "Arn"),
        "bus": stack.attribute("Bus", "Arn"),
        "bucket": bucket,
        "objects of the bucket": f"{bucket}/aws/lambda/record.json",
        "any": "*",
    }


def role_of(stack, function):
    """The resolved role of a function."""
    arn = stack.properties(function)["Role"]
    for name, role in stack.of_type("AWS::IAM::Role").items():
        if stack.attribute(name, "Arn") == arn:
            return role
    raise AssertionError(f"the role of {function} is not in the template")


def documents_of(stack, role):
    """The policy documents of a role: its own and the managed ones."""
    managed = {
        stack.ref(name): policy["PolicyDocument"] for name, policy in stack.of_type("AWS::IAM::ManagedPolicy").items()
    }
    named = role.get("ManagedPolicyArns", [])
    return [each["PolicyDocument"] for each in role["Policies"]] + [managed[arn] for arn in named]


def test_each_function_may_do_what_it_calls(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        where = places(stack)
        for name, logical in functions(stack).items():
            documents = documents_of(stack, role_of(stack, logical))
            wrong.unless(name in needs(), f"needs.json does not know {name}")
            for action, resources in needs().get(name, {}).items():
                for resource in resources:
                    may = allows(documents, action, where[resource])
                    wrong.unless(may, f"{which}, {name} may not {action} on {resource}")
    wrong.raise_if_any()


def test_no_function_may_do_more(stacks):
    """Every right is in `needs.json`, or is one that Lambda needs to write logs and traces."""
    wrong = Wrong()
    stack = stacks.default
    where = places(stack)
    for name, logical in functions(stack).items():
        logs = stack.attribute(log_group_of(stack, logical), "Arn")
        wanted = {(action, where[r]) for action, resources in needs().get(name, {}).items() for r in resources}
        wanted |= {("logs:CreateLogStream", logs), ("logs:PutLogEvents", logs)}
        for document in documents_of(stack, role_of(stack, logical)):
            for statement in as_list(document["Statement"]):
                for action in as_list(statement["Action"]):
                    wrong.unless("*" not in action, f"{name}: {action} must be named whole")
                    for resource in as_list(statement["Resource"]):
                        if action in SENDING and name == "deliver":
                            continue
                        known = any(action == a and like(resource, r) and r.startswith(resource[:30]) for a, r in wanted)
                        everything = resource == "*" and action in WITHOUT_RESOURCE
                        wrong.unless(known or everything, f"{name} may {action} on {resource}, and needs not")
                        wrong.unless(resource != "*" or everything, f"{name} may {action} on everything")
    wrong.raise_if_any()


def log_group_of(stack, function):
    name = stack.properties(function)["LoggingConfig"]["LogGroup"]
    for logical in stack.of_type("AWS::Logs::LogGroup"):
        if stack.ref(logical) == name:
            return logical
    raise AssertionError(f"the log group {name} of {function} is not in the template")


def test_each_function_may_write_its_own_logs_and_traces(stacks):
    wrong = Wrong()
    stack = stacks.default
    groups = stack.of_type("AWS::Logs::LogGroup")
    for name, logical in functions(stack).items():
        documents = documents_of(stack, role_of(stack, logical))
        own = log_group_of(stack, logical)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            for group in groups:
                may = allows(documents, action, stack.attribute(group, "Arn"))
                wrong.unless(may == (group == own), f"{name}, {action} on {group}: {may}")
        traced = stack.properties(logical).get("TracingConfig", {}).get("Mode") == "Active"
        for action in ("xray:PutTraceSegments", "xray:PutTelemetryRecords"):
            wrong.unless(allows(documents, action, "*") == traced, f"{name} is traced: {traced}, but {action} is not so")
    wrong.raise_if_any()


def test_only_lambda_takes_on_the_roles(stacks):
    wrong = Wrong()
    for name, role in stacks.default.of_type("AWS::IAM::Role").items():
        trust = [role["AssumeRolePolicyDocument"]]
        may = allows(trust, "sts:AssumeRole", "", caller="lambda.amazonaws.com")
        wrong.unless(may, f"Lambda may not take on {name}")
        named = [each["Principal"] for each in as_list(trust[0]["Statement"])]
        wrong.unless(named == [{"Service": "lambda.amazonaws.com"}], f"others than Lambda may take on {name}: {named}")
    wrong.raise_if_any()


def test_deliver_may_send_as_the_senders_domain_alone(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        documents = documents_of(stack, role_of(stack, functions(stack)["deliver"]))
        set_arn = f"{SES}:configuration-set/{stack.ref('ConfigurationSet')}"
        # SES asks for the identity of the sender, a domain or an address, in the sandbox for the recipient's,
        # and for the configuration set.
        asked = [f"{SES}:identity/example.com", f"{SES}:identity/{SENDER}", f"{SES}:identity/a.user@work.example", set_arn]
        for action in SENDING:
            for sender, may in SENDERS.items():
                for resource in asked:
                    allowed = allows(documents, action, resource, {"ses:FromAddress": sender})
                    wrong.unless(allowed == may, f"{which}, {action} as {sender} on {resource}: {allowed}")
            other = allows(documents, action, f"{SES}:configuration-set/another", {"ses:FromAddress": SENDER})
            wrong.unless(not other, f"{which}, {action} with another configuration set is allowed")
    for name, logical in functions(stacks.default).items():
        documents = documents_of(stacks.default, role_of(stacks.default, logical))
        if name != "deliver":
            for action in SENDING:
                may = allows(documents, action, f"{SES}:identity/example.com", {"ses:FromAddress": SENDER})
                wrong.unless(not may, f"{name} may {action}")
    wrong.raise_if_any()


def test_queues_topic_and_bucket_take_no_plain_connection(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        for place, (documents, arn, action) in guarded(stack).items():
            for caller in ("events.amazonaws.com", "cloudwatch.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:root"):
                wrong.unless(
                    denies(documents, action, arn, PLAIN, caller), f"{which}, {place} takes {action} of {caller} without TLS"
                )
                wrong.unless(not denies(documents, action, arn, ENCRYPTED, caller), f"{which}, {place} refuses {caller}")
    wrong.raise_if_any()


def guarded(stack):
    """What has a policy of its own: {place: (documents, ARN, an action)}."""
    found = {}
    for queue in ("FailureQueue", "MissedCallsQueue"):
        found[queue] = (queue_documents(stack, queue), stack.attribute(queue, "Arn"), "sqs:SendMessage")
    topic = stack.ref("AlarmTopic")
    documents = [p["PolicyDocument"] for p in stack.of_type("AWS::SNS::TopicPolicy").values() if topic in p["Topics"]]
    found["AlarmTopic"] = (documents, topic, "sns:Publish")
    bucket = stack.ref("FailedRecords")
    documents = [p["PolicyDocument"] for p in stack.of_type("AWS::S3::BucketPolicy").values() if p["Bucket"] == bucket]
    arn = stack.attribute("FailedRecords", "Arn")
    found["FailedRecords"] = (documents, f"{arn}/record", "s3:PutObject")
    found["the list of FailedRecords"] = (documents, arn, "s3:ListBucket")
    return found


def queue_documents(stack, queue):
    """The policy of a queue. A second one would take the first one's place."""
    address = stack.ref(queue)
    found = [p["PolicyDocument"] for p in stack.of_type("AWS::SQS::QueuePolicy").values() if address in p["Queues"]]
    if len(found) != 1:
        raise AssertionError(f"{queue} has {len(found)} policies")
    return found


def test_alarms_may_publish_to_the_topic(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        documents, topic, action = guarded(stack)["AlarmTopic"]
        own = {"aws:SourceAccount": ACCOUNT, **ENCRYPTED}
        wrong.unless(allows(documents, action, topic, own, "cloudwatch.amazonaws.com"), f"{which}, alarms may not publish")
        foreign = {**own, "aws:SourceAccount": "999999999999"}
        may = allows(documents, action, topic, foreign, "cloudwatch.amazonaws.com")
        wrong.unless(not may, f"{which}, alarms of another account may publish")
    wrong.raise_if_any()


def test_a_key_of_ones_own_can_be_used_through_the_services_alone(stacks):
    wrong = Wrong()
    wrong.unless("KeyPolicy" not in stacks.default.there, "there is a policy for a key that was not given")
    stack = stacks.options
    key = OPTIONS["KmsKeyArn"]
    for name, logical in functions(stack).items():
        documents = documents_of(stack, role_of(stack, logical))
        if not needs()[name]:
            # What reads no data has no use for its key.
            wrong.unless(not any(allows(documents, action, key) for action in KEY_USE), f"{name} may use the key")
            continue
        for action in KEY_USE:
            for service in ("dynamodb", "secretsmanager", "sqs", "s3"):
                through = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
                wrong.unless(allows(documents, action, key, through), f"{name} may not {action} through {service}")
            wrong.unless(not allows(documents, action, key), f"{name} may {action} by itself")
    wrong.raise_if_any()


def test_every_role_has_the_boundary_that_is_given(stacks):
    wrong = Wrong()
    for name, role in stacks.options.of_type("AWS::IAM::Role").items():
        boundary = role.get("PermissionsBoundary")
        wrong.unless(boundary == OPTIONS["PermissionsBoundaryArn"], f"the boundary of {name} is {boundary}")
    for name, role in stacks.default.of_type("AWS::IAM::Role").items():
        wrong.unless("PermissionsBoundary" not in role, f"{name} has a boundary that was not given")
    wrong.raise_if_any()
