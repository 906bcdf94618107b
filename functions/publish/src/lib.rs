//! Publish reads the table's stream and tells the world what new rows of histories say: one event on
//! the bus for each that is of interest outside.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::ports::dead_letters::DeadLetters as _;
use beckon_domain::ports::env::{WithDeadLetters, WithEventBus};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::usecases::publish::{Fate, PublishRows};
use beckon_runtime::metrics::{self, Metric};
use serde_dynamo::AttributeValue;

/// What publish works with.
#[derive(Debug, Clone)]
pub struct Publish<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: WithEventBus + WithDeadLetters> Publish<E> {
    /// Publishes what a batch of stream records tells. A record whose event the bus cannot take now is
    /// reported as the first that failed, and comes again with those behind it.
    pub async fn handle(&self, event: Event) -> DynamoDbEventResponse {
        let parsed: Vec<_> = event.records.iter().map(row).collect();
        let rows: Vec<HistoryEntry> = parsed.iter().flatten().flatten().cloned().collect();
        let progress = PublishRows { env: &self.env }.run(&rows).await;
        let published = progress
            .fates
            .iter()
            .filter(|fate| **fate == Fate::Published);
        let published = u64::try_from(published.count()).unwrap_or(u64::MAX);
        if published > 0 {
            metrics::record(&[(Metric::EventsPublished, published)]);
        }
        let (mut fates, mut stopped) = (progress.fates.into_iter(), progress.stopped);

        let mut response = DynamoDbEventResponse::default();
        for (record, row) in event.records.iter().zip(parsed) {
            let done = match row {
                Ok(None) => Ok(()),
                Ok(Some(_)) => match fates.next() {
                    Some(Fate::Published | Fate::KeptInside) => Ok(()),
                    Some(Fate::Refused { code }) => {
                        self.reject(record, &format!("the event bus refuses the event: {code}"))
                            .await
                    }
                    None => Err(stopped.take().unwrap_or_else(|| {
                        Unavailable::new("the event bus", "nothing is known of this record")
                    })),
                },
                Err(reason) => self.reject(record, &reason).await,
            };
            if let Err(error) = done {
                tracing::error!(
                    error = %beckon_runtime::problem::chain(&error),
                    record = record.event_id,
                    "a stream record waits for its next try"
                );
                let mut failure = DynamoDbBatchItemFailure::default();
                failure
                    .item_identifier
                    .clone_from(&record.change.sequence_number);
                response.batch_item_failures.push(failure);
                break;
            }
        }
        response
    }

    async fn reject(&self, record: &EventRecord, reason: &str) -> Result<(), Unavailable> {
        tracing::error!(
            record = record.event_id,
            reason,
            "a stream record was put on the dead-letter queue"
        );
        let whole = serde_json::to_string(record).unwrap_or_default();
        metrics::record(&[(Metric::Failures, 1)]);
        self.env
            .dead_letters()
            .keep_dead_letter(&whole, reason)
            .await
    }
}

/// The row of a history that a record tells of; `None` if it tells of something else.
fn row(record: &EventRecord) -> Result<Option<HistoryEntry>, String> {
    // A row of a history is never written again; when it goes, nothing happened to anybody.
    if record.event_name != "INSERT" {
        return Ok(None);
    }
    let keys = &record.change.keys;
    let (Some(AttributeValue::S(partition)), Some(AttributeValue::S(sort))) =
        (keys.get("pk"), keys.get("sk"))
    else {
        return Err("the record has no keys of this table".to_owned());
    };
    if !sort.starts_with("event#") {
        return Ok(None);
    }
    serde_dynamo::from_item(record.change.new_image.clone())
        .map(Some)
        .map_err(|_| {
            format!("the row {partition} {sort} is none of a history that this version can read")
        })
}
