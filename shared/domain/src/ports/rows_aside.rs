//! Rows that cannot be read and were set aside.

use std::future::Future;

use crate::model::stored::{RowKey, SetAside, Unreadable};
use crate::ports::error::Unavailable;
use crate::values::ids::BatchId;

/// Rows that this version cannot read. Whoever meets one goes around it, and the store sets it aside
/// in one conditional write that touches nothing but what says so: it leaves the index of what is
/// due, and its own stream record has it told of.
pub trait KeepAside {
    /// Those that are set aside, at most `limit`, the oldest first.
    fn rows_aside(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SetAside>, Unavailable>> + Send;

    /// The row, if it is set aside.
    fn row_aside(
        &self,
        key: &RowKey,
    ) -> impl Future<Output = Result<Option<SetAside>, Unavailable>> + Send;

    /// Notes that the row was put on the dead-letter queue.
    fn note_reported(&self, key: &RowKey) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Sets a batch's cursor aside, which would come back at every round because of another row.
    fn set_cursor_aside(
        &self,
        batch: BatchId,
        because: &Unreadable,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Puts the row back where it was, as if it had just been written; `false` if it is not set
    /// aside. If it still cannot be read, it is set aside again, and told of again.
    fn release_row(&self, key: &RowKey) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}
