//! A registered device: what the device management reported, and what we made of it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::ownership::{
    Classification, EnrollmentType, GivenOwnership, Ownership, StatedOwnership,
};
use crate::model::stored::Carried;
use crate::values::address::EmailAddress;
use crate::values::ids::{DeviceId, ExternalId, IssueNumber, UserId};
use crate::values::names::Label;
use crate::values::session_ids::{RegistrationId, SessionDigest};
use crate::values::user_name::UserName;

/// Whom a report speaks of.
#[derive(Debug, Clone)]
pub enum Registrant {
    /// Whoever opened this session.
    Session(RegistrationId),
    /// Whoever was given the reference with this digest.
    Reference(SessionDigest),
    /// This user.
    User(UserId),
    /// Whom the directory calls so.
    External(ExternalId),
    /// Whoever signs in by this elsewhere.
    UserName(UserName),
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
    /// Whose it is as the device management says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<StatedOwnership>,
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
            ownership: later.ownership.or(self.ownership),
        }
    }
}

/// The report that a device was registered.
#[derive(Debug, Clone)]
pub struct DeviceRegistered {
    /// Whose: the first of these that is known, the most certain first.
    pub registrants: Vec<Registrant>,
    /// What is known of it.
    pub device: DeviceFacts,
    /// When, as it was told; `None` if that is unknown.
    pub registered_at: Option<Timestamp>,
}

/// A registered device of a user.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, as it is stored"
)]
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
    /// Whether the person chose that when they redeemed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chosen_by_person: bool,
    /// Whether the settings let count what the device management says of whose it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stated_counts: bool,
    /// What was decided, and why.
    #[serde(flatten)]
    pub decided: Classification,
    /// When it was registered, as reported; if that is unknown, when the report came.
    pub registered_at: Timestamp,
    /// Whether the invitation had been taken back before the report came.
    #[serde(default)]
    pub after_end: bool,
    /// Whether it is unknown when it was registered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub time_unknown: bool,
    /// The issue of the session that the report named, if it completed none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_issue: Option<IssueNumber>,
    /// The invitation that waited when it was recorded and that it did not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_completed: Option<NotCompleted>,
    /// The latest enrolment of the device that was reported, if that is another: a report of it that
    /// is repeated is known by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_enrolment_at: Option<Timestamp>,
    /// Why an administrator should look at it: it completes nothing, whatever waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<RegistrationFlag>,
    /// Since when the device is managed no longer, as its source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unenrolled_at: Option<Timestamp>,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

impl Registration {
    /// The latest believable time at which the device is known to have enrolled.
    #[must_use]
    pub fn latest_enrolment(&self, now: Timestamp) -> Option<Timestamp> {
        let first = Some(self.registered_at).filter(|_| !self.time_unknown);
        // Rows from before times were doubted may hold any.
        [first, self.latest_enrolment_at]
            .into_iter()
            .filter_map(|at| believable(at, now))
            .max()
    }

    /// Why an administrator should look at it now. That its person was disabled is over when they are enabled again; why
    /// it completed nothing then, `not_completed` still says.
    #[must_use]
    pub fn flags_now(&self, person_is_enabled: bool) -> Vec<RegistrationFlag> {
        let holds = |flag: &RegistrationFlag| match flag {
            RegistrationFlag::UserDisabled => !person_is_enabled,
            RegistrationFlag::BeyondDeviceLimit => true,
        };
        self.flags.iter().copied().filter(holds).collect()
    }

    /// The ownership that the invitation gives the device.
    #[must_use]
    pub const fn given(&self) -> GivenOwnership {
        GivenOwnership {
            ownership: self.invitation_ownership,
            by_person: self.chosen_by_person,
        }
    }

    /// The newest first; of two at the same moment the one whose device comes first by name.
    pub fn sort(registrations: &mut [Self]) {
        registrations.sort_by(|one, other| {
            let by_time = other.registered_at.cmp(&one.registered_at);
            by_time.then_with(|| one.device.id.as_str().cmp(other.device.id.as_str()))
        });
    }
}

/// Why a registration is recorded, and completes and confirms nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum RegistrationFlag {
    /// Its person was disabled when it enrolled.
    UserDisabled,
    /// Its person had as many devices as the settings allow.
    BeyondDeviceLimit,
}

impl RegistrationFlag {
    /// What it says, as the end of a sentence that begins with "because".
    #[must_use]
    pub const fn because(self) -> &'static str {
        match self {
            Self::UserDisabled => "the user was disabled",
            Self::BeyondDeviceLimit => "the user had as many devices as the settings allow",
        }
    }

    /// Why what waited was not completed.
    #[must_use]
    pub const fn why(self) -> WhyNotCompleted {
        match self {
            Self::UserDisabled => WhyNotCompleted::UserDisabled,
            Self::BeyondDeviceLimit => WhyNotCompleted::BeyondDeviceLimit,
        }
    }
}

/// How far the clock of a device management may be off.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(10);

/// No device was enrolled earlier: 2010-01-01T00:00:00Z, the year in which the first system was told
/// how devices are managed over the air. What is earlier is how programs write "no date".
pub const EARLIEST_ENROLMENT: Timestamp = Timestamp::constant(1_262_304_000, 0);

/// The time of an enrolment, if it can be one; `None` is an unknown time.
#[must_use]
pub fn believable(reported: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let latest = now.saturating_add(CLOCK_TOLERANCE).unwrap_or(now);
    reported.filter(|at| (EARLIEST_ENROLMENT..=latest).contains(at))
}

/// An invitation that waits for a device, and that a registration did not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotCompleted {
    /// The issue that stays as it is.
    pub issue: IssueNumber,
    /// Why.
    pub why: WhyNotCompleted,
    /// The issue of the session that was named, if that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_issue: Option<IssueNumber>,
}

/// Why a registration did not complete an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum WhyNotCompleted {
    /// It names a session of an earlier issue.
    EarlierIssue,
    /// It names a session that was opened with a secret that went to an address which has been
    /// corrected since.
    FormerAddress,
    /// It happened before the invitation was made.
    EnrolledBefore,
    /// It names no session, and nobody knows when it happened.
    TimeUnknown,
    /// The same enrolment was reported before.
    ReportedBefore,
    /// The person was disabled.
    UserDisabled,
    /// The person had as many devices as the settings allow.
    BeyondDeviceLimit,
}

impl NotCompleted {
    /// The reason, as the end of a sentence that begins with "because".
    #[must_use]
    pub fn because(self) -> String {
        let because = match (self.why, self.session_issue) {
            (WhyNotCompleted::EarlierIssue, Some(issue)) => {
                return format!("the device was enrolled with issue {}", issue.get());
            }
            (WhyNotCompleted::EarlierIssue, None) => {
                "the device was enrolled with an earlier issue"
            }
            (WhyNotCompleted::FormerAddress, _) => {
                "the device was enrolled with a secret that went to a former address"
            }
            (WhyNotCompleted::EnrolledBefore, _) => {
                "the device was enrolled before that invitation was made"
            }
            (WhyNotCompleted::TimeUnknown, _) => "it is unknown when the device was enrolled",
            (WhyNotCompleted::ReportedBefore, _) => {
                "this enrolment of the device had been reported before"
            }
            (WhyNotCompleted::UserDisabled, _) => RegistrationFlag::UserDisabled.because(),
            (WhyNotCompleted::BeyondDeviceLimit, _) => {
                RegistrationFlag::BeyondDeviceLimit.because()
            }
        };
        because.to_owned()
    }
}
