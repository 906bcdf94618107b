//! Randomness: ids, nonces and secrets.

use ulid::Ulid;

use crate::values::ids::RequestId;
use crate::values::nonce::Nonce;
use crate::values::session_ids::RegistrationId;

/// Entropy.
pub trait Entropy {
    /// An id that nobody has had, ordered by time.
    fn ulid(&self) -> Ulid;

    /// Random bytes for a secret.
    fn nonce(&self) -> Nonce;

    /// The id of a new registration session.
    fn registration_id(&self) -> RegistrationId;

    /// The id of the request that this is done for, so that it can be followed into the rows that
    /// come of it. `None` where nobody asked, or it is not known.
    fn request(&self) -> Option<RequestId> {
        None
    }
}
