//! A job: one action for many people, or one import, stored by one request and carried out step by step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::batch::BatchSelection;
use crate::model::change::{Identifier, UserChange};
use crate::model::erasure::Tombstone;
use crate::model::history::HistoryEntry;
use crate::model::mail::MailClass;
use crate::model::ownership::OwnerSwitch;
use crate::model::stored::Carried;
use crate::model::user::User;
use crate::values::ids::{BatchId, JobId, RequestId, UserId, Version};
use crate::values::names::{GroupName, Label};
use crate::values::problem::FieldProblem;

/// How many rows of the table the changes of one step may be: a transaction of `DynamoDB` holds 100
/// items, and the cursor and the outcomes are two.
pub const MAX_ROWS_IN_A_STEP: usize = 96;

/// The most devices that go with their user in a step. What is left of them goes with the history.
pub const MAX_DEVICES_IN_A_STEP: usize = 30;

/// How long the outcomes of an import's lines are kept, which may quote what stood in the file.
pub const DAYS_LINES_ARE_KEPT: i64 = 30;

/// What a job does to each person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "type"
)]
pub enum JobAction {
    /// Mails the open invitation again.
    Resend,
    /// Takes the open invitation back.
    Cancel,
    /// Undoes a cancel or a decline.
    Restore,
    /// Tries an address again that takes no mail any more.
    TryAddressAgain,
    /// Issues an invitation without a mail to whoever has none that is open.
    GeneratePins {
        /// What *Device owner settings* is switched to.
        ownership: OwnerSwitch,
        /// Why, in the words of who does it.
        reason: Label,
    },
    /// Lets them be invited and register again.
    Enable,
    /// Keeps them from being invited and from registering.
    Disable,
    /// Makes these their groups.
    SetGroups {
        /// Which.
        groups: BTreeSet<GroupName>,
    },
    /// Adds them to these groups.
    AddGroups {
        /// Which.
        groups: BTreeSet<GroupName>,
    },
    /// Takes them out of these groups.
    RemoveGroups {
        /// Which.
        groups: BTreeSet<GroupName>,
    },
    /// Deletes them.
    Delete,
    /// Imports a file of users.
    Import {
        /// Whether everyone in it is invited who was never invited.
        invite: bool,
        /// The charset that was declared with the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charset: Option<String>,
        /// The columns that mean nothing to us.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unknown_columns: Vec<String>,
        /// What is worth knowing and stops nothing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<LineProblem>,
    },
}

impl JobAction {
    /// Its name in the API.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Cancel => "cancel",
            Self::Restore => "restore",
            Self::TryAddressAgain => "tryAddressAgain",
            Self::GeneratePins { .. } => "generatePins",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::SetGroups { .. } => "setGroups",
            Self::AddGroups { .. } => "addGroups",
            Self::RemoveGroups { .. } => "removeGroups",
            Self::Delete => "delete",
            Self::Import { .. } => "import",
        }
    }
}

/// Whom a job is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "type"
)]
pub enum JobSelection {
    /// People, as a batch selects them.
    People {
        /// Which.
        whom: BatchSelection,
    },
    /// The lines of a file.
    File {
        /// How many.
        lines: u64,
    },
}

/// One job. Its row is written once; how far it has come is told by its [`JobCursor`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Which.
    pub id: JobId,
    /// How often the row was written.
    pub version: Version,
    /// Who ordered it.
    pub who: Actor,
    /// What it does.
    pub action: JobAction,
    /// To whom.
    pub selection: JobSelection,
    /// Whether its mails may overtake others.
    pub class: MailClass,
    /// Since when.
    pub created_at: Timestamp,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
    /// The request that ordered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
}

/// What a job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JobStage {
    /// Writing down whom its filter finds.
    Gathering,
    /// Carrying out its action.
    Working,
    /// Inviting those whom its file has added.
    Inviting,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum JobState {
    /// Being carried out.
    Running,
    /// Everyone selected has an outcome.
    Done,
    /// Stopped before it was done.
    Stopped,
}

/// How many people, or lines of a file, came to which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "each is a count of the outcome of its name")]
pub struct JobCounts {
    pub done: u64,
    pub unchanged: u64,
    pub refused: u64,
    pub unreadable: u64,
    pub gone: u64,
    pub added: u64,
    pub updated: u64,
    pub invalid: u64,
}

impl JobCounts {
    /// All of them.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.done
            + self.unchanged
            + self.refused
            + self.unreadable
            + self.gone
            + self.added
            + self.updated
            + self.invalid
    }

    /// Counts these, too.
    #[must_use]
    pub fn with(mut self, outcomes: &[JobOutcome]) -> Self {
        for outcome in outcomes {
            match &outcome.result {
                JobResult::Done => self.done += 1,
                JobResult::Unchanged { .. } => self.unchanged += 1,
                JobResult::Refused { .. } => self.refused += 1,
                JobResult::Unreadable => self.unreadable += 1,
                JobResult::Gone => self.gone += 1,
                JobResult::Added => self.added += 1,
                JobResult::Updated { .. } => self.updated += 1,
                JobResult::Invalid { .. } => self.invalid += 1,
            }
        }
        self
    }
}

/// How far a job has come. Every step writes it with the changes and the outcomes that belong to the
/// step, as one; so a step that is carried out twice is found to be done by the cursor's version.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobCursor {
    /// Of which job.
    pub job: JobId,
    /// How often the row was written.
    pub version: Version,
    /// What it is doing.
    pub stage: JobStage,
    /// Where in the list of users the next ones are gathered, for a filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// How many rows of gathered users there are.
    pub rows: u32,
    /// How many people or lines there are, as far as is known.
    pub selected: u64,
    /// Which row of users is worked on.
    pub row: u32,
    /// How many of that row, or of the file's lines, have their outcome.
    pub offset: u64,
    /// How many pages of outcomes there are.
    pub pages: u32,
    /// How many came to which outcome.
    pub counts: JobCounts,
    /// The batch that invites those of an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// Whether the run that wrote it goes on by itself: then its stream record asks for nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_hand: bool,
    /// When it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
    /// Who stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<Actor>,
    /// Whether nothing is left to do.
    pub done: bool,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// When maintenance has to look after it.
    pub due_at: Timestamp,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

/// A position in the list of users is somebody's address.
impl std::fmt::Debug for JobCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobCursor")
            .field("job", &self.job)
            .field("version", &self.version)
            .field("stage", &self.stage)
            .field("row", &self.row)
            .field("offset", &self.offset)
            .field("counts", &self.counts)
            .field("done", &self.done)
            .field("due_at", &self.due_at)
            .finish_non_exhaustive()
    }
}

impl JobCursor {
    /// That of a job of which nothing is done yet. `rows` of users are written with it; `selected` is
    /// not known of a filter, which has to be gone through first.
    #[must_use]
    pub fn at_the_start(job: &Job, rows: u32, selected: Option<u64>, due_at: Timestamp) -> Self {
        Self {
            job: job.id,
            version: Version::FIRST,
            stage: match selected {
                Some(_) => JobStage::Working,
                None => JobStage::Gathering,
            },
            position: None,
            rows,
            selected: selected.unwrap_or(0),
            row: 0,
            offset: 0,
            pages: 0,
            counts: JobCounts::default(),
            batch: None,
            in_hand: false,
            stopped_at: None,
            stopped_by: None,
            done: false,
            done_at: None,
            due_at,
            carried: Carried::default(),
        }
    }

    /// Where the job stands.
    #[must_use]
    pub const fn state(&self) -> JobState {
        if self.stopped_at.is_some() {
            JobState::Stopped
        } else if self.done {
            JobState::Done
        } else {
            JobState::Running
        }
    }
}

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
