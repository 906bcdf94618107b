//! Answers that are kept for idempotency keys.

use std::future::Future;

use jiff::Timestamp;

use crate::model::idempotency::IdempotencyRecord;
use crate::ports::error::Unavailable;

/// What requests were answered with.
pub trait Idempotency {
    /// The answer kept under this key and not past its time.
    fn recall_answer(
        &self,
        key: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<IdempotencyRecord>, Unavailable>> + Send;
}
