//! Carrying a message of a device management on: it is read by the mapping of its source, what it says of a device
//! is kept, and a device that enrolled and whose person is known is recorded as any registration is.
//!
//! Each part is one write, and may be repeated: what is known of a device is merged, and the same registration
//! again changes nothing. So a message that comes twice, late or out of order ends alike.
//!
//! A device whose message names nobody who is known stands in the list of those without a person at once, and is then
//! looked up at its source, if that can be asked.

mod look_up;

use crate::model::device_event::{DeviceEvent, DeviceEventState};
use crate::model::registration::believable;
use crate::model::reported_device::{DeviceMessage, ReportedDevice};
use crate::model::settings::Settings;
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::env::{Env, WithKeys, WithOutgoing};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::mapping::{self, Fault, NotRead, built_in};
use crate::rules::reported_device::{learn, report_of};
use crate::usecases::confirm_registration::{ConfirmRefused, ConfirmRegistration, Reported, Told};
use crate::values::ids::{DeviceId, EventId};
use jiff::SignedDuration;

use look_up::Taken;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarriedEvent {
    /// It was carried on.
    Settled,
    /// It cannot be, and why stands in its row.
    Failed,
    /// Its device could not be looked up at its source, and is again later.
    Waits,
    /// It was settled before, or is gone.
    Nothing,
}

/// What became of messages that the stream left behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftBehind {
    /// How many were carried on.
    pub settled: u64,
    /// How many cannot be.
    pub failed: u64,
    /// How many wait for their source to say whose their devices are.
    pub waiting: u64,
}

/// How long a round carries messages on. Each may ask its source; what is left is for the next round.
const ROUND_TAKES: SignedDuration = SignedDuration::from_secs(20);

/// What became of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// It has not enrolled: facts wait.
    FactsWait,
    /// It is managed no longer.
    Unenrolled,
    /// It belongs to nobody who is known.
    Unassigned,
    /// It is recorded for its person.
    Recorded(Reported),
}

impl Placed {
    /// In a word or two, for the message's row.
    fn outcome(&self) -> String {
        match self {
            Self::FactsWait => "factsWait".to_owned(),
            Self::Unenrolled => "unenrolled".to_owned(),
            Self::Unassigned => "unassigned".to_owned(),
            Self::Recorded(reported) => reported.outcome.name().to_owned(),
        }
    }
}

/// Carries messages of device managements on.
#[derive(Debug, Clone)]
pub struct CarryDeviceEvent<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> CarryDeviceEvent<E>
where
    E: Env<Store: Users + Devices + SettingsStore> + WithKeys + WithOutgoing,
{
    /// Carries a message on that waits. An error means: later.
    pub async fn run(&self, id: EventId) -> Result<CarriedEvent, Unavailable> {
        let Some(event) = self.env.store().load_device_event(id).await? else {
            return Ok(CarriedEvent::Nothing);
        };
        if event.state != DeviceEventState::Waiting {
            return Ok(CarriedEvent::Nothing);
        }
        let now = self.env.clock().now();
        // What became of a message stands beside it while it waits for a look-up alone.
        if event.outcome.is_some() && event.due_at > now {
            return Ok(CarriedEvent::Nothing);
        }
        let settings = self.env.store().current_settings().await?.settings;
        let message = read(&settings, &event);
        let of_device = message.as_ref().ok();
        let of_device = of_device.map(|message| message.device.id.clone());
        let (state, outcome, code) = match message {
            Ok(message) => match self.take_up_and_look_up(&settings, &message, &event).await {
                Ok(Taken::Placed(placed)) => (DeviceEventState::Settled, placed.outcome(), None),
                Ok(Taken::GivenUp(why)) => {
                    let code = Some("lookUpFailed".to_owned());
                    (DeviceEventState::Failed, why.to_string(), code)
                }
                Ok(Taken::Waits { why, until }) => {
                    let waiting = DeviceEvent {
                        device: of_device,
                        due_at: until,
                        ..event.in_state(DeviceEventState::Waiting, Some(why), now)
                    };
                    let saved = self.env.store().save_device_event(&waiting).await;
                    return Ok(if SaveError::was_written(saved)? {
                        CarriedEvent::Waits
                    } else {
                        CarriedEvent::Nothing
                    });
                }
                Err(error) => match error.unreadable() {
                    // To be replayed when the row is repaired.
                    Some(row) => {
                        let code = Some("unreadableRecord".to_owned());
                        (DeviceEventState::Failed, row.to_string(), code)
                    }
                    None => return Err(error),
                },
            },
            Err(NotRead::PassedOver(_)) => {
                (DeviceEventState::Settled, "passedOver".to_owned(), None)
            }
            Err(NotRead::NotUnderstood(Fault { code, detail })) => {
                (DeviceEventState::Failed, detail, Some(code.to_owned()))
            }
        };
        let settled = DeviceEvent {
            device: of_device,
            failure: code,
            ..event.in_state(state, Some(outcome), self.env.clock().now())
        };
        match self.env.store().save_device_event(&settled).await {
            // Somebody else carried it on, too.
            Ok(()) | Err(SaveError::Conflict) => {}
            Err(SaveError::Unavailable(error)) => return Err(error),
        }
        Ok(match state {
            DeviceEventState::Failed => CarriedEvent::Failed,
            DeviceEventState::Settled | DeviceEventState::Waiting => CarriedEvent::Settled,
        })
    }

    /// Carries on the messages that the stream left behind, at most `limit`, the oldest first.
    pub async fn left_behind(&self, limit: usize) -> Result<LeftBehind, Unavailable> {
        let now = self.env.clock().now();
        let mut found = LeftBehind::default();
        let settings = self.env.store().current_settings().await?.settings;
        // Where there are no sources there are hardly ever messages: those of sources that were removed.
        let is_full_hour = now.as_second().rem_euclid(3_600) < 60;
        if settings.device_sources.is_empty() && !is_full_hour {
            return Ok(found);
        }
        let mut first_error = None;
        for event in self.env.store().due_device_events(now, limit).await? {
            if self.env.clock().now().duration_since(now) >= ROUND_TAKES {
                break;
            }
            match self.run(event).await {
                Ok(CarriedEvent::Settled) => found.settled += 1,
                Ok(CarriedEvent::Failed) => found.failed += 1,
                Ok(CarriedEvent::Waits) => found.waiting += 1,
                Ok(CarriedEvent::Nothing) => {}
                // One row that cannot be read keeps no other message waiting, nor one that cannot be written.
                Err(error) if error.unreadable().is_some() => {}
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        first_error.map_or(Ok(found), Err)
    }
}

impl<E> CarryDeviceEvent<E>
where
    E: Env<Store: Users + Devices + SettingsStore>,
{
    /// Keeps what a message says of a device, and records the device if it is known whose it is.
    async fn take_up(
        &self,
        message: &DeviceMessage,
        event: &DeviceEvent,
    ) -> Result<Placed, Unavailable> {
        let id = &message.device.id;
        let mut turns = Turns::new(&self.env, "keeping what was told of a device");
        loop {
            let known = self.env.store().load_reported_device(id).await?;
            let Some(learnt) = learn(known.as_ref(), message, event.received_at) else {
                break;
            };
            let saved = self
                .env
                .store()
                .save_reported_device(&learnt, known.as_ref())
                .await;
            match saved {
                Ok(()) => break,
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
        self.place(id).await
    }

    /// Records a device for the person whose it is, as far as that is known now. One that is managed no longer is
    /// recorded, too: messages come in any order, and it enrolled before it left.
    pub(super) async fn place(&self, id: &DeviceId) -> Result<Placed, Unavailable> {
        let mut turns = Turns::new(&self.env, "recording a device for its person");
        loop {
            let Some(device) = self.env.store().load_reported_device(id).await? else {
                return Ok(Placed::FactsWait);
            };
            let Some(report) = report_of(&device) else {
                return Ok(if device.is_unenrolled() {
                    Placed::Unenrolled
                } else {
                    Placed::FactsWait
                });
            };
            let confirm = ConfirmRegistration { env: &self.env };
            let told = Told {
                was: &device,
                is: &device,
            };
            match confirm.run_told(&report, told).await {
                Ok(Some(reported)) => return Ok(Placed::Recorded(reported)),
                // More became known meanwhile: that is to be recorded, too.
                Ok(None) => turns.another().await?,
                Err(ConfirmRefused::Unavailable(error)) => return Err(error),
                Err(ConfirmRefused::Unknown) if device.has_owner() => {
                    self.let_go(&device).await?;
                    // Somebody else may be called as the device was told to be.
                    turns.another().await?;
                }
                Err(ConfirmRefused::Unknown) => {
                    return Ok(if device.is_unenrolled() {
                        Placed::Unenrolled
                    } else {
                        Placed::Unassigned
                    });
                }
            }
        }
    }

    /// Whoever had the device is gone: it belongs to nobody, unless somebody else wrote first.
    async fn let_go(&self, device: &ReportedDevice) -> Result<(), Unavailable> {
        let nobodys = ReportedDevice {
            user: None,
            assigned_to: None,
            assigned_by: None,
            version: device.version.next(),
            ..device.clone()
        };
        let store = self.env.store();
        let saved = store.save_reported_device(&nobodys, Some(device)).await;
        SaveError::was_written(saved).map(|_| ())
    }
}

/// What a message says, by the mapping that its source has now.
fn read(settings: &Settings, event: &DeviceEvent) -> Result<DeviceMessage, NotRead> {
    let Some(source) = settings.device_source(&event.source) else {
        let why = "the source is no longer in the settings; add it again, and replay the message";
        return Err(NotRead::NotUnderstood(Fault::new("sourceGone", why)));
    };
    let mapping = match &source.mapping {
        Some(own) => own.clone(),
        None => built_in::mapping(source.kind).unwrap_or_default(),
    };
    let message = mapping::read(&mapping, &source.name, &event.body)?;
    Ok(DeviceMessage {
        // A time that lies ahead would count before every later one.
        at: believable(message.at, event.received_at),
        ..message
    })
}
