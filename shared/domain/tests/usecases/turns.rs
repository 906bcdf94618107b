//! The turns of a change that others overtake: they are counted, and those who collide part.

use beckon_domain::model::registration::{DeviceRegistered, Registrant};
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::entropy::Entropy as _;
use beckon_domain::ports::env::Env as _;
use beckon_domain::ports::turns::Turns;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::change_user::UserPatch;
use beckon_domain::values::token::TokenPurpose;
use beckon_testkit::World;
use beckon_testkit::builders::{a_device, a_user, an_administrator};
use jiff::SignedDuration;

#[tokio::test]
async fn the_second_turn_begins_at_once_and_later_ones_after_a_while() {
    let world = World::new();
    let mut turns = Turns::new(&world, "stopping a batch");
    let began = world.clock().now();

    turns.another().await.expect("a second turn");
    let second = world.clock().now();
    for _ in 0..5 {
        turns.another().await.expect("a further turn");
    }
    let seventh = world.clock().now();

    assert_eq!(second, began);
    assert!(began < seventh);
    assert!(seventh.duration_since(began) < SignedDuration::from_secs(1));
}

#[tokio::test]
async fn two_who_collided_do_not_wait_equally_long() {
    let (one, other) = (World::new(), World::new());
    other.entropy().nonce();
    let mut waited = Vec::new();
    for world in [&one, &other] {
        let began = world.clock().now();
        let mut turns = Turns::new(world, "stopping a batch");
        turns.another().await.expect("a second turn");
        turns.another().await.expect("a third turn");
        waited.push(world.clock().now().duration_since(began));
    }

    assert_ne!(waited[0], waited[1]);
}

#[tokio::test]
async fn the_last_turn_is_followed_by_an_error_that_says_what_was_tried() {
    let world = World::new();
    let mut turns = Turns::new(&world, "stopping a batch");
    for _ in 1..12 {
        turns.another().await.expect("a further turn");
    }

    let error = turns.another().await.expect_err("there are twelve turns");

    assert_eq!(error.what, "the table");
    assert_eq!(
        error.source.to_string(),
        "stopping a batch was tried 12 times, and each time somebody else wrote first"
    );
}

#[tokio::test]
async fn what_must_outlast_guessers_outlasts_a_hundred_who_write_twice() {
    let world = World::new();
    let mut turns = Turns::among_guessers(&world, "locking an invitation");
    let began = world.clock().now();

    for _ in 0..2 * 99 {
        turns.another().await.expect("a further turn");
    }

    let waited = world.clock().now().duration_since(began);
    assert!(waited < SignedDuration::from_secs(29), "{waited:?}");
}

/// What an answer says, if it is an error.
fn said<T, E: std::fmt::Debug>(answer: Result<T, E>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

#[tokio::test]
async fn who_is_overtaken_every_time_is_told_that_the_table_is_unavailable() {
    let world = World::new();
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    let token = world.token_for(&user, TokenPurpose::Decline);
    let who = an_administrator();
    let patch = UserPatch {
        display_name: Some("Another name".to_owned()),
        ..UserPatch::default()
    };
    let report = DeviceRegistered {
        registrants: vec![Registrant::User(user.id)],
        device: a_device("a-device"),
        registered_at: None,
    };
    world.store.conflict_next(u64::MAX);

    let answers = [
        said(world.change_user().run(user.id, &patch, &who).await),
        said(world.delete_user().run(user.id, &who).await),
        said(
            world
                .change_invitation()
                .run(user.id, InvitationChange::Cancel, &who)
                .await,
        ),
        said(world.confirm().run(&report).await),
        said(world.decline().run(&token).await),
        said(world.hand_over().run(user.id, "At the desk", &who).await),
        said(world.request_pin().run(&user.email).await),
        said(world.show_pin(&user.email, &world.pin_of(&user)).await),
        said(world.stop_batch().run(batch, &who).await),
    ];

    for answer in answers {
        assert!(
            answer.contains("each time somebody else wrote first"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn the_try_of_a_right_pin_comes_back_however_many_guess_meanwhile() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let tries = world.invitation_of(&user).tries_left;
    world.store.conflict_next(2 * 99);

    let redeemed = world.show_pin(&user.email, &world.pin_of(&user)).await;

    assert!(redeemed.is_ok());
    assert_eq!(world.invitation_of(&user).tries_left, tries);
}
