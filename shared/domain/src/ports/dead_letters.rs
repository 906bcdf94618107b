//! Where records go that cannot be used.

use std::future::Future;

use crate::ports::error::Unavailable;

/// Keeps what could not be understood, for a person to look at: dead letters.
pub trait DeadLetters {
    /// Keeps the event whole, with the reason.
    fn keep_dead_letter(
        &self,
        event: &str,
        reason: &str,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
