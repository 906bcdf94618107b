//! What a device management of a story tells by messages of its own, and what administrators do with the devices of
//! nobody and with the messages that failed.

use beckon_domain::model::mapping::Mapping;
use beckon_domain::model::settings::device_sources::{Authentication, DeviceSource, SourceKind};
use beckon_domain::model::user::User;
use beckon_domain::rules::sender_proof::{Identity, KeysUnreachable, Shown};
use beckon_domain::usecases::assign_device::{AssignDevice, AssignRefused};
use beckon_domain::usecases::carry_device_event::{CarriedEvent, CarryDeviceEvent};
use beckon_domain::usecases::manage_device_sources::{ManageDeviceSources, ManageRefused};
use beckon_domain::usecases::receive_device_event::{ReceiveDeviceEvent, ReceiveRefused};
use beckon_domain::values::ids::{DeviceId, EventId, UserId};
use beckon_domain::values::source_name::SourceName;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::cast::Cast;
use super::dice::Dice;
use super::jobs::Job;
use super::ledger::Ledger;
use super::system;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};
use crate::MemoryKeys;
use crate::builders::an_administrator;

/// The secret of the story's only sender.
const SECRET: &str = "the secret of the sender";

fn name() -> SourceName {
    SourceName::parse("mdm").expect("a name")
}

/// Keys with the sender's secret, and the credentials for the system that is asked.
pub(super) fn keys() -> MemoryKeys {
    let keys = MemoryKeys::new();
    keys.give_sender(&name(), SECRET);
    keys.give_credentials(&system::name(), system::service(), "the API's token");
    keys
}

/// The source that the settings of a story name.
pub(super) fn source() -> DeviceSource {
    let mapping = json!({
        "rules": [
            { "says": "enrolled", "when": [{ "of": "/says", "in": ["enrolled"] }] },
            { "says": "facts", "when": [{ "of": "/says", "in": ["facts"] }] },
            { "says": "unenrolled", "when": [{ "of": "/says", "in": ["left"] }] },
        ],
        "person": { "email": { "from": ["/email"] }, "externalId": { "from": ["/person"] } },
        "device": { "id": { "from": ["/id"] }, "supervised": { "from": ["/supervised"] } },
        "time": { "from": ["/at"] },
    });
    let mapping: Mapping = serde_json::from_value(mapping).expect("a mapping");
    DeviceSource {
        name: name(),
        kind: SourceKind::Generic,
        authentication: Authentication::Header {
            header: "x-secret".to_owned(),
        },
        mapping: Some(mapping),
        api: None,
    }
}

/// A message, and what is shown with it.
#[derive(Debug, Clone)]
pub(super) struct Telling {
    secret: &'static str,
    body: String,
}

impl Shown for Telling {
    fn header(&self, name: &str) -> Option<&str> {
        (name == "x-secret").then_some(self.secret)
    }

    fn parameter(&self, _: &str) -> Option<&str> {
        None
    }

    async fn identity(&self, _: &str) -> Result<Option<Identity>, KeysUnreachable> {
        Ok(None)
    }

    fn is_compressed(&self) -> bool {
        false
    }

    fn body(&self) -> &[u8] {
        self.body.as_bytes()
    }
}

/// What the device management tells of a device of this user.
pub(super) fn message_about(dice: &mut Dice, user: &User, now: Timestamp) -> Telling {
    let says = ["enrolled", "enrolled", "facts", "left"][dice.below(4)];
    let age = SignedDuration::from_mins([0, 5, 60, 3_000][dice.below(4)]);
    let email = if dice.happens(150) {
        "nobody@example.com"
    } else {
        user.email.as_str()
    };
    let body = json!({
        "says": says,
        "id": format!("{}", dice.below(6)),
        "email": email,
        "supervised": dice.happens(300).then_some(true),
        "at": (now - age).to_string(),
    });
    let body = if dice.happens(50) {
        "{ cut off".to_owned()
    } else {
        body.to_string()
    };
    Telling {
        secret: if dice.happens(100) { "a guess" } else { SECRET },
        body,
    }
}

/// A device of nobody is given to this user.
pub(super) fn assigned(dice: &mut Dice, ledger: &Ledger, user: &User) -> Option<Job> {
    let devices = ledger.store.all_reported_devices();
    let ids: Vec<DeviceId> = devices.into_iter().map(|device| device.id).collect();
    Some(Job::Assign(dice.pick(&ids)?.clone(), user.id))
}

impl Cast {
    pub(super) async fn tell_of_device(&self, telling: &Telling) -> Ended {
        let receive = ReceiveDeviceEvent { env: self.clone() };
        let is_known = telling.secret == SECRET;
        let answer = match receive.run("mdm", telling).await {
            Ok(_) => {
                self.watch.with(|ledger| {
                    ledger.must(is_known, || "a message of a stranger was kept".to_owned());
                });
                Answer::Accepted
            }
            Err(ReceiveRefused::Unavailable(_) | ReceiveRefused::KeysUnreachable(_)) => {
                Answer::Unavailable
            }
            Err(
                ReceiveRefused::Unproven | ReceiveRefused::TooLarge | ReceiveRefused::Compressed,
            ) => Answer::Refused,
        };
        self.answered(UseCase::ReceiveDeviceEvent, answer)
    }

    pub(super) async fn carry_event(&self, event: EventId) {
        let carry = CarryDeviceEvent { env: self.clone() };
        let answer = match Box::pin(carry.run(event)).await {
            Ok(CarriedEvent::Settled) => Answer::Accepted,
            Ok(CarriedEvent::Failed) => Answer::Refused,
            Ok(CarriedEvent::Nothing | CarriedEvent::Waits) => Answer::Idle,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::CarryDeviceEvent, answer);
    }

    pub(super) async fn carry_left_behind(&self) {
        // What cannot be carried on now is left to the next round.
        let carry = CarryDeviceEvent { env: self.clone() };
        let _ = Box::pin(carry.left_behind(20)).await;
    }

    pub(super) async fn assign(&self, device: &DeviceId, user: UserId) -> Ended {
        let assign = AssignDevice { env: self.clone() };
        let answer = match assign.run(device, user, &an_administrator()).await {
            Ok(reported) => {
                self.watch.with(|ledger| {
                    ledger.must(reported.user == user, || {
                        format!("device {device:?} was given to another than {user}")
                    });
                });
                Answer::Accepted
            }
            Err(AssignRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                AssignRefused::UnknownDevice
                | AssignRefused::UnknownUser
                | AssignRefused::Taken { .. }
                | AssignRefused::Unenrolled,
            ) => Answer::Refused,
        };
        self.answered(UseCase::AssignDevice, answer)
    }

    /// An administrator replays the messages that failed, if there are any.
    pub(super) async fn look_after_sources(&self) -> Ended {
        let manage = ManageDeviceSources { env: self.clone() };
        let answer = match manage.failed(None, 5).await {
            Ok(page) => {
                let mut answer = Answer::Refused;
                for event in page.items {
                    answer = match manage.replay(event.id).await {
                        Ok(()) => Answer::Accepted,
                        Err(ManageRefused::Unavailable(_)) => Answer::Unavailable,
                        Err(_) => Answer::Refused,
                    };
                }
                answer
            }
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::ManageDeviceSources, answer)
    }
}
