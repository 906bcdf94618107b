use super::*;
use crate::model::examples::{
    MONDAY, invitation_of, invited, minutes, settings, somebody, with_invitation,
};
use crate::model::reminders::{ReminderPlan, ReminderPolicy};
use crate::model::session::SessionSlot;
use crate::model::user::Asked;
use crate::values::names::DisplayName;
use crate::values::session_ids::RegistrationId;

fn corrected(before: &User, after: &User) -> Result<UserChange, FieldProblem> {
    let (settings, who) = (settings(), Actor::Caller("admin".to_owned()));
    let with = UserUpdate {
        who: &who,
        settings: &settings,
        key: &KeyId::new("k2"),
    };
    let fresh = FreshIds {
        changed: EventId::from_bytes([1; 16]),
        corrected: EventId::from_bytes([2; 16]),
        mail: MailId::from_bytes([3; 16]),
        issued: EventId::from_bytes([4; 16]),
        nonce: Nonce::from_bytes([5; 16]),
    };
    correct(before, after.clone(), &with, fresh, MONDAY + minutes(60))
}

fn at_address(user: &User, address: &str) -> User {
    User {
        email: EmailAddress::parse(address).unwrap(),
        ..user.clone()
    }
}

fn named(user: &User, name: &str) -> User {
    User {
        display_name: DisplayName::parse(name).ok(),
        ..user.clone()
    }
}

/// Of each history row which it is.
fn rows(change: &UserChange) -> Vec<u8> {
    let rows = change.history.iter();
    rows.map(|row| row.id.to_bytes()[0]).collect()
}

#[test]
fn the_history_says_apart_that_an_address_was_corrected_and_that_something_else_was_changed() {
    for (user, corrected_and_issued) in [(somebody(), vec![2]), (invited(), vec![2, 4])] {
        let moved = at_address(&user, "sascha@example.com");
        let change = corrected(&user, &named(&user, "Alex")).unwrap();
        assert_eq!(rows(&change), [1]);
        let change = corrected(&user, &named(&moved, "Alex")).unwrap();
        assert_eq!(rows(&change), [&[1], &*corrected_and_issued].concat());
        let spelling = at_address(&user, "ALEX@example.com");
        assert_eq!(rows(&corrected(&user, &spelling).unwrap()), [1]);
    }
    let user = invited();
    let moved = at_address(&user, "sascha@example.com");
    assert_eq!(rows(&corrected(&user, &moved).unwrap()), [2, 4]);
}

#[test]
fn what_is_held_against_an_address_is_not_held_against_the_next() {
    let mut user = somebody();
    user.address_mark = Some(crate::model::user::AddressSuppression::HardBounced);
    user.asked = Some(Asked {
        day: "2026-03-02".parse().unwrap(),
        mails: 3,
    });
    user.invitation = with_invitation(&invited(), |invitation| {
        invitation.state = InvitationState::Expired;
    })
    .invitation;

    let moved = corrected(&user, &at_address(&user, "sascha@example.com")).unwrap();
    assert_eq!((moved.user.address_mark, moved.user.asked), (None, None));
    assert_eq!(moved.user.address_since, Some(MONDAY + minutes(60)));
    assert_eq!(moved.user.version, user.version.next());
    let renamed = corrected(&user, &named(&user, "Alex")).unwrap().user;
    assert_eq!(renamed.address_mark, user.address_mark);
    assert_eq!(renamed.asked, user.asked);
    assert_eq!(renamed.version, user.version.next());
}

#[test]
fn what_can_be_given_back_gets_another_secret_and_forgets_its_sessions() {
    for state in InvitationState::ALL {
        let slot = SessionSlot {
            digest: RegistrationId::from_random([6; 16]).digest(),
            until: MONDAY,
        };
        let user = with_invitation(&invited(), |invitation| {
            invitation.state = state;
            invitation.sessions = vec![slot];
        });
        let before = invitation_of(&user);
        let after = with_another_secret(before, Nonce::from_bytes([5; 16]));
        match state {
            InvitationState::Cancelled | InvitationState::Declined => {
                assert_ne!(after.nonce, before.nonce);
                assert!(after.sessions.is_empty());
            }
            _ => assert_eq!(after, *before),
        }
    }
}

#[test]
fn whoever_leaves_for_an_address_that_may_not_be_invited_is_disabled_and_the_secret_dies() {
    let slot = SessionSlot {
        digest: RegistrationId::from_random([6; 16]).digest(),
        until: MONDAY + minutes(90),
    };
    let before = with_invitation(&invited(), |invitation| invitation.sessions = vec![slot]);
    let elsewhere = at_address(&before, "alex@elsewhere.example");
    let left = User {
        enabled: false,
        ..elsewhere.clone()
    };

    let refused = corrected(&before, &elsewhere).unwrap_err();
    let change = corrected(&before, &left).unwrap();

    assert_eq!(refused.code, "domainNotAllowed");
    assert!(!change.user.enabled && change.mails.is_empty());
    assert_eq!(change.user.email, left.email);
    assert_eq!(change.user.latest_issue, before.latest_issue);
    assert_eq!(rows(&change), [1, 2]);
    let (old, new) = (invitation_of(&before), invitation_of(&change.user));
    assert_ne!(new.nonce, old.nonce);
    assert!(new.sessions.is_empty());
    let back = User {
        enabled: true,
        ..change.user.clone()
    };
    let back = corrected(&change.user, &back).unwrap();
    assert_eq!(invitation_of(&back.user).nonce, new.nonce);
    assert!(back.mails.is_empty());
}

#[test]
fn who_was_enabled_again_may_have_missed_the_mail_of_an_open_invitation() {
    let enabled = invited();
    let disabled = User {
        enabled: false,
        ..enabled.clone()
    };
    let (settings, who) = (settings(), Actor::Caller("admin".to_owned()));
    let with = UserUpdate {
        who: &who,
        settings: &settings,
        key: &KeyId::new("k2"),
    };
    let now = MONDAY + minutes(60);
    let missed = |before: &User, change: &UserChange| may_have_missed(before, change, &with, now);
    let mail = Some(invitation_of(&enabled).mail);
    let renamed = named(&enabled, "Alex");

    let change = corrected(&disabled, &enabled).unwrap();
    assert_eq!(missed(&disabled, &change), mail);
    let change = corrected(&enabled, &renamed).unwrap();
    assert_eq!(missed(&enabled, &change), None);
    let change = corrected(&disabled, &named(&disabled, "Alex")).unwrap();
    assert_eq!(missed(&disabled, &change), None);
    let moved = at_address(&enabled, "sascha@example.com");
    let change = corrected(&disabled, &moved).unwrap();
    assert_eq!((change.mails.len(), missed(&disabled, &change)), (1, None));
    let locked = with_invitation(&enabled, |invitation| invitation.tries_left = 0);
    let change = corrected(&disabled, &locked).unwrap();
    assert_eq!(missed(&disabled, &change), None);
    let nowhere = User {
        email: EmailAddress::parse("alex@example.org").unwrap(),
        ..enabled
    };
    assert_eq!(missed(&disabled, &UserChange::next(nowhere)), None);
}

#[test]
fn reminders_that_have_ended_go_on_for_who_is_enabled_again_and_for_nobody_else() {
    let policy = ReminderPolicy {
        start_after_days: 1,
        every_days: 1,
        most: 3,
        quiet_hours: None,
    };
    let enabled = with_invitation(&invited(), |invitation| {
        let (from, to) = (invitation.issued_at, invitation.expires_at);
        let plan = ReminderPlan::new(policy, from, to, &jiff::tz::TimeZone::UTC);
        invitation.reminders = Some(plan.ended());
    });
    let disabled = User {
        enabled: false,
        ..enabled.clone()
    };
    let next_at = |before: &User, after: &User| {
        let change = corrected(before, after).unwrap();
        let plan = invitation_of(&change.user).reminders;
        plan.expect("its reminders").next_at
    };

    assert!(next_at(&disabled, &enabled).is_some());
    assert_eq!(next_at(&enabled, &named(&enabled, "Alex")), None);
    assert_eq!(next_at(&disabled, &named(&disabled, "Alex")), None);
}
