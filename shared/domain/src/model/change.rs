//! A change of a user, with everything that is written with it, and what became of it.

use std::collections::HashSet;

use crate::model::batch::{Batch, Cursor};
use crate::model::group::MembershipChange;
use crate::model::history::HistoryEntry;
use crate::model::mail::Mail;
use crate::model::registration::Registration;
use crate::model::reported_device::ReportedDevice;
use crate::model::session::Session;
use crate::model::user::User;
use crate::values::address::NormalisedAddress;
use crate::values::ids::{ExternalId, RequestId};
use crate::values::user_name::{UserName, UserNameKey};

/// What the world finds a user by. Each belongs to one user at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identifier {
    /// Their address.
    Address(NormalisedAddress),
    /// Their external id.
    External(ExternalId),
    /// Their user name.
    UserName(UserNameKey),
}

impl Identifier {
    /// Everything that a user is found by.
    #[must_use]
    pub fn all_of(user: &User) -> Vec<Self> {
        let external = user.external_id.clone().map(Self::External);
        let user_name = user
            .user_name
            .as_ref()
            .map(UserName::key)
            .map(Self::UserName);
        std::iter::once(Self::Address(user.email.normalised()))
            .chain(external)
            .chain(user_name)
            .collect()
    }
}

/// A change of one user with everything that must be written with it: one change, one write.
#[derive(Debug, Clone)]
pub struct UserChange {
    /// The user as they are after it; the row must hold the version before. A first version must
    /// not exist yet.
    pub user: User,
    /// What they were found by and are no longer.
    pub frees: Vec<Identifier>,
    /// What they are found by from now on; nobody may have it yet.
    pub claims: Vec<Identifier>,
    /// Mails, each in its version; a first version must not exist yet.
    pub mails: Vec<Mail>,
    /// What happened.
    pub history: Vec<HistoryEntry>,
    /// A registration to set.
    pub registration: Option<Registration>,
    /// A session to set.
    pub session: Option<Session>,
    /// What finds the issue by its reference, to set: a session of its own, which no secret opens.
    pub reference: Option<Session>,
    /// What sources told of the device that is registered, to write as one with it.
    pub reported: Option<ReportedChange>,
    /// Groups of the directory that they join or leave.
    pub memberships: Vec<MembershipChange>,
    /// The batch that invites them, with its cursor, to begin.
    pub batch: Option<(Batch, Cursor)>,
}

/// What is known of a device that a source told of, before a change and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedChange {
    /// As it was read; the row must still be that.
    pub before: ReportedDevice,
    /// As it is then, in its next version.
    pub after: ReportedDevice,
}

impl UserChange {
    /// A change of the user alone, to be completed.
    #[must_use]
    pub fn of(user: User) -> Self {
        Self {
            user,
            frees: Vec::new(),
            claims: Vec::new(),
            mails: Vec::new(),
            history: Vec::new(),
            registration: None,
            session: None,
            reference: None,
            reported: None,
            memberships: Vec::new(),
            batch: None,
        }
    }

    /// The next version of a user, to be completed.
    #[must_use]
    pub fn next(user: User) -> Self {
        Self::of(User {
            version: user.version.next(),
            ..user
        })
    }

    /// The same, and what happened.
    #[must_use]
    pub fn with_history(mut self, rows: impl IntoIterator<Item = HistoryEntry>) -> Self {
        self.history.extend(rows);
        self
    }

    /// The same, and mails that follow from it.
    #[must_use]
    pub fn with_mails(mut self, mails: impl IntoIterator<Item = Mail>) -> Self {
        self.mails.extend(mails);
        self
    }

    /// The same, and a registration to set.
    #[must_use]
    pub fn with_registration(mut self, registration: Registration) -> Self {
        self.registration = Some(registration);
        self
    }

    /// The same, and a session to set, if there is one.
    #[must_use]
    pub fn with_session(mut self, session: Option<Session>) -> Self {
        self.session = session;
        self
    }

    /// The same, and what finds the issue by its reference, if that is not there yet.
    #[must_use]
    pub fn with_reference(mut self, reference: Option<Session>) -> Self {
        self.reference = reference;
        self
    }

    /// The same, and what is known of the device that is registered, if that changes.
    #[must_use]
    pub fn with_reported(mut self, reported: Option<ReportedChange>) -> Self {
        self.reported = reported;
        self
    }

    /// The same, and a batch that invites them, if there is one.
    #[must_use]
    pub fn with_batch(mut self, batch: Option<(Batch, Cursor)>) -> Self {
        self.batch = batch;
        self
    }

    /// The same, done for this request: its mails say so.
    #[must_use]
    pub fn for_request(mut self, request: Option<&RequestId>) -> Self {
        for mail in &mut self.mails {
            mail.request_id = mail.request_id.take().or_else(|| request.cloned());
        }
        self
    }
}

/// Whether no two of these changes are of one user, as a store wants them that saves them together.
#[must_use]
pub fn of_different_users(changes: &[UserChange]) -> bool {
    let mut seen = HashSet::new();
    changes.iter().all(|change| seen.insert(change.user.id))
}

/// What became of one change among several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// Written, with everything that belongs to it.
    Saved,
    /// Somebody else wrote the user first: read again, decide again.
    Conflict,
    /// One of its mails exists already: this very change was written before.
    DoneBefore,
    /// The user is as they were read, and somebody else has the address that it claims.
    AddressTaken,
    /// The user is as they were read, and somebody else has the external id that it claims.
    ExternalIdTaken,
    /// The user is as they were read, and somebody else has the user name that it claims.
    UserNameTaken,
}

impl ChangeOutcome {
    /// Whether it was written. If not, somebody else wrote first: read again, decide again.
    #[must_use]
    pub const fn is_saved(self) -> bool {
        match self {
            Self::Saved => true,
            Self::Conflict
            | Self::DoneBefore
            | Self::AddressTaken
            | Self::ExternalIdTaken
            | Self::UserNameTaken => false,
        }
    }
}
