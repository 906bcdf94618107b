//! Taking users away, and erasing what is left of them.

use beckon_domain::model::change::{ChangeOutcome, Identifier, UserChange};
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::invitation::{Invitation, InvitationState};
use beckon_domain::model::session::SessionSlot;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::SaveError;
use jiff::{SignedDuration, Timestamp};

use super::{Store, added, at_once, load, next, save, saved};
use crate::builders::{a_registration, a_row, a_session, a_user, an_invitation, monday_morning};
use crate::entropy::fresh_ulid;

fn left_of(user: &User, over_since: Timestamp) -> (HistoryEntry, Tombstone) {
    let row = a_row(user.id, monday_morning());
    let tombstone = Tombstone::of(user, over_since);
    (row, tombstone)
}

async fn remove(store: &impl Store, user: &User) -> Result<HistoryEntry, SaveError> {
    let (row, left) = left_of(user, monday_morning());
    store.remove_user(user, &row, &left).await?;
    Ok(row)
}

async fn history(store: &impl Store, user: &User) -> Vec<HistoryEntry> {
    store.history_of(user.id, None, 1_000).await.unwrap().items
}

/// Their address and external id are free for others, who do not inherit a thing.
pub async fn a_user_who_is_removed_is_gone_with_all_but_their_history<S: Store>(store: S) {
    let user = added(&store, a_user().known_as(&fresh_ulid().to_string()).build()).await;
    let session = a_session(user.id);
    let registrations = ["device-1", "device-2"].map(|id| a_registration(user.id, id));
    let slot = SessionSlot {
        digest: session.digest.clone(),
        until: monday_morning(),
    };
    let mut user = user;
    for registration in &registrations {
        let change = UserChange {
            registration: Some(registration.clone()),
            session: Some(session.clone()),
            ..next(&user, |user| {
                user.invitation = Some(Invitation {
                    sessions: vec![slot.clone()],
                    ..an_invitation().build()
                });
            })
        };
        user = saved(&store, change).await;
    }
    let before = history(&store, &user).await;

    let row = remove(&store, &user).await.unwrap();

    assert_eq!(load(&store, user.id).await, None);
    assert_eq!(
        store
            .users_by_names(&Identifier::all_of(&user))
            .await
            .unwrap()
            .found,
        []
    );
    assert_eq!(store.load_session(&session.digest).await.unwrap(), None);
    for registration in &registrations {
        let found = store
            .load_registration(user.id, &registration.device.id)
            .await;
        assert_eq!(found.unwrap(), None);
    }
    let after = history(&store, &user).await;
    assert_eq!(after.len(), before.len() + 1);
    assert!(before.iter().chain([&row]).all(|row| after.contains(row)));
    let heir = a_user().at(user.email.as_str());
    let heir = heir.known_as(user.external_id.as_ref().unwrap().as_str());
    let heir = added(&store, heir.build()).await;
    let found = store
        .users_by_names(&Identifier::all_of(&user))
        .await
        .unwrap();
    assert_eq!(found.found, [heir]);
}

/// Read again, decide again.
pub async fn a_user_who_changed_since_or_is_unknown_is_not_removed<S: Store>(store: S) {
    let read = added(&store, a_user().build()).await;
    let now = saved(&store, next(&read, |user| user.devices = 7)).await;
    let nobody = a_user().build();

    for user in [&read, &nobody] {
        let refused = remove(&store, user).await;
        assert!(matches!(refused, Err(SaveError::Conflict)));
    }

    assert_eq!(load(&store, read.id).await.as_ref(), Some(&now));
    assert_eq!(
        store
            .users_by_names(&Identifier::all_of(&now))
            .await
            .unwrap()
            .found,
        std::slice::from_ref(&now)
    );
    assert_eq!(history(&store, &read).await.len(), 1);
    assert_eq!(history(&store, &nobody).await, []);
    assert_eq!(store.tombstones(Timestamp::MAX, 10).await.unwrap(), []);
}

/// Nobody comes back by a change that was decided before.
pub async fn whom_others_change_at_once_is_removed_once_or_not_at_all<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;

    let outcomes = at_once(8, |number| {
        let (store, user) = (store.clone(), user.clone());
        async move {
            if number % 2 == 0 {
                remove(&store, &user).await.is_ok()
            } else {
                let change = next(&user, |user| user.devices = 7);
                save(&store, &change).await == ChangeOutcome::Saved
            }
        }
    })
    .await;

    assert_eq!(
        outcomes.iter().filter(|done| **done).count(),
        1,
        "{outcomes:?}"
    );
    let left = store.tombstones(Timestamp::MAX, 10).await.unwrap();
    assert_eq!(left.is_empty(), load(&store, user.id).await.is_some());
}

/// The longest over first; who is open or was never invited is not.
pub async fn users_are_over_from_the_end_of_their_invitation_on<S: Store>(store: S) {
    let end = |minutes| monday_morning() + SignedDuration::from_mins(minutes);
    let mut over = Vec::new();
    for (minutes, state) in [
        (3, InvitationState::Completed),
        (1, InvitationState::Expired),
        (4, InvitationState::Cancelled),
        (2, InvitationState::Declined),
    ] {
        let user = added(&store, a_user().build()).await;
        let invitation = Invitation {
            ended_at: Some(end(minutes)),
            ..an_invitation().in_state(state).build()
        };
        let user = saved(
            &store,
            next(&user, |user| user.invitation = Some(invitation)),
        )
        .await;
        over.push((minutes, user));
    }
    added(&store, a_user().build()).await;
    added(&store, a_user().with(an_invitation()).build()).await;
    let locked = an_invitation().in_state(InvitationState::Locked);
    added(&store, a_user().with(locked).build()).await;
    over.sort_by_key(|(minutes, _)| *minutes);
    let ids: Vec<_> = over.iter().map(|(_, user)| user.id).collect();

    assert_eq!(store.users_to_erase(end(0), 10).await.unwrap(), []);
    assert_eq!(store.users_to_erase(end(2), 10).await.unwrap(), ids[..2]);
    assert_eq!(store.users_to_erase(end(9), 3).await.unwrap(), ids[..3]);
    let again = next(&over[0].1, |user| {
        user.invitation = Some(an_invitation().build());
    });
    saved(&store, again).await;
    remove(&store, &over[1].1).await.unwrap();
    assert_eq!(store.users_to_erase(end(9), 10).await.unwrap(), ids[2..]);
}

/// However much time passes, and only once.
pub async fn what_is_left_of_a_user_is_found_until_it_is_erased<S: Store>(store: S) {
    let mut users = Vec::new();
    for minutes in [2, 1] {
        let user = added(&store, a_user().build()).await;
        let since = monday_morning() + SignedDuration::from_mins(minutes);
        let (row, left) = left_of(&user, since);
        store.remove_user(&user, &row, &left).await.unwrap();
        users.push(user);
    }
    let by = |minutes| monday_morning() + SignedDuration::from_mins(minutes);

    assert_eq!(store.tombstones(by(0), 10).await.unwrap(), []);
    assert_eq!(store.tombstones(by(1), 10).await.unwrap(), [users[1].id]);
    assert_eq!(
        store.tombstones(by(5), 10).await.unwrap(),
        [users[1].id, users[0].id]
    );
    assert!(store.erase_history(users[1].id, 100).await.unwrap());
    assert!(store.erase_history(users[1].id, 100).await.unwrap());
    assert_eq!(store.tombstones(by(5), 10).await.unwrap(), [users[0].id]);
    assert_eq!(history(&store, &users[1]).await, []);
    assert_eq!(history(&store, &users[0]).await.len(), 2);
}

/// As long as a row is left, it is found again.
pub async fn a_long_history_is_erased_piece_by_piece<S: Store>(store: S) {
    let mut user = added(&store, a_user().build()).await;
    for _ in 0..3 {
        let change = UserChange {
            history: (0..20).map(|_| a_row(user.id, monday_morning())).collect(),
            ..next(&user, |_| {})
        };
        user = saved(&store, change).await;
    }
    remove(&store, &user).await.unwrap();
    assert_eq!(history(&store, &user).await.len(), 62);

    assert!(!store.erase_history(user.id, 40).await.unwrap());
    assert_eq!(history(&store, &user).await.len(), 22);
    assert_eq!(
        store.tombstones(Timestamp::MAX, 10).await.unwrap(),
        [user.id]
    );
    assert!(store.erase_history(user.id, 40).await.unwrap());
    assert_eq!(history(&store, &user).await, []);
    assert_eq!(store.tombstones(Timestamp::MAX, 10).await.unwrap(), []);
}
