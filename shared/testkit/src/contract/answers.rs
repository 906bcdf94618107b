//! Answers remembered for idempotency keys.

use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::ports::error::SaveError;
use beckon_domain::ports::users::AddUserError;
use jiff::{SignedDuration, Timestamp};

use super::{Store, at_once, load};
use crate::builders::{a_batch, a_row, a_user, an_answer, monday_morning};

async fn start(
    store: &impl Store,
    at: Timestamp,
    answer: &IdempotencyRecord,
) -> Result<beckon_domain::values::ids::BatchId, SaveError> {
    let (batch, cursor) = a_batch().started_at(at).build();
    let result = store.start_batch(&batch, &cursor, &[], Some(answer)).await;
    result.map(|()| batch.id)
}

/// The table may keep it longer; nobody is given it.
pub async fn an_answer_is_recalled_until_its_time_is_over<S: Store>(store: S) {
    let answer = an_answer();
    start(&store, monday_morning(), &answer).await.unwrap();
    let second = SignedDuration::from_secs(1);

    let at_once = store.recall_answer(&answer.key, monday_morning()).await;
    let in_time = store
        .recall_answer(&answer.key, answer.until - second)
        .await;
    let too_late = store
        .recall_answer(&answer.key, answer.until + second)
        .await;

    assert_eq!(at_once.unwrap().as_ref(), Some(&answer));
    assert_eq!(in_time.unwrap().as_ref(), Some(&answer));
    assert_eq!(too_late.unwrap(), None);
}

/// Absence is an answer.
pub async fn an_unknown_key_has_no_answer<S: Store>(store: S) {
    let unknown = an_answer();

    let found = store.recall_answer(&unknown.key, monday_morning()).await;

    assert_eq!(found.unwrap(), None);
}

/// Nothing is written, and the first answer stays.
pub async fn a_used_key_starts_no_second_batch<S: Store>(store: S) {
    let answer = an_answer();
    start(&store, monday_morning(), &answer).await.unwrap();
    let other = IdempotencyRecord {
        answer: "another".to_owned(),
        ..answer.clone()
    };
    let (batch, cursor) = a_batch().build();

    let named = [vec![a_user().build().id]];
    let result = store
        .start_batch(&batch, &cursor, &named, Some(&other))
        .await;

    assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    let kept = store.recall_answer(&answer.key, monday_morning()).await;
    assert_eq!(store.load_batch(batch.id).await.unwrap(), None);
    assert_eq!(store.named_users(batch.id, 0).await.unwrap(), []);
    assert_eq!(kept.unwrap(), Some(answer));
}

/// Nothing is written, and the address stays free.
pub async fn a_used_key_adds_no_second_user<S: Store>(store: S) {
    let answer = an_answer();
    start(&store, monday_morning(), &answer).await.unwrap();
    let user = a_user().build();

    let row = a_row(user.id, monday_morning());
    let result = store.add_user(&user, &row, None, Some(&answer)).await;

    assert!(matches!(result, Err(AddUserError::KeyTaken)), "{result:?}");
    let by_address = store.user_by_address(&user.email.normalised()).await;
    assert_eq!(load(&store, user.id).await, None);
    assert_eq!(by_address.unwrap(), None);
}

/// Also while the table has not come round to deleting it. What time it is, the new request
/// says: in its batch, or in the row of history.
pub async fn a_key_past_its_time_can_be_used_again<S: Store>(store: S) {
    let first = an_answer();
    start(&store, monday_morning(), &first).await.unwrap();
    let later = first.until + SignedDuration::from_secs(1);
    let second = IdempotencyRecord {
        answer: "the second".to_owned(),
        until: later + SignedDuration::from_hours(24),
        ..first.clone()
    };
    let much_later = second.until + SignedDuration::from_secs(1);
    let third = IdempotencyRecord {
        answer: "the third".to_owned(),
        until: much_later + SignedDuration::from_hours(24),
        ..first.clone()
    };
    let user = a_user().build();

    let batch = start(&store, later, &second).await.unwrap();
    let recalled = store.recall_answer(&first.key, later).await.unwrap();
    let row = a_row(user.id, much_later);
    store
        .add_user(&user, &row, None, Some(&third))
        .await
        .unwrap();
    let recalled_last = store.recall_answer(&first.key, much_later).await.unwrap();

    assert!(store.load_batch(batch).await.unwrap().is_some());
    assert_eq!(recalled, Some(second));
    assert_eq!(recalled_last, Some(third));
}

/// The others find the answer of that one.
pub async fn of_many_same_requests_at_once_one_starts_a_batch<S: Store>(store: S) {
    let answer = an_answer();

    let results = at_once(8, |_| {
        let (store, answer) = (store.clone(), answer.clone());
        async move { start(&store, monday_morning(), &answer).await }
    })
    .await;

    let started = results.iter().filter(|result| result.is_ok()).count();
    let told = results
        .iter()
        .filter(|result| matches!(result, Err(SaveError::Conflict)));
    assert_eq!((started, told.count()), (1, 7), "{results:?}");
}
