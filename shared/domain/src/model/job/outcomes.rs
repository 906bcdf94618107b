//! What became of each person or line of a job.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::values::ids::{JobId, UserId};
use crate::values::problem::FieldProblem;

/// Why nothing was done for somebody: what the single route answers, by a stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum JobReason {
    /// They were never invited.
    NoInvitation,
    /// The invitation is not open any more.
    NotOpen,
    /// The invitation was neither cancelled nor declined.
    NothingToRestore,
    /// They are disabled.
    Disabled,
    /// Their address takes no mail.
    AddressMarked,
    /// Their address is of a domain that may not be invited.
    DomainNotAllowed,
    /// A device was registered while the invitation was taken back.
    RegisteredMeanwhile,
    /// The invitation's time ran out while it was taken back.
    ExpiredMeanwhile,
    /// Nothing is held against their address.
    NotMarked,
    /// With their registration method there is no secret.
    NoSecret,
    /// They have an open invitation, whose secret can be handed over.
    OpenAlready,
    /// They would be in too many groups.
    TooManyGroups,
    /// The directory says whether they are enabled, and would put it back.
    OwnedByDirectory,
    /// The filter found them when the job began, and no longer when their turn came.
    NotSelected,
}

/// What is wrong with a line of a file, as stored: what it said of a field, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineProblem {
    /// The column.
    pub field: String,
    /// A stable name for programs.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
    /// What the sentence says in numbers and names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

impl From<FieldProblem> for LineProblem {
    fn from(problem: FieldProblem) -> Self {
        Self {
            field: problem.field,
            code: problem.code.to_owned(),
            detail: problem.detail,
            parameters: problem
                .parameters
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }
}

/// What became of one person, or of one line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "outcome"
)]
pub enum JobResult {
    /// It was done.
    Done,
    /// Nothing was to be done.
    Unchanged {
        /// Why, where that is worth saying.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<JobReason>,
    },
    /// It cannot be done.
    Refused {
        /// Why.
        reason: JobReason,
    },
    /// Their record cannot be read by this version of Beckon.
    Unreadable,
    /// Nobody has this id, or no more.
    Gone,
    /// Somebody new was added.
    Added,
    /// Somebody was changed.
    Updated {
        /// Which columns.
        changes: Vec<String>,
    },
    /// Something is wrong with the line.
    Invalid {
        /// What.
        problems: Vec<LineProblem>,
    },
}

impl JobResult {
    /// Every name that one can have in the API.
    pub const NAMES: [&str; 8] = [
        "done",
        "unchanged",
        "refused",
        "unreadable",
        "gone",
        "added",
        "updated",
        "invalid",
    ];

    /// Whether somebody was changed.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        match self {
            Self::Done | Self::Added | Self::Updated { .. } => true,
            Self::Unchanged { .. }
            | Self::Refused { .. }
            | Self::Unreadable
            | Self::Gone
            | Self::Invalid { .. } => false,
        }
    }

    /// Its name in the API.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unchanged { .. } => "unchanged",
            Self::Refused { .. } => "refused",
            Self::Unreadable => "unreadable",
            Self::Gone => "gone",
            Self::Added => "added",
            Self::Updated { .. } => "updated",
            Self::Invalid { .. } => "invalid",
        }
    }
}

/// A person or a line of a file, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobOutcome {
    /// Who; of a line, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The line of the file in which it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What.
    #[serde(flatten)]
    pub result: JobResult,
}

impl JobOutcome {
    /// Of a person.
    #[must_use]
    pub const fn of(user: UserId, result: JobResult) -> Self {
        Self {
            user: Some(user),
            line: None,
            result,
        }
    }
}

/// The outcomes of one step: set once, never added to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobPage {
    /// Of which job.
    pub job: JobId,
    /// Which page, from 0.
    pub number: u32,
    /// Everyone on it.
    pub outcomes: Vec<JobOutcome>,
    /// When it may go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<Timestamp>,
}
