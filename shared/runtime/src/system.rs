//! Time and entropy as this machine has them.

use std::sync::{Arc, Mutex, PoisonError};

use beckon_domain::ports::clock::Clock;
use beckon_domain::ports::entropy::Entropy;
use beckon_domain::values::ids::RequestId;
use beckon_domain::values::nonce::Nonce;
use beckon_domain::values::session_ids::RegistrationId;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

/// The machine's clock, in whole milliseconds: the table and the API know no finer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    async fn sleep(&self, how_long: SignedDuration) {
        tokio::time::sleep(how_long.unsigned_abs()).await;
    }
}

/// The operating system's randomness. Ids of one process never run backwards.
#[derive(Debug, Clone, Default)]
pub struct SystemEntropy {
    last: Arc<Mutex<Ulid>>,
}

impl SystemEntropy {
    /// A source.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Without randomness nothing may go on: secrets would be guessable.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::panic,
        reason = "without randomness secrets would be guessable, so nothing may go on"
    )]
    if let Err(error) = getrandom::fill(&mut bytes) {
        panic!("the operating system gives no random numbers: {error}");
    }
    bytes
}

impl Entropy for SystemEntropy {
    fn ulid(&self) -> Ulid {
        let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        let fresh = Ulid::from_parts(now, u128::from_be_bytes(random()));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if fresh.timestamp_ms() > last.timestamp_ms() {
            fresh
        } else {
            last.increment().unwrap_or(fresh)
        };
        *last
    }

    fn nonce(&self) -> Nonce {
        Nonce::from_bytes(random())
    }

    fn registration_id(&self) -> RegistrationId {
        RegistrationId::from_random(random())
    }

    fn request(&self) -> Option<RequestId> {
        crate::request::current()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_within_a_millisecond_keep_their_order() {
        let entropy = SystemEntropy::new();
        let ids: Vec<Ulid> = (0..1_000).map(|_| entropy.ulid()).collect();

        assert!(ids.is_sorted_by(|a, b| a < b));
    }
}
