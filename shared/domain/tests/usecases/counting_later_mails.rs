//! Numbers follow the latest mail that an invitation was put into: mailed again, or issued again to a corrected
//! address.

use beckon_domain::model::counting::{Counts, Figure, Step};
use beckon_domain::model::mail::{MailEvent, MailState};
use beckon_domain::model::settings::Settings;
use beckon_domain::model::settings::retention::Retention;
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::count_changes::{CountChanges, Counted};
use beckon_domain::usecases::note_changes::NoteChanges;
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::ids::BatchId;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, settings};
use beckon_testkit::store::Call;
use jiff::SignedDuration;

use crate::correct_address::correct;
use crate::counting::at_once;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Something is heard of the mail that the invitation lies in now.
async fn is_heard(world: &World, user: &User, event: MailEvent) {
    let heard = Feedback {
        mail: world.invitation_of(user).mail,
        service_id: None,
        event,
        reason: None,
        at: world.clock.now(),
    };
    world.record_feedback().run(&heard).await.unwrap();
}

async fn mail_again(world: &World, user: &User) {
    let change = world.change_invitation();
    let mailed = change
        .run(user.id, InvitationChange::Resend, &an_administrator())
        .await;
    mailed.unwrap();
}

/// How many mails arrived, came back and wait, of the batch and of everything, which are the same.
async fn figures(world: &World, batch: BatchId) -> [u64; 3] {
    world.count_all().await.unwrap();
    let report = world.report_batch().run(batch).await.unwrap().unwrap();
    let everything = world.report_overview().run(None).await.unwrap().counts;
    let of = |counts: &Counts| {
        let delivered = counts.of(Figure::Reached(Step::Delivered));
        [delivered, counts.of(Figure::Bounced)]
    };
    assert_eq!(of(&report.figures), of(&everything));
    let [delivered, bounced] = of(&everything);
    [delivered, bounced, report.counts.waiting]
}

/// Somebody whose invitation came back.
async fn somebody_unreached(world: &World) -> (User, BatchId) {
    let user = world.with(a_user().at("typo@example.com"));
    let batch = world.invite(&[&user]).await;
    world.post().await;
    is_heard(world, &user, MailEvent::HardBounce).await;
    (user, batch)
}

#[tokio::test]
async fn a_mail_to_the_corrected_address_takes_the_place_of_the_one_that_came_back() {
    let world = World::under(&Settings {
        retention: Retention {
            erase_after_days: Some(30),
        },
        ..settings().build()
    });
    let (user, batch) = somebody_unreached(&world).await;
    assert_eq!(figures(&world, batch).await, [0, 1, 0]);

    correct(&world, &user, "right@example.com").await.unwrap();
    assert_eq!(figures(&world, batch).await, [0, 0, 1]);
    world.post().await;
    is_heard(&world, &user, MailEvent::Deliver).await;
    assert_eq!(figures(&world, batch).await, [1, 0, 0]);

    // What it had come to stays when another invitation takes its place, and when they are gone and erased.
    world.wait(DAY);
    let next = world.invite(&[&world.now_of(&user)]).await;
    world.post().await;
    world.count_all().await.unwrap();
    let first = world.report_batch().run(batch).await.unwrap().unwrap();
    assert_eq!(first.counts.delivered, 1);
    world
        .delete_user()
        .run(user.id, &an_administrator())
        .await
        .unwrap();
    world.wait(DAY * 1_000);
    world.count_all().await.unwrap();
    world.erase_ended().run().await.unwrap();
    world.erase_ended().run().await.unwrap();
    assert!(world.store.history(user.id).is_empty());
    for (batch, delivered) in [(batch, 1), (next, 0)] {
        let report = world.report_batch().run(batch).await.unwrap().unwrap();
        assert_eq!(report.counts.delivered, delivered);
    }
}

#[tokio::test]
async fn a_mail_to_the_same_address_that_waits_or_is_dropped_takes_nothing_from_one_that_arrived() {
    let world = World::new();
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    world.post().await;
    is_heard(&world, &user, MailEvent::Deliver).await;

    for _ in 0..2 {
        mail_again(&world, &user).await;
        assert_eq!(figures(&world, batch).await, [1, 0, 0]);
    }
    let cancel = world.change_invitation();
    cancel
        .run(user.id, InvitationChange::Cancel, &an_administrator())
        .await
        .unwrap();
    world.post().await;
    assert_eq!(figures(&world, batch).await, [1, 0, 0]);
}

#[tokio::test]
async fn a_second_mail_that_comes_back_says_so_though_the_first_arrived() {
    let world = World::new();
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    world.post().await;
    is_heard(&world, &user, MailEvent::Deliver).await;

    mail_again(&world, &user).await;
    world.post().await;
    is_heard(&world, &user, MailEvent::HardBounce).await;

    assert_eq!(figures(&world, batch).await, [0, 1, 0]);
}

/// They read the person before the address was corrected and the mails after it, which is how things never stood.
/// Whoever began after them read it right, and had nothing to write.
#[tokio::test]
async fn who_counts_slowly_puts_no_earlier_mail_in_the_place_of_the_latest() {
    let world = World::new();
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    world.post().await;
    assert_eq!(figures(&world, batch).await, [0, 0, 0]);
    let changed = world.store.everything_countable();
    let noting = NoteChanges { env: world.clone() };
    noting.run(&changed).await.unwrap();
    let other = world.clone();
    let first = world.invitation_of(&user).mail;
    let meanwhile = async move {
        correct(&other, &user, "right@example.com").await.unwrap();
        let second = other.invitation_of(&user).mail;
        other
            .store
            .change_mail(second, |mail| mail.state = MailState::Sent);
        let heard = Feedback {
            mail: first,
            service_id: None,
            event: MailEvent::Deliver,
            reason: None,
            at: other.clock.now(),
        };
        other.record_feedback().run(&heard).await.unwrap();
        let changed = other.store.everything_countable();
        let noting = NoteChanges { env: other.clone() };
        noting.run(&changed).await.unwrap();
        let counting = CountChanges { env: other };
        let counted = counting.run().await.unwrap();
        assert_eq!(counted, Counted::Looked(changed.len()));
    };
    world.store.before_next(Call::LoadUsers, |store| {
        store.before_next(Call::LoadMails, |_| at_once(meanwhile));
    });

    let counting = CountChanges { env: world.clone() };
    assert_eq!(counting.run().await.unwrap(), Counted::Overtaken);

    assert_eq!(figures(&world, batch).await, [0, 0, 0]);
}
