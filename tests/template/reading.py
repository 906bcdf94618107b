"""The template as CloudFormation would see it: transformed by SAM, with parameters filled in.

A reference to a resource becomes what CloudFormation gives for it (a name, an address or an ARN, by its type), so
that checks compare and evaluate values as they would stand in AWS.
"""

import copy
import logging
import re
from functools import cached_property
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

# It says for each transform that nobody collects its own metrics.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATE = REPOSITORY / "template.yaml"

REGION = "eu-west-1"
ACCOUNT = "123456789012"
STACK = "beckon"
SENDER = "beckon@example.com"

PSEUDO = {
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": STACK,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/01234567-89ab-cdef-0123-456789abcdef",
}

# Every optional part in the place of its default.
OPTIONS = {
    "Issuer": "https://login.example.com/tenant/v2.0",
    "Audience": "api://beckon,api://beckon-machines",
    "RoleClaim": "roles",
    "ScopePrefix": "api://beckon/",
    "MachineClaim": "idtyp=app",
    "ConsoleClientId": "01234567-0123-0123-0123-0123456789ab",
    "ConsoleScope": "openid profile email offline_access api://beckon/access",
    "ConsoleAudience": "api://beckon",
    "ConsoleOrigins": "https://token.example.com https://token2.example.com",
    "EventSources": "mdm,mdm-test",
    "EventAccounts": "111111111111,222222222222",
    "DomainName": "enroll.example.com",
    "CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/01234567-0123-0123-0123-0123456789ab",
    "HostedZoneId": "Z0123456789",
    "AlarmEmail": "operators@example.com",
    "MostMailsPerSecond": "5",
    "EarlyWarnings": "true",
    "DashboardEnabled": "true",
    "Architecture": "arm64",
    "KmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-0123-0123-0123-0123456789ab",
    "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
    "DeletionProtection": "true",
    "PublicRequestsPerSecond": "7",
    "PublicRequestsBurst": "9",
    "DeviceEventsPerSecond": "100",
    "DeviceEventsAlarm": "true",
}
# The same with the stack's own pool.
POOL_OPTIONS = {
    **{name: value for name, value in OPTIONS.items() if name not in ("Issuer", "Audience") and not name.startswith("Console")},
    "RoleClaim": "cognito:groups",
    "RequireMfa": "true",
    "MdmOverHttp": "true",
}

# What a resource's Ref gives, where it is not a made-up name: an attribute, or a property.
REFS = {
    "AWS::SNS::Topic": "TopicArn",
    "AWS::SecretsManager::Secret": "Id",
    "AWS::IAM::ManagedPolicy": "PolicyArn",
    "AWS::SQS::Queue": "QueueUrl",
}
NAMES = {
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Events::EventBus": "Name",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::ApiGatewayV2::DomainName": "DomainName",
}
ARNS = {
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{name}",
}


class Dangling(AssertionError):
    """A part of the template refers to something that is not there."""


class NoValue:
    """AWS::NoValue, which takes away the property that it is given for."""


NO_VALUE = NoValue()


class _AnyParameter:
    """SAM asks for a plug-in that knows managed policies; the template names none by its name."""

    def load(self):
        return {}


def read(path=TEMPLATE):
    """The template as it is written, intrinsic functions in their long form."""
    return yaml_parse(Path(path).read_text())


def transformed(document):
    """The template as SAM's transform leaves it."""
    document = copy.deepcopy(document)
    for resource in document["Resources"].values():
        if resource.get("Type") == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "artifacts", "Key": "code"}
    document.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    return transform(document, {}, _AnyParameter())


class Deployed:
    """The stack that a template and parameters make."""

    def __init__(self, document, parameters=None):
        """`document` has been through `transformed`."""
        self.document = document
        given = {"SenderAddress": SENDER, **(parameters or {})}
        self.parameters = {}
        for name, declared in document["Parameters"].items():
            value = given.pop(name, declared.get("Default"))
            if value is None:
                raise Dangling(f"the parameter {name} has no default and was not given")
            lists = declared["Type"] == "CommaDelimitedList"
            self.parameters[name] = [each for each in str(value).split(",")] if lists else str(value)
        if given:
            raise Dangling(f"the template has no parameter {', '.join(given)}")
        self._declared = document["Resources"]
        self.there = {
            name for name, each in self._declared.items() if "Condition" not in each or self.condition(each["Condition"])
        }

    def condition(self, name):
        return self._truth(self.document["Conditions"][name])

    def _truth(self, value):
        if "Condition" in value:
            return self.condition(value["Condition"])
        [(operator, operands)] = value.items()
        if operator == "Fn::Equals":
            first, second = (self.resolved(each) for each in operands)
            return first == second
        if operator == "Fn::Not":
            return not self._truth(operands[0])
        if operator == "Fn::And":
            return all(self._truth(each) for each in operands)
        if operator == "Fn::Or":
            return any(self._truth(each) for each in operands)
        raise AssertionError(f"unknown condition {operator}")

    @cached_property
    def resources(self):
        """Every resource that is there: {logical id: resolved resource}."""
        return {name: self.resource(name) for name in self._declared if name in self.there}

    @cached_property
    def outputs(self):
        return {
            name: self.resolved(each["Value"])
            for name, each in self.document["Outputs"].items()
            if "Condition" not in each or self.condition(each["Condition"])
        }

    def resource(self, name):
        declared = self._declared[name]
        depends = declared.get("DependsOn", [])
        for other in [depends] if isinstance(depends, str) else depends:
            if other not in self._declared:
                raise Dangling(f"{name} depends on {other}, which is not there")
        return {**declared, "Properties": self.resolved(declared.get("Properties", {}))}

    def of_type(self, kind):
        """{logical id: resolved properties} of the resources of a type."""
        return {name: each["Properties"] for name, each in self.resources.items() if each["Type"] == kind}

    def properties(self, name):
        if name not in self.resources:
            raise AssertionError(f"{name} is not there")
        return self.resources[name]["Properties"]

    def resolved(self, value):
        if isinstance(value, list):
            every = (self.resolved(each) for each in value)
            return [each for each in every if each is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(operator, operand)] = value.items()
            if operator == "Ref":
                return self.ref(operand)
            if operator.startswith("Fn::"):
                return self._intrinsic(operator, operand)
        every = {name: self.resolved(each) for name, each in value.items()}
        return {name: each for name, each in every.items() if each is not NO_VALUE}

    def _intrinsic(self, operator, operand):
        if operator == "Fn::GetAtt":
            parts = operand.split(".", 1) if isinstance(operand, str) else operand
            return self.attribute(*parts)
        if operator == "Fn::Sub":
            text, extra = operand if isinstance(operand, list) else (operand, {})
            return re.sub(r"\$\{([^}!]+)\}", lambda found: self._substitute(found[1], extra), text)
        if operator == "Fn::If":
            return self.resolved(operand[1] if self.condition(operand[0]) else operand[2])
        if operator == "Fn::Join":
            return operand[0].join(str(each) for each in self.resolved(operand[1]))
        if operator == "Fn::Split":
            return self.resolved(operand[1]).split(operand[0])
        if operator == "Fn::Select":
            return self.resolved(operand[1])[int(operand[0])]
        raise AssertionError(f"unknown function {operator}")

    def _substitute(self, name, extra):
        if name in extra:
            return str(self.resolved(extra[name]))
        logical, dot, attribute = name.partition(".")
        return str(self.attribute(logical, attribute) if dot else self.ref(name))

    def ref(self, name):
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        kind = self._kind(name)
        return self.attribute(name, REFS[kind]) if kind in REFS else self.name(name)

    def _kind(self, name):
        if name not in self._declared:
            raise Dangling(f"{name} is not there")
        if name not in self.there:
            raise Dangling(f"{name} is not there under these parameters")
        return self._declared[name]["Type"]

    def name(self, name):
        """The name of a resource, where the template leaves it open a made-up one."""
        kind = self._kind(name)
        given = self._declared[name].get("Properties", {}).get(NAMES.get(kind, ""))
        return self.resolved(given) if given is not None else f"{STACK}-{name}"

    def attribute(self, name, attribute):
        kind = self._kind(name)
        physical = self.name(name)
        if attribute == "Arn" and kind in ARNS:
            return "arn:aws:" + ARNS[kind].format(region=REGION, account=ACCOUNT, name=physical)
        if attribute == "StreamArn":
            return f"{self.attribute(name, 'Arn')}/stream/2026-01-01T00:00:00.000"
        if attribute == "QueueUrl":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{physical}"
        if attribute == "TopicArn":
            return f"arn:aws:sns:{REGION}:{ACCOUNT}:{physical}"
        if attribute == "PolicyArn":
            return f"arn:aws:iam::{ACCOUNT}:policy/{physical}"
        if attribute == "Id":
            return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{physical}-AbCdEf"
        if attribute == "QueueName":
            return physical
        return f"{physical}.{attribute}"


class Stacks:
    """The stacks that the checks look at, from one template."""

    def __init__(self, document):
        self.raw = document
        self.document = transformed(document)

    @cached_property
    def default(self):
        return Deployed(self.document)

    @cached_property
    def options(self):
        return Deployed(self.document, OPTIONS)

    @cached_property
    def pool_options(self):
        return Deployed(self.document, POOL_OPTIONS)

    @property
    def every(self):
        return {"by default": self.default, "with options": self.options, "with a pool and options": self.pool_options}
