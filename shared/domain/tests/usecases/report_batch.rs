//! Reports on batches: state, counts, recipients.

use beckon_domain::model::batch::{BatchState, RecipientResult};
use beckon_domain::model::mail::MailState;
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::usecases::report_batch::{BatchReport, ReportedRecipient};
use beckon_domain::usecases::send_invitations::SendRequest;
use beckon_domain::values::ids::BatchId;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, settings};
use beckon_testkit::entropy::fresh_ulid;

use crate::batches::some_users;

async fn report(world: &World, batch: BatchId) -> BatchReport {
    world.count_all().await.unwrap();
    let report = world.report_batch().run(batch).await.unwrap();
    report.expect("the batch is there")
}

async fn all_recipients(world: &World, batch: BatchId) -> Vec<ReportedRecipient> {
    let mut all = Vec::new();
    let mut position: Option<String> = None;
    loop {
        let page = world
            .report_batch()
            .recipients(batch, None, position.as_deref(), 100)
            .await
            .unwrap()
            .unwrap();
        assert!(page.recipients.len() <= 100);
        all.extend(page.recipients);
        position = page.next;
        if position.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn a_batch_nobody_started_is_absent() {
    let world = World::new();
    let unknown = BatchId::new(fresh_ulid());

    assert!(world.report_batch().run(unknown).await.unwrap().is_none());
    let recipients = world
        .report_batch()
        .recipients(unknown, None, None, 100)
        .await;
    assert!(recipients.unwrap().is_none());
}

#[tokio::test]
async fn until_everybody_has_an_outcome_it_is_expanding_and_promises_no_numbers() {
    let world = World::under(&settings().confirming_everyone().build());
    let users = some_users(&world, 1_001);
    let ids = users.iter().map(|user| user.id).collect::<Vec<_>>();
    let sent = world.send().run(&world.order(&ids), None).await.unwrap();

    let before = report(&world, sent.batch.id).await;
    world.expand().run(sent.batch.id).await.unwrap();
    let halfway = report(&world, sent.batch.id).await;
    world.expand_all(sent.batch.id).await.unwrap();
    let after = report(&world, sent.batch.id).await;

    assert_eq!(
        (before.state, before.counts.issued),
        (BatchState::Expanding, 0)
    );
    assert_eq!(
        (halfway.state, halfway.counts.issued),
        (BatchState::Expanding, 1_000)
    );
    assert_eq!(halfway.confirmation.will_receive, None);
    assert_eq!(
        (after.state, after.counts.issued),
        (BatchState::Expanded, 1_001)
    );
    assert_eq!(after.confirmation.will_receive, Some(1_001));
    for seen in [before, halfway, after] {
        assert_eq!(seen.counts.selected, 1_001);
    }
}

#[tokio::test]
async fn counts_are_the_sum_of_what_became_of_everyone() {
    let world = World::under(&settings().confirming("staff").build());
    let mut users = some_users(&world, MailState::ALL.len());
    users.push(world.with(a_user().disabled()));
    users.push(world.with(a_user().in_group("staff")));
    let batch = world.invite(&users.iter().collect::<Vec<_>>()).await;
    for (user, state) in users.iter().zip(MailState::ALL) {
        let mail = world.store.mails_of(user.id)[0].id;
        world.store.change_mail(mail, |mail| mail.state = state);
    }

    let report = report(&world, batch).await;

    let counts = report.counts;
    assert_eq!(
        (counts.selected, counts.issued, counts.skipped),
        (13, 12, 1)
    );
    // Sent, delayed, delivered, bounced twice, complained.
    assert_eq!(counts.sent, 6);
    // Delivered, and what was called spam but arrived.
    assert_eq!(counts.delivered, 2);
    // Bounced twice, complained, refused.
    assert_eq!(counts.failed, 4);
    // Waiting twice, sending, unknown.
    assert_eq!(counts.waiting, 4);
    assert_eq!((counts.refused, counts.dropped), (1, 1));
    assert_eq!(
        counts.issued,
        counts.waiting + counts.sent + counts.refused + counts.dropped
    );
    let reminder = report.confirmation;
    assert_eq!(
        (reminder.will_receive, reminder.will_not_receive),
        (Some(1), Some(11))
    );
}

#[tokio::test]
async fn a_filter_has_selected_whom_it_has_found_so_far() {
    let world = World::new();
    some_users(&world, 7);
    world.store.let_pages_read(5);
    let order = SendRequest {
        selection: Selection::Filter {
            filter: UserFilter::default(),
            except: [].into(),
        },
        ..world.order(&[])
    };
    let sent = world.send().run(&order, None).await.unwrap();

    world.expand().run(sent.batch.id).await.unwrap();
    let halfway = report(&world, sent.batch.id).await;
    world.expand_all(sent.batch.id).await.unwrap();
    let after = report(&world, sent.batch.id).await;

    assert_eq!((halfway.counts.selected, after.counts.selected), (5, 7));
}

#[tokio::test]
async fn everyone_is_listed_once_in_the_order_of_the_selection_with_their_mail() {
    let world = World::new();
    let users = some_users(&world, 1_250);
    let batch = world.invite(&users.iter().collect::<Vec<_>>()).await;

    let all = all_recipients(&world, batch).await;

    let listed = all.iter().map(|reported| reported.recipient.user);
    assert!(listed.eq(users.iter().map(|user| user.id)));
    for reported in &all {
        let mail = reported.mail.as_ref().unwrap();
        let result = RecipientResult::Issued { mail: mail.id };
        assert_eq!(reported.recipient.result, result);
        assert_eq!(mail.user, reported.recipient.user);
    }
}

#[tokio::test]
async fn pages_on_which_nobody_was_found_do_not_end_the_list_or_the_counts() {
    let world = World::new();
    for number in 0..12 {
        world.with(a_user().at(&format!("a{number:02}@example.com")));
    }
    world.with(a_user().at("zoe@example.com"));
    world.store.let_pages_read(1);
    let order = SendRequest {
        selection: Selection::Filter {
            filter: UserFilter {
                text: "zoe".to_owned(),
                ..UserFilter::default()
            },
            except: [].into(),
        },
        ..world.order(&[])
    };
    let sent = world.send().run(&order, None).await.unwrap();
    world.expand_all(sent.batch.id).await.unwrap();

    let report = report(&world, sent.batch.id).await;

    assert!(world.store.pages(sent.batch.id).len() > 12);
    assert_eq!(report.counts.issued, 1);
    assert_eq!(all_recipients(&world, sent.batch.id).await.len(), 1);
}

#[tokio::test]
async fn however_many_pages_there_are_each_is_counted_once() {
    let world = World::new();
    some_users(&world, 35);
    world.store.let_pages_read(1);
    let order = SendRequest {
        selection: Selection::Filter {
            filter: UserFilter::default(),
            except: [].into(),
        },
        ..world.order(&[])
    };
    let sent = world.send().run(&order, None).await.unwrap();
    world.expand_all(sent.batch.id).await.unwrap();

    let report = report(&world, sent.batch.id).await;

    assert_eq!(report.counts.issued, 35);
    assert_eq!(all_recipients(&world, sent.batch.id).await.len(), 35);
}

#[tokio::test]
async fn a_stopped_batch_is_stopped_whatever_its_cursor_says() {
    let world = World::new();
    let users = some_users(&world, 2);
    let batch = world.invite(&users.iter().collect::<Vec<_>>()).await;
    let at = world.store.all_batches()[0].0.created_at;
    world
        .store
        .change_batch(batch, |batch| batch.stopped_at = Some(at));

    let report = report(&world, batch).await;

    assert_eq!(report.state, BatchState::Stopped);
    assert_eq!(report.confirmation.will_receive, None);
    assert_eq!(report.counts.issued, 2);
}

#[tokio::test]
async fn a_table_that_fails_is_unavailable_and_never_an_empty_report() {
    for calls in 0..4 {
        let world = World::new();
        let user = world.with(a_user());
        let batch = world.invite(&[&user]).await;
        world.store.plan(calls, beckon_testkit::Fault::Refuse);

        assert!(world.report_batch().run(batch).await.is_err(), "{calls}");
    }
}
