//! Batches with their cursors, and mails.

use std::collections::BTreeSet;

use beckon_domain::model::batch::{Batch, BatchSelection, Cursor};
use beckon_domain::model::mail::{Mail, MailClass, MailKind, MailState};
use beckon_domain::model::ownership::OwnerSwitch;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::settings::UNSAVED;
use beckon_domain::model::stored::Carried;
use beckon_domain::values::ids::{BatchId, IssueNumber, MailId, UserId, Version};
use jiff::{SignedDuration, Timestamp};

use super::{an_administrator, monday_morning};
use crate::entropy::fresh_ulid;

/// Builds a batch with its cursor.
#[derive(Debug, Clone)]
pub struct BatchBuilder {
    batch: Batch,
    cursor: Cursor,
}

/// A small batch for nobody, under the default settings, at its beginning.
pub fn a_batch() -> BatchBuilder {
    let id = BatchId::new(fresh_ulid());
    let now = monday_morning();
    BatchBuilder {
        batch: Batch {
            id,
            version: Version::FIRST,
            who: an_administrator(),
            selection: BatchSelection::Few { users: Vec::new() },
            choice: OwnerSwitch::Off,
            settings: UNSAVED,
            class: MailClass::Small,
            stopped_at: None,
            stopped_by: None,
            created_at: now,
            carried: Carried::default(),
            request_id: None,
            counted: false,
        },
        cursor: Cursor {
            batch: id,
            version: Version::FIRST,
            page: 0,
            position: None,
            done: false,
            done_at: None,
            due_at: now + SignedDuration::from_mins(1),
            carried: Carried::default(),
            request_id: None,
        },
    }
}

impl BatchBuilder {
    /// For these users.
    pub fn of(mut self, users: &[UserId]) -> Self {
        self.batch.selection = BatchSelection::Few {
            users: users.to_vec(),
        };
        self
    }

    /// For so many users, named in rows of their own.
    pub fn of_many(mut self, count: u64) -> Self {
        self.batch.selection = BatchSelection::Many { count };
        self.batch.class = MailClass::Bulk;
        self
    }

    /// For everyone this filter finds.
    pub fn of_all(mut self, filter: UserFilter) -> Self {
        self.batch.selection = BatchSelection::Filter {
            filter,
            except: BTreeSet::new(),
        };
        self.batch.class = MailClass::Bulk;
        self
    }

    /// Started then.
    pub fn started_at(mut self, at: Timestamp) -> Self {
        self.batch.created_at = at;
        self
    }

    /// Maintenance looks after it then.
    pub fn due_at(mut self, at: Timestamp) -> Self {
        self.cursor.due_at = at;
        self
    }

    /// The batch and its cursor.
    pub fn build(self) -> (Batch, Cursor) {
        (self.batch, self.cursor)
    }
}

/// Builds a mail.
#[derive(Debug, Clone)]
pub struct MailBuilder(Mail);

/// The waiting, small mail of this user's first issue, due on Monday morning.
pub fn a_mail(user: UserId) -> MailBuilder {
    MailBuilder(Mail::waiting(
        MailId::new(fresh_ulid()),
        MailKind::Invitation {
            issue: IssueNumber::NONE.next(),
            replaces: false,
            again: false,
            after: None,
        },
        user,
        None,
        MailClass::Small,
        UNSAVED,
        monday_morning(),
    ))
}

impl MailBuilder {
    /// With this id.
    pub fn with_id(mut self, id: MailId) -> Self {
        self.0.id = id;
        self
    }

    /// From a large batch.
    pub fn bulk(mut self) -> Self {
        self.0.class = MailClass::Bulk;
        self
    }

    /// Standing here.
    pub fn in_state(mut self, state: MailState) -> Self {
        self.0.state = state;
        self
    }

    /// Due then.
    pub fn due_at(mut self, at: Timestamp) -> Self {
        self.0.due_at = at;
        self
    }

    /// The mail.
    pub fn build(self) -> Mail {
        self.0
    }
}
