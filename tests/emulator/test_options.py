"""A second stack, with every optional part of the template in the place of its default."""

import json

import deployment
from test_walk import equal

OPTIONS = {
    "SenderAddress": deployment.SENDER,
    "Issuer": "https://login.example.com/tenant/v2.0",
    "Audience": "api://beckon,api://beckon-machines",
    "RoleClaim": "roles",
    "ScopePrefix": "api://beckon/",
    "MachineClaim": "gty=client-credentials",
    "ConsoleClientId": "beckon-console",
    "ConsoleAudience": "api://beckon",
    "EventSources": "mdm,mdm-test",
    "EventAccounts": "111111111111,222222222222",
    "DomainName": "enroll.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/01234567-0123-0123-0123-0123456789ab",
    "AlarmEmail": "operators@example.com",
    "LogRetentionDays": "90",
    "MostMailsPerSecond": "5",
    "PublicRequestsPerSecond": "7",
    "PublicRequestsBurst": "9",
    "DeletionProtection": "true",
}
BOUNDARY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def test_every_optional_part_deploys(session):
    zone = session.stack.client("route53").create_hosted_zone(Name="example.com", CallerReference="options")
    key = session.stack.client("kms").create_key(Description="of one's own")["KeyMetadata"]["Arn"]
    policies = session.stack.client("iam")
    boundary = policies.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(BOUNDARY))["Policy"]["Arn"]
    options = {
        **OPTIONS,
        "KmsKeyArn": key,
        "PermissionsBoundaryArn": boundary,
        "Architecture": session.architecture,
        "HostedZoneId": zone["HostedZone"]["Id"].rpartition("/")[2],
    }
    stack = deployment.Stack(session.emulator, "beckon-options")
    stack.deploy(session.folder / "build" / "template.yaml", options)

    equal(stack.outputs["EnrolmentPage"], "https://enroll.example.com/enroll", "the enrolment page")
    equal("UserPoolId" in stack.outputs, False, "whether there is a user pool")
    api = stack.client("apigatewayv2")
    [authorizer] = api.get_authorizers(ApiId=stack.outputs["ApiId"])["Items"]
    equal(
        authorizer["JwtConfiguration"],
        {"Issuer": OPTIONS["Issuer"], "Audience": OPTIONS["Audience"].split(",")},
        "what the authorizer accepts",
    )
    variables = stack.function("deliver")["Environment"]["Variables"]
    equal(variables["BECKON_ENROLMENT_PAGE"], stack.outputs["EnrolmentPage"], "the page that mails name")
    equal(variables["BECKON_MOST_PER_SECOND"], "5", "the most mails a second")
    table = stack.client("dynamodb").describe_table(TableName=stack.outputs["TableName"])["Table"]
    # MiniStack's CloudFormation leaves out a new table's key, a new role's boundary and a stage's limits;
    # tests/template looks at them.
    equal(table["DeletionProtectionEnabled"], True, "whether the table is protected")
    queue = stack.outputs["DeadLetterQueueUrl"]
    attributes = stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    equal(attributes["KmsMasterKeyId"], key, "the key of the dead-letter queue")
    told = stack.function("console")["Environment"]["Variables"]
    equal(told["BECKON_CONSOLE_CLIENT_ID"], "beckon-console", "the console's client")
    equal((told["BECKON_CONSOLE_TOKEN"], told["BECKON_CONSOLE_AUDIENCE"]), ("access", "api://beckon"), "the token that the console sends")
    for page in ("preview", "send", "desk", "directory", "settings", "redeem"):
        variables = stack.function(page)["Environment"]["Variables"]
        equal(variables["BECKON_ROLE_CLAIM"], "roles", f"the role claim of {page}")
        equal(variables["BECKON_SCOPE_PREFIX"], "api://beckon/", f"the prefix of scopes of {page}")
        equal(variables["BECKON_MACHINE_CLAIM"], "gty=client-credentials", f"the mark of machines of {page}")


def test_an_issuer_without_an_audience_is_refused(session):
    stack = deployment.Stack(session.emulator, "beckon-no-audience")
    parameters = {"SenderAddress": deployment.SENDER, "Issuer": OPTIONS["Issuer"]}
    try:
        stack.deploy(session.folder / "build" / "template.yaml", parameters)
    except AssertionError as refused:
        if "Audience must name at least one audience" not in str(refused):
            raise
    else:
        raise AssertionError("a stack whose API accepts any audience was deployed")
