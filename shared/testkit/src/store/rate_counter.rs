//! Counts that go after a while: wrong tries of a source.

use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::rate_counter::RateCounter;
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
