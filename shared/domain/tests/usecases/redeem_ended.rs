//! Redeeming what has ended, and sessions beside one another: who is told what, and how many.

use beckon_domain::model::invitation::InvitationState;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::redeem::{Ended, RedeemRefused};
use beckon_domain::values::session_ids::RegistrationId;
use beckon_testkit::Call;
use beckon_testkit::builders::an_administrator;
use jiff::SignedDuration;

use crate::redemptions::{does_not_fit, guess, invited, set_state, show_right};

#[tokio::test]
async fn only_who_shows_the_right_secret_of_an_ended_issue_is_told_what_became_of_it() {
    for (state, told) in [
        (InvitationState::Expired, Some(Ended::Expired)),
        (InvitationState::Completed, Some(Ended::Used)),
        (InvitationState::Cancelled, Some(Ended::Cancelled)),
        // Whoever said "this was not me" is not to be told more.
        (InvitationState::Declined, None),
    ] {
        let (world, user) = invited().await;
        set_state(&world, &user, state);
        let as_it_is = world.now_of(&user);

        let by_pin = show_right(&world, &user).await;
        let by_token = world.show_token(&world.token_of(&user)).await;
        let by_guess = guess(&world, &user).await;

        for result in [by_pin, by_token] {
            match (result, told) {
                (Err(RedeemRefused::Ended(ended)), Some(told)) => assert_eq!(ended, told),
                (Err(RedeemRefused::DoesNotFit), None) => {}
                (other, _) => panic!("{state:?}: {other:?}"),
            }
        }
        assert!(does_not_fit(&by_guess), "{state:?}");
        let now = world.now_of(&user).invitation.unwrap();
        let costs = u8::from(state == InvitationState::Cancelled);
        let before = as_it_is.invitation.unwrap();
        assert_eq!(now.tries_left, before.tries_left - costs, "{state:?}");
        assert_eq!((now.state, now.sessions), (state, before.sessions));
    }
}

/// What is cancelled may be given back, with the PIN it had.
#[tokio::test]
async fn the_pin_of_a_cancelled_invitation_is_not_guessed_while_nobody_counts() {
    let (world, user) = invited().await;
    let change = |change| {
        let (world, id) = (world.clone(), user.id);
        async move {
            let use_case = world.change_invitation();
            use_case.run(id, change, &an_administrator()).await.unwrap()
        }
    };
    change(InvitationChange::Cancel).await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (world, user) = (world.clone(), user.clone());
        guesses.spawn(async move { guess(&world, &user).await });
    }
    let answers = guesses.join_all().await;
    assert!(answers.iter().all(does_not_fit));

    let told = show_right(&world, &user).await;
    let restored = change(InvitationChange::Restore).await;
    let opened = show_right(&world, &user).await;

    assert!(does_not_fit(&told) && does_not_fit(&opened));
    assert_eq!(restored.invitation.unwrap().state, InvitationState::Locked);
}

/// The last try is out while an administrator gives the invitation back: it looks locked to them.
#[tokio::test]
async fn the_right_pin_of_a_cancelled_invitation_leaves_it_open_whenever_it_is_given_back() {
    let (world, user) = invited().await;
    let id = user.id;
    world.store.change_user(id, |user| {
        let invitation = user.invitation.as_mut().unwrap();
        (invitation.state, invitation.tries_left) = (InvitationState::Cancelled, 1);
    });
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| {
            user.invitation.as_mut().unwrap().state = InvitationState::Locked;
        });
    });

    let told = show_right(&world, &user).await;

    assert!(matches!(told, Err(RedeemRefused::Ended(Ended::Cancelled))));
    let after = world.invitation_of(&user);
    assert_eq!(
        (after.state, after.tries_left),
        (InvitationState::Pending, 1)
    );
    assert!(show_right(&world, &user).await.is_ok());
}

#[tokio::test]
async fn a_guess_at_a_cancelled_invitation_is_missing_when_it_is_given_back_and_the_right_pin_is_not()
 {
    let (world, user) = invited().await;
    let cancel = world.change_invitation();
    let cancelled = cancel
        .run(user.id, InvitationChange::Cancel, &an_administrator())
        .await;
    assert!(cancelled.is_ok());
    assert!(does_not_fit(&guess(&world, &user).await));
    for _ in 0..9 {
        let told = show_right(&world, &user).await;
        assert!(matches!(told, Err(RedeemRefused::Ended(Ended::Cancelled))));
    }

    assert_eq!(world.invitation_of(&user).tries_left, 4);
}

#[tokio::test]
async fn an_invitation_ends_at_its_time_before_maintenance_has_come_by() {
    let (world, user) = invited().await;
    world.wait(SignedDuration::from_hours(168));

    let right = show_right(&world, &user).await;
    let wrong = guess(&world, &user).await;

    assert!(matches!(right, Err(RedeemRefused::Ended(Ended::Expired))));
    assert!(does_not_fit(&wrong));
    assert_eq!(world.invitation_of(&user).tries_left, 5);
}

#[tokio::test]
async fn at_most_three_sessions_are_open_at_a_time() {
    let (world, user) = invited().await;
    for _ in 0..3 {
        show_right(&world, &user).await.unwrap();
        world.wait(SignedDuration::from_mins(1));
    }

    let fourth = show_right(&world, &user).await;
    let tries_left = world.invitation_of(&user).tries_left;
    let Err(RedeemRefused::TooManySessions { until }) = fourth else {
        panic!("a fourth session was opened");
    };
    world.clock.set(until);
    let later = show_right(&world, &user).await;

    assert_eq!(tries_left, 5, "the PIN was right");
    assert!(later.is_ok());
    assert!(world.invitation_of(&user).sessions.len() <= 3);
}

#[tokio::test]
async fn three_sessions_are_the_most_even_if_ten_are_asked_for_at_once() {
    let (world, user) = invited().await;
    let token = world.token_of(&user);
    let mut redemptions = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (world, token) = (world.clone(), token.clone());
        redemptions.spawn(async move { world.show_token(&token).await });
    }

    let results = redemptions.join_all().await;

    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    assert_eq!(world.store.all_sessions().len(), 3);
}

#[tokio::test]
async fn what_is_cancelled_while_the_pin_is_compared_opens_no_session() {
    let (world, user) = invited().await;
    let id = user.id;
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| {
            user.invitation.as_mut().unwrap().state = InvitationState::Cancelled;
        });
    });

    let result = show_right(&world, &user).await;

    assert!(matches!(
        result,
        Err(RedeemRefused::Ended(Ended::Cancelled))
    ));
    assert!(world.store.all_sessions().is_empty());
}

#[tokio::test]
async fn who_is_disabled_while_the_pin_is_compared_opens_no_session() {
    let (world, user) = invited().await;
    let id = user.id;
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| user.enabled = false);
    });

    let result = show_right(&world, &user).await;

    assert!(does_not_fit(&result));
    assert!(world.store.all_sessions().is_empty());
}

#[tokio::test]
async fn a_failing_table_or_key_is_unavailable_and_never_a_wrong_pin() {
    for calls in 0..4 {
        let (world, user) = invited().await;
        let pin = world.pin_of(&user);
        world.store.go_down_after(calls);

        let result = world.show_pin(&user.email, &pin).await;

        assert!(
            matches!(result, Err(RedeemRefused::Unavailable(_))),
            "{calls}"
        );
        assert!(world.store.all_sessions().is_empty());
    }
    let (world, user) = invited().await;
    let pin = world.pin_of(&user);
    world.keys.lose();
    let result = world.show_pin(&user.email, &pin).await;
    assert!(matches!(result, Err(RedeemRefused::Unavailable(_))));
}

#[tokio::test]
async fn the_id_of_a_session_is_stored_nowhere() {
    let (world, user) = invited().await;

    let redeemed = show_right(&world, &user).await.unwrap();

    let id = redeemed.registration_id.expose();
    assert!(RegistrationId::parse(id).is_some());
    let rows = format!("{:?} {:?}", world.store.all_sessions(), world.now_of(&user));
    assert!(!rows.contains(id));
}
