//! Delivery: what is due, who delivers, whether it is paused, how fast it goes, and which rows were set aside.

use std::future::Future;

use jiff::Timestamp;

use crate::model::delivery::Pause;
use crate::model::mail::MailClass;
use crate::model::stored::{RowKey, SetAside, Unreadable};
use crate::ports::error::Unavailable;
use crate::ports::reads::ListPage;
use crate::values::ids::{BatchId, MailId, RunId, UserId};

/// What is due and who delivers it: the lease of the one delivery worker, the pause and the rate of delivery,
/// and the rows that are no longer due because this version cannot read them. Whoever meets such a row goes
/// around it, and the store sets it aside in one conditional write that touches nothing but what says so: it
/// leaves the index of what is due, and its own stream record has it told of.
pub trait Delivery {
    /// Mails of a class that somebody has to look at by `now`, oldest first, at most `limit`.
    /// The answer may be a moment old.
    fn due_mails(
        &self,
        class: MailClass,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<MailId>, Unavailable>> + Send;

    /// Batches whose cursor stands still.
    fn due_cursors(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<BatchId>, Unavailable>> + Send;

    /// Users whose open invitation has to be ended or reminded of.
    fn due_invitations(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;

    /// Users whose open invitation has to be ended or reminded of before this moment, earliest first
    /// from `position` on, at most `limit`. The answer may be a moment old.
    fn due_by(
        &self,
        until: Timestamp,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<UserId>, Unavailable>> + Send;

    /// Takes the lease, which the one delivery worker at a time holds, if nobody holds it past `now`; `false` if somebody does. Taking it again
    /// with the same run renews it.
    fn take_lease(
        &self,
        run: RunId,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Gives the lease back, if this run still holds it.
    fn give_lease_back(&self, run: RunId) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The pause that was set last, past or not.
    fn delivery_pause(&self) -> impl Future<Output = Result<Option<Pause>, Unavailable>> + Send;

    /// Sets or lifts the pause.
    fn set_delivery_pause(
        &self,
        pause: Option<&Pause>,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Sets how many mails go out a second, for those who are shown when delivery will be done. What a later version wrote in its place stays, and is no error: mail
    /// goes out all the same.
    fn note_send_rate(
        &self,
        per_second: f64,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The mails a second that were set last.
    fn pace(&self) -> impl Future<Output = Result<Option<f64>, Unavailable>> + Send;

    /// The rows that are set aside, at most `limit`, the oldest first.
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
