//! The index of what is due, which mails, cursors, invitations and users share.

use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::ports::error::Unavailable;
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::keys::{DueKind, SHARDS, id_in};
use super::reading::{key_of, unreadable};
use super::rows::Item;
use super::{Table, keys, text};

/// An entry of the index of what is due.
struct DueEntry {
    order: String,
    pk: String,
    keys: Item,
}

impl Table {
    /// What is due of a kind, oldest first.
    pub(super) async fn due<I: std::str::FromStr + Send>(
        &self,
        kind: DueKind,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<I>, Unavailable> {
        // Ids spread evenly, so a little more than its share of each partition is enough. Where
        // one has still more, what lies behind its last entry waits for the next call: older
        // mails go first.
        let share = if limit <= usize::from(SHARDS) {
            limit
        } else {
            limit / usize::from(SHARDS) * 2 + 8
        };
        let found: Vec<(Vec<DueEntry>, bool)> = futures_util::stream::iter(0..SHARDS)
            .map(|shard| self.due_in(kind.partition(shard), now, share.min(limit)))
            .buffer_unordered(self.partitions_at_a_time())
            .try_collect()
            .await?;
        let horizon = found
            .iter()
            .filter(|(_, more)| *more)
            .filter_map(|(entries, _)| entries.last().map(|entry| entry.order.clone()))
            .min();
        let mut entries: Vec<DueEntry> =
            found.into_iter().flat_map(|(entries, _)| entries).collect();
        if let Some(horizon) = horizon {
            entries.retain(|entry| entry.order <= horizon);
        }
        entries.sort_by(|one, other| (&one.order, &one.pk).cmp(&(&other.order, &other.pk)));
        entries.truncate(limit);
        let mut ids = Vec::with_capacity(entries.len());
        for entry in entries {
            match id_in(&entry.pk).parse() {
                Ok(id) => ids.push(id),
                Err(_) => self.put_entry_aside(&entry.keys).await,
            }
        }
        Ok(ids)
    }

    pub(super) async fn count_open_invitations(&self) -> Result<u64, Unavailable> {
        // Every open invitation is due sooner or later, so that part of the index counts them.
        if let Some(rows) = self.small_index(keys::DUE).await? {
            let open = rows.iter().filter(|row| {
                matches!(row.get(keys::DUE_PK), Some(AttributeValue::S(partition)) if DueKind::Invitation.has(partition))
            });
            return Ok(u64::try_from(open.count()).unwrap_or(u64::MAX));
        }
        let counts: Vec<u64> = futures_util::stream::iter(0..SHARDS)
            .map(|shard| self.count(DueKind::Invitation.partition(shard)))
            .buffer_unordered(self.partitions_at_a_time())
            .try_collect()
            .await?;
        Ok(counts.iter().sum())
    }

    /// Sets an entry aside whose key names nothing of ours: it would come back for ever.
    async fn put_entry_aside(&self, keys: &Item) {
        let key = key_of(keys);
        let row = unreadable(&key, "its key holds no id of ours");
        let due = (keys.get(keys::DUE_PK), keys.get(keys::DUE_SK));
        self.mark(&key, &row, due, None).await;
    }

    async fn due_in(
        &self,
        partition: String,
        now: Timestamp,
        limit: usize,
    ) -> Result<(Vec<DueEntry>, bool), Unavailable> {
        let query = self
            .client
            .query()
            .index_name(keys::DUE)
            .key_condition_expression("duePk = :partition AND dueSk < :end")
            .expression_attribute_values(":partition", text(partition))
            // Behind the moment stands `#` and an id; `$` follows `#`, so equal moments are due.
            .expression_attribute_values(":end", text(format!("{}$", keys::moment(now))));
        let (rows, more) = self.query_rows(query, limit).await?;
        let entries = rows
            .into_iter()
            .filter_map(|row| match (row.get(keys::DUE_SK), row.get(keys::PK)) {
                (Some(AttributeValue::S(order)), Some(AttributeValue::S(pk))) => Some(DueEntry {
                    order: order.clone(),
                    pk: pk.clone(),
                    keys: row,
                }),
                _ => None,
            })
            .collect();
        Ok((entries, more))
    }

    async fn count(&self, partition: String) -> Result<u64, Unavailable> {
        let query = self
            .client
            .query()
            .index_name(keys::DUE)
            .key_condition_expression("duePk = :partition")
            .expression_attribute_values(":partition", text(partition));
        self.count_rows(query).await
    }
}
