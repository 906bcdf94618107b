//! Batches, their cursors and their pages.

use std::collections::BTreeSet;

use beckon_domain::model::actor::Actor;
use beckon_domain::model::batch::{
    BatchSelection, Cursor, PAGE_SIZE, Page, Recipient, RecipientResult, SkipReason,
};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::MailState;
use beckon_domain::model::ownership::{OwnerSwitch, OwnershipChoice};
use beckon_domain::model::selection::UserFilter;
use beckon_domain::ports::error::SaveError;
use beckon_domain::values::ids::{BatchId, MailId, UserId, Version};
use jiff::SignedDuration;

use super::{Store, at_once, every_page};
use crate::builders::{BatchBuilder, a_batch, monday_morning};
use crate::entropy::fresh_ulid;

async fn started(store: &impl Store, batch: BatchBuilder) -> Cursor {
    let (batch, cursor) = batch.build();
    store.start_batch(&batch, &cursor, &[], None).await.unwrap();
    cursor
}

async fn cursor_of(store: &impl Store, batch: BatchId) -> Cursor {
    store
        .load_batch(batch)
        .await
        .unwrap()
        .expect("the batch is there")
        .1
}

/// The cursor after its page was finished.
fn moved(cursor: &Cursor) -> Cursor {
    Cursor {
        version: cursor.version.next(),
        page: cursor.page + 1,
        position: Some("where the next page begins".to_owned()),
        due_at: cursor.due_at + SignedDuration::from_mins(1),
        ..cursor.clone()
    }
}

/// A page on which every second user was skipped.
fn page_of(cursor: &Cursor, size: usize) -> Page {
    let recipients = (0..size).map(|number| Recipient {
        user: UserId::new(fresh_ulid()),
        result: if number % 2 == 0 {
            RecipientResult::Issued {
                mail: MailId::new(fresh_ulid()),
            }
        } else {
            RecipientResult::Skipped {
                reason: SkipReason::DomainNotAllowed,
            }
        },
        confirmation: number % 3 == 0,
    });
    Page {
        batch: cursor.batch,
        number: cursor.page,
        recipients: recipients.collect(),
        without_sums: false,
    }
}

/// With every kind of selection.
pub async fn a_batch_and_its_cursor_are_read_as_they_were_written<S: Store>(store: S) {
    let ids = || UserId::new(fresh_ulid());
    let filter = UserFilter {
        deliveries: [MailState::HardBounced].into(),
        states: [InvitationState::None, InvitationState::Expired].into(),
        groups: BTreeSet::new(),
        text: "Ann".to_owned(),
        begun: true,
        enabled: Some(false),
        expires_from: Some(monday_morning()),
        expires_before: Some(monday_morning()),
    };
    for builder in [
        a_batch().of(&[ids(), ids()]),
        a_batch().of_many(10_000),
        a_batch().of_all(filter),
    ] {
        let (mut batch, mut cursor) = builder.build();
        batch.choice = OwnerSwitch::On(OwnershipChoice::CompanyOwned);
        batch.settings = Version::from_number(7);
        batch.who = Actor::Caller("admin".to_owned());
        if let BatchSelection::Filter { except, .. } = &mut batch.selection {
            except.extend([ids(), ids()]);
        }
        cursor.position = Some("anna@example.com".to_owned());
        store.start_batch(&batch, &cursor, &[], None).await.unwrap();

        let read = store.load_batch(batch.id).await.unwrap();

        assert_eq!(read, Some((batch, cursor)));
    }
}

/// With all that hangs on it.
pub async fn an_unknown_batch_is_absent<S: Store>(store: S) {
    let unknown = BatchId::new(fresh_ulid());

    assert_eq!(store.load_batch(unknown).await.unwrap(), None);
    assert_eq!(store.named_users(unknown, 0).await.unwrap(), []);
    assert_eq!(store.batch_pages(unknown, 0, 10).await.unwrap().items, []);
}

/// The most that a selection can name, in their order.
pub async fn ten_rows_of_a_thousand_named_users_are_read_back_by_page<S: Store>(store: S) {
    let named: Vec<Vec<UserId>> = (0..10)
        .map(|_| (0..PAGE_SIZE).map(|_| UserId::new(fresh_ulid())).collect())
        .collect();
    let (batch, cursor) = a_batch().of_many(10_000).build();

    store
        .start_batch(&batch, &cursor, &named, None)
        .await
        .unwrap();

    for (page, users) in (0..).zip(&named) {
        let read = store.named_users(batch.id, page).await.unwrap();
        assert!(read == *users, "page {page} is another");
    }
    assert_eq!(store.named_users(batch.id, 10).await.unwrap(), []);
}

/// A first version is written where there is none.
pub async fn a_batch_is_not_started_over_another<S: Store>(store: S) {
    let (batch, cursor) = a_batch().build();
    store.start_batch(&batch, &cursor, &[], None).await.unwrap();
    let (mut other, mut its_cursor) = a_batch().of_many(500).build();
    (other.id, its_cursor.batch) = (batch.id, batch.id);

    let result = store.start_batch(&other, &its_cursor, &[], None).await;

    assert!(result.is_err());
    let read = store.load_batch(batch.id).await.unwrap();
    assert_eq!(read, Some((batch, cursor)));
}

/// Both, as one.
pub async fn a_finished_page_is_read_and_the_cursor_has_moved<S: Store>(store: S) {
    let cursor = started(&store, a_batch().of_many(5)).await;
    let page = page_of(&cursor, 5);

    store.finish_page(&page, &moved(&cursor)).await.unwrap();

    assert_eq!(cursor_of(&store, cursor.batch).await, moved(&cursor));
    assert_eq!(
        store.batch_pages(cursor.batch, 0, 10).await.unwrap().items,
        [page]
    );
}

/// As when two runs expand the same page: the outcomes are set once, and never added to.
pub async fn a_page_is_not_finished_from_an_older_cursor<S: Store>(store: S) {
    let cursor = started(&store, a_batch().of_many(5)).await;
    let first = page_of(&cursor, 5);
    store.finish_page(&first, &moved(&cursor)).await.unwrap();

    let second = page_of(&cursor, 5);
    let result = store.finish_page(&second, &moved(&cursor)).await;

    assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    assert_eq!(
        store.batch_pages(cursor.batch, 0, 10).await.unwrap().items,
        [first]
    );
    assert_eq!(cursor_of(&store, cursor.batch).await, moved(&cursor));
}

/// The page is that one's.
pub async fn of_many_who_finish_a_page_at_once_one_does<S: Store>(store: S) {
    let cursor = started(&store, a_batch().of_many(5)).await;

    let results = at_once(8, |_| {
        let (store, cursor) = (store.clone(), cursor.clone());
        async move {
            let page = page_of(&cursor, 5);
            let result = store.finish_page(&page, &moved(&cursor)).await;
            result.map(|()| page)
        }
    })
    .await;

    let (finished, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let all_told = refused
        .iter()
        .all(|result| matches!(result, Err(SaveError::Conflict)));
    assert_eq!(finished.len(), 1);
    assert!(all_told, "{refused:?}");
    let pages = store.batch_pages(cursor.batch, 0, 10).await.unwrap().items;
    assert_eq!(pages.first(), finished[0].as_ref().ok());
}

/// From where the caller says, and no more than asked for.
pub async fn pages_of_a_thousand_are_read_in_their_order<S: Store>(store: S) {
    let mut cursor = started(&store, a_batch().of_many(12_000)).await;
    let mut pages = Vec::new();
    for _ in 0..12 {
        let page = page_of(&cursor, PAGE_SIZE);
        store.finish_page(&page, &moved(&cursor)).await.unwrap();
        cursor = moved(&cursor);
        pages.push(page);
    }

    for (number, page) in (0..).zip(&pages) {
        let alone = store.load_page(cursor.batch, number).await.unwrap();
        assert_eq!(alone.as_ref(), Some(page));
    }
    assert_eq!(store.load_page(cursor.batch, 12).await.unwrap(), None);
    for (first, limit) in [(0, 3), (0, 100), (9, 3), (9, 10), (12, 10)] {
        let read = store
            .batch_pages(cursor.batch, first, limit)
            .await
            .unwrap()
            .items;
        let expected: Vec<&Page> = pages.iter().skip(first as usize).take(limit).collect();
        assert!(
            read.iter().eq(expected.iter().copied()),
            "{limit} from {first} on are others: {:?}",
            read.iter().map(|page| page.number).collect::<Vec<_>>()
        );
    }
}

/// Nothing but its version and its time has changed.
pub async fn a_pushed_cursor_is_written_and_an_older_one_is_not<S: Store>(store: S) {
    let cursor = started(&store, a_batch()).await;
    let pushed = Cursor {
        version: cursor.version.next(),
        due_at: cursor.due_at + SignedDuration::from_mins(1),
        ..cursor.clone()
    };

    store.push_cursor(&pushed).await.unwrap();
    let again = store.push_cursor(&pushed).await;

    assert!(matches!(again, Err(SaveError::Conflict)), "{again:?}");
    assert_eq!(cursor_of(&store, cursor.batch).await, pushed);
}

/// The cursor stays where it is.
pub async fn a_stopped_batch_is_written_and_an_older_one_is_not<S: Store>(store: S) {
    let (batch, cursor) = a_batch().build();
    store.start_batch(&batch, &cursor, &[], None).await.unwrap();
    let mut stopped = batch.clone();
    stopped.version = batch.version.next();
    stopped.stopped_at = Some(monday_morning());

    store.save_batch(&stopped).await.unwrap();
    let again = store.save_batch(&stopped).await;

    assert!(matches!(again, Err(SaveError::Conflict)), "{again:?}");
    let read = store.load_batch(batch.id).await.unwrap();
    assert_eq!(read, Some((stopped, cursor)));
}

/// Neither is made by it.
pub async fn what_was_never_started_is_neither_moved_nor_stopped<S: Store>(store: S) {
    let (mut batch, cursor) = a_batch().build();
    batch.version = batch.version.next();

    let finished = store
        .finish_page(&page_of(&cursor, 1), &moved(&cursor))
        .await;
    let pushed = store.push_cursor(&moved(&cursor)).await;
    let stopped = store.save_batch(&batch).await;

    for result in [finished, pushed, stopped] {
        assert!(matches!(result, Err(SaveError::Conflict)), "{result:?}");
    }
    assert_eq!(store.load_batch(batch.id).await.unwrap(), None);
    assert_eq!(store.batch_pages(batch.id, 0, 10).await.unwrap().items, []);
}

/// Whatever the length of a page.
pub async fn batches_are_listed_newest_first_page_by_page<S: Store>(store: S) {
    let mut expected = Vec::new();
    for number in 0..25 {
        let at = monday_morning() + SignedDuration::from_mins(number);
        expected.insert(0, started(&store, a_batch().started_at(at)).await.batch);
    }

    for limit in [1, 10, 25, 100] {
        let store = &store;
        let listed = every_page(limit, |from| async move {
            store.list_batches(from.as_deref(), limit).await
        });
        assert_eq!(listed.await, expected, "{limit} a page");
    }
}
