//! Rows of a later version: what this one does not know stays, and what it is too old for it leaves
//! alone.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::model::batch::Cursor;
use beckon_domain::model::change::{ChangeOutcome, UserChange};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::mail::{Mail, MailEvent};
use beckon_domain::model::session::Session;
use beckon_domain::model::stored::RowKey;
use beckon_domain::model::user::User;
use beckon_domain::ports::batches::Batches as _;
use beckon_domain::ports::delivery::Delivery as _;
use beckon_domain::ports::devices::Devices as _;
use beckon_domain::ports::mails::Mails as _;
use beckon_domain::ports::settings::SettingsStore as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::rules::ownership::learning;
use beckon_domain::values::ids::IssueNumber;
use beckon_testkit::builders::{a_stamp, monday_morning};
use beckon_testkit::store::keys;

use crate::engine::Engine;
use crate::specimens::{self, Value};
use crate::stored::{self, Item};

/// A table with the rows of 0.1, in each of which a later version has written more.
async fn with_rows_of_later() -> Engine {
    let engine = Engine::start().await;
    for row in stored::read_folder(&stored::folder("0.1")).values() {
        let mut item = stored::from_json(row);
        write_more(&mut item);
        item.insert("schema".to_owned(), AttributeValue::N("1".to_owned()));
        engine.put(item).await;
    }
    engine
}

/// Maps that cannot hold more: the one name in `choice` and `distribution` is that of a variant, and
/// whoever passed over a condition of a filter would invite too many.
const CLOSED: [&str; 3] = ["choice", "distribution", "filter"];

/// An attribute of a type that rows of ours do not have, in the row and in each map within it.
fn write_more(item: &mut Item) {
    for (name, value) in item.iter_mut() {
        match value {
            AttributeValue::M(map) if !CLOSED.contains(&name.as_str()) => write_more(map),
            AttributeValue::L(entries) => {
                for entry in entries {
                    if let AttributeValue::M(map) = entry {
                        write_more(map);
                    }
                }
            }
            _ => {}
        }
    }
    let news = AttributeValue::Ss(vec!["of later".to_owned()]);
    item.insert("ofLater".to_owned(), news);
}

/// The places in an item where a later version wrote more.
fn more(item: &Item) -> Vec<String> {
    let mut places = Vec::new();
    for (name, value) in item {
        match value {
            AttributeValue::M(map) => {
                places.extend(more(map).into_iter().map(|place| format!("{name}.{place}")));
            }
            AttributeValue::L(entries) => {
                for entry in entries {
                    if let AttributeValue::M(map) = entry {
                        let within = more(map).into_iter();
                        places.extend(within.map(|place| format!("{name}[].{place}")));
                    }
                }
            }
            _ if name == "ofLater" => places.push(name.clone()),
            _ => {}
        }
    }
    places.sort();
    places
}

fn specimen(name: &str) -> Value {
    let mut all = specimens::all().into_iter();
    let found = all.find(|specimen| specimen.name == name);
    found.expect("a specimen of this name").value
}

fn user() -> User {
    match specimen("user-with-every-part") {
        Value::User(user) => user,
        other => panic!("{other:?}"),
    }
}

fn mail() -> Mail {
    match specimen("mail-with-every-part") {
        Value::Mail(mail) => mail,
        other => panic!("{other:?}"),
    }
}

/// That a row is written anew, and holds what it held beyond this version.
async fn keeps(engine: &Engine, key: &RowKey, places: &[&str]) {
    let item = engine.get(key).await.expect("the row is there");
    assert_eq!(more(&item), places, "{key:?}");
}

#[tokio::test]
async fn a_user_who_is_changed_keeps_what_a_later_version_wrote() {
    let engine = with_rows_of_later().await;
    let user = engine.table.load_user(user().id).await.unwrap().unwrap();
    let key = keys::user(user.id);
    let before = engine.get(&key).await.unwrap();

    let changed = User {
        version: user.version.next(),
        enabled: false,
        display_name: None,
        ..user
    };
    let saved = engine.table.save_user(&UserChange::of(changed)).await;

    assert_eq!(saved.unwrap(), ChangeOutcome::Saved);
    let after = engine.get(&key).await.unwrap();
    assert_eq!(more(&after), more(&before));
    assert!(more(&after).contains(&"invitation.reminders.policy.ofLater".to_owned()));
    assert!(more(&after).contains(&"invitation.sessions[].ofLater".to_owned()));
    // What this version knows is as it says.
    assert_eq!(after.get("displayName"), None);
    assert_eq!(after.get("enabled"), Some(&AttributeValue::Bool(false)));
}

/// Another issue is another invitation.
#[tokio::test]
async fn what_was_written_of_one_issue_is_not_said_of_the_next() {
    let engine = with_rows_of_later().await;
    let user = engine.table.load_user(user().id).await.unwrap().unwrap();
    let key = keys::user(user.id);
    let mut again = User {
        version: user.version.next(),
        ..user
    };
    let invitation = again.invitation.as_mut().unwrap();
    invitation.issue = IssueNumber::from_number(4);

    let saved = engine.table.save_user(&UserChange::of(again)).await;

    assert!(saved.unwrap().is_saved());
    let places = more(&engine.get(&key).await.unwrap());
    assert_eq!(places, ["asked.ofLater", "ofLater"]);
}

/// Through all that the delivery worker writes, without reading in between.
#[tokio::test]
async fn a_mail_that_is_delivered_keeps_what_a_later_version_wrote() {
    let engine = with_rows_of_later().await;
    let user = engine.table.load_user(user().id).await.unwrap().unwrap();
    let mail = engine.table.load_mail(mail().id).await.unwrap().unwrap();
    let key = keys::mail(mail.id);

    let claimed = mail.after(MailEvent::Claim).unwrap();
    engine
        .table
        .claim_mail(&claimed, user.version)
        .await
        .unwrap();
    let sent = claimed.after(MailEvent::Accept).unwrap();
    engine.table.save_mail(&sent, None).await.unwrap();

    keeps(
        &engine,
        &key,
        &["kind.ofLater", "ofLater", "reason.ofLater"],
    )
    .await;
    let read = engine.table.load_mail(mail.id).await.unwrap().unwrap();
    assert_eq!(read.state, sent.state);
}

#[tokio::test]
async fn a_batch_keeps_what_a_later_version_wrote() {
    let engine = with_rows_of_later().await;
    let Value::Cursor(Cursor { batch: id, .. }) = specimen("cursor-many") else {
        panic!("a cursor")
    };
    let (batch, cursor) = engine.table.load_batch(id).await.unwrap().unwrap();

    let stopped = beckon_domain::model::batch::Batch {
        version: batch.version.next(),
        stopped_at: Some(monday_morning()),
        ..batch
    };
    engine.table.save_batch(&stopped).await.unwrap();
    let pushed = Cursor {
        version: cursor.version.next(),
        ..cursor
    };
    engine.table.push_cursor(&pushed).await.unwrap();
    let page = beckon_domain::model::batch::Page {
        batch: id,
        number: 1,
        recipients: Vec::new(),
        without_sums: false,
    };
    let moved = Cursor {
        version: pushed.version.next(),
        page: 2,
        ..pushed
    };
    engine.table.finish_page(&page, &moved).await.unwrap();

    let places = ["ofLater", "selection.ofLater", "who.ofLater"];
    keeps(&engine, &keys::batch(id), &places).await;
    keeps(&engine, &keys::cursor(id), &["ofLater"]).await;
}

#[tokio::test]
async fn devices_and_sessions_keep_what_a_later_version_wrote() {
    let engine = with_rows_of_later().await;
    let (Value::Device(device), Value::Session(session)) = (
        specimen("device-with-every-part"),
        specimen("session-with-every-part"),
    ) else {
        panic!("a device and a session")
    };
    let user = engine.table.load_user(user().id).await.unwrap().unwrap();
    let (of, id) = (device.user, device.device.id.clone());
    let device = engine.table.load_registration(of, &id).await.unwrap();
    let session = engine
        .table
        .load_session(&session.digest)
        .await
        .unwrap()
        .unwrap();
    let digest = session.digest.clone();

    let change = UserChange {
        registration: device.map(|device| learning(&device, &device.device)),
        session: Some(Session {
            device: None,
            ..session
        }),
        ..UserChange::of(User {
            version: user.version.next(),
            ..user
        })
    };
    let saved = engine.table.save_user(&change).await;

    assert!(saved.unwrap().is_saved());
    keeps(
        &engine,
        &keys::device(of, &id),
        &["device.ofLater", "ofLater"],
    )
    .await;
    keeps(
        &engine,
        &keys::session(&digest),
        &["named.ofLater", "ofLater"],
    )
    .await;
}

/// People write them whole, and cannot see what is kept for them.
#[tokio::test]
async fn settings_and_wordings_keep_what_a_later_version_wrote() {
    let engine = with_rows_of_later().await;
    let current = engine.table.current_settings().await.unwrap();
    let before = more(&engine.get(&keys::settings()).await.unwrap());
    let mut templates = engine.table.templates().await.unwrap();
    let template = templates.pop().unwrap();

    let mut changed = current.settings.clone();
    changed.registration.lifetime_hours = 24;
    let stamp = a_stamp();
    let saved = engine
        .table
        .save_settings(&changed, current.version, &stamp);
    let saved = saved.await;
    let changed = beckon_domain::model::template::Template {
        version: template.version.next(),
        ..template
    };
    engine.table.save_template(&changed).await.unwrap();

    let version = saved.unwrap().version;
    let places: Vec<&str> = before.iter().map(String::as_str).collect();
    assert!(
        places.contains(&"settings.registration.pin.ofLater"),
        "{places:?}"
    );
    keeps(&engine, &keys::settings(), &places).await;
    keeps(&engine, &keys::settings_version(version), &places).await;
    let item = engine.get(&keys::template(&changed.name)).await.unwrap();
    assert!(more(&item).contains(&"ofLater".to_owned()), "{item:?}");
}

/// Rows that are written over without being read.
#[tokio::test]
async fn pause_and_pace_keep_what_a_later_version_wrote() {
    let engine = with_rows_of_later().await;
    let pause = Pause {
        until: monday_morning(),
        code: "dailyQuota".to_owned(),
        reason: "used up".to_owned(),
    };

    engine.table.set_delivery_pause(Some(&pause)).await.unwrap();
    engine.table.note_send_rate(2.0).await.unwrap();

    assert_eq!(engine.table.delivery_pause().await.unwrap(), Some(pause));
    keeps(&engine, &keys::pause(), &["ofLater"]).await;
    keeps(&engine, &pace_key(), &["ofLater"]).await;
}

fn pace_key() -> RowKey {
    RowKey {
        pk: "postman".to_owned(),
        sk: "pace".to_owned(),
    }
}

async fn of_schema_two(engine: &Engine, key: &RowKey) {
    let schema = AttributeValue::N("2".to_owned());
    engine.set(key, "schema", schema).await;
}

/// It may mean something else by the same names.
#[tokio::test]
async fn a_row_of_a_higher_schema_is_neither_read_nor_written() {
    let engine = with_rows_of_later().await;
    let read = engine.table.load_user(user().id).await.unwrap().unwrap();
    let waiting = engine.table.load_mail(mail().id).await.unwrap().unwrap();
    let (of_user, of_mail) = (keys::user(read.id), keys::mail(waiting.id));
    of_schema_two(&engine, &of_user).await;
    of_schema_two(&engine, &of_mail).await;
    let (user_before, mail_before) = (engine.get(&of_user).await, engine.get(&of_mail).await);

    // Read before somebody raised it, written after that.
    let changed = User {
        version: read.version.next(),
        ..read.clone()
    };
    let saved = engine.table.save_user(&UserChange::of(changed)).await;
    let dropped = waiting.after(MailEvent::Drop).unwrap();
    let of_dropped = engine.table.save_mail(&dropped, None).await;

    assert_eq!(saved.unwrap(), ChangeOutcome::Conflict);
    assert!(of_dropped.is_err());
    assert_eq!(engine.get(&of_user).await, user_before);
    assert_eq!(engine.get(&of_mail).await, mail_before);
    let error = engine.table.load_user(read.id).await.unwrap_err();
    let reason = &error.unreadable().unwrap().reason;
    assert!(reason.contains("schema 2"), "{reason}");
    let aside = engine.table.rows_aside(10).await.unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0].key, of_user);
}

/// Nor what is written over without being read.
#[tokio::test]
async fn a_pause_of_a_higher_schema_is_not_written_over() {
    let engine = with_rows_of_later().await;
    of_schema_two(&engine, &keys::pause()).await;
    let before = engine.get(&keys::pause()).await;
    let pause = Pause {
        until: monday_morning(),
        code: "dailyQuota".to_owned(),
        reason: "used up".to_owned(),
    };

    let error = engine
        .table
        .set_delivery_pause(Some(&pause))
        .await
        .unwrap_err();

    assert!(error.unreadable().is_some(), "{error:?}");
    assert_eq!(engine.get(&keys::pause()).await, before);
}

/// Mail would stop if it could not be told how fast it goes.
#[tokio::test]
async fn a_pace_of_a_higher_schema_is_not_written_over_and_stops_no_mail() {
    let engine = with_rows_of_later().await;
    of_schema_two(&engine, &pace_key()).await;
    let before = engine.get(&pace_key()).await;

    engine.table.note_send_rate(3.0).await.unwrap();

    assert_eq!(engine.get(&pace_key()).await, before);
}

/// The lowest that there is: rows of 0.1 say nothing of it.
#[tokio::test]
async fn every_row_that_is_written_says_in_which_schema() {
    let rows = crate::written().await;

    let schema = |row: &serde_json::Value| row["schema"]["N"].as_str().map(str::to_owned);
    let without: HashMap<&String, Option<String>> = rows
        .iter()
        .map(|(name, row)| (name, schema(row)))
        .filter(|(_, schema)| schema.as_deref() != Some("1"))
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

/// Each of them, with what this version knows of it.
#[tokio::test]
async fn rows_in_which_a_later_version_wrote_more_are_all_read() {
    let engine = with_rows_of_later().await;
    let of_0_1 = stored::read_folder(&stored::folder("0.1"));

    for specimen in specimens::of_rows(&of_0_1) {
        let read = crate::read_like(&engine, &specimen.value).await;
        let read = read.unwrap_or_else(|| panic!("{} is not found", specimen.name));
        assert_eq!(
            crate::without_more(read),
            specimen.value,
            "{}",
            specimen.name
        );
    }
    assert_eq!(engine.table.rows_aside(10).await.unwrap(), []);
}
