//! Entropy that comes out the same each time: ids in order of time, nonces, registration ids.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, LazyLock, Mutex};

use beckon_domain::ports::clock::Clock;
use beckon_domain::ports::entropy::Entropy;
use beckon_domain::values::nonce::Nonce;
use beckon_domain::values::session_ids::RegistrationId;
use ulid::Ulid;

use crate::ManualClock;

/// Entropy from a seed. Clones draw from the same source.
#[derive(Debug, Clone)]
pub struct SeededEntropy {
    source: Arc<Mutex<Source>>,
    clock: Option<ManualClock>,
}

#[derive(Debug)]
struct Source {
    state: u64,
    last: u128,
}

/// 2026-01-01T00:00:00Z in milliseconds: when ids begin without a clock.
const FIRST_MILLISECOND: u64 = 1_767_225_600_000;

/// How many bits of a ULID are entropy; above them stands its millisecond.
const ENTROPY_BITS: u32 = 80;

impl SeededEntropy {
    /// Draws from this seed; each id is later than the one before.
    pub fn new(seed: u64) -> Self {
        Self {
            source: Arc::new(Mutex::new(Source {
                state: seed,
                last: u128::from(FIRST_MILLISECOND) << ENTROPY_BITS,
            })),
            clock: None,
        }
    }

    /// Draws from this seed; ids carry the time of the clock.
    pub fn following(clock: &ManualClock, seed: u64) -> Self {
        Self {
            clock: Some(clock.clone()),
            ..Self::new(seed)
        }
    }

    fn with<T>(&self, draw: impl FnOnce(&mut Source) -> T) -> T {
        draw(&mut self.source.lock().expect("nothing panics while it draws"))
    }
}

impl Source {
    /// `SplitMix64`, as Steele, Lea and Flood published it: every seed does.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self) -> [u8; 16] {
        ((u128::from(self.draw()) << 64) | u128::from(self.draw())).to_be_bytes()
    }

    fn ulid(&mut self, millisecond: u64) -> Ulid {
        let drawn = (u128::from(self.draw()) << 16) | u128::from(self.draw() >> 48);
        let fresh = (u128::from(millisecond) << ENTROPY_BITS) | drawn;
        let later = self.last + 1 + u128::from(self.draw() >> 40);
        self.last = fresh.max(later);
        Ulid(self.last)
    }
}

impl Entropy for SeededEntropy {
    fn ulid(&self) -> Ulid {
        let millisecond = self.clock.as_ref().map_or(0, |clock| {
            u64::try_from(clock.now().as_millisecond()).unwrap_or_default()
        });
        self.with(|source| source.ulid(millisecond))
    }

    fn nonce(&self) -> Nonce {
        Nonce::from_bytes(self.with(Source::bytes))
    }

    fn registration_id(&self) -> RegistrationId {
        RegistrationId::from_random(self.with(Source::bytes))
    }
}

/// Another in every process, so that tests can share a table that outlives them.
static FRESH: LazyLock<SeededEntropy> =
    LazyLock::new(|| SeededEntropy::new(RandomState::new().build_hasher().finish()));

/// An id that no test has had, later than those before it.
pub fn fresh_ulid() -> Ulid {
    FRESH.ulid()
}

/// Random bytes that no test has had.
pub fn fresh_nonce() -> Nonce {
    FRESH.nonce()
}

/// The id of a session that no test has had.
pub fn fresh_registration_id() -> RegistrationId {
    FRESH.registration_id()
}
