//! The answer that is kept for an idempotency key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An answer kept for an idempotency key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// Digest of caller, route and key.
    pub key: String,
    /// Digest of the request's body.
    pub fingerprint: String,
    /// The answer, as the use case gave it.
    pub answer: String,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// The answer may hold a whole user.
impl std::fmt::Debug for IdempotencyRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdempotencyRecord")
            .field("key", &self.key)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
