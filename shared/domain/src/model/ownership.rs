//! Who owns a device: what the administrator may choose, what an invitation carries, and what was decided.

use serde::{Deserialize, Serialize};

/// What *Device owner settings* is switched to. Off is the absence of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum OwnershipChoice {
    /// The person's own device.
    UserOwned,
    /// The company's device.
    CompanyOwned,
}

/// Where *Device owner settings* stands for a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OwnerSwitch {
    /// As the settings of each person's group preset it; off for everybody else.
    #[default]
    Preset,
    /// Off, whatever is preset.
    Off,
    /// On.
    On(OwnershipChoice),
    /// As each one's earlier invitation had it; off for everybody else.
    Kept,
}

impl OwnerSwitch {
    /// The choice for somebody whose group has this preset, and of whose earlier invitation this was chosen.
    #[must_use]
    pub const fn choice(
        self,
        preset: Option<OwnershipChoice>,
        earlier: Option<OwnershipChoice>,
    ) -> Option<OwnershipChoice> {
        match self {
            Self::Preset => preset,
            Self::Off => None,
            Self::On(choice) => Some(choice),
            Self::Kept => earlier,
        }
    }

    /// Reads a field of a document: null is off, absence (the default) leaves the preset.
    pub fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<OwnershipChoice>::deserialize(deserializer).map(Self::from)
    }

    /// Writes what [`OwnerSwitch::read`] reads.
    pub fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.choice(None, None).serialize(serializer)
    }

    /// Whether it is left to the presets.
    #[must_use]
    pub const fn is_preset(&self) -> bool {
        matches!(self, Self::Preset)
    }

    /// Whether it is on for everybody, whatever is preset.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On(_))
    }
}

impl From<Option<OwnershipChoice>> for OwnerSwitch {
    fn from(choice: Option<OwnershipChoice>) -> Self {
        choice.map_or(Self::Off, Self::On)
    }
}

/// The ownership of an invitation or a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Ownership {
    /// Nothing was chosen.
    NotSet,
    /// The person's own device.
    UserOwned,
    /// The company's device.
    CompanyOwned,
}

impl Ownership {
    /// What was chosen, if anything was.
    #[must_use]
    pub const fn choice(self) -> Option<OwnershipChoice> {
        match self {
            Self::NotSet => None,
            Self::UserOwned => Some(OwnershipChoice::UserOwned),
            Self::CompanyOwned => Some(OwnershipChoice::CompanyOwned),
        }
    }
}

impl From<Option<OwnershipChoice>> for Ownership {
    fn from(choice: Option<OwnershipChoice>) -> Self {
        match choice {
            None => Self::NotSet,
            Some(OwnershipChoice::UserOwned) => Self::UserOwned,
            Some(OwnershipChoice::CompanyOwned) => Self::CompanyOwned,
        }
    }
}

/// The ownership that an invitation gives a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenOwnership {
    /// Which.
    pub ownership: Ownership,
    /// Whether the person chose it when they redeemed; otherwise whoever invited them did.
    pub by_person: bool,
}

impl GivenOwnership {
    /// Where no invitation says anything.
    pub const NOTHING: Self = Self {
        ownership: Ownership::NotSet,
        by_person: false,
    };
}

/// Whose a device is as the device management itself says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum StatedOwnership {
    /// The company's.
    Company,
    /// The person's own.
    Personal,
}

/// What text says of whose a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedOwnership {
    /// This.
    Known(StatedOwnership),
    /// That it is unknown.
    Unknown,
    /// Something that is not understood. It decides nothing.
    NotUnderstood,
}

/// How device managements call a device of the company: letters alone, in lower case.
const OF_COMPANY: [&str; 7] = [
    "company",
    "companyowned",
    "corporate",
    "corporateowned",
    "corporatededicated",
    "corporateshared",
    "organization",
];

/// How they call a person's own.
const OF_PERSON: [&str; 9] = [
    "personal",
    "personallyowned",
    "personalowned",
    "employee",
    "employeeowned",
    "user",
    "userowned",
    "private",
    "byod",
];

impl StatedOwnership {
    /// Reads whose a device is as a device management writes it: `COMPANY_OWNED`, `EmployeeOwned`, `personal`.
    #[must_use]
    pub fn parse(reported: &str) -> ReportedOwnership {
        let letters: String = reported
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let unknown = [
            "unknown",
            "undefined",
            "none",
            "notset",
            "ownershipunspecified",
        ];
        if OF_COMPANY.contains(&letters.as_str()) {
            ReportedOwnership::Known(Self::Company)
        } else if OF_PERSON.contains(&letters.as_str()) {
            ReportedOwnership::Known(Self::Personal)
        } else if unknown.contains(&letters.as_str()) {
            ReportedOwnership::Unknown
        } else {
            ReportedOwnership::NotUnderstood
        }
    }

    /// The ownership that this is.
    #[must_use]
    pub const fn ownership(self) -> Ownership {
        match self {
            Self::Company => Ownership::CompanyOwned,
            Self::Personal => Ownership::UserOwned,
        }
    }
}

/// How a device enrolled, where the report says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum EnrollmentType {
    /// The device as a whole is managed.
    Device,
    /// Apple User Enrollment: only a work part of a personal device is managed.
    User,
}

/// What text says of how a device enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedEnrollment {
    /// This.
    Known(EnrollmentType),
    /// That it is unknown.
    Unknown,
    /// Something that is not understood. It decides nothing.
    NotUnderstood,
}

/// Ways of enrolling in which the device as a whole is managed, as device managements name them:
/// letters alone, in lower case.
const WHOLE_DEVICE: [&str; 14] = [
    "device",
    "deviceenrollment",
    "mdmdeviceenrollment",
    "appledeviceenrollment",
    "profilebaseddeviceenrollment",
    "accountdrivendeviceenrollment",
    "deviceenrollmentprogram",
    "dep",
    "ade",
    "automateddeviceenrollment",
    "appleautomateddeviceenrollment",
    "applebulkwithuser",
    "applebulkwithoutuser",
    "deviceenrollmentmanager",
];

impl EnrollmentType {
    /// Reads how a device enrolled as a device management writes it. To take a user enrolment for
    /// something else would make a private device the company's; so whatever speaks of one is one:
    /// `User`, `userEnrollment`, `appleUserEnrollment`, `User Enrollment (Device)`, and `ADUE`, which
    /// is short for the account-driven one.
    #[must_use]
    pub fn parse(reported: &str) -> ReportedEnrollment {
        let letters: String = reported
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let letters = letters.replace("enrolment", "enrollment");
        let denied = ["no", "non", "not"].map(|no| format!("{no}userenrollment"));
        let speaks_of_user = letters.contains("userenrollment") && !denied.contains(&letters);
        if matches!(letters.as_str(), "user" | "adue") || speaks_of_user {
            ReportedEnrollment::Known(Self::User)
        } else if WHOLE_DEVICE.contains(&letters.as_str()) {
            ReportedEnrollment::Known(Self::Device)
        } else if matches!(letters.as_str(), "unknown" | "none" | "notset") {
            ReportedEnrollment::Unknown
        } else {
            ReportedEnrollment::NotUnderstood
        }
    }
}

/// The rule that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum OwnershipRule {
    /// The device is supervised, so it is the company's.
    Supervised,
    /// It came through Apple User Enrollment, so it is the user's.
    UserEnrollment,
    /// The device management says so, and the settings let that count.
    Stated,
    /// The person chose it when they redeemed.
    Person,
    /// The invitation said so.
    Invitation,
    /// Nothing said anything.
    NotSet,
}

/// An ownership with the rule that decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Classification {
    /// The ownership.
    pub ownership: Ownership,
    /// Why.
    pub rule: OwnershipRule,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_and_what_carries_it_say_the_same() {
        for choice in [
            None,
            Some(OwnershipChoice::UserOwned),
            Some(OwnershipChoice::CompanyOwned),
        ] {
            assert_eq!(Ownership::from(choice).choice(), choice);
        }
    }

    #[test]
    fn user_enrollment_is_understood_however_it_is_written() {
        for told in [
            "user",
            "User",
            "USER",
            "userEnrollment",
            "appleUserEnrollment",
            "User Enrollment",
            "user-enrolment",
            "User Enrollment (Device)",
            "ADUE",
            "appleAccountDrivenUserEnrollment",
            "appleUserEnrollmentWithServiceAccount",
            "AccountDrivenUserEnrollment",
        ] {
            let read = EnrollmentType::parse(told);
            assert_eq!(
                read,
                ReportedEnrollment::Known(EnrollmentType::User),
                "{told}"
            );
        }
        for told in [
            "device",
            "Device",
            "DEP",
            "Automated Device Enrollment",
            "appleBulkWithUser",
        ] {
            let read = EnrollmentType::parse(told);
            assert_eq!(
                read,
                ReportedEnrollment::Known(EnrollmentType::Device),
                "{told}"
            );
        }
        assert_eq!(
            EnrollmentType::parse("Unknown"),
            ReportedEnrollment::Unknown
        );
        for told in [
            "whole",
            "userless",
            "non-user enrollment",
            "windowsAzureADJoin",
        ] {
            let read = EnrollmentType::parse(told);
            assert_eq!(read, ReportedEnrollment::NotUnderstood, "{told}");
        }
    }

    #[test]
    fn whose_a_device_is_is_understood_as_device_managements_write_it() {
        use StatedOwnership::{Company, Personal};
        for (told, read) in [
            ("company", Company),
            ("COMPANY_OWNED", Company),
            ("CorporateDedicated", Company),
            ("Corporate - Shared", Company),
            ("companyOwned", Company),
            ("personal", Personal),
            ("PERSONALLY_OWNED", Personal),
            ("EmployeeOwned", Personal),
            ("userOwned", Personal),
            ("BYOD", Personal),
        ] {
            let known = ReportedOwnership::Known(read);
            assert_eq!(StatedOwnership::parse(told), known, "{told}");
        }
        for told in ["unknown", "Undefined", "OWNERSHIP_UNSPECIFIED"] {
            let read = StatedOwnership::parse(told);
            assert_eq!(read, ReportedOwnership::Unknown, "{told}");
        }
        for told in ["not company owned", "leased", "C"] {
            let read = StatedOwnership::parse(told);
            assert_eq!(read, ReportedOwnership::NotUnderstood, "{told}");
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Document {
        #[serde(
            default,
            deserialize_with = "OwnerSwitch::read",
            serialize_with = "OwnerSwitch::write",
            skip_serializing_if = "OwnerSwitch::is_preset"
        )]
        ownership: OwnerSwitch,
    }

    #[test]
    fn in_a_document_null_is_off_and_absence_leaves_what_is_preset() {
        for (written, ownership) in [
            ("{}", OwnerSwitch::Preset),
            (r#"{"ownership":null}"#, OwnerSwitch::Off),
            (
                r#"{"ownership":"userOwned"}"#,
                OwnerSwitch::On(OwnershipChoice::UserOwned),
            ),
            (
                r#"{"ownership":"companyOwned"}"#,
                OwnerSwitch::On(OwnershipChoice::CompanyOwned),
            ),
        ] {
            let document = Document { ownership };
            assert_eq!(serde_json::to_string(&document).unwrap(), written);
            let read: Document = serde_json::from_str(written).unwrap();
            assert_eq!(read, document);
        }
        assert!(serde_json::from_str::<Document>(r#"{"ownership":"nobody"}"#).is_err());
    }
}
