//! Who owns a device: what the administrator may choose, what an invitation carries, and what
//! is decided when the device registers.

use crate::model::ownership::{
    Classification, EnrollmentType, GivenOwnership, OwnerSwitch, Ownership, OwnershipChoice,
    OwnershipRule,
};
use crate::model::registration::{DeviceFacts, Registration};
use crate::model::settings::Settings;
use crate::model::user::User;
use crate::values::method::{Method, choice_applies};

/// The ownership that an invitation of this method carries.
#[must_use]
pub fn of_invitation(method: Method, choice: Option<OwnershipChoice>) -> Ownership {
    if choice_applies(method) {
        choice.into()
    } else {
        Ownership::NotSet
    }
}

/// What the next invitation of somebody would carry.
#[must_use]
pub fn of_next_invitation(user: &User, settings: &Settings, switch: OwnerSwitch) -> Ownership {
    let own = settings.for_user(user);
    let earlier = user
        .invitation
        .as_ref()
        .map(|invitation| invitation.ownership);
    let choice = switch.choice(own.ownership, earlier.and_then(Ownership::choice));
    of_invitation(own.registration.method, choice)
}

/// Classifies a registered device. The first rule that holds decides; what is absent is unknown
/// and decides nothing. What the device management says of whose it is counts where the settings let it.
#[must_use]
pub fn classify(
    device: &DeviceFacts,
    stated_counts: bool,
    invitation: GivenOwnership,
) -> Classification {
    let stated = device.ownership.filter(|_| stated_counts);
    let (ownership, rule) = if device.supervised == Some(true) {
        (Ownership::CompanyOwned, OwnershipRule::Supervised)
    } else if device.enrollment_type == Some(EnrollmentType::User) {
        (Ownership::UserOwned, OwnershipRule::UserEnrollment)
    } else if let Some(stated) = stated {
        (stated.ownership(), OwnershipRule::Stated)
    } else {
        let rule = match (invitation.ownership, invitation.by_person) {
            (Ownership::NotSet, _) => OwnershipRule::NotSet,
            (Ownership::UserOwned | Ownership::CompanyOwned, true) => OwnershipRule::Person,
            (Ownership::UserOwned | Ownership::CompanyOwned, false) => OwnershipRule::Invitation,
        };
        (invitation.ownership, rule)
    };
    Classification { ownership, rule }
}

/// The same registration when more is known of the device.
#[must_use]
pub fn learning(registration: &Registration, later: &DeviceFacts) -> Registration {
    let device = registration.device.learning(later);
    let decided = classify(&device, registration.stated_counts, registration.given());
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
    use crate::model::examples::{registered, somebody};
    use crate::model::ownership::StatedOwnership;

    const METHODS: [Method; 4] = [
        Method::Pin,
        Method::PasswordAndPin,
        Method::Password,
        Method::QrCode,
    ];

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

    fn given() -> impl Strategy<Value = GivenOwnership> {
        let ownership = prop_oneof![
            Just(Ownership::NotSet),
            Just(Ownership::UserOwned),
            Just(Ownership::CompanyOwned)
        ];
        (ownership, any::<bool>()).prop_map(|(ownership, by_person)| GivenOwnership {
            ownership,
            by_person,
        })
    }

    fn facts() -> impl Strategy<Value = DeviceFacts> {
        let enrollment = prop_oneof![
            Just(None),
            Just(Some(EnrollmentType::Device)),
            Just(Some(EnrollmentType::User))
        ];
        let stated = prop_oneof![
            Just(None),
            Just(Some(StatedOwnership::Company)),
            Just(Some(StatedOwnership::Personal))
        ];
        let supervised = any::<Option<bool>>();
        (supervised, enrollment, stated).prop_map(|(supervised, enrollment_type, ownership)| {
            DeviceFacts {
                supervised,
                enrollment_type,
                ownership,
                ..registered(&somebody()).device
            }
        })
    }

    proptest! {
        #[test]
        fn a_supervised_device_is_company_owned_whatever_else_is_said(
            facts in facts(), counts: bool, given in given(),
        ) {
            let supervised = DeviceFacts { supervised: Some(true), ..facts };

            let decided = classify(&supervised, counts, given);

            prop_assert_eq!(decided.ownership, Ownership::CompanyOwned);
            prop_assert_eq!(decided.rule, OwnershipRule::Supervised);
        }

        #[test]
        fn user_enrollment_decides_before_everything_but_supervision(
            facts in facts(), counts: bool, given in given(),
        ) {
            let enrolled = DeviceFacts {
                supervised: facts.supervised.filter(|supervised| !supervised),
                enrollment_type: Some(EnrollmentType::User),
                ..facts
            };

            let decided = classify(&enrolled, counts, given);

            prop_assert_eq!(decided.ownership, Ownership::UserOwned);
            prop_assert_eq!(decided.rule, OwnershipRule::UserEnrollment);
        }

        #[test]
        fn what_the_device_management_says_decides_next_and_only_where_the_settings_let_it(
            facts in facts(), given in given(),
        ) {
            let told = DeviceFacts {
                supervised: None,
                enrollment_type: None,
                ownership: Some(StatedOwnership::Company),
                ..facts
            };
            let untold = DeviceFacts { ownership: None, ..told.clone() };

            let decided = classify(&told, true, given);

            prop_assert_eq!(decided.ownership, Ownership::CompanyOwned);
            prop_assert_eq!(decided.rule, OwnershipRule::Stated);
            prop_assert_eq!(classify(&told, false, given), classify(&untold, true, given));
        }

        #[test]
        fn otherwise_the_invitation_decides_or_its_person_and_without_a_choice_nothing_does(
            facts in facts(), given in given(),
        ) {
            let plain = DeviceFacts {
                supervised: facts.supervised.filter(|supervised| !supervised),
                enrollment_type: facts.enrollment_type.filter(|kind| *kind == EnrollmentType::Device),
                ..facts
            };

            let decided = classify(&plain, false, given);

            prop_assert_eq!(decided.ownership, given.ownership);
            let is_set = given.ownership != Ownership::NotSet;
            prop_assert_eq!(decided.rule == OwnershipRule::NotSet, !is_set);
            prop_assert_eq!(decided.rule == OwnershipRule::Person, is_set && given.by_person);
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
