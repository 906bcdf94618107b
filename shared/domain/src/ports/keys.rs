//! The keys that secrets are derived from, the secrets by which senders of device events prove themselves, and signing with
//! keys of others.

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

    /// Signs a text with a private key, which is PKCS#8, by RS256: RSASSA-PKCS1-v1_5 with SHA-256. `None` if that is no such
    /// key.
    fn sign(&self, key: &[u8], text: &[u8]) -> Option<Vec<u8>>;

    /// Puts these secrets in the place of all that there are. Of two who do so at the same moment, the later holds.
    fn save_sender_secrets(
        &self,
        secrets: &SenderSecrets,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
