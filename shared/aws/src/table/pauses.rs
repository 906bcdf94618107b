//! The pauses before `DynamoDB` is asked once more for what it did not do, or did not do whole. They
//! are counted, so that no call goes on for ever.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use beckon_domain::ports::error::Unavailable;

/// How often `DynamoDB` is asked once more. With the pauses between, that takes four seconds at
/// most; callers of the API wait for 29.
const MAX_PAUSES: u32 = 8;

/// The most that passes before it is asked a second time; it doubles from time to time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// Beyond this it grows no more.
const MAX_PAUSE_LENGTH: Duration = Duration::from_secs(1);

/// The pauses of one call.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    made: u32,
}

impl Pauses {
    /// Makes the next pause. When all are made, the error says why one more was needed.
    pub(super) async fn another(&mut self, why: &'static str) -> Result<(), Unavailable> {
        tokio::time::sleep(self.next(why)?).await;
        Ok(())
    }

    /// At least half of what may pass, and random beyond, so that those who collided part.
    fn next(&mut self, why: &'static str) -> Result<Duration, Unavailable> {
        if self.made == MAX_PAUSES {
            let tries = MAX_PAUSES + 1;
            return Err(Unavailable::new(
                "the table",
                format!("{why}, also when it was asked {tries} times"),
            ));
        }
        let longest = (FIRST_PAUSE * (1 << self.made)).min(MAX_PAUSE_LENGTH);
        self.made += 1;
        Ok(longest / 2 + longest.mul_f64(share()) / 2)
    }
}

/// A number up to one that nobody foresees: it comes of what the standard library seeds its maps with.
fn share() -> f64 {
    let [a, b, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_for_ever() {
        let mut pauses = Pauses::default();
        let made: Duration = (0..MAX_PAUSES)
            .map(|_| pauses.next("it leaves rows unread").unwrap())
            .sum();

        let last = pauses.next("it leaves rows unread").unwrap_err();

        assert!(made < Duration::from_secs(4));
        assert_eq!(
            last.source.to_string(),
            "it leaves rows unread, also when it was asked 9 times"
        );
    }
}
