//! Feedback: what SES reports of mails it took, through EventBridge.

mod report;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use beckon_domain::ports::batches::Batches;
use beckon_domain::ports::env::{Env, WithDeadLetters};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mails::Mails;
use beckon_domain::ports::settings::SettingsStore;
use beckon_domain::ports::users::Users;
use beckon_domain::usecases::record_feedback::{FeedbackOutcome, RecordFeedback};
use beckon_domain::usecases::stop_batch::StopBatch;
use beckon_domain::values::ids::{BatchId, MailId};
use beckon_runtime::rejected;
use serde_json::Value;

pub use report::{Read, parse};

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Reports<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> Reports<E>
where
    E: WithDeadLetters + Env<Store: Users + Batches + Mails + SettingsStore>,
{
    /// Records one report. An error means: deliver it again.
    pub async fn handle(&self, event: EventBridgeEvent<Value>) -> Result<(), Unavailable> {
        match parse(&event.detail) {
            Read::Report(feedback) => {
                let record = RecordFeedback { env: &self.env };
                let outcome = match record.run(&feedback).await {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        // To be given again when the row is repaired.
                        let row = error.unreadable().cloned().ok_or(error)?;
                        return self.reject(&event, &row.to_string()).await;
                    }
                };
                tracing::debug!(mail = %feedback.mail, ?outcome, "the mail service reported");
                match outcome {
                    FeedbackOutcome::Bounced { batch } => {
                        self.after_bounce(batch, feedback.mail).await
                    }
                    FeedbackOutcome::Changed
                    | FeedbackOutcome::Nothing
                    | FeedbackOutcome::NotOurs => Ok(()),
                }
            }
            Read::OfNoInterest => Ok(()),
            Read::Unreadable(reason) => self.reject(&event, reason).await,
        }
    }

    async fn reject(
        &self,
        event: &EventBridgeEvent<Value>,
        reason: &str,
    ) -> Result<(), Unavailable> {
        let id = event.id.as_deref().unwrap_or("");
        rejected::reject(self.env.dead_letters(), id, event, reason).await
    }

    async fn after_bounce(&self, batch: BatchId, mail: MailId) -> Result<(), Unavailable> {
        let stop = StopBatch { env: &self.env };
        match stop.after_bounce(batch, mail).await {
            Ok(true) => {
                tracing::warn!(%batch, "a batch stopped itself: too many of its mails came back");
                Ok(())
            }
            Ok(false) => Ok(()),
            // The mail is recorded; whether its batch should stop nobody can say now.
            Err(error) => error.unreadable().map(|_| ()).ok_or(error),
        }
    }
}
