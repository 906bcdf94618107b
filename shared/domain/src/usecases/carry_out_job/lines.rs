//! The step of an import: the next lines of its file, by the rules of an import that is answered at
//! once; and, when the whole file is in, the batch that invites.
//!
//! Each line is decided when its turn comes, on what is there then and on what the whole file says. The
//! batch's id is made of the job's, so it is started once.

use std::collections::HashMap;

use crate::model::batch::Batch;
use crate::model::job::{
    DAYS_LINES_ARE_KEPT, Job, JobAction, JobCursor, JobOutcome, JobResult, JobStage, JobStep,
    LineProblem, StepChange,
};
use crate::model::mail::Mail;
use crate::model::ownership::OwnerSwitch;
use crate::model::selection::Selection;
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::env::{Env, WithKeys, WithMailService};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::jobs::Jobs;
use crate::ports::keys::Keys;
use crate::ports::mails::Mails;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::rules::user_update::{UserUpdate, missed_mail};
use crate::usecases::change_invitation::By;
use crate::usecases::import_users::{
    FileOfUsers, Prepared, RowOutcome, is_to_be_invited, known_to, prepared, promised,
};
use crate::usecases::send_invitations::{SendRequest, begin, stored};
use crate::values::ids::{BatchId, MailId, UserId};
use crate::values::problem::FieldProblem;

use super::{AtHand, CarryOutJob, Decided, fitting, moved, with_outcomes};

/// How many lines one step looks at. Somebody new is four rows of the table.
const LINES_IN_A_STEP: usize = 24;

/// How many pages of outcomes are read at once.
const PAGES_AT_ONCE: usize = 100;

impl<E> CarryOutJob<E>
where
    E: Env<Store: Users + Devices + Batches + Mails + SettingsStore + Jobs>
        + WithKeys
        + WithMailService,
{
    /// The next lines of an import; nothing, once its file is gone.
    pub(super) async fn lines(
        &self,
        job: &Job,
        cursor: &JobCursor,
        at_hand: &mut AtHand,
    ) -> Result<JobStep, Unavailable> {
        let JobAction::Import {
            invite, charset, ..
        } = &job.action
        else {
            return Ok(self.over(job, self.next(cursor)));
        };
        if cursor.stage == JobStage::Inviting {
            return self.inviting(job, cursor).await;
        }
        if at_hand.file.is_none() {
            let bytes = self.env.store().job_file(job.id).await?;
            // It was read when the job was started.
            at_hand.file =
                bytes.and_then(|bytes| FileOfUsers::read(&bytes, charset.as_deref()).ok());
        }
        let Some(file) = &at_hand.file else {
            return Ok(self.over(job, self.next(cursor)));
        };
        let done = usize::try_from(cursor.offset).unwrap_or(usize::MAX);
        let decided = self
            .decided_lines(job, file, done, *invite, at_hand)
            .await?;
        let (outcomes, changes) = fitting(decided);
        let next = JobCursor {
            offset: cursor.offset + outcomes.len() as u64,
            ..self.next(cursor)
        };
        let step = if next.offset < next.selected && !outcomes.is_empty() {
            moved(next)
        } else if *invite {
            moved(JobCursor {
                stage: JobStage::Inviting,
                ..next
            })
        } else {
            self.over(job, next)
        };
        let kept = jiff::SignedDuration::from_hours(24 * DAYS_LINES_ARE_KEPT);
        let kept_until = job.created_at.saturating_add(kept).ok();
        Ok(if outcomes.is_empty() {
            step
        } else {
            with_outcomes(step, outcomes, changes, kept_until)
        })
    }

    async fn decided_lines(
        &self,
        job: &Job,
        file: &FileOfUsers,
        first: usize,
        invite: bool,
        at_hand: &AtHand,
    ) -> Result<Vec<Decided>, Unavailable> {
        let store = self.env.store();
        let some = first..file.len().min(first.saturating_add(LINES_IN_A_STEP));
        let known = known_to(store, file, some.clone()).await?;
        let settings = store.current_settings().await?;
        let ring = self.env.keys().key_ring().await?;
        let with = UserUpdate {
            who: &job.who,
            settings: &settings,
            key: ring.current(),
        };
        let inviting = invite.then_some(&settings.settings.sender);
        let by = By {
            who: &job.who,
            class: job.class,
            now: self.env.clock().now(),
        };
        let lines: Vec<(u64, Result<Prepared, Vec<FieldProblem>>)> = file
            .lines(some)
            .map(|(line, entry)| {
                let taken = at_hand
                    .taken_by_nobody_known(line)
                    .map(|problem| vec![problem]);
                let entry = entry.as_ref().map_err(Clone::clone);
                let entry = taken.map_or(entry, Err);
                let prepared = entry.and_then(|entry| {
                    prepared(&self.env, &known, entry, line, inviting, &with, by.now)
                        .map_err(|problem| vec![problem])
                });
                (line, prepared)
            })
            .collect();
        let prepared = lines.iter().filter_map(|(_, line)| line.as_ref().ok());
        let missed: Vec<MailId> = prepared.filter_map(|line| line.missed).collect();
        let mails = store.load_mails(&missed).await?.into_iter();
        let mails: HashMap<MailId, Mail> = mails.map(|mail| (mail.id, mail)).collect();
        let decided = lines.into_iter().map(|(line, prepared)| {
            let of = |user, result| JobOutcome {
                user,
                line: Some(line),
                result,
            };
            let prepared = match prepared {
                Ok(prepared) => prepared,
                Err(problems) => {
                    let problems = problems.into_iter().map(LineProblem::from).collect();
                    return (of(None, JobResult::Invalid { problems }), None);
                }
            };
            let result = match prepared.outcome {
                RowOutcome::Added => JobResult::Added,
                RowOutcome::Updated => JobResult::Updated {
                    changes: prepared
                        .changes
                        .iter()
                        .map(|change| change.field.to_owned())
                        .collect(),
                },
                RowOutcome::Unchanged | RowOutcome::Invalid | RowOutcome::NotReached => {
                    JobResult::Unchanged { reason: None }
                }
            };
            let missed = prepared.missed.and_then(|mail| mails.get(&mail));
            let change = prepared.change.map(|change| {
                let resend = by.resend(&self.env, &settings);
                let change = missed_mail(change, missed, resend, by.now);
                let change = change.for_request(job.request_id.as_ref());
                StepChange::Change(Box::new(change))
            });
            (of(Some(prepared.user.id), result), change)
        });
        Ok(decided.collect())
    }

    /// Starts the batch for everyone of the file who was never invited and whom no other batch is on its
    /// way to; then nothing is left to do.
    async fn inviting(&self, job: &Job, cursor: &JobCursor) -> Result<JobStep, Unavailable> {
        let store = self.env.store();
        let id = BatchId::from_bytes(job.id.to_bytes());
        let settings = store.current_settings().await?;
        let named = self.named_in(job).await?;
        let users: Vec<User> = store.load_users(&named).await?;
        let to_invite = |user: &&User| is_to_be_invited(user, &settings);
        let mut waiting: Vec<UserId> = users.iter().filter(to_invite).map(|user| user.id).collect();
        if !waiting.is_empty() {
            let promised = promised(store).await?;
            waiting.retain(|user| !promised.contains(user));
        }
        let exists = store.load_batch(id).await?.is_some();
        if !waiting.is_empty() && !exists {
            self.start(job, id, waiting, settings.version).await?;
        }
        let batch = store.load_batch(id).await?.map(|(batch, _)| batch.id);
        let next = JobCursor {
            batch,
            ..self.next(cursor)
        };
        Ok(self.over(job, next))
    }

    /// Everyone whom a line of the file was about.
    async fn named_in(&self, job: &Job) -> Result<Vec<UserId>, Unavailable> {
        let mut named = Vec::new();
        let mut first = 0;
        loop {
            let store = self.env.store();
            let read = store.job_pages(job.id, first, PAGES_AT_ONCE).await?;
            let Some(last) = read.items.last().map(|page| page.number) else {
                return Ok(named);
            };
            let outcomes = read.items.iter().flat_map(|page| &page.outcomes);
            named.extend(outcomes.filter_map(|outcome| outcome.user));
            first = last + 1;
        }
    }

    async fn start(
        &self,
        job: &Job,
        id: BatchId,
        users: Vec<UserId>,
        settings: crate::values::ids::Version,
    ) -> Result<(), Unavailable> {
        let order = SendRequest {
            selection: Selection::Users(users),
            choice: OwnerSwitch::Preset,
            settings: Some(settings),
            who: job.who.clone(),
        };
        let (selection, class, named) = stored(&order.selection);
        let now = self.env.clock().now();
        let (batch, mut cursor) =
            begin(self.env.entropy(), &order, selection, class, settings, now);
        let batch = Batch {
            id,
            request_id: job.request_id.clone(),
            ..batch
        };
        cursor.batch = id;
        cursor.request_id.clone_from(&job.request_id);
        match self
            .env
            .store()
            .start_batch(&batch, &cursor, &named, None)
            .await
        {
            // Another run was first, with the same batch.
            Ok(()) | Err(SaveError::Conflict) => Ok(()),
            Err(SaveError::Unavailable(error)) => Err(error),
        }
    }
}
