//! Erasing those who are over for as long as the settings keep them: a round looks at a few, the
//! longest over first, and the next goes on. Changed settings hold from the next round on.
//!
//! Somebody is erased in two steps, each of which may be repeated: they are deleted, and then what
//! deleting leaves, their history, is erased with what says that it is left.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::counting::{Member, Uncounted};
use crate::model::erasure::{Tombstone, over_since};
use crate::model::history::HistoryEvent;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::counters::Counters;
use crate::ports::devices::Devices;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::mails::Mails;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::rules::counting::{mails_that_count, may_still_arrive};
use crate::usecases::count_changes::assessing::history_of;
use crate::usecases::count_changes::{CountChanges, Counted};
use crate::usecases::delete_user::forget_devices;
use crate::values::ids::{MailId, UserId};

/// How many a round takes on of each kind. At a round a minute that is 144,000 a day.
const AT_ONCE: usize = 100;

/// How many rows of one history a round erases.
const ROWS_AT_ONCE: usize = 500;

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Users who were over and are deleted now.
    pub users: u64,
    /// Deleted users of whom nothing is left now.
    pub histories: u64,
}

/// Erases.
#[derive(Debug, Clone)]
pub struct EraseEnded<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> EraseEnded<E>
where
    E: Env<Store: Counters + Users + Devices + Batches + Mails + SettingsStore>,
{
    /// One round.
    pub async fn run(&self) -> Result<Erased, Unavailable> {
        let mut erased = Erased::default();
        let now = self.env.clock().now();
        let settings = self.env.store().current_settings().await?.settings;
        let Some(by) = settings.retention.erases_before(now) else {
            return Ok(erased);
        };
        let ids = self.env.store().users_to_erase(by, AT_ONCE).await?;
        if ids.is_empty() && self.env.store().tombstones(by, 1).await?.is_empty() {
            return Ok(erased);
        }
        // What becomes of people is counted as long as their history tells of it.
        let counted = CountChanges { env: &self.env }.run().await?;
        if counted == Counted::Overtaken {
            return Ok(erased);
        }
        for user in self.env.store().load_users(&ids).await? {
            // The list may be a moment old; their row says whether they are over.
            let Some(since) = over_since(&user).filter(|since| *since <= by) else {
                continue;
            };
            forget_devices(&self.env, &user).await?;
            let what = HistoryEvent::deletion_of(&user);
            let row = self.env.happened(user.id, now, Actor::Clock, what);
            let tombstone = Tombstone::of(&user, since);
            match self.env.store().remove_user(&user, &row, &tombstone).await {
                Ok(()) => erased.users += 1,
                // Invited again, perhaps.
                Err(SaveError::Conflict) => {}
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
        let left = self.env.store().tombstones(by, AT_ONCE).await?;
        for id in self.counted_for_good(left, now).await? {
            if self.env.store().erase_history(id, ROWS_AT_ONCE).await? {
                erased.histories += 1;
            }
        }
        Ok(erased)
    }

    /// Those of these deleted users whose histories have nothing more to say for the numbers. What became of
    /// them is counted now, for the last time. The others wait: a mail of theirs cannot be read, and nobody
    /// can count what became of it; or a confirmation may still arrive, and their history says whose it is.
    async fn counted_for_good(
        &self,
        left: Vec<UserId>,
        now: Timestamp,
    ) -> Result<Vec<UserId>, Unavailable> {
        let store = self.env.store();
        let mut members = BTreeSet::new();
        let mut counted = Vec::new();
        for user in left {
            let history = history_of(store, user).await?;
            let ids: Vec<MailId> = mails_that_count(user, &history).into_iter().collect();
            let mails = store.read_mails(&ids).await?;
            let waits = !mails.unreadable.is_empty()
                || mails.found.iter().any(|mail| may_still_arrive(mail, now));
            if waits {
                continue;
            }
            counted.push(user);
            let batches = mails.found.iter().filter_map(|mail| mail.batch);
            members.extend(batches.map(|batch| Uncounted::Person(Member { batch, user })));
        }
        let counting = CountChanges { env: &self.env };
        Ok(if counting.run_over(&members).await? {
            counted
        } else {
            Vec::new()
        })
    }
}
