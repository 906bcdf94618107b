//! Devices that were registered, the sessions in which they enrolled, and what device managements tell of them.

use std::ops::Bound;

use beckon_domain::model::change::Identifier;
use beckon_domain::model::device_event::{DeviceEvent, DeviceEventState, LatestEvent};
use beckon_domain::model::polling::SourcePoll;
use beckon_domain::model::registration::Registration;
use beckon_domain::model::reported_device::ReportedDevice;
use beckon_domain::model::session::Session;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{DeviceId, EventId, UserId};
use beckon_domain::values::session_ids::SessionDigest;
use beckon_domain::values::source_name::SourceName;
use jiff::Timestamp;

use super::spoilt::{keys, one};
use super::{Call, MemoryStore};

impl Devices for MemoryStore {
    async fn load_session(&self, digest: &SessionDigest) -> Result<Option<Session>, Unavailable> {
        let read = self.read(Call::LoadSession, |rows| {
            one(
                rows,
                &keys::session(digest),
                rows.sessions.get(digest).cloned(),
            )
        });
        self.one_row(read.await)
    }

    async fn load_registration(
        &self,
        user: UserId,
        device: &DeviceId,
    ) -> Result<Option<Registration>, Unavailable> {
        let read = self.read(Call::LoadRegistration, |rows| {
            let found = rows.registrations.get(&(user, device.clone())).cloned();
            one(rows, &keys::device(user, device), found)
        });
        self.one_row(read.await)
    }

    async fn registrations_of(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<Readable<Registration>, Unavailable> {
        let read = self.read(Call::RegistrationsOf, |rows| {
            let all = rows.registrations.iter();
            let theirs = all.filter(|((owner, _), _)| *owner == user).take(limit);
            let (unreadable, mut registrations): (Vec<_>, Vec<_>) = theirs
                .map(|(_, registration)| registration.clone())
                .partition(|one| {
                    rows.why_unreadable(&keys::device(user, &one.device.id))
                        .is_some()
                });
            Registration::sort(&mut registrations);
            (registrations, unreadable)
        });
        let (items, unreadable) = read.await?;
        for one in &unreadable {
            self.met(&keys::device(user, &one.device.id));
        }
        Ok(Readable {
            items,
            unreadable: unreadable.len(),
        })
    }

    async fn load_device_event(&self, id: EventId) -> Result<Option<DeviceEvent>, Unavailable> {
        let read = self.read(Call::LoadDeviceEvent, |rows| {
            let found = rows.device_events.get(&id).cloned();
            one(rows, &keys::device_event(id), found)
        });
        self.one_row(read.await)
    }

    async fn save_device_event(&self, event: &DeviceEvent) -> Result<(), SaveError> {
        self.save(Call::SaveDeviceEvent, |rows| {
            let held = rows.device_events.get(&event.id).map(|row| row.version);
            if held != event.version.replaces() {
                return Err(SaveError::Conflict);
            }
            rows.device_events.insert(event.id, event.clone());
            if let Some(latest) = LatestEvent::of(event) {
                let kept = rows.latest_events.entry(event.source.clone());
                let kept = kept.or_insert_with(|| latest.clone());
                if kept.id <= latest.id {
                    *kept = latest;
                }
            }
            Ok(())
        })
        .await
    }

    async fn due_device_events(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventId>, Unavailable> {
        self.read_index(Call::DueDeviceEvents, |rows| {
            let waits = |event: &&DeviceEvent| {
                event.state == DeviceEventState::Waiting && event.due_at <= now
            };
            let mut due: Vec<_> = rows
                .device_events
                .values()
                .filter(waits)
                .map(|event| (event.due_at, event.id))
                .collect();
            due.sort();
            due.into_iter().map(|(_, id)| id).take(limit).collect()
        })
        .await
    }

    async fn failed_device_events(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<EventId>, Unavailable> {
        self.read_index(Call::FailedDeviceEvents, |rows| {
            let before = position.and_then(|text| text.parse::<EventId>().ok());
            let bound = before.map_or(Bound::Unbounded, Bound::Excluded);
            let older = rows.device_events.range((Bound::Unbounded, bound)).rev();
            let mut failed = older.filter(|(_, event)| event.state == DeviceEventState::Failed);
            let items: Vec<EventId> = failed.by_ref().take(limit).map(|(id, _)| *id).collect();
            let last = items.last().map(EventId::to_string);
            ListPage {
                next: failed.next().and(last),
                items,
                unreadable: 0,
            }
        })
        .await
    }

    async fn latest_device_events(
        &self,
        sources: &[SourceName],
    ) -> Result<Vec<LatestEvent>, Unavailable> {
        self.read_index(Call::LatestDeviceEvents, |rows| {
            let latest = sources
                .iter()
                .filter_map(|source| rows.latest_events.get(source));
            latest.cloned().collect()
        })
        .await
    }

    async fn load_reported_device(
        &self,
        id: &DeviceId,
    ) -> Result<Option<ReportedDevice>, Unavailable> {
        let read = self.read(Call::LoadReportedDevice, |rows| {
            let found = rows.reported_devices.get(id).cloned();
            one(rows, &keys::reported_device(id), found)
        });
        self.one_row(read.await)
    }

    async fn save_reported_device(
        &self,
        device: &ReportedDevice,
        _before: Option<&ReportedDevice>,
    ) -> Result<(), SaveError> {
        self.save(Call::SaveReportedDevice, |rows| {
            if !rows.reported_fits(device) {
                return Err(SaveError::Conflict);
            }
            rows.put_reported(device.clone());
            Ok(())
        })
        .await
    }

    async fn forget_reported_device(
        &self,
        device: &ReportedDevice,
        limit: usize,
    ) -> Result<bool, Unavailable> {
        self.write(Call::ForgetReportedDevice, |rows| {
            let told = |event: &&DeviceEvent| event.device.as_ref() == Some(&device.id);
            let events = rows.device_events.values().filter(told);
            let some: Vec<EventId> = events.map(|event| event.id).take(limit).collect();
            for id in &some {
                rows.device_events.remove(id);
            }
            let held = rows.reported_devices.get(&device.id);
            let is_as_read = held.is_some_and(|held| held.version == device.version);
            let is_all = some.len() < limit && is_as_read;
            if is_all {
                rows.reported_devices.remove(&device.id);
            }
            Ok(is_all)
        })
        .await
    }

    async fn unassigned_devices(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<DeviceId>, Unavailable> {
        self.read_index(Call::UnassignedDevices, |rows| {
            let mut listed: Vec<(String, DeviceId)> = rows
                .reported_devices
                .values()
                .filter(|device| device.is_unassigned())
                .map(|device| {
                    let order = format!("{:.3}#{}", device.changed_at, device.id.as_str());
                    (order, device.id.clone())
                })
                .filter(|(order, _)| position.is_none_or(|position| order.as_str() < position))
                .collect();
            listed.sort();
            listed.reverse();
            let more = listed.len() > limit;
            listed.truncate(limit);
            let last = listed.last().map(|(order, _)| order.clone());
            ListPage {
                items: listed.into_iter().map(|(_, id)| id).collect(),
                next: last.filter(|_| more),
                unreadable: 0,
            }
        })
        .await
    }

    async fn unassigned_devices_of(
        &self,
        identifier: &Identifier,
        limit: usize,
    ) -> Result<Vec<DeviceId>, Unavailable> {
        self.read(Call::UnassignedDevicesOf, |rows| {
            rows.reported_devices
                .values()
                .filter(|device| device.is_unassigned())
                .filter(|device| device.identifiers().contains(identifier))
                .map(|device| device.id.clone())
                .take(limit)
                .collect()
        })
        .await
    }

    async fn load_source_poll(
        &self,
        source: &SourceName,
    ) -> Result<Option<SourcePoll>, Unavailable> {
        let read = self.read(Call::LoadSourcePoll, |rows| {
            let found = rows.source_polls.get(source).cloned();
            one(rows, &keys::source_poll(source), found)
        });
        self.one_row(read.await)
    }

    async fn save_source_poll(&self, poll: &SourcePoll) -> Result<(), SaveError> {
        self.save(Call::SaveSourcePoll, |rows| {
            let held = rows.source_polls.get(&poll.source).map(|row| row.version);
            if held != poll.version.replaces() {
                return Err(SaveError::Conflict);
            }
            rows.source_polls.insert(poll.source.clone(), poll.clone());
            Ok(())
        })
        .await
    }
}

/// What a test may look at.
impl MemoryStore {
    /// Every message of a device management, the oldest first.
    pub fn all_device_events(&self) -> Vec<DeviceEvent> {
        self.lock().rows.device_events.values().cloned().collect()
    }

    /// A message goes without a trace.
    pub fn forget_device_event(&self, id: EventId) {
        self.lock().rows.device_events.remove(&id);
    }

    /// How far the asking of each source is.
    pub fn all_source_polls(&self) -> Vec<SourcePoll> {
        self.lock().rows.source_polls.values().cloned().collect()
    }

    /// Every device that a source told of.
    pub fn all_reported_devices(&self) -> Vec<ReportedDevice> {
        let inner = self.lock();
        inner.rows.reported_devices.values().cloned().collect()
    }

    /// What is recorded of a device of a user.
    pub fn find_registration(&self, user: UserId, device: &DeviceId) -> Option<Registration> {
        let key = (user, device.clone());
        self.lock().rows.registrations.get(&key).cloned()
    }
}
