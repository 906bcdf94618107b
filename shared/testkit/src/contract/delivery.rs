//! The one delivery worker at a time, and the pause of delivery.

use beckon_domain::model::delivery::Pause;
use beckon_domain::values::ids::RunId;
use jiff::{SignedDuration, Timestamp};

use super::{Store, at_once};
use crate::builders::monday_morning;
use crate::entropy::fresh_ulid;

const LEASE: SignedDuration = SignedDuration::from_secs(30);

fn a_run() -> RunId {
    RunId::new(fresh_ulid())
}

fn after_seconds(seconds: i64) -> Timestamp {
    monday_morning() + SignedDuration::from_secs(seconds)
}

async fn take(store: &impl Store, run: RunId, now: Timestamp) -> bool {
    store.take_lease(run, now, now + LEASE).await.unwrap()
}

/// Until the moment it ends.
pub async fn a_lease_is_held_by_one_run_until_it_ends<S: Store>(store: S) {
    let (first, second) = (a_run(), a_run());

    assert!(take(&store, first, after_seconds(0)).await);
    assert!(!take(&store, second, after_seconds(0)).await);
    assert!(!take(&store, second, after_seconds(29)).await);
    assert!(take(&store, second, after_seconds(30)).await);
}

/// From then on for its full length.
pub async fn a_run_renews_its_own_lease<S: Store>(store: S) {
    let (first, second) = (a_run(), a_run());

    assert!(take(&store, first, after_seconds(0)).await);
    assert!(take(&store, first, after_seconds(10)).await);
    assert!(!take(&store, second, after_seconds(35)).await);
    // Late, but nobody else came by.
    assert!(take(&store, first, after_seconds(100)).await);
    assert!(!take(&store, second, after_seconds(120)).await);
}

/// So it knows that it is one too many.
pub async fn a_run_that_lost_its_lease_does_not_get_it_back_from_who_holds_it<S: Store>(store: S) {
    let (first, second) = (a_run(), a_run());
    assert!(take(&store, first, after_seconds(0)).await);
    assert!(take(&store, second, after_seconds(31)).await);

    assert!(!take(&store, first, after_seconds(32)).await);
    assert!(take(&store, second, after_seconds(40)).await);
}

/// At once.
pub async fn a_lease_that_was_given_back_is_free<S: Store>(store: S) {
    let (first, second) = (a_run(), a_run());
    assert!(take(&store, first, after_seconds(0)).await);

    store.give_lease_back(first).await.unwrap();

    assert!(take(&store, second, after_seconds(1)).await);
}

/// Whoever gives back what it no longer holds does no harm, nor whoever never held it.
pub async fn a_lease_is_given_back_by_its_holder_alone<S: Store>(store: S) {
    let (first, second, third) = (a_run(), a_run(), a_run());
    store.give_lease_back(first).await.unwrap();
    assert!(take(&store, first, after_seconds(0)).await);
    assert!(take(&store, second, after_seconds(31)).await);

    store.give_lease_back(first).await.unwrap();
    store.give_lease_back(third).await.unwrap();

    assert!(!take(&store, third, after_seconds(32)).await);
}

/// Whether it is free or has run out.
pub async fn of_many_who_take_the_lease_at_once_one_holds_it<S: Store>(store: S) {
    for now in [after_seconds(0), after_seconds(60)] {
        let results = at_once(20, |_| {
            let store = store.clone();
            async move { take(&store, a_run(), now).await }
        })
        .await;

        assert_eq!(results.into_iter().filter(|taken| *taken).count(), 1);
    }
}

/// Past its end, too: whoever asks compares.
pub async fn a_pause_is_read_as_it_was_set_until_it_is_lifted<S: Store>(store: S) {
    let first = Pause {
        until: after_seconds(900),
        code: "dailyQuota".to_owned(),
        reason: "the daily quota of the mail account is used up".to_owned(),
    };
    let second = Pause {
        until: after_seconds(-900),
        code: "accountRefused".to_owned(),
        reason: "Email address is not verified".to_owned(),
    };

    assert_eq!(store.delivery_pause().await.unwrap(), None);
    for pause in [&first, &second] {
        store.set_delivery_pause(Some(pause)).await.unwrap();
        assert_eq!(store.delivery_pause().await.unwrap().as_ref(), Some(pause));
    }
    store.set_delivery_pause(None).await.unwrap();
    assert_eq!(store.delivery_pause().await.unwrap(), None);
    store.set_delivery_pause(None).await.unwrap();
}
