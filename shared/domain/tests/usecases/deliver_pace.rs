//! The delivery worker: one run at a time, at the account's pace.

use beckon_domain::model::mail::MailState;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::deliver::{DeliveryPolicy, RunEnd};
use beckon_domain::values::ids::RunId;
use beckon_testkit::builders::{a_mail, a_user, an_invitation};
use beckon_testkit::entropy::fresh_ulid;
use beckon_testkit::mail_service::HandedOver;
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

/// Puts so many large-batch mails there, each of a user of its own.
fn backlog(world: &World, count: usize) {
    for _ in 0..count {
        let user = world.with(a_user().with(an_invitation()));
        world.store.put_mail(&a_mail(user.id).bulk().build());
    }
}

fn still_waiting(world: &World) -> usize {
    let mails = world.store.all_mails();
    mails
        .iter()
        .filter(|mail| mail.state == MailState::Waiting)
        .count()
}

/// That no stretch of time holds more mails than the rate allows, and a fifth of a second's
/// burst.
fn assert_rate_kept(handed: &[HandedOver], per_second: f64) {
    let mut times: Vec<_> = handed.iter().map(|handed| handed.at).collect();
    times.sort_unstable();
    let burst = (per_second / 5.0).max(1.0);
    for (first, start) in times.iter().enumerate() {
        for (last, end) in times.iter().enumerate().skip(first) {
            let count = f64::from(u32::try_from(last - first + 1).unwrap());
            let passed = end.duration_since(*start).as_secs_f64();
            let allowed = passed * per_second + burst;
            assert!(
                count <= allowed + 1e-3,
                "{count} mails in {passed} s at {per_second} a second"
            );
        }
    }
}

#[tokio::test]
async fn a_run_that_finds_the_lease_held_ends_at_once() {
    let world = World::new();
    backlog(&world, 1);
    let other = RunId::new(fresh_ulid());
    let until = world.clock.now() + seconds(30);
    world.store.steal_lease(other, until);

    let run = world.post().await;

    assert_eq!((run.end, run.sent), (RunEnd::LeaseHeld, 0));
    assert!(world.service.handed_over().is_empty());
    assert_eq!(world.store.lease(), Some((other, until)));
}

#[tokio::test]
async fn of_two_runs_at_once_one_sends_everything_and_the_other_nothing() {
    let world = World::new();
    backlog(&world, 30);
    let (first, second) = (world.deliver(), world.deliver());

    let (one, two) = tokio::join!(first.run(), second.run());

    let mut sent = [one.unwrap(), two.unwrap()].map(|run| (run.sent, run.end));
    sent.sort_by_key(|(sent, _)| *sent);
    assert_eq!(sent, [(0, RunEnd::LeaseHeld), (30, RunEnd::NothingDue)]);
    assert_eq!(world.service.handed_over().len(), 30);
}

#[tokio::test]
async fn a_long_run_renews_its_lease_all_the_while() {
    let world = World::new();
    world.service.let_through(1.0);
    backlog(&world, 150);
    let (worker, other) = (world.deliver(), world.deliver());

    let (run, others) = tokio::join!(worker.run(), async {
        let mut ends = Vec::new();
        for _ in 0..12 {
            world.clock.sleep(seconds(11)).await;
            ends.push(other.run().await.unwrap().end);
        }
        ends
    });

    assert_eq!(run.unwrap().sent, 150);
    assert!(
        others.iter().all(|end| *end == RunEnd::LeaseHeld),
        "{others:?}"
    );
}

#[tokio::test]
async fn a_run_that_cannot_renew_its_lease_stops_and_leaves_it_to_its_holder() {
    let world = World::new();
    world.service.let_through(1.0);
    backlog(&world, 60);
    let other = RunId::new(fresh_ulid());
    let worker = world.deliver();

    let (run, until) = tokio::join!(worker.run(), async {
        world.clock.sleep(seconds(15)).await;
        let until = world.clock.now() + seconds(30);
        world.store.steal_lease(other, until);
        until
    });

    let run = run.unwrap();
    assert_eq!(run.end, RunEnd::LeaseLost);
    assert!((10..=25).contains(&run.sent), "{}", run.sent);
    assert_eq!(still_waiting(&world) as u64, 60 - run.sent);
    assert_eq!(world.store.lease(), Some((other, until)));
}

#[tokio::test]
async fn a_lease_whose_run_died_is_free_after_thirty_seconds() {
    let world = World::new();
    backlog(&world, 3);
    world
        .store
        .before_next(Call::ClaimMail, |store| store.go_down_after(0));
    assert!(world.deliver().run().await.is_err());
    world.store.come_back();

    let too_early = world.post().await;
    world.wait(seconds(31));
    let in_time = world.post().await;

    assert_eq!(too_early.end, RunEnd::LeaseHeld);
    assert_eq!(in_time.sent, 3);
}

#[tokio::test]
async fn the_account_s_rate_is_kept_and_used() {
    for per_second in [1.0, 14.0, 200.0] {
        let world = World::new();
        world.service.let_through(per_second);
        world.service.take_time(SignedDuration::from_millis(60));
        backlog(&world, 200);
        let began = world.clock.now();

        world.post().await;

        let took = world.clock.now().duration_since(began).as_secs_f64();
        assert_rate_kept(&world.service.handed_over(), per_second);
        let least = 200.0 / per_second;
        assert!(
            took < least * 1.25 + 2.5,
            "{took} s at {per_second} a second"
        );
    }
}

#[tokio::test]
async fn many_are_under_way_at_the_same_time_but_no_more_than_allowed() {
    let mut world = World::new();
    world.policy.in_flight = 20;
    world.service.let_through(1_000.0);
    world.service.take_time(seconds(1));
    backlog(&world, 100);

    world.post().await;

    assert_eq!(world.service.most_under_way(), 20);
}

#[tokio::test]
async fn a_changed_rate_is_followed_within_seconds_in_both_directions() {
    let world = World::new();
    world.service.let_through(20.0);
    backlog(&world, 800);
    let worker = world.deliver();

    let (_, (slowed, sped_up)) = tokio::join!(worker.run(), async {
        world.clock.sleep(seconds(5)).await;
        world.service.let_through(2.0);
        let slowed = world.clock.now();
        world.clock.sleep(seconds(10)).await;
        world.service.let_through(100.0);
        (slowed, world.clock.now())
    });

    let handed = world.service.handed_over();
    let between = |from: jiff::Timestamp, after: i64, length: i64| {
        let from = from + seconds(after);
        let until = from + seconds(length);
        handed
            .iter()
            .filter(|h| h.at >= from && h.at < until)
            .count()
    };
    assert!(
        (10..=14).contains(&between(slowed, 3, 6)),
        "{}",
        between(slowed, 3, 6)
    );
    assert!(between(sped_up, 3, 1) > 80, "{}", between(sped_up, 3, 1));
}

#[tokio::test]
async fn a_cap_of_ours_holds_whatever_the_account_allows() {
    let mut world = World::new();
    world.policy.most_per_second = 5.0;
    world.service.let_through(500.0);
    backlog(&world, 50);

    world.post().await;

    assert_rate_kept(&world.service.handed_over(), 5.0);
}

#[tokio::test]
async fn limits_that_cannot_be_read_for_a_moment_stay_as_they_were() {
    let world = World::new();
    world.service.let_through(10.0);
    backlog(&world, 100);
    let worker = world.deliver();

    let (run, ()) = tokio::join!(worker.run(), async {
        world.clock.sleep(seconds(2)).await;
        world.service.hide_limits();
    });

    assert_eq!(run.unwrap().sent, 100);
    assert_rate_kept(&world.service.handed_over(), 10.0);
}

#[tokio::test]
async fn without_any_limits_nothing_is_sent() {
    let world = World::new();
    backlog(&world, 1);
    world.service.hide_limits();

    let result = world.deliver().run().await;

    assert!(result.is_err());
    assert!(world.service.handed_over().is_empty());
}

#[tokio::test]
async fn mails_that_trickle_in_one_run_after_the_other_keep_the_rate_too() {
    let world = World::new();
    world.service.let_through(2.0);

    for _ in 0..20 {
        backlog(&world, 1);
        world.post().await;
    }

    assert_eq!(world.service.handed_over().len(), 20);
    assert_rate_kept(&world.service.handed_over(), 2.0);
}

#[tokio::test]
async fn a_run_ends_before_its_time_is_over_and_its_successor_goes_on() {
    let mut world = World::new();
    world.policy = DeliveryPolicy {
        longest_run: seconds(60),
        ..DeliveryPolicy::default()
    };
    world.service.let_through(1.0);
    backlog(&world, 100);

    let first = world.post().await;
    let second = world.post().await;

    assert_eq!(
        (first.end, second.end),
        (RunEnd::OutOfTime, RunEnd::NothingDue)
    );
    assert!((58..=62).contains(&first.sent), "{}", first.sent);
    assert_eq!(first.sent + second.sent, 100);
    assert_eq!(world.service.handed_over().len(), 100);
}

#[tokio::test]
async fn what_comes_in_as_a_run_gives_its_lease_back_does_not_wait_for_maintenance() {
    let world = World::new();
    backlog(&world, 1);
    let late = world.clone();
    world
        .store
        .before_next(Call::GiveLeaseBack, move |_| backlog(&late, 1));

    let run = world.post().await;

    assert_eq!(run.sent, 2);
}
