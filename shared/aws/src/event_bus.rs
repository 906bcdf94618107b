//! The event bus on which the world listens: EventBridge.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use beckon_domain::model::integration_events::{EventEnvelope, SOURCE};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::event_bus::{EventBus, Receipt};

use crate::sdk_calls::SdkCall as _;

/// A bus.
#[derive(Debug, Clone)]
pub struct EventBridgeBus {
    client: Client,
    name: String,
}

impl EventBridgeBus {
    /// The bus with this name or ARN.
    #[must_use]
    pub fn new(config: &aws_types::SdkConfig, name: &str) -> Self {
        Self {
            client: Client::new(config),
            name: name.to_owned(),
        }
    }

    fn entry(&self, event: &EventEnvelope) -> Result<PutEventsRequestEntry, Unavailable> {
        let detail = serde_json::to_string(event).map_err(unavailable)?;
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(event.event.detail_type())
            // In whole seconds, as EventBridge keeps it; the detail has it exactly.
            .time(DateTime::from_secs(event.at.as_second()))
            .detail(detail)
            .build())
    }
}

impl EventBus for EventBridgeBus {
    async fn publish_events(&self, events: &[EventEnvelope]) -> Result<Vec<Receipt>, Unavailable> {
        if events.is_empty() {
            // `PutEvents` refuses an empty request.
            return Ok(Vec::new());
        }
        let entries: Result<Vec<_>, _> = events.iter().map(|event| self.entry(event)).collect();
        let answer = self
            .client
            .put_events()
            .set_entries(Some(entries?))
            .call()
            .await
            .map_err(|error| unavailable(DisplayErrorContext(error).to_string()))?;
        let results = answer.entries();
        if results.len() != events.len() {
            return Err(unavailable("it did not say what became of each event"));
        }
        Ok(results.iter().map(receipt).collect())
    }
}

/// What the answer for one event means. Of the codes that are documented as final, most are about
/// permissions and the bus: an operator can put that right, and then the event goes.
fn receipt(result: &PutEventsResultEntry) -> Receipt {
    match result.error_code() {
        None => Receipt::Taken,
        Some(code @ "MalformedDetail") => Receipt::Refused {
            code: code.to_owned(),
        },
        Some(code) => Receipt::NotNow {
            code: code.to_owned(),
        },
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("the event bus", error)
}
