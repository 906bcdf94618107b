//! The settings: one document, versioned.

use beckon_domain::model::settings::{SavedSettings, Settings, SettingsStamp, UNSAVED};
use beckon_domain::ports::error::SaveError;
use beckon_domain::values::ids::Version;
use beckon_domain::values::method::Method;
use beckon_domain::values::names::Label;

use super::{Store, at_once};
use crate::builders::{a_stamp, an_administrator, settings};

fn of_lifetime(hours: u32) -> Settings {
    settings().lifetime_hours(hours).build()
}

/// By name, too: a batch may have pinned them.
pub async fn the_defaults_are_version_zero_until_somebody_saves<S: Store>(store: S) {
    let current = store.current_settings().await.unwrap();
    let by_version = store.settings_at(UNSAVED).await.unwrap();

    assert_eq!(current.version, UNSAVED);
    assert_eq!(by_version, Some(current));
}

/// A batch pins the version that its preview showed.
pub async fn saved_settings_hold_and_earlier_ones_stay_readable<S: Store>(store: S) {
    let defaults = store.current_settings().await.unwrap();
    let mut first = settings()
        .method(Method::QrCode)
        .confirming("staff")
        .inviting("other.example")
        .build();
    first.organisation.name = Some(Label::parse("Beispiel GmbH").unwrap());
    let second = of_lifetime(24);

    let one = store
        .save_settings(&first, UNSAVED, &a_stamp())
        .await
        .unwrap();
    let two = store
        .save_settings(&second, one.version, &a_stamp())
        .await
        .unwrap();

    assert_eq!(
        (one.version, two.version),
        (UNSAVED.next(), UNSAVED.next().next())
    );
    assert_eq!((&one.settings, &two.settings), (&first, &second));
    assert_eq!(store.current_settings().await.unwrap(), two);
    for earlier in [defaults, one, two] {
        let found = store.settings_at(earlier.version).await.unwrap();
        assert_eq!(found, Some(earlier));
    }
}

/// Neither before the first nor after the last.
pub async fn a_version_that_never_was_is_absent<S: Store>(store: S) {
    let one = store
        .save_settings(&of_lifetime(24), UNSAVED, &a_stamp())
        .await
        .unwrap();

    for version in [one.version.next(), Version::from_number(1_000_000)] {
        assert_eq!(store.settings_at(version).await.unwrap(), None);
    }
}

/// Nor those that never were.
pub async fn settings_that_changed_since_are_not_replaced<S: Store>(store: S) {
    let one = store
        .save_settings(&of_lifetime(24), UNSAVED, &a_stamp())
        .await
        .unwrap();

    for stale in [UNSAVED, one.version.next()] {
        let result = store
            .save_settings(&of_lifetime(48), stale, &a_stamp())
            .await;
        assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    }
    let after = one.version.next();
    assert_eq!(store.settings_at(after).await.unwrap(), None);
    assert_eq!(store.current_settings().await.unwrap(), one);
}

/// The others are told, and what holds is what the one was told.
pub async fn of_many_who_change_the_settings_at_once_one_does<S: Store>(store: S) {
    let results = at_once(8, |number| {
        let store = store.clone();
        let wanted = of_lifetime(u32::try_from(number).unwrap() + 1);
        async move { store.save_settings(&wanted, UNSAVED, &a_stamp()).await }
    })
    .await;

    let (saved, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let all_told = refused
        .iter()
        .all(|result| matches!(result, Err(SaveError::Conflict)));
    assert_eq!(saved.len(), 1);
    assert!(all_told, "{refused:?}");
    let current = store.current_settings().await.unwrap();
    assert_eq!(Some(&current), saved[0].as_ref().ok());
}

/// Who saved them and when is kept with each; a page ends where it is told to.
pub async fn saved_settings_are_listed_newest_first_with_who_saved_them<S: Store>(store: S) {
    let mut expected = Vec::new();
    let mut before = UNSAVED;
    for hours in 1..=12 {
        let stamp = SettingsStamp {
            at: a_stamp().at + jiff::SignedDuration::from_hours(hours),
            by: an_administrator(),
        };
        let wanted = of_lifetime(u32::try_from(hours).unwrap());
        let saved = store.save_settings(&wanted, before, &stamp).await.unwrap();
        before = saved.version;
        expected.insert(
            0,
            SavedSettings {
                saved,
                stamp: Some(stamp),
            },
        );
    }

    let all = store.list_settings(None, 100).await.unwrap();
    let first = store.list_settings(None, 5).await.unwrap();
    let below = first.last().unwrap().saved.version;
    let second = store.list_settings(Some(below), 100).await.unwrap();

    assert_eq!(all, expected);
    assert_eq!([first, second].concat(), expected);
}

/// The defaults are nobody's change.
pub async fn before_anybody_saved_any_no_settings_are_listed<S: Store>(store: S) {
    assert_eq!(store.list_settings(None, 10).await.unwrap(), []);
}
