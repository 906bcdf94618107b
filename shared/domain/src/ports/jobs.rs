//! Jobs in the table: what was ordered, how far it has come, and what became of whom.

use std::future::Future;

use jiff::Timestamp;

use crate::model::change::ChangeOutcome;
use crate::model::idempotency::IdempotencyRecord;
use crate::model::job::{Job, JobCursor, JobPage, JobStep};
use crate::model::stored::Unreadable;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::reads::{ListPage, Readable};
use crate::values::ids::{JobId, UserId};

/// Why a job was not written. Nothing of it is, then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The idempotency key was used in the meantime.
    #[error("the idempotency key was used meanwhile")]
    Conflict,
    /// One write does not hold the file, which may take so many bytes once it is packed.
    #[error("packed, the file takes more than {} bytes", .at_most)]
    FileTooLarge {
        /// How many it may take.
        at_most: usize,
    },
    /// The store cannot be reached; whether it was written is not known.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a step was not written. Nothing of it is, then.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The cursor is not as it was read: another run has carried the step out, or somebody stopped
    /// the job.
    #[error("the job has moved on")]
    Moved,
    /// These changes did not fit, by their places: read those users again, decide again.
    #[error("some of the users were changed meanwhile")]
    Overtaken(Vec<(usize, ChangeOutcome)>),
    /// The store cannot be reached; whether it was written is not known.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The jobs.
pub trait Jobs {
    /// Writes the job, its cursor, its named users (rows of [`crate::model::batch::PAGE_SIZE`] each),
    /// its file and the idempotency record, as one.
    fn start_job(
        &self,
        job: &Job,
        cursor: &JobCursor,
        named: &[Vec<UserId>],
        file: Option<&[u8]>,
        answer: Option<&IdempotencyRecord>,
    ) -> impl Future<Output = Result<(), StartError>> + Send;

    /// The job and its cursor.
    fn load_job(
        &self,
        id: JobId,
    ) -> impl Future<Output = Result<Option<(Job, JobCursor)>, Unavailable>> + Send;

    /// The users named or gathered in a row of a job; nobody, if there is no such row.
    fn job_users(
        &self,
        id: JobId,
        row: u32,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;

    /// The file of a job; `None` if there is none, or no more.
    fn job_file(
        &self,
        id: JobId,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, Unavailable>> + Send;

    /// The pages of a job's outcomes, from `first` on, at most `limit`, in their order. Those that
    /// cannot be read are left out, and those behind them are not.
    fn job_pages(
        &self,
        id: JobId,
        first: u32,
        limit: usize,
    ) -> impl Future<Output = Result<Readable<JobPage>, Unavailable>> + Send;

    /// Jobs, newest first.
    fn list_jobs(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<JobId>, Unavailable>> + Send;

    /// Writes all of a step or nothing. Addresses and external ids stay unique, as where users are
    /// saved one by one.
    fn finish_step(&self, step: &JobStep) -> impl Future<Output = Result<(), StepError>> + Send;

    /// Writes the cursor's next version alone: to stop the job, or so that its stream record starts
    /// its step again.
    fn save_job_cursor(
        &self,
        cursor: &JobCursor,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Jobs whose cursor stands still.
    fn due_jobs(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<JobId>, Unavailable>> + Send;

    /// Sets a job's cursor aside, which would come back at every round because of another row.
    fn set_job_aside(
        &self,
        id: JobId,
        because: &Unreadable,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
