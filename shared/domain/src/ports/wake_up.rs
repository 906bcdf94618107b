//! Waking what delivers mails.

use std::future::Future;

use crate::ports::error::Unavailable;

/// Wakes the delivery worker.
pub trait WakeUp {
    /// Has a run begin soon. A wake-up may be lost; maintenance makes up for it.
    fn wake_delivery(&self) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
