//! Devices that were registered, the sessions in which they enrolled, and what device managements tell of them.

use std::future::Future;

use jiff::Timestamp;

use crate::model::change::Identifier;
use crate::model::device_event::{DeviceEvent, LatestEvent};
use crate::model::polling::SourcePoll;
use crate::model::registration::Registration;
use crate::model::reported_device::ReportedDevice;
use crate::model::session::Session;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::reads::{ListPage, Readable};
use crate::values::ids::{DeviceId, EventId, UserId};
use crate::values::session_ids::SessionDigest;
use crate::values::source_name::SourceName;

/// Devices that were registered, the sessions in which they enrolled, and what device managements tell of them: their
/// messages as they came, and each device that one told of, before and after it is known whose it is.
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

    /// The message of a device management with this id.
    fn load_device_event(
        &self,
        id: EventId,
    ) -> impl Future<Output = Result<Option<DeviceEvent>, Unavailable>> + Send;

    /// Writes the next version of a message, its first included. While it waits, it is due; when it failed, it is
    /// listed; settled or failed, it goes when it was kept long enough, and is the latest of its source unless a later one
    /// is.
    fn save_device_event(
        &self,
        event: &DeviceEvent,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// The messages that wait since before `now`, the oldest first, at most `limit`. The answer may be a moment old.
    fn due_device_events(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<EventId>, Unavailable>> + Send;

    /// The messages that failed, the newest first. The answer may be a moment old.
    fn failed_device_events(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<EventId>, Unavailable>> + Send;

    /// The latest message of each of these sources, of those that had one within 90 days. It may be one too early for a
    /// moment, and for good if the store fails while a message is written.
    fn latest_device_events(
        &self,
        sources: &[SourceName],
    ) -> impl Future<Output = Result<Vec<LatestEvent>, Unavailable>> + Send;

    /// What sources told of this device.
    fn load_reported_device(
        &self,
        id: &DeviceId,
    ) -> impl Future<Output = Result<Option<ReportedDevice>, Unavailable>> + Send;

    /// Writes the next version of what sources told of a device, its first included, as one with whatever finds it:
    /// while it belongs to nobody, it is listed, and found by the address, the external id and the user name that it
    /// names. `before` is what was read; the row must still be that.
    fn save_reported_device(
        &self,
        device: &ReportedDevice,
        before: Option<&ReportedDevice>,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Deletes the messages that told of a device, at most `limit`, and when none is left, what is known of the device,
    /// if its row is still as it was read. Whether all is gone; if not, read again and go on.
    fn forget_reported_device(
        &self,
        device: &ReportedDevice,
        limit: usize,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// The devices that belong to nobody, the newest first. The answer may be a moment old.
    fn unassigned_devices(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<DeviceId>, Unavailable>> + Send;

    /// The devices that belong to nobody and name somebody so, at most `limit`.
    fn unassigned_devices_of(
        &self,
        identifier: &Identifier,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DeviceId>, Unavailable>> + Send;

    /// How far the asking of this source is; `None`, if it was never asked.
    fn load_source_poll(
        &self,
        source: &SourceName,
    ) -> impl Future<Output = Result<Option<SourcePoll>, Unavailable>> + Send;

    /// Writes the next version of how far the asking of a source is, its first included.
    fn save_source_poll(
        &self,
        poll: &SourcePoll,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}
