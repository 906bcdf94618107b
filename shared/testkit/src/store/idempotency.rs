//! What requests were answered with.

use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::idempotency::Idempotency;
use jiff::Timestamp;

use super::spoilt::{keys, one};
use super::{Call, MemoryStore};

impl Idempotency for MemoryStore {
    async fn recall_answer(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, Unavailable> {
        let read = self.read(Call::RecallAnswer, |rows| {
            let kept = rows.answers.get(key);
            let kept = kept.filter(|answer| now <= answer.until).cloned();
            one(rows, &keys::answer(key), kept)
        });
        self.one_row(read.await)
    }
}
