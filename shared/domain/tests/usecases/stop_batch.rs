//! Stopping a batch, by hand or by its bounces.

use beckon_domain::model::batch::BatchState;
use beckon_domain::model::mail::{MailEvent, MailState};
use beckon_domain::model::user::User;
use beckon_domain::usecases::record_feedback::{Feedback, FeedbackOutcome};
use beckon_domain::values::ids::BatchId;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, monday_morning};
use beckon_testkit::entropy::fresh_ulid;

async fn invited(count: usize) -> (World, Vec<User>, BatchId) {
    let world = World::new();
    let users: Vec<User> = (0..count).map(|_| world.with(a_user())).collect();
    let batch = world.invite(&users.iter().collect::<Vec<_>>()).await;
    (world, users, batch)
}

/// Has the first mail of somebody bounce, as the handler of reports does; gives whether that
/// stopped the batch.
async fn bounce(world: &World, user: &User) -> bool {
    let feedback = Feedback {
        mail: world.store.mails_of(user.id)[0].id,
        service_id: None,
        event: MailEvent::HardBounce,
        reason: None,
        at: monday_morning(),
    };
    match world.record_feedback().run(&feedback).await.unwrap() {
        FeedbackOutcome::Bounced { batch } => {
            let stopping = world.stop_batch();
            stopping.after_bounce(batch, feedback.mail).await.unwrap()
        }
        other => panic!("{other:?}"),
    }
}

async fn state(world: &World, batch: BatchId) -> BatchState {
    world
        .report_batch()
        .run(batch)
        .await
        .unwrap()
        .unwrap()
        .state
}

#[tokio::test]
async fn the_mails_of_a_stopped_batch_are_dropped_when_their_turn_comes() {
    let (world, users, batch) = invited(3).await;
    let other = world.with(a_user());
    world.invite(&[&other]).await;

    let stopped = world
        .stop_batch()
        .run(batch, &an_administrator())
        .await
        .unwrap()
        .unwrap();
    world.post().await;

    assert!(stopped.stopped_at.is_some());
    assert_eq!(state(&world, batch).await, BatchState::Stopped);
    for user in &users {
        let mail = &world.store.mails_of(user.id)[0];
        assert_eq!(mail.state, MailState::Dropped);
        assert_eq!(mail.reason.as_ref().unwrap().code, "batchStopped");
    }
    assert_eq!(world.service.taken().len(), 1);
}

#[tokio::test]
async fn one_that_is_stopped_stays_stopped_and_one_that_is_unknown_is_absent() {
    let (world, _, batch) = invited(1).await;

    let first = world
        .stop_batch()
        .run(batch, &an_administrator())
        .await
        .unwrap();
    let again = world
        .stop_batch()
        .run(batch, &an_administrator())
        .await
        .unwrap();
    let unknown = world
        .stop_batch()
        .run(BatchId::new(fresh_ulid()), &an_administrator())
        .await;

    assert_eq!(first, again);
    assert_eq!(unknown.unwrap(), None);
}

#[tokio::test]
async fn two_who_stop_a_batch_at_once_both_find_it_stopped() {
    let (world, _, batch) = invited(1).await;
    let stopping = world.stop_batch();

    let who = an_administrator();
    let (one, two) = tokio::join!(stopping.run(batch, &who), stopping.run(batch, &who));

    assert_eq!(one.unwrap(), two.unwrap());
}

#[tokio::test]
async fn more_than_four_bounces_in_a_hundred_mails_stop_a_batch_and_say_so_once() {
    let (world, users, batch) = invited(100).await;
    world.post().await;

    let mut stopped = Vec::new();
    for user in &users[..6] {
        stopped.push(bounce(&world, user).await);
    }

    assert_eq!(stopped, [false, false, false, false, true, false]);
    assert_eq!(state(&world, batch).await, BatchState::Stopped);
}

#[tokio::test]
async fn one_mail_that_is_reported_again_and_again_stops_nothing() {
    let (world, users, batch) = invited(100).await;
    world.post().await;

    for _ in 0..10 {
        assert!(!bounce(&world, &users[0]).await);
    }

    assert_eq!(state(&world, batch).await, BatchState::Expanded);
}

#[tokio::test]
async fn a_few_mails_say_nothing_yet() {
    let (world, users, batch) = invited(99).await;
    world.post().await;

    for user in &users[..20] {
        assert!(!bounce(&world, user).await);
    }

    assert_eq!(state(&world, batch).await, BatchState::Expanded);
}
