//! What is counted, and what is not yet.

use std::collections::{BTreeMap, BTreeSet};

use beckon_domain::model::counting::{
    Bucket, CountSheet, CountedFate, CountedStep, Counts, EarlierBatches, Fate, Figure, Ledger,
    Member, PageNumbers, Scope, SheetKey, Standing, Step, Uncounted, UncountedRow,
};
use beckon_domain::model::mail::MailState;
use beckon_domain::ports::error::SaveError;
use beckon_domain::values::ids::{BatchId, UserId, Version};
use beckon_domain::values::names::GroupName;
use jiff::SignedDuration;

use super::{Store, every_page};
use crate::builders::{an_invitation, monday_morning};
use crate::entropy::fresh_ulid;

fn a_batch() -> BatchId {
    BatchId::new(fresh_ulid())
}

fn a_person(batch: BatchId) -> Uncounted {
    let user = UserId::new(fresh_ulid());
    Uncounted::Person(Member { batch, user })
}

/// Somebody whose fate may stand on this sheet.
fn a_member(key: SheetKey) -> Member {
    let batch = match key {
        SheetKey::Own { batch, .. } => batch,
        SheetKey::Shared { .. } => a_batch(),
    };
    let user = UserId::new(fresh_ulid());
    Member { batch, user }
}

fn a_fate() -> Fate {
    Fate {
        mail: MailState::Sent,
        standing: Standing::Pending,
        again: false,
        steps: [None; 4],
    }
}

fn counted(fate: Fate) -> CountedFate {
    CountedFate { fate, groups: None }
}

fn a_step(ledger: Version, sheet: &CountSheet, scope: Scope, fate: &Fate) -> CountedStep {
    CountedStep {
        ledger,
        sheets: vec![CountSheet {
            version: sheet.version.next(),
            fates: BTreeMap::from([(a_member(sheet.key), counted(*fate))]),
            ..sheet.clone()
        }],
        adds: BTreeMap::from([(scope, Counts::of_batch(fate))]),
    }
}

/// The version of the ledger now.
async fn ledger_of(store: &impl Store) -> Version {
    store.uncounted().await.unwrap().0.version
}

async fn rows(store: &impl Store) -> Vec<UncountedRow> {
    store.uncounted().await.unwrap().1
}

/// A page and people, in two rows of which one is added to.
pub async fn what_is_noted_is_listed_once_and_rows_are_read_together<S: Store>(store: S) {
    let batch = a_batch();
    let (one, other) = (a_person(batch), a_person(batch));
    let page = Uncounted::Page { batch, number: 7 };

    store.note_uncounted(0, 0, &[one, page]).await.unwrap();
    store.note_uncounted(0, 0, &[one, other]).await.unwrap();
    store.note_uncounted(3, 1, &[one]).await.unwrap();

    let (ledger, rows) = store.uncounted().await.unwrap();
    assert_eq!(ledger, Ledger::default());
    let listed: Vec<_> = rows
        .iter()
        .map(|row| (row.generation, row.number, row.entries.clone()))
        .collect();
    let first = BTreeSet::from([one, other, page]);
    assert_eq!(listed, [(0, 0, first), (3, 1, BTreeSet::from([one]))]);
}

/// Or what was noted meanwhile would be forgotten with it.
pub async fn a_list_goes_only_if_it_lists_what_was_read<S: Store>(store: S) {
    let batch = a_batch();
    store
        .note_uncounted(0, 0, &[a_person(batch)])
        .await
        .unwrap();
    let read = rows(&store).await.remove(0);
    store
        .note_uncounted(0, 0, &[a_person(batch)])
        .await
        .unwrap();

    store.forget_uncounted(&read).await.unwrap();
    let left = rows(&store).await;
    assert_eq!(left[0].entries.len(), 2);

    store.forget_uncounted(&left[0]).await.unwrap();
    assert_eq!(rows(&store).await, []);
    store.forget_uncounted(&left[0]).await.unwrap();
}

/// What it says of batches of before is kept.
pub async fn of_two_who_write_the_ledger_one_does<S: Store>(store: S) {
    let ledger = Ledger {
        version: Version::FIRST,
        earlier: EarlierBatches::UpTo {
            batch: a_batch(),
            page: 3,
            older: Some("older".to_owned()),
        },
    };

    store.save_ledger(&ledger).await.unwrap();
    let second = store.save_ledger(&ledger).await;

    assert!(matches!(second, Err(SaveError::Conflict)), "{second:?}");
    assert_eq!(store.uncounted().await.unwrap().0, ledger);
    let done = Ledger {
        version: ledger.version.next(),
        earlier: EarlierBatches::Done,
    };
    store.save_ledger(&done).await.unwrap();
    assert_eq!(store.uncounted().await.unwrap().0, done);
}

/// The same step twice counts once.
pub async fn sheets_and_sums_change_together_or_not_at_all<S: Store>(store: S) {
    let batch = a_batch();
    let key = SheetKey::Own { batch, number: 2 };
    let scope = Scope::Batch(batch);
    let read = store.sheets(&[key]).await.unwrap().remove(0);
    assert_eq!(read, CountSheet::empty(key));
    let step = a_step(ledger_of(&store).await, &read, scope.clone(), &a_fate());

    store.add_counts(&step).await.unwrap();
    let again = store.add_counts(&step).await;

    assert!(matches!(again, Err(SaveError::Conflict)), "{again:?}");
    assert_eq!(store.sheets(&[key]).await.unwrap(), step.sheets);
    let (_, sums) = store.counts(&[scope]).await.unwrap();
    assert_eq!(sums, [Counts::of_batch(&a_fate())]);
}

/// Though the sheets are as they were: whoever counts, too, may have read newer rows and found them counted so already.
pub async fn whoever_counts_is_refused_once_somebody_else_begins<S: Store>(store: S) {
    let batch = a_batch();
    let key = SheetKey::Own { batch, number: 2 };
    let scope = Scope::Batch(batch);
    let sheet = CountSheet::empty(key);
    let began = Ledger {
        version: Version::FIRST,
        earlier: EarlierBatches::NotBegun,
    };

    let before_any = a_step(Version::default(), &sheet, scope.clone(), &a_fate());
    store.save_ledger(&began).await.unwrap();
    let refused = store.add_counts(&before_any).await;
    assert!(matches!(refused, Err(SaveError::Conflict)), "{refused:?}");

    let under_first = a_step(began.version, &sheet, scope.clone(), &a_fate());
    let again = Ledger {
        version: began.version.next(),
        ..began
    };
    store.save_ledger(&again).await.unwrap();
    let refused = store.add_counts(&under_first).await;
    assert!(matches!(refused, Err(SaveError::Conflict)), "{refused:?}");
    let sheets = store.sheets(&[key]).await.unwrap();
    assert_eq!(sheets, std::slice::from_ref(&sheet));

    let under_second = a_step(again.version, &sheet, scope.clone(), &a_fate());
    store.add_counts(&under_second).await.unwrap();
    let (_, sums) = store.counts(&[scope]).await.unwrap();
    assert_eq!(sums, [Counts::of_batch(&a_fate())]);
}

/// With the groups of those whose mail says none, and the numbers of its page.
pub async fn every_fate_on_a_sheet_is_read_as_it_was_written<S: Store>(store: S) {
    let key = SheetKey::of_page(a_batch(), 1);
    let mut fates = BTreeMap::new();
    for (number, mail) in MailState::ALL.into_iter().enumerate() {
        let bucket = Bucket::numbered(u8::try_from(number * 4).unwrap());
        let fate = Fate {
            mail,
            standing: Standing::ALL[number % Standing::ALL.len()],
            again: number % 2 == 0,
            steps: [Some(None), None, Some(bucket), None],
        };
        let groups = BTreeSet::from([GroupName::parse("Staff").unwrap()]);
        let groups = (number % 3 == 0).then_some(groups);
        fates.insert(a_member(key), CountedFate { fate, groups });
    }
    let sheet = CountSheet {
        key,
        version: Version::FIRST,
        fates,
        page: Some(PageNumbers {
            issued: 1_000,
            skipped: 2,
            confirmed: 3,
        }),
    };
    let step = CountedStep {
        ledger: ledger_of(&store).await,
        sheets: vec![sheet.clone()],
        adds: BTreeMap::new(),
    };

    store.add_counts(&step).await.unwrap();

    assert_eq!(store.sheets(&[key]).await.unwrap(), [sheet]);
}

/// One person may be there for several batches.
pub async fn a_sheet_that_batches_share_tells_them_apart<S: Store>(store: S) {
    let key = SheetKey::Shared {
        additions: fresh_ulid().timestamp_ms(),
        number: 7,
    };
    let member = a_member(key);
    let other = Member {
        batch: a_batch(),
        ..member
    };
    let later = Fate {
        standing: Standing::Completed,
        ..a_fate()
    };
    let fates = BTreeMap::from([(member, counted(a_fate())), (other, counted(later))]);
    let sheet = CountSheet {
        version: Version::FIRST,
        fates,
        ..CountSheet::empty(key)
    };
    let step = CountedStep {
        ledger: ledger_of(&store).await,
        sheets: vec![sheet.clone()],
        adds: BTreeMap::new(),
    };

    store.add_counts(&step).await.unwrap();

    assert_eq!(store.sheets(&[key]).await.unwrap(), [sheet]);
}

/// A group is one however its name is written.
pub async fn sums_are_told_in_the_order_asked_with_how_often_they_were_added_to<S: Store>(
    store: S,
) {
    let (batch, group) = (a_batch(), GroupName::parse("Sales").unwrap());
    let scopes = [
        Scope::Group(GroupName::parse("SALES").unwrap()),
        Scope::Everything,
        Scope::Batch(batch),
    ];
    let before = store.counts(&scopes).await.unwrap();
    assert_eq!(before.1, vec![Counts::default(); 3]);
    let key = SheetKey::Own { batch, number: 0 };
    let step = a_step(
        ledger_of(&store).await,
        &CountSheet::empty(key),
        Scope::Group(group),
        &a_fate(),
    );

    store.add_counts(&step).await.unwrap();
    let mut taken = Counts::default();
    taken.add(Figure::Reached(Step::Invited), -1);
    let next = CountedStep {
        ledger: ledger_of(&store).await,
        sheets: vec![CountSheet {
            version: Version::FIRST.next(),
            ..CountSheet::empty(key)
        }],
        adds: BTreeMap::from([
            (scopes[0].clone(), taken.clone()),
            (Scope::Everything, taken),
        ]),
    };
    store.add_counts(&next).await.unwrap();

    let (additions, sums) = store.counts(&scopes).await.unwrap();
    assert_eq!(additions, before.0 + 2);
    assert_eq!(sums[0].of(Figure::Reached(Step::Invited)), 0);
    assert_eq!(sums[0].of(Figure::Mail(MailState::Sent)), 1);
    assert_eq!(sums[2], Counts::default());
}

/// Nobody twice, and nobody left out.
pub async fn what_is_due_before_a_moment_is_told_page_by_page<S: Store>(store: S) {
    let end = monday_morning() + SignedDuration::from_hours(24);
    let mut soon = BTreeSet::new();
    for minutes in 0..7 {
        let until = end - SignedDuration::from_mins(minutes);
        let user = super::invited(&store, an_invitation().until(until)).await;
        if minutes > 0 {
            soon.insert(user.id);
        }
    }

    let store = &store;
    let found = every_page(2, |from| async move {
        store.due_by(end, from.as_deref(), 2).await
    })
    .await;

    assert_eq!(found.len(), 6);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), soon);
}
