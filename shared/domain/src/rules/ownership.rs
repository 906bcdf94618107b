//! Who owns a device: what the administrator may choose, what an invitation carries, and what
//! is decided when the device registers.

use crate::model::ownership::{
    Classification, EnrollmentType, OwnerSwitch, Ownership, OwnershipChoice, OwnershipRule,
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
