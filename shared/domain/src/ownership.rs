//! Who owns a device: what the administrator may choose, what an invitation carries, and what
//! is decided when the device registers.

use serde::{Deserialize, Serialize};

use crate::method::Method;
use crate::registration::{DeviceFacts, Registration};

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

/// Where *Device owner settings* stands for a Send.
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
}

impl OwnerSwitch {
    /// The choice for somebody whose group has this preset.
    #[must_use]
    pub const fn choice(self, preset: Option<OwnershipChoice>) -> Option<OwnershipChoice> {
        match self {
            Self::Preset => preset,
            Self::Off => None,
            Self::On(choice) => Some(choice),
        }
    }

    /// Reads a field of a document: null is off, absence (the default) leaves the preset.
    pub fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<OwnershipChoice>::deserialize(deserializer).map(Self::from)
    }

    /// Writes what [`OwnerSwitch::read`] reads.
    pub fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.choice(None).serialize(serializer)
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

impl From<Option<OwnershipChoice>> for Ownership {
    fn from(choice: Option<OwnershipChoice>) -> Self {
        match choice {
            None => Self::NotSet,
            Some(OwnershipChoice::UserOwned) => Self::UserOwned,
            Some(OwnershipChoice::CompanyOwned) => Self::CompanyOwned,
        }
    }
}

/// Whether the choice reaches invitations of this method: only those with a PIN carry it.
#[must_use]
pub const fn choice_applies(method: Method) -> bool {
    method.uses_pin()
}

/// The ownership that an invitation of this method carries.
#[must_use]
pub fn of_invitation(method: Method, choice: Option<OwnershipChoice>) -> Ownership {
    if choice_applies(method) {
        choice.into()
    } else {
        Ownership::NotSet
    }
}

/// How a device enrolled, where the report says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
pub enum ToldEnrollment {
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
    /// `User`, `userEnrollment`, `appleUserEnrollment`, `User Enrollment (Device)`.
    #[must_use]
    pub fn read(told: &str) -> ToldEnrollment {
        let letters: String = told
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let letters = letters.replace("enrolment", "enrollment");
        let denied = ["no", "non", "not"].map(|no| format!("{no}userenrollment"));
        let speaks_of_user = letters.contains("userenrollment") && !denied.contains(&letters);
        if letters == "user" || speaks_of_user {
            ToldEnrollment::Known(Self::User)
        } else if WHOLE_DEVICE.contains(&letters.as_str()) {
            ToldEnrollment::Known(Self::Device)
        } else if matches!(letters.as_str(), "unknown" | "none" | "notset") {
            ToldEnrollment::Unknown
        } else {
            ToldEnrollment::NotUnderstood
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

/// Classifies a registered device. The first rule that holds decides; what is absent is unknown
/// and decides nothing.
#[must_use]
pub fn classify(
    supervised: Option<bool>,
    enrollment: Option<EnrollmentType>,
    invitation: Ownership,
) -> Classification {
    let (ownership, rule) = if supervised == Some(true) {
        (Ownership::CompanyOwned, OwnershipRule::Supervised)
    } else if enrollment == Some(EnrollmentType::User) {
        (Ownership::UserOwned, OwnershipRule::UserEnrollment)
    } else {
        match invitation {
            Ownership::NotSet => (Ownership::NotSet, OwnershipRule::NotSet),
            chosen @ (Ownership::UserOwned | Ownership::CompanyOwned) => {
                (chosen, OwnershipRule::Invitation)
            }
        }
    };
    Classification { ownership, rule }
}

/// The same registration when more is known of the device.
#[must_use]
pub fn learning(registration: &Registration, later: &DeviceFacts) -> Registration {
    let device = registration.device.learning(later);
    let decided = classify(
        device.supervised,
        device.enrollment_type,
        registration.invitation_ownership,
    );
    Registration {
        device,
        decided,
        ..registration.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const METHODS: [Method; 4] = [
        Method::Pin,
        Method::PasswordAndPin,
        Method::Password,
        Method::QrCode,
    ];

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
            "appleUserEnrollmentWithServiceAccount",
            "AccountDrivenUserEnrollment",
        ] {
            let read = EnrollmentType::read(told);
            assert_eq!(read, ToldEnrollment::Known(EnrollmentType::User), "{told}");
        }
        for told in [
            "device",
            "Device",
            "DEP",
            "Automated Device Enrollment",
            "appleBulkWithUser",
        ] {
            let read = EnrollmentType::read(told);
            assert_eq!(
                read,
                ToldEnrollment::Known(EnrollmentType::Device),
                "{told}"
            );
        }
        assert_eq!(EnrollmentType::read("Unknown"), ToldEnrollment::Unknown);
        for told in [
            "whole",
            "userless",
            "non-user enrollment",
            "windowsAzureADJoin",
        ] {
            let read = EnrollmentType::read(told);
            assert_eq!(read, ToldEnrollment::NotUnderstood, "{told}");
        }
    }

    #[test]
    fn the_choice_is_carried_by_pin_methods_and_by_no_other() {
        use Ownership::{CompanyOwned, NotSet, UserOwned};
        let table = [
            (Method::Pin, [NotSet, UserOwned, CompanyOwned]),
            (Method::PasswordAndPin, [NotSet, UserOwned, CompanyOwned]),
            (Method::Password, [NotSet, NotSet, NotSet]),
            (Method::QrCode, [NotSet, NotSet, NotSet]),
        ];

        for (method, row) in table {
            let choices = [
                None,
                Some(OwnershipChoice::UserOwned),
                Some(OwnershipChoice::CompanyOwned),
            ];
            assert_eq!(
                choices.map(|choice| of_invitation(method, choice)),
                row,
                "{method:?}"
            );
        }
    }

    fn ownership() -> impl Strategy<Value = Ownership> {
        prop_oneof![
            Just(Ownership::NotSet),
            Just(Ownership::UserOwned),
            Just(Ownership::CompanyOwned)
        ]
    }

    fn enrollment() -> impl Strategy<Value = Option<EnrollmentType>> {
        prop_oneof![
            Just(None),
            Just(Some(EnrollmentType::Device)),
            Just(Some(EnrollmentType::User))
        ]
    }

    proptest! {
        #[test]
        fn a_supervised_device_is_company_owned_whatever_else_is_said(
            enrollment in enrollment(), invitation in ownership(),
        ) {
            let decided = classify(Some(true), enrollment, invitation);

            prop_assert_eq!(decided.ownership, Ownership::CompanyOwned);
            prop_assert_eq!(decided.rule, OwnershipRule::Supervised);
        }

        #[test]
        fn user_enrollment_decides_before_the_invitation(
            supervised in prop_oneof![Just(None), Just(Some(false))], invitation in ownership(),
        ) {
            let decided = classify(supervised, Some(EnrollmentType::User), invitation);

            prop_assert_eq!(decided.ownership, Ownership::UserOwned);
            prop_assert_eq!(decided.rule, OwnershipRule::UserEnrollment);
        }

        #[test]
        fn otherwise_the_invitation_decides_and_without_a_choice_nothing_does(
            supervised in prop_oneof![Just(None), Just(Some(false))],
            enrollment in prop_oneof![Just(None), Just(Some(EnrollmentType::Device))],
            invitation in ownership(),
        ) {
            let decided = classify(supervised, enrollment, invitation);

            prop_assert_eq!(decided.ownership, invitation);
            prop_assert_eq!(decided.rule == OwnershipRule::NotSet, invitation == Ownership::NotSet);
        }
    }

    #[test]
    fn every_method_says_whether_it_uses_a_pin_a_token_or_a_password() {
        let says = METHODS.map(|m| (m.uses_pin(), m.uses_token(), m.asks_for_password()));

        assert_eq!(
            says,
            [
                (true, false, false),
                (true, false, true),
                (false, false, true),
                (false, true, false)
            ]
        );
    }
}
