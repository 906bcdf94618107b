//! What wakes the delivery worker, if the wake-up comes through.

use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::wake_up::WakeUp;

use super::ledger::Watch;

#[derive(Debug, Clone)]
pub(super) struct DeliveryWakeUp {
    pub(super) watch: Watch,
}

impl WakeUp for DeliveryWakeUp {
    async fn wake_delivery(&self) -> Result<(), Unavailable> {
        tokio::task::yield_now().await;
        self.watch.stage(|stage| {
            let rates = stage.rates;
            if stage.dice.happens(rates.refuse) {
                return Err(Unavailable::new(
                    "the delivery worker",
                    "the story has it so",
                ));
            }
            if !stage.dice.happens(rates.lost) {
                stage.wakes += 1 + u32::from(stage.dice.happens(rates.repeat));
            }
            Ok(())
        })
    }

    /// A story's rounds of asking begin by themselves.
    async fn wake_polling(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}
