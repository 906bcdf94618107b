//! What is due: it follows from the rows, and nobody keeps a second list by hand.

use std::collections::BTreeSet;

use beckon_domain::model::batch::{Cursor, Page};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{Mail, MailClass, MailEvent, MailState};
use beckon_domain::model::user::User;
use beckon_domain::values::ids::{BatchId, MailId, UserId};
use jiff::{SignedDuration, Timestamp};

use super::{Store, added, invited, mailed, next, saved};
use crate::builders::{MailBuilder, a_batch, a_mail, a_user, an_invitation, monday_morning};

fn after_minutes(minutes: i64) -> Timestamp {
    monday_morning() + SignedDuration::from_mins(minutes)
}

async fn due(store: &impl Store, class: MailClass, now: Timestamp, limit: usize) -> Vec<MailId> {
    store.due_mails(class, now, limit).await.unwrap()
}

async fn with_mails(store: &impl Store, make: impl Fn(UserId) -> Vec<Mail>) -> (User, Vec<Mail>) {
    let user = added(store, a_user().build()).await;
    let mails = make(user.id);
    let user = mailed(store, &user, &mails).await;
    (user, mails)
}

/// By the time at which they are due, whatever the order in which they were written.
pub async fn due_mails_come_oldest_first_and_no_more_than_asked_for<S: Store>(store: S) {
    let (_, mails) = with_mails(&store, |user| {
        let shuffled = (0..120).map(|number| (number * 37) % 120);
        shuffled
            .map(|minutes| a_mail(user).due_at(after_minutes(minutes)).build())
            .collect()
    })
    .await;
    let mut oldest_first: Vec<&Mail> = mails.iter().collect();
    oldest_first.sort_by_key(|mail| mail.due_at);
    let oldest_first: Vec<MailId> = oldest_first.iter().map(|mail| mail.id).collect();

    let now = after_minutes(99);

    for limit in [1, 50, 100] {
        let found = due(&store, MailClass::Small, now, limit).await;
        assert_eq!(found, oldest_first[..limit]);
    }
    assert_eq!(
        due(&store, MailClass::Small, now, 1_000).await,
        oldest_first[..100]
    );
}

/// A hundred thousand of one class are between nobody and a single one of the other.
pub async fn due_mails_of_one_class_do_not_hide_behind_another<S: Store>(store: S) {
    let (_, mails) = with_mails(&store, |user| {
        let bulk = (0..30).map(|minutes| a_mail(user).bulk().due_at(after_minutes(minutes)));
        let small = a_mail(user).due_at(after_minutes(30));
        bulk.chain([small]).map(MailBuilder::build).collect()
    })
    .await;
    let now = after_minutes(60);

    let small = due(&store, MailClass::Small, now, 10).await;
    let bulk = due(&store, MailClass::Bulk, now, 100).await;

    assert_eq!(small, [mails[30].id]);
    assert_eq!(
        bulk,
        mails[..30].iter().map(|mail| mail.id).collect::<Vec<_>>()
    );
}

/// To the moment.
pub async fn a_mail_is_due_while_it_is_unsettled_and_its_time_has_come<S: Store>(store: S) {
    let at = after_minutes(10);
    let (_, mails) = with_mails(&store, |user| {
        let states = MailState::ALL.into_iter();
        states
            .map(|state| a_mail(user).in_state(state).due_at(at).build())
            .collect()
    })
    .await;
    let unsettled: BTreeSet<MailId> = mails
        .iter()
        .filter(|mail| mail.state.is_unsettled())
        .map(|mail| mail.id)
        .collect();

    let before = due(
        &store,
        MailClass::Small,
        at - SignedDuration::from_millis(1),
        100,
    )
    .await;
    let then = due(&store, MailClass::Small, at, 100).await;

    assert_eq!(before, []);
    assert_eq!(unsettled.len(), 3);
    assert_eq!(then.into_iter().collect::<BTreeSet<_>>(), unsettled);
}

/// Claimed, deferred, sent: due at once, then later, then never again.
pub async fn a_mail_that_was_deferred_is_due_later<S: Store>(store: S) {
    let (user, mails) = with_mails(&store, |user| vec![a_mail(user).build()]).await;
    let mail = &mails[0];
    let due_at = |minutes| {
        let store = store.clone();
        async move { due(&store, MailClass::Small, after_minutes(minutes), 10).await }
    };

    let claimed = mail.after(MailEvent::Claim).unwrap();
    store.claim_mail(&claimed, user.version).await.unwrap();
    let while_claimed = due_at(0).await;
    let deferred = Mail {
        due_at: after_minutes(5),
        ..claimed.after(MailEvent::Defer).unwrap()
    };
    store.save_mail(&deferred, None).await.unwrap();
    let (too_early, in_time) = (due_at(4).await, due_at(5).await);
    let sent = deferred.after(MailEvent::Accept).unwrap();
    store.save_mail(&sent, None).await.unwrap();
    let once_sent = due_at(60).await;

    assert_eq!(while_claimed, [mail.id]);
    assert_eq!(too_early, []);
    assert_eq!(in_time, [mail.id]);
    assert_eq!(once_sent, []);
}

/// Pushing and finishing a page give it time; the last page takes it off the list.
pub async fn a_cursor_is_due_until_it_moves_or_is_done<S: Store>(store: S) {
    let (batch, first) = a_batch().due_at(after_minutes(1)).build();
    store.start_batch(&batch, &first, &[], None).await.unwrap();
    let due_at = |minutes| {
        let store = store.clone();
        async move { store.due_cursors(after_minutes(minutes), 10).await.unwrap() }
    };
    let after = |cursor: &Cursor, minutes| Cursor {
        version: cursor.version.next(),
        due_at: after_minutes(minutes),
        ..cursor.clone()
    };
    let page = |cursor: &Cursor| Page {
        batch: cursor.batch,
        number: cursor.page,
        recipients: Vec::new(),
        without_sums: false,
    };

    let standing = (due_at(0).await, due_at(1).await);
    let pushed = after(&first, 3);
    store.push_cursor(&pushed).await.unwrap();
    let once_pushed = (due_at(2).await, due_at(3).await);
    let moved = Cursor {
        page: 1,
        ..after(&pushed, 5)
    };
    store.finish_page(&page(&pushed), &moved).await.unwrap();
    let once_moved = (due_at(4).await, due_at(5).await);
    let done = Cursor {
        page: 2,
        done: true,
        ..after(&moved, 7)
    };
    store.finish_page(&page(&moved), &done).await.unwrap();

    for (before, then) in [standing, once_pushed, once_moved] {
        assert_eq!(before, []);
        assert_eq!(then, [batch.id]);
    }
    assert_eq!(due_at(60).await, []);
}

/// Locked ones, too: the link of the same issue still works until then.
pub async fn an_open_invitation_is_due_once_its_time_is_over<S: Store>(store: S) {
    let end = after_minutes(60);
    let pending = invited(&store, an_invitation().until(end)).await;
    let locked = an_invitation().until(end).in_state(InvitationState::Locked);
    let locked = invited(&store, locked).await;

    let before = store
        .due_invitations(end - SignedDuration::from_millis(1), 10)
        .await;
    let then = store.due_invitations(end, 10).await.unwrap();

    assert_eq!(before.unwrap(), []);
    assert_eq!(
        then.into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from([pending.id, locked.id])
    );
}

/// And its tries are good until its own end all the same.
pub async fn an_open_invitation_is_due_at_its_reminder_first<S: Store>(store: S) {
    let (reminder, end) = (after_minutes(30), after_minutes(60));
    let user = invited(&store, an_invitation().until(end).reminded_at(reminder)).await;

    let before = store
        .due_invitations(reminder - SignedDuration::from_millis(1), 10)
        .await;
    let then = store.due_invitations(reminder, 10).await.unwrap();
    let late = end - SignedDuration::from_millis(1);
    let take = |now| store.take_try(user.id, user.latest_issue, InvitationState::Pending, now);
    let tried = take(late).await;
    let over = take(end).await;

    assert_eq!(before.unwrap(), []);
    assert_eq!(then, [user.id]);
    assert!(tried.unwrap().is_some());
    assert!(over.unwrap().is_none());
}

/// However it ended, and also if it ended since.
pub async fn an_invitation_that_ended_is_not_due<S: Store>(store: S) {
    let end = after_minutes(60);
    for state in InvitationState::ALL {
        if !matches!(
            state,
            InvitationState::None | InvitationState::Pending | InvitationState::Locked
        ) {
            invited(&store, an_invitation().until(end).in_state(state)).await;
        }
    }
    added(&store, a_user().build()).await;
    let open = invited(&store, an_invitation().until(end)).await;
    let renewed = invited(&store, an_invitation().until(end)).await;

    let before = store.due_invitations(end, 10).await.unwrap();
    let expired = next(&open, |user| {
        user.invitation.as_mut().unwrap().state = InvitationState::Expired;
    });
    saved(&store, expired).await;
    let again = next(&renewed, |user| {
        user.invitation = Some(an_invitation().issue(2).until(after_minutes(90)).build());
    });
    saved(&store, again).await;
    let after = store.due_invitations(end, 10).await.unwrap();

    assert_eq!(before.len(), 2);
    assert_eq!(after, []);
    assert_eq!(
        store.due_invitations(after_minutes(90), 10).await.unwrap(),
        [renewed.id]
    );
}

/// What is left over is due at the next look.
pub async fn no_more_than_asked_for_is_due<S: Store>(store: S) {
    let end = after_minutes(1);
    for _ in 0..7 {
        invited(&store, an_invitation().until(end)).await;
        let (batch, cursor) = a_batch().due_at(end).build();
        store.start_batch(&batch, &cursor, &[], None).await.unwrap();
    }

    let users: Vec<UserId> = store.due_invitations(end, 3).await.unwrap();
    let batches: Vec<BatchId> = store.due_cursors(end, 3).await.unwrap();

    assert_eq!(users.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(batches.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(store.due_invitations(end, 100).await.unwrap().len(), 7);
    assert_eq!(store.due_cursors(end, 100).await.unwrap().len(), 7);
}

/// Pending and locked ones; not who was never invited, nor what has ended.
pub async fn open_invitations_are_counted<S: Store>(store: S) {
    assert_eq!(store.open_invitations().await.unwrap(), 0);
    added(&store, a_user().build()).await;
    for state in InvitationState::ALL {
        if state != InvitationState::None {
            invited(&store, an_invitation().in_state(state)).await;
        }
    }
    let third = invited(&store, an_invitation()).await;

    let open = store.open_invitations().await.unwrap();
    let completed = next(&third, |user| {
        user.invitation.as_mut().unwrap().state = InvitationState::Completed;
    });
    saved(&store, completed).await;

    assert_eq!(open, 3);
    assert_eq!(store.open_invitations().await.unwrap(), 2);
}
