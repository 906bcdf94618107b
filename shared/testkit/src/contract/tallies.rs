//! Counts: wrong tries, bounces of a batch; and the pace of the delivery worker.

use std::collections::BTreeSet;

use beckon_domain::values::ids::{BatchId, MailId};
use jiff::{SignedDuration, Timestamp};

use super::{Store, at_once};
use crate::builders::monday_morning;
use crate::entropy::fresh_ulid;

fn a_name() -> String {
    format!("tally-{}", fresh_ulid())
}

fn after_minutes(minutes: i64) -> Timestamp {
    monday_morning() + SignedDuration::from_mins(minutes)
}

/// Neither an error nor shared with another.
pub async fn a_tally_that_nobody_began_is_nothing<S: Store>(store: S) {
    let (begun, other) = (a_name(), a_name());
    store
        .add_to_tally(&begun, after_minutes(0), after_minutes(60))
        .await
        .unwrap();

    assert_eq!(store.tally(&begun, after_minutes(1)).await.unwrap(), 1);
    assert_eq!(store.tally(&other, after_minutes(1)).await.unwrap(), 0);
}

/// Also those that begin it.
pub async fn of_many_who_add_to_a_tally_at_once_none_is_lost<S: Store>(store: S) {
    let name = a_name();

    at_once(40, |_| {
        let (store, name) = (store.clone(), name.clone());
        async move {
            let added = store.add_to_tally(&name, after_minutes(0), after_minutes(60));
            added.await.unwrap();
        }
    })
    .await;

    assert_eq!(store.tally(&name, after_minutes(1)).await.unwrap(), 40);
}

/// Or somebody who goes on trying would never get out.
pub async fn a_tally_ends_at_the_time_it_was_begun_for_however_much_is_added<S: Store>(store: S) {
    let name = a_name();
    for minutes in [0, 30, 59] {
        let now = after_minutes(minutes);
        store
            .add_to_tally(&name, now, after_minutes(minutes + 60))
            .await
            .unwrap();
    }

    let moment = SignedDuration::from_secs(1);
    let before = store.tally(&name, after_minutes(60) - moment).await;
    let after = store.tally(&name, after_minutes(60) + moment).await;

    assert_eq!(before.unwrap(), 3);
    assert_eq!(after.unwrap(), 0);
}

/// Also while the table has not come round to deleting it.
pub async fn a_tally_whose_time_is_over_begins_anew<S: Store>(store: S) {
    let name = a_name();
    for minutes in [0, 1, 61, 62] {
        let now = after_minutes(minutes);
        store
            .add_to_tally(&name, now, after_minutes(minutes + 60))
            .await
            .unwrap();
    }

    assert_eq!(store.tally(&name, after_minutes(63)).await.unwrap(), 2);
    assert_eq!(store.tally(&name, after_minutes(120)).await.unwrap(), 2);
    assert_eq!(store.tally(&name, after_minutes(122)).await.unwrap(), 0);
}

/// Reports come more than once.
pub async fn a_mail_that_bounces_twice_counts_once<S: Store>(store: S) {
    let batch = BatchId::new(fresh_ulid());
    let (first, second) = (MailId::new(fresh_ulid()), MailId::new(fresh_ulid()));

    let mut counted = Vec::new();
    for mail in [first, first, second, first, second] {
        counted.push(store.note_bounce(batch, mail).await.unwrap());
    }

    assert_eq!(counted, [1, 1, 2, 2, 2]);
}

/// Whoever notes the last one is told of all.
pub async fn bounces_noted_at_once_are_all_counted_each_for_its_own_batch<S: Store>(store: S) {
    let batches = [BatchId::new(fresh_ulid()), BatchId::new(fresh_ulid())];

    let counted = at_once(40, |number| {
        let (store, batch) = (store.clone(), batches[number % 2]);
        async move {
            let mail = MailId::new(fresh_ulid());
            (batch, store.note_bounce(batch, mail).await.unwrap())
        }
    })
    .await;

    for batch in batches {
        let of_batch = counted.iter().filter(|(noted, _)| *noted == batch);
        let counts: BTreeSet<u64> = of_batch.map(|(_, count)| *count).collect();
        assert_eq!(counts.last(), Some(&20), "{counts:?}");
    }
}

/// And nothing before anybody noted any.
pub async fn the_pace_is_what_was_noted_last<S: Store>(store: S) {
    assert_eq!(store.pace().await.unwrap(), None);
    for pace in [14.0, 0.5, 500.25] {
        store.note_send_rate(pace).await.unwrap();
        assert_eq!(store.pace().await.unwrap(), Some(pace));
    }
}
