//! What has become of a job, and of everyone it is for.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::model::job::{Job, JobCursor, JobOutcome, JobStage, JobState};
use crate::model::user::User;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::jobs::Jobs;
use crate::ports::users::Users;
use crate::values::ids::{JobId, UserId};

/// How many pages of outcomes one request reads: some thirty people are on each.
const PAGES_AT_ONCE: usize = 40;

/// How many of these reads a request makes that looks for few among many.
const MAX_READS: usize = 5;

/// Where a job stands.
#[derive(Debug, Clone)]
pub struct JobReport {
    /// The job.
    pub job: Job,
    /// How far it has come.
    pub cursor: JobCursor,
}

impl JobReport {
    /// How many people or lines it is for; `None` until its filter has gone through the list.
    #[must_use]
    pub const fn selected(&self) -> Option<u64> {
        match self.cursor.stage {
            JobStage::Gathering => None,
            JobStage::Working | JobStage::Inviting => Some(self.cursor.selected),
        }
    }

    /// The share of those who have their outcome.
    #[must_use]
    pub fn progress(&self) -> Option<f64> {
        if self.cursor.state() == JobState::Done {
            return Some(1.0);
        }
        let selected = self.selected()?.max(1);
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of people, shown as a share"
        )]
        let share = self.cursor.counts.all() as f64 / selected as f64;
        Some(share.min(1.0))
    }

    /// When it will be done, if it goes on as fast as it has gone so far.
    #[must_use]
    pub fn expected_end(&self, now: Timestamp) -> Option<Timestamp> {
        if self.cursor.state() != JobState::Running {
            return None;
        }
        let share = self.progress().filter(|share| *share > 0.0)?;
        let gone = now.duration_since(self.job.created_at).as_secs_f64();
        let left = (gone * (1.0 - share) / share).clamp(0.0, 1e9);
        now.checked_add(SignedDuration::from_secs_f64(left)).ok()
    }
}

/// An outcome, with the person it is about.
#[derive(Debug, Clone)]
pub struct ReportedOutcome {
    /// What became of whom.
    pub outcome: JobOutcome,
    /// They themselves; `None` if there is nobody, or no more.
    pub user: Option<User>,
}

/// A page of outcomes.
#[derive(Debug, Clone)]
pub struct OutcomesPage {
    /// In the order of the selection.
    pub outcomes: Vec<ReportedOutcome>,
    /// Where the next one begins. A page may be short, even empty, and still have a next one.
    pub next: Option<String>,
    /// How many pages of outcomes were left out because they cannot be read.
    pub unreadable: usize,
}

/// Reports on jobs.
#[derive(Debug, Clone)]
pub struct ReportJob<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Jobs>> ReportJob<E> {
    /// Where a job stands; `None` if there is none. Two reads, whatever its size.
    pub async fn run(&self, id: JobId) -> Result<Option<JobReport>, Unavailable> {
        let found = self.env.store().load_job(id).await?;
        Ok(found.map(|(job, cursor)| JobReport { job, cursor }))
    }

    /// At most `limit` of a job's outcomes, of those with one of these names, or all; `None` if there
    /// is no such job.
    pub async fn outcomes(
        &self,
        id: JobId,
        names: &BTreeSet<&'static str>,
        position: Option<&str>,
        limit: usize,
    ) -> Result<Option<OutcomesPage>, Unavailable>
    where
        E: Env<Store: Users>,
    {
        if self.env.store().load_job(id).await?.is_none() {
            return Ok(None);
        }
        let (mut number, mut offset) = position
            .and_then(|text| text.split_once('.'))
            .and_then(|(page, offset)| Some((page.parse().ok()?, offset.parse().ok()?)))
            .unwrap_or((0_u32, 0_usize));
        let mut found: Vec<JobOutcome> = Vec::new();
        let mut unreadable = 0;
        let mut next = None;
        'reading: for reads in 1..=MAX_READS {
            let read = self
                .env
                .store()
                .job_pages(id, number, PAGES_AT_ONCE)
                .await?;
            unreadable += read.unreadable;
            let is_end = read.items.len() < PAGES_AT_ONCE;
            for page in read.items {
                if page.number != number {
                    offset = 0;
                }
                for (place, outcome) in page.outcomes.into_iter().enumerate().skip(offset) {
                    if found.len() == limit {
                        next = Some(format!("{}.{place}", page.number));
                        break 'reading;
                    }
                    if names.is_empty() || names.contains(outcome.result.name()) {
                        found.push(outcome);
                    }
                }
                (number, offset) = (page.number + 1, 0);
            }
            if is_end {
                break;
            }
            if reads == MAX_READS {
                next = Some(format!("{number}.0"));
            }
        }
        let ids: Vec<UserId> = found.iter().filter_map(|outcome| outcome.user).collect();
        let users = self.env.store().load_users(&ids).await?.into_iter();
        let users: HashMap<UserId, User> = users.map(|user| (user.id, user)).collect();
        let outcomes = found.into_iter().map(|outcome| ReportedOutcome {
            user: outcome.user.and_then(|id| users.get(&id).cloned()),
            outcome,
        });
        Ok(Some(OutcomesPage {
            outcomes: outcomes.collect(),
            next,
            unreadable,
        }))
    }
}
