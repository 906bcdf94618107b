use super::*;
use crate::model::examples::{MONDAY, invited, minutes, settings, somebody, with_invitation};
use crate::model::ownership::OwnershipChoice;
use crate::values::method::Method;
use InvitationState as State;

const A_SECOND: SignedDuration = SignedDuration::from_secs(1);

const NOT_ASKED_FOR: Reached = Reached::ByFilter {
    asks_for_completed: false,
    asks_for_declined: false,
};

fn asked(user: &User, reached: Reached) -> Eligibility {
    eligibility(
        user,
        &settings(),
        OwnerSwitch::Preset,
        reached,
        MONDAY + SAME_AGAIN,
    )
}

#[test]
fn who_is_invited_and_who_is_left_out_by_where_the_invitation_stands() {
    use Eligibility::{Replace, Send, Skip};
    let asks = |asks_for_completed, asks_for_declined| Reached::ByFilter {
        asks_for_completed,
        asks_for_declined,
    };
    for state in State::ALL {
        let user = with_invitation(&invited(), |invitation| invitation.state = state);
        let (named, not_asked_for) = match state {
            State::None | State::Expired | State::Cancelled => (Send, Send),
            State::Pending | State::Locked => (Replace, Replace),
            State::Completed => (Send, Skip(SkipReason::AlreadyCompleted)),
            State::Declined => (Send, Skip(SkipReason::DeclinedBefore)),
        };

        assert_eq!(asked(&user, Reached::ByName), named, "{state:?}");
        assert_eq!(asked(&user, NOT_ASKED_FOR), not_asked_for, "{state:?}");
        let completed = if state == State::Declined {
            not_asked_for
        } else {
            named
        };
        assert_eq!(asked(&user, asks(true, false)), completed, "{state:?}");
        let declined = if state == State::Completed {
            not_asked_for
        } else {
            named
        };
        assert_eq!(asked(&user, asks(false, true)), declined, "{state:?}");
    }
    assert_eq!(asked(&somebody(), NOT_ASKED_FOR), Send);
}

#[test]
fn a_filter_asks_for_those_who_completed_or_declined_by_naming_that_state() {
    let by = |states: &[State]| {
        Reached::by(&UserFilter {
            states: states.iter().copied().collect(),
            ..UserFilter::default()
        })
    };

    assert_eq!(by(&[State::Pending]), NOT_ASKED_FOR);
    for state in [State::Completed, State::Declined] {
        let expected = Reached::ByFilter {
            asks_for_completed: state == State::Completed,
            asks_for_declined: state == State::Declined,
        };
        assert_eq!(by(&[state]), expected);
    }
}

#[test]
fn nobody_is_invited_who_is_disabled_or_whom_mail_may_not_or_cannot_reach() {
    let changed = |change: fn(&mut User)| {
        let mut user = somebody();
        change(&mut user);
        asked(&user, Reached::ByName)
    };
    let marked = |mark| {
        let mut user = somebody();
        user.address_mark = Some(mark);
        asked(&user, Reached::ByName)
    };
    let elsewhere = |user: &mut User| {
        user.email = crate::values::address::EmailAddress::parse("alex@example.org").unwrap();
    };

    let disabled = changed(|user| user.enabled = false);
    assert_eq!(disabled, Eligibility::Skip(SkipReason::Disabled));
    assert_eq!(
        changed(elsewhere),
        Eligibility::Skip(SkipReason::DomainNotAllowed)
    );
    assert_eq!(
        marked(AddressSuppression::HardBounced),
        Eligibility::Skip(SkipReason::AddressBounced)
    );
    assert_eq!(
        marked(AddressSuppression::Complained),
        Eligibility::Skip(SkipReason::AddressComplained)
    );
}

#[test]
fn what_is_young_and_would_be_the_same_is_mailed_again() {
    let user = invited();
    let young = MONDAY + SAME_AGAIN - A_SECOND;
    let same = OwnerSwitch::On(OwnershipChoice::CompanyOwned);
    let asked = |user: &User, settings: &VersionedSettings, now| {
        eligibility(user, settings, same, Reached::ByName, now)
    };

    assert_eq!(asked(&user, &settings(), young), Eligibility::Again);
    assert_eq!(
        asked(&user, &settings(), MONDAY + SAME_AGAIN),
        Eligibility::Replace
    );
    let differences: [fn(&mut Settings); 4] = [
        |settings| settings.registration.method = Method::PasswordAndPin,
        |settings| settings.registration.pin.length += 1,
        |settings| settings.registration.pin.tries += 1,
        |settings| settings.registration.lifetime_hours += 1,
    ];
    for (index, change) in differences.into_iter().enumerate() {
        let mut other = settings();
        change(&mut other.settings);
        assert_eq!(asked(&user, &other, young), Eligibility::Replace, "{index}");
    }
    let locked = with_invitation(&user, |invitation| invitation.tries_left = 0);
    assert_eq!(asked(&locked, &settings(), young), Eligibility::Replace);
}

#[test]
fn what_carries_another_ownership_is_replaced() {
    let user = invited();
    let asked = |switch| {
        let soon = MONDAY + minutes(1);
        eligibility(&user, &settings(), switch, Reached::ByName, soon)
    };

    let company = OwnerSwitch::On(OwnershipChoice::CompanyOwned);
    assert_eq!(asked(company), Eligibility::Again);
    let own = OwnerSwitch::On(OwnershipChoice::UserOwned);
    for other in [own, OwnerSwitch::Off, OwnerSwitch::Preset] {
        assert_eq!(asked(other), Eligibility::Replace, "{other:?}");
    }
}
