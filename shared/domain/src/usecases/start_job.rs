//! Starting a job: one transaction that writes what is to be done, and to whom. Everything else starts
//! from its rows.

use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::batch::BatchSelection;
use crate::model::job::{Job, JobAction, JobCursor, JobSelection, LineProblem};
use crate::model::mail::{MAX_SMALL_BATCH, MailClass};
use crate::model::selection::Selection;
use crate::model::stored::Carried;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::idempotency::Idempotency;
use crate::ports::jobs::{Jobs, StartError};
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::usecases::idempotency::{Recalled, RepeatableRequest, recall};
use crate::usecases::import_users::{FileOfUsers, ImportOrder};
use crate::usecases::send_invitations::{CURSOR_TIMEOUT, check_selection, stored, unknown_users};
use crate::values::ids::{JobId, UserId, Version};
use crate::values::problem::FieldProblem;

/// What to do, and to whom.
#[derive(Debug, Clone)]
pub struct JobOrder {
    /// What.
    pub action: JobAction,
    /// To whom.
    pub selection: Selection,
    /// Who orders it.
    pub who: Actor,
}

/// What was started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobAccepted {
    /// The job.
    pub job: Job,
    /// How many people or lines it is for, if that is known.
    pub selected: Option<u64>,
}

/// Why no job was started.
#[derive(Debug, thiserror::Error)]
pub enum StartJobRefused {
    /// The selection, the action or the file is wrong.
    #[error("the order is not well formed")]
    Invalid(Vec<FieldProblem>),
    /// It is no file of users.
    #[error("the file is not a list of users")]
    InvalidFile(Vec<FieldProblem>),
    /// Packed, the file takes more than so many bytes.
    #[error("the file is too large, packed")]
    FileTooLarge {
        /// How many it may take.
        at_most: usize,
    },
    /// Selected users do not exist.
    #[error("selected users do not exist")]
    UnknownUsers(Vec<FieldProblem>),
    /// The idempotency key came with another body before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Starts a job.
#[derive(Debug, Clone)]
pub struct StartJob<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Users + Idempotency + Jobs>> StartJob<E> {
    /// Checks the order and writes its job.
    pub async fn run(
        &self,
        order: &JobOrder,
        request: Option<&RepeatableRequest>,
    ) -> Result<JobAccepted, StartJobRefused> {
        check_selection(&order.selection).map_err(StartJobRefused::Invalid)?;
        let (whom, class, mut named) = stored(&order.selection);
        let selected = match &whom {
            BatchSelection::Few { users } => {
                let read = self.env.store().read_users(users).await?;
                let unknown = unknown_users(users, &read);
                // A repeated request is answered as before, whoever was deleted since.
                if !unknown.is_empty() && request.is_none() {
                    return Err(StartJobRefused::UnknownUsers(unknown));
                }
                named.push(users.clone());
                Some((users.len() as u64, unknown))
            }
            BatchSelection::Many { count } => Some((*count, Vec::new())),
            BatchSelection::Filter { .. } => None,
        };
        let (selected, unknown) = selected.map_or((None, Vec::new()), |(n, u)| (Some(n), u));
        let draft = Draft {
            action: &order.action,
            who: &order.who,
            selection: JobSelection::People { whom },
            class,
            selected,
        };
        self.write(&draft, &named, None, request, unknown).await
    }

    /// Checks the file and writes the job that imports it.
    pub async fn import(
        &self,
        file: &[u8],
        order: &ImportOrder,
        request: Option<&RepeatableRequest>,
    ) -> Result<JobAccepted, StartJobRefused> {
        let charset = order.charset.as_deref();
        let read = FileOfUsers::read(file, charset).map_err(StartJobRefused::InvalidFile)?;
        let lines = read.len() as u64;
        let class = if read.len() <= MAX_SMALL_BATCH {
            MailClass::Small
        } else {
            MailClass::Bulk
        };
        let warnings = read.warnings().into_iter().map(LineProblem::from);
        let action = JobAction::Import {
            invite: order.invite,
            charset: order.charset.clone(),
            warnings: warnings.collect(),
            unknown_columns: read.unknown_columns,
        };
        let draft = Draft {
            action: &action,
            who: &order.who,
            selection: JobSelection::File { lines },
            class,
            selected: Some(lines),
        };
        self.write(&draft, &[], Some(file), request, Vec::new())
            .await
    }

    async fn write(
        &self,
        draft: &Draft<'_>,
        named: &[Vec<UserId>],
        file: Option<&[u8]>,
        request: Option<&RepeatableRequest>,
        unknown: Vec<FieldProblem>,
    ) -> Result<JobAccepted, StartJobRefused> {
        let mut turns = Turns::new(&self.env, "starting a job");
        loop {
            let now = self.env.clock().now();
            match recall(self.env.store(), request, now).await? {
                Recalled::Answered(answer) => return Ok(answer),
                Recalled::OtherBody => return Err(StartJobRefused::KeyReused),
                Recalled::New if unknown.is_empty() => {}
                Recalled::New => return Err(StartJobRefused::UnknownUsers(unknown)),
            }
            let (job, cursor) = self.begin(draft, named.len());
            let answer = JobAccepted {
                job,
                selected: draft.selected,
            };
            let remembered = request
                .map(|request| request.remember(&answer, now))
                .transpose()?;
            let store = self.env.store();
            match store
                .start_job(&answer.job, &cursor, named, file, remembered.as_ref())
                .await
            {
                Ok(()) => return Ok(answer),
                // The same request came twice at once; the other one has the answer.
                Err(StartError::Conflict) => turns.another().await?,
                Err(StartError::FileTooLarge { at_most }) => {
                    return Err(StartJobRefused::FileTooLarge { at_most });
                }
                Err(StartError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }

    fn begin(&self, draft: &Draft<'_>, rows: usize) -> (Job, JobCursor) {
        let now = self.env.clock().now();
        let job = Job {
            id: JobId::new(self.env.entropy().ulid()),
            version: Version::FIRST,
            who: draft.who.clone(),
            action: draft.action.clone(),
            selection: draft.selection.clone(),
            class: draft.class,
            created_at: now,
            carried: Carried::default(),
            request_id: self.env.entropy().request(),
        };
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let due_at = now.saturating_add(CURSOR_TIMEOUT).unwrap_or(now);
        let cursor = JobCursor::at_the_start(&job, rows, draft.selected, due_at);
        (job, cursor)
    }
}

/// What of a job is known before it is written.
struct Draft<'a> {
    action: &'a JobAction,
    who: &'a Actor,
    selection: JobSelection,
    class: MailClass,
    selected: Option<u64>,
}
