//! The budget of wrong tries that each source has.

use std::net::IpAddr;

use beckon_domain::model::user::User;
use beckon_domain::usecases::redeem::{RedeemRefused, Redeemed, Redemption, Source};
use beckon_testkit::World;
use beckon_testkit::builders::a_user;
use jiff::SignedDuration;

async fn invited() -> (World, User) {
    let mut world = World::new();
    world.budget = 3;
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    (world, user)
}

fn from(address: &str) -> Source {
    Source::of(address.parse::<IpAddr>().unwrap())
}

async fn show(
    world: &World,
    user: &User,
    pin: &str,
    source: Option<&Source>,
) -> Result<Redeemed, RedeemRefused> {
    let redemption = Redemption {
        email: Some(user.email.as_str().to_owned()),
        pin: Some(pin.to_owned()),
        ..Redemption::default()
    };
    world.redeem().run(&redemption, source).await
}

/// Spends the whole budget of a source on people nobody knows.
async fn spend(world: &World, source: &Source) {
    for _ in 0..3 {
        let unknown = a_user().build();
        let result = show(world, &unknown, "12345678", Some(source)).await;
        assert!(matches!(result, Err(RedeemRefused::DoesNotFit)));
    }
}

#[tokio::test]
async fn a_source_that_has_spent_its_wrong_tries_may_not_even_try_and_takes_none() {
    let (world, user) = invited().await;
    let source = from("192.0.2.1");
    spend(&world, &source).await;

    let wrong = show(&world, &user, &world.wrong_pin_of(&user), Some(&source)).await;
    let right = show(&world, &user, &world.pin_of(&user), Some(&source)).await;

    for result in [wrong, right] {
        assert!(matches!(result, Err(RedeemRefused::SourceSpent)));
    }
    assert_eq!(world.invitation_of(&user).tries_left, 5);
}

#[tokio::test]
async fn other_sources_and_trusted_callers_are_not_held_up() {
    let (world, user) = invited().await;
    spend(&world, &from("192.0.2.1")).await;
    let pin = world.pin_of(&user);

    let other = show(&world, &user, &pin, Some(&from("192.0.2.2"))).await;
    let trusted = show(&world, &user, &pin, None).await;

    assert!(other.is_ok() && trusted.is_ok());
}

#[tokio::test]
async fn a_household_is_one_source_whatever_address_it_uses() {
    let (world, user) = invited().await;
    spend(&world, &from("2001:db8:1:2::1")).await;
    spend(&world, &from("192.0.2.1")).await;
    let pin = world.pin_of(&user);

    for (address, spent) in [
        ("2001:db8:1:2:ffff::9", true),
        ("2001:db8:1:3::1", false),
        ("::ffff:192.0.2.1", true),
    ] {
        let result = show(&world, &user, &pin, Some(&from(address))).await;
        assert_eq!(result.is_err(), spent, "{address}");
    }
}

#[tokio::test]
async fn the_right_pin_spends_nothing() {
    let (world, user) = invited().await;
    let source = from("192.0.2.1");
    for _ in 0..3 {
        show(&world, &user, &world.pin_of(&user), Some(&source))
            .await
            .unwrap();
        world.wait(SignedDuration::from_mins(16));
    }

    assert!(
        show(&world, &user, &world.pin_of(&user), Some(&source))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn after_an_hour_a_source_may_try_again() {
    let (world, user) = invited().await;
    let source = from("192.0.2.1");
    spend(&world, &source).await;

    world.wait(SignedDuration::from_mins(61));

    assert!(
        show(&world, &user, &world.pin_of(&user), Some(&source))
            .await
            .is_ok()
    );
}
