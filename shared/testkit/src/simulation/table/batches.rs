//! Batches.

use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::ports::batches::Batches;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{BatchId, MailId, UserId};

use super::{Table, out_of_reach, unseen};
use crate::Call;
use crate::simulation::breakage::Breakage;

impl Batches for Table {
    async fn start_batch(
        &self,
        batch: &Batch,
        cursor: &Cursor,
        named: &[Vec<UserId>],
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveError> {
        let write = self.rows.start_batch(batch, cursor, named, answer);
        self.write(Call::StartBatch, write, |ledger, ()| {
            ledger.batch_started(batch, answer);
        })
        .await
    }

    async fn load_batch(&self, id: BatchId) -> Result<Option<(Batch, Cursor)>, Unavailable> {
        self.read(
            Call::LoadBatch,
            self.rows().load_batch(id),
            |ledger, found| {
                if let Some((_, cursor)) = found {
                    ledger.batch_read(cursor);
                }
            },
        )
        .await
    }

    async fn named_users(&self, id: BatchId, page: u32) -> Result<Vec<UserId>, Unavailable> {
        self.read(Call::NamedUsers, self.rows().named_users(id, page), unseen)
            .await
    }

    async fn load_page(&self, id: BatchId, number: u32) -> Result<Option<Page>, Unavailable> {
        self.read(Call::LoadPage, self.rows().load_page(id, number), unseen)
            .await
    }

    async fn batch_pages(
        &self,
        id: BatchId,
        first: u32,
        limit: usize,
    ) -> Result<Readable<Page>, Unavailable> {
        self.read(
            Call::BatchPages,
            self.rows().batch_pages(id, first, limit),
            unseen,
        )
        .await
    }

    async fn list_batches(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<BatchId>, Unavailable> {
        let read = self.rows().list_batches(position, limit);
        self.read(Call::ListBatches, read, unseen).await
    }

    async fn finish_page(&self, page: &Page, cursor: &Cursor) -> Result<(), SaveError> {
        if self.broken(Breakage::PageLost) && self.watch.stage(|s| s.dice.happens(300)) {
            self.rows.push_cursor(cursor).await?;
            return Err(out_of_reach().into());
        }
        let write = self.rows.finish_page(page, cursor);
        self.save(Call::FinishPage, write, |ledger, ()| {
            ledger.page_finished(page);
            ledger.cursor_moved(cursor);
        })
        .await
    }

    async fn push_cursor(&self, cursor: &Cursor) -> Result<(), SaveError> {
        if self.broken(Breakage::CursorForgotten) {
            return Err(SaveError::Conflict);
        }
        let write = self.rows.push_cursor(cursor);
        self.save(Call::PushCursor, write, |ledger, ()| {
            ledger.cursor_moved(cursor);
        })
        .await
    }

    async fn save_batch(&self, batch: &Batch) -> Result<(), SaveError> {
        let write = self.rows.save_batch(batch);
        self.save(Call::SaveBatch, write, |ledger, ()| {
            ledger.batch_stopped(batch.id);
        })
        .await
    }

    async fn note_bounce(&self, batch: BatchId, mail: MailId) -> Result<u64, Unavailable> {
        self.write(
            Call::NoteBounce,
            self.rows().note_bounce(batch, mail),
            unseen,
        )
        .await
    }
}
