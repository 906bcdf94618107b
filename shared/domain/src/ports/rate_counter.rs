//! Counts that go after a while: wrong tries of a source.

use std::future::Future;

use jiff::Timestamp;

use crate::ports::error::Unavailable;

/// Counts what may happen only so often within a while.
pub trait RateCounter {
    /// How much was added to this tally; 0 once its time is over.
    fn tally(
        &self,
        name: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// Adds one; a tally begun now is kept until `until`. However many add at once, none is lost.
    fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
