//! The clock comes by every minute and makes up for whatever was lost: see
//! [`beckon_domain::usecases::tick`].

use beckon_domain::ports::{
    Chance, Clock, FindDue, LoadBatch, LoadUsers, PushCursor, SaveUsers, Unavailable, WakePostman,
};
use beckon_domain::usecases::tick::{Tick, Ticked};

/// One round of the clock, logged if it did anything.
pub async fn handle<S, W, C, R>(tick: &Tick<S, W, C, R>) -> Result<Ticked, Unavailable>
where
    S: FindDue + LoadBatch + PushCursor + LoadUsers + SaveUsers + Sync,
    W: WakePostman + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    let ticked = tick.run().await?;
    if ticked != Ticked::default() {
        tracing::info!(
            pushed = ticked.pushed,
            expired = ticked.expired,
            woke = ticked.woke,
            "the clock made its round"
        );
    }
    Ok(ticked)
}
