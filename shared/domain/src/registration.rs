//! A registered device: what the device management reported, and what we made of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::EmailAddress;
use crate::ids::{DeviceId, ExternalId, IssueNumber, UserId};
use crate::names::Label;
use crate::ownership::{Classification, EnrollmentType, Ownership, classify};
use crate::session::RegistrationId;

/// Whom a report speaks of.
#[derive(Debug, Clone)]
pub enum Registrant {
    /// Whoever opened this session.
    Session(RegistrationId),
    /// This user.
    User(UserId),
    /// Whom the directory calls so.
    External(ExternalId),
    /// Whoever has this address.
    Address(EmailAddress),
}

/// What is known of a device. What is absent is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceFacts {
    /// The device management's id for it.
    pub id: DeviceId,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Label>,
    /// Its platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Label>,
    /// The version of its operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<Label>,
    /// Its serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Label>,
    /// Whether it is supervised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervised: Option<bool>,
    /// How it enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment_type: Option<EnrollmentType>,
}

impl DeviceFacts {
    /// What is known when `later` is told after this. What `later` leaves out stays known, and
    /// a device that was supervised once stays so: reports arrive in any order.
    #[must_use]
    pub fn learning(&self, later: &Self) -> Self {
        Self {
            id: self.id.clone(),
            name: later.name.clone().or_else(|| self.name.clone()),
            platform: later.platform.clone().or_else(|| self.platform.clone()),
            os_version: later.os_version.clone().or_else(|| self.os_version.clone()),
            serial: later.serial.clone().or_else(|| self.serial.clone()),
            supervised: match (self.supervised, later.supervised) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (known, told) => told.or(known),
            },
            enrollment_type: later.enrollment_type.or(self.enrollment_type),
        }
    }
}

/// The report that a device was registered.
#[derive(Debug, Clone)]
pub struct DeviceRegistered {
    /// Whose.
    pub registrant: Registrant,
    /// What is known of it.
    pub device: DeviceFacts,
    /// When.
    pub registered_at: Timestamp,
}

/// A registered device of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// Whose.
    pub user: UserId,
    /// What is known of the device.
    pub device: DeviceFacts,
    /// The issue it completed, if it completed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueNumber>,
    /// The ownership that invitation carried.
    pub invitation_ownership: Ownership,
    /// What was decided, and why.
    #[serde(flatten)]
    pub decided: Classification,
    /// When it was registered, as reported.
    pub registered_at: Timestamp,
    /// Whether the invitation had been taken back before the report came.
    #[serde(default)]
    pub after_end: bool,
}

impl Registration {
    /// The newest first; of two at the same moment the one whose device comes first by name.
    pub fn sort(registrations: &mut [Self]) {
        registrations.sort_by(|one, other| {
            let by_time = other.registered_at.cmp(&one.registered_at);
            by_time.then_with(|| one.device.id.as_str().cmp(other.device.id.as_str()))
        });
    }

    /// The same registration when more is known of the device.
    #[must_use]
    pub fn learning(&self, later: &DeviceFacts) -> Self {
        let device = self.device.learning(later);
        let decided = classify(
            device.supervised,
            device.enrollment_type,
            self.invitation_ownership,
        );
        Self {
            device,
            decided,
            ..self.clone()
        }
    }
}
