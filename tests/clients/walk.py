"""The walk of docs/walk.md, by a client that openapi-python-client makes of the API's document.

What it gets is used by its types: mypy --strict is half of the test."""

import io
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar

import httpx
from beckon_client import AuthenticatedClient, Client
from beckon_client.api.device_management import report_registration
from beckon_client.api.enrolment import get_registration, redeem_invitation
from beckon_client.api.invitations import get_batch, preview_invitations, send_invitations
from beckon_client.api.settings import get_settings, replace_settings
from beckon_client.api.users import (
    add_user,
    change_user,
    export_users,
    get_user,
    import_users,
    list_user_devices,
    list_user_history,
    list_users,
)
from beckon_client.models import (
    Added,
    BatchCounts,
    ConfirmationDraft,
    DeviceReport,
    DevicesView,
    DistributionDraft,
    HistoryPage,
    ImportView,
    MailState,
    NewUser,
    OrderBody,
    OrganisationDraft,
    Ownership,
    OwnershipChoice,
    OwnershipRule,
    PreviewView,
    Problem,
    RedeemedView,
    Redemption,
    RegistrationView,
    RegistrationViewState,
    ReportedDevice,
    ReportedView,
    SelectionBody,
    SentView,
    SettingsBody,
    SettingsDraft,
    UserPatch,
    UsersPage,
    UserView,
)
from beckon_client.types import File, Response

WAITS_SECONDS = 30

T = TypeVar("T")
Expected = TypeVar("Expected")


def only(kind: type[Expected], answer: Response[Expected | Problem] | Response[Problem | Expected], status: HTTPStatus = HTTPStatus.OK) -> Expected:
    """What an answer holds, which must be this."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.content!r}"
    assert isinstance(answer.parsed, kind), answer.parsed
    return answer.parsed


def refused(answer: Response[T], status: HTTPStatus, name: str) -> Problem:
    assert answer.status_code == status, f"{answer.status_code}: {answer.content!r}"
    assert isinstance(answer.parsed, Problem), answer.parsed
    assert answer.parsed.type_ == f"urn:beckon:problem:{name}", answer.parsed
    return answer.parsed


def until(what: str, ask: Callable[[], T | None]) -> T:
    """Asks until there is an answer."""
    end = time.monotonic() + WAITS_SECONDS
    while True:
        found = ask()
        if found is not None:
            return found
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.1)


class Walk:
    def __init__(self, address: str) -> None:
        self.address = address
        self.anybody = Client(base_url=address)
        # Nobody asks for a token on one machine.
        self.beckon = AuthenticatedClient(base_url=address, token="none")

    def mails_to(self, email: str) -> list[dict[str, str]]:
        """The mails to an address, oldest first. They are the local system's, and not in the document."""
        answer = httpx.get(f"{self.address}/local/mailbox", params={"to": email})
        items: list[dict[str, str]] = answer.raise_for_status().json()["items"]
        return items

    def newest_pin(self, email: str) -> str:
        pins = [re.search("Your PIN: ([0-9 ]+)", mail["text"]) for mail in self.mails_to(email)]
        found = [pin.group(1).strip() for pin in pins if pin]
        return found[-1]

    def decide_who_gets_a_confirmation(self) -> None:
        read = get_settings.sync_detailed(client=self.beckon)
        etag = read.headers["etag"]
        assert etag == f'"{only(SettingsBody, read).version}"'
        draft = SettingsDraft(
            organisation=OrganisationDraft(name="Example Ltd"),
            confirmation=ConfirmationDraft(enabled=True, distribution=DistributionDraft(groups=["staff"])),
        )
        saved = only(SettingsBody, replace_settings.sync_detailed(client=self.beckon, body=draft, if_match=etag))
        assert isinstance(saved.confirmation, ConfirmationDraft)
        assert isinstance(saved.confirmation.distribution, DistributionDraft)
        assert saved.confirmation.distribution.groups == ["staff"]
        stale = replace_settings.sync_detailed(client=self.beckon, body=draft, if_match=etag)
        refused(stale, HTTPStatus.PRECONDITION_FAILED, "stale-settings")

    def add(self, email: str, name: str, groups: list[str]) -> UserView:
        body = NewUser(email=email, display_name=name, groups=groups)
        answer = add_user.sync_detailed(client=self.beckon, body=body, idempotency_key=f"add-{name}")
        added = only(Added, answer, HTTPStatus.CREATED)
        assert answer.headers["location"] == f"/v1/users/{added.user.id}"
        return added.user

    def both_arrived(self) -> list[UserView] | None:
        users = only(UsersPage, list_users.sync_detailed(client=self.beckon, limit=10)).items
        return users if all(user.invitation.delivery == MailState.DELIVERED for user in users) else None

    def preview_and_send(self, people: list[UserView]) -> None:
        selection = SelectionBody(user_ids=[user.id for user in people])
        order = OrderBody(selection=selection, ownership=OwnershipChoice.COMPANYOWNED)
        preview = only(PreviewView, preview_invitations.sync_detailed(client=self.beckon, body=order))
        assert (preview.counts.selected, preview.counts.will_send, preview.counts.exact) == (2, 2, True)
        assert [one.confirmation.will_send for one in preview.recipients] == [True, False]

        order.settings_version = preview.settings_version
        answer = send_invitations.sync_detailed(client=self.beckon, body=order, idempotency_key="walk-1")
        sent = only(SentView, answer, HTTPStatus.ACCEPTED)
        assert (sent.confirmation.will_receive, sent.confirmation.will_not_receive) == (1, 1)

        def arrived() -> BatchCounts | None:
            batch = only(SentView, get_batch.sync_detailed(sent.batch.id, client=self.beckon)).batch
            counts = batch.counts
            return counts if isinstance(counts, BatchCounts) and counts.delivered == 2 else None

        assert until("both mails arrive", arrived).issued == 2

    def register(self, person: UserView, device: str) -> None:
        shown = Redemption(email=person.email, pin=self.newest_pin(person.email))
        session = only(RedeemedView, redeem_invitation.sync_detailed(client=self.anybody, body=shown))
        assert session.expires_at > datetime.now(UTC)
        before = only(RegistrationView, get_registration.sync_detailed(session.registration_id, client=self.anybody))
        assert before.state == RegistrationViewState.OPEN
        report = DeviceReport(
            registration_id=session.registration_id,
            device=ReportedDevice(id=device, platform="ios"),
            registered_at=datetime.now(UTC),
        )
        reported = only(ReportedView, report_registration.sync_detailed(client=self.beckon, body=report))
        assert (reported.ownership, reported.rule) == (Ownership.COMPANYOWNED, OwnershipRule.INVITATION)
        after = only(RegistrationView, get_registration.sync_detailed(session.registration_id, client=self.anybody))
        assert after.state == RegistrationViewState.CONFIRMED
        devices = only(DevicesView, list_user_devices.sync_detailed(person.id, client=self.beckon))
        assert [one.id for one in devices.items] == [device]

    def told(self, email: str) -> bool | None:
        return any(mail["subject"].startswith("Your device") for mail in self.mails_to(email)) or None

    def what_the_walk_leaves_out(self, ben: UserView) -> None:
        patch = UserPatch(display_name=None, groups=["staff"])
        changed = only(UserView, change_user.sync_detailed(ben.id, client=self.beckon, body=patch))
        assert (changed.display_name, changed.groups) == (None, ["staff"])
        first = only(UsersPage, list_users.sync_detailed(client=self.beckon, limit=1))
        assert isinstance(first.next_, str)
        second = only(UsersPage, list_users.sync_detailed(client=self.beckon, limit=1, cursor=first.next_))
        assert [user.id for user in second.items] == [ben.id]
        assert b"ada@example.com" in export_users.sync_detailed(client=self.beckon).content
        file = File(payload=io.BytesIO(b"email,name\ncleo@example.com,Cleo\n"))
        imported = import_users.sync_detailed(client=self.beckon, body=file, invite=False, dry_run=True)
        assert only(ImportView, imported).counts.added == 1
        nobody = get_user.sync_detailed("01KG4JZ3M0000000000000000A", client=self.beckon)
        refused(nobody, HTTPStatus.NOT_FOUND, "not-found")

    def walk(self) -> None:
        self.decide_who_gets_a_confirmation()
        ada = self.add("ada@example.com", "Ada", ["staff"])
        ben = self.add("ben@example.com", "Ben", [])
        taken = add_user.sync_detailed(client=self.beckon, body=NewUser(email=ada.email))
        refused(taken, HTTPStatus.CONFLICT, "address-taken")
        assert len(until("both invitations arrive", self.both_arrived)) == 2
        self.preview_and_send([ada, ben])
        wrong = redeem_invitation.sync_detailed(client=self.anybody, body=Redemption(email=ada.email, pin="00000000"))
        refused(wrong, HTTPStatus.FORBIDDEN, "does-not-fit")
        self.register(ada, "adas-phone")
        self.register(ben, "bens-phone")
        until("Ada's confirmation arrives", lambda: self.told(ada.email))
        assert len(self.mails_to(ben.email)) == 2
        history = only(HistoryPage, list_user_history.sync_detailed(ada.id, client=self.beckon))
        assert history.items[-1].what == "userAdded"
        assert "registrationConfirmed" in [entry.what for entry in history.items]
        self.what_the_walk_leaves_out(ben)


if __name__ == "__main__":
    Walk(sys.argv[1]).walk()
    print("the Python client walked the way of docs/walk.md")
