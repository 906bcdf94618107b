//! Asking a device management that tells of nothing by itself: page by page, from where the last round was, and each
//! device that is new becomes a message like those that others send. A page is left behind when everything on it is
//! kept, so a round that is killed loses nothing; and the same enrolment is the same message, so nothing is kept twice.

use crate::model::outgoing_call::{OutgoingAnswer, OutgoingCall};
use crate::model::polling::{POLL_EVERY, ROUND_HOLDS, SourcePoll, Walk};
use crate::model::settings::device_sources::{DeviceSource, SourceApi};
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::env::{Env, WithKeys, WithOutgoing};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::keys::Keys;
use crate::ports::outgoing::Outgoing;
use crate::ports::settings::SettingsStore;
use crate::rules::polling::{self, MAX_PAGES_OF_A_WALK, PollFailed};
use crate::values::sender_secrets::SenderSecret;
use crate::values::source_name::SourceName;
use jiff::{SignedDuration, Timestamp};

/// How long a round reads pages. What is left is for the next, which begins a minute later.
const ROUND_TAKES: SignedDuration = SignedDuration::from_secs(90);

/// The most pages of a round.
const MAX_PAGES_OF_A_ROUND: u32 = 60;

/// How a round ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled {
    /// There was nothing to do: the source is not asked, not yet due, or somebody else has it.
    Nothing,
    /// Everything was read that there was time for.
    Read {
        /// How many devices were new.
        kept: u64,
        /// Whether the list came to its end; if not, the next round goes on.
        to_the_end: bool,
    },
    /// The system did not answer as it should. It is asked again, later.
    Failed(PollFailed),
}

/// How the asking of all sources stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollsDue {
    /// The sources that a round may begin for.
    pub due: Vec<SourceName>,
    /// For how long the source was silent that has been for longest; `None` where no source is asked.
    pub silent_for: Option<SignedDuration>,
}

/// Asks a source.
#[derive(Debug, Clone)]
pub struct PollSource<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> PollSource<E>
where
    E: Env<Store: Devices + SettingsStore>,
{
    /// Which sources are due.
    pub async fn due(&self) -> Result<PollsDue, Unavailable> {
        let settings = self.env.store().current_settings().await?.settings;
        let now = self.env.clock().now();
        let mut found = PollsDue::default();
        let asked = |source: &DeviceSource| source.polled_at().is_some();
        for source in settings.device_sources.into_iter().filter(asked) {
            let silent_for = match self.env.store().load_source_poll(&source.name).await {
                Ok(Some(poll)) => {
                    if poll.due_at <= now || poll.asked_by != polling::asked_by(&source) {
                        found.due.push(source.name);
                    }
                    poll.silent_for(now)
                }
                Ok(None) => {
                    found.due.push(source.name);
                    SignedDuration::ZERO
                }
                // A row that cannot be read keeps no other source from being asked.
                Err(error) if error.unreadable().is_some() => continue,
                Err(error) => return Err(error),
            };
            found.silent_for = found.silent_for.max(Some(silent_for));
        }
        Ok(found)
    }
}

impl<E> PollSource<E>
where
    E: Env<Store: Devices + SettingsStore> + WithKeys + WithOutgoing,
{
    /// A round for one source, if it is due.
    pub async fn run(&self, name: &SourceName) -> Result<Polled, Unavailable> {
        let settings = self.env.store().current_settings().await?.settings;
        let source = settings.device_source(name);
        let polled = source.and_then(|source| Some((source, source.polled_at()?)));
        let Some((source, api)) = polled else {
            return Ok(Polled::Nothing);
        };
        let now = self.env.clock().now();
        let known = self.env.store().load_source_poll(name).await?;
        let poll = polling::poll_of(known, source, now);
        if poll.due_at > now {
            return Ok(Polled::Nothing);
        }
        // From now on nobody else begins a round, and if this one is killed, one begins when it could no longer run.
        let held_until = now.saturating_add(ROUND_HOLDS).unwrap_or(now);
        let Some(mut poll) = self
            .saved(SourcePoll {
                due_at: held_until,
                ..poll
            })
            .await?
        else {
            return Ok(Polled::Nothing);
        };
        let mut retry_after = None;
        match self.read(source, api, &mut poll, &mut retry_after).await {
            Ok(Some(polled)) => Ok(polled),
            Ok(None) => Ok(Polled::Nothing),
            Err(Stopped::Unavailable(error)) => Err(error),
            Err(Stopped::Failed(why)) => {
                let now = self.env.clock().now();
                let failures = poll.failures.saturating_add(1);
                let begins_anew = why.may_be_the_position()
                    && poll
                        .walk
                        .as_ref()
                        .is_some_and(|walk| walk.position.is_some());
                let failed = SourcePoll {
                    due_at: polling::after_failure(failures, retry_after.as_deref(), now),
                    failures,
                    walk: poll.walk.clone().filter(|_| !begins_anew),
                    last_round_at: Some(now),
                    last_error: Some(why.to_string()),
                    last_failure: Some(why.noted()),
                    ..poll
                };
                self.saved(failed).await?;
                Ok(Polled::Failed(why))
            }
        }
    }

    /// Reads pages until the end of the list, or of the round. `None`: somebody else has the source.
    async fn read(
        &self,
        source: &DeviceSource,
        api: &SourceApi,
        poll: &mut SourcePoll,
        retry_after: &mut Option<String>,
    ) -> Result<Option<Polled>, Stopped> {
        let began = self.env.clock().now();
        let looks_back = poll.walk.is_none() && polling::looks_back(poll, began);
        let mut walk = polling::walk(poll, began);
        let mapping = polling::mapping_of(source);
        let (mut kept, mut read) = (0, 0);
        let mut secret = None;
        loop {
            let answer = self.page(source, api, &walk, &mut secret).await?;
            retry_after.clone_from(&answer.retry_after);
            let page = polling::page_in(source, api, &walk, &answer)?;
            let now = self.env.clock().now();
            for row in &page.rows {
                if let Some(event) = polling::message_of(source, &mapping, row, &walk, now) {
                    match self.env.store().save_device_event(&event).await {
                        Ok(()) => kept += 1,
                        // It was kept before.
                        Err(SaveError::Conflict) => {}
                        Err(SaveError::Unavailable(error)) => return Err(error.into()),
                    }
                }
            }
            let pages = walk.pages + 1;
            if page.next.is_some() && pages >= MAX_PAGES_OF_A_WALK {
                return Err(PollFailed::Endless.into());
            }
            walk = Walk {
                position: page.next,
                pages,
                ..walk
            };
            let to_the_end = walk.position.is_none();
            read += 1;
            let is_over = read >= MAX_PAGES_OF_A_ROUND || now.duration_since(began) >= ROUND_TAKES;
            let is_last = to_the_end || is_over;
            let next = after_page(poll, &walk, is_last, looks_back, now);
            let Some(saved) = self.saved(next).await? else {
                return Ok(None);
            };
            *poll = saved;
            if is_last {
                return Ok(Some(Polled::Read { kept, to_the_end }));
            }
        }
    }

    /// Asks for the page at which a walk stands. A token that is no longer valid is replaced once.
    async fn page(
        &self,
        source: &DeviceSource,
        api: &SourceApi,
        walk: &Walk,
        secret: &mut Option<SenderSecret>,
    ) -> Result<OutgoingAnswer, Stopped> {
        let is_fresh = secret.is_none();
        let shown = match secret {
            Some(secret) => secret.clone(),
            None => self.secret(source, api).await?,
        };
        *secret = Some(shown.clone());
        let call = polling::page_call(source, api, &shown, walk)?;
        let answer = self.called(&call).await?;
        if answer.status == 401 && !is_fresh && polling::needs_token(source.kind) {
            let shown = self.secret(source, api).await?;
            *secret = Some(shown.clone());
            let call = polling::page_call(source, api, &shown, walk)?;
            return self.called(&call).await;
        }
        Ok(answer)
    }

    /// What is shown with a call: a token that was given for the credentials, or the credentials themselves.
    async fn secret(
        &self,
        source: &DeviceSource,
        api: &SourceApi,
    ) -> Result<SenderSecret, Stopped> {
        let secrets = self.env.keys().sender_secrets().await?;
        let credentials = polling::credentials_of(&secrets, source, api)?;
        if !polling::needs_token(source.kind) {
            return Ok(credentials);
        }
        let call = polling::token_call(api, &credentials)?;
        let answer = self.called(&call).await?;
        Ok(polling::token_in(&answer)?)
    }

    async fn called(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, Stopped> {
        let answer = self.env.outgoing().call(call).await;
        Ok(answer.map_err(PollFailed::from)?)
    }

    /// Writes the next version of a row; `None`, if somebody else wrote first.
    async fn saved(&self, poll: SourcePoll) -> Result<Option<SourcePoll>, Unavailable> {
        let poll = SourcePoll {
            version: poll.version.next(),
            ..poll
        };
        let saved = self.env.store().save_source_poll(&poll).await;
        Ok(SaveError::was_written(saved)?.then_some(poll))
    }
}

/// How a source stands after a page of which everything is kept.
fn after_page(
    poll: &SourcePoll,
    walk: &Walk,
    is_last: bool,
    looks_back: bool,
    now: Timestamp,
) -> SourcePoll {
    let to_the_end = walk.position.is_none();
    let mut next = poll.clone();
    next.walk = Some(walk.clone()).filter(|_| !to_the_end);
    if looks_back {
        next.looked_back_at = Some(walk.began_at);
    }
    if to_the_end {
        next.cursor = Some(walk.began_at);
    }
    if is_last {
        next.due_at = if to_the_end {
            now.saturating_add(POLL_EVERY).unwrap_or(now)
        } else {
            now
        };
        next.failures = 0;
        next.last_round_at = Some(now);
        next.last_success_at = Some(now);
        next.last_error = None;
        next.last_failure = None;
    }
    next
}

/// Why a round goes no further.
enum Stopped {
    /// The system did not answer as it should.
    Failed(PollFailed),
    /// Something of ours is out of reach.
    Unavailable(Unavailable),
}

impl From<PollFailed> for Stopped {
    fn from(why: PollFailed) -> Self {
        Self::Failed(why)
    }
}

impl From<Unavailable> for Stopped {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}
