//! Batches: starting, reading, listing, and moving them on; and the index that lists rows.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::ports::batches::{
    FinishPage, ListBatches, LoadBatch, PushCursor, SaveBatch, StartBatch,
};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{BatchId, UserId, Version};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::keys::{self, ListKind, SHARDS, id_in};
use super::mails::saved;
use super::reading::{check_schema, key_of};
use super::rows::{self, Item, part};
use super::{Table, changes, text, unavailable};
use crate::sdk_calls::SdkCall as _;

impl StartBatch for Table {
    async fn start_batch(
        &self,
        batch: &Batch,
        cursor: &Cursor,
        named: &[Vec<UserId>],
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        let mut items = vec![
            part(self.replace(rows::batch(batch)?, Version::FIRST)?),
            part(self.replace(rows::cursor(cursor)?, Version::FIRST)?),
        ];
        for (page, users) in named.iter().enumerate() {
            let page = u32::try_from(page).unwrap_or(u32::MAX);
            items.push(part(self.set(named_row(batch.id, page, users))?));
        }
        if let Some(answer) = answer {
            items.push(part(self.remember(answer)?));
        }
        saved(self.transact(items).await)?;
        changes::batch_started(batch);
        Ok(())
    }
}

impl LoadBatch for Table {
    async fn load_batch(&self, id: BatchId) -> Result<Option<(Batch, Cursor)>, Unavailable> {
        // One after the other: at the same time, the second would need a connection of its own.
        let batch = self.get(keys::batch(id)).await?;
        let cursor = self.get(keys::cursor(id)).await?;
        let (batch, cursor) = (self.one(batch).await, self.one(cursor).await);
        Ok(batch?.zip(cursor?))
    }

    async fn named_users(&self, id: BatchId, page: u32) -> Result<Vec<UserId>, Unavailable> {
        let Some(item) = self.get(keys::named(id, page)).await? else {
            return Ok(Vec::new());
        };
        match users_in(&item) {
            Ok(users) => Ok(users),
            Err(reason) => Err(self.put_aside(&item, reason).await.into()),
        }
    }

    async fn batch_pages(
        &self,
        id: BatchId,
        first: u32,
        limit: usize,
    ) -> Result<Readable<Page>, Unavailable> {
        let mut read = Readable {
            items: Vec::new(),
            unreadable: 0,
        };
        let mut from = keys::page(id, first).parts().1;
        loop {
            let query = self
                .client
                .query()
                .key_condition_expression("pk = :batch AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":batch", text(keys::batch_partition(id)))
                .expression_attribute_values(":first", text(&*from))
                .expression_attribute_values(":last", text(keys::page(id, 99_999_999).parts().1))
                .consistent_read(true);
            let (rows, more) = self.query_rows(query, limit - read.items.len()).await?;
            let last = rows.last().map(|row| key_of(row).sk);
            let some = self.sort_out(rows).await;
            read.items.extend(some.items);
            read.unreadable += some.unreadable;
            match last {
                // Those that cannot be read do not stand for those behind them.
                Some(last) if more && read.items.len() < limit => from = format!("{last}!"),
                _ => return Ok(read),
            }
        }
    }
}

impl ListBatches for Table {
    async fn list_batches(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<BatchId>, Unavailable> {
        let slice = self
            .list_slice(ListKind::Batches, position, limit, false)
            .await?;
        Ok(ListPage {
            items: slice
                .items
                .iter()
                .filter_map(|entry| id_in(&entry.pk).parse().ok())
                .collect(),
            next: slice.next,
            unreadable: 0,
        })
    }
}

impl FinishPage for Table {
    async fn finish_page(&self, page: &Page, cursor: &Cursor) -> Result<(), SaveError> {
        let items = vec![
            part(self.replace(rows::cursor(cursor)?, cursor.version)?),
            part(self.set(rows::page(page)?)?),
        ];
        saved(self.transact(items).await)?;
        changes::page_expanded(page, cursor.request_id.as_ref());
        Ok(())
    }
}

impl PushCursor for Table {
    async fn push_cursor(&self, cursor: &Cursor) -> Result<(), SaveError> {
        self.put_version(rows::cursor(cursor)?, cursor.version)
            .await
    }
}

impl SaveBatch for Table {
    async fn save_batch(&self, batch: &Batch) -> Result<(), SaveError> {
        self.put_version(rows::batch(batch)?, batch.version).await?;
        changes::batch_stopped(batch);
        Ok(())
    }
}

/// Sixteen bytes a user: a thousand are 16 KB.
fn named_row(batch: BatchId, page: u32, users: &[UserId]) -> Item {
    let bytes: Vec<u8> = users.iter().flat_map(|user| user.to_bytes()).collect();
    let mut item = rows::fresh(keys::named(batch, page));
    item.insert("users".to_owned(), AttributeValue::B(Blob::new(bytes)));
    item
}

/// The users that a row names.
fn users_in(item: &Item) -> Result<Vec<UserId>, String> {
    check_schema(item)?;
    let Some(AttributeValue::B(bytes)) = item.get("users") else {
        return Err("users: they are not bytes".to_owned());
    };
    match bytes.as_ref().as_chunks::<16>() {
        (users, []) => Ok(users
            .iter()
            .map(|bytes| UserId::from_bytes(*bytes))
            .collect()),
        _ => Err("users: they are not whole ids".to_owned()),
    }
}

/// An entry of the index that lists rows.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) order: String,
    pub(super) pk: String,
}

impl Table {
    async fn put_version(&self, item: Item, version: Version) -> Result<(), SaveError> {
        if self.put(self.replace(item, version)?).await? {
            Ok(())
        } else {
            Err(SaveError::Conflict)
        }
    }

    /// The next entries of a list, merged from its partitions. Each partition is asked for a
    /// little more than its share; where one has still more, entries behind its last one wait
    /// for the next slice.
    pub(super) async fn list_slice(
        &self,
        kind: ListKind,
        position: Option<&str>,
        limit: usize,
        ascending: bool,
    ) -> Result<ListPage<Entry>, Unavailable> {
        let is_before = |a: &String, b: &String| if ascending { a <= b } else { a >= b };
        let parts: Vec<(Vec<Entry>, bool)> = if let Some(mut all) = self.small_list(kind).await? {
            if let Some(position) = position.map(str::to_owned) {
                all.retain(|entry| !is_before(&entry.order, &position));
            }
            vec![(all, false)]
        } else {
            let share = limit / usize::from(SHARDS) * 2 + 8;
            futures_util::stream::iter(0..SHARDS)
                .map(|shard| self.list_part(kind.partition(shard), position, share, ascending))
                .buffer_unordered(self.partitions_at_a_time())
                .try_collect()
                .await?
        };
        let mut horizon: Option<String> = None;
        for (entries, more) in &parts {
            if let Some(last) = entries.last().filter(|_| *more) {
                horizon = Some(match horizon {
                    Some(nearest) if is_before(&nearest, &last.order) => nearest,
                    _ => last.order.clone(),
                });
            }
        }
        let mut more = horizon.is_some();
        let mut items: Vec<Entry> = parts.into_iter().flat_map(|(entries, _)| entries).collect();
        if let Some(horizon) = &horizon {
            items.retain(|entry| is_before(&entry.order, horizon));
        }
        items.sort();
        if !ascending {
            items.reverse();
        }
        if items.len() > limit {
            items.truncate(limit);
            more = true;
        }
        let next = items
            .last()
            .filter(|_| more)
            .map(|entry| entry.order.clone());
        Ok(ListPage {
            items,
            next,
            unreadable: 0,
        })
    }

    /// All entries of a list, if the index is a small one.
    async fn small_list(&self, kind: ListKind) -> Result<Option<Vec<Entry>>, Unavailable> {
        let rows = self.small_index(keys::LIST).await?;
        Ok(rows.map(|mut rows| {
            rows.retain(|row| {
                matches!(row.get(keys::LIST_PK), Some(AttributeValue::S(partition)) if kind.has(partition))
            });
            entries(rows)
        }))
    }

    async fn list_part(
        &self,
        partition: String,
        position: Option<&str>,
        limit: usize,
        ascending: bool,
    ) -> Result<(Vec<Entry>, bool), Unavailable> {
        let mut query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(keys::LIST)
            .expression_attribute_values(":partition", text(partition))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .scan_index_forward(ascending)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
        query = match position {
            None => query.key_condition_expression("listPk = :partition"),
            Some(position) => query
                .key_condition_expression(if ascending {
                    "listPk = :partition AND listSk > :position"
                } else {
                    "listPk = :partition AND listSk < :position"
                })
                .expression_attribute_values(":position", text(position)),
        };
        let answer = query.call().await.map_err(|error| unavailable(&error))?;
        self.note(false, answer.consumed_capacity());
        let entries = entries(answer.items.unwrap_or_default());
        Ok((entries, answer.last_evaluated_key.is_some()))
    }
}

fn entries(items: impl IntoIterator<Item = Item>) -> Vec<Entry> {
    let entry = |item: Item| match (item.get(keys::LIST_SK), item.get(keys::PK)) {
        (Some(AttributeValue::S(order)), Some(AttributeValue::S(pk))) => Some(Entry {
            order: order.clone(),
            pk: pk.clone(),
        }),
        _ => None,
    };
    items.into_iter().filter_map(entry).collect()
}
