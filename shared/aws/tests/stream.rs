//! What the readers of the stream act on, held against the filters that the template gives them: a record that a filter
//! keeps back is never acted on, so no record may be kept back that asks for something.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use beckon_aws::table::stream::{RowChange, StreamReader, StreamRecord};
use beckon_domain::model::change::Identifier;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::ExternalId;
use beckon_domain::values::user_name::UserName;
use serde_json::{Value, json};

const READERS: [(StreamReader, &str); 2] = [
    (StreamReader::Expand, "ExpandFunction"),
    (StreamReader::Publish, "PublishFunction"),
];

/// The filters of a function in the template.
fn filters(function: &str) -> Vec<Value> {
    let template = include_str!("../../../template.yaml");
    let (_, from) = template
        .split_once(&format!("\n  {function}:\n"))
        .unwrap_or_else(|| panic!("the template has no {function}"));
    // The next resource begins with a name two blanks in.
    let own = from.lines().take_while(|line| {
        !line
            .strip_prefix("  ")
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
    });
    let patterns =
        own.filter_map(|line| line.trim().strip_prefix("- Pattern: '")?.strip_suffix('\''));
    let found: Vec<Value> = patterns
        .map(|pattern| serde_json::from_str(pattern).unwrap())
        .collect();
    assert!(!found.is_empty(), "{function} has no filters");
    found
}

/// Whether an event source lets a record through, as far as these filters go.
fn lets_through(filter: &Value, record: &Value) -> bool {
    let Value::Object(filter) = filter else {
        panic!("{filter} is no filter")
    };
    filter.iter().all(|(name, wanted)| match wanted {
        Value::Array(alternatives) => alternatives
            .iter()
            .any(|alternative| fits(alternative, record.get(name))),
        within => lets_through(within, record.get(name).unwrap_or(&Value::Null)),
    })
}

fn fits(alternative: &Value, value: Option<&Value>) -> bool {
    if let Some(exists) = alternative.get("exists") {
        return exists == &json!(value.is_some());
    }
    if let Some(prefix) = alternative.get("prefix") {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        return text.starts_with(prefix.as_str().unwrap());
    }
    value == Some(alternative)
}

fn record(event: &str, pk: &str, sk: &str, mut row: Value) -> Value {
    let keys = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
    for (name, value) in keys.as_object().unwrap() {
        row[name] = value.clone();
    }
    json!({
        "eventID": "1", "eventName": event, "awsRegion": "us-east-1",
        "dynamodb": { "Keys": keys, "NewImage": row, "SequenceNumber": "1", "SizeBytes": 1 }
    })
}

/// Rows of every kind, whole and damaged, in every event.
fn records() -> Vec<Value> {
    const ID: &str = "01KG4JZ3M0000000000000000A";
    let (user, batch, mail) = (
        format!("user#{ID}"),
        format!("batch#{ID}"),
        format!("mail#{ID}"),
    );
    let told = json!({ "M": { "at": { "S": "2026" }, "reportedAt": { "S": "2026" } } });
    let untold = json!({ "M": { "at": { "S": "2026" } } });
    let history = json!({
        "id": { "S": ID }, "user": { "S": ID }, "at": { "S": "2026-11-23T10:00:00Z" },
        "who": { "M": { "type": { "S": "clock" } } },
        "what": { "M": { "type": { "S": "invitationExpired" }, "issue": { "N": "1" } } }
    });
    let event = format!("event#{ID}");
    let mut rows = vec![
        (user.as_str(), "user", json!({})),
        (user.as_str(), event.as_str(), history),
        (user.as_str(), event.as_str(), json!({})),
        (batch.as_str(), "batch", json!({})),
        (batch.as_str(), "cursor", json!({})),
        (
            batch.as_str(),
            "cursor",
            json!({ "done": { "BOOL": false } }),
        ),
        (
            batch.as_str(),
            "cursor",
            json!({ "done": { "BOOL": true } }),
        ),
        (batch.as_str(), "cursor", json!({ "done": { "S": "yes" } })),
        ("batch#none", "cursor", json!({})),
        (mail.as_str(), "mail", json!({})),
        (mail.as_str(), "mail", json!({ "state": { "N": "7" } })),
        (
            mail.as_str(),
            "mail",
            json!({ "state": { "S": "waiting" } }),
        ),
        (mail.as_str(), "mail", json!({ "state": { "S": "sent" } })),
        ("settings", "current", json!({})),
    ];
    for (pk, sk, row) in rows.clone() {
        for mark in [&told, &untold] {
            let mut row = row.clone();
            row["setAside"] = mark.clone();
            rows.push((pk, sk, row));
        }
    }
    let mut records = Vec::new();
    for (pk, sk, row) in rows {
        for event in ["INSERT", "MODIFY", "REMOVE"] {
            // A row is set aside after it was written.
            if event != "INSERT" || row.get("setAside").is_none() {
                records.push(record(event, pk, sk, row.clone()));
            }
        }
    }
    records
}

#[test]
fn no_filter_keeps_back_what_a_reader_acts_on() {
    for (reader, function) in READERS {
        let filters = filters(function);
        let mut acted_on = 0;
        for record in records() {
            let read: StreamRecord = serde_json::from_value(record.clone()).unwrap();
            let passes = filters.iter().any(|filter| lets_through(filter, &record));
            match reader.read(&read) {
                Ok(RowChange::Other) => {}
                said => {
                    acted_on += 1;
                    assert!(
                        passes,
                        "{function} does not get {record}, which says {said:?}"
                    );
                }
            }
        }
        assert!(acted_on > 1, "{function} acts on {acted_on} records");
    }
}

#[test]
fn a_filter_lets_nothing_through_that_its_reader_does_not_act_on() {
    for (reader, function) in READERS {
        let filters = filters(function);
        for record in records() {
            // A row that is set aside already may pass for what it asked before.
            let is_marked = record["dynamodb"]["NewImage"].get("setAside").is_some();
            let passes = filters.iter().any(|filter| lets_through(filter, &record));
            if passes && !is_marked {
                let read: StreamRecord = serde_json::from_value(record.clone()).unwrap();
                assert_ne!(
                    reader.read(&read),
                    Ok(RowChange::Other),
                    "{function}: {record}"
                );
            }
        }
    }
}

#[test]
fn whatever_somebody_is_found_by_from_now_on_is_told() {
    let filters = filters("ExpandFunction");
    let passes = |record: &Value| filters.iter().any(|filter| lets_through(filter, record));
    let read = |record: Value| StreamReader::Expand.read(&serde_json::from_value(record).unwrap());
    let address = EmailAddress::parse("Ada@example.com").unwrap();
    let external = ExternalId::parse("S-1-5").unwrap();
    let user_name = UserName::parse("Ada.King").unwrap();
    let names = [
        (
            "address#ada@example.com",
            "address",
            Identifier::Address(address.normalised()),
        ),
        ("external#S-1-5", "external", Identifier::External(external)),
        (
            "userName#ada.king",
            "userName",
            Identifier::UserName(user_name.key()),
        ),
    ];

    for (pk, sk, name) in names {
        let new = record("INSERT", pk, sk, json!({}));
        assert!(passes(&new), "{sk}");
        assert_eq!(read(new), Ok(RowChange::NameTaken(name)));
        let gone = record("REMOVE", pk, sk, json!({}));
        assert!(!passes(&gone), "{sk}");
        assert_eq!(read(gone), Ok(RowChange::Other));
    }
}

#[test]
fn each_change_of_a_row_is_told_by_its_name() {
    const ID: &str = "01KG4JZ3M0000000000000000A";
    let read = |reader: StreamReader, event, pk: &str, sk: &str, row| {
        let record: StreamRecord = serde_json::from_value(record(event, pk, sk, row)).unwrap();
        reader.read(&record)
    };
    let (batch, mail) = (format!("batch#{ID}"), format!("mail#{ID}"));
    let mark = json!({ "setAside": { "M": { "at": { "S": "2026" } } } });

    let cursor = read(StreamReader::Expand, "MODIFY", &batch, "cursor", json!({}));
    let waiting = json!({ "state": { "S": "waiting" } });
    let waits = read(StreamReader::Expand, "INSERT", &mail, "mail", waiting);
    let aside = read(StreamReader::Expand, "MODIFY", &mail, "mail", mark);
    let broken = read(
        StreamReader::Publish,
        "INSERT",
        "user#1",
        "event#1",
        json!({}),
    );

    assert_eq!(cursor, Ok(RowChange::CursorMoved(ID.parse().unwrap())));
    assert_eq!(waits, Ok(RowChange::MailWaits));
    let Ok(RowChange::SetAside(key)) = aside else {
        panic!("{aside:?}")
    };
    assert_eq!((key.pk, key.sk.as_str()), (mail, "mail"));
    assert!(
        broken
            .unwrap_err()
            .starts_with("the row user#1 event#1 is none")
    );
}
