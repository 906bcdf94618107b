//! Rows that were set aside: telling of them, listing them, and putting them back.

use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::model::stored::{RowKey, SetAside, Unreadable};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::rows_aside::KeepAside;
use beckon_domain::values::ids::BatchId;
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::keys::{self, Key, SHARDS};
use super::reading::{key_of, unreadable};
use super::rows::Item;
use super::{Table, text};

impl KeepAside for Table {
    async fn rows_aside(&self, limit: usize) -> Result<Vec<SetAside>, Unavailable> {
        let keys: Vec<Vec<Key>> = futures_util::stream::iter(0..SHARDS)
            .map(|shard| self.keys_aside(shard, limit))
            .buffer_unordered(self.partitions_at_a_time())
            .try_collect()
            .await?;
        let items = self.get_many(keys.into_iter().flatten().collect()).await?;
        let mut rows: Vec<SetAside> = items.iter().filter_map(set_aside).collect();
        rows.sort_by(|one, other| (one.at, &one.key).cmp(&(other.at, &other.key)));
        rows.truncate(limit);
        Ok(rows)
    }

    async fn row_aside(&self, key: &RowKey) -> Result<Option<SetAside>, Unavailable> {
        let item = self.get(Key::from(key.clone())).await?;
        Ok(item.as_ref().and_then(set_aside))
    }

    async fn note_reported(&self, key: &RowKey) -> Result<(), Unavailable> {
        let update = self
            .update(Key::from(key.clone()))
            .condition_expression("attribute_exists(setAside)")
            .update_expression("SET setAside.reportedAt = :now")
            .expression_attribute_values(":now", text(keys::moment(Timestamp::now())));
        self.updated(update).await.map(|_| ())
    }

    async fn set_cursor_aside(
        &self,
        batch: BatchId,
        because: &Unreadable,
    ) -> Result<(), Unavailable> {
        let Some(item) = self.get(keys::cursor(batch)).await? else {
            return Ok(());
        };
        let reason = format!("it needs the row {}: {}", because.row, because.reason);
        self.put_aside(&item, reason).await;
        Ok(())
    }

    async fn release_row(&self, key: &RowKey) -> Result<bool, Unavailable> {
        let Some(item) = self.get(Key::from(key.clone())).await? else {
            return Ok(false);
        };
        let Some(AttributeValue::M(mark)) = item.get(keys::SET_ASIDE) else {
            return Ok(false);
        };
        let was_due = (mark.get(keys::DUE_PK), mark.get(keys::DUE_SK));
        let update = self
            .update(Key::from(key.clone()))
            .condition_expression("setAside = :mark")
            .expression_attribute_values(":mark", AttributeValue::M(mark.clone()));
        let update = match was_due {
            (Some(pk), Some(sk)) => update
                .update_expression("SET duePk = :pk, dueSk = :sk REMOVE setAside")
                .expression_attribute_values(":pk", pk.clone())
                .expression_attribute_values(":sk", sk.clone()),
            _ => update.update_expression("REMOVE setAside, duePk, dueSk"),
        };
        Ok(self.updated(update).await?.is_some())
    }
}

/// What an item says of having been set aside.
fn set_aside(item: &Item) -> Option<SetAside> {
    let Some(AttributeValue::M(mark)) = item.get(keys::SET_ASIDE) else {
        return None;
    };
    let told = |name: &str| match mark.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    };
    let key = key_of(item);
    Some(SetAside {
        row: unreadable(&key, told("reason").unwrap_or_default()),
        key,
        at: told("at")
            .and_then(|at| at.parse().ok())
            .unwrap_or(Timestamp::UNIX_EPOCH),
        reported: mark.contains_key(keys::REPORTED_AT),
    })
}

impl Table {
    async fn keys_aside(&self, shard: u8, limit: usize) -> Result<Vec<Key>, Unavailable> {
        let query = self
            .client
            .query()
            .index_name(keys::DUE)
            .key_condition_expression("duePk = :partition")
            .expression_attribute_values(":partition", text(keys::aside_shard(shard)));
        let (rows, _) = self.query_rows(query, limit).await?;
        Ok(rows.iter().map(|row| Key::from(key_of(row))).collect())
    }
}
