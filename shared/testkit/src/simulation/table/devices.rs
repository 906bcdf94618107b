//! Devices and sessions.

use beckon_domain::model::change::Identifier;
use beckon_domain::model::device_event::{DeviceEvent, LatestEvent};
use beckon_domain::model::polling::SourcePoll;
use beckon_domain::model::registration::Registration;
use beckon_domain::model::reported_device::ReportedDevice;
use beckon_domain::model::session::Session;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{DeviceId, EventId, UserId, Version};
use beckon_domain::values::session_ids::SessionDigest;
use beckon_domain::values::source_name::SourceName;
use jiff::Timestamp;

use super::{Table, unseen};
use crate::Call;
use crate::simulation::breakage::Breakage;
use crate::simulation::ledger::Ledger;

impl Devices for Table {
    async fn load_session(&self, digest: &SessionDigest) -> Result<Option<Session>, Unavailable> {
        let session = self
            .read(
                Call::LoadSession,
                self.rows().load_session(digest),
                |ledger, session| {
                    if let Some(session) = session {
                        ledger.read_session(session.user);
                    }
                },
            )
            .await?;
        let moves_on = self.broken(Breakage::SessionMovesOn);
        Ok(session.map(|session| Session {
            issue: self
                .row_of(session.user)
                .filter(|_| moves_on)
                .map_or(session.issue, |user| user.latest_issue),
            ..session
        }))
    }

    async fn load_registration(
        &self,
        user: UserId,
        device: &DeviceId,
    ) -> Result<Option<Registration>, Unavailable> {
        let read = self.rows().load_registration(user, device);
        let known = self.read(Call::LoadRegistration, read, unseen).await?;
        Ok(known.filter(|_| !self.broken(Breakage::DeviceForgotten)))
    }

    async fn registrations_of(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<Readable<Registration>, Unavailable> {
        let read = self.rows().registrations_of(user, limit);
        self.read(Call::RegistrationsOf, read, unseen).await
    }

    async fn load_device_event(&self, id: EventId) -> Result<Option<DeviceEvent>, Unavailable> {
        let read = self.rows().load_device_event(id);
        self.read(Call::LoadDeviceEvent, read, unseen).await
    }

    async fn save_device_event(&self, event: &DeviceEvent) -> Result<(), SaveError> {
        let is_first = event.version == Version::FIRST;
        if is_first && self.broken(Breakage::MessageLost) {
            return Ok(());
        }
        if is_first && self.broken(Breakage::EveryMessageFits) {
            self.rows().forget_device_event(event.id);
        }
        let write = self.rows().save_device_event(event);
        let seen = |ledger: &mut Ledger, (): &()| ledger.device_event_saved(event);
        if is_first {
            // Nobody else can have written it: a conflict is never another's.
            return self.write(Call::SaveDeviceEvent, write, seen).await;
        }
        self.save(Call::SaveDeviceEvent, write, seen).await
    }

    async fn due_device_events(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventId>, Unavailable> {
        let read = self.rows().due_device_events(now, limit);
        self.read(Call::DueDeviceEvents, read, unseen).await
    }

    async fn failed_device_events(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<EventId>, Unavailable> {
        let read = self.rows().failed_device_events(position, limit);
        self.read(Call::FailedDeviceEvents, read, unseen).await
    }

    async fn latest_device_events(
        &self,
        sources: &[SourceName],
    ) -> Result<Vec<LatestEvent>, Unavailable> {
        let read = self.rows().latest_device_events(sources);
        self.read(Call::LatestDeviceEvents, read, unseen).await
    }

    async fn load_reported_device(
        &self,
        id: &DeviceId,
    ) -> Result<Option<ReportedDevice>, Unavailable> {
        let read = self.rows().load_reported_device(id);
        self.read(Call::LoadReportedDevice, read, unseen).await
    }

    async fn save_reported_device(
        &self,
        device: &ReportedDevice,
        before: Option<&ReportedDevice>,
    ) -> Result<(), SaveError> {
        let write = self.rows().save_reported_device(device, before);
        self.save(Call::SaveReportedDevice, write, unseen).await
    }

    async fn forget_reported_device(
        &self,
        device: &ReportedDevice,
        limit: usize,
    ) -> Result<bool, Unavailable> {
        let write = self.rows().forget_reported_device(device, limit);
        let seen = |ledger: &mut Ledger, _: &bool| ledger.erased_messages += 1;
        self.write(Call::ForgetReportedDevice, write, seen).await
    }

    async fn unassigned_devices(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<DeviceId>, Unavailable> {
        let read = self.rows().unassigned_devices(position, limit);
        self.read(Call::UnassignedDevices, read, unseen).await
    }

    async fn unassigned_devices_of(
        &self,
        identifier: &Identifier,
        limit: usize,
    ) -> Result<Vec<DeviceId>, Unavailable> {
        let read = self.rows().unassigned_devices_of(identifier, limit);
        self.read(Call::UnassignedDevicesOf, read, unseen).await
    }

    async fn load_source_poll(
        &self,
        source: &SourceName,
    ) -> Result<Option<SourcePoll>, Unavailable> {
        let read = self.rows().load_source_poll(source);
        self.read(Call::LoadSourcePoll, read, unseen).await
    }

    async fn save_source_poll(&self, poll: &SourcePoll) -> Result<(), SaveError> {
        let write = self.rows().save_source_poll(poll);
        self.save(Call::SaveSourcePoll, write, unseen).await
    }
}
