//! Waking what delivers mails, and what asks device managements.

use std::future::Future;

use crate::ports::error::Unavailable;

/// Wakes the delivery worker, and the function that asks device managements.
pub trait WakeUp {
    /// Has a run begin soon. A wake-up may be lost; maintenance makes up for it.
    fn wake_delivery(&self) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Has the sources that are due asked soon. A wake-up may be lost; the next round of maintenance sends another.
    fn wake_polling(&self) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
