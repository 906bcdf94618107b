//! The device management of a story that tells of nothing and is asked: devices enrol there and leave while its list is
//! read, a page is shorter than what was asked for, and now and then it does not answer as it should.

use beckon_domain::model::outgoing_call::{NoAnswer, OutgoingAnswer, OutgoingCall};
use beckon_domain::model::settings::device_sources::{
    Authentication, DeviceSource, SourceApi, SourceKind,
};
use beckon_domain::model::user::User;
use beckon_domain::ports::outgoing::Outgoing;
use beckon_domain::usecases::poll_source::{PollSource, Polled};
use beckon_domain::values::ids::EventId;
use beckon_domain::values::service_url::ServiceUrl;
use beckon_domain::values::source_name::SourceName;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cast::Cast;
use super::dice::Dice;
use super::ledger::{Ledger, Watch};
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};

/// How many rows it gives at most, whatever it is asked for.
const PAGE: usize = 4;

/// Where it is.
const ADDRESS: &str = "https://mdm.example.com";

/// A device that enrolled there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Enrolled {
    pub(super) id: String,
    email: String,
    pub(super) at: Timestamp,
}

impl Enrolled {
    fn row(&self) -> Value {
        json!({
            "device_id": self.id,
            "platform": "Mac",
            "user": { "email": self.email },
            "last_enrollment": self.at.to_string(),
        })
    }
}

/// What the source is called.
pub(super) fn name() -> SourceName {
    SourceName::parse("asked").expect("a name")
}

/// The service that its credentials are for.
pub(super) const fn service() -> &'static str {
    ADDRESS
}

/// The source that the settings of a story name.
pub(super) fn source() -> DeviceSource {
    DeviceSource {
        name: name(),
        kind: SourceKind::Kandji,
        authentication: Authentication::Nothing,
        mapping: None,
        api: Some(SourceApi {
            address: ServiceUrl::parse(ADDRESS).expect("an address"),
            tenant: None,
            client_id: None,
            space: None,
        }),
    }
}

/// A device of this user that enrols at the system.
pub(super) fn enrolling(dice: &mut Dice, user: &User) -> Enrolling {
    Enrolling {
        id: format!("device-{:x}", dice.draw()),
        email: user.email.as_str().to_owned(),
        late: SignedDuration::from_mins([0, 0, 1, 8][dice.below(4)]),
        first: dice.happens(500),
    }
}

/// A device that enrols: the system may list it some minutes late, at either end of its list.
#[derive(Debug, Clone)]
pub(super) struct Enrolling {
    id: String,
    email: String,
    late: SignedDuration,
    first: bool,
}

/// The system, as it is called.
#[derive(Clone)]
pub(super) struct System {
    pub(super) watch: Watch,
}

impl Outgoing for System {
    async fn call(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, NoAnswer> {
        tokio::task::yield_now().await;
        let answer = self.watch.both(|stage, ledger| {
            let rate = stage.rates.post / 3;
            if stage.dice.happens(rate) {
                return not_as_it_should(stage.dice.below(6));
            }
            // A device that is known goes, and those behind it move up.
            let leave = stage.rates.repeat;
            if stage.dice.happens(leave) && !ledger.system.is_empty() {
                let place = stage.dice.below(ledger.system.len());
                if ledger.is_kept(&ledger.system[place]) {
                    ledger.system.remove(place);
                }
            }
            Ok(page(ledger, call))
        });
        tokio::task::yield_now().await;
        answer
    }
}

fn not_as_it_should(which: usize) -> Result<OutgoingAnswer, NoAnswer> {
    let status = |status| {
        Ok(OutgoingAnswer {
            status,
            retry_after: (status == 429).then(|| "60".to_owned()),
            ..OutgoingAnswer::default()
        })
    };
    match which {
        0 => Err(NoAnswer::TooLate),
        1 => status(429),
        2 => status(500),
        3 => status(401),
        4 => status(302),
        _ => Ok(OutgoingAnswer {
            status: 200,
            body: b"[{\"device_id\": \"devi".to_vec(),
            ..OutgoingAnswer::default()
        }),
    }
}

fn page(ledger: &Ledger, call: &OutgoingCall) -> OutgoingAnswer {
    let offset = call.url.as_str().split("offset=").nth(1);
    let offset: usize = offset.and_then(|text| text.parse().ok()).unwrap_or(0);
    let rows = ledger.system.iter().skip(offset).take(PAGE);
    let rows: Vec<Value> = rows.map(Enrolled::row).collect();
    OutgoingAnswer {
        status: 200,
        body: serde_json::to_vec(&rows).expect("rows are JSON"),
        ..OutgoingAnswer::default()
    }
}

impl Cast {
    /// A device enrols at the system.
    pub(super) fn enrol(&self, device: &Enrolling) -> Ended {
        self.watch.with(|ledger| {
            let enrolled = Enrolled {
                id: device.id.clone(),
                email: device.email.clone(),
                at: ledger.now - device.late,
            };
            if device.first {
                ledger.system.insert(0, enrolled);
            } else {
                ledger.system.push(enrolled);
            }
        });
        Ended::Done
    }

    /// Asks the sources that are due, as the function of that name does.
    pub(super) async fn ask_sources(&self) -> Ended {
        let poll = PollSource { env: self.clone() };
        let Ok(found) = poll.due().await else {
            return self.answered(UseCase::PollSource, Answer::Unavailable);
        };
        let mut ended = Ended::Done;
        for source in found.due {
            let answer = match poll.run(&source).await {
                Ok(Polled::Nothing) => Answer::Idle,
                Ok(Polled::Read { .. }) => Answer::Accepted,
                Ok(Polled::Failed(_)) => Answer::Refused,
                Err(_) => Answer::Unavailable,
            };
            ended = self.answered(UseCase::PollSource, answer);
        }
        ended
    }
}

/// The rules for a system that is asked: each device that it lists becomes one message, and one alone.
impl Ledger {
    /// A message of the system was kept for the first time.
    pub(super) fn polled(&mut self, id: EventId, body: &[u8]) {
        let row: Value = serde_json::from_slice(body).unwrap_or_default();
        let of = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let key = (of("device_id"), of("last_enrollment"));
        let before = self.polled.insert(key.clone(), id);
        // Of somebody who was erased, messages are deleted, too, and the system still lists the device.
        let again = before.is_some() && self.erased_messages == 0;
        self.must(!again, || format!("device {} was kept twice", key.0));
    }

    /// Whether a device of the system has become a message.
    pub(super) fn is_kept(&self, device: &Enrolled) -> bool {
        let key = (device.id.clone(), device.at.to_string());
        self.polled.contains_key(&key)
    }

    /// How many devices of the system nobody has read, if it is asked at all.
    pub(super) fn unread(&self) -> usize {
        let settings = self.store.settings().settings;
        if settings.device_source(&name()).is_none() {
            return 0;
        }
        let unread = |device: &&Enrolled| !self.is_kept(device);
        self.system.iter().filter(unread).count()
    }

    /// Nobody was lost between two pages, or between two rounds.
    pub(super) fn judge_polled(&mut self) {
        let unread = self.unread();
        self.must(unread == 0, || {
            format!("{unread} devices of the system that is asked were never read")
        });
    }
}
