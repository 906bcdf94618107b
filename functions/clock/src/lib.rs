//! The clock comes by every minute and makes up for whatever was lost: see
//! [`beckon_domain::usecases::tick`].

use beckon_domain::ports::{
    Chance, Clock, FindDue, LoadBatch, LoadMails, LoadUsers, PauseOutbox, PushCursor, ReadSettings,
    SaveUsers, Unavailable, WakePostman,
};
use beckon_domain::usecases::tick::{Tick, Ticked};
use beckon_runtime::metrics::{self, Metric};

/// One round of the clock, logged if it did anything.
pub async fn handle<S, W, C, R>(tick: &Tick<S, W, C, R>) -> Result<Ticked, Unavailable>
where
    S: FindDue
        + LoadBatch
        + LoadMails
        + LoadUsers
        + PauseOutbox
        + PushCursor
        + ReadSettings
        + SaveUsers
        + Sync,
    W: WakePostman + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    let ticked = tick.run().await?;
    metrics::record(&[
        (Metric::OutboxPaused, u64::from(ticked.paused)),
        (
            Metric::OldestDueMailSeconds,
            ticked.oldest_due.unsigned_abs().as_secs(),
        ),
    ]);
    if ticked != Ticked::default() {
        tracing::info!(
            pushed = ticked.pushed,
            expired = ticked.expired,
            reminded = ticked.reminded,
            woke = ticked.woke,
            paused = ticked.paused,
            "the clock made its round"
        );
    }
    Ok(ticked)
}
