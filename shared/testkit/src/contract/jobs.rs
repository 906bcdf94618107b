//! Jobs, their cursors, and their steps, each of which is one write.

use beckon_domain::model::change::{ChangeOutcome, Identifier};
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::job::{
    Job, JobAction, JobCounts, JobCursor, JobOutcome, JobPage, JobReason, JobResult, JobStage,
    JobStep, LineProblem, StepChange,
};
use beckon_domain::model::user::User;
use beckon_domain::ports::error::SaveError;
use beckon_domain::ports::jobs::{StartError, StepError};
use beckon_domain::values::ids::{JobId, UserId};
use beckon_domain::values::names::{GroupName, Label};
use jiff::SignedDuration;

use super::{Store, added, at_once, every_page, next};
use crate::builders::{a_job, a_job_at, a_row, a_user, an_answer, monday_morning};
use crate::entropy::fresh_ulid;

async fn started(store: &impl Store, action: JobAction, users: &[UserId]) -> (Job, JobCursor) {
    let (job, cursor) = a_job(action, users);
    let named = [users.to_vec()];
    store
        .start_job(&job, &cursor, &named, None, None)
        .await
        .unwrap();
    (job, cursor)
}

/// The step after which these are done.
fn step_of(cursor: &JobCursor, outcomes: Vec<JobOutcome>, changes: Vec<StepChange>) -> JobStep {
    JobStep {
        cursor: JobCursor {
            version: cursor.version.next(),
            offset: cursor.offset + outcomes.len() as u64,
            counts: cursor.counts.with(&outcomes),
            pages: cursor.pages + 1,
            due_at: cursor.due_at + SignedDuration::from_mins(1),
            ..cursor.clone()
        },
        page: Some(JobPage {
            job: cursor.job,
            number: cursor.pages,
            outcomes,
            kept_until: None,
        }),
        gathered: None,
        changes,
        erases_file: false,
    }
}

fn disabled(user: &User) -> StepChange {
    StepChange::Change(Box::new(next(user, |user| user.enabled = false)))
}

fn done(user: UserId) -> JobOutcome {
    JobOutcome::of(user, JobResult::Done)
}

/// With every kind of action and outcome.
pub async fn a_job_its_cursor_its_users_and_its_file_are_read_as_they_were_written<S: Store>(
    store: S,
) {
    let users: Vec<UserId> = (0..3).map(|_| UserId::new(fresh_ulid())).collect();
    let groups: std::collections::BTreeSet<GroupName> =
        GroupName::parse("staff").into_iter().collect();
    let actions = [
        JobAction::Resend,
        JobAction::GeneratePins {
            ownership: beckon_domain::model::ownership::OwnerSwitch::Off,
            reason: Label::parse("first day").unwrap(),
        },
        JobAction::SetGroups { groups },
        JobAction::Import {
            invite: true,
            charset: Some("utf-8".to_owned()),
            unknown_columns: vec!["colour".to_owned()],
            warnings: vec![LineProblem {
                field: "locale".to_owned(),
                code: "untranslated".to_owned(),
                detail: "is fi".to_owned(),
                parameters: [("language".to_owned(), "fi".to_owned())].into(),
            }],
        },
    ];
    for action in actions {
        let (job, cursor) = a_job(action, &users);
        // Larger than a row, and nothing that packs well.
        let file: Vec<u8> = (0..60_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .chain(
                (0..200_000_u32)
                    .flat_map(|n| (n.wrapping_mul(n) ^ n.rotate_left(13)).to_le_bytes()),
            )
            .collect();
        let named = [users.clone()];
        store
            .start_job(&job, &cursor, &named, Some(&file), None)
            .await
            .unwrap();

        assert_eq!(store.job_users(job.id, 0).await.unwrap(), users);
        assert_eq!(store.job_users(job.id, 1).await.unwrap(), []);
        let read = store.job_file(job.id).await.unwrap();
        assert!(read.as_ref() == Some(&file), "the file is another");
        assert_eq!(store.load_job(job.id).await.unwrap(), Some((job, cursor)));
    }
}

/// Nothing of the job is there then.
pub async fn a_file_that_one_write_does_not_hold_starts_no_job<S: Store>(store: S) {
    let (job, cursor) = a_job(JobAction::Cancel, &[]);
    let mut state = 1_u64;
    let file: Vec<u8> = (0..600_000)
        .flat_map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state ^ (state >> 29)).to_le_bytes()
        })
        .collect();

    let result = store.start_job(&job, &cursor, &[], Some(&file), None).await;

    let refused =
        matches!(result, Err(StartError::FileTooLarge { at_most }) if at_most < file.len());
    assert!(refused, "{result:?}");
    assert_eq!(store.load_job(job.id).await.unwrap(), None);
    assert_eq!(store.job_file(job.id).await.unwrap(), None);
}

/// With all that hangs on it.
pub async fn an_unknown_job_is_absent<S: Store>(store: S) {
    let unknown = JobId::new(fresh_ulid());
    let (_, cursor) = a_job(JobAction::Resend, &[]);
    let step = step_of(&cursor, Vec::new(), Vec::new());

    assert_eq!(store.load_job(unknown).await.unwrap(), None);
    assert_eq!(store.job_users(unknown, 0).await.unwrap(), []);
    assert_eq!(store.job_file(unknown).await.unwrap(), None);
    assert_eq!(store.job_pages(unknown, 0, 10).await.unwrap().items, []);
    let moved = store.finish_step(&step).await;
    assert!(matches!(moved, Err(StepError::Moved)), "{moved:?}");
    let saved = store.save_job_cursor(&step.cursor).await;
    assert!(matches!(saved, Err(SaveError::Conflict)), "{saved:?}");
}

/// The first one is there.
pub async fn a_used_key_starts_no_second_job<S: Store>(store: S) {
    let answer = an_answer();
    let (first, its_cursor) = a_job(JobAction::Cancel, &[]);
    let (second, cursor) = a_job(JobAction::Cancel, &[]);
    store
        .start_job(&first, &its_cursor, &[], None, Some(&answer))
        .await
        .unwrap();

    let result = store
        .start_job(&second, &cursor, &[], None, Some(&answer))
        .await;

    assert!(matches!(result, Err(StartError::Conflict)), "{result:?}");
    assert_eq!(store.load_job(second.id).await.unwrap(), None);
}

/// Changes, outcomes, gathered users and the cursor.
pub async fn a_step_is_written_as_a_whole<S: Store>(store: S) {
    let (one, other) = (
        added(&store, a_user().build()).await,
        added(&store, a_user().build()).await,
    );
    let ids = [one.id, other.id];
    let (job, cursor) = started(&store, JobAction::Disable, &ids).await;
    let outcomes = vec![
        done(one.id),
        JobOutcome::of(
            other.id,
            JobResult::Refused {
                reason: JobReason::NotSelected,
            },
        ),
    ];
    let mut step = step_of(&cursor, outcomes, vec![disabled(&one)]);
    step.cursor.stage = JobStage::Working;
    step.gathered = Some((7, ids.to_vec()));

    store.finish_step(&step).await.unwrap();

    let (_, moved) = store.load_job(job.id).await.unwrap().unwrap();
    assert_eq!(moved, step.cursor);
    let counts = JobCounts {
        done: 1,
        refused: 1,
        ..JobCounts::default()
    };
    assert_eq!(moved.counts, counts);
    let pages = store.job_pages(job.id, 0, 10).await.unwrap().items;
    assert_eq!(pages, step.page.into_iter().collect::<Vec<_>>());
    assert_eq!(store.job_users(job.id, 7).await.unwrap(), ids);
    let row = store.load_user(one.id).await.unwrap().unwrap();
    assert!(!row.enabled);
}

/// As when two runs carry out the same step, or when somebody has stopped the job.
pub async fn a_step_from_an_older_cursor_writes_nothing<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let (job, cursor) = started(&store, JobAction::Disable, &[user.id]).await;
    let stopped = JobCursor {
        version: cursor.version.next(),
        stopped_at: Some(monday_morning()),
        ..cursor.clone()
    };
    store.save_job_cursor(&stopped).await.unwrap();

    let step = step_of(&cursor, vec![done(user.id)], vec![disabled(&user)]);
    let result = store.finish_step(&step).await;

    assert!(matches!(result, Err(StepError::Moved)), "{result:?}");
    assert_eq!(store.load_user(user.id).await.unwrap(), Some(user));
    assert_eq!(
        store.load_job(job.id).await.unwrap(),
        Some((job.clone(), stopped))
    );
    assert_eq!(store.job_pages(job.id, 0, 10).await.unwrap().items, []);
}

/// Nobody else of the step is touched.
pub async fn a_step_that_meets_a_user_who_changed_writes_nothing_and_names_them<S: Store>(
    store: S,
) {
    let (one, other) = (
        added(&store, a_user().build()).await,
        added(&store, a_user().build()).await,
    );
    let ids = [one.id, other.id];
    let (job, cursor) = started(&store, JobAction::Disable, &ids).await;
    let step = step_of(
        &cursor,
        vec![done(one.id), done(other.id)],
        vec![disabled(&one), disabled(&other)],
    );
    let meanwhile = next(&other, |user| user.devices = 1);
    assert!(store.save_user(&meanwhile).await.unwrap().is_saved());

    let result = store.finish_step(&step).await;

    let Err(StepError::Overtaken(who)) = result else {
        panic!("{result:?}");
    };
    assert_eq!(who, [(1, ChangeOutcome::Conflict)]);
    assert_eq!(store.load_user(one.id).await.unwrap(), Some(one));
    assert_eq!(store.load_job(job.id).await.unwrap(), Some((job, cursor)));
}

/// The others find the job moved on.
pub async fn of_many_who_carry_out_one_step_at_once_one_does<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let (job, cursor) = started(&store, JobAction::Disable, &[user.id]).await;

    let results = at_once(8, |_| {
        let (store, cursor, user) = (store.clone(), cursor.clone(), user.clone());
        async move {
            let step = step_of(&cursor, vec![done(user.id)], vec![disabled(&user)]);
            store.finish_step(&step).await
        }
    })
    .await;

    let (finished, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(finished.len(), 1, "{refused:?}");
    let all_told = refused
        .iter()
        .all(|result| matches!(result, Err(StepError::Moved)));
    assert!(all_told, "{refused:?}");
    let row = store.load_user(user.id).await.unwrap().unwrap();
    assert_eq!(row.version, user.version.next());
    assert_eq!(store.job_pages(job.id, 0, 10).await.unwrap().items.len(), 1);
}

/// Their address is free, and what is left of them is found until it is erased.
pub async fn a_step_deletes_users_with_what_they_are_found_by<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let (_, cursor) = started(&store, JobAction::Delete, &[user.id]).await;
    let mut history = a_row(user.id, monday_morning());
    history.what = HistoryEvent::deletion_of(&user);
    let left = Tombstone {
        user: user.id,
        over_since: monday_morning(),
        counts_for: Vec::new(),
    };
    let removal = StepChange::Removal {
        user: Box::new(user.clone()),
        history: Box::new(history),
        left,
    };

    let step = step_of(&cursor, vec![done(user.id)], vec![removal]);
    store.finish_step(&step).await.unwrap();

    assert_eq!(store.load_user(user.id).await.unwrap(), None);
    for name in Identifier::all_of(&user) {
        assert_eq!(store.users_by_names(&[name]).await.unwrap().found, []);
    }
    assert_eq!(
        store.tombstones(monday_morning(), 10).await.unwrap(),
        [user.id]
    );
}

/// All of it.
pub async fn a_step_erases_the_file<S: Store>(store: S) {
    let (job, cursor) = a_job(JobAction::Resend, &[]);
    let file = vec![b'a'; 10_000];
    store
        .start_job(&job, &cursor, &[], Some(&file), None)
        .await
        .unwrap();
    let mut step = step_of(&cursor, Vec::new(), Vec::new());
    step.erases_file = true;

    store.finish_step(&step).await.unwrap();

    assert_eq!(store.job_file(job.id).await.unwrap(), None);
}

/// From where the caller says, and no more than asked for.
pub async fn pages_of_outcomes_are_read_in_their_order<S: Store>(store: S) {
    let (job, mut cursor) = started(&store, JobAction::Resend, &[]).await;
    let mut pages = Vec::new();
    for _ in 0..12 {
        let outcomes = (0..40).map(|_| done(UserId::new(fresh_ulid()))).collect();
        let step = step_of(&cursor, outcomes, Vec::new());
        store.finish_step(&step).await.unwrap();
        pages.extend(step.page);
        cursor = step.cursor;
    }

    for (first, limit) in [(0, 3), (0, 100), (9, 3), (9, 10), (12, 10)] {
        let read = store.job_pages(job.id, first, limit).await.unwrap().items;
        let expected: Vec<&JobPage> = pages.iter().skip(first as usize).take(limit).collect();
        assert!(
            read.iter().eq(expected),
            "{limit} from {first} on are others"
        );
    }
}

/// As a batch's cursor is.
pub async fn a_job_is_due_until_it_moves_or_is_done<S: Store>(store: S) {
    let (job, cursor) = started(&store, JobAction::Resend, &[]).await;
    let due = cursor.due_at;
    let before = due - SignedDuration::from_secs(1);

    assert_eq!(store.due_jobs(before, 10).await.unwrap(), []);
    assert_eq!(store.due_jobs(due, 10).await.unwrap(), [job.id]);
    assert_eq!(store.due_cursors(due, 10).await.unwrap(), []);

    let mut over = step_of(&cursor, Vec::new(), Vec::new());
    over.cursor.done = true;
    store.finish_step(&over).await.unwrap();
    let later = due + SignedDuration::from_hours(1);
    assert_eq!(store.due_jobs(later, 10).await.unwrap(), []);
}

/// Whatever the length of a page, and no batch is among them.
pub async fn jobs_are_listed_newest_first_page_by_page<S: Store>(store: S) {
    let mut expected = Vec::new();
    for number in 0..25 {
        let at = monday_morning() + SignedDuration::from_mins(number);
        let (job, cursor) = a_job_at(JobAction::Cancel, &[], at);
        store
            .start_job(&job, &cursor, &[], None, None)
            .await
            .unwrap();
        expected.insert(0, job.id);
    }

    for limit in [1, 10, 100] {
        let store = &store;
        let listed = every_page(limit, |from| async move {
            store.list_jobs(from.as_deref(), limit).await
        });
        assert_eq!(listed.await, expected, "{limit} a page");
    }
}
