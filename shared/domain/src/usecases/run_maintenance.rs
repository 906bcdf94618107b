//! Maintenance comes by every minute: it pushes what stands still, ends what has run out of time,
//! reminds those who have not answered, and wakes the delivery worker if anything is due.

use std::collections::HashMap;

use jiff::SignedDuration;

use crate::model::batch::Cursor;
use crate::model::change::ChangeOutcome;
use crate::model::history::HistoryEvent;
use crate::model::job::JobCursor;
use crate::model::mail::{Mail, MailClass};
use crate::model::settings::VersionedSettings;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::delivery::Delivery;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithWakeUp};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::jobs::Jobs;
use crate::ports::mails::Mails;
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::ports::wake_up::WakeUp;
use crate::rules::next_action::{NextAction, next_action};
use crate::usecases::send_invitations::CURSOR_TIMEOUT;
use crate::values::ids::{EventId, MailId, UserId};

/// What a round of maintenance did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MaintenanceRound {
    /// Cursors pushed.
    pub pushed: u64,
    /// Invitations ended.
    pub expired: u64,
    /// Reminders written.
    pub reminded: u64,
    /// Whether the delivery worker was woken.
    pub woke: bool,
    /// Whether delivery stands still.
    pub paused: bool,
    /// How long the mail that waits longest has been due.
    pub oldest_due: SignedDuration,
}

/// How much of each kind one round takes on. What is left is due a minute later.
const AT_ONCE: usize = 1_000;

/// How many invitations are ended in one call of the store.
const IN_ONE_CALL: usize = 100;

/// Goes round.
#[derive(Debug, Clone)]
pub struct RunMaintenance<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> RunMaintenance<E>
where
    E: Env<Store: Users + Batches + Jobs + Mails + Delivery + SettingsStore> + WithWakeUp,
{
    /// One round.
    pub async fn run(&self) -> Result<MaintenanceRound, Unavailable> {
        let now = self.env.clock().now();
        let mut round = MaintenanceRound::default();
        for batch in self.env.store().due_cursors(now, AT_ONCE).await? {
            let loaded = match self.env.store().load_batch(batch).await {
                Ok(loaded) => loaded,
                Err(error) => {
                    let row = error.unreadable().cloned().ok_or(error)?;
                    self.env.store().set_cursor_aside(batch, &row).await?;
                    continue;
                }
            };
            let Some((_, cursor)) = loaded else {
                continue;
            };
            if cursor.done || cursor.due_at > now {
                continue;
            }
            let pushed = Cursor {
                version: cursor.version.next(),
                due_at: now.saturating_add(CURSOR_TIMEOUT).unwrap_or(now),
                ..cursor
            };
            match self.env.store().push_cursor(&pushed).await {
                Ok(()) => round.pushed += 1,
                // It moved by itself.
                Err(SaveError::Conflict) => {}
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
        self.push_jobs(&mut round).await?;
        let due = self.env.store().due_invitations(now, AT_ONCE).await?;
        // Without settings nobody is reminded; mail goes on, and invitations end by themselves.
        let settings = if due.is_empty() {
            None
        } else {
            readable(self.env.store().current_settings().await.map(Some))?
        };
        for ids in due.chunks(IN_ONE_CALL) {
            if let Some(settings) = &settings {
                self.look_after(ids, settings, &mut round).await?;
            }
        }
        round.paused = self
            .env
            .store()
            .delivery_pause()
            .await?
            .is_some_and(|pause| now < pause.until);
        let mut due = Vec::new();
        for class in [MailClass::Small, MailClass::Bulk] {
            due.extend(self.env.store().due_mails(class, now, 1).await?);
        }
        if !due.is_empty() {
            let mails = self.env.store().load_mails(&due).await?;
            let waited = mails.iter().filter(|mail| mail.state.is_unsettled());
            round.oldest_due = waited
                .map(|mail| now.duration_since(mail.due_at))
                .fold(SignedDuration::ZERO, SignedDuration::max);
            // Last: a delivery worker that cannot be woken keeps nothing else from being done.
            self.env.wake_up().wake_delivery().await?;
            round.woke = true;
        }
        Ok(round)
    }

    /// Pushes jobs that stand still.
    async fn push_jobs(&self, round: &mut MaintenanceRound) -> Result<(), Unavailable> {
        let store = self.env.store();
        let now = self.env.clock().now();
        for id in store.due_jobs(now, AT_ONCE).await? {
            let cursor = match store.load_job(id).await {
                Ok(Some((_, cursor))) if !cursor.done && cursor.due_at <= now => cursor,
                Ok(_) => continue,
                Err(error) => {
                    let row = error.unreadable().cloned().ok_or(error)?;
                    store.set_job_aside(id, &row).await?;
                    continue;
                }
            };
            let pushed = JobCursor {
                version: cursor.version.next(),
                due_at: now.saturating_add(CURSOR_TIMEOUT).unwrap_or(now),
                // Whoever had it in hand is gone.
                in_hand: false,
                ..cursor
            };
            match store.save_job_cursor(&pushed).await {
                Ok(()) => round.pushed += 1,
                // It moved by itself.
                Err(SaveError::Conflict) => {}
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends and reminds those whose moment has come. Whoever changed meanwhile is due again at
    /// the next round, if at all.
    async fn look_after(
        &self,
        ids: &[UserId],
        settings: &VersionedSettings,
        round: &mut MaintenanceRound,
    ) -> Result<(), Unavailable> {
        let now = self.env.clock().now();
        let users = self.env.store().load_users(ids).await?;
        let of_users: Vec<MailId> = users
            .iter()
            .filter_map(|user| user.invitation.as_ref())
            .filter(|invitation| now < invitation.expires_at)
            .map(|invitation| invitation.mail)
            .collect();
        let mails: HashMap<MailId, Mail> = self
            .env
            .store()
            .load_mails(&of_users)
            .await?
            .into_iter()
            .map(|mail| (mail.id, mail))
            .collect();
        let mut changes = Vec::new();
        for user in &users {
            let last = user
                .invitation
                .as_ref()
                .and_then(|invitation| mails.get(&invitation.mail));
            let ids = (
                MailId::new(self.env.entropy().ulid()),
                EventId::new(self.env.entropy().ulid()),
            );
            match next_action(user, last, settings, ids, now) {
                Some(NextAction::Change(change) | NextAction::Reschedule(change)) => {
                    changes.push(*change);
                }
                None => {}
            }
        }
        let outcomes = self.env.store().save_users(&changes).await?;
        for (change, outcome) in changes.iter().zip(outcomes) {
            if outcome != ChangeOutcome::Saved {
                continue;
            }
            match change.history.first().map(|row| &row.what) {
                Some(HistoryEvent::ReminderWritten { .. }) => round.reminded += 1,
                Some(_) => round.expired += 1,
                None => {}
            }
        }
        Ok(())
    }
}
