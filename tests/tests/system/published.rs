//! What the world is told: which events there are, what they hold, and when they come. Every event
//! keeps to its schema in `schemas/events`, and none holds an address.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use beckon_domain::model::actor::Actor;
use beckon_domain::model::history::{Bounce, HistoryEntry, HistoryEvent, Particular};
use beckon_domain::model::integration_events::{DETAIL_TYPES, EventEnvelope};
use beckon_domain::model::mail::MailReason;
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::model::user::AddressSuppression;
use beckon_domain::values::ids::{BatchId, DeviceId, EventId, IssueNumber, MailId, UserId};
use beckon_domain::values::method::Method;
use beckon_domain::values::names::Label;
use beckon_tests::{Beckon, Person, until};
use jsonschema::Validator;
use serde_json::{Value, json};

/// The schemas of the repository by what they are called, and the same by their files.
struct Schemas {
    by_title: BTreeMap<String, Validator>,
    files: BTreeSet<String>,
}

impl Schemas {
    fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/events");
        let mut schemas = Self {
            by_title: BTreeMap::new(),
            files: BTreeSet::new(),
        };
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let schema: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            jsonschema::meta::validate(&schema).unwrap();
            assert_eq!(schema["additionalProperties"], false, "{}", path.display());
            let validator = jsonschema::options()
                .should_validate_formats(true)
                .build(&schema)
                .unwrap();
            let title = schema["title"].as_str().unwrap().to_owned();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert_eq!(schema["$id"], format!("urn:beckon:event:{name}"));
            assert_eq!(file_of(&title), name, "the file of {title}");
            schemas.by_title.insert(title, validator);
            schemas.files.insert(name);
        }
        schemas
    }

    /// Says everything that is wrong with an event.
    fn assert_fits(&self, detail_type: &str, detail: &Value) {
        let validator = self
            .by_title
            .get(detail_type)
            .unwrap_or_else(|| panic!("{detail_type} has no schema"));
        let wrong: Vec<String> = validator
            .iter_errors(detail)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{detail_type} {detail}: {wrong:#?}");
        assert!(!detail.to_string().contains('@'), "{detail_type} {detail}");
    }
}

fn file_of(detail_type: &str) -> String {
    detail_type.to_lowercase().replace(' ', "-")
}

fn ulid(number: u128) -> [u8; 16] {
    number.to_be_bytes()
}

/// One of each kind, and of those with something optional or something hostile in it, several.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each kind")]
fn every_history_event() -> Vec<HistoryEvent> {
    let issue = IssueNumber::from_number(3);
    let mail = MailId::from_bytes(ulid(4));
    let mut all = vec![
        HistoryEvent::UserAdded,
        HistoryEvent::UserChanged {
            particulars: vec![Particular::Name],
        },
        HistoryEvent::AddressCorrected { issue: Some(issue) },
        HistoryEvent::InvitationDelivered { issue, mail },
        HistoryEvent::InvitationRedeemed {
            issue,
            chosen: None,
        },
        HistoryEvent::InvitationLocked { issue },
        HistoryEvent::InvitationMailFailed {
            issue,
            mail,
            reason: MailReason::new("refused", "Bad content of ada@example.com"),
        },
        HistoryEvent::InvitationExpired { issue },
        HistoryEvent::InvitationMailedAgain { issue, mail },
        HistoryEvent::InvitationDeclined { issue },
        HistoryEvent::InvitationCancelled { issue },
        HistoryEvent::UserDeleted { issue: None },
        HistoryEvent::UserDeleted { issue: Some(issue) },
        HistoryEvent::InvitationRestored { issue },
    ];
    for (method, ownership, batch) in [
        (Method::Pin, Ownership::NotSet, None),
        (Method::PasswordAndPin, Ownership::UserOwned, Some(5)),
        (Method::Password, Ownership::CompanyOwned, Some(6)),
        (Method::QrCode, Ownership::NotSet, None),
    ] {
        all.push(HistoryEvent::InvitationIssued {
            issue,
            method,
            ownership,
            batch: batch.map(|number| BatchId::from_bytes(ulid(number))),
            replaced: batch.is_some(),
            mail: None,
        });
        all.push(HistoryEvent::SecretHandedOver {
            issue,
            method,
            reason: Label::parse("Ada asked by ada@example.com").unwrap(),
        });
    }
    for mark in [
        AddressSuppression::HardBounced,
        AddressSuppression::Complained,
    ] {
        all.push(HistoryEvent::AddressTriedAgain { mark });
        all.push(HistoryEvent::AddressMarked { mail, mark });
        for mark in [Some(mark), None] {
            for bounce in [
                None,
                Some(Bounce::Soft),
                Some(Bounce::Hard),
                Some(Bounce::Complaint),
            ] {
                all.push(HistoryEvent::InvitationBounced {
                    issue,
                    mail,
                    bounce,
                    mark,
                });
            }
        }
    }
    for last in [false, true] {
        all.push(HistoryEvent::ReminderWritten {
            issue,
            mail,
            number: 2,
            last,
        });
    }
    for device in ["adas-phone", "ada@example.com", "📱 \"\\", &"ü".repeat(128)] {
        let device = DeviceId::parse(device).unwrap();
        all.push(HistoryEvent::InvitationCompleted {
            confirmation: None,
            issue,
            device: device.clone(),
        });
        for rule in [
            OwnershipRule::Supervised,
            OwnershipRule::UserEnrollment,
            OwnershipRule::Stated,
            OwnershipRule::Person,
            OwnershipRule::Invitation,
            OwnershipRule::NotSet,
        ] {
            all.push(HistoryEvent::RegistrationConfirmed {
                device: device.clone(),
                ownership: Ownership::CompanyOwned,
                rule,
                after_end: rule == OwnershipRule::NotSet,
                time_unknown: false,
                not_completed: None,
                flags: Vec::new(),
            });
            all.push(HistoryEvent::OwnershipDecidedAgain {
                device: device.clone(),
                before: Ownership::NotSet,
                ownership: Ownership::UserOwned,
                rule,
            });
        }
    }
    all
}

/// By everybody who can be behind it.
fn every_row() -> impl Iterator<Item = HistoryEntry> {
    let actors = [
        Actor::Caller("admin@example.com".to_owned()),
        Actor::Invitee,
        Actor::DeviceManagement,
        Actor::MailService,
        Actor::Clock,
    ];
    every_history_event().into_iter().flat_map(move |what| {
        actors.clone().map(|who| HistoryEntry {
            id: EventId::from_bytes(ulid(1)),
            user: UserId::from_bytes(ulid(2)),
            at: "2026-03-02T09:00:00.123456789Z".parse().unwrap(),
            who,
            what: what.clone(),
        })
    })
}

#[test]
fn every_event_that_can_be_published_fits_its_schema_and_holds_no_address() {
    let schemas = Schemas::read();
    let mut seen = BTreeSet::new();

    for event in every_row().filter_map(|row| EventEnvelope::of(&row)) {
        let detail_type = event.event.detail_type();
        schemas.assert_fits(detail_type, &serde_json::to_value(&event).unwrap());
        seen.insert(detail_type);
    }

    assert_eq!(seen, BTreeSet::from(DETAIL_TYPES));
}

#[test]
fn each_schema_belongs_to_an_event_and_each_event_has_one() {
    let files: BTreeSet<String> = DETAIL_TYPES.into_iter().map(file_of).collect();

    assert_eq!(Schemas::read().files, files);
}

#[test]
fn a_schema_takes_nothing_that_is_missing_added_or_an_address() {
    let schemas = Schemas::read();
    let confirmed = every_row()
        .filter_map(|row| EventEnvelope::of(&row))
        .find(|event| event.event.detail_type() == "Registration Confirmed");
    let good = serde_json::to_value(confirmed.unwrap()).unwrap();
    let validator = &schemas.by_title["Registration Confirmed"];
    assert!(validator.is_valid(&good));

    for (field, wrong) in [
        ("email", json!("ada@example.com")),
        ("deviceId", json!("ada@example.com")),
        ("ownership", json!("mine")),
        ("at", json!("yesterday")),
        ("id", json!("7")),
        ("afterEnd", Value::Null),
    ] {
        let mut changed = good.clone();
        changed[field] = wrong;
        assert!(!validator.is_valid(&changed), "{changed}");
    }
    let mut without = good;
    without.as_object_mut().unwrap().remove("rule");
    assert!(!validator.is_valid(&without));
}

/// What was published of somebody so far, oldest first.
async fn told_of(beckon: &Beckon, person: &Person) -> Vec<Value> {
    let shown = beckon.get("/local/events").await.with_status(200);
    let items = shown["items"].as_array().unwrap().iter();
    items
        .filter(|event| event["detail"]["userId"] == person.id.as_str())
        .cloned()
        .collect()
}

fn detail_types(events: &[Value]) -> Vec<&str> {
    let names = events.iter().map(|event| event["detailType"].as_str());
    names.map(Option::unwrap).collect()
}

/// Each event is as its schema says, and holds nothing of this.
fn assert_publishable(events: &[Value], inside: &[&str]) {
    let schemas = Schemas::read();
    for event in events {
        schemas.assert_fits(event["detailType"].as_str().unwrap(), &event["detail"]);
        assert_eq!(event["source"], "beckon");
        let at: jiff::Timestamp = event["detail"]["at"].as_str().unwrap().parse().unwrap();
        let time: jiff::Timestamp = event["time"].as_str().unwrap().parse().unwrap();
        assert_eq!(time.as_second(), at.as_second());
        let text = event.to_string();
        for inside in inside {
            assert!(!text.contains(inside), "{text}");
        }
    }
}

#[tokio::test]
async fn the_world_is_told_from_the_invitation_to_the_device_and_reads_no_address() {
    let beckon = Beckon::start().await;
    let ada = beckon
        .add_user(&json!({
            "email": "ada@example.com",
            "displayName": "Ada Lovelace",
            "ownership": "companyOwned",
        }))
        .await;
    let registration = beckon.redeem(&ada).await;
    beckon
        .report_device(
            &json!({"registrationId": registration}),
            &json!({"id": "adas-phone", "name": "Ada's phone"}),
        )
        .await;
    let supervised = json!({"id": "adas-phone", "supervised": true});
    beckon
        .report_device(&json!({"userId": ada.id}), &supervised)
        .await;

    let events = until("all of it is told", async || {
        let events = told_of(&beckon, &ada).await;
        (events.len() == 6).then_some(events)
    })
    .await;

    let mut names = detail_types(&events);
    // These two are of one write.
    names[3..5].sort_unstable();
    assert_eq!(
        names,
        [
            "Invitation Issued",
            "Invitation Delivered",
            "Invitation Redeemed",
            "Invitation Completed",
            "Registration Confirmed",
            "Ownership Decided Again"
        ]
    );
    assert_publishable(&events, &["@", "Lovelace", "Ada's", &registration]);
    let of = |name: &str| {
        events
            .iter()
            .find(|event| event["detailType"] == name)
            .unwrap()
    };
    let confirmed = &of("Registration Confirmed")["detail"];
    assert_eq!(
        (
            &confirmed["deviceId"],
            &confirmed["ownership"],
            &confirmed["rule"]
        ),
        (
            &json!("adas-phone"),
            &json!("companyOwned"),
            &json!("invitation")
        )
    );
    assert_eq!(
        of("Ownership Decided Again")["detail"]["rule"],
        "supervised"
    );
    assert_eq!(of("Invitation Issued")["detail"]["by"], "caller");

    let page = beckon.get(&format!("/v1/users/{}/history", ada.id)).await;
    let history = page.with_status(200);
    let rows: BTreeSet<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["what"] != "userAdded")
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    let ids: BTreeSet<&str> = events
        .iter()
        .map(|event| event["detail"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, rows);
}

#[tokio::test]
async fn what_was_told_is_shown_after_a_restart_and_is_not_told_again() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    beckon.cancel(&ada).await;
    let before = until("all of it is told", async || {
        let events = told_of(&beckon, &ada).await;
        let cancelled = detail_types(&events).contains(&"Invitation Cancelled");
        (events.len() == 3 && cancelled).then_some(events)
    })
    .await;
    let folder = beckon.stop().await;

    let again = Beckon::start_with(|options| options.data = folder.path().to_owned()).await;
    let ben = again.invite("ben@example.com").await;
    until("somebody else is told of", async || {
        (told_of(&again, &ben).await.len() == 2).then_some(())
    })
    .await;

    let after = told_of(&again, &ada).await;
    let id = |event: &Value| event["detail"]["id"].clone();
    let ids: BTreeSet<String> = after.iter().map(|event| id(event).to_string()).collect();
    assert_eq!(ids.len(), 3);
    // The last records may come again if the end came before their position was written.
    assert_eq!(after[..3], before[..]);
}
