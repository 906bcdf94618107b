//! The dead-letter queue: what could not be understood, whole and with the reason.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use beckon_domain::ports::dead_letters::DeadLetters;
use beckon_domain::ports::error::Unavailable;

use crate::sdk_calls::SdkCall as _;

/// An SQS queue.
#[derive(Debug, Clone)]
pub struct SqsDeadLetters {
    client: Client,
    queue_url: String,
}

impl SqsDeadLetters {
    /// The queue at this URL.
    #[must_use]
    pub fn new(config: &aws_types::SdkConfig, queue_url: &str) -> Self {
        Self {
            client: Client::new(config),
            queue_url: queue_url.to_owned(),
        }
    }
}

impl DeadLetters for SqsDeadLetters {
    async fn keep_dead_letter(&self, event: &str, reason: &str) -> Result<(), Unavailable> {
        let body = serde_json::json!({ "reason": reason, "event": event }).to_string();
        self.client
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(body)
            .call()
            .await
            .map(|_| ())
            .map_err(|error| {
                Unavailable::new(
                    "the dead-letter queue",
                    DisplayErrorContext(error).to_string(),
                )
            })
    }
}
