//! Waiting for what happens by itself.

use std::time::{Duration, Instant};

/// Far beyond what anything here takes, so that a busy machine fails no test.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often to look.
const LOOK: Duration = Duration::from_millis(20);

/// Looks until there is something to see, and gives it. `what` is said if it never comes.
pub async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "waited {PATIENCE:?} in vain: {what}"
        );
        tokio::time::sleep(LOOK).await;
    }
}
