//! Numbers: the funnel of everything, of a group, of a batch.

use std::collections::BTreeSet;

use beckon_domain::model::counting::{
    Counts, EarlierBatches, Figure, Scope, Standing, Step, Uncounted, UncountedRow,
};
use beckon_domain::model::mail::{MailEvent, MailKind};
use beckon_domain::model::registration::{DeviceFacts, Registrant};
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::counters::Counters as _;
use beckon_domain::usecases::count_changes::{COUNT_AT, CountChanges, Counted};
use beckon_domain::usecases::count_earlier::{CountEarlier, CountedEarlier};
use beckon_domain::usecases::note_changes::NoteChanges;
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::ids::{BatchId, DeviceId, MailId};
use beckon_domain::values::names::GroupName;
use beckon_testkit::builders::{a_user, settings};
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

use crate::batches::some_users;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

fn device(id: &str) -> DeviceFacts {
    DeviceFacts {
        id: DeviceId::parse(id).unwrap(),
        name: None,
        platform: None,
        os_version: None,
        serial: None,
        supervised: None,
        enrollment_type: None,
        ownership: None,
    }
}

/// Plays something to its end within a call of the store.
pub(crate) fn at_once<T>(play: impl Future<Output = T>) -> T {
    let mut play = std::pin::pin!(play);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(done) = play.as_mut().poll(&mut context) {
            return done;
        }
    }
}

async fn arrives(world: &World, mail: MailId) {
    let delivered = Feedback {
        mail,
        service_id: None,
        event: MailEvent::Deliver,
        reason: None,
        at: world.clock.now(),
    };
    world.record_feedback().run(&delivered).await.unwrap();
}

async fn redeems(world: &World, user: &User) {
    let token = world.token_of(user);
    world.show_token(&token).await.unwrap();
}

async fn registers(world: &World, user: &User) {
    let facts = device(&format!("device-{}", user.id));
    world
        .report(Registrant::User(user.id), facts)
        .await
        .unwrap();
}

async fn everything(world: &World) -> Counts {
    world.report_overview().run(None).await.unwrap().counts
}

async fn of_group(world: &World, name: &str) -> Counts {
    let overview = world.report_overview();
    overview.run(Some(&group(name))).await.unwrap().counts
}

async fn of_batch(world: &World, batch: BatchId) -> Counts {
    let report = world.report_batch().run(batch).await.unwrap();
    report.unwrap().figures
}

/// Invited, delivered, redeemed, registered, confirmed.
fn funnel(counts: &Counts) -> [u64; 5] {
    Step::ALL.map(|step| counts.of(Figure::Reached(step)))
}

fn is(counts: &Counts, standing: Standing) -> u64 {
    counts.of(Figure::Standing(standing))
}

#[tokio::test]
async fn each_step_counts_for_everything_for_the_group_and_for_the_batch_with_its_time() {
    let world = World::under(&settings().confirming_everyone().build());
    let first = world.with(a_user().in_group("sales"));
    let second = world.with(a_user());
    let batch = world.invite(&[&first, &second]).await;
    world.post().await;
    world.wait(MINUTE);
    for user in [&first, &second] {
        arrives(&world, world.store.mails_of(user.id)[0].id).await;
    }
    world.wait(MINUTE * 60);
    redeems(&world, &first).await;
    world.wait(MINUTE * 5);
    registers(&world, &first).await;
    world.post().await;
    let confirmation = world.store.mails_of(first.id).into_iter();
    let confirmation = confirmation.filter(|m| matches!(m.kind, MailKind::Confirmation { .. }));
    let confirmation = confirmation.last().unwrap().id;
    world.wait(MINUTE);
    arrives(&world, confirmation).await;
    world.count_all().await.unwrap();

    let all = everything(&world).await;
    assert_eq!(funnel(&all), [2, 2, 1, 1, 1]);
    assert_eq!(funnel(&of_batch(&world, batch).await), [2, 2, 1, 1, 1]);
    assert_eq!(funnel(&of_group(&world, "Sales").await), [1, 1, 1, 1, 1]);
    assert_eq!(funnel(&of_group(&world, "nobody's").await), [0; 5]);
    for (step, minutes) in [
        (Step::Delivered, 1),
        (Step::Redeemed, 60),
        (Step::Registered, 5),
        (Step::Confirmed, 1),
    ] {
        let median = all.median(step).unwrap();
        let within = median.from_seconds <= minutes * 60
            && median.to_seconds.is_none_or(|to| minutes * 60 <= to);
        assert!(within, "{step:?} {median:?}");
    }
}

#[tokio::test]
async fn what_is_told_twice_or_out_of_order_and_counted_in_between_changes_no_number() {
    let plain = World::under(&settings().confirming_everyone().build());
    let shuffled = World::under(&settings().confirming_everyone().build());
    let mut told: Vec<Uncounted> = Vec::new();
    let mut numbers = Vec::new();

    for (world, repeats) in [(&plain, false), (&shuffled, true)] {
        let users = some_users(world, 12);
        let batch = world.invite(&users.iter().collect::<Vec<_>>()).await;
        world.post().await;
        for (place, user) in users.iter().enumerate() {
            arrives(world, world.store.mails_of(user.id)[0].id).await;
            if place % 2 == 0 {
                redeems(world, user).await;
            }
            if place % 3 == 0 {
                registers(world, user).await;
            }
            if repeats {
                told.extend(world.store.newly_changed());
                let place = place * 7 % told.len();
                let repeated: BTreeSet<Uncounted> = told[place..]
                    .iter()
                    .chain(&told[..place / 2])
                    .copied()
                    .collect();
                let noting = NoteChanges { env: world.clone() };
                noting.run(&repeated).await.unwrap();
                noting.run(&repeated).await.unwrap();
                if place % 2 == 1 {
                    CountChanges { env: world.clone() }.run().await.unwrap();
                    CountChanges { env: world.clone() }.run().await.unwrap();
                }
            }
        }
        if repeats {
            let rest: BTreeSet<Uncounted> = told.drain(..).rev().collect();
            NoteChanges { env: world.clone() }.run(&rest).await.unwrap();
        } else {
            world.count_all().await.unwrap();
        }
        numbers.push((everything(world).await, of_batch(world, batch).await));
    }

    assert_eq!(funnel(&numbers[0].0), [12, 12, 6, 4, 0]);
    assert_eq!(numbers[0], numbers[1]);
    // What is told and not counted reads the same as once it is counted.
    CountChanges {
        env: shuffled.clone(),
    }
    .run()
    .await
    .unwrap();
    assert_eq!(shuffled.store.sums(&Scope::Everything), numbers[0].0);
}

/// Whoever notes leaves out what is listed already: it must then be read as it is after the change.
#[tokio::test]
async fn what_changes_while_it_is_being_counted_is_counted_by_the_next() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let changed: BTreeSet<Uncounted> = world.store.newly_changed().into_iter().collect();
    let noting = NoteChanges { env: world.clone() };
    noting.run(&changed).await.unwrap();
    let counting = CountChanges { env: world.clone() };
    // The sheets are read after the people are.
    let (other, told) = (world.clone(), changed.clone());
    world.store.before_next(Call::AddCounts, move |store| {
        store.change_user(user.id, |user| {
            let own = user.invitation.as_mut().unwrap();
            own.steps.as_mut().unwrap().redeemed_at = Some(other.clock.now());
        });
        let noted = NoteChanges { env: other.clone() };
        at_once(noted.run(&told)).unwrap();
    });

    assert_eq!(
        counting.run().await.unwrap(),
        Counted::Looked(changed.len())
    );
    assert_eq!(
        funnel(&world.store.sums(&Scope::Everything)),
        [1, 0, 0, 0, 0]
    );

    assert_eq!(funnel(&everything(&world).await), [1, 0, 1, 0, 0]);
    counting.run().await.unwrap();
    assert_eq!(
        funnel(&world.store.sums(&Scope::Everything)),
        [1, 0, 1, 0, 0]
    );
}

#[tokio::test]
async fn a_person_counts_under_the_groups_held_when_they_were_invited() {
    let world = World::new();
    let user = world.with(a_user().in_group("before"));
    world.invite(&[&user]).await;
    world.store.change_user(user.id, |user| {
        user.groups = BTreeSet::from([group("after")]);
    });
    redeems(&world, &user).await;
    world.count_all().await.unwrap();

    assert_eq!(funnel(&of_group(&world, "before").await), [1, 0, 1, 0, 0]);
    assert_eq!(funnel(&of_group(&world, "after").await), [0; 5]);
}

#[tokio::test]
async fn an_earlier_batch_keeps_what_its_own_invitation_had_come_to() {
    let world = World::new();
    let (gone_on, waited) = (world.with(a_user()), world.with(a_user()));
    let first = world.invite(&[&gone_on, &waited]).await;
    redeems(&world, &gone_on).await;
    registers(&world, &gone_on).await;
    world.count_all().await.unwrap();
    world.wait(MINUTE * 60);
    let second = world.invite(&[&gone_on, &waited]).await;
    redeems(&world, &waited).await;
    world.count_all().await.unwrap();

    let (first, second) = (
        of_batch(&world, first).await,
        of_batch(&world, second).await,
    );
    assert_eq!(funnel(&first), [2, 0, 1, 1, 0]);
    assert_eq!(is(&first, Standing::Completed), 1);
    assert_eq!(is(&first, Standing::Replaced), 1);
    assert_eq!(funnel(&second), [2, 0, 1, 0, 0]);
    assert_eq!(is(&second, Standing::Pending), 2);
    assert_eq!(funnel(&everything(&world).await), [4, 0, 2, 1, 0]);
}

#[tokio::test]
async fn who_is_mailed_the_same_again_counts_once_in_everything() {
    let world = World::new();
    let user = world.with(a_user());
    let first = world.invite(&[&user]).await;
    let second = world.invite(&[&user]).await;
    redeems(&world, &user).await;
    world.count_all().await.unwrap();

    for batch in [first, second] {
        assert_eq!(funnel(&of_batch(&world, batch).await), [1, 0, 1, 0, 0]);
    }
    assert_eq!(funnel(&everything(&world).await), [1, 0, 1, 0, 0]);
}

/// Rows of before say nothing of steps; the history does.
#[tokio::test]
async fn what_was_there_before_is_counted_page_by_page_and_begun_again_where_it_was() {
    let world = World::new();
    let users = some_users(&world, 30);
    let batch = world.invite(&users.iter().collect::<Vec<_>>()).await;
    redeems(&world, &users[0]).await;
    registers(&world, &users[0]).await;
    redeems(&world, &users[1]).await;
    world
        .store
        .change_batch(batch, |batch| batch.counted = false);
    for user in &users {
        world.store.change_user(user.id, |user| {
            user.invitation.as_mut().unwrap().steps = None;
        });
        world
            .store
            .change_mail(world.store.mails_of(user.id)[0].id, |mail| mail.page = None);
    }
    let counting = CountEarlier { env: world.clone() };
    let overview = world.report_overview().run(None).await.unwrap();
    assert!(!overview.complete);
    let report = world.report_batch().run(batch).await.unwrap().unwrap();
    assert!(!report.counted);

    // It dies after the sums were written and before that was noted.
    world.store.plan(4, beckon_testkit::Fault::LoseAnswer);
    let _ = counting.run().await;
    world.store.come_back();
    while counting.run().await.unwrap() != CountedEarlier::DoneBefore {}

    assert_eq!(
        world.store.uncounted().await.unwrap().0.earlier,
        EarlierBatches::Done
    );
    let overview = world.report_overview().run(None).await.unwrap();
    assert!(overview.complete);
    assert_eq!(funnel(&overview.counts), [30, 0, 2, 1, 0]);
    let report = world.report_batch().run(batch).await.unwrap().unwrap();
    assert!(report.counted);
    assert_eq!((report.counts.issued, report.counts.skipped), (30, 0));
}

#[tokio::test]
async fn a_question_takes_a_bounded_number_of_calls_for_ten_people_and_for_five_thousand() {
    let mut calls = Vec::new();
    for count in [10, 5_000] {
        let world = World::new();
        let users = some_users(&world, count);
        let batch = world.invite(&users.iter().collect::<Vec<_>>()).await;
        world.count_all().await.unwrap();

        let before = world.store.calls();
        assert_eq!(
            of_batch(&world, batch).await.of(Figure::Issued),
            count as u64
        );
        let between = world.store.calls();
        assert_eq!(funnel(&everything(&world).await)[0], count as u64);
        calls.push((between - before, world.store.calls() - between));
    }

    let are_few = |(of_batch, all): &(u64, u64)| *of_batch <= 16 && *all <= 12;
    assert!(calls.iter().all(are_few), "{calls:?}");
}

#[tokio::test]
async fn once_very_many_are_counted_those_listed_last_stay_listed_and_count_once() {
    let world = World::new();
    let users = some_users(&world, COUNT_AT);
    world.invite(&users.iter().collect::<Vec<_>>()).await;

    world.count_all().await.unwrap();

    let (ledger, rows) = world.store.uncounted().await.unwrap();
    let listed: BTreeSet<Uncounted> = rows.iter().flat_map(|row| row.entries.clone()).collect();
    assert_eq!(listed.len(), COUNT_AT / 4);
    let are_current = |row: &UncountedRow| row.generation == ledger.version.get();
    assert!(
        rows.iter().all(are_current),
        "a change would list them anew"
    );
    assert_eq!(
        funnel(&world.store.sums(&Scope::Everything))[0],
        COUNT_AT as u64
    );
    let counting = CountChanges { env: world.clone() };
    counting.run().await.unwrap();
    assert_eq!(funnel(&everything(&world).await)[0], COUNT_AT as u64);
    assert_eq!(world.store.uncounted().await.unwrap().1, []);
}
