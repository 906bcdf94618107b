//! The ports that speak of batches and their cursors.

use std::ops::Bound;

use beckon_domain::batch::{Batch, Cursor, Page};
use beckon_domain::ids::{BatchId, UserId};
use beckon_domain::ports::{
    FinishPage, ListBatches, ListPage, LoadBatch, PushCursor, RememberedAnswer, SaveError,
    StartBatch, StopBatch, Unavailable,
};

use super::{Call, MemoryStore};

impl StartBatch for MemoryStore {
    async fn start_batch(
        &self,
        batch: &Batch,
        cursor: &Cursor,
        named: &[Vec<UserId>],
        answer: Option<&RememberedAnswer>,
    ) -> Result<(), SaveError> {
        self.write(Call::StartBatch, |rows| {
            rows.start_batch(batch, cursor, named, answer)
        })
        .await
    }
}

impl LoadBatch for MemoryStore {
    async fn load_batch(&self, id: BatchId) -> Result<Option<(Batch, Cursor)>, Unavailable> {
        self.read(Call::LoadBatch, |rows| {
            let batch = rows.batches.get(&id).cloned();
            batch.zip(rows.cursors.get(&id).cloned())
        })
        .await
    }

    async fn named_users(&self, id: BatchId, page: u32) -> Result<Vec<UserId>, Unavailable> {
        self.read(Call::NamedUsers, |rows| {
            rows.named.get(&(id, page)).cloned().unwrap_or_default()
        })
        .await
    }

    async fn batch_pages(
        &self,
        id: BatchId,
        first: u32,
        limit: usize,
    ) -> Result<Vec<Page>, Unavailable> {
        self.read(Call::BatchPages, |rows| rows.pages_of(id, first, limit))
            .await
    }
}

impl ListBatches for MemoryStore {
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
            ListPage { items, next }
        })
        .await
    }
}

impl FinishPage for MemoryStore {
    async fn finish_page(&self, page: &Page, cursor: &Cursor) -> Result<(), SaveError> {
        self.save(Call::FinishPage, |rows| {
            rows.save_cursor(cursor, Some(page))
        })
        .await
    }
}

impl PushCursor for MemoryStore {
    async fn push_cursor(&self, cursor: &Cursor) -> Result<(), SaveError> {
        self.save(Call::PushCursor, |rows| rows.save_cursor(cursor, None))
            .await
    }
}

impl StopBatch for MemoryStore {
    async fn save_batch(&self, batch: &Batch) -> Result<(), SaveError> {
        self.save(Call::SaveBatch, |rows| rows.save_batch(batch))
            .await
    }
}
