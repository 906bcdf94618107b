//! Expand reads the table's stream and does what rows ask for: a cursor that moved asks for
//! its next page, a mail that waits asks for the delivery worker. It never waits for either's end.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use beckon_domain::model::stored::RowKey;
use beckon_domain::ports::batches::{FinishPage, LoadBatch};
use beckon_domain::ports::dead_letters::DeadLetters as _;
use beckon_domain::ports::env::{Env, WithDeadLetters, WithKeys, WithWakeUp};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mails::LoadMails;
use beckon_domain::ports::rows_aside::KeepAside;
use beckon_domain::ports::settings::ReadSettings;
use beckon_domain::ports::users::{ListUsers, LoadUsers, SaveUsers};
use beckon_domain::ports::wake_up::WakeUp as _;
use beckon_domain::usecases::expand::ExpandPage;
use beckon_domain::usecases::tell_of_unreadable::TellOfUnreadable;
use beckon_domain::values::ids::BatchId;
use beckon_runtime::metrics::{self, Metric};

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Expand<E> {
    /// What it runs in.
    pub env: E,
}

/// What a row asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wish {
    /// The next page of a batch.
    Expand(BatchId),
    /// The delivery worker.
    Deliver,
    /// That somebody is told: the row was set aside.
    Tell(RowKey),
    /// Nothing.
    Nothing,
}

impl<E> Expand<E>
where
    E: WithDeadLetters
        + WithKeys
        + WithWakeUp
        + Env<
            Store: FinishPage
                       + KeepAside
                       + ListUsers
                       + LoadBatch
                       + LoadMails
                       + LoadUsers
                       + ReadSettings
                       + SaveUsers,
        >,
{
    /// Does what a batch of stream records asks for. A record that cannot be carried out now is
    /// reported as the first that failed, and comes again with those behind it.
    pub async fn handle(&self, event: Event) -> DynamoDbEventResponse {
        let mut response = DynamoDbEventResponse::default();
        let mut wake = false;
        for record in event.records {
            match self.one(&record, &mut wake).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::error!(
                        error = %beckon_runtime::problem::chain(&error),
                        record = record.event_id,
                        "a stream record waits for its next try"
                    );
                    let mut failure = DynamoDbBatchItemFailure::default();
                    failure.item_identifier = record.change.sequence_number;
                    response.batch_item_failures.push(failure);
                    break;
                }
            }
        }
        if wake && let Err(error) = self.env.wake_up().wake_delivery().await {
            // Maintenance comes by within a minute.
            tracing::warn!(error = %beckon_runtime::problem::chain(&error), "the delivery worker was not woken");
        }
        response
    }

    async fn one(&self, record: &EventRecord, wake: &mut bool) -> Result<(), Unavailable> {
        match wish(record) {
            Ok(Wish::Nothing) => Ok(()),
            Ok(Wish::Deliver) => {
                *wake = true;
                Ok(())
            }
            Ok(Wish::Expand(batch)) => {
                let page = ExpandPage { env: &self.env }.run(batch).await?;
                tracing::debug!(%batch, ?page, "a page of a batch was expanded");
                Ok(())
            }
            Ok(Wish::Tell(key)) => {
                let telling = TellOfUnreadable { env: &self.env };
                if let Some(aside) = telling.run(&key).await? {
                    tracing::error!(
                        row = aside.row.row,
                        reason = aside.row.reason,
                        "a row that this version cannot read was put on the dead-letter queue"
                    );
                    metrics::record(&[(Metric::UnreadableRows, 1), (Metric::Failures, 1)]);
                }
                Ok(())
            }
            Err(reason) => {
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
    }
}

/// What a record asks for, from the row as it is after the change.
fn wish(record: &EventRecord) -> Result<Wish, &'static str> {
    if record.event_name == "REMOVE" {
        return Ok(Wish::Nothing);
    }
    let text = |item: &serde_dynamo::Item, name: &str| match item.get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    };
    let keys = &record.change.keys;
    let (Some(partition), Some(sort)) = (text(keys, "pk"), text(keys, "sk")) else {
        return Err("the record has no keys of this table");
    };
    let row = &record.change.new_image;
    // First: of a row that cannot be read nobody knows what else it asks for.
    if row.contains_key("setAside") {
        let key = RowKey {
            pk: partition,
            sk: sort,
        };
        return Ok(Wish::Tell(key));
    }
    match sort.as_str() {
        "cursor" => {
            if row.get("done") == Some(&serde_dynamo::AttributeValue::Bool(true)) {
                return Ok(Wish::Nothing);
            }
            partition
                .strip_prefix("batch#")
                .and_then(|id| id.parse().ok())
                .map(Wish::Expand)
                .ok_or("the cursor belongs to no batch")
        }
        "mail" => match text(row, "state").as_deref() {
            Some("waiting") => Ok(Wish::Deliver),
            Some(_) => Ok(Wish::Nothing),
            None => Err("the mail has no state"),
        },
        _ => Ok(Wish::Nothing),
    }
}
