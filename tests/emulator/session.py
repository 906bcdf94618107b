"""One run of everything: emulator, recorder, SES endpoint, stack, and people who call."""

import json
import queue
import threading
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path

import deployment
import workarounds
from api import Api
from emulator import ACCOUNT, REGION, Emulator
from people import People
from policies import allows
from recorder import Recorder, signer_of
from ses_endpoint import SesEndpoint


class Session:
    """Starts what the checks need, and ends all of it."""

    def __init__(self, folder: Path, binaries: Path, architecture):
        self.folder = folder
        self.binaries = binaries
        self.architecture = architecture
        self.recorder = Recorder()
        self.ses = SesEndpoint(self.recorder.note, self._may_send, self._mail_accepted)
        self._accepted = queue.Queue()
        self._documents = {}
        # Whether SES reports each mail that it takes as sent and delivered.
        self.report_mails = True
        self.report_failures = []

    def start(self):
        self.recorder.start()
        self.ses.start()
        environment = workarounds.function_environment(self.recorder.port, self.ses.port)
        self.emulator = Emulator(self.folder, environment)
        self.emulator.start()
        self.recorder.upstream = self.emulator.port
        self.stack = deployment.Stack(self.emulator)

    def deploy(self):
        built = deployment.build(self.binaries, self.folder / "build")
        parameters = {
            "SenderAddress": deployment.SENDER,
            "Architecture": self.architecture,
            "MdmOverHttp": "true",
            # So that every alarm and the dashboard are deployed too.
            "EarlyWarnings": "true",
            "DashboardEnabled": "true",
        }
        self.stack.deploy(built, parameters)
        self._shorten_the_wait_for_reports()
        threading.Thread(target=self._report, daemon=True).start()

    def keep_logs(self):
        """Writes the functions' logs and the table's rows into the run's folder."""
        if not hasattr(self, "stack") or not self.stack.functions():
            return
        for name in self.stack.functions():
            (self.folder / f"{name}.log").write_text("\n".join(self.stack.log_lines(name)) + "\n")
        rows = self.stack.rows()
        (self.folder / "rows.json").write_text(json.dumps(rows, indent=1, default=repr) + "\n")

    def stop(self):
        if hasattr(self, "emulator"):
            self.emulator.stop()
        self.ses.stop()
        self.recorder.stop()

    @cached_property
    def people(self):
        return People(self.stack)

    @cached_property
    def administrator(self):
        """The API for somebody in the groups `inviter` and `settings`."""
        return self.api(self.people.user("admin", "inviter", "settings"))

    @property
    def anybody(self):
        """The API without a token."""
        return Api(self.stack)

    def api(self, address):
        """The API with a user's token."""
        return Api(self.stack, self.people.tokens(address)[0])

    def report_device(self, registration, **device):
        """Reports a device as the MDM does."""
        self.put_event({"registrationId": registration, "device": device, "registeredAt": self.now()})

    @staticmethod
    def now():
        """This moment as a device management writes it."""
        return datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")

    def put_event(self, detail, source="mdm"):
        """Puts a *Device Registered* event on the bus."""
        entry = {
            "EventBusName": self.stack.outputs["BusArn"],
            "Source": source,
            "DetailType": "Device Registered",
            "Detail": json.dumps(detail),
        }
        answer = self.stack.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise AssertionError(f"the bus refused the event: {answer}")

    def run_maintenance(self):
        """Lets maintenance make a round now, so that nothing waits for its minute."""
        self.stack.client("lambda").invoke(FunctionName=self.stack.function("maintenance")["FunctionName"])

    def may_send(self, name, action, sender, configuration_set):
        """Whether the policies of a function's role allow it to send as somebody, as SES asks."""
        context = {"ses:FromAddress": sender}
        ses = f"arn:aws:ses:{REGION}:{ACCOUNT}"
        asked = [f"{ses}:identity/{sender.rpartition('@')[2]}", f"{ses}:configuration-set/{configuration_set}"]
        documents = self._policies(name)
        return all(allows(documents, action, resource, context) for resource in asked)

    def _may_send(self, headers, action, sender, configuration_set):
        callers = {workarounds.access_key_of(each): name for name, each in self.stack.functions().items()}
        name = callers.get(signer_of(headers))
        return name is not None and self.may_send(name, action, sender, configuration_set)

    def _policies(self, name):
        """The policy documents of a function's role, as they were deployed."""
        if name not in self._documents:
            iam = self.stack.client("iam")
            role = self.stack.function(name)["Role"].rpartition("/")[2]
            names = iam.list_role_policies(RoleName=role)["PolicyNames"]
            self._documents[name] = [iam.get_role_policy(RoleName=role, PolicyName=each)["PolicyDocument"] for each in names]
        return self._documents[name]

    def _shorten_the_wait_for_reports(self):
        """A mail that SES did not answer for waits five minutes for a report; here, five seconds.

        The template leaves the wait at its default. Some checks lose answers on purpose.
        """
        function = self.stack.function("deliver")
        variables = {**function["Environment"]["Variables"], "BECKON_UNKNOWN_WAIT_SECONDS": "5"}
        self.stack.client("lambda").update_function_configuration(
            FunctionName=function["FunctionName"], Environment={"Variables": variables}
        )

    def _mail_accepted(self, mail):
        self._accepted.put(mail)

    def _report(self):
        while True:
            mail = self._accepted.get()
            if not self.report_mails:
                continue
            for kind in ("Send", "Delivery"):
                try:
                    event = workarounds.ses_event(kind, mail, mail.configuration_set)
                    if not workarounds.deliver_ses_event(self.stack, event):
                        self.report_failures.append(f"the rule of feedback does not match {kind}")
                except Exception as error:  # noqa: BLE001 - whatever it is, a check reports it
                    self.report_failures.append(f"{kind}: {error}")
