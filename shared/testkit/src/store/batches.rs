//! Batches, their cursors and their pages.

use std::ops::Bound;

use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::ports::batches::Batches;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{BatchId, MailId, UserId};

use super::spoilt::{keys, one};
use super::{Call, MemoryStore};

impl Batches for MemoryStore {
    async fn start_batch(
        &self,
        batch: &Batch,
        cursor: &Cursor,
        named: &[Vec<UserId>],
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        self.write(Call::StartBatch, |rows| {
            rows.start_batch(batch, cursor, named, answer)
        })
        .await
    }

    async fn load_batch(&self, id: BatchId) -> Result<Option<(Batch, Cursor)>, Unavailable> {
        let read = self.read(Call::LoadBatch, |rows| {
            let batch = one(rows, &keys::batch(id), rows.batches.get(&id).cloned())?;
            let cursor = one(rows, &keys::cursor(id), rows.cursors.get(&id).cloned())?;
            Ok(batch.zip(cursor))
        });
        self.one_row(read.await)
    }

    async fn named_users(&self, id: BatchId, page: u32) -> Result<Vec<UserId>, Unavailable> {
        let read = self.read(Call::NamedUsers, |rows| {
            one(
                rows,
                &keys::named(id, page),
                rows.named.get(&(id, page)).cloned(),
            )
        });
        Ok(self.one_row(read.await)?.unwrap_or_default())
    }

    async fn load_page(&self, id: BatchId, number: u32) -> Result<Option<Page>, Unavailable> {
        let read = self.read(Call::LoadPage, |rows| {
            let page = rows.pages.get(&(id, number)).cloned();
            one(rows, &keys::page(id, number), page)
        });
        self.one_row(read.await)
    }

    async fn batch_pages(
        &self,
        id: BatchId,
        first: u32,
        limit: usize,
    ) -> Result<Readable<Page>, Unavailable> {
        let read = self.read(Call::BatchPages, |rows| {
            rows.readable_pages(id, first, limit)
        });
        let (pages, met) = read.await?;
        for key in &met {
            self.met(key);
        }
        Ok(pages)
    }

    async fn list_batches(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<BatchId>, Unavailable> {
        self.read_index(Call::ListBatches, |rows| {
            let before = position.and_then(|text| text.parse::<BatchId>().ok());
            let bound = before.map_or(Bound::Unbounded, Bound::Excluded);
            let mut older = rows.batches.range((Bound::Unbounded, bound)).rev();
            let items: Vec<BatchId> = older.by_ref().take(limit).map(|(id, _)| *id).collect();
            let last = items.last().map(BatchId::to_string);
            let next = older.next().and(last);
            ListPage {
                items,
                next,
                unreadable: 0,
            }
        })
        .await
    }

    async fn finish_page(&self, page: &Page, cursor: &Cursor) -> Result<(), SaveError> {
        self.save(Call::FinishPage, |rows| {
            rows.save_cursor(cursor, Some(page))
        })
        .await
    }

    async fn push_cursor(&self, cursor: &Cursor) -> Result<(), SaveError> {
        self.save(Call::PushCursor, |rows| rows.save_cursor(cursor, None))
            .await
    }

    async fn save_batch(&self, batch: &Batch) -> Result<(), SaveError> {
        self.save(Call::SaveBatch, |rows| rows.save_batch(batch))
            .await
    }

    async fn note_bounce(&self, batch: BatchId, mail: MailId) -> Result<u64, Unavailable> {
        self.write(Call::NoteBounce, |rows| Ok(rows.note_bounce(batch, mail)))
            .await
    }
}
