//! The ports that count and that note numbers.

use beckon_domain::ports::batches::NoteBounce;
use beckon_domain::ports::delivery::SendRate;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::rate_counter::RateCounter;
use beckon_domain::values::ids::{BatchId, MailId};
use jiff::Timestamp;

use super::{Call, MemoryStore};

impl RateCounter for MemoryStore {
    async fn tally(&self, name: &str, now: Timestamp) -> Result<u64, Unavailable> {
        self.read(Call::Tally, |rows| rows.tally(name, now)).await
    }

    async fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        self.write(Call::AddToTally, |rows| {
            rows.add_to_tally(name, now, until);
            Ok(())
        })
        .await
    }
}

impl NoteBounce for MemoryStore {
    async fn note_bounce(&self, batch: BatchId, mail: MailId) -> Result<u64, Unavailable> {
        self.write(Call::NoteBounce, |rows| Ok(rows.note_bounce(batch, mail)))
            .await
    }
}

impl SendRate for MemoryStore {
    async fn note_send_rate(&self, per_second: f64) -> Result<(), Unavailable> {
        self.write(Call::SendRate, |rows| {
            rows.pace = Some(per_second);
            Ok(())
        })
        .await
    }

    async fn pace(&self) -> Result<Option<f64>, Unavailable> {
        self.read(Call::Pace, |rows| rows.pace).await
    }
}
