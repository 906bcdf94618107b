//! Carrying out a job, step by step: whom its filter finds is written down first, and then a few people
//! at a time have their turn.
//!
//! A step's changes, its outcomes and the cursor are one write. So a step that is killed has done
//! nothing, one that is repeated finds the cursor moved, and one that comes after a stop finds the same.
//! Several steps are one turn, after which everything else that the stream asks for has its own.

mod lines;
mod people;

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;

use crate::model::batch::BatchSelection;
use crate::model::change::ChangeOutcome;
use crate::model::job::{
    Job, JobCursor, JobOutcome, JobPage, JobSelection, JobStage, JobStep, MAX_ROWS_IN_A_STEP,
    StepChange,
};
use crate::model::selection::UserFilter;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::env::{Env, WithKeys, WithMailService};
use crate::ports::error::Unavailable;
use crate::ports::jobs::{Jobs, StepError};
use crate::ports::mails::Mails;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::csv_users::Column;
use crate::usecases::import_users::FileOfUsers;
use crate::usecases::send_invitations::CURSOR_TIMEOUT;
use crate::values::ids::{JobId, UserId};
use crate::values::problem::FieldProblem;

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarriedOn {
    /// There is more to do.
    More,
    /// Everyone has an outcome, or the job was done or stopped before.
    Done,
    /// Another run, or somebody who stopped the job, was first.
    Overtaken,
    /// There is no such job.
    Unknown,
    /// It needs a row that cannot be read; it goes on when somebody releases it.
    SetAside,
}

/// How many steps one turn takes: some hundreds of people.
const STEPS_IN_A_TURN: u32 = 20;

/// How long a turn goes on. Batches and mails wait behind it.
const TURN: SignedDuration = SignedDuration::from_secs(2);

/// How many of the list's users one step writes down.
const GATHERED_AT_ONCE: usize = 500;

/// What the steps of one turn share.
#[derive(Default)]
struct AtHand {
    /// The file of an import, which is read once.
    file: Option<FileOfUsers>,
    /// Lines whose address or external id somebody else had when they were to be written, and how often.
    taken: HashMap<u64, (u32, ChangeOutcome)>,
}

impl AtHand {
    /// Notes the lines of a step that claimed what somebody else has.
    fn note_taken(&mut self, step: &JobStep, who: &[(usize, ChangeOutcome)]) {
        let outcomes = step.page.as_ref().map_or(&[][..], |page| &page.outcomes);
        let changed: Vec<u64> = outcomes
            .iter()
            .filter(|outcome| outcome.result.is_change())
            .filter_map(|outcome| outcome.line)
            .collect();
        for (place, outcome) in who {
            let (Some(line), ChangeOutcome::AddressTaken | ChangeOutcome::ExternalIdTaken) =
                (changed.get(*place), outcome)
            else {
                continue;
            };
            let (times, what) = self.taken.entry(*line).or_insert((0, *outcome));
            (*times, *what) = (*times + 1, *outcome);
        }
    }

    /// What a line claims that somebody has whom nobody can read: read again, they were not found either.
    fn taken_by_nobody_known(&self, line: u64) -> Option<FieldProblem> {
        let (_, what) = self.taken.get(&line).filter(|(times, _)| *times > 1)?;
        let (column, name) = match what {
            ChangeOutcome::ExternalIdTaken => (Column::ExternalId, "external id"),
            _ => (Column::Email, "address"),
        };
        Some(FieldProblem::new(
            column.header(),
            "taken",
            format!(
                "is the {name} of another user, whose record this version of Beckon cannot read; have it repaired, and import the line again"
            ),
        ))
    }
}

/// Carries out jobs.
#[derive(Debug, Clone)]
pub struct CarryOutJob<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> CarryOutJob<E>
where
    E: Env<Store: Users + Devices + Batches + Mails + SettingsStore + Jobs>
        + WithKeys
        + WithMailService,
{
    /// One turn of a job.
    pub async fn run(&self, id: JobId) -> Result<CarriedOn, Unavailable> {
        match self.turn(id).await {
            Err(error) => {
                let row = error.unreadable().cloned().ok_or(error)?;
                self.env.store().set_job_aside(id, &row).await?;
                Ok(CarriedOn::SetAside)
            }
            carried => carried,
        }
    }

    async fn turn(&self, id: JobId) -> Result<CarriedOn, Unavailable> {
        let Some((job, mut cursor)) = self.env.store().load_job(id).await? else {
            return Ok(CarriedOn::Unknown);
        };
        let began = self.env.clock().now();
        let mut at_hand = AtHand::default();
        for number in 1..=STEPS_IN_A_TURN {
            if cursor.done {
                return Ok(CarriedOn::Done);
            }
            let is_last =
                number == STEPS_IN_A_TURN || self.env.clock().now().duration_since(began) >= TURN;
            match self.step(&job, &cursor, &mut at_hand, is_last).await? {
                Some(moved) => cursor = moved,
                None => return Ok(CarriedOn::Overtaken),
            }
            if is_last {
                break;
            }
        }
        Ok(if cursor.done {
            CarriedOn::Done
        } else {
            CarriedOn::More
        })
    }

    /// The cursor after the next step; `None` if it moved otherwise.
    async fn step(
        &self,
        job: &Job,
        cursor: &JobCursor,
        at_hand: &mut AtHand,
        is_last: bool,
    ) -> Result<Option<JobCursor>, Unavailable> {
        let mut turns = Turns::new(&self.env, "carrying out a step of a job");
        loop {
            let mut step = self.prepared(job, cursor, at_hand).await?;
            step.cursor.in_hand = !is_last && !step.cursor.done;
            match self.env.store().finish_step(&step).await {
                Ok(()) => return Ok(Some(step.cursor)),
                Err(StepError::Moved) => return Ok(None),
                Err(StepError::Overtaken(who)) => {
                    at_hand.note_taken(&step, &who);
                    turns.another().await?;
                }
                Err(StepError::Unavailable(error)) => return Err(error),
            }
        }
    }

    async fn prepared(
        &self,
        job: &Job,
        cursor: &JobCursor,
        at_hand: &mut AtHand,
    ) -> Result<JobStep, Unavailable> {
        if cursor.stopped_at.is_some() {
            return Ok(self.over(job, self.next(cursor)));
        }
        match (&job.selection, cursor.stage) {
            (
                JobSelection::People {
                    whom: BatchSelection::Filter { filter, except },
                },
                JobStage::Gathering,
            ) => self.gathered(job, cursor, filter, except).await,
            (JobSelection::People { whom }, _) => self.people(job, cursor, whom).await,
            (JobSelection::File { .. }, _) => self.lines(job, cursor, at_hand).await,
        }
    }

    /// The cursor's next version, where it stands.
    fn next(&self, cursor: &JobCursor) -> JobCursor {
        let now = self.env.clock().now();
        JobCursor {
            version: cursor.version.next(),
            due_at: now.saturating_add(CURSOR_TIMEOUT).unwrap_or(now),
            ..cursor.clone()
        }
    }

    /// The step after which nothing is left to do.
    fn over(&self, job: &Job, cursor: JobCursor) -> JobStep {
        JobStep {
            erases_file: matches!(job.selection, JobSelection::File { .. }),
            ..moved(JobCursor {
                done: true,
                done_at: Some(self.env.clock().now()),
                ..cursor
            })
        }
    }

    /// Whom the filter finds next.
    async fn gathered(
        &self,
        job: &Job,
        cursor: &JobCursor,
        filter: &UserFilter,
        except: &std::collections::BTreeSet<UserId>,
    ) -> Result<JobStep, Unavailable> {
        let store = self.env.store();
        let now = self.env.clock().now();
        let position = cursor.position.as_deref();
        let page = store
            .list_users(filter, position, GATHERED_AT_ONCE, now)
            .await?;
        let mut found = page.items;
        found.retain(|user| !except.contains(&user.id));
        if found
            .iter()
            .any(|user| user.may_be_met_twice(job.created_at))
        {
            let mut before = HashSet::new();
            for row in 0..cursor.rows {
                before.extend(store.job_users(job.id, row).await?);
            }
            found.retain(|user| !before.contains(&user.id));
        }
        let ids: Vec<UserId> = found.iter().map(|user| user.id).collect();
        let mut next = JobCursor {
            selected: cursor.selected + ids.len() as u64,
            rows: cursor.rows + u32::from(!ids.is_empty()),
            position: page.next,
            ..self.next(cursor)
        };
        if next.position.is_none() {
            next.stage = JobStage::Working;
        }
        let gathered = (!ids.is_empty()).then_some((cursor.rows, ids));
        let step = if next.stage == JobStage::Working && next.rows == 0 {
            self.over(job, next)
        } else {
            moved(next)
        };
        Ok(JobStep { gathered, ..step })
    }
}

/// A step that moves the cursor and does nothing else yet.
const fn moved(cursor: JobCursor) -> JobStep {
    JobStep {
        cursor,
        page: None,
        gathered: None,
        changes: Vec::new(),
        erases_file: false,
    }
}

/// What is to become of somebody: their outcome, and the change that it needs.
type Decided = (JobOutcome, Option<StepChange>);

/// As many as one step can write, from the first on: their outcomes and their changes.
fn fitting(decided: Vec<Decided>) -> (Vec<JobOutcome>, Vec<StepChange>) {
    let (mut outcomes, mut changes) = (Vec::new(), Vec::new());
    let mut rows = 0;
    // One write can hold each row of the table once.
    let (mut users, mut names) = (HashSet::new(), HashSet::new());
    for (outcome, change) in decided {
        rows += change.as_ref().map_or(0, StepChange::rows);
        if rows > MAX_ROWS_IN_A_STEP && !outcomes.is_empty() {
            break;
        }
        if let Some(change) = &change {
            let is_alone = users.insert(change.user())
                && change.names().into_iter().all(|name| names.insert(name));
            if !is_alone {
                break;
            }
        }
        outcomes.push(outcome);
        changes.extend(change);
    }
    (outcomes, changes)
}

/// The step with these outcomes and changes, on their own page.
fn with_outcomes(
    step: JobStep,
    outcomes: Vec<JobOutcome>,
    changes: Vec<StepChange>,
    kept_until: Option<jiff::Timestamp>,
) -> JobStep {
    let cursor = JobCursor {
        counts: step.cursor.counts.with(&outcomes),
        pages: step.cursor.pages + 1,
        ..step.cursor
    };
    JobStep {
        page: Some(JobPage {
            job: cursor.job,
            number: cursor.pages - 1,
            outcomes,
            kept_until,
        }),
        cursor,
        changes,
        ..step
    }
}
