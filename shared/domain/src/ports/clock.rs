//! Time.

use std::future::Future;

use jiff::{SignedDuration, Timestamp};

/// Time.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns after this long.
    fn sleep(&self, how_long: SignedDuration) -> impl Future<Output = ()> + Send;
}
