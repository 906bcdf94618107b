//! A step of a job: what it changes, and how many rows that is.

use super::{JobCursor, JobPage};
use crate::model::change::{Identifier, UserChange};
use crate::model::erasure::Tombstone;
use crate::model::history::HistoryEntry;
use crate::model::user::User;
use crate::values::ids::UserId;

/// How many rows of the table the changes of one step may be: a transaction of `DynamoDB` holds 100
/// items, and the cursor and the outcomes are two.
pub const MAX_ROWS_IN_A_STEP: usize = 96;

/// The most devices that go with their user in a step. What is left of them goes with the history.
pub const MAX_DEVICES_IN_A_STEP: usize = 30;

/// What a step does to one person.
#[derive(Debug, Clone)]
pub enum StepChange {
    /// They change.
    Change(Box<UserChange>),
    /// They are deleted.
    Removal {
        /// As they were read.
        user: Box<User>,
        /// What happened.
        history: Box<HistoryEntry>,
        /// What is left of them.
        left: Tombstone,
    },
}

impl StepChange {
    /// Of whom.
    #[must_use]
    pub const fn user(&self) -> UserId {
        match self {
            Self::Change(change) => change.user.id,
            Self::Removal { user, .. } => user.id,
        }
    }

    /// What somebody is found by from then on, or no longer.
    #[must_use]
    pub fn names(&self) -> Vec<Identifier> {
        match self {
            Self::Change(change) => [&change.frees[..], &change.claims[..]].concat(),
            Self::Removal { user, .. } => Identifier::all_of(user),
        }
    }

    /// How many rows of the table it is.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Change(change) => {
                1 + change.frees.len()
                    + change.claims.len()
                    + change.mails.len()
                    + change.history.len()
                    + usize::from(change.registration.is_some())
                    + usize::from(change.session.is_some())
                    + change.memberships.len()
                    + 2 * usize::from(change.batch.is_some())
            }
            Self::Removal { user, .. } => {
                let sessions = user.invitation.as_ref().map_or(0, |own| own.sessions.len());
                let names = Identifier::all_of(user).len();
                let devices = usize::try_from(user.devices).unwrap_or(usize::MAX);
                let groups = user.memberships.len();
                3 + names + groups + sessions + devices.min(MAX_DEVICES_IN_A_STEP)
            }
        }
    }
}

/// A step of a job: what is written as one.
#[derive(Debug, Clone)]
pub struct JobStep {
    /// The cursor after it; its row must hold the version before.
    pub cursor: JobCursor,
    /// What became of whom.
    pub page: Option<JobPage>,
    /// Users whom the filter found, as the row of this number.
    pub gathered: Option<(u32, Vec<UserId>)>,
    /// The changes, each of another user; [`MAX_ROWS_IN_A_STEP`] rows at most.
    pub changes: Vec<StepChange>,
    /// Whether the job's file is erased.
    pub erases_file: bool,
}
