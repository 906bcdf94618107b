//! Histories: reading them, and erasing what is left of deleted users.

use aws_sdk_dynamodb::types::{DeleteRequest, ReturnConsumedCapacity, WriteRequest};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::UserId;

use super::pauses::Pauses;
use super::reading::key_of;
use super::rows::Item;
use super::{Table, changes, foreign, keys, text, unavailable};
use crate::sdk_calls::SdkCall as _;

/// DynamoDB's own limit for one `BatchWriteItem`.
pub(super) const MAX_WRITES_IN_A_BATCH: usize = 25;

impl Table {
    /// Erases at most `limit` rows, and the mark of a deleted user with the last. Gives whether nothing is left.
    pub(super) async fn erase_events(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<bool, Unavailable> {
        let mut rows = self.keys_of(user, keys::EVENTS, limit).await?;
        let all = rows.len() < limit;
        let devices = self.keys_of(user, keys::DEVICES, limit).await?;
        let all = all && devices.len() < limit;
        rows.extend(devices);
        for some in rows.chunks(MAX_WRITES_IN_A_BATCH) {
            self.delete_all(some).await?;
        }
        if all {
            // Last: as long as anything is left, it is found again.
            self.delete_all(&[keys::tombstone(user).into_item()])
                .await?;
            changes::history_erased(user);
        }
        Ok(all)
    }

    /// A page of what happened to a user, newest first.
    pub(super) async fn page_of_history(
        &self,
        user: UserId,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<HistoryEntry>, Unavailable> {
        let newest_below = match position {
            Some(id) => format!("{}{id}", keys::EVENTS),
            // `$` follows `#`: behind every row of the history.
            None => "event$".to_owned(),
        };
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :user AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":user", text(keys::user_partition(user)))
            .expression_attribute_values(":first", text(keys::EVENTS))
            .expression_attribute_values(":last", text(&*newest_below))
            .scan_index_forward(false)
            .consistent_read(true)
            // One more than asked: BETWEEN takes the position itself in, and the last tells
            // whether there is a next page.
            .limit(i32::try_from(limit + 2).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .call()
            .await
            .map_err(|error| unavailable(&error))?;
        self.note(false, answer.consumed_capacity());
        // Pages are cut by keys: a row that cannot be read has its place on one, too.
        let id_of = |row: &Item| key_of(row).sk.trim_start_matches(keys::EVENTS).to_owned();
        let mut rows = answer.items.unwrap_or_default();
        if position.is_some() {
            rows.retain(|row| Some(id_of(row).as_str()) != position);
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(id_of);
        let Readable { items, unreadable } = self.sort_out(rows).await;
        Ok(ListPage {
            items,
            next,
            unreadable,
        })
    }

    /// The keys of the rows of a kind under a user's id, at most `limit`.
    pub(super) async fn keys_of(
        &self,
        user: UserId,
        kind: &str,
        limit: usize,
    ) -> Result<Vec<Item>, Unavailable> {
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :user AND begins_with(sk, :kind)")
            .expression_attribute_values(":user", text(keys::user_partition(user)))
            .expression_attribute_values(":kind", text(kind))
            .projection_expression("pk, sk")
            .consistent_read(true);
        Ok(self.query_rows(query, limit).await?.0)
    }

    /// Takes rows away, whether they are there or not.
    pub(super) async fn delete_all(&self, keys: &[Item]) -> Result<(), Unavailable> {
        let mut left = Vec::with_capacity(keys.len());
        for key in keys {
            let request = DeleteRequest::builder()
                .set_key(Some(key.clone()))
                .build()
                .map_err(foreign)?;
            left.push(WriteRequest::builder().delete_request(request).build());
        }
        let mut pauses = Pauses::default();
        while !left.is_empty() {
            let answer = self
                .client
                .batch_write_item()
                .request_items(&self.name, left)
                .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
                .call()
                .await
                .map_err(|error| unavailable(&error))?;
            for capacity in answer.consumed_capacity() {
                self.note(true, Some(capacity));
            }
            left = answer
                .unprocessed_items
                .unwrap_or_default()
                .remove(&self.name)
                .unwrap_or_default();
            if !left.is_empty() {
                pauses.another("it leaves rows undeleted").await?;
            }
        }
        Ok(())
    }
}
