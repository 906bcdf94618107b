//! The rules for messages of device managements: each that was taken is carried on or told of, and a device that
//! belongs to somebody is recorded for them.

use beckon_domain::model::device_event::{DeviceEvent, DeviceEventState};
use beckon_domain::values::ids::Version;

use super::jobs::Record;
use super::ledger::Ledger;
use super::system;
use crate::store::keys;

impl Ledger {
    /// A message was kept, or what became of it.
    pub(super) fn device_event_saved(&mut self, event: &DeviceEvent) {
        if event.version == Version::FIRST && event.source == system::name() {
            self.polled(event.id, &event.body);
        }
        if event.state == DeviceEventState::Waiting {
            self.asked.push(Record::DeviceEvent(event.id));
            return;
        }
        let says_why = event.outcome.as_ref().is_some_and(|why| !why.is_empty());
        self.must(says_why, || {
            format!(
                "message {} is {:?} and nothing says why",
                event.id, event.state
            )
        });
    }

    /// No message that was taken is forgotten.
    pub(super) fn judge_device_events(&mut self) {
        for event in self.store.all_device_events() {
            self.must(event.state != DeviceEventState::Waiting, || {
                format!("message {} waits for ever", event.id)
            });
        }
    }

    /// A device that belongs to somebody is recorded for them, unless they were deleted since.
    pub(super) fn judge_reported_devices(&mut self) {
        for device in self.store.all_reported_devices() {
            let Some(user) = device.user else { continue };
            if self.deleted.contains_key(&user) {
                continue;
            }
            let is_recorded = self.store.find_registration(user, &device.id).is_some()
                || self.store.is_spoilt(&keys::device(user, &device.id));
            self.must(is_recorded, || {
                format!(
                    "device {:?} belongs to user {user} and is not recorded",
                    device.id
                )
            });
        }
    }
}
