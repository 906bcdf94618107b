//! The table's stream: what its records say of rows, in the words of the functions that read it. The only place that
//! looks into a record.

use std::collections::HashMap;

use aws_lambda_events::streams::DynamoDbBatchItemFailure;
use beckon_domain::model::change::Identifier;
use beckon_domain::model::counting::{Member, Uncounted};
use beckon_domain::model::device_event::DeviceEventState;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::mail::MailState;
use beckon_domain::model::stored::RowKey;
use beckon_domain::rules::counting::{ChangedMail, touched_by_mail};
use beckon_domain::values::ids::{BatchId, EventId, JobId, UserId};
use serde_dynamo::AttributeValue;

use super::keys;
use super::reading::Row as _;

/// What Lambda hands a reader of the stream.
pub use aws_lambda_events::dynamodb::Event as StreamEvent;
/// A record of it.
pub use aws_lambda_events::dynamodb::EventRecord as StreamRecord;
/// What Lambda is answered.
pub use aws_lambda_events::streams::DynamoDbEventResponse as StreamAnswer;

/// A function that reads the stream. Each has filters in the template, which let through what it acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamReader {
    /// Carries out what rows ask for.
    Expand,
    /// Publishes what happened.
    Publish,
}

/// What a record says has become of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowChange {
    /// The expansion of a batch has a next page.
    CursorMoved(BatchId),
    /// A job has a next step.
    JobMoved(JobId),
    /// A mail waits to be delivered.
    MailWaits,
    /// What is counted may have changed, and nothing else is asked for.
    Counts,
    /// A message of a device management waits to be carried on.
    DeviceEventWaits(EventId),
    /// Somebody is found by this from now on.
    NameTaken(Identifier),
    /// The row cannot be read and was set aside, and nobody has been told.
    SetAside(RowKey),
    /// Something happened, and a history says so.
    HistoryWritten(HistoryEntry),
    /// Nothing that the reader acts on.
    Other,
}

impl StreamReader {
    /// What a record says to this reader, or why it cannot be understood.
    pub fn read(self, record: &StreamRecord) -> Result<RowChange, String> {
        match self {
            Self::Expand => asked(record),
            Self::Publish => happened(record),
        }
    }
}

/// The answer by which Lambda hands over this record again, and all behind it.
#[must_use]
pub fn again_from(record: &StreamRecord) -> StreamAnswer {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure
        .item_identifier
        .clone_from(&record.change.sequence_number);
    let mut answer = StreamAnswer::default();
    answer.batch_item_failures.push(failure);
    answer
}

/// The number of the record from which on they come again, if some do.
#[must_use]
pub fn comes_again(answer: &StreamAnswer) -> Option<&str> {
    let failure = answer.batch_item_failures.first()?;
    failure.item_identifier.as_deref()
}

/// What the row, as it is after the change, asks for.
fn asked(record: &StreamRecord) -> Result<RowChange, String> {
    if record.event_name == "REMOVE" {
        return Ok(RowChange::Other);
    }
    let key = key(record)?;
    let row = &record.change.new_image;
    // First: of a row that cannot be read nobody knows what else it asks for.
    if let Some(mark) = row.get(keys::SET_ASIDE) {
        let is_told =
            matches!(mark, AttributeValue::M(mark) if mark.contains_key(keys::REPORTED_AT));
        return Ok(if is_told {
            RowChange::Other
        } else {
            RowChange::SetAside(key)
        });
    }
    match key.sk.as_str() {
        keys::CURSOR => {
            if row.get("done") == Some(&AttributeValue::Bool(true)) {
                return Ok(RowChange::Other);
            }
            if let Some(job) = keys::job_of(&key) {
                // The run that wrote it goes on by itself.
                let in_hand = row.get("inHand") == Some(&AttributeValue::Bool(true));
                return Ok(if in_hand {
                    RowChange::Other
                } else {
                    RowChange::JobMoved(job)
                });
            }
            keys::batch_of(&key)
                .map(RowChange::CursorMoved)
                .ok_or_else(|| "the cursor belongs to no batch and to no job".to_owned())
        }
        keys::MAIL => match row.get("state") {
            Some(AttributeValue::S(state)) if state == MailState::Waiting.name() => {
                Ok(RowChange::MailWaits)
            }
            Some(AttributeValue::S(_)) => Ok(counts_alone(&key)),
            _ => Err("the mail has no state".to_owned()),
        },
        keys::DEVICE_EVENT => match row.get("state") {
            Some(AttributeValue::S(state)) if state == DeviceEventState::Waiting.name() => {
                let id = keys::id_in(&key.pk).parse();
                id.map(RowChange::DeviceEventWaits)
                    .map_err(|_| "the message of a device management has no id".to_owned())
            }
            Some(AttributeValue::S(_)) => Ok(RowChange::Other),
            _ => Err("the message of a device management has no state".to_owned()),
        },
        "address" | "external" | "userName" if record.event_name == "INSERT" => {
            Ok(keys::name_in(&key).map_or(RowChange::Other, RowChange::NameTaken))
        }
        _ => Ok(counts_alone(&key)),
    }
}

/// What a new row of a history tells. Such a row is never written again, and when it goes, nothing happened to anybody.
fn happened(record: &StreamRecord) -> Result<RowChange, String> {
    if record.event_name != "INSERT" {
        return Ok(RowChange::Other);
    }
    let key = key(record)?;
    if !key.sk.starts_with(keys::EVENTS) {
        return Ok(RowChange::Other);
    }
    HistoryEntry::from_row(&record.change.new_image.clone().into())
        .map(RowChange::HistoryWritten)
        .map_err(|reason| {
            let row = keys::shown(&key);
            format!("the row {row} is none of a history that this version can read: {reason}")
        })
}

/// Of these rows numbers are made, whatever is in them. What it is that counts, [`uncounted`] says.
fn counts_alone(key: &RowKey) -> RowChange {
    match key.sk.as_str() {
        keys::USER | keys::MAIL | keys::TOMBSTONE => RowChange::Counts,
        sk if sk.starts_with(keys::PAGES) => RowChange::Counts,
        _ => RowChange::Other,
    }
}

/// What may count differently since the row is as it is. Nothing of a row that is none of ours: whoever
/// reads that sets it aside.
#[must_use]
pub fn uncounted(record: &StreamRecord) -> Vec<Uncounted> {
    let Ok(key) = key(record).and_then(|key| match record.event_name.as_str() {
        "REMOVE" => Err(String::new()),
        _ => Ok(key),
    }) else {
        return Vec::new();
    };
    let row = &record.change.new_image;
    let people = |user: Option<UserId>, batches: Vec<BatchId>| -> Vec<Uncounted> {
        let people = user.into_iter().flat_map(|user| {
            let of = move |batch| Uncounted::Person(Member { batch, user });
            batches.iter().copied().map(of).collect::<Vec<_>>()
        });
        people.collect()
    };
    match key.sk.as_str() {
        keys::USER => {
            let own = inner(row.get("invitation"));
            let steps = own.and_then(|own| inner(own.get("steps")));
            let batches = one_id(own.and_then(|own| own.get("batch")))
                .into_iter()
                .chain(ids(steps.and_then(|steps| steps.get("again"))))
                .chain(ids(steps.and_then(|steps| steps.get("replaced"))));
            people(keys::id_in(&key.pk).parse().ok(), batches.collect())
        }
        keys::MAIL => changed_mail(&key, row)
            .iter()
            .flat_map(touched_by_mail)
            .collect(),
        keys::TOMBSTONE => people(keys::id_in(&key.pk).parse().ok(), ids(row.get("countsFor"))),
        sk => {
            let number = sk.strip_prefix(keys::PAGES).map(str::parse);
            match (keys::batch_of(&key), number) {
                (Some(batch), Some(Ok(number)))
                    if row.get("withoutSums") != Some(&AttributeValue::Bool(true)) =>
                {
                    vec![Uncounted::Page { batch, number }]
                }
                _ => Vec::new(),
            }
        }
    }
}

fn changed_mail(key: &RowKey, row: &HashMap<String, AttributeValue>) -> Option<ChangedMail> {
    let Some(AttributeValue::S(state)) = row.get("state") else {
        return None;
    };
    Some(ChangedMail {
        id: keys::id_in(&key.pk).parse().ok()?,
        user: one_id(row.get("user"))?,
        batch: one_id(row.get("batch")),
        counts_for: ids(row.get("countsFor")),
        state: MailState::ALL.into_iter().find(|one| one.name() == state)?,
        confirms: confirms(row),
    })
}

/// Whether a mail's row is of one that confirms the end of an invitation.
fn confirms(row: &HashMap<String, AttributeValue>) -> bool {
    let kind = inner(row.get("kind")).and_then(|kind| kind.get("type"));
    matches!(kind, Some(AttributeValue::S(kind)) if kind == "confirmation")
}

fn inner(value: Option<&AttributeValue>) -> Option<&HashMap<String, AttributeValue>> {
    match value {
        Some(AttributeValue::M(inner)) => Some(inner),
        _ => None,
    }
}

fn one_id<I: std::str::FromStr>(value: Option<&AttributeValue>) -> Option<I> {
    match value {
        Some(AttributeValue::S(text)) => text.parse().ok(),
        _ => None,
    }
}

fn ids<I: std::str::FromStr>(value: Option<&AttributeValue>) -> Vec<I> {
    match value {
        Some(AttributeValue::L(values)) => {
            let ids = values.iter().filter_map(|value| one_id(Some(value)));
            ids.collect()
        }
        _ => Vec::new(),
    }
}

fn key(record: &StreamRecord) -> Result<RowKey, String> {
    let part = |name: &str| match record.change.keys.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    };
    part(keys::PK)
        .zip(part(keys::SK))
        .map(|(pk, sk)| RowKey { pk, sk })
        .ok_or_else(|| "the record has no keys of this table".to_owned())
}
