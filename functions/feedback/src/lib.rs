//! Feedback: what SES reports of mails it took, through EventBridge.

mod report;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use beckon_domain::ports::{
    Chance, KeepRejected, LoadMails, LoadUsers, SaveMail, SaveUsers, Unavailable,
};
use beckon_domain::usecases::record_feedback::RecordFeedback;
use serde_json::Value;

pub use report::{Read, read};

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Reports<S, R, F> {
    /// Records.
    pub record: RecordFeedback<S, R>,
    /// Keeps what cannot be read.
    pub failures: F,
}

impl<S, R, F> Reports<S, R, F>
where
    S: LoadMails + LoadUsers + SaveMail + SaveUsers + Sync,
    R: Chance + Sync,
    F: KeepRejected + Sync,
{
    /// Records one report. An error means: deliver it again.
    pub async fn handle(&self, event: EventBridgeEvent<Value>) -> Result<(), Unavailable> {
        match read(&event.detail) {
            Read::Report(feedback) => {
                let outcome = self.record.run(&feedback).await?;
                tracing::debug!(mail = %feedback.mail, ?outcome, "the mail service reported");
                Ok(())
            }
            Read::OfNoInterest => Ok(()),
            Read::Unreadable(reason) => {
                tracing::error!(
                    event = event.id.as_deref().unwrap_or(""),
                    reason,
                    "a report was put on the failure queue"
                );
                let whole = serde_json::to_string(&event).unwrap_or_default();
                self.failures.keep_rejected(&whole, reason).await
            }
        }
    }
}
