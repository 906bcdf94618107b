//! Registration sessions: what a redeemed secret opens. The id of a session is a bearer secret,
//! so only its digest is stored.

use crate::model::ownership::{GivenOwnership, Ownership};
use crate::model::stored::Carried;
use crate::values::ids::{DeviceId, IssueNumber, UserId};
use crate::values::session_ids::SessionDigest;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a session lets a person go on without showing the secret again.
pub const SESSION_TTL: SignedDuration = SignedDuration::from_mins(15);

/// How many sessions of one issue may be open at a time.
pub const MAX_SESSIONS: usize = 3;

/// How many devices a session remembers that were reported with it before the last one.
const MAX_EARLIER_DEVICES: usize = 19;

/// A place taken by a session among those of its issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSlot {
    /// Which session.
    pub digest: SessionDigest,
    /// Until when it holds the place.
    pub until: Timestamp,
}

/// What a device was said to be when the secret was shown. It need not be the one reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedDevice {
    /// The device's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<DeviceId>,
    /// Its platform: one that is known by its name in [`crate::values::platform`], any other in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// A registration session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Which.
    pub digest: SessionDigest,
    /// Whose.
    pub user: UserId,
    /// Of which issue.
    pub issue: IssueNumber,
    /// The ownership that issue carries; `None` of a session from before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// Whether the person chose that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chosen_by_person: bool,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when it lets the person go on. Reporting is not bound by it.
    pub expires_at: Timestamp,
    /// The device named when it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<NamedDevice>,
    /// The device whose registration was reported with this session's id last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The devices that were reported with it before that one, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_devices: Vec<DeviceId>,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

impl Session {
    /// The ownership that its issue gives a device, if that was noted.
    #[must_use]
    pub fn given(&self) -> Option<GivenOwnership> {
        self.ownership.map(|ownership| GivenOwnership {
            ownership,
            by_person: self.chosen_by_person,
        })
    }

    /// Whether a registration of this device is among the last that were reported with it.
    #[must_use]
    pub fn has_reported(&self, device: &DeviceId) -> bool {
        self.device
            .iter()
            .chain(&self.earlier_devices)
            .any(|one| one == device)
    }

    /// The session once this device was reported with it.
    #[must_use]
    pub fn reporting(&self, device: &DeviceId) -> Self {
        let earlier = self.device.iter().chain(&self.earlier_devices);
        Self {
            device: Some(device.clone()),
            earlier_devices: earlier
                .filter(|one| *one != device)
                .take(MAX_EARLIER_DEVICES)
                .cloned()
                .collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::examples::{MONDAY, invited, session_of};

    fn device(number: usize) -> DeviceId {
        DeviceId::parse(&format!("device-{number}")).unwrap()
    }

    #[test]
    fn a_session_knows_the_devices_that_were_reported_with_it() {
        let session = session_of(&invited(), MONDAY);
        let reported = session.reporting(&device(1)).reporting(&device(2));

        assert!(!session.has_reported(&device(1)));
        assert!(reported.has_reported(&device(1)));
        assert!(reported.has_reported(&device(2)));
        assert!(!reported.has_reported(&device(3)));
    }

    #[test]
    fn a_device_that_is_reported_again_is_the_last_and_stands_there_once() {
        let session = session_of(&invited(), MONDAY);
        let reported = session.reporting(&device(1)).reporting(&device(2));

        let again = reported.reporting(&device(1));

        assert_eq!(again.device, Some(device(1)));
        assert_eq!(again.earlier_devices, [device(2)]);
    }

    #[test]
    fn a_session_remembers_twenty_devices() {
        let session = session_of(&invited(), MONDAY);
        let reported = (1..=21).fold(session, |session, number| {
            session.reporting(&device(number))
        });

        assert_eq!(reported.earlier_devices.len(), MAX_EARLIER_DEVICES);
        assert!(!reported.has_reported(&device(1)));
        assert!(reported.has_reported(&device(2)));
    }
}
