//! The table's stream: what its records say of rows, in the words of the functions that read it. The only place that
//! looks into a record.

use aws_lambda_events::streams::DynamoDbBatchItemFailure;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::mail::MailState;
use beckon_domain::model::stored::RowKey;
use beckon_domain::values::ids::{BatchId, JobId};
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
            Some(AttributeValue::S(_)) => Ok(RowChange::Other),
            _ => Err("the mail has no state".to_owned()),
        },
        _ => Ok(RowChange::Other),
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
