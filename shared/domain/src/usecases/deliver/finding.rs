//! What a run reads: the mails that are due, whom they are for, and what they are written with.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Deliver;
use super::round::{Due, Found, Round, Sought};
use crate::model::mail::{Mail, MailClass};
use crate::model::settings::VersionedSettings;
use crate::model::stored::Unreadable;
use crate::model::template::OwnWordings;
use crate::model::user::User;
use crate::ports::batches::Batches;
use crate::ports::delivery::Delivery;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::values::ids::{BatchId, MailId, UserId, Version};

/// For how long own wordings, and the settings that hold now, are taken as they were read.
const READ_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// What was read a moment ago, if it was.
fn held<T>(read: Option<&(Timestamp, Arc<T>)>, now: Timestamp) -> Option<Arc<T>> {
    let fresh = read.filter(|(at, _)| now.duration_since(*at) < READ_AGAIN);
    fresh.map(|(_, value)| Arc::clone(value))
}

/// The settings that a mail is written under, those that hold now, and the own wordings.
pub(super) type ReadForMail = (
    Option<Arc<VersionedSettings>>,
    Arc<VersionedSettings>,
    Arc<OwnWordings>,
);

impl<E> Deliver<E>
where
    E: Env<Store: Users + Batches + Mails + Delivery + SettingsStore>,
{
    /// Finds what is due and not held yet, and which batches were stopped.
    pub(super) async fn look(&self, sought: Sought, now: Timestamp) -> Result<Found, Unavailable> {
        let Sought { holds, room, .. } = sought;
        let small = self
            .env
            .store()
            .due_mails(MailClass::Small, now, room)
            .await?;
        let bulk = if sought.bulk && small.len() < room {
            self.env
                .store()
                .due_mails(MailClass::Bulk, now, room)
                .await?
        } else {
            Vec::new()
        };
        let fresh = |ids: Vec<MailId>| ids.into_iter().filter(|id| !holds.contains(id)).collect();
        let (small, bulk) = (
            self.load(fresh(small), now).await?,
            self.load(fresh(bulk), now).await?,
        );
        let found = small.iter().chain(&bulk);
        let of_batches = sought
            .waits_of
            .into_iter()
            .chain(found.filter_map(|due| due.mail.batch));
        let (stopped, unreadable) = self.stopped(of_batches.collect()).await?;
        let judged = |mut due: Due| {
            due.stopped = due.mail.batch.is_some_and(|id| stopped.contains(&id));
            let batch = due.mail.batch.and_then(|id| unreadable.get(&id));
            due.held_up = due.held_up.or_else(|| batch.cloned());
            due
        };
        Ok(Found {
            small: small.into_iter().map(judged).collect(),
            bulk: bulk.into_iter().map(judged).collect(),
            stopped,
        })
    }

    /// Those of these batches that were stopped, and those of which nobody can say.
    async fn stopped(
        &self,
        batches: BTreeSet<BatchId>,
    ) -> Result<(HashSet<BatchId>, HashMap<BatchId, Unreadable>), Unavailable> {
        let (mut stopped, mut unreadable) = (HashSet::new(), HashMap::new());
        for id in batches {
            match self.env.store().load_batch(id).await {
                Ok(Some((batch, _))) if batch.stopped_at.is_some() => {
                    stopped.insert(id);
                }
                Ok(_) => {}
                Err(error) => {
                    let row = error.unreadable().cloned().ok_or(error)?;
                    unreadable.insert(id, row);
                }
            }
        }
        Ok((stopped, unreadable))
    }

    /// Loads due mails with what they are judged by. The list may be a moment old: whether a mail
    /// is due is read from its row, or one that was deferred or unanswered a moment ago would go
    /// out again at once.
    async fn load(&self, ids: Vec<MailId>, now: Timestamp) -> Result<VecDeque<Due>, Unavailable> {
        if ids.is_empty() {
            return Ok(VecDeque::new());
        }
        let mut mails: HashMap<MailId, Mail> = self
            .env
            .store()
            .load_mails(&ids)
            .await?
            .into_iter()
            .map(|mail| (mail.id, mail))
            .collect();
        let users: BTreeSet<UserId> = mails.values().map(|mail| mail.user).collect();
        let read = self
            .env
            .store()
            .read_users(&users.into_iter().collect::<Vec<_>>())
            .await?;
        let users: HashMap<UserId, &User> = read.found.iter().map(|user| (user.id, user)).collect();
        let due_now = |mail: &Mail| mail.state.is_unsettled() && mail.due_at <= now;
        Ok(ids
            .iter()
            .filter_map(|id| mails.remove(id).filter(due_now))
            .map(|mail| Due {
                user: users.get(&mail.user).map(|user| (*user).clone()),
                held_up: read.why_unreadable(&mail.user).cloned(),
                stopped: false,
                mail,
            })
            .collect())
    }

    /// What a mail is written under, what holds now, and the own wordings. Where the settings that
    /// hold now cannot be read, those hold that it is written under.
    pub(super) async fn read_for(
        &self,
        round: &mut Round,
        version: Version,
        now: Timestamp,
    ) -> Result<ReadForMail, Unavailable> {
        let written_under = self.settings_for(round, version).await?;
        let now_holding = match (self.settings_now(round, now).await, &written_under) {
            (Err(error), Some(settings)) if error.unreadable().is_some() => Arc::clone(settings),
            (read, _) => read?,
        };
        Ok((written_under, now_holding, self.wordings(round, now).await?))
    }

    async fn settings_for(
        &self,
        round: &mut Round,
        version: Version,
    ) -> Result<Option<Arc<VersionedSettings>>, Unavailable> {
        if let Some(settings) = round.settings.get(&version) {
            return Ok(Some(Arc::clone(settings)));
        }
        let settings = self.env.store().settings_at(version).await?.map(Arc::new);
        if let Some(settings) = &settings {
            round.settings.insert(version, Arc::clone(settings));
        }
        Ok(settings)
    }

    async fn settings_now(
        &self,
        round: &mut Round,
        now: Timestamp,
    ) -> Result<Arc<VersionedSettings>, Unavailable> {
        if let Some(settings) = held(round.now_holding.as_ref(), now) {
            return Ok(settings);
        }
        let settings = Arc::new(self.env.store().current_settings().await?);
        round.now_holding = Some((now, Arc::clone(&settings)));
        Ok(settings)
    }

    async fn wordings(
        &self,
        round: &mut Round,
        now: Timestamp,
    ) -> Result<Arc<OwnWordings>, Unavailable> {
        if let Some(own) = held(round.wordings.as_ref(), now) {
            return Ok(own);
        }
        let own = Arc::new(OwnWordings::of(self.env.store().templates().await?));
        round.wordings = Some((now, Arc::clone(&own)));
        Ok(own)
    }
}
