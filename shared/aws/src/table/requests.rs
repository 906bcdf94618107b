//! Requests to DynamoDB, and what each answer means: units are counted, a condition that does not hold is an answer and
//! no error, and what DynamoDB left undone for its rate is asked for again.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    ConsumedCapacity, Delete, KeysAndAttributes, Put, ReturnConsumedCapacity, Select,
    TransactWriteItem,
};
use beckon_domain::model::stored::RowKey;
use beckon_domain::ports::error::Unavailable;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::Table;
use super::keys::{self, Key};
use super::pauses::Pauses;
use super::reading;
use super::rows::Item;
use crate::sdk_calls::SdkCall as _;

/// DynamoDB's own limit for one `BatchGetItem`.
const MAX_KEYS_IN_A_BATCH: usize = 100;

/// How many requests of one call are under way at the same time.
const AT_A_TIME: usize = 8;

/// How many partitions of an index are asked at the same time, once the process has asked all of one before.
/// `DynamoDB` speaks HTTP/1.1, so each needs a connection of its own.
const PARTITIONS_AT_A_TIME: usize = 4;

/// How many entries of an index one request reads, if those are all. They are of some 100 bytes each, so that reading
/// them costs no more than asking the partitions does.
const SMALL_INDEX: i32 = 250;

/// Why a transaction did not happen.
pub(super) enum Cancelled {
    /// These of its items did not fit, by their places.
    Because(Vec<usize>),
    /// It cannot be reached.
    Unavailable(Unavailable),
}

impl Table {
    /// How many partitions of an index to ask at the same time. The first time in a process it is one after the
    /// other, over the connection that the warm-up opened: each further one costs a TLS handshake, of a part
    /// of a processor.
    pub(super) fn partitions_at_a_time(&self) -> usize {
        if self.has_asked_partitions.swap(true, Ordering::Relaxed) {
            PARTITIONS_AT_A_TIME
        } else {
            1
        }
    }

    /// All entries of an index, if it is so small that one request reads them: asking its partitions one after the
    /// other, of which each then holds little, takes many times as long. A process that met a larger one does not try
    /// again.
    pub(super) async fn small_index(&self, index: &str) -> Result<Option<Vec<Item>>, Unavailable> {
        if self.has_asked_partitions.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .index_name(index)
            .limit(SMALL_INDEX)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .call()
            .await
            .map_err(|error| unavailable(&error))?;
        self.note(false, answer.consumed_capacity());
        let is_all = answer.last_evaluated_key.is_none();
        Ok(is_all.then(|| answer.items.unwrap_or_default()))
    }

    pub(super) fn note(&self, write: bool, capacity: Option<&ConsumedCapacity>) {
        let units = capacity
            .and_then(ConsumedCapacity::capacity_units)
            .unwrap_or(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "units are small and positive"
        )]
        let thousandths = (units * 1000.0).round() as u64;
        let counter = if write {
            &self.consumed.write
        } else {
            &self.consumed.read
        };
        counter.fetch_add(thousandths, Ordering::Relaxed);
    }

    pub(super) async fn get(&self, key: Key) -> Result<Option<Item>, Unavailable> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.into_item()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .call()
            .await
            .map_err(|error| unavailable(&error))?;
        self.note(false, answer.consumed_capacity());
        Ok(answer.item)
    }

    /// The rows with these keys, each once, in any order.
    pub(super) async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Item>, Unavailable> {
        let mut unique: HashMap<(String, String), Key> = HashMap::new();
        for key in keys {
            unique.insert(key.parts(), key);
        }
        let keys: Vec<Item> = unique.into_values().map(Key::into_item).collect();
        let chunks: Vec<Vec<Item>> = keys
            .chunks(MAX_KEYS_IN_A_BATCH)
            .map(<[Item]>::to_vec)
            .collect();
        let found: Vec<Vec<Item>> = futures_util::stream::iter(chunks)
            .map(|chunk| self.get_chunk(chunk))
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn get_chunk(&self, mut keys: Vec<Item>) -> Result<Vec<Item>, Unavailable> {
        let mut found = Vec::new();
        let mut pauses = Pauses::default();
        while !keys.is_empty() {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(|error| Unavailable::new("the table", error))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.name, wanted)
                .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
                .call()
                .await
                .map_err(|error| unavailable(&error))?;
            for capacity in answer.consumed_capacity() {
                self.note(false, Some(capacity));
            }
            found.extend(
                answer
                    .responses
                    .unwrap_or_default()
                    .remove(&self.name)
                    .unwrap_or_default(),
            );
            keys = answer
                .unprocessed_keys
                .unwrap_or_default()
                .remove(&self.name)
                .map(|left| left.keys)
                .unwrap_or_default();
            if !keys.is_empty() {
                // DynamoDB gives back what it would not read for its rate; it asks to back off.
                pauses.another("it leaves rows unread").await?;
            }
        }
        Ok(found)
    }

    /// The rows that a query finds, at most `limit`, and whether there are more: DynamoDB gives
    /// them a megabyte at a time, and may stop sooner.
    pub(super) async fn query_rows(
        &self,
        query: QueryFluentBuilder,
        limit: usize,
    ) -> Result<(Vec<Item>, bool), Unavailable> {
        let query = query
            .table_name(&self.name)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let answer = query
                .clone()
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .call()
                .await
                .map_err(|error| unavailable(&error))?;
            self.note(false, answer.consumed_capacity());
            found.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() || found.len() >= limit {
                return Ok((found, start.is_some()));
            }
        }
    }

    /// How many rows a query finds.
    pub(super) async fn count_rows(&self, query: QueryFluentBuilder) -> Result<u64, Unavailable> {
        let query = query
            .table_name(&self.name)
            .select(Select::Count)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
        let mut count = 0;
        let mut start = None;
        loop {
            let answer = query
                .clone()
                .set_exclusive_start_key(start)
                .call()
                .await
                .map_err(|error| unavailable(&error))?;
            self.note(false, answer.consumed_capacity());
            count += u64::try_from(answer.count).unwrap_or(0);
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    /// Puts one row under a condition; `false` if it does not hold.
    pub(super) async fn put(&self, put: Put) -> Result<bool, Unavailable> {
        let answer = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .call()
            .await;
        let written = unless_refused(answer)?;
        self.note_write(written.as_ref(), PutItemOutput::consumed_capacity);
        Ok(written.is_some())
    }

    /// An update of the row with this key.
    pub(super) fn update(&self, key: Key) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.into_item()))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
    }

    /// Carries an update out; `None` if its condition does not hold.
    pub(super) async fn updated(
        &self,
        update: UpdateItemFluentBuilder,
    ) -> Result<Option<UpdateItemOutput>, Unavailable> {
        let written = unless_refused(update.call().await)?;
        self.note_write(written.as_ref(), UpdateItemOutput::consumed_capacity);
        Ok(written)
    }

    /// Takes a row away; `false` if the condition does not hold.
    pub(super) async fn delete(&self, delete: Delete) -> Result<bool, Unavailable> {
        let answer = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(delete.key))
            .set_condition_expression(delete.condition_expression)
            .set_expression_attribute_names(delete.expression_attribute_names)
            .set_expression_attribute_values(delete.expression_attribute_values)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .call()
            .await;
        let gone = unless_refused(answer)?;
        self.note_write(gone.as_ref(), DeleteItemOutput::consumed_capacity);
        Ok(gone.is_some())
    }

    fn note_write<T>(&self, answer: Option<&T>, capacity: fn(&T) -> Option<&ConsumedCapacity>) {
        if let Some(answer) = answer {
            self.note(true, capacity(answer));
        }
    }

    /// Writes the attributes of a row of which there is one, whatever it says; what a later version
    /// wrote beside them stays.
    pub(super) async fn write_over(&self, key: Key, item: Item) -> Result<(), Unavailable> {
        let (pk, sk) = key.parts();
        let mut sets = Vec::new();
        let mut update = self
            .update(key)
            .condition_expression(reading::KNOWN_SCHEMA)
            .expression_attribute_names("#schema", keys::SCHEMA)
            .expression_attribute_values(":schema", reading::known_schema());
        for (place, (name, value)) in item.into_iter().enumerate() {
            if name == keys::PK || name == keys::SK {
                continue;
            }
            sets.push(format!("#a{place} = :a{place}"));
            update = update
                .expression_attribute_names(format!("#a{place}"), name)
                .expression_attribute_values(format!(":a{place}"), value);
        }
        let update = update.update_expression(format!(
            "SET {} REMOVE setAside, duePk, dueSk",
            sets.join(", ")
        ));
        if self.updated(update).await?.is_some() {
            return Ok(());
        }
        let key = RowKey { pk, sk };
        Err(reading::unreadable(&key, "a later version of Beckon wrote it").into())
    }

    /// Writes all items or none.
    pub(super) async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<(), Cancelled> {
        let mut pauses = Pauses::default();
        loop {
            let answer = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
                .call()
                .await;
            let error = match answer {
                Ok(answer) => {
                    for capacity in answer.consumed_capacity() {
                        self.note(true, Some(capacity));
                    }
                    return Ok(());
                }
                Err(error) => error,
            };
            match cancelled(&error) {
                Some(Cancellation::Conditions(places)) => return Err(Cancelled::Because(places)),
                Some(Cancellation::Collision) => {
                    // Another transaction is on one of the rows at this moment.
                    let why = "a transaction collided with others";
                    pauses.another(why).await.map_err(Cancelled::Unavailable)?;
                }
                None => return Err(Cancelled::Unavailable(unavailable(&error))),
            }
        }
    }
}

enum Cancellation {
    Conditions(Vec<usize>),
    Collision,
}

fn cancelled<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Cancellation> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) =
        error.as_service_error()?
    else {
        return (error.as_service_error()?.code() == Some("TransactionInProgressException"))
            .then_some(Cancellation::Collision);
    };
    let reasons = cancelled.cancellation_reasons();
    let places: Vec<usize> = reasons
        .iter()
        .enumerate()
        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(place, _)| place)
        .collect();
    if !places.is_empty() {
        return Some(Cancellation::Conditions(places));
    }
    reasons
        .iter()
        .any(|reason| {
            matches!(
                reason.code(),
                Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
            )
        })
        .then_some(Cancellation::Collision)
}

/// What an SDK error means when it means nothing special.
pub(super) fn unavailable<E, R>(error: &SdkError<E, R>) -> Unavailable
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    Unavailable::new("the table", DisplayErrorContext(error).to_string())
}

/// What the answer to a conditional write means: nothing was written if its condition did not hold.
fn unless_refused<T, E, R>(answer: Result<T, SdkError<E, R>>) -> Result<Option<T>, Unavailable>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error)
            if error
                .as_service_error()
                .and_then(ProvideErrorMetadata::code)
                == Some("ConditionalCheckFailedException") =>
        {
            Ok(None)
        }
        Err(error) => Err(unavailable(&error)),
    }
}
