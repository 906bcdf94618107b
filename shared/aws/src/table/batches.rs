//! Batches: starting, reading, listing, and moving them on.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::ports::batches::Batches;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{BatchId, MailId, UserId, Version};

use super::keys::{ListKind, id_in};
use super::mails::saved;
use super::reading::{check_schema, key_of};
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
            items.push(part(self.set(named_row(batch.id, page, users))?));
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
        let Some(item) = self.get(keys::named(id, page)).await? else {
            return Ok(Vec::new());
        };
        match users_in(&item) {
            Ok(users) => Ok(users),
            Err(reason) => Err(self.put_aside(&item, reason).await.into()),
        }
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

impl Table {
    async fn put_version(&self, item: Item, version: Version) -> Result<(), SaveError> {
        if self.put(self.replace(item, version)?).await? {
            Ok(())
        } else {
            Err(SaveError::Conflict)
        }
    }
}
