//! People, invitations and sessions for the tests of model and rules.

use jiff::{SignedDuration, Timestamp};

use crate::model::invitation::{Invitation, InvitationState};
use crate::model::mail::{Mail, MailClass, MailKind};
use crate::model::ownership::{Classification, Ownership, OwnershipRule};
use crate::model::registration::{DeviceFacts, Registration};
use crate::model::session::{SESSION_TTL, Session};
use crate::model::settings::{Settings, VersionedSettings};
use crate::model::stored::Carried;
use crate::model::user::User;
use crate::values::address::EmailAddress;
use crate::values::ids::{DeviceId, IssueNumber, MailId, UserId, Version};
use crate::values::keys::KeyId;
use crate::values::nonce::Nonce;
use crate::values::session_ids::RegistrationId;

/// A Monday morning: 2026-03-02T09:00:00Z.
pub(crate) const MONDAY: Timestamp = Timestamp::constant(1_772_442_000, 0);

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Settings that nobody changed: invitations by PIN, to addresses of example.com, good for seven days.
pub(crate) fn settings() -> VersionedSettings {
    let from = EmailAddress::parse("it@example.com").expect("an address");
    VersionedSettings {
        version: Version::FIRST,
        settings: Settings::default_from(from),
    }
}

/// Somebody who was never invited.
pub(crate) fn somebody() -> User {
    let email = EmailAddress::parse("alex@example.com").expect("an address");
    User::new(UserId::from_bytes([7; 16]), email, MONDAY)
}

/// Somebody who was invited under these settings on Monday morning, with the ownership chosen.
pub(crate) fn invited() -> User {
    let registration = settings().settings.registration;
    let issue = IssueNumber::NONE.next();
    let invitation = Invitation {
        issue,
        nonce: Nonce::from_bytes([3; 16]),
        key: KeyId::new("k1"),
        method: registration.method,
        pin: registration.pin,
        ownership: Ownership::CompanyOwned,
        chosen: None,
        state: InvitationState::Pending,
        issued_at: MONDAY,
        expires_at: MONDAY + registration.lifetime(),
        ended_at: None,
        tries_left: registration.pin.tries,
        batch: None,
        mail: MailId::from_bytes([1; 16]),
        invited_by: None,
        renewals: 0,
        reminders: None,
        sessions: Vec::new(),
        completed_by: None,
        restored_at: None,
        steps: None,
        tokens: Vec::new(),
    };
    User {
        latest_issue: issue,
        invitation: Some(invitation),
        ..somebody()
    }
}

/// A device of somebody that was registered on Monday morning and completed nothing.
pub(crate) fn registered(user: &User) -> Registration {
    Registration {
        user: user.id,
        device: DeviceFacts {
            id: DeviceId::parse("device-1").expect("an id"),
            name: None,
            platform: None,
            os_version: None,
            serial: None,
            supervised: None,
            enrollment_type: None,
            ownership: None,
        },
        issue: None,
        invitation_ownership: Ownership::NotSet,
        chosen_by_person: false,
        stated_counts: false,
        decided: Classification {
            ownership: Ownership::NotSet,
            rule: OwnershipRule::NotSet,
        },
        registered_at: MONDAY,
        after_end: false,
        time_unknown: false,
        session_issue: None,
        not_completed: None,
        latest_enrolment_at: None,
        flags: Vec::new(),
        unenrolled_at: None,
        carried: Carried::default(),
    }
}

/// The invitation of somebody who was invited.
pub(crate) fn invitation_of(user: &User) -> &Invitation {
    user.invitation.as_ref().expect("an invitation")
}

/// The same person with their invitation changed.
pub(crate) fn with_invitation(user: &User, change: impl FnOnce(&mut Invitation)) -> User {
    let mut user = user.clone();
    change(user.invitation.as_mut().expect("an invitation"));
    user
}

/// A session that the latest issue of somebody opened. It carries another ownership than the
/// invitation of [`invited`].
pub(crate) fn session_of(user: &User, opened_at: Timestamp) -> Session {
    Session {
        digest: RegistrationId::from_random([5; 16]).digest(),
        user: user.id,
        issue: user.latest_issue,
        ownership: Some(Ownership::UserOwned),
        chosen_by_person: false,
        opened_at,
        expires_at: opened_at + SESSION_TTL,
        named: None,
        device: None,
        earlier_devices: Vec::new(),
        carried: Carried::default(),
    }
}

/// The mail of this kind that waits to go to somebody.
pub(crate) fn mail_to(user: &User, kind: MailKind) -> Mail {
    let id = MailId::from_bytes([1; 16]);
    let class = MailClass::Small;
    Mail::waiting(id, kind, user.id, None, class, Version::FIRST, MONDAY)
}
