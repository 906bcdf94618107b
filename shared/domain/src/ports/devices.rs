//! Devices that were registered, and the sessions in which they enrolled.

use std::future::Future;

use crate::model::registration::Registration;
use crate::model::session::Session;
use crate::ports::error::Unavailable;
use crate::ports::reads::Readable;
use crate::values::ids::{DeviceId, UserId};
use crate::values::session_ids::SessionDigest;

/// Devices that were registered, and the sessions in which they enrolled.
pub trait Devices {
    /// The session with this digest.
    fn load_session(
        &self,
        digest: &SessionDigest,
    ) -> impl Future<Output = Result<Option<Session>, Unavailable>> + Send;

    /// What is recorded of this device of this user.
    fn load_registration(
        &self,
        user: UserId,
        device: &DeviceId,
    ) -> impl Future<Output = Result<Option<Registration>, Unavailable>> + Send;

    /// A user's registrations, each device once, the newest registration first. At most `limit` are
    /// read; of a user with more it is not said which.
    fn registrations_of(
        &self,
        user: UserId,
        limit: usize,
    ) -> impl Future<Output = Result<Readable<Registration>, Unavailable>> + Send;
}
