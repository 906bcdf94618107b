//! The keys that secrets are derived from.

use std::future::Future;

use crate::ports::error::Unavailable;
use crate::values::keys::KeyRing;

/// The keys that secrets are derived from.
pub trait Keys {
    /// The key ring as it is now.
    fn key_ring(&self) -> impl Future<Output = Result<KeyRing, Unavailable>> + Send;
}
