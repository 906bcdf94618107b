//! The turns of a change that may be overtaken: read, decide, write, and begin again if somebody else
//! wrote first. They are counted, so that no request goes on for ever.

use jiff::SignedDuration;

use crate::ports::clock::Clock as _;
use crate::ports::entropy::Entropy as _;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;

/// How many turns a change takes. Whoever is overtaken was overtaken by somebody who wrote, so
/// `n` requests about one row need `n` turns at most; a dozen people seldom work on one user.
const MAX_TURNS: u32 = 12;

/// How many turns a change takes that must outlast guessers. Each of them writes the user's row
/// twice at most: a try taken, then a session opened, the try given back or the issue locked. So
/// this many turns outlast a hundred of them at once. At the longest pauses they last twenty
/// seconds, which is within the time limit of a function.
const MAX_TURNS_AMONG_GUESSERS: u32 = 200;

/// The most that may pass before the third turn; it doubles from turn to turn.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_millis(10);

/// Beyond this it grows no more.
const MAX_PAUSE_LENGTH: SignedDuration = SignedDuration::from_millis(100);

/// The turns of one change.
#[derive(Debug)]
pub struct Turns<'a, E> {
    env: &'a E,
    /// What is tried.
    attempt: &'static str,
    taken: u32,
    most: u32,
}

impl<'a, E: Env> Turns<'a, E> {
    /// The first turn of this attempt, named as in *stopping a batch*.
    pub fn new(env: &'a E, attempt: &'static str) -> Self {
        Self {
            env,
            attempt,
            taken: 1,
            most: MAX_TURNS,
        }
    }

    /// The same, for what must be written however many guess secrets of this user at once.
    pub fn among_guessers(env: &'a E, attempt: &'static str) -> Self {
        Self {
            most: MAX_TURNS_AMONG_GUESSERS,
            ..Self::new(env, attempt)
        }
    }

    /// Begins another turn, because somebody else wrote first: the second at once, later ones after
    /// a pause of random length. When all are taken, the error says what was tried.
    pub async fn another(&mut self) -> Result<(), Unavailable> {
        if self.taken >= self.most {
            return Err(Unavailable::new(
                "the table",
                format!(
                    "{} was tried {} times, and each time somebody else wrote first",
                    self.attempt, self.taken
                ),
            ));
        }
        self.taken += 1;
        if self.taken > 2 {
            self.env.clock().sleep(self.pause()).await;
        }
        Ok(())
    }

    /// Anything up to the longest pause of this turn, so that those who collided part.
    fn pause(&self) -> SignedDuration {
        let doublings = (self.taken - 3).min(16);
        let longest = FIRST_PAUSE
            .saturating_mul(1 << doublings)
            .min(MAX_PAUSE_LENGTH);
        let [a, b, ..] = *self.env.entropy().nonce().as_bytes();
        let share = i32::from(u16::from_be_bytes([a, b]));
        longest.saturating_mul(share) / i32::from(u16::MAX)
    }
}
