//! The event bus of a story: it takes events, puts them off, refuses some for ever, and is out of
//! reach at times. What it has taken it keeps, so that the judge can compare it with the histories.

use beckon_domain::model::integration_events::EventEnvelope;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::event_bus::{EventBus, Receipt};

use super::breakage::Breakage;
use super::ledger::Watch;

#[derive(Debug, Clone)]
pub(super) struct Bus {
    pub(super) watch: Watch,
}

impl EventBus for Bus {
    async fn publish_events(&self, events: &[EventEnvelope]) -> Result<Vec<Receipt>, Unavailable> {
        tokio::task::yield_now().await;
        self.watch.both(|stage, ledger| {
            let rates = stage.rates;
            if stage.dice.happens(rates.refuse) {
                return Err(Unavailable::new("the event bus", "the story has it so"));
            }
            let mut receipts = Vec::new();
            for event in events {
                let code = || "the story has it so".to_owned();
                let receipt = if stage.dice.happens(rates.lost / 2) {
                    Receipt::NotNow { code: code() }
                } else if stage.dice.happens(rates.lose) {
                    Receipt::Refused { code: code() }
                } else {
                    Receipt::Taken
                };
                let task = stage.task;
                stage.say(7, || format!("  #{task} event {}: {receipt:?}", event.id));
                ledger.published(event, &receipt);
                receipts.push(match receipt {
                    Receipt::NotNow { .. } if stage.broken(Breakage::EventLost) => Receipt::Taken,
                    receipt => receipt,
                });
            }
            // The bus has taken them, and its answer is lost: they come once more.
            if stage.dice.happens(rates.lose) {
                return Err(Unavailable::new("the event bus", "the story has it so"));
            }
            Ok(receipts)
        })
    }
}
