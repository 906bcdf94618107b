//! The index of what is due, which mails, cursors, invitations and users share.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::ListPage;
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

/// The entries of all partitions up to where each is known, in their order, and whether some are left.
fn merged(found: Vec<(Vec<DueEntry>, bool)>) -> (Vec<DueEntry>, bool) {
    let horizon = found
        .iter()
        .filter(|(_, more)| *more)
        .filter_map(|(entries, _)| entries.last().map(|entry| entry.order.clone()))
        .min();
    let mut entries: Vec<DueEntry> = found.into_iter().flat_map(|(entries, _)| entries).collect();
    if let Some(horizon) = &horizon {
        entries.retain(|entry| entry.order <= *horizon);
    }
    entries.sort_by(|one, other| (&one.order, &one.pk).cmp(&(&other.order, &other.pk)));
    (entries, horizon.is_some())
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
        let (mut entries, _) = merged(found);
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

    /// What is due of a kind before a moment, earliest first from a position on, a page of it.
    pub(super) async fn due_page<I: std::str::FromStr + Send>(
        &self,
        kind: DueKind,
        until: Timestamp,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<I>, Unavailable> {
        let share = limit / usize::from(SHARDS) * 2 + 8;
        let found: Vec<(Vec<DueEntry>, bool)> = futures_util::stream::iter(0..SHARDS)
            .map(|shard| {
                let partition = kind.partition(shard);
                self.due_between(partition, position, until, share.min(limit))
            })
            .buffer_unordered(self.partitions_at_a_time())
            .try_collect()
            .await?;
        let (mut entries, mut more) = merged(found);
        if entries.len() > limit {
            entries.truncate(limit);
            more = true;
        }
        let next = entries.last().filter(|_| more);
        Ok(ListPage {
            next: next.map(|entry| entry.order.clone()),
            items: entries
                .iter()
                .filter_map(|entry| id_in(&entry.pk).parse().ok())
                .collect(),
            unreadable: 0,
        })
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
        self.due_rows(query, limit).await
    }

    /// What is due behind a position and before a moment.
    async fn due_between(
        &self,
        partition: String,
        position: Option<&str>,
        until: Timestamp,
        limit: usize,
    ) -> Result<(Vec<DueEntry>, bool), Unavailable> {
        // Behind a position is what begins with it and goes on.
        let from = position.map_or("!".to_owned(), |position| format!("{position}!"));
        let query = self
            .client
            .query()
            .index_name(keys::DUE)
            .key_condition_expression("duePk = :partition AND dueSk BETWEEN :from AND :until")
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":until", text(keys::moment(until)));
        self.due_rows(query, limit).await
    }

    async fn due_rows(
        &self,
        query: QueryFluentBuilder,
        limit: usize,
    ) -> Result<(Vec<DueEntry>, bool), Unavailable> {
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
