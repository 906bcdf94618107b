//! What becomes of an event that nobody can use: it goes to the dead-letter queue whole, with the reason, and the function
//! goes on. Only what cannot be carried out now fails, and comes again.

use beckon_domain::ports::dead_letters::DeadLetters;
use beckon_domain::ports::error::Unavailable;
use serde::Serialize;

use crate::metrics::{self, Metric};
use crate::problem::chain;

/// Puts an event on the dead-letter queue. The reason stands in the log, so it must quote nothing of the event.
pub async fn reject(
    dead_letters: &impl DeadLetters,
    id: &str,
    event: &(impl Serialize + Sync),
    reason: &str,
) -> Result<(), Unavailable> {
    tracing::error!(
        event = id,
        reason,
        "an event that cannot be used was put on the dead-letter queue"
    );
    let whole = serde_json::to_string(event).unwrap_or_default();
    metrics::record(&[(Metric::Failures, 1)]);
    dead_letters.keep_dead_letter(&whole, reason).await
}

/// Says in the log that a record of the stream waits for its next try.
pub fn comes_again(record: &str, error: &Unavailable) {
    tracing::error!(
        error = %chain(error),
        record,
        "a stream record waits for its next try"
    );
}
