"""The stack: packaged and deployed by `sam deploy` from the template as it is, and looked up."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_dump, yaml_parse

from emulator import REGION

STACK = "beckon"
SENDER = "beckon@example.com"
REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATE = REPOSITORY / "template.yaml"


def template():
    """The template, intrinsic functions in their long form."""
    return yaml_parse(TEMPLATE.read_text())


def functions_in(document):
    """The functions of a template by the name of their binary: {binary: logical id}."""
    return {
        resource["Metadata"]["BuildProperties"]["Binary"]: logical
        for logical, resource in document["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def binary_of(name, binaries: Path):
    """A function's binary: `NAME/bootstrap` as cargo-lambda lays it out, or plainly `NAME`."""
    for candidate in (binaries / name / "bootstrap", binaries / name):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"{binaries} holds no binary of {name}")


def build(binaries: Path, folder: Path):
    """Does what `sam build` does, with binaries that were built before.

    Each function gets a folder with its `bootstrap`, and the template next to them differs from the
    repository's in the functions' CodeUri alone.
    """
    folder.mkdir(parents=True)
    document = template()
    for name, logical in functions_in(document).items():
        (folder / logical).mkdir()
        shutil.copy2(binary_of(name, binaries), folder / logical / "bootstrap")
        document["Resources"][logical]["Properties"]["CodeUri"] = logical
    built = folder / "template.yaml"
    built.write_text(yaml_dump(document))
    return built


class Stack:
    """The deployed stack."""

    def __init__(self, emulator, name=STACK):
        self._emulator = emulator
        self.name = name
        self._functions = {}
        self._resources = {}
        self.outputs = {}

    def deploy(self, built: Path, parameters):
        """Runs `sam deploy` against the emulator."""
        bucket = f"{self.name}-artifacts"
        self.client("s3").create_bucket(Bucket=bucket)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(built.parent),
            "AWS_ENDPOINT_URL": self._emulator.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "SAM_CLI_TELEMETRY": "0",
        }
        command = [
            str(Path(sys.executable).parent / "sam"), "deploy",
            "--template-file", str(built),
            "--stack-name", self.name,
            "--s3-bucket", bucket,
            "--region", REGION,
            "--capabilities", "CAPABILITY_IAM",
            "--no-confirm-changeset",
            "--no-progressbar",
            "--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items()),
        ]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        (built.parent / "deploy.log").write_text(done.stdout + done.stderr)
        if done.returncode:
            raise AssertionError(f"sam deploy failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        self._look_up()

    def _look_up(self):
        cloudformation = self.client("cloudformation")
        described = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name):
            for resource in page["StackResourceSummaries"]:
                self._resources[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
        lambda_ = self.client("lambda")
        for name, logical in functions_in(template()).items():
            physical = self._resources[logical]
            self._functions[name] = lambda_.get_function_configuration(FunctionName=physical)

    def client(self, service):
        return self._emulator.client(service)

    @property
    def emulator(self):
        return self._emulator

    def physical(self, logical):
        """The physical id of a resource."""
        return self._resources[logical]

    def functions(self):
        """The functions' configurations, by the names of their binaries."""
        return dict(self._functions)

    def function(self, name):
        return self._functions[name]

    def rule_pattern(self, logical):
        """The event pattern of a rule, as it was deployed."""
        rule = self._rule(logical)
        if rule["State"] != "ENABLED":
            raise AssertionError(f"the rule {logical} is {rule['State'].lower()}")
        return rule["EventPattern"]

    def rule_arn(self, logical):
        return self._rule(logical)["Arn"]

    def _rule(self, logical):
        # In AWS the id of a rule on a bus of our own holds the bus too.
        name = self.physical(logical).rpartition("|")[2]
        events = self.client("events")
        for bus in ("default", self.outputs["BusArn"]):
            for rule in events.list_rules(EventBusName=bus)["Rules"]:
                if rule["Name"] == name:
                    return rule
        raise LookupError(f"no bus has the rule {name}")

    def failures(self):
        """Takes the messages off the dead-letter queue."""
        sqs = self.client("sqs")
        queue = self.outputs["DeadLetterQueueUrl"]
        taken = []
        while True:
            messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                return taken
            for message in messages:
                taken.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def log_lines(self, name):
        """What a function has logged, line by line."""
        group = f"/aws/lambda/{self.name}-{name}"
        lines = []
        for page in self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group):
            lines += [event["message"].rstrip("\n") for event in page["events"]]
        return lines

    def rows(self):
        """Every row of the table, for looking behind the API."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["TableName"])
        return [row for page in pages for row in page["Items"]]
