//! Rows that cannot be read: a suite of its own, since it needs somebody who spoils rows past every
//! port. No reader of another row notices one; whoever asks for just that row is told so.

use std::future::Future;

use beckon_domain::model::batch::Page;
use beckon_domain::model::change::{Identifier, UserChange};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::settings::UNSAVED;
use beckon_domain::model::stored::RowKey;
use beckon_domain::model::template::{Template, TemplateKind, TemplateName};
use beckon_domain::model::user::User;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::values::ids::{BatchId, MailId, UserId};
use jiff::SignedDuration;

use super::{Store, added, invited, mailed, next, saved};
use crate::builders::{
    a_batch, a_mail, a_registration, a_row, a_session, a_stamp, a_user, an_administrator,
    an_answer, an_invitation, monday_morning, settings,
};
use crate::store::keys;

/// Somebody who makes rows unreadable, and readable again.
pub trait Spoil: Send + Sync {
    /// From now on this row cannot be read.
    fn spoil(&self, key: &RowKey) -> impl Future<Output = ()> + Send;

    /// It is as it was before it was spoilt.
    fn mend(&self, key: &RowKey) -> impl Future<Output = ()> + Send;
}

impl Spoil for crate::MemoryStore {
    async fn spoil(&self, key: &RowKey) {
        Self::spoil(self, key);
    }

    async fn mend(&self, key: &RowKey) {
        Self::mend(self, key);
    }
}

/// Makes a test of each case. `$make` is a function that gives a store and who spoils its rows.
#[macro_export]
macro_rules! unreadable_rows_tests {
    ($make:ident) => {
        $crate::unreadable_rows_tests! {
            @each $make
            an_unreadable_user_leaves_everybody_else_be;
            an_unreadable_user_is_neither_found_nor_missing;
            a_mail_that_cannot_be_read_is_not_due_any_more;
            an_invitation_that_cannot_be_read_is_not_due_any_more;
            a_row_is_set_aside_once_however_often_it_is_met;
            a_row_that_was_told_of_is_noted;
            a_repaired_row_is_where_it_was_once_it_is_released;
            a_row_that_is_released_unrepaired_is_set_aside_again;
            a_batch_that_cannot_be_read_has_its_cursor_set_aside;
            a_page_that_cannot_be_read_does_not_stand_for_those_behind_it;
            named_users_that_cannot_be_read_are_not_nobody;
            a_history_goes_around_what_cannot_be_read;
            a_device_that_cannot_be_read_leaves_the_others_be;
            a_session_that_cannot_be_read_says_so;
            settings_that_cannot_be_read_say_so_and_earlier_ones_are_read;
            a_wording_that_cannot_be_read_leaves_the_others_be;
            an_answer_that_cannot_be_read_says_so;
            a_pause_that_cannot_be_read_holds_nothing_up;
        }
    };
    (@each $make:ident $($case:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (store, spoiler) = $make().await;
                $crate::contract::unreadable::$case(store, spoiler).await;
            }
        )*
    };
}

fn names<T: std::fmt::Debug>(result: Result<T, Unavailable>, key: &RowKey) {
    let error = result.expect_err("the row cannot be read");
    let row = error.unreadable().expect("it says so");
    assert_eq!(row.row, format!("{} {}", key.pk, key.sk));
    assert!(!row.reason.is_empty());
}

async fn aside(store: &impl Store) -> Vec<RowKey> {
    let rows = store.rows_aside(100).await.unwrap();
    rows.into_iter().map(|row| row.key).collect()
}

async fn due(store: &impl Store) -> Vec<MailId> {
    let now = monday_morning();
    store.due_mails(MailClass::Small, now, 10).await.unwrap()
}

/// Two users, the first of whom cannot be read.
async fn two_users(store: &impl Store, spoiler: &impl Spoil) -> (User, User) {
    let first = added(store, a_user().known_as("first").build()).await;
    let second = added(store, a_user().known_as("second").build()).await;
    spoiler.spoil(&keys::user(first.id)).await;
    (first, second)
}

/// In each list, and where many are asked for.
pub async fn an_unreadable_user_leaves_everybody_else_be<S: Store>(store: S, spoiler: impl Spoil) {
    let (first, second) = two_users(&store, &spoiler).await;
    let everyone = UserFilter::default();
    let of_second = UserFilter {
        text: "second".to_owned(),
        ..UserFilter::default()
    };

    for filter in [everyone, of_second] {
        let page = store
            .list_users(&filter, None, 10, monday_morning())
            .await
            .unwrap();
        assert_eq!(page.items, std::slice::from_ref(&second));
        assert_eq!((page.unreadable, page.next), (1, None));
    }
    let ids = [first.id, second.id];
    let found = store.load_users(&ids).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&second));
    let read = store.read_users(&ids).await.unwrap();
    assert!(read.why_unreadable(&first.id).is_some());
    assert!(read.why_unreadable(&second.id).is_none());
    let wanted: Vec<Identifier> = [&first, &second]
        .into_iter()
        .flat_map(Identifier::all_of)
        .collect();
    let read = store.users_by_names(&wanted).await.unwrap();
    assert_eq!(read.found, std::slice::from_ref(&second));
    for (user, can_be_read) in [(&first, false), (&second, true)] {
        for name in Identifier::all_of(user) {
            assert_eq!(
                read.why_unreadable(&name).is_none(),
                can_be_read,
                "{name:?}"
            );
        }
    }
}

/// By id, address and external id.
pub async fn an_unreadable_user_is_neither_found_nor_missing<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let (first, _) = two_users(&store, &spoiler).await;
    let key = keys::user(first.id);
    let external = first.external_id.clone().unwrap();

    names(store.load_user(first.id).await, &key);
    names(store.user_by_address(&first.email.normalised()).await, &key);
    names(store.user_by_external_id(&external).await, &key);
}

/// A user with two mails that are due, the first of which cannot be read.
async fn two_mails(store: &impl Store, spoiler: &impl Spoil) -> (MailId, MailId) {
    let user = added(store, a_user().build()).await;
    let earlier = monday_morning() - SignedDuration::from_mins(1);
    let first = a_mail(user.id).due_at(earlier).build();
    let second = a_mail(user.id).build();
    let (one, two) = (first.id, second.id);
    mailed(store, &user, &[first, second]).await;
    spoiler.spoil(&keys::mail(one)).await;
    (one, two)
}

/// Or it would stand before all others at every round.
pub async fn a_mail_that_cannot_be_read_is_not_due_any_more<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let (first, second) = two_mails(&store, &spoiler).await;
    assert_eq!(due(&store).await, [first, second]);

    let found = store.load_mails(&[first, second]).await.unwrap();

    assert_eq!(found.len(), 1);
    assert_eq!(due(&store).await, [second]);
    assert_eq!(aside(&store).await, [keys::mail(first)]);
}

/// Nor is it counted among those that are open.
pub async fn an_invitation_that_cannot_be_read_is_not_due_any_more<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let first = invited(&store, an_invitation()).await;
    let second = invited(&store, an_invitation()).await;
    let end = monday_morning() + SignedDuration::from_hours(168);
    spoiler.spoil(&keys::user(first.id)).await;

    store.load_users(&[first.id, second.id]).await.unwrap();

    let due = store.due_invitations(end, 10).await.unwrap();
    assert_eq!(due, [second.id]);
}

/// One write decides who tells of it.
pub async fn a_row_is_set_aside_once_however_often_it_is_met<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let (first, second) = two_mails(&store, &spoiler).await;

    super::at_once(8, |_| {
        let store = store.clone();
        async move { store.load_mails(&[first, second]).await.unwrap().len() }
    })
    .await;
    let before = store.rows_aside(10).await.unwrap();
    names(store.load_mail(first).await, &keys::mail(first));

    assert_eq!(before.len(), 1);
    assert_eq!(store.rows_aside(10).await.unwrap(), before);
    assert!(!before[0].reported);
}

/// So that whoever comes later does not tell of it again.
pub async fn a_row_that_was_told_of_is_noted<S: Store>(store: S, spoiler: impl Spoil) {
    let (first, second) = two_mails(&store, &spoiler).await;
    let key = keys::mail(first);
    assert_eq!(store.row_aside(&key).await.unwrap(), None);
    store.load_mails(&[first, second]).await.unwrap();
    let told_of = store.row_aside(&key).await.unwrap().unwrap();

    store.note_reported(&key).await.unwrap();
    store.note_reported(&keys::mail(second)).await.unwrap();

    assert!(!told_of.reported);
    assert!(store.row_aside(&key).await.unwrap().unwrap().reported);
    assert_eq!(store.row_aside(&keys::mail(second)).await.unwrap(), None);
}

/// As if nothing had been.
pub async fn a_repaired_row_is_where_it_was_once_it_is_released<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let (first, second) = two_mails(&store, &spoiler).await;
    let key = keys::mail(first);
    store.load_mails(&[first, second]).await.unwrap();

    spoiler.mend(&key).await;
    assert_eq!(due(&store).await, [second]);
    assert!(store.release_row(&key).await.unwrap());

    assert_eq!(due(&store).await, [first, second]);
    let mail = store.load_mail(first).await.unwrap().unwrap();
    assert_eq!(mail.id, first);
    assert_eq!(aside(&store).await, []);
    assert!(!store.release_row(&key).await.unwrap());
    assert!(!store.release_row(&keys::mail(second)).await.unwrap());
}

/// And is told of again.
pub async fn a_row_that_is_released_unrepaired_is_set_aside_again<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let (first, second) = two_mails(&store, &spoiler).await;
    let key = keys::mail(first);
    store.load_mails(&[first, second]).await.unwrap();
    store.note_reported(&key).await.unwrap();

    assert!(store.release_row(&key).await.unwrap());
    assert_eq!(due(&store).await, [first, second]);
    store.load_mails(&[first, second]).await.unwrap();

    assert_eq!(due(&store).await, [second]);
    assert!(!store.row_aside(&key).await.unwrap().unwrap().reported);
}

async fn started(store: &impl Store) -> BatchId {
    let (batch, cursor) = a_batch().due_at(monday_morning()).build();
    let named = vec![vec![a_user().build().id]];
    let start = store.start_batch(&batch, &cursor, &named, None).await;
    start.unwrap();
    batch.id
}

/// Whoever finds that asks for it; the cursor itself can be read.
pub async fn a_batch_that_cannot_be_read_has_its_cursor_set_aside<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let (first, second) = (started(&store).await, started(&store).await);
    let (batch, cursor) = (keys::batch(first), keys::cursor(first));
    spoiler.spoil(&batch).await;

    let error = store.load_batch(first).await.unwrap_err();
    let row = error.unreadable().cloned().unwrap();
    store.set_cursor_aside(first, &row).await.unwrap();
    store.set_cursor_aside(first, &row).await.unwrap();

    let due = || store.due_cursors(monday_morning(), 10);
    assert_eq!(due().await.unwrap(), [second]);
    assert!(store.load_batch(second).await.unwrap().is_some());
    let told = store.row_aside(&cursor).await.unwrap().unwrap();
    assert!(told.row.reason.contains(&row.row), "{told:?}");
    spoiler.mend(&batch).await;
    for key in [&batch, &cursor] {
        assert!(store.release_row(key).await.unwrap(), "{key:?}");
    }
    assert_eq!(due().await.unwrap().len(), 2);
    assert!(store.load_batch(first).await.unwrap().is_some());
}

/// Neither alone nor with others.
pub async fn a_page_that_cannot_be_read_does_not_stand_for_those_behind_it<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let batch = started(&store).await;
    let mut cursor = store.load_batch(batch).await.unwrap().unwrap().1;
    for number in 0..4 {
        cursor.version = cursor.version.next();
        cursor.page += 1;
        let page = Page {
            batch,
            number,
            recipients: Vec::new(),
            without_sums: false,
        };
        store.finish_page(&page, &cursor).await.unwrap();
    }
    for number in [1, 2] {
        spoiler.spoil(&keys::page(batch, number)).await;
    }

    let all = store.batch_pages(batch, 0, 10).await.unwrap();
    let next = store.batch_pages(batch, 1, 1).await.unwrap();
    let alone = store.load_page(batch, 1).await;

    let numbers = |pages: &[Page]| pages.iter().map(|page| page.number).collect::<Vec<_>>();
    assert_eq!((numbers(&all.items), all.unreadable), (vec![0, 3], 2));
    assert_eq!(numbers(&next.items), [3]);
    assert!(alone.unwrap_err().unreadable().is_some());
}

/// A batch to nobody would end without a word.
pub async fn named_users_that_cannot_be_read_are_not_nobody<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let batch = started(&store).await;
    let key = keys::named(batch, 0);
    assert_eq!(store.named_users(batch, 0).await.unwrap().len(), 1);
    spoiler.spoil(&key).await;

    names(store.named_users(batch, 0).await, &key);
    assert_eq!(
        store.named_users(batch, 1).await.unwrap(),
        Vec::<UserId>::new()
    );
}

/// Pages neither repeat nor skip what can be read.
pub async fn a_history_goes_around_what_cannot_be_read<S: Store>(store: S, spoiler: impl Spoil) {
    let user = added(&store, a_user().build()).await;
    let rows: Vec<HistoryEntry> = (0..5).map(|_| a_row(user.id, monday_morning())).collect();
    let change = UserChange {
        history: rows.clone(),
        ..next(&user, |_| {})
    };
    saved(&store, change).await;
    for row in [&rows[1], &rows[4]] {
        spoiler.spoil(&keys::history(row)).await;
    }

    for limit in [1, 2, 100] {
        let (mut read, mut unreadable, mut position) = (Vec::new(), 0, None::<String>);
        loop {
            let page = store
                .history_of(user.id, position.as_deref(), limit)
                .await
                .unwrap();
            read.extend(page.items);
            unreadable += page.unreadable;
            position = page.next;
            if position.is_none() {
                break;
            }
        }
        // Besides these there is the row of their being added.
        assert_eq!(
            read[..3],
            [rows[3].clone(), rows[2].clone(), rows[0].clone()]
        );
        assert_eq!((read.len(), unreadable), (4, 2), "{limit} a page");
    }
}

/// Asked for alone, it says so.
pub async fn a_device_that_cannot_be_read_leaves_the_others_be<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let mut user = added(&store, a_user().build()).await;
    for device in ["first", "second"] {
        let change = UserChange {
            registration: Some(a_registration(user.id, device)),
            ..next(&user, |_| {})
        };
        user = saved(&store, change).await;
    }
    let first = a_registration(user.id, "first").device.id;
    let key = keys::device(user.id, &first);
    spoiler.spoil(&key).await;

    let listed = store.registrations_of(user.id, 10).await.unwrap();

    assert_eq!(listed.items, [a_registration(user.id, "second")]);
    assert_eq!(listed.unreadable, 1);
    names(store.load_registration(user.id, &first).await, &key);
}

/// It is neither unknown nor out of reach.
pub async fn a_session_that_cannot_be_read_says_so<S: Store>(store: S, spoiler: impl Spoil) {
    let user = added(&store, a_user().build()).await;
    let session = a_session(user.id);
    let change = UserChange {
        session: Some(session.clone()),
        ..next(&user, |_| {})
    };
    saved(&store, change).await;
    let key = keys::session(&session.digest);
    spoiler.spoil(&key).await;

    names(store.load_session(&session.digest).await, &key);
}

/// A batch that pins an earlier version goes on.
pub async fn settings_that_cannot_be_read_say_so_and_earlier_ones_are_read<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let one = store
        .save_settings(&settings().build(), UNSAVED, &a_stamp())
        .await;
    let one = one.unwrap();
    let two = settings().lifetime_hours(24).build();
    let two = store.save_settings(&two, one.version, &a_stamp()).await;
    let two = two.unwrap();
    let (current, version) = (keys::settings(), keys::settings_version(two.version));
    spoiler.spoil(&current).await;
    spoiler.spoil(&version).await;

    names(store.current_settings().await, &current);
    names(store.settings_at(two.version).await, &version);
    let earlier = store.settings_at(one.version).await.unwrap();
    assert_eq!(earlier, Some(one.clone()));
    let listed = store.list_settings(None, 10).await.unwrap();
    let versions: Vec<_> = listed.iter().map(|kept| kept.saved.version).collect();
    assert_eq!(versions, [one.version]);
}

/// Mails in other languages keep theirs.
pub async fn a_wording_that_cannot_be_read_leaves_the_others_be<S: Store>(
    store: S,
    spoiler: impl Spoil,
) {
    let of = |tag: &str| Template {
        name: TemplateName {
            kind: TemplateKind::Reminder,
            locale: beckon_domain::values::locale::Locale::parse(tag).unwrap(),
        },
        version: beckon_domain::values::ids::Version::FIRST,
        wording: None,
        changed_by: an_administrator(),
        changed_at: monday_morning(),
        carried: beckon_domain::model::stored::Carried::default(),
    };
    for tag in ["de", "fr"] {
        store.save_template(&of(tag)).await.unwrap();
    }
    let key = keys::template(&of("de").name);
    spoiler.spoil(&key).await;

    assert_eq!(store.templates().await.unwrap(), [of("fr")]);
    names(store.template(&of("de").name).await, &key);
}

/// Doing it again would be doing it twice.
pub async fn an_answer_that_cannot_be_read_says_so<S: Store>(store: S, spoiler: impl Spoil) {
    let answer = an_answer();
    let mail = a_mail(a_user().build().id).build();
    store.add_mail(&mail, Some(&answer)).await.unwrap();
    let key = keys::answer(&answer.key);
    spoiler.spoil(&key).await;

    names(
        store.recall_answer(&answer.key, monday_morning()).await,
        &key,
    );
}

/// The mail service pauses delivery again if it must.
pub async fn a_pause_that_cannot_be_read_holds_nothing_up<S: Store>(store: S, spoiler: impl Spoil) {
    let pause = Pause {
        until: monday_morning(),
        code: "quota".to_owned(),
        reason: "used up".to_owned(),
    };
    store.set_delivery_pause(Some(&pause)).await.unwrap();
    spoiler.spoil(&keys::pause()).await;

    assert_eq!(store.delivery_pause().await.unwrap(), None);
    assert_eq!(aside(&store).await, [keys::pause()]);
}
