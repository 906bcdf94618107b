//! A round of maintenance.

use beckon_domain::model::delivery::Pause;
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::delivery::Delivery as _;
use beckon_domain::usecases::run_maintenance::MaintenanceRound;
use beckon_testkit::builders::{a_user, an_invitation, settings};
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

const WEEK: SignedDuration = SignedDuration::from_hours(168);

fn times_expired(world: &World, user: &User) -> usize {
    let rows = world.store.history(user.id);
    rows.iter()
        .filter(|row| matches!(row.what, HistoryEvent::InvitationExpired { .. }))
        .count()
}

#[tokio::test]
async fn where_nothing_is_due_nothing_is_done() {
    let world = World::new();

    assert_eq!(world.maintain().await, MaintenanceRound::default());
    assert_eq!(world.wake_up.count(), 0);
}

#[tokio::test]
async fn the_delivery_worker_is_woken_once_if_anything_is_due() {
    let world = World::new();
    let users: Vec<User> = (0..30).map(|_| world.with(a_user())).collect();
    world.invite(&users.iter().collect::<Vec<_>>()).await;
    world.invite(&[&users[0]]).await;

    let before = world.maintain().await;
    world.post().await;
    let after = world.maintain().await;

    assert!(before.woke && !after.woke);
    assert_eq!(world.wake_up.count(), 1);
}

#[tokio::test]
async fn a_mail_whose_wake_up_was_lost_costs_a_minute_and_no_mail() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;

    world.wait(SignedDuration::from_mins(1));
    if world.maintain().await.woke {
        world.post().await;
    }

    assert_eq!(world.service.taken_for(&user.email).len(), 1);
}

#[tokio::test]
async fn it_says_how_long_mail_has_been_due_and_whether_delivery_stands_still() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.wait(SignedDuration::from_mins(3));

    let late = world.maintain().await;
    let pause = Pause {
        until: world.clock.now() + SignedDuration::from_mins(15),
        code: "accountRefused".to_owned(),
        reason: "the account is suspended".to_owned(),
    };
    world.store.set_delivery_pause(Some(&pause)).await.unwrap();
    let paused = world.maintain().await;
    world.wait(SignedDuration::from_mins(15));
    let over = world.maintain().await;

    assert_eq!(late.oldest_due, SignedDuration::from_mins(3));
    assert!(!late.paused && paused.paused && !over.paused);
}

#[tokio::test]
async fn a_cursor_that_stands_still_is_pushed_after_its_patience_and_again_later() {
    let world = World::new();
    let user = world.with(a_user());
    let order = world.order(&[user.id]);
    let sent = world.send().run(&order, None).await.unwrap();

    let at_once = world.maintain().await;
    world.wait(SignedDuration::from_mins(1));
    let (after_a_minute, right_after) = (world.maintain().await, world.maintain().await);
    world.wait(SignedDuration::from_mins(1));
    let a_minute_later = world.maintain().await;
    world.expand_all(sent.batch.id).await.unwrap();
    world.wait(SignedDuration::from_mins(2));
    let once_done = world.maintain().await;

    let pushed = [
        at_once,
        after_a_minute,
        right_after,
        a_minute_later,
        once_done,
    ];
    assert_eq!(pushed.map(|round| round.pushed), [0, 1, 0, 1, 0]);
    let cursor = world.store.all_batches().pop().unwrap().1;
    assert_eq!(cursor.version.get(), 4, "two pushes and a page");
}

#[tokio::test]
async fn a_cursor_that_moves_by_itself_meanwhile_is_left_alone() {
    let world = World::new();
    let user = world.with(a_user());
    let order = world.order(&[user.id]);
    world.send().run(&order, None).await.unwrap();
    world.wait(SignedDuration::from_mins(1));
    world.store.conflict_next(1);

    let round = world.maintain().await;

    assert_eq!(round.pushed, 0);
}

#[tokio::test]
async fn a_list_of_cursors_that_is_a_moment_old_pushes_none_that_is_done() {
    let world = World::new();
    let user = world.with(a_user());
    let order = world.order(&[user.id]);
    let sent = world.send().run(&order, None).await.unwrap();
    world.wait(SignedDuration::from_mins(1));
    world.store.let_indexes_lag(3);
    world.expand_all(sent.batch.id).await.unwrap();
    let before = world.store.all_batches();

    let round = world.maintain().await;

    assert_eq!(round.pushed, 0);
    assert_eq!(world.store.all_batches(), before);
}

#[tokio::test]
async fn an_invitation_ends_once_its_time_is_over() {
    let world = World::new();
    let pending = world.with(a_user());
    let locked = world.with(a_user());
    world.invite(&[&pending, &locked]).await;
    world.store.change_user(locked.id, |user| {
        user.invitation.as_mut().unwrap().state = InvitationState::Locked;
    });

    world.wait(WEEK - SignedDuration::from_secs(1));
    let too_early = world.maintain().await;
    world.wait(SignedDuration::from_secs(1));
    let (in_time, again) = (world.maintain().await, world.maintain().await);

    assert_eq!([too_early, in_time, again].map(|t| t.expired), [0, 2, 0]);
    for user in [&pending, &locked] {
        assert_eq!(world.invitation_of(user).state, InvitationState::Expired);
        assert_eq!(times_expired(&world, user), 1);
    }
}

#[tokio::test]
async fn more_than_one_call_of_expiries_ends_in_one_round() {
    let world = World::new();
    let end = world.clock.now();
    let users: Vec<User> = (0..250)
        .map(|_| world.with(a_user().with(an_invitation().until(end))))
        .collect();

    let round = world.maintain().await;

    assert_eq!(round.expired, 250);
    let ended = |user: &User| world.invitation_of(user).state == InvitationState::Expired;
    assert!(users.iter().all(ended));
}

#[tokio::test]
async fn who_is_invited_anew_while_maintenance_comes_by_keeps_the_new_issue() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.wait(WEEK);
    let id = user.id;
    let end = world.clock.now() + WEEK;
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| {
            user.invitation = Some(an_invitation().issue(2).until(end).build());
        });
    });

    world.maintain().await;

    assert_eq!(world.invitation_of(&user).state, InvitationState::Pending);
    assert_eq!(times_expired(&world, &user), 0);
}

#[tokio::test]
async fn only_what_was_ended_is_counted() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.wait(WEEK);
    let id = user.id;
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| user.devices = 1);
    });

    let (overtaken, next) = (world.maintain().await, world.maintain().await);

    assert_eq!((overtaken.expired, next.expired), (0, 1));
}

#[tokio::test]
async fn a_list_of_what_is_due_that_is_a_moment_old_ends_nothing_twice() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.wait(WEEK);
    world.store.let_indexes_lag(2);

    let (first, second) = (world.maintain().await, world.maintain().await);

    assert_eq!((first.expired, second.expired), (1, 0));
    assert_eq!(times_expired(&world, &user), 1);
}

#[tokio::test]
async fn a_delivery_worker_that_cannot_be_woken_keeps_nothing_else_from_being_done() {
    let world = World::under(&settings().lifetime_hours(1).build());
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.wait(WEEK);
    world.wake_up.break_down(true);

    let _ = world.run_maintenance().run().await;

    assert_eq!(world.invitation_of(&user).state, InvitationState::Expired);
}

#[tokio::test]
async fn a_table_that_fails_makes_the_round_fail_and_the_next_one_makes_up_for_it() {
    for calls in 0..7 {
        let world = World::new();
        let user = world.with(a_user());
        world.invite(&[&user]).await;
        world.wait(WEEK);
        world.store.plan(calls, beckon_testkit::Fault::Refuse);

        let failed = world.run_maintenance().run().await.is_err();
        world.store.come_back();
        world.maintain().await;

        assert!(failed || calls > 4, "{calls}");
        assert_eq!(times_expired(&world, &user), 1);
    }
}
