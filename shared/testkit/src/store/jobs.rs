//! The port that speaks of jobs, and the rules by which its rows replace one another.

use std::ops::Bound;

use beckon_domain::model::change::ChangeOutcome;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::job::{Job, JobCursor, JobPage, JobStep, StepChange};
use beckon_domain::model::stored::{RowKey, Unreadable};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::jobs::{Jobs, StartError, StepError};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{JobId, UserId};
use jiff::Timestamp;

use super::rows::Rows;
use super::spoilt::{keys, one};
use super::{Admission, Call, MemoryStore, out_of_reach};

/// What one write holds of a file. Nothing is packed here.
const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

impl Jobs for MemoryStore {
    async fn start_job(
        &self,
        job: &Job,
        cursor: &JobCursor,
        named: &[Vec<UserId>],
        file: Option<&[u8]>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), StartError> {
        self.write(Call::StartJob, |rows| {
            rows.start_job(job, cursor, named, file, answer)
        })
        .await
    }

    async fn load_job(&self, id: JobId) -> Result<Option<(Job, JobCursor)>, Unavailable> {
        let read = self.read(Call::LoadJob, |rows| {
            let job = one(rows, &keys::job(id), rows.jobs.get(&id).cloned())?;
            let cursor = rows.job_cursors.get(&id).cloned();
            let cursor = one(rows, &keys::job_cursor(id), cursor)?;
            Ok(job.zip(cursor))
        });
        self.one_row(read.await)
    }

    async fn job_users(&self, id: JobId, row: u32) -> Result<Vec<UserId>, Unavailable> {
        let read = self.read(Call::JobUsers, |rows| {
            let users = rows.job_users.get(&(id, row)).cloned();
            one(rows, &keys::job_users(id, row), users)
        });
        Ok(self.one_row(read.await)?.unwrap_or_default())
    }

    async fn job_file(&self, id: JobId) -> Result<Option<Vec<u8>>, Unavailable> {
        let read = self.read(Call::JobFile, |rows| {
            one(rows, &keys::job_file(id), rows.job_files.get(&id).cloned())
        });
        self.one_row(read.await)
    }

    async fn job_pages(
        &self,
        id: JobId,
        first: u32,
        limit: usize,
    ) -> Result<Readable<JobPage>, Unavailable> {
        let read = self.read(Call::JobPages, |rows| {
            let (mut read, mut met): (Vec<JobPage>, Vec<RowKey>) = (Vec::new(), Vec::new());
            for ((_, number), page) in rows.job_pages.range((id, first)..=(id, u32::MAX)) {
                if read.len() == limit {
                    break;
                }
                let key = keys::job_page(id, *number);
                if rows.why_unreadable(&key).is_some() {
                    met.push(key);
                } else {
                    read.push(page.clone());
                }
            }
            (read, met)
        });
        let (items, met) = read.await?;
        for key in &met {
            self.met(key);
        }
        Ok(Readable {
            items,
            unreadable: met.len(),
        })
    }

    async fn list_jobs(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<JobId>, Unavailable> {
        self.read_index(Call::ListJobs, |rows| {
            let before = position.and_then(|text| text.parse::<JobId>().ok());
            let bound = before.map_or(Bound::Unbounded, Bound::Excluded);
            let mut older = rows.jobs.range((Bound::Unbounded, bound)).rev();
            let items: Vec<JobId> = older.by_ref().take(limit).map(|(id, _)| *id).collect();
            let last = items.last().map(JobId::to_string);
            ListPage {
                next: older.next().and(last),
                items,
                unreadable: 0,
            }
        })
        .await
    }

    async fn finish_step(&self, step: &JobStep) -> Result<(), StepError> {
        match self.admit(Call::FinishStep).await {
            Admission::Pass => self.lock().change(|rows| rows.finish_step(step)),
            Admission::Outraced => Err(match step.changes.first() {
                Some(_) => StepError::Overtaken(vec![(0, ChangeOutcome::Conflict)]),
                None => StepError::Moved,
            }),
            Admission::Refuse => Err(out_of_reach().into()),
            Admission::LoseAnswer | Admission::CutShort(_) => {
                self.lock().change(|rows| rows.finish_step(step))?;
                Err(out_of_reach().into())
            }
        }
    }

    async fn save_job_cursor(&self, cursor: &JobCursor) -> Result<(), SaveError> {
        self.save(Call::SaveJobCursor, |rows| rows.save_job_cursor(cursor))
            .await
    }

    async fn due_jobs(&self, now: Timestamp, limit: usize) -> Result<Vec<JobId>, Unavailable> {
        self.read_index(Call::DueJobs, |rows| {
            let open = rows.job_cursors.values().filter(|cursor| !cursor.done);
            let mut due: Vec<(Timestamp, JobId)> = open
                .filter(|cursor| cursor.due_at <= now)
                .filter(|cursor| !rows.is_aside(&keys::job_cursor(cursor.job)))
                .map(|cursor| (cursor.due_at, cursor.job))
                .collect();
            due.sort_unstable();
            due.into_iter().map(|(_, id)| id).take(limit).collect()
        })
        .await
    }

    async fn set_job_aside(&self, id: JobId, because: &Unreadable) -> Result<(), Unavailable> {
        self.write(Call::SetJobAside, |rows| {
            if rows.job_cursors.contains_key(&id) {
                rows.put_by(&keys::job_cursor(id), because);
            }
            Ok(())
        })
        .await
    }
}

impl Rows {
    fn start_job(
        &mut self,
        job: &Job,
        cursor: &JobCursor,
        named: &[Vec<UserId>],
        file: Option<&[u8]>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), StartError> {
        if self.key_is_taken(answer, job.created_at) || self.jobs.contains_key(&job.id) {
            return Err(StartError::Conflict);
        }
        let at_most = MAX_FILE_BYTES;
        if file.is_some_and(|file| file.len() > at_most) {
            return Err(StartError::FileTooLarge { at_most });
        }
        self.jobs.insert(job.id, job.clone());
        self.job_cursors.insert(job.id, cursor.clone());
        for (row, users) in (0..).zip(named) {
            self.job_users.insert((job.id, row), users.clone());
        }
        if let Some(file) = file.filter(|file| !file.is_empty()) {
            self.job_files.insert(job.id, file.to_vec());
        }
        self.put_answer(answer);
        Ok(())
    }

    fn save_job_cursor(&mut self, cursor: &JobCursor) -> Result<(), SaveError> {
        let row = self.job_cursors.get(&cursor.job).map(|row| row.version);
        if row.is_none() || cursor.version.replaces() != row {
            return Err(SaveError::Conflict);
        }
        self.job_cursors.insert(cursor.job, cursor.clone());
        Ok(())
    }

    /// All of it or nothing: what does not fit leaves the rows as they were.
    fn finish_step(&mut self, step: &JobStep) -> Result<(), StepError> {
        let mut after = self.clone();
        after
            .save_job_cursor(&step.cursor)
            .map_err(|_| StepError::Moved)?;
        let mut overtaken = Vec::new();
        for (place, change) in step.changes.iter().enumerate() {
            let outcome = match change {
                StepChange::Change(change) => after.save_user(change),
                StepChange::Removal {
                    user,
                    history,
                    left,
                } => match after.bury_user(user, history, left) {
                    Ok(()) => ChangeOutcome::Saved,
                    Err(_) => ChangeOutcome::Conflict,
                },
            };
            if !outcome.is_saved() {
                overtaken.push((place, outcome));
            }
        }
        if !overtaken.is_empty() {
            return Err(StepError::Overtaken(overtaken));
        }
        let id = step.cursor.job;
        if let Some(page) = &step.page {
            after.job_pages.insert((id, page.number), page.clone());
        }
        if let Some((row, users)) = &step.gathered {
            after.job_users.insert((id, *row), users.clone());
        }
        if step.erases_file {
            after.job_files.remove(&id);
        }
        *self = after;
        Ok(())
    }
}

/// What a test can look at and put there, past every port.
impl MemoryStore {
    /// Every job with its cursor, oldest first.
    pub fn all_jobs(&self) -> Vec<(Job, JobCursor)> {
        let inner = self.lock();
        let cursors = &inner.rows.job_cursors;
        let jobs = inner.rows.jobs.values();
        jobs.map(|job| (job.clone(), cursors[&job.id].clone()))
            .collect()
    }

    /// The outcomes of a job so far.
    pub fn outcomes_of(&self, id: JobId) -> Vec<JobPage> {
        let inner = self.lock();
        let pages = inner.rows.job_pages.range((id, 0)..=(id, u32::MAX));
        pages.map(|(_, page)| page.clone()).collect()
    }

    /// Whether the file of a job is still there.
    pub fn has_file(&self, id: JobId) -> bool {
        self.lock().rows.job_files.contains_key(&id)
    }
}
