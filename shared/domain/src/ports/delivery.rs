//! Delivery: what is due, who delivers, whether it is paused, and how fast it goes.

use std::future::Future;

use jiff::Timestamp;

use crate::model::delivery::Pause;
use crate::model::mail::MailClass;
use crate::ports::error::Unavailable;
use crate::values::ids::{BatchId, MailId, RunId, UserId};

/// Finds what is due.
pub trait FindDue {
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
}

/// The one delivery worker at a time.
pub trait HoldLease {
    /// Takes the lease if nobody holds it past `now`; `false` if somebody does. Taking it again
    /// with the same run renews it.
    fn take_lease(
        &self,
        run: RunId,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Gives the lease back, if this run still holds it.
    fn give_lease_back(&self, run: RunId) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// The pause of delivery.
pub trait DeliveryPause {
    /// The pause that was set last, past or not.
    fn delivery_pause(&self) -> impl Future<Output = Result<Option<Pause>, Unavailable>> + Send;

    /// Sets or lifts the pause.
    fn set_delivery_pause(
        &self,
        pause: Option<&Pause>,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// How fast mail goes out, for those who are shown when it will be done.
pub trait SendRate {
    /// Sets the mails a second. What a later version wrote in its place stays, and is no error: mail
    /// goes out all the same.
    fn note_send_rate(
        &self,
        per_second: f64,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// What was set last.
    fn pace(&self) -> impl Future<Output = Result<Option<f64>, Unavailable>> + Send;
}
