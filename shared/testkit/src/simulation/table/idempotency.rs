//! What requests were answered with.

use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::idempotency::Idempotency;
use jiff::Timestamp;

use super::{Table, unseen};
use crate::Call;

impl Idempotency for Table {
    async fn recall_answer(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, Unavailable> {
        self.read(
            Call::RecallAnswer,
            self.rows().recall_answer(key, now),
            unseen,
        )
        .await
    }
}
