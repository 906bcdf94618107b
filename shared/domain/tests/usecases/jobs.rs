//! Actions for many people: everyone once, nobody after a stop, whatever goes wrong in between.

use std::collections::BTreeSet;
use std::task::{Context, Poll, Waker};

use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::job::{JobAction, JobCounts, JobOutcome, JobReason, JobResult, JobState};
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::carry_out_job::CarriedOn;
use beckon_domain::usecases::change_user::UserPatch;
use beckon_domain::usecases::start_job::{JobOrder, StartJobRefused};
use beckon_domain::values::ids::{JobId, UserId};
use beckon_testkit::builders::{a_user, an_administrator};
use beckon_testkit::entropy::fresh_ulid;
use beckon_testkit::store::keys;
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

fn named(users: &[&User]) -> Selection {
    Selection::Users(users.iter().map(|user| user.id).collect())
}

async fn started(world: &World, action: JobAction, selection: Selection) -> JobId {
    let order = JobOrder {
        action,
        selection,
        who: an_administrator(),
    };
    let accepted = world.start_job().run(&order, None).await.unwrap();
    accepted.job.id
}

/// Gives a job turns until there is nothing left to do.
async fn carried_out(world: &World, id: JobId) {
    for _ in 0..100 {
        match world.carry_out_job().run(id).await.unwrap() {
            CarriedOn::More => {}
            CarriedOn::Done => return,
            other => panic!("{other:?}"),
        }
    }
    panic!("it is never done");
}

/// Plays what somebody else does between two calls of a run, to its end.
pub(crate) fn meanwhile<T>(play: impl Future<Output = T>) -> T {
    let mut play = Box::pin(play);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = play.as_mut().poll(&mut context) {
            return done;
        }
    }
}

fn outcomes(world: &World, id: JobId) -> Vec<JobOutcome> {
    let pages = world.store.outcomes_of(id);
    pages.into_iter().flat_map(|page| page.outcomes).collect()
}

async fn counts(world: &World, id: JobId) -> JobCounts {
    let report = world.report_job().run(id).await.unwrap().unwrap();
    report.cursor.counts
}

fn state(world: &World, user: &User) -> InvitationState {
    world.now_of(user).invitation_state_at(world.clock.now())
}

#[tokio::test]
async fn everyone_named_has_an_outcome_in_the_order_of_the_selection() {
    let world = World::new();
    let (open, never) = (world.with(a_user()), world.with(a_user()));
    let gone = UserId::new(fresh_ulid());
    world.invite(&[&open]).await;
    // More than a hundred are not read when the job is started.
    let mut ids = vec![open.id, never.id, gone];
    ids.extend((0..120).map(|_| UserId::new(fresh_ulid())));

    let job = started(&world, JobAction::Cancel, Selection::Users(ids.clone())).await;
    carried_out(&world, job).await;

    let all = outcomes(&world, job);
    let said: Vec<UserId> = all.iter().filter_map(|one| one.user).collect();
    assert_eq!(said, ids);
    assert_eq!(all[0].result, JobResult::Done);
    let reason = JobReason::NoInvitation;
    assert_eq!(all[1].result, JobResult::Refused { reason });
    assert_eq!(all[2].result, JobResult::Gone);
    assert_eq!(state(&world, &open), InvitationState::Cancelled);
    let counted = counts(&world, job).await;
    assert_eq!((counted.done, counted.refused, counted.gone), (1, 1, 121));
}

#[tokio::test]
async fn a_step_whose_answer_is_lost_is_not_done_twice() {
    let world = World::new();
    let users: Vec<User> = (0..10).map(|_| world.with(a_user())).collect();
    let all: Vec<&User> = users.iter().collect();
    world.invite(&all).await;
    let mails = world.store.all_mails().len();
    let job = started(&world, JobAction::Resend, named(&all)).await;

    world.store.lose_ack_next(1);
    let lost = world.carry_out_job().run(job).await;
    let again = world.carry_out_job().run(job).await.unwrap();

    assert!(lost.is_err());
    assert_eq!(again, CarriedOn::Done);
    assert_eq!(world.store.all_mails().len(), mails + 10);
    assert_eq!(counts(&world, job).await.done, 10);
}

#[tokio::test]
async fn a_run_that_comes_second_does_nothing() {
    let world = World::new();
    let user = world.with(a_user());
    let job = started(&world, JobAction::Disable, named(&[&user])).await;
    let other = world.clone();
    world.store.before_next(Call::FinishStep, move |_| {
        let second = async move { other.carry_out_job().run(job).await };
        meanwhile(second).unwrap();
    });

    let first = world.carry_out_job().run(job).await.unwrap();

    assert_eq!(first, CarriedOn::Overtaken);
    assert_eq!(world.now_of(&user).version, user.version.next());
    assert_eq!(outcomes(&world, job).len(), 1);
}

#[tokio::test]
async fn whoever_changes_in_between_is_decided_anew() {
    let world = World::new();
    let (one, other) = (world.with(a_user()), world.with(a_user()));
    world.invite(&[&one, &other]).await;
    let job = started(&world, JobAction::Cancel, named(&[&one, &other])).await;
    let id = other.id;
    world.store.before_next(Call::FinishStep, move |store| {
        store.change_user(id, |user| user.invitation = None);
    });

    carried_out(&world, job).await;

    assert_eq!(state(&world, &one), InvitationState::Cancelled);
    let reason = JobReason::NoInvitation;
    assert_eq!(
        outcomes(&world, job)[1].result,
        JobResult::Refused { reason }
    );
}

#[tokio::test]
async fn nobody_is_touched_after_a_stop() {
    let world = World::new();
    let users: Vec<User> = (0..130).map(|_| world.with(a_user())).collect();
    let all: Vec<&User> = users.iter().collect();
    let job = started(&world, JobAction::Disable, named(&all)).await;
    let other = world.clone();
    // Before the second step.
    world.store.before_next(Call::FinishStep, |_| {});
    world.store.before_next(Call::FinishStep, move |_| {
        let stop = async move { other.stop_job().run(job, &an_administrator()).await };
        meanwhile(stop).unwrap();
    });

    let overtaken = world.carry_out_job().run(job).await.unwrap();
    let after = world.carry_out_job().run(job).await.unwrap();

    assert_eq!((overtaken, after), (CarriedOn::Overtaken, CarriedOn::Done));
    let disabled = world.store.all_users().into_iter();
    let disabled = disabled.filter(|user| !user.enabled).count();
    let counted = counts(&world, job).await;
    assert!(disabled > 0 && disabled < 130, "{disabled}");
    assert_eq!(counted.done, disabled as u64);
    let report = world.report_job().run(job).await.unwrap().unwrap();
    assert_eq!(report.cursor.state(), JobState::Stopped);
}

#[tokio::test]
async fn a_filter_means_whom_it_finds_and_who_still_fits_when_their_turn_comes() {
    let world = World::new();
    let users: Vec<User> = (0..3).map(|_| world.with(a_user())).collect();
    world.invite(&users.iter().collect::<Vec<_>>()).await;
    let filter = UserFilter {
        states: BTreeSet::from([InvitationState::Pending]),
        ..UserFilter::default()
    };
    let except = BTreeSet::from([users[2].id]);
    let job = started(
        &world,
        JobAction::Delete,
        Selection::Filter { filter, except },
    )
    .await;
    // Between the list and the turn of the first.
    let id = users[0].id;
    world.store.before_next(Call::JobUsers, move |store| {
        store.change_user(id, |user| user.invitation = None);
    });

    carried_out(&world, job).await;

    assert!(world.store.find_user(users[0].id).is_some());
    assert!(world.store.find_user(users[1].id).is_none());
    assert!(world.store.find_user(users[2].id).is_some());
    let all = outcomes(&world, job);
    let reason = JobReason::NotSelected;
    let not_selected = JobOutcome::of(id, JobResult::Refused { reason });
    assert!(all.contains(&not_selected), "{all:?}");
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn a_filter_that_finds_nobody_is_done_at_once() {
    let world = World::new();
    let filter = UserFilter {
        text: "nobody".to_owned(),
        ..UserFilter::default()
    };
    let except = BTreeSet::new();
    let job = started(
        &world,
        JobAction::Enable,
        Selection::Filter { filter, except },
    )
    .await;

    carried_out(&world, job).await;

    let report = world.report_job().run(job).await.unwrap().unwrap();
    assert_eq!(report.selected(), Some(0));
    assert_eq!(report.progress(), Some(1.0));
}

#[tokio::test]
async fn whom_nobody_can_read_is_told_and_keeps_nobody_else() {
    let world = World::new();
    let (one, other) = (world.with(a_user()), world.with(a_user()));
    world.store.spoil(&keys::user(one.id));
    let job = started(&world, JobAction::Disable, named(&[&one, &other])).await;

    carried_out(&world, job).await;

    assert_eq!(outcomes(&world, job)[0].result, JobResult::Unreadable);
    assert!(!world.now_of(&other).enabled);
}

#[tokio::test]
async fn a_job_that_nobody_can_read_is_set_aside_and_no_round_stumbles_over_it() {
    let world = World::new();
    let user = world.with(a_user());
    let job = started(&world, JobAction::Disable, named(&[&user])).await;
    world.store.spoil(&keys::job(job));

    let carried = world.carry_out_job().run(job).await.unwrap();
    world.wait(SignedDuration::from_hours(1));
    let round = world.maintain().await;

    assert_eq!((carried, round.pushed), (CarriedOn::SetAside, 0));
    assert!(world.now_of(&user).enabled);
}

#[tokio::test]
async fn maintenance_pushes_a_job_whose_run_died() {
    let world = World::new();
    let users: Vec<User> = (0..60).map(|_| world.with(a_user())).collect();
    let job = started(
        &world,
        JobAction::Disable,
        named(&users.iter().collect::<Vec<_>>()),
    )
    .await;
    // After the first of its steps, of which the stream's record asks for nothing.
    world.store.before_next(Call::FinishStep, |_| {});
    world
        .store
        .before_next(Call::FinishStep, |store| store.go_down_after(0));
    assert!(world.carry_out_job().run(job).await.is_err());
    world.store.come_back();
    let (_, left) = world.store.all_jobs().remove(0);
    assert!(left.in_hand && !left.done, "{left:?}");

    world.wait(SignedDuration::from_mins(2));
    let round = world.maintain().await;

    assert_eq!(round.pushed, 1);
    let (_, pushed) = world.store.all_jobs().remove(0);
    assert!(!pushed.in_hand);
    carried_out(&world, job).await;
    assert_eq!(counts(&world, job).await.done, 60);
}

#[tokio::test]
async fn an_unknown_user_among_a_few_is_refused_and_nothing_is_stored() {
    let world = World::new();
    let order = JobOrder {
        action: JobAction::Cancel,
        selection: Selection::Users(vec![UserId::new(fresh_ulid())]),
        who: an_administrator(),
    };

    let refused = world.start_job().run(&order, None).await;

    assert!(matches!(refused, Err(StartJobRefused::UnknownUsers(_))));
    assert!(world.store.all_jobs().is_empty());
}

#[tokio::test]
async fn mails_of_a_large_job_let_others_go_first() {
    let world = World::new();
    let users: Vec<User> = (0..30).map(|_| world.with(a_user())).collect();
    let all: Vec<&User> = users.iter().collect();
    world.invite(&all).await;
    let before = world.store.all_mails().len();

    let job = started(&world, JobAction::Resend, named(&all)).await;
    carried_out(&world, job).await;

    let mails = world.store.all_mails();
    let again = mails.iter().skip(before);
    let bulk = again.filter(|mail| mail.class == beckon_domain::model::mail::MailClass::Bulk);
    assert_eq!(bulk.count(), 30);
}

/// The list shows them where they were when the job began, and then where they are.
#[tokio::test]
async fn who_got_another_address_just_before_a_job_by_filter_has_one_outcome() {
    let world = World::new();
    let user = world.with(a_user().at("aa@example.com"));
    world.with(a_user().at("mm@example.com"));
    world.store.let_pages_read(1);
    world.store.let_indexes_lag(2);
    let moved = UserPatch {
        email: Some("zz@example.com".to_owned()),
        ..UserPatch::default()
    };
    let (changing, who) = (world.change_user(), an_administrator());
    changing.run(user.id, &moved, &who).await.unwrap();
    world.wait(SignedDuration::from_secs(1));
    let everyone = Selection::Filter {
        filter: UserFilter::default(),
        except: BTreeSet::new(),
    };
    let job = started(&world, JobAction::Disable, everyone).await;
    world
        .store
        .before_next(Call::FinishStep, |store| store.let_indexes_lag(0));

    carried_out(&world, job).await;

    let theirs = outcomes(&world, job).into_iter();
    let theirs = theirs.filter(|one| one.user == Some(user.id));
    assert_eq!(theirs.count(), 1);
    assert_eq!(outcomes(&world, job).len(), 2);
}
