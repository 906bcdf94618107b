//! Sends in the table: batches, their cursors and their pages.

use std::future::Future;

use crate::model::batch::{Batch, Cursor, Page};
use crate::model::idempotency::IdempotencyRecord;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::reads::{ListPage, Readable};
use crate::values::ids::{BatchId, MailId, UserId};

/// Batches, their cursors and their pages.
pub trait Batches {
    /// Writes the batch, its cursor, its named users (rows of [`crate::model::batch::PAGE_SIZE`] each) and the
    /// idempotency record, as one. [`SaveError::Conflict`]: the idempotency key was used in the
    /// meantime.
    fn start_batch(
        &self,
        batch: &Batch,
        cursor: &Cursor,
        named: &[Vec<UserId>],
        answer: Option<&IdempotencyRecord>,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// The batch and its cursor.
    fn load_batch(
        &self,
        id: BatchId,
    ) -> impl Future<Output = Result<Option<(Batch, Cursor)>, Unavailable>> + Send;

    /// The users named for a page of a batch that keeps them in rows; nobody, if there is no such
    /// row.
    fn named_users(
        &self,
        id: BatchId,
        page: u32,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;

    /// One expanded page of a batch; `None` if it is not expanded.
    fn load_page(
        &self,
        id: BatchId,
        number: u32,
    ) -> impl Future<Output = Result<Option<Page>, Unavailable>> + Send;

    /// The expanded pages of a batch, from `first` on, at most `limit`, in their order. Those that
    /// cannot be read are left out, and those behind them are not.
    fn batch_pages(
        &self,
        id: BatchId,
        first: u32,
        limit: usize,
    ) -> impl Future<Output = Result<Readable<Page>, Unavailable>> + Send;

    /// Batches, newest first.
    fn list_batches(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<BatchId>, Unavailable>> + Send;

    /// Sets the page's outcomes and moves the cursor on, as one; the cursor's row must hold the
    /// version before.
    fn finish_page(
        &self,
        page: &Page,
        cursor: &Cursor,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Writes the next version of a cursor that stands still, so that its stream record starts its page again.
    fn push_cursor(&self, cursor: &Cursor) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Writes the batch's next version.
    fn save_batch(&self, batch: &Batch) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Notes that this mail of the batch came back for good, and gives how many did. The same
    /// mail twice counts once.
    fn note_bounce(
        &self,
        batch: BatchId,
        mail: MailId,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}
