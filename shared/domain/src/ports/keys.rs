//! The keys that secrets are derived from, and the secrets by which senders of device events prove themselves.

use std::future::Future;

use crate::ports::error::Unavailable;
use crate::values::keys::KeyRing;
use crate::values::sender_secrets::SenderSecrets;

/// The keys that secrets are derived from, and the secrets by which senders of device events prove themselves. What a
/// function was not given of the two is unavailable to it.
pub trait Keys {
    /// The key ring as it is now.
    fn key_ring(&self) -> impl Future<Output = Result<KeyRing, Unavailable>> + Send;

    /// The secrets of all sources. The answer may be a minute old.
    fn sender_secrets(&self) -> impl Future<Output = Result<SenderSecrets, Unavailable>> + Send;

    /// The same as they are at this moment, for whoever changes them.
    fn latest_sender_secrets(
        &self,
    ) -> impl Future<Output = Result<SenderSecrets, Unavailable>> + Send;

    /// Puts these secrets in the place of all that there are. Of two who do so at the same moment, the later holds.
    fn save_sender_secrets(
        &self,
        secrets: &SenderSecrets,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
