//! Taking tries: however many guess at once, none gets a try too many.

use beckon_domain::model::change::ChangeOutcome;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::user::User;
use beckon_domain::values::ids::{IssueNumber, UserId};
use jiff::{SignedDuration, Timestamp};

use super::{Store, added, at_once, invitation_of, invited, load, next, save};
use crate::builders::{a_user, an_invitation, monday_morning};
use crate::entropy::fresh_ulid;

const FIRST_ISSUE: IssueNumber = IssueNumber::from_number(1);

async fn take(store: &impl Store, user: &User, now: Timestamp) -> Option<User> {
    store
        .take_try(
            user.id,
            invitation_of(user).issue,
            InvitationState::Pending,
            now,
        )
        .await
        .unwrap()
}

/// That nothing was taken, and nothing written.
async fn assert_refused(store: &impl Store, user: &User, issue: IssueNumber, now: Timestamp) {
    let pending = InvitationState::Pending;
    let taken = store.take_try(user.id, issue, pending, now).await.unwrap();

    assert_eq!(taken, None);
    assert_eq!(load(store, user.id).await.as_ref(), Some(user));
}

/// What is given is what is written: one try less, one version on, all else as it was.
pub async fn a_try_is_taken_and_shows_in_the_user<S: Store>(store: S) {
    let user = invited(&store, an_invitation().tries_left(5)).await;

    let after = take(&store, &user, monday_morning()).await.unwrap();

    let mut expected = next(&user, |_| {}).user;
    expected.invitation.as_mut().unwrap().tries_left = 4;
    assert_eq!(after, expected);
    assert_eq!(load(&store, user.id).await, Some(expected));
}

/// Each one who got a try saw another number left.
pub async fn a_hundred_guesses_at_once_take_the_five_tries_there_are<S: Store>(store: S) {
    let user = invited(&store, an_invitation().tries_left(5)).await;

    let results = at_once(100, |_| {
        let (store, user) = (store.clone(), user.clone());
        async move { take(&store, &user, monday_morning()).await }
    })
    .await;

    let mut left: Vec<u8> = results
        .iter()
        .flatten()
        .map(|user| invitation_of(user).tries_left)
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
    assert_eq!(
        invitation_of(&load(&store, user.id).await.unwrap()).tries_left,
        0
    );
}

/// The secret of an issue that was replaced costs the new one nothing.
pub async fn no_try_is_taken_from_another_issue<S: Store>(store: S) {
    let user = invited(&store, an_invitation().issue(2)).await;

    for other in [1, 3] {
        let other = IssueNumber::from_number(other);
        assert_refused(&store, &user, other, monday_morning()).await;
    }
}

/// Not one below zero.
pub async fn no_try_is_taken_where_none_is_left<S: Store>(store: S) {
    let user = invited(&store, an_invitation().tries_left(1)).await;

    let last = take(&store, &user, monday_morning()).await.unwrap();

    assert_eq!(invitation_of(&last).tries_left, 0);
    assert_refused(&store, &last, FIRST_ISSUE, monday_morning()).await;
}

/// A locked one has none to give, an ended one is nobody's to guess.
pub async fn no_try_is_taken_from_what_is_not_pending<S: Store>(store: S) {
    for state in InvitationState::ALL {
        if state == InvitationState::Pending || state == InvitationState::None {
            continue;
        }
        let user = invited(&store, an_invitation().in_state(state)).await;
        assert_refused(&store, &user, FIRST_ISSUE, monday_morning()).await;
    }
}

/// To the moment: it is over at its end, as everywhere.
pub async fn no_try_is_taken_once_the_time_is_over<S: Store>(store: S) {
    let end = monday_morning() + SignedDuration::from_hours(1);
    let moment = SignedDuration::from_millis(1);
    let user = invited(&store, an_invitation().until(end)).await;

    for now in [end, end + moment, end + SignedDuration::from_hours(24)] {
        assert_refused(&store, &user, FIRST_ISSUE, now).await;
    }
    assert!(take(&store, &user, end - moment).await.is_some());
}

/// It may be given back, with the tries it has left; until when it was good does not matter then.
pub async fn a_cancelled_invitation_has_as_many_tries_as_it_had<S: Store>(store: S) {
    let cancelled = InvitationState::Cancelled;
    let end = monday_morning();
    let built = an_invitation().until(end).tries_left(2).in_state(cancelled);
    let user = invited(&store, built).await;
    let take = async || {
        let taken = store.take_try(user.id, FIRST_ISSUE, cancelled, end).await;
        taken.unwrap().map(|after| invitation_of(&after).tries_left)
    };

    assert_refused(&store, &user, FIRST_ISSUE, end).await;
    assert_eq!(take().await, Some(1));
    assert_eq!(take().await, Some(0));
    assert_eq!(take().await, None);
}

/// Nor is anybody made by it.
pub async fn no_try_is_taken_from_whom_nobody_invited_or_nobody_knows<S: Store>(store: S) {
    let never_invited = added(&store, a_user().build()).await;
    let nobody = UserId::new(fresh_ulid());

    assert_refused(&store, &never_invited, FIRST_ISSUE, monday_morning()).await;
    let pending = InvitationState::Pending;
    let taken = store
        .take_try(nobody, FIRST_ISSUE, pending, monday_morning())
        .await;
    assert_eq!(taken.unwrap(), None);
    assert_eq!(load(&store, nobody).await, None);
}

/// So nobody who read before gives a try back without knowing it.
pub async fn a_try_makes_whatever_was_read_before_stale<S: Store>(store: S) {
    let read = invited(&store, an_invitation()).await;
    let after = take(&store, &read, monday_morning()).await.unwrap();

    let outcome = save(&store, &next(&read, |_| {})).await;

    assert_eq!(outcome, ChangeOutcome::Conflict);
    assert_eq!(load(&store, read.id).await, Some(after));
}
