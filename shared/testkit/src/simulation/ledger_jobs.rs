//! The rules for jobs: everyone once, as ordered, and nobody after a stop.

use std::collections::{BTreeMap, BTreeSet};

use beckon_domain::model::batch::BatchSelection;
use beckon_domain::model::change::UserChange;
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::invitation::InvitationState as S;
use beckon_domain::model::job::{
    Job, JobAction, JobCounts, JobCursor, JobOutcome, JobResult, JobSelection, JobStep, StepChange,
};
use beckon_domain::values::ids::{JobId, UserId};

use super::jobs::Record;
use super::ledger::Ledger;

impl Ledger {
    pub(super) fn job_started(
        &mut self,
        job: &Job,
        cursor: &JobCursor,
        answer: Option<&IdempotencyRecord>,
    ) {
        self.job_moved(cursor);
        let Some(answer) = answer else { return };
        let used = self.keys.entry(answer.key.clone()).or_default();
        used.retain(|until| job.created_at <= *until);
        used.push(answer.until);
        if used.len() > 1 {
            self.blame(|| format!("one idempotency key started two jobs, {} last", job.id));
        }
    }

    /// A job's cursor was written: its stream record asks for the next turn, unless a run goes on.
    pub(super) fn job_moved(&mut self, cursor: &JobCursor) {
        if cursor.stopped_at.is_some() {
            self.stopped_jobs.insert(cursor.job);
        }
        if !cursor.done && !cursor.in_hand {
            self.asked.push(Record::Job(cursor.job));
        }
    }

    /// A job did something to somebody: once, and not after it was stopped.
    pub(super) fn touched_by_job(&mut self, job: JobId, user: UserId) {
        let times = self.touched.entry((job, user)).or_default();
        *times += 1;
        let once = *times == 1;
        self.must(once, || format!("job {job} touched user {user} twice"));
        let stopped = self.stopped_jobs.contains(&job);
        self.must(!stopped, || {
            format!("job {job} was stopped, and touched user {user} after that")
        });
    }

    /// A user was changed by a job, and by none of the calls that the ledger judges by their name.
    pub(super) fn saved_by_job(&mut self, change: &UserChange) {
        self.in_step = true;
        self.saved(change);
        self.in_step = false;
    }

    /// A step was written, as one.
    pub(super) fn step_finished(&mut self, step: &JobStep) {
        let id = step.cursor.job;
        let job = self.store.all_jobs().into_iter().map(|(job, _)| job);
        let Some(job) = job.into_iter().find(|job| job.id == id) else {
            self.blame(|| format!("a step of job {id}, which there is not"));
            return;
        };
        let outcomes = step.page.as_ref().map_or(&[][..], |page| &page.outcomes);
        self.tell(|| format!("job {id}: {outcomes:?}"));
        let changed: BTreeSet<UserId> = step.changes.iter().map(StepChange::user).collect();
        let done = outcomes.iter().filter(|one| is_done(&one.result));
        let done: BTreeSet<UserId> = done.filter_map(|one| one.user).collect();
        self.must(changed == done, || {
            format!("job {id} changed {changed:?} and says that it changed {done:?}")
        });
        for change in &step.changes {
            self.touched_by_job(id, change.user());
            match change {
                StepChange::Change(change) => {
                    self.judge_action(&job, change);
                    self.saved_by_job(change);
                }
                StepChange::Removal { user, history, .. } => {
                    let deletes = job.action == JobAction::Delete;
                    self.must(deletes, || format!("job {id} deleted user {}", user.id));
                    self.removed(user.id, history);
                }
            }
        }
        self.job_moved(&step.cursor);
    }

    /// What a job did is what was ordered.
    fn judge_action(&mut self, job: &Job, change: &UserChange) {
        let user = &change.user;
        let state = user.invitation.as_ref().map(|own| own.state);
        let says =
            |wanted: fn(&HistoryEvent) -> bool| change.history.iter().any(|row| wanted(&row.what));
        let fits = match &job.action {
            JobAction::Resend => change.mails.len() == 1 && state == Some(S::Pending),
            JobAction::Cancel => state == Some(S::Cancelled) && change.mails.is_empty(),
            JobAction::Restore => matches!(state, Some(S::Pending | S::Locked)),
            JobAction::TryAddressAgain => user.address_mark.is_none(),
            JobAction::GeneratePins { .. } => {
                state == Some(S::Pending)
                    && change.mails.is_empty()
                    && says(|what| matches!(what, HistoryEvent::InvitationIssued { .. }))
            }
            JobAction::Enable => user.enabled,
            JobAction::Disable => !user.enabled,
            JobAction::SetGroups { groups } => user.all_groups() == *groups,
            JobAction::AddGroups { groups } => user.all_groups().is_superset(groups),
            JobAction::RemoveGroups { groups } => user.all_groups().is_disjoint(groups),
            JobAction::Delete => false,
            JobAction::Import { .. } => true,
        };
        let by = change.history.iter().all(|row| row.who == job.who);
        let (id, action) = (user.id, job.action.name());
        self.must(fits && by && !change.history.is_empty(), || {
            format!(
                "job {}: {action} made this of user {id}: {change:?}",
                job.id
            )
        });
    }

    /// Once nothing is left to do: everyone has an outcome, once; it says what was done to them; and the
    /// counts are those of the outcomes.
    pub(super) fn judge_jobs(&mut self) {
        for (job, cursor) in self.store.all_jobs() {
            let id = job.id;
            self.must(cursor.done, || format!("job {id} is never done"));
            let pages = self.store.outcomes_of(id);
            let numbered = pages
                .iter()
                .enumerate()
                .all(|(n, page)| page.number as usize == n)
                && pages.len() == cursor.pages as usize;
            self.must(numbered, || format!("outcomes of job {id} are missing"));
            let outcomes: Vec<JobOutcome> =
                pages.into_iter().flat_map(|page| page.outcomes).collect();
            let counted = JobCounts::default().with(&outcomes);
            self.must(counted == cursor.counts, || {
                format!(
                    "job {id} counts {:?}, its outcomes are {counted:?}",
                    cursor.counts
                )
            });
            let gone = !self.store.has_file(id);
            self.must(gone, || format!("job {id} is over, and its file is there"));
            self.judge_everyone(&job, &cursor, &outcomes);
        }
    }

    /// Each line of a file has its outcome, once and in order; what it says was done was done; and whom a
    /// batch of it invites was in the file.
    fn judge_lines(&mut self, job: &Job, cursor: &JobCursor, lines: u64, outcomes: &[JobOutcome]) {
        let id = job.id;
        let told: Vec<u64> = outcomes.iter().filter_map(|outcome| outcome.line).collect();
        let in_order = told.is_sorted_by(|one, other| one < other);
        let all = told.len() as u64 == lines || cursor.stopped_at.is_some();
        self.must(in_order && all && told.len() == outcomes.len(), || {
            format!("job {id} has {told:?} of {lines} lines")
        });
        for outcome in outcomes.iter().filter(|one| is_done(&one.result)) {
            let touched = outcome
                .user
                .is_some_and(|user| self.touched.contains_key(&(id, user)));
            self.must(touched, || {
                format!("job {id} says {outcome:?} and touched nobody")
            });
        }
        let named: BTreeSet<UserId> = outcomes.iter().filter_map(|one| one.user).collect();
        let batches = self.store.all_batches();
        let batch = cursor
            .batch
            .and_then(|id| batches.iter().find(|(batch, _)| batch.id == id));
        if let Some((batch, _)) = batch
            && let BatchSelection::Few { users } = &batch.selection
        {
            let all_named = users.iter().all(|user| named.contains(user));
            self.must(all_named, || {
                format!("job {id} invites somebody who was not in its file")
            });
        }
    }

    fn judge_everyone(&mut self, job: &Job, cursor: &JobCursor, outcomes: &[JobOutcome]) {
        let id = job.id;
        let whom = match &job.selection {
            JobSelection::People { whom } => whom,
            JobSelection::File { lines } => {
                self.judge_lines(job, cursor, *lines, outcomes);
                return;
            }
        };
        let mut said: BTreeMap<UserId, u32> = BTreeMap::new();
        for outcome in outcomes {
            let Some(user) = outcome.user else {
                self.blame(|| format!("an outcome of job {id} is of nobody"));
                continue;
            };
            *said.entry(user).or_default() += 1;
            let touched = self.touched.contains_key(&(id, user));
            self.must(touched == is_done(&outcome.result), || {
                format!("job {id} says {outcome:?}, and touched them: {touched}")
            });
        }
        let once = said.values().all(|times| *times == 1);
        self.must(once, || format!("job {id} has two outcomes for somebody"));
        let untold = self
            .touched
            .keys()
            .find(|(of, user)| *of == id && !said.contains_key(user));
        let untold = untold.copied();
        self.must(untold.is_none(), || {
            format!("job {id} touched {untold:?} and does not say so")
        });
        let all: Option<BTreeSet<UserId>> = match whom {
            BatchSelection::Few { users } => Some(users.iter().copied().collect()),
            BatchSelection::Many { .. } => None,
            BatchSelection::Filter { except, .. } => {
                let excepted = said.keys().any(|user| except.contains(user));
                self.must(!excepted, || format!("job {id} reached an exception"));
                None
            }
        };
        if cursor.stopped_at.is_some() {
            return;
        }
        let everyone = all.is_none_or(|all| said.keys().copied().eq(all));
        let counted = said.len() as u64 == cursor.selected;
        self.must(everyone && counted, || {
            format!("job {id} has no outcome for everyone")
        });
    }
}

/// Whether somebody was changed.
const fn is_done(result: &JobResult) -> bool {
    match result {
        JobResult::Done | JobResult::Added | JobResult::Updated { .. } => true,
        JobResult::Unchanged { .. }
        | JobResult::Refused { .. }
        | JobResult::Unreadable
        | JobResult::Gone
        | JobResult::Invalid { .. } => false,
    }
}
