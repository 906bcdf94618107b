//! Asking the source whose a device is. A source that does not answer as it should is left alone for a while, by the same
//! row as a source that is asked for its list: so its address and credentials are told of in the same place.

use crate::model::device_event::DeviceEvent;
use crate::model::mapping::Said;
use crate::model::outgoing_call::OutgoingAnswer;
use crate::model::polling::SourcePoll;
use crate::model::registration::DeviceFacts;
use crate::model::reported_device::{Claimant, DeviceMessage};
use crate::model::settings::Settings;
use crate::model::settings::device_sources::{DeviceSource, SourceApi};
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::env::{Env, WithKeys, WithOutgoing};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::keys::Keys;
use crate::ports::outgoing::Outgoing;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::polling::{self, PollFailed, looking_up};
use crate::rules::reported_device::{facts_of, looked_up};
use jiff::Timestamp;

use super::{CarryDeviceEvent, Placed};

/// What became of what a message says.
pub(super) enum Taken {
    /// It is done.
    Placed(Placed),
    /// The source is asked later; why.
    Waits { why: String, until: Timestamp },
    /// The source could not be asked for as long as a message may wait.
    GivenUp(PollFailed),
}

/// What a source said.
enum Answered {
    /// Whose the device may be: perhaps nobody's.
    Named(Vec<Claimant>),
    /// Nothing, now.
    Nothing { why: PollFailed, until: Timestamp },
    /// It is left alone.
    NotAsked { until: Timestamp },
}

/// Why asking ends.
enum Stopped {
    Failed {
        why: PollFailed,
        retry_after: Option<String>,
    },
    Unavailable(Unavailable),
}

impl From<PollFailed> for Stopped {
    fn from(why: PollFailed) -> Self {
        Self::Failed {
            why,
            retry_after: None,
        }
    }
}

impl From<Unavailable> for Stopped {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl<E> CarryDeviceEvent<E>
where
    E: Env<Store: Users + Devices + SettingsStore> + WithKeys + WithOutgoing,
{
    /// Keeps what a message says, and asks the source where that names nobody who is known.
    pub(super) async fn take_up_and_look_up(
        &self,
        settings: &Settings,
        message: &DeviceMessage,
        event: &DeviceEvent,
    ) -> Result<Taken, Unavailable> {
        let placed = self.take_up(message, event).await?;
        let source = settings.device_source(&event.source);
        let asked = source.and_then(|source| Some((source, source.looked_up_at()?)));
        let (Some((source, api)), Placed::Unassigned, Said::Enrolled) =
            (asked, &placed, message.says)
        else {
            return Ok(Taken::Placed(placed));
        };
        let store = self.env.store();
        let known = store.load_reported_device(&message.device.id).await?;
        let known = known.as_ref().map(facts_of);
        let device = known.unwrap_or_else(|| message.device.clone());
        if looking_up::serial_of(&device).is_none() {
            return Ok(Taken::Placed(placed));
        }
        let now = self.env.clock().now();
        match self.ask(source, api, &device).await? {
            Answered::Named(found) => self.name(message, &found).await.map(Taken::Placed),
            Answered::Nothing { why, .. } if looking_up::is_given_up(event.received_at, now) => {
                Ok(Taken::GivenUp(why))
            }
            Answered::Nothing { why, until } => Ok(Taken::Waits {
                why: why.to_string(),
                until: looking_up::tried_again_at(event.received_at, Some(until), now),
            }),
            Answered::NotAsked { until } => Ok(Taken::Waits {
                why: "the source is left alone for a while, since it did not answer".to_owned(),
                until,
            }),
        }
    }

    /// Asks a source, if it is not left alone, and notes how that went.
    async fn ask(
        &self,
        source: &DeviceSource,
        api: &SourceApi,
        device: &DeviceFacts,
    ) -> Result<Answered, Unavailable> {
        let now = self.env.clock().now();
        let known = self.env.store().load_source_poll(&source.name).await?;
        let poll = polling::poll_of(known, source, now);
        if poll.due_at > now {
            return Ok(Answered::NotAsked { until: poll.due_at });
        }
        match self.found(source, api, device).await {
            Ok(found) => {
                if let Some(poll) = polling::went_well(poll, now) {
                    self.note(poll).await?;
                }
                Ok(Answered::Named(found))
            }
            Err(Stopped::Unavailable(error)) => Err(error),
            Err(Stopped::Failed { why, retry_after }) => {
                let now = self.env.clock().now();
                let failures = poll.failures.saturating_add(1);
                let until = if looking_up::is_of_the_system(&why) {
                    polling::after_failure(failures, retry_after.as_deref(), now)
                } else {
                    now
                };
                self.note(SourcePoll {
                    due_at: until,
                    failures: if until > now { failures } else { poll.failures },
                    last_round_at: Some(now),
                    last_error: Some(why.to_string()),
                    last_failure: Some(why.noted()),
                    version: poll.version.next(),
                    ..poll
                })
                .await?;
                Ok(Answered::Nothing { why, until })
            }
        }
    }

    /// Whom the source names.
    async fn found(
        &self,
        source: &DeviceSource,
        api: &SourceApi,
        device: &DeviceFacts,
    ) -> Result<Vec<Claimant>, Stopped> {
        let secrets = self.env.keys().sender_secrets().await?;
        let credentials = polling::credentials_of(&secrets, source, api)?;
        let shown = match looking_up::token_call(source.kind, api, &credentials)? {
            Some(call) => {
                let answer = self.env.outgoing().call(&call).await;
                let answer = answer.map_err(PollFailed::from)?;
                looking_up::token_in(&answer).map_err(|why| failed(why, &answer))?
            }
            None => credentials,
        };
        let serial = looking_up::serial_of(device).unwrap_or_default();
        for call in looking_up::calls(source.kind, api, &shown, device)? {
            let answer = self.env.outgoing().call(&call).await;
            let answer = answer.map_err(PollFailed::from)?;
            let found = looking_up::claimants_in(source.kind, serial, &answer);
            if let Some(found) = found.map_err(|why| failed(why, &answer))? {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Writes how asking a source went. Of two who ask at once, one has the word.
    async fn note(&self, poll: SourcePoll) -> Result<(), Unavailable> {
        let saved = self.env.store().save_source_poll(&poll).await;
        SaveError::was_written(saved).map(|_| ())
    }

    /// Keeps whom the source named, and records the device if one of them is known.
    async fn name(
        &self,
        message: &DeviceMessage,
        found: &[Claimant],
    ) -> Result<Placed, Unavailable> {
        let id = &message.device.id;
        let mut turns = Turns::new(&self.env, "keeping whose a device is by its source");
        loop {
            let known = self.env.store().load_reported_device(id).await?;
            let named = known
                .as_ref()
                .and_then(|known| looked_up(known, message, found));
            let Some(named) = named else {
                return self.place(id).await;
            };
            let store = self.env.store();
            let saved = store.save_reported_device(&named, known.as_ref()).await;
            match saved {
                Ok(()) => return self.place(id).await,
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
    }
}

fn failed(why: PollFailed, answer: &OutgoingAnswer) -> Stopped {
    Stopped::Failed {
        why,
        retry_after: answer.retry_after.clone(),
    }
}
