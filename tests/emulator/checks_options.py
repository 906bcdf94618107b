"""A second stack, with every optional part of the template in the place of its default."""

import deployment
from checks_walk import equal

OPTIONS = {
    "SenderAddress": deployment.SENDER,
    "Issuer": "https://login.example.com/tenant/v2.0",
    "Audience": "api://beckon,api://beckon-machines",
    "RoleClaim": "roles",
    "EventSources": "mdm,mdm-test",
    "EventAccounts": "111111111111,222222222222",
    "DomainName": "enroll.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/01234567-0123-0123-0123-0123456789ab",
    "AlarmEmail": "operators@example.com",
    "LogRetentionDays": "90",
    "MostMailsPerSecond": "5",
}


def every_optional_part_deploys(session):
    zone = session.stack.client("route53").create_hosted_zone(Name="example.com", CallerReference="options")
    options = {
        **OPTIONS,
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
    for page in ("preview", "send", "desk", "directory", "settings", "redeem"):
        equal(stack.function(page)["Environment"]["Variables"]["BECKON_ROLE_CLAIM"], "roles", f"the role claim of {page}")


def an_issuer_without_an_audience_is_refused(session):
    stack = deployment.Stack(session.emulator, "beckon-no-audience")
    parameters = {"SenderAddress": deployment.SENDER, "Issuer": OPTIONS["Issuer"]}
    try:
        stack.deploy(session.folder / "build" / "template.yaml", parameters)
    except AssertionError as refused:
        if "Audience must name at least one audience" not in str(refused):
            raise
    else:
        raise AssertionError("a stack whose API accepts any audience was deployed")


CHECKS = [every_optional_part_deploys, an_issuer_without_an_audience_is_refused]
