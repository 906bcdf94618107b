//! Counts that go after a while.

use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::rate_counter::RateCounter;
use jiff::Timestamp;

use super::{Table, unseen};
use crate::Call;

impl RateCounter for Table {
    async fn tally(&self, name: &str, now: Timestamp) -> Result<u64, Unavailable> {
        self.read(Call::Tally, self.rows().tally(name, now), unseen)
            .await
    }

    async fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        self.write(
            Call::AddToTally,
            self.rows().add_to_tally(name, now, until),
            unseen,
        )
        .await
    }
}
