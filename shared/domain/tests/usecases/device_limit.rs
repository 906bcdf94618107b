//! How many devices somebody may have: what is registered beyond it is recorded, and completes and confirms nothing.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::registration::{Registration, RegistrationFlag, WhyNotCompleted};
use beckon_domain::model::settings::SettingsDraft;
use beckon_domain::model::user::User;
use beckon_domain::ports::settings::SettingsStore as _;
use beckon_domain::usecases::confirm_registration::Confirmed;
use beckon_domain::values::address::EmailAddress;
use beckon_testkit::World;
use beckon_testkit::builders::{a_device, a_user, an_administrator};
use jiff::SignedDuration;
use serde_json::json;

use crate::reports::{confirmations, happened, report};

/// A world in which everybody may have one device, and members of `field` two.
fn world() -> World {
    let draft = json!({
        "registration": { "deviceLimit": 1 },
        "confirmation": { "enabled": true, "distribution": { "everyone": true } },
        "groups": [{ "group": "field", "registration": { "deviceLimit": 2 } }],
    });
    let draft: SettingsDraft = serde_json::from_value(draft).unwrap();
    let from = EmailAddress::parse("beckon@example.com").unwrap();
    World::under(&draft.parse(&from).unwrap())
}

async fn invited(world: &World, user: &User) {
    world.invite(&[&world.now_of(user)]).await;
    world.wait(SignedDuration::from_hours(1));
}

fn device(world: &World, id: &str) -> Registration {
    let all = world.store.all_registrations();
    let mut named = all.into_iter().filter(|one| one.device.id.as_str() == id);
    named.next().unwrap()
}

fn state(world: &World, user: &User) -> InvitationState {
    world.invitation_of(user).state
}

#[tokio::test]
async fn a_device_beyond_the_limit_is_recorded_and_flagged_and_completes_and_confirms_nothing() {
    let world = world();
    let user = world.with(a_user());
    invited(&world, &user).await;
    report(&world, &user, a_device("phone")).await;
    invited(&world, &user).await;

    let second = report(&world, &user, a_device("tablet")).await;

    assert!(matches!(second, Confirmed::Recorded(_)));
    assert_eq!(world.now_of(&user).devices, 2);
    let tablet = device(&world, "tablet");
    assert_eq!(tablet.flags, [RegistrationFlag::BeyondDeviceLimit]);
    let why = tablet.not_completed.map(|left| left.why);
    assert_eq!(why, Some(WhyNotCompleted::BeyondDeviceLimit));
    assert_eq!(state(&world, &user), InvitationState::Pending);
    assert_eq!(confirmations(&world, &user), 1);
    let told = happened(&world, &user).into_iter().any(|what| {
        matches!(what, HistoryEvent::RegistrationConfirmed { device, flags, .. }
            if device.as_str() == "tablet" && flags == [RegistrationFlag::BeyondDeviceLimit])
    });
    assert!(told);
}

#[tokio::test]
async fn a_further_device_beyond_the_limit_confirms_nothing_though_no_invitation_waits() {
    let world = world();
    let user = world.with(a_user());
    invited(&world, &user).await;
    report(&world, &user, a_device("phone")).await;

    report(&world, &user, a_device("tablet")).await;

    assert_eq!(device(&world, "tablet").not_completed, None);
    assert_eq!(confirmations(&world, &user), 1);
}

#[tokio::test]
async fn a_device_that_is_known_and_enrols_again_completes_the_next_invitation_at_the_limit() {
    let world = world();
    let user = world.with(a_user());
    invited(&world, &user).await;
    report(&world, &user, a_device("phone")).await;
    invited(&world, &user).await;

    report(&world, &user, a_device("phone")).await;

    assert_eq!(device(&world, "phone").flags, []);
    assert_eq!(state(&world, &user), InvitationState::Completed);
    assert_eq!(world.now_of(&user).devices, 1);
}

#[tokio::test]
async fn the_limit_of_the_first_group_that_fits_holds() {
    let world = world();
    let user = world.with(a_user().in_group("field"));
    for id in ["phone", "tablet", "laptop"] {
        report(&world, &user, a_device(id)).await;
    }

    assert_eq!(device(&world, "tablet").flags, []);
    let beyond = [RegistrationFlag::BeyondDeviceLimit];
    assert_eq!(device(&world, "laptop").flags, beyond);
}

#[tokio::test]
async fn under_a_limit_that_was_raised_the_next_enrolment_of_a_flagged_device_counts() {
    let world = world();
    let user = world.with(a_user());
    report(&world, &user, a_device("phone")).await;
    report(&world, &user, a_device("tablet")).await;
    invited(&world, &user).await;
    let saved = world.store.current_settings().await.unwrap();
    let mut draft = SettingsDraft::from(saved.settings);
    draft.registration.device_limit = Some(0);
    let change = world.change_settings();
    let raised = change
        .run(draft, Some(saved.version), &an_administrator())
        .await;
    raised.unwrap();

    world.wait(SignedDuration::from_hours(1));
    report(&world, &user, a_device("tablet")).await;

    assert_eq!(device(&world, "tablet").flags, []);
    assert_eq!(state(&world, &user), InvitationState::Completed);
}
