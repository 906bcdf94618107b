//! "Send me a PIN again".

use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::ownership::{Ownership, OwnershipChoice};
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::usecases::request_pin::PinRequested;
use beckon_domain::values::ids::IssueNumber;
use beckon_domain::values::method::Method;
use beckon_testkit::builders::{a_user, an_invitation, settings};
use beckon_testkit::composer::pin_in;
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

use crate::redemptions::set_state;

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn invited() -> (World, User) {
    let world = World::new();
    let user = world.with(a_user());
    world
        .invite_choosing(&[&user], OwnershipChoice::CompanyOwned)
        .await;
    world.post().await;
    (world, user)
}

async fn ask(world: &World, user: &User) -> PinRequested {
    world.request_pin().run(&user.email).await.unwrap()
}

#[tokio::test]
async fn the_live_issue_is_mailed_again_with_the_same_pin_and_the_same_end() {
    let (world, user) = invited().await;
    let before = world.invitation_of(&user);
    world.wait(DAY);

    let done = ask(&world, &user).await;
    world.post().await;

    let mails = world.service.taken_for(&user.email);
    let after = world.invitation_of(&user);
    assert_eq!((done, mails.len()), (PinRequested::MailedAgain, 2));
    assert_eq!(pin_in(&mails[0].message), pin_in(&mails[1].message));
    assert_eq!(
        (after.issue, after.expires_at),
        (before.issue, before.expires_at)
    );
    assert_eq!(after.tries_left, before.tries_left);
}

#[tokio::test]
async fn an_expired_or_locked_issue_becomes_a_new_one_under_the_same_terms() {
    for locked in [true, false] {
        let (world, user) = invited().await;
        let before = world.invitation_of(&user);
        if locked {
            set_state(&world, &user, InvitationState::Locked);
        } else {
            world.wait(DAY * 7);
        }

        let done = ask(&world, &user).await;
        world.post().await;

        let after = world.invitation_of(&user);
        let mail = world.service.taken_for(&user.email).pop().unwrap();
        assert_eq!(done, PinRequested::Renewed);
        assert_eq!(after.issue, before.issue.next());
        assert_eq!((after.batch, after.renewals), (before.batch, 1));
        assert_eq!(after.ownership, Ownership::CompanyOwned);
        assert_eq!(after.invited_by, before.invited_by);
        assert_ne!(after.nonce, before.nonce);
        let pin = pin_in(&mail.message).unwrap();
        assert!(world.show_pin(&user.email, &pin).await.is_ok());
    }
}

#[tokio::test]
async fn a_batch_is_renewed_three_times_and_a_new_batch_counts_anew() {
    let (world, user) = invited().await;
    let mut done = Vec::new();
    for _ in 0..4 {
        set_state(&world, &user, InvitationState::Locked);
        done.push(ask(&world, &user).await);
    }
    let latest = world.invitation_of(&user).issue;
    world.invite(&[&user]).await;
    set_state(&world, &user, InvitationState::Locked);
    let after_a_new_batch = ask(&world, &user).await;

    assert_eq!(done[..3], [PinRequested::Renewed; 3]);
    assert_eq!(done[3], PinRequested::Nothing);
    assert_eq!(latest, IssueNumber::from_number(4));
    assert_eq!(after_a_new_batch, PinRequested::Renewed);
}

#[tokio::test]
async fn never_from_none_nor_against_an_end_that_somebody_chose() {
    for state in [
        InvitationState::None,
        InvitationState::Completed,
        InvitationState::Cancelled,
        InvitationState::Declined,
    ] {
        let world = World::new();
        let user = if state == InvitationState::None {
            a_user()
        } else {
            a_user().with(an_invitation().in_state(state))
        };
        let user = world.with(user);

        let done = ask(&world, &user).await;

        assert_eq!(done, PinRequested::Nothing, "{state:?}");
        assert_eq!(world.now_of(&user), user);
        assert!(world.store.all_mails().is_empty());
    }
}

#[tokio::test]
async fn who_is_unknown_disabled_or_marked_or_has_no_pin_gets_nothing() {
    let world = World::new();
    let by_link = a_user().with(an_invitation().by(Method::QrCode));
    let unknown = a_user().build();
    let disabled = world.with(a_user().with(an_invitation()).disabled());
    let marked = a_user()
        .with(an_invitation())
        .marked(AddressSuppression::HardBounced);
    let (marked, by_link) = (world.with(marked), world.with(by_link));

    for user in [&unknown, &disabled, &marked, &by_link] {
        assert_eq!(ask(&world, user).await, PinRequested::Nothing);
    }
    assert!(world.store.all_mails().is_empty());
}

#[tokio::test]
async fn where_asking_is_switched_off_nothing_is_mailed() {
    let mut under = settings().build();
    under.registration.allow_pin_request = false;
    let world = World::under(&under);
    let user = world.with(a_user().with(an_invitation()));

    assert_eq!(ask(&world, &user).await, PinRequested::Nothing);
}

#[tokio::test]
async fn whatever_is_asked_five_mails_a_day_go_to_one_address() {
    let (world, user) = invited().await;

    let mut done = Vec::new();
    for _ in 0..7 {
        done.push(ask(&world, &user).await);
    }
    world.wait(DAY);
    let next_day = ask(&world, &user).await;

    let mailed = done
        .iter()
        .filter(|done| **done == PinRequested::MailedAgain);
    assert_eq!(mailed.count(), 5);
    assert_eq!(done[5..], [PinRequested::Nothing; 2]);
    assert_eq!(next_day, PinRequested::MailedAgain);
}

#[tokio::test]
async fn ten_who_ask_at_once_get_five_mails_between_them() {
    let (world, user) = invited().await;
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (world, at) = (world.clone(), user.email.clone());
        requests.spawn(async move { world.request_pin().run(&at).await.unwrap() });
    }

    let done = requests.join_all().await;

    let mailed = done
        .iter()
        .filter(|done| **done == PinRequested::MailedAgain);
    assert_eq!(mailed.count(), 5);
    assert_eq!(world.store.mails_of(user.id).len(), 6);
}

#[tokio::test]
async fn what_is_cancelled_meanwhile_is_not_mailed() {
    let (world, user) = invited().await;
    let id = user.id;
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| {
            user.invitation.as_mut().unwrap().state = InvitationState::Cancelled;
        });
    });

    let done = ask(&world, &user).await;

    assert_eq!(done, PinRequested::Nothing);
    assert_eq!(world.store.mails_of(user.id).len(), 1);
}

#[tokio::test]
async fn nothing_is_mailed_to_a_domain_that_may_not_be_invited() {
    let world = World::new();
    let user = a_user()
        .at("ann@elsewhere.example")
        .with(an_invitation().in_state(InvitationState::Expired));
    let user = world.with(user);

    let done = ask(&world, &user).await;
    world.post().await;

    assert_eq!(done, PinRequested::Nothing);
    assert!(world.store.all_mails().is_empty());
}
