//! Batches: starting, reading, listing, and moving them on.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::ports::batches::Batches;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{BatchId, MailId, UserId, Version};

use super::keys::{Key, ListKind};
use super::mails::saved;
use super::reading::{Row, check_schema, key_of};
use super::rows::{Item, part};
use super::{Table, changes, keys, rows, text};

impl Batches for Table {
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
            let key = keys::named(batch.id, page);
            items.push(part(self.set(named_row(key, users))?));
        }
        if let Some(answer) = answer {
            items.push(part(self.remember(answer)?));
        }
        saved(self.transact(items).await)?;
        changes::batch_started(batch);
        Ok(())
    }

    async fn load_batch(&self, id: BatchId) -> Result<Option<(Batch, Cursor)>, Unavailable> {
        // One after the other: at the same time, the second would need a connection of its own.
        let batch = self.get(keys::batch(id)).await?;
        let cursor = self.get(keys::cursor(id)).await?;
        let (batch, cursor) = (self.one(batch).await, self.one(cursor).await);
        Ok(batch?.zip(cursor?))
    }

    async fn named_users(&self, id: BatchId, page: u32) -> Result<Vec<UserId>, Unavailable> {
        self.users_named_in(keys::named(id, page)).await
    }

    async fn load_page(&self, id: BatchId, number: u32) -> Result<Option<Page>, Unavailable> {
        let item = self.get(keys::page(id, number)).await?;
        self.one(item).await
    }

    async fn batch_pages(
        &self,
        id: BatchId,
        first: u32,
        limit: usize,
    ) -> Result<Readable<Page>, Unavailable> {
        let bounds = (
            keys::page(id, first).parts().1,
            keys::page(id, 99_999_999).parts().1,
        );
        self.rows_between(keys::batch_partition(id), bounds, limit)
            .await
    }

    async fn list_batches(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<BatchId>, Unavailable> {
        self.list_ids(ListKind::Batches, position, limit).await
    }

    async fn finish_page(&self, page: &Page, cursor: &Cursor) -> Result<(), SaveError> {
        let items = vec![
            part(self.replace(rows::cursor(cursor)?, cursor.version)?),
            part(self.set(rows::page(page)?)?),
        ];
        saved(self.transact(items).await)?;
        changes::page_expanded(page, cursor.request_id.as_ref());
        Ok(())
    }

    async fn push_cursor(&self, cursor: &Cursor) -> Result<(), SaveError> {
        self.put_version(rows::cursor(cursor)?, cursor.version)
            .await
    }

    async fn save_batch(&self, batch: &Batch) -> Result<(), SaveError> {
        self.put_version(rows::batch(batch)?, batch.version).await?;
        changes::batch_stopped(batch);
        Ok(())
    }

    async fn note_bounce(&self, batch: BatchId, mail: MailId) -> Result<u64, Unavailable> {
        self.put(self.set(rows::fresh(keys::bounce(batch, mail)))?)
            .await?;
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :batch AND begins_with(sk, :bounces)")
            .expression_attribute_values(":batch", text(keys::batch_partition(batch)))
            .expression_attribute_values(":bounces", text(keys::BOUNCES))
            .consistent_read(true);
        self.count_rows(query).await
    }
}

/// Sixteen bytes a user: a thousand are 16 KB.
pub(super) fn named_row(key: Key, users: &[UserId]) -> Item {
    let bytes: Vec<u8> = users.iter().flat_map(|user| user.to_bytes()).collect();
    let mut item = rows::fresh(key);
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

impl Table {
    /// The users that the row of this key names.
    pub(super) async fn users_named_in(&self, key: Key) -> Result<Vec<UserId>, Unavailable> {
        let Some(item) = self.get(key).await? else {
            return Ok(Vec::new());
        };
        match users_in(&item) {
            Ok(users) => Ok(users),
            Err(reason) => Err(self.put_aside(&item, reason).await.into()),
        }
    }

    /// The rows of a partition between two sort keys, at most `limit` of those that can be read.
    pub(super) async fn rows_between<T: Row>(
        &self,
        partition: String,
        (first, last): (String, String),
        limit: usize,
    ) -> Result<Readable<T>, Unavailable> {
        let mut read = Readable {
            items: Vec::new(),
            unreadable: 0,
        };
        let mut from = first;
        loop {
            let query = self
                .client
                .query()
                .key_condition_expression("pk = :partition AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":partition", text(&*partition))
                .expression_attribute_values(":first", text(&*from))
                .expression_attribute_values(":last", text(&*last))
                .consistent_read(true);
            let (rows, more) = self.query_rows(query, limit - read.items.len()).await?;
            let end = rows.last().map(|row| key_of(row).sk);
            let some = self.sort_out(rows).await;
            read.items.extend(some.items);
            read.unreadable += some.unreadable;
            match end {
                // Those that cannot be read do not stand for those behind them.
                Some(end) if more && read.items.len() < limit => from = format!("{end}!"),
                _ => return Ok(read),
            }
        }
    }

    pub(super) async fn put_version(&self, item: Item, version: Version) -> Result<(), SaveError> {
        if self.put(self.replace(item, version)?).await? {
            Ok(())
        } else {
            Err(SaveError::Conflict)
        }
    }
}
