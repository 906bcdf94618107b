//! A device that a source told of: what is known of it, and whose it is as soon as that is known. Facts wait here
//! for the enrolment, and the enrolment for the person; messages come in any order and more than once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::change::Identifier;
use crate::model::mapping::Said;
use crate::model::ownership::{EnrollmentType, StatedOwnership};
use crate::model::registration::{DeviceFacts, Registrant};
use crate::model::stored::Carried;
use crate::values::address::EmailAddress;
use crate::values::ids::{DeviceId, ExternalId, UserId, Version};
use crate::values::names::Label;
use crate::values::problem::FieldProblem;
use crate::values::session_ids::SessionDigest;
use crate::values::user_name::UserName;

/// What a message of a source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceMessage {
    /// What it says.
    pub says: Said,
    /// Of which device, and what it tells of it. The source stands before the id.
    pub device: DeviceFacts,
    /// Whom it names, the most certain first; an enrolment alone names somebody.
    pub claimants: Vec<Claimant>,
    /// When it happened, as the message says; `None` if it does not.
    pub at: Option<Timestamp>,
    /// Whether a device that is enrolled already sends such a message, too.
    pub repeats: bool,
    /// What of the message was let be, and why.
    pub ignored: Vec<FieldProblem>,
}

/// Somebody whose device it may be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Claimant {
    /// Whoever was given this reference.
    Reference(SessionDigest),
    /// Whoever has this address.
    Address(EmailAddress),
    /// Whom the directory calls so.
    External(ExternalId),
    /// Whoever signs in by this elsewhere.
    UserName(UserName),
}

/// It may hold an address.
impl std::fmt::Debug for Claimant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Reference(_) => "Reference(…)",
            Self::Address(_) => "Address(…)",
            Self::External(_) => "External(…)",
            Self::UserName(_) => "UserName(…)",
        })
    }
}

impl Claimant {
    /// What somebody who is added later may be found by.
    #[must_use]
    pub fn identifier(&self) -> Option<Identifier> {
        match self {
            Self::Reference(_) => None,
            Self::Address(address) => Some(Identifier::Address(address.normalised())),
            Self::External(id) => Some(Identifier::External(id.clone())),
            Self::UserName(name) => Some(Identifier::UserName(name.key())),
        }
    }
}

/// Adds those who are not named yet, in their order.
pub fn add_once(named: &mut Vec<Claimant>, more: impl IntoIterator<Item = Claimant>) {
    for claimant in more {
        if !named.contains(&claimant) {
            named.push(claimant);
        }
    }
}

impl From<Claimant> for Registrant {
    fn from(claimant: Claimant) -> Self {
        match claimant {
            Claimant::Reference(digest) => Self::Reference(digest),
            Claimant::Address(address) => Self::Address(address),
            Claimant::External(id) => Self::External(id),
            Claimant::UserName(name) => Self::UserName(name),
        }
    }
}

/// A fact, and when it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told<T> {
    /// The fact.
    pub value: T,
    /// When.
    pub at: Timestamp,
}

/// The facts of a device, each with its own time, so that the order in which they come does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToldFacts {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Told<Label>>,
    /// Its platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Told<Label>>,
    /// The version of its operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<Told<Label>>,
    /// Its serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Told<Label>>,
    /// Whether it is supervised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervised: Option<Told<bool>>,
    /// How it enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment_type: Option<Told<EnrollmentType>>,
    /// Whose it is, as the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Told<StatedOwnership>>,
}

/// An enrolment that a source told of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Enrolment {
    /// When, as the source says; `None` if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Whose it may be, the most certain first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claimants: Vec<Claimant>,
}

/// A device that a source told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedDevice {
    /// Which: the name of the source, a colon, and the source's own id.
    pub id: DeviceId,
    /// What is known of it.
    #[serde(default)]
    pub told: ToldFacts,
    /// Its latest enrolment; `None` while only facts are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<Enrolment>,
    /// Since when it is managed no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unenrolled_at: Option<Timestamp>,
    /// Whose it is: for whom it is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Whose it is as an administrator says. It counts before everything that the source names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<UserId>,
    /// Who that administrator is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_by: Option<Actor>,
    /// When something new was told of it last.
    pub changed_at: Timestamp,
    /// How often the row was written.
    pub version: Version,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

impl ReportedDevice {
    /// Whether it belongs to somebody, or an administrator said to whom.
    #[must_use]
    pub fn has_owner(&self) -> bool {
        self.user.is_some() || self.assigned_to.is_some()
    }

    /// Whether it enrolled, belongs to nobody, and is still managed.
    #[must_use]
    pub fn is_unassigned(&self) -> bool {
        self.enrolment.is_some() && self.user.is_none() && !self.is_unenrolled()
    }

    /// Whether it is managed no longer.
    #[must_use]
    pub fn is_unenrolled(&self) -> bool {
        let enrolled_at = self.enrolment.as_ref().and_then(|enrolment| enrolment.at);
        self.unenrolled_at
            .is_some_and(|at| enrolled_at.is_none_or(|enrolled| enrolled < at))
    }

    /// By what somebody who is added later is found to be whose it is.
    #[must_use]
    pub fn identifiers(&self) -> Vec<Identifier> {
        let claimants = self
            .enrolment
            .iter()
            .flat_map(|enrolment| &enrolment.claimants);
        claimants.filter_map(Claimant::identifier).collect()
    }
}
