//! A job: one action for many people, or one import, stored by one request and carried out step by step.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::batch::BatchSelection;
use crate::model::mail::MailClass;
use crate::model::ownership::OwnerSwitch;
use crate::model::stored::Carried;
use crate::values::ids::{BatchId, JobId, RequestId, Version};
use crate::values::names::{GroupName, Label};

mod outcomes;
mod step;

pub use outcomes::{JobOutcome, JobPage, JobReason, JobResult, LineProblem};
pub use step::{JobStep, MAX_DEVICES_IN_A_STEP, MAX_ROWS_IN_A_STEP, StepChange};

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
