//! The history of users.

use std::future::Future;

use crate::model::history::HistoryEntry;
use crate::ports::error::Unavailable;
use crate::ports::reads::ListPage;
use crate::values::ids::UserId;

/// What happened to users.
pub trait History {
    /// Erases at most `limit` rows of a deleted user's history, and, with the last of them, what
    /// says that something is left. Gives whether nothing is.
    fn erase_history(
        &self,
        user: UserId,
        limit: usize,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// What happened to a user, newest first.
    fn history_of(
        &self,
        user: UserId,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<HistoryEntry>, Unavailable>> + Send;
}
