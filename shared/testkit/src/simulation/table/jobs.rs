//! The port of the table that speaks of jobs.

use beckon_domain::model::change::ChangeOutcome;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::job::{Job, JobCursor, JobPage, JobStep, StepChange};
use beckon_domain::model::stored::Unreadable;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::jobs::{Jobs, StartError, StepError};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::ids::{JobId, UserId};
use jiff::Timestamp;

use super::{Table, out_of_reach, unseen};
use crate::Call;
use crate::simulation::breakage::Breakage;
use crate::simulation::stage::Weather;

impl Jobs for Table {
    async fn start_job(
        &self,
        job: &Job,
        cursor: &JobCursor,
        named: &[Vec<UserId>],
        file: Option<&[u8]>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), StartError> {
        let write = self.rows().start_job(job, cursor, named, file, answer);
        self.write(Call::StartJob, write, |ledger, ()| {
            ledger.job_started(job, cursor, answer);
        })
        .await
    }

    async fn load_job(&self, id: JobId) -> Result<Option<(Job, JobCursor)>, Unavailable> {
        self.read(Call::LoadJob, self.rows().load_job(id), unseen)
            .await
    }

    async fn job_users(&self, id: JobId, row: u32) -> Result<Vec<UserId>, Unavailable> {
        self.read(Call::JobUsers, self.rows().job_users(id, row), unseen)
            .await
    }

    async fn job_file(&self, id: JobId) -> Result<Option<Vec<u8>>, Unavailable> {
        self.read(Call::JobFile, self.rows().job_file(id), unseen)
            .await
    }

    async fn job_pages(
        &self,
        id: JobId,
        first: u32,
        limit: usize,
    ) -> Result<Readable<JobPage>, Unavailable> {
        let read = self.rows().job_pages(id, first, limit);
        self.read(Call::JobPages, read, unseen).await
    }

    async fn list_jobs(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<JobId>, Unavailable> {
        let read = self.rows().list_jobs(position, limit);
        self.read(Call::ListJobs, read, unseen).await
    }

    async fn finish_step(&self, step: &JobStep) -> Result<(), StepError> {
        let weather = self.weather(Call::FinishStep);
        match weather {
            Weather::Refused => return Err(out_of_reach().into()),
            Weather::Outraced => {
                return Err(match step.changes.first() {
                    Some(_) => StepError::Overtaken(vec![(0, ChangeOutcome::Conflict)]),
                    None => StepError::Moved,
                });
            }
            Weather::Fair | Weather::LosesAnswer | Weather::CutShort => {}
        }
        if self.broken(Breakage::StepTornApart) && self.watch().stage(|s| s.dice.happens(300)) {
            return self.torn_apart(step).await;
        }
        let mut written = self.rows().finish_step(step).await;
        let mut step = step.clone();
        if matches!(written, Err(StepError::Moved)) && self.broken(Breakage::EveryStepFits) {
            let row = self.rows().load_job(step.cursor.job).await?;
            step.cursor.version = row.map_or(step.cursor.version, |(_, row)| row.version.next());
            written = self.rows().finish_step(&step).await;
        }
        written?;
        self.watch().with(|ledger| ledger.step_finished(&step));
        if weather == Weather::Fair {
            Ok(())
        } else {
            Err(out_of_reach().into())
        }
    }

    async fn save_job_cursor(&self, cursor: &JobCursor) -> Result<(), SaveError> {
        let write = self.rows().save_job_cursor(cursor);
        self.save(Call::SaveJobCursor, write, |ledger, ()| {
            ledger.job_moved(cursor);
        })
        .await
    }

    async fn due_jobs(&self, now: Timestamp, limit: usize) -> Result<Vec<JobId>, Unavailable> {
        self.read(Call::DueJobs, self.rows().due_jobs(now, limit), unseen)
            .await
    }

    async fn set_job_aside(&self, id: JobId, because: &Unreadable) -> Result<(), Unavailable> {
        let write = self.rows().set_job_aside(id, because);
        self.write(Call::SetJobAside, write, unseen).await
    }
}

impl Table {
    /// The changes of a step are written, and neither what became of whom nor where the job stands.
    async fn torn_apart(&self, step: &JobStep) -> Result<(), StepError> {
        for change in &step.changes {
            if let StepChange::Change(change) = change
                && self.rows().save_user(change).await?.is_saved()
            {
                self.watch().with(|ledger| {
                    ledger.touched_by_job(step.cursor.job, change.user.id);
                    ledger.saved_by_job(change);
                });
            }
        }
        Err(out_of_reach().into())
    }
}
