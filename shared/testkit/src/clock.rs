//! Virtual time: it stands still until somebody sleeps or the test moves it.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use beckon_domain::ports::clock::Clock;
use jiff::{SignedDuration, Timestamp};

/// How often the earliest sleeper lets everybody else go on before it takes it that they all
/// wait: more often than any of them yields on its way from one wait to the next.
const PATIENCE: u32 = 48;

/// A clock that a test holds in its hand. Clones show the same time.
///
/// Whoever sleeps need not be woken: when all others only wait, time leaps to the end of the
/// shortest sleep. A clock that is [held](ManualClock::held) leaps only when told.
#[derive(Debug, Clone)]
pub struct ManualClock {
    time: Arc<Mutex<Time>>,
}

#[derive(Debug)]
struct Time {
    now: Timestamp,
    held: bool,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
    next_sleeper: u64,
}

impl ManualClock {
    /// A clock that stands at this moment.
    pub fn at(now: Timestamp) -> Self {
        Self {
            time: Arc::new(Mutex::new(Time {
                now,
                held: false,
                sleepers: BTreeMap::new(),
                next_sleeper: 0,
            })),
        }
    }

    /// Has sleepers wait until the test moves the clock.
    pub fn held(self) -> Self {
        self.lock().held = true;
        self
    }

    /// Moves the clock on.
    pub fn advance(&self, by: SignedDuration) {
        let until = self.now() + by;
        self.set(until);
    }

    /// Sets the clock; backwards, too, as clocks of computers do.
    pub fn set(&self, now: Timestamp) {
        self.lock().leap(now);
    }

    /// When the next sleeper is to wake whose time is still to come, for whoever moves a held
    /// clock.
    pub fn next_waking(&self) -> Option<Timestamp> {
        let time = self.lock();
        let after = (time.now, u64::MAX);
        let mut to_come = time
            .sleepers
            .range((Bound::Excluded(after), Bound::Unbounded));
        to_come.next().map(|((until, _), _)| *until)
    }

    fn lock(&self) -> MutexGuard<'_, Time> {
        self.time
            .lock()
            .expect("nothing panics while it holds the time")
    }
}

impl Time {
    fn leap(&mut self, now: Timestamp) {
        self.now = now;
        self.wake();
    }

    /// Wakes who is over, and who is next.
    fn wake(&self) {
        for ((until, _), waker) in &self.sleepers {
            waker.wake_by_ref();
            if *until > self.now {
                break;
            }
        }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    async fn sleep(&self, how_long: SignedDuration) {
        let key = {
            let mut time = self.lock();
            time.next_sleeper += 1;
            let until = time.now.saturating_add(how_long).unwrap_or(Timestamp::MAX);
            (until, time.next_sleeper)
        };
        let sleep = Sleep {
            time: &self.time,
            key,
            patience: PATIENCE,
        };
        sleep.await;
    }
}

struct Sleep<'a> {
    time: &'a Mutex<Time>,
    key: (Timestamp, u64),
    patience: u32,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut time = self
            .time
            .lock()
            .expect("nothing panics while it holds the time");
        if time.now >= self.key.0 {
            return Poll::Ready(());
        }
        time.sleepers.insert(self.key, cx.waker().clone());
        let is_next = time.sleepers.first_key_value().map(|(key, _)| *key) == Some(self.key);
        if time.held || !is_next {
            return Poll::Pending;
        }
        if self.patience == 0 {
            time.leap(self.key.0);
            return Poll::Ready(());
        }
        drop(time);
        self.patience -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Ok(mut time) = self.time.lock() {
            time.sleepers.remove(&self.key);
            time.wake();
        }
    }
}
