//! Redeeming: what opens a session, what does not, and what is told to whom.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::ownership::{Ownership, OwnershipChoice};
use beckon_domain::model::session::SESSION_TTL;
use beckon_domain::model::settings::enrolment::{EnrolmentAddress, EnrolmentStep, EnrolmentUrl};
use beckon_domain::model::user::User;
use beckon_domain::rules::enrolment::NextStep;
use beckon_domain::rules::issuing::SAME_AGAIN;
use beckon_domain::usecases::redeem::{RedeemRefused, Redemption, RedemptionDevice};
use beckon_domain::values::method::Method;
use beckon_domain::values::token::TokenPurpose;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, settings};
use jiff::SignedDuration;

use crate::redemptions::{does_not_fit, guess, invited, show_right};

fn times_locked(world: &World, user: &User) -> usize {
    let rows = world.store.history(user.id);
    rows.iter()
        .filter(|row| matches!(row.what, HistoryEvent::InvitationLocked { .. }))
        .count()
}

#[tokio::test]
async fn the_right_pin_opens_a_session_for_a_quarter_of_an_hour() {
    let world = World::new();
    let user = world.with(a_user());
    world
        .invite_choosing(&[&user], OwnershipChoice::CompanyOwned)
        .await;

    let redeemed = show_right(&world, &user).await.unwrap();

    let now = world.wait(SignedDuration::ZERO);
    let sessions = world.store.all_sessions();
    assert_eq!(
        (redeemed.method, redeemed.ownership),
        (Method::Pin, Ownership::CompanyOwned)
    );
    assert_eq!(redeemed.expires_at, now + SESSION_TTL);
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].digest, redeemed.registration_id.digest());
    assert_eq!(
        (sessions[0].user, sessions[0].expires_at),
        (user.id, redeemed.expires_at)
    );
    let last = world.store.history(user.id).pop().unwrap();
    assert!(matches!(last.what, HistoryEvent::InvitationRedeemed { .. }));
}

#[tokio::test]
async fn the_address_is_taken_in_any_case_and_the_pin_in_any_grouping() {
    let (world, user) = invited().await;
    let pin = world.pin_of(&user);
    let redemption = Redemption {
        email: Some(format!(" {} ", user.email.as_str().to_uppercase())),
        pin: Some(format!("{} - {}", &pin[..4], &pin[4..])),
        ..Redemption::default()
    };

    assert!(world.redeem().run(&redemption, None).await.is_ok());
}

#[tokio::test]
async fn a_redemption_leads_on_to_the_device_management() {
    let mut under = settings().build();
    under.enrolment = vec![EnrolmentAddress {
        platform: Some("ios".to_owned()),
        ownership: None,
        group: None,
        token: None,
        step: EnrolmentStep::Url(
            EnrolmentUrl::parse("https://mdm.example.com/?s={registrationId}").unwrap(),
        ),
    }];
    let world = World::under(&under);
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let redemption = Redemption {
        email: Some(user.email.as_str().to_owned()),
        pin: Some(world.pin_of(&user)),
        token: None,
        device: Some(RedemptionDevice {
            id: Some("device-1".to_owned()),
            platform: Some("iOS".to_owned()),
        }),
        ownership: None,
    };

    let redeemed = world.redeem().run(&redemption, None).await.unwrap();

    let id = redeemed.registration_id.expose();
    let expected = format!("https://mdm.example.com/?s={id}");
    assert_eq!(redeemed.next_step, Some(NextStep::Open(expected)));
    let named = world.store.all_sessions()[0].named.clone().unwrap();
    assert_eq!(named.platform.as_deref(), Some("ios"));
}

#[tokio::test]
async fn what_is_not_well_formed_is_named_and_costs_no_try() {
    let (world, user) = invited().await;
    let text = |text: &str| Some(text.to_owned());
    let address = text(user.email.as_str());
    for (redemption, field) in [
        (Redemption::default(), ""),
        (
            Redemption {
                email: address.clone(),
                ..Redemption::default()
            },
            "pin",
        ),
        (
            Redemption {
                pin: text("1234"),
                ..Redemption::default()
            },
            "email",
        ),
        (
            Redemption {
                email: address.clone(),
                pin: text(" "),
                ..Redemption::default()
            },
            "pin",
        ),
        (
            Redemption {
                email: text("nobody"),
                pin: text("1234"),
                ..Redemption::default()
            },
            "email",
        ),
        (
            Redemption {
                email: address,
                token: text("abc"),
                ..Redemption::default()
            },
            "token",
        ),
    ] {
        match world.redeem().run(&redemption, None).await {
            Err(RedeemRefused::Invalid(problems)) => assert_eq!(problems[0].field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    assert_eq!(world.invitation_of(&user).tries_left, 5);
}

#[tokio::test]
async fn the_right_pin_gives_its_try_back_and_a_wrong_one_does_not() {
    let (world, user) = invited().await;

    let wrong = guess(&world, &user).await;
    let after_wrong = world.invitation_of(&user).tries_left;
    show_right(&world, &user).await.unwrap();

    assert!(does_not_fit(&wrong));
    assert_eq!(after_wrong, 4);
    assert_eq!(world.invitation_of(&user).tries_left, 4);
}

#[tokio::test]
async fn the_right_pin_as_the_last_try_is_accepted_and_gives_the_try_back() {
    let (world, user) = invited().await;
    for _ in 0..4 {
        guess(&world, &user).await.unwrap_err();
    }

    let redeemed = show_right(&world, &user).await;

    let invitation = world.invitation_of(&user);
    assert!(redeemed.is_ok());
    assert_eq!(
        (invitation.tries_left, invitation.state),
        (1, InvitationState::Pending)
    );
    assert_eq!(times_locked(&world, &user), 0);
}

#[tokio::test]
async fn five_wrong_pins_lock_the_issue_and_then_right_and_wrong_are_refused_alike() {
    let (world, user) = invited().await;
    for _ in 0..5 {
        assert!(does_not_fit(&guess(&world, &user).await));
    }

    let (right, wrong) = (show_right(&world, &user).await, guess(&world, &user).await);

    let invitation = world.invitation_of(&user);
    assert!(does_not_fit(&right) && does_not_fit(&wrong));
    assert_eq!(
        (invitation.tries_left, invitation.state),
        (0, InvitationState::Locked)
    );
    assert_eq!(times_locked(&world, &user), 1);
    assert!(world.store.all_sessions().is_empty());
    assert!(
        world.now_of(&user).enabled,
        "the issue is locked, never the person"
    );
}

#[tokio::test]
async fn the_link_of_a_locked_issue_still_works() {
    let (world, user) = invited().await;
    for _ in 0..5 {
        guess(&world, &user).await.unwrap_err();
    }

    let redeemed = world.show_token(&world.token_of(&user)).await;

    assert!(redeemed.is_ok());
    assert_eq!(world.invitation_of(&user).state, InvitationState::Locked);
    assert!(does_not_fit(&show_right(&world, &user).await));
}

#[tokio::test]
async fn a_hundred_wrong_guesses_at_once_lock_the_issue_once_after_five() {
    let (world, user) = invited().await;
    let pin = world.wrong_pin_of(&user);
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (world, at, pin) = (world.clone(), user.email.clone(), pin.clone());
        guesses.spawn(async move { world.show_pin(&at, &pin).await });
    }

    let results = guesses.join_all().await;

    let invitation = world.invitation_of(&user);
    assert!(results.iter().all(does_not_fit));
    assert_eq!(
        (invitation.tries_left, invitation.state),
        (0, InvitationState::Locked)
    );
    assert_eq!(times_locked(&world, &user), 1);
}

#[tokio::test]
async fn guesses_at_the_same_time_do_not_keep_the_right_pin_out_while_tries_are_left() {
    let (world, user) = invited().await;
    let (right, wrong) = (world.pin_of(&user), world.wrong_pin_of(&user));

    let (redeemed, first, second) = tokio::join!(
        world.show_pin(&user.email, &right),
        world.show_pin(&user.email, &wrong),
        world.show_pin(&user.email, &wrong),
    );

    assert!(redeemed.is_ok());
    assert!(does_not_fit(&first) && does_not_fit(&second));
    assert_eq!(world.invitation_of(&user).tries_left, 3);
}

#[tokio::test]
async fn who_is_unknown_disabled_or_never_invited_is_refused_like_a_wrong_pin() {
    let (world, user) = invited().await;
    let never_invited = world.with(a_user());
    let unknown = a_user().build();
    let pin = world.pin_of(&user);
    world
        .store
        .change_user(user.id, |user| user.enabled = false);

    for other in [&user, &never_invited, &unknown] {
        assert!(does_not_fit(&world.show_pin(&other.email, &pin).await));
    }
    assert!(does_not_fit(
        &world.show_token(&world.token_of(&user)).await
    ));
}

#[tokio::test]
async fn another_person_s_pin_is_wrong_and_costs_a_try() {
    let world = World::new();
    let (ann, bea) = (world.with(a_user()), world.with(a_user()));
    world.invite(&[&ann, &bea]).await;

    let result = world.show_pin(&ann.email, &world.pin_of(&bea)).await;

    assert!(does_not_fit(&result));
    assert_eq!(world.invitation_of(&ann).tries_left, 4);
    assert_eq!(world.invitation_of(&bea).tries_left, 5);
}

#[tokio::test]
async fn a_token_opens_its_own_issue_for_its_own_purpose_alone() {
    let world = World::under(&settings().method(Method::QrCode).build());
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let old = world.token_of(&user);
    world.clock.advance(SAME_AGAIN);
    world.invite(&[&user]).await;
    let (new, decline) = (
        world.token_of(&user),
        world.token_for(&user, TokenPurpose::Decline),
    );

    for token in [&old, &decline, &"x".repeat(48), &String::new()] {
        assert!(does_not_fit(&world.show_token(token).await));
    }
    let redeemed = world.show_token(&new).await.unwrap();

    assert_eq!(redeemed.method, Method::QrCode);
}

#[tokio::test]
async fn a_method_without_a_pin_has_none_that_could_be_guessed() {
    let world = World::under(&settings().method(Method::QrCode).build());
    let user = world.with(a_user());
    world.invite(&[&user]).await;

    let result = world.show_pin(&user.email, &world.pin_of(&user)).await;

    assert!(does_not_fit(&result));
}

#[tokio::test]
async fn an_issue_stays_good_when_the_key_for_new_ones_changes() {
    let (world, user) = invited().await;
    let pin = world.pin_of(&user);
    world.keys.rotate(&["k1", "k2"], "k2");

    let with_old_key = world.show_pin(&user.email, &pin).await;
    world.keys.rotate(&["k2"], "k2");
    let without_it = world.show_pin(&user.email, &pin).await;

    assert!(with_old_key.is_ok());
    assert!(does_not_fit(&without_it));
}

#[tokio::test]
async fn a_link_gives_no_try_back_that_no_pin_took() {
    let (world, user) = invited().await;
    guess(&world, &user).await.unwrap_err();

    world.show_token(&world.token_of(&user)).await.unwrap();

    assert_eq!(world.invitation_of(&user).tries_left, 4);
}

#[tokio::test]
async fn half_a_pin_opens_nothing_and_costs_no_try() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let pin = world.pin_of(&user);

    for slip in [&pin[..4], &format!("{pin}0"), "0"] {
        let refused = world.show_pin(&user.email, slip).await;

        assert!(matches!(refused, Err(RedeemRefused::DoesNotFit)), "{slip}");
    }
    assert_eq!(world.invitation_of(&user).tries_left, 5);
    assert!(world.show_pin(&user.email, &pin).await.is_ok());
}
