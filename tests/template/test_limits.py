"""What the template promises by its parameters: what it costs, how much runs at a time, what may be given."""

import re

import cost
import limits
from reading import OPTIONS, POOL_OPTIONS, REPOSITORY, Dangling, Deployed
from saying import Wrong

DEPLOY = REPOSITORY / "docs" / "deploy.md"

# Parameters that are a choice of two.
SWITCHES = {"RequireMfa", "MdmOverHttp", "EarlyWarnings", "DeviceEventsAlarm", "DashboardEnabled", "DeletionProtection"}


def test_an_idle_month_costs_no_more_than_promised(stacks):
    cost_now = cost.total(stacks.default)
    if cost_now > cost.MOST_DOLLARS:
        lines = "\n".join(cost.table(stacks.default))
        raise AssertionError(f"an idle month costs {cost_now:.2f} dollars, more than {cost.MOST_DOLLARS:.2f}:\n{lines}")
    # The secret is made with the first credentials, and the alarm is asked for.
    polling = cost.polling_total(stacks.default)
    if polling > cost.MOST_DOLLARS_OF_POLLING:
        lines = "\n".join(cost.polling_table(stacks.default))
        raise AssertionError(f"asking systems costs {polling:.2f} dollars a month:\n{lines}")


def test_ten_executions_at_a_time_are_enough(stacks):
    at_a_time = limits.total(stacks.default)
    if at_a_time > limits.MOST_AT_A_TIME:
        lines = "\n".join(limits.table(stacks.default))
        raise AssertionError(f"{at_a_time:.2f} functions run at a time, more than {limits.MOST_AT_A_TIME}:\n{lines}")


def test_the_documentation_shows_these_figures(stacks):
    wrong = Wrong()
    shown = DEPLOY.read_text()
    for line in cost.table(stacks.default) + cost.polling_table(stacks.default) + limits.table(stacks.default):
        wrong.unless(line in shown, f"docs/deploy.md lacks the line\n{line}")
    wrong.raise_if_any()


def test_no_part_refers_to_what_is_not_there(stacks):
    """For each switch and each optional part alone, and for all together."""
    wrong = Wrong()
    choices = [{}, OPTIONS, POOL_OPTIONS, *({name: "true"} for name in sorted(SWITCHES))]
    domain = {name: OPTIONS[name] for name in ("DomainName", "CertificateArn")}
    identity = {name: OPTIONS[name] for name in ("Issuer", "Audience")}
    choices += [domain, identity, {**identity, "MdmOverHttp": "true", "RequireMfa": "true"}]
    choices += [{name: OPTIONS[name]} for name in ("KmsKeyArn", "PermissionsBoundaryArn", "AlarmEmail", "EventAccounts")]
    for given in choices:
        try:
            stack = Deployed(stacks.document, given)
            list(stack.resources)
            list(stack.outputs)
        except Dangling as dangling:
            wrong.unless(False, f"with {given}: {dangling}")
    wrong.raise_if_any()


def needed_by(value):
    """The logical ids that a part of a template refers to."""
    if isinstance(value, list):
        return set().union(*(needed_by(each) for each in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, operand in value.items():
        if name == "Ref":
            found.add(operand)
        elif name == "Fn::GetAtt":
            found.add(operand.split(".")[0] if isinstance(operand, str) else operand[0])
        elif name == "Fn::Sub":
            text = operand if isinstance(operand, str) else operand[0]
            found |= {each.split(".")[0] for each in re.findall(r"\$\{([^}!]+)\}", text)} | needed_by(operand)
        else:
            found |= needed_by(operand)
    return found


def test_no_part_waits_for_itself(stacks):
    """CloudFormation makes a resource after those that it refers to, and refuses a circle."""
    declared = stacks.document["Resources"]
    waits = {}
    for name, each in declared.items():
        depends = each.get("DependsOn", [])
        depends = {depends} if isinstance(depends, str) else set(depends)
        waits[name] = (depends | needed_by(each.get("Properties", {}))) & declared.keys()
    while ready := {name for name, others in waits.items() if not others & waits.keys()}:
        waits = {name: others for name, others in waits.items() if name not in ready}
    assert not waits, f"these wait for each other: {', '.join(sorted(waits))}"


def test_what_may_be_given_is_bounded(stacks):
    wrong = Wrong()
    declared = stacks.document["Parameters"]
    for name in SWITCHES:
        parameter = declared.get(name, {})
        wrong.equal(parameter.get("AllowedValues"), ["true", "false"], f"the values of {name}")
        wrong.equal(parameter.get("Default"), "false", f"the default of {name}")
    for name in ("PublicRequestsPerSecond", "PublicRequestsBurst"):
        parameter = declared.get(name, {})
        bounds = (parameter.get("Type"), parameter.get("MinValue"), parameter.get("MaxValue"))
        wrong.equal(bounds, ("Number", 1, 1000), f"type and bounds of {name}")
    wrong.equal(sorted(declared["Architecture"]["AllowedValues"]), ["arm64", "x86_64"], "the values of Architecture")
    for name, value, fits in [
        ("KmsKeyArn", OPTIONS["KmsKeyArn"], True),
        ("KmsKeyArn", "", True),
        ("KmsKeyArn", "alias/beckon", False),
        ("PermissionsBoundaryArn", OPTIONS["PermissionsBoundaryArn"], True),
        ("PermissionsBoundaryArn", "boundary", False),
        ("SenderAddress", "beckon@example.com", True),
        ("SenderAddress", "example.com", False),
        ("Issuer", "http://login.example.com", False),
    ]:
        pattern = declared[name].get("AllowedPattern", ".*")
        wrong.equal(re.fullmatch(pattern, value) is not None, fits, f"whether {name} takes {value!r}")
    wrong.unless("Default" not in declared["SenderAddress"], "SenderAddress has a default, and must be asked for")
    wrong.raise_if_any()


def test_what_belongs_together_is_asked_for_together(stacks):
    wrong = Wrong()
    rules = stacks.document.get("Rules", {})
    for first, second in (("Issuer", "Audience"), ("DomainName", "CertificateArn")):
        asked = [
            rule
            for rule in rules.values()
            if rule.get("RuleCondition") == {"Fn::Not": [{"Fn::Equals": [{"Ref": first}, ""]}]}
            and [each["Assert"] for each in rule["Assertions"]] == [{"Fn::Not": [{"Fn::Equals": [{"Ref": second}, ""]}]}]
        ]
        wrong.unless(asked, f"{first} can be given without {second}")
    wrong.raise_if_any()


def test_outputs_lead_where_they_say(stacks):
    wrong = Wrong()
    for which, stack in stacks.every.items():
        expected = {
            "ApiId": stack.ref("Api"),
            "BusArn": stack.attribute("Bus", "Arn"),
            "TableName": stack.ref("Table"),
            "KeySecretArn": stack.ref("KeySecret"),
            "DeadLetterQueueUrl": stack.ref("FailureQueue"),
            "MissedCallsQueueUrl": stack.ref("MissedCallsQueue"),
            "FailedRecordsBucket": stack.ref("FailedRecords"),
            "ConfigurationSetName": stack.ref("ConfigurationSet"),
            "AlarmTopicArn": stack.ref("AlarmTopic"),
        }
        if "Domain" in stack.there:
            expected["DomainTarget"] = stack.attribute("Domain", "RegionalDomainName")
        if "UserPool" in stack.there:
            expected |= {"UserPoolId": stack.ref("UserPool"), "AdministratorClientId": stack.ref("AdministratorClient")}
        if "MdmClient" in stack.there:
            expected["MdmClientId"] = stack.ref("MdmClient")
            expected["TokenEndpoint"] = f"https://{stack.ref('UserPoolDomain')}.auth.eu-west-1.amazoncognito.com/oauth2/token"
        for name, value in expected.items():
            wrong.equal(stack.outputs.get(name), value, f"{which}, the output {name}")
    wrong.raise_if_any()


def test_each_parameter_is_asked_for_in_a_group_and_explained(stacks):
    wrong = Wrong()
    groups = stacks.document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    wrong.equal(sorted(grouped), sorted(stacks.document["Parameters"]), "the parameters in groups")
    guide = DEPLOY.read_text()
    for name, parameter in stacks.document["Parameters"].items():
        wrong.unless(parameter.get("Description"), f"{name} has no description")
        wrong.unless(name in guide, f"docs/deploy.md does not say what to answer for {name}")
    wrong.raise_if_any()
