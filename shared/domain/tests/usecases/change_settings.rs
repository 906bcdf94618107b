//! Reading and changing the settings.

use beckon_domain::model::settings::SettingsDraft;
use beckon_domain::usecases::change_settings::{ChangeSettingsRefused, SettingsView};
use beckon_domain::values::ids::Version;
use beckon_domain::values::method::Method;
use beckon_testkit::builders::{a_user, an_administrator, an_invitation, settings};
use beckon_testkit::{Call, World};

fn of_lifetime(hours: i64) -> SettingsDraft {
    let mut draft = SettingsDraft::default();
    draft.registration.lifetime_hours = Some(hours);
    draft
}

async fn change(
    world: &World,
    draft: SettingsDraft,
    expected: Option<Version>,
) -> Result<SettingsView, ChangeSettingsRefused> {
    let use_case = world.change_settings();
    use_case.run(draft, expected, &an_administrator()).await
}

#[tokio::test]
async fn before_anybody_has_saved_any_the_defaults_are_shown_as_version_zero() {
    let world = World::new();

    let view = world.change_settings().show().await.unwrap();

    assert_eq!(view.current.version, Version::from_number(0));
    assert_eq!(view.current.settings, settings().build());
}

#[tokio::test]
async fn what_was_shown_can_be_saved_as_it_is() {
    let world = World::new();
    let shown = world.change_settings().show().await.unwrap().current;

    let draft = SettingsDraft::from(shown.settings.clone());
    let saved = change(&world, draft, Some(shown.version)).await.unwrap();

    assert_eq!(saved.current.version, shown.version.next());
    assert_eq!(saved.current.settings, shown.settings);
}

#[tokio::test]
async fn who_expects_an_older_version_is_told_which_one_holds() {
    let world = World::new();
    let first = change(&world, of_lifetime(24), None).await.unwrap().current;

    let stale = change(&world, of_lifetime(48), Some(Version::from_number(0))).await;

    let Err(ChangeSettingsRefused::Stale { current }) = stale else {
        panic!("it was not refused");
    };
    assert_eq!(current, first.version);
    assert_eq!(world.store.settings(), first);
}

#[tokio::test]
async fn of_two_who_expect_the_same_version_at_once_one_is_told_so() {
    let world = World::new();
    let zero = Some(Version::from_number(0));

    let (one, two) = tokio::join!(
        change(&world, of_lifetime(24), zero),
        change(&world, of_lifetime(48), zero),
    );

    let stale = |result: &Result<_, _>| matches!(result, Err(ChangeSettingsRefused::Stale { .. }));
    assert_ne!(one.is_ok(), two.is_ok());
    assert!(stale(&one) || stale(&two));
}

#[tokio::test]
async fn who_expects_nothing_wins_over_whoever_wrote_meanwhile() {
    let world = World::new();
    world.store.before_next(Call::SaveSettings, |store| {
        store.put_settings(&settings().lifetime_hours(48).build());
    });

    let saved = change(&world, of_lifetime(24), None).await.unwrap().current;

    assert_eq!(saved.version, Version::from_number(2));
    assert_eq!(world.store.settings(), saved);
}

#[tokio::test]
async fn what_is_wrong_is_named_field_by_field_and_changes_nothing() {
    let world = World::new();
    let mut draft = of_lifetime(0);
    draft.registration.pin.length = Some(3);
    draft.locale = Some("klingon".to_owned());
    draft.sender.from = Some("nobody".to_owned());

    let result = change(&world, draft, None).await;

    let Err(ChangeSettingsRefused::Invalid(problems)) = result else {
        panic!("it was not refused");
    };
    let mut fields: Vec<&str> = problems
        .iter()
        .map(|problem| problem.field.as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "locale",
            "registration.lifetimeHours",
            "registration.pin.length",
            "sender.from"
        ]
    );
    assert_eq!(world.store.settings().version, Version::from_number(0));
}

#[tokio::test]
async fn a_policy_that_one_guesser_in_a_thousand_beats_is_refused() {
    for (length, tries, renewable, refused) in [
        (4, 10, false, false),
        (4, 10, true, true),
        (4, 2, true, false),
        (4, 3, true, true),
    ] {
        let world = World::new();
        let mut draft = SettingsDraft::default();
        draft.registration.pin.length = Some(length);
        draft.registration.pin.tries = Some(tries);
        draft.registration.allow_pin_request = Some(renewable);

        let result = change(&world, draft, None).await;

        assert_eq!(result.is_err(), refused, "{length} digits, {tries} tries");
    }
}

#[tokio::test]
async fn a_method_without_a_pin_is_not_measured_by_its_pin() {
    let world = World::new();
    let mut draft = SettingsDraft::default();
    draft.registration.method = Some(Method::QrCode);
    draft.registration.pin.length = Some(4);
    draft.registration.pin.tries = Some(10);

    assert!(change(&world, draft, None).await.is_ok());
}

#[tokio::test]
async fn the_view_counts_what_is_open_and_warns_of_what_a_guesser_can_expect() {
    let world = World::new();
    for _ in 0..30 {
        world.with(a_user().with(an_invitation()));
    }
    let mut draft = of_lifetime(24);
    draft.registration.pin.length = Some(4);
    draft.registration.pin.tries = Some(2);

    let view = change(&world, draft, None).await.unwrap();

    // 30 open ones at 2 tries of 10,000, counting three renewals: 0.024 hits.
    assert_eq!(view.guessing.open_invitations, 30);
    assert!((view.guessing.expected_hits - 0.024).abs() < 1e-4);
    assert_eq!(
        view.guessing.warnings.len(),
        2,
        "{:?}",
        view.guessing.warnings
    );
}

#[tokio::test]
async fn a_table_that_fails_is_unavailable() {
    for calls in 0..3 {
        let world = World::new();
        world.store.plan(calls, beckon_testkit::Fault::Refuse);

        let result = change(&world, of_lifetime(24), None).await;

        assert!(matches!(result, Err(ChangeSettingsRefused::Unavailable(_))));
    }
}

#[tokio::test]
async fn a_sender_at_another_domain_than_the_deployed_one_is_refused() {
    let world = World::new();
    let from = |text: &str| {
        let mut draft = SettingsDraft::default();
        draft.sender.from = Some(text.to_owned());
        draft
    };

    let other_domain = change(&world, from("it@example.net"), None).await;
    let below = change(&world, from("it@sub.example.com"), None).await;
    let same_domain = change(&world, from("it@EXAMPLE.com"), None).await;

    for refused in [other_domain, below] {
        let Err(ChangeSettingsRefused::Invalid(problems)) = refused else {
            panic!("it was not refused");
        };
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].field, "sender.from");
        assert!(problems[0].detail.contains("example.com"));
    }
    let sender = same_domain.unwrap().current.settings.sender;
    assert_eq!(sender.from.as_str(), "it@EXAMPLE.com");
}

#[tokio::test]
async fn a_version_from_before_it_was_kept_says_what_changed_and_not_who() {
    let world = World::new();
    world
        .store
        .put_settings(&settings().lifetime_hours(48).build());
    change(&world, of_lifetime(24), None).await.unwrap();

    let past = world.change_settings().history(None, 10).await.unwrap();

    let told: Vec<_> = past
        .items
        .iter()
        .map(|change| {
            (
                change.version.get(),
                change.stamp.clone().map(|stamp| stamp.by),
            )
        })
        .collect();
    assert_eq!(told, [(2, Some(an_administrator())), (1, None)]);
    let fields = past.items[1].changes.as_ref().unwrap();
    assert_eq!(fields[0].field, "registration.lifetimeHours");
    assert_eq!(past.next, None);
}

#[tokio::test]
async fn settings_that_were_saved_as_they_were_changed_nothing() {
    let world = World::new();
    change(&world, of_lifetime(24), None).await.unwrap();
    change(&world, of_lifetime(24), None).await.unwrap();

    let past = world.change_settings().history(None, 1).await.unwrap();

    assert_eq!(past.items.len(), 1);
    assert_eq!(past.items[0].changes.as_deref(), Some(&[][..]));
    assert_eq!(past.next, Some(Version::from_number(2)));
}
