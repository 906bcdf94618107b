//! What stands in the table, with defaults that a test only says where they matter. Ids and
//! addresses are fresh each time.

mod batches;
mod jobs;
mod settings;
mod users;

use beckon_domain::model::actor::Actor;
use beckon_domain::model::history::{HistoryEntry, HistoryEvent};
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::ownership::{Classification, Ownership, OwnershipRule};
use beckon_domain::model::registration::{DeviceFacts, Registration};
use beckon_domain::model::session::{SESSION_TTL, Session};
use beckon_domain::model::settings::SettingsStamp;
use beckon_domain::model::stored::Carried;
use beckon_domain::values::ids::{DeviceId, EventId, IssueNumber, UserId};
use jiff::{SignedDuration, Timestamp};

pub use batches::{BatchBuilder, MailBuilder, a_batch, a_mail};
pub use jobs::{a_job, a_job_at};
pub use settings::{SettingsBuilder, settings};
pub use users::{InvitationBuilder, UserBuilder, a_user, an_invitation};

use crate::entropy::{fresh_registration_id, fresh_ulid};

/// When tests begin, unless they say otherwise: 2026-03-02T09:00:00Z, a Monday.
pub fn monday_morning() -> Timestamp {
    Timestamp::constant(1_772_442_000, 0)
}

/// Somebody who calls the API.
pub fn an_administrator() -> Actor {
    Actor::Caller("admin".to_owned())
}

/// That they saved the settings.
pub fn a_stamp() -> SettingsStamp {
    SettingsStamp {
        at: monday_morning(),
        by: an_administrator(),
    }
}

/// A row that says a user was added.
pub fn a_row(user: UserId, at: Timestamp) -> HistoryEntry {
    HistoryEntry {
        id: EventId::new(fresh_ulid()),
        user,
        at,
        who: an_administrator(),
        what: HistoryEvent::UserAdded,
    }
}

/// What a device management tells of a device if it tells only the id.
pub fn a_device(id: &str) -> DeviceFacts {
    DeviceFacts {
        id: DeviceId::parse(id).expect("the id of a device"),
        name: None,
        platform: None,
        os_version: None,
        serial: None,
        supervised: None,
        enrollment_type: None,
        ownership: None,
    }
}

/// The registration of a device about which nothing else is known.
pub fn a_registration(user: UserId, device: &str) -> Registration {
    Registration {
        user,
        device: a_device(device),
        issue: None,
        invitation_ownership: Ownership::NotSet,
        chosen_by_person: false,
        stated_counts: false,
        decided: Classification {
            ownership: Ownership::NotSet,
            rule: OwnershipRule::NotSet,
        },
        registered_at: monday_morning(),
        after_end: false,
        time_unknown: false,
        session_issue: None,
        not_completed: None,
        flags: Vec::new(),
        unenrolled_at: None,
        latest_enrolment_at: None,
        carried: Carried::default(),
    }
}

/// A session that a user's first issue opened on Monday morning.
pub fn a_session(user: UserId) -> Session {
    Session {
        digest: fresh_registration_id().digest(),
        user,
        issue: IssueNumber::NONE.next(),
        ownership: None,
        chosen_by_person: false,
        opened_at: monday_morning(),
        expires_at: monday_morning() + SESSION_TTL,
        named: None,
        device: None,
        earlier_devices: Vec::new(),
        carried: Carried::default(),
    }
}

/// An answer remembered for a day under a key that nobody has used.
pub fn an_answer() -> IdempotencyRecord {
    IdempotencyRecord {
        key: format!("key-{}", fresh_ulid()),
        fingerprint: "the body's".to_owned(),
        answer: "the answer".to_owned(),
        until: monday_morning() + SignedDuration::from_hours(24),
    }
}
