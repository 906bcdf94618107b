//! What the mail service reports of mails.

use beckon_domain::model::history::{Bounce, HistoryEvent};
use beckon_domain::model::mail::{Mail, MailEvent, MailKind, MailReason, MailState};
use beckon_domain::model::registration::Registrant;
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::ports::users::Users as _;
use beckon_domain::usecases::change_user::UserPatch;
use beckon_domain::usecases::record_feedback::{Feedback, FeedbackOutcome};
use beckon_domain::values::ids::MailId;
use beckon_testkit::builders::{a_device, a_user, an_administrator, monday_morning, settings};
use beckon_testkit::entropy::fresh_ulid;
use beckon_testkit::{Call, World};

/// A world in which one mail has been taken.
async fn posted() -> (World, User, Mail) {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.post().await;
    let mail = world.store.mails_of(user.id).pop().unwrap();
    (world, user, mail)
}

fn feedback(mail: MailId, event: MailEvent) -> Feedback {
    Feedback {
        mail,
        service_id: Some("service-1".to_owned()),
        event,
        reason: Some(MailReason {
            code: "said".to_owned(),
            detail: format!("{event:?}"),
        }),
        at: monday_morning(),
    }
}

async fn hear(world: &World, mail: &Mail, event: MailEvent) -> FeedbackOutcome {
    let feedback = feedback(mail.id, event);
    world.record_feedback().run(&feedback).await.unwrap()
}

fn reached(world: &World, user: &User) -> Vec<&'static str> {
    let rows = world.store.history(user.id).into_iter();
    rows.filter_map(|row| match row.what {
        HistoryEvent::InvitationDelivered { .. } => Some("delivered"),
        HistoryEvent::InvitationBounced { bounce, mark, .. } => Some(match (bounce, mark) {
            (Some(Bounce::Hard), Some(AddressSuppression::HardBounced)) => "bounced for good",
            (Some(Bounce::Complaint), Some(AddressSuppression::Complained)) => "complained",
            (Some(Bounce::Soft), None) => "bounced",
            (Some(Bounce::Hard), None) => "bounced for good from another address",
            (Some(Bounce::Complaint), None) => "complained of at another address",
            other => panic!("{other:?}"),
        }),
        HistoryEvent::AddressMarked { mark, .. } => Some(match mark {
            AddressSuppression::HardBounced => "marked: bounced for good",
            AddressSuppression::Complained => "marked: complained",
        }),
        _ => None,
    })
    .collect()
}

#[tokio::test]
async fn a_delivery_is_recorded_with_a_row_of_history() {
    let (world, user, mail) = posted().await;

    let outcome = hear(&world, &mail, MailEvent::Deliver).await;

    assert_eq!(outcome, FeedbackOutcome::Changed);
    assert_eq!(world.store.mail(mail.id).state, MailState::Delivered);
    assert_eq!(reached(&world, &user), ["delivered"]);
}

#[tokio::test]
async fn the_same_report_twice_changes_nothing_the_second_time() {
    for event in [
        MailEvent::Deliver,
        MailEvent::HardBounce,
        MailEvent::Complain,
    ] {
        let (world, user, mail) = posted().await;
        hear(&world, &mail, event).await;
        let (as_mail, as_user) = (world.store.mail(mail.id), world.now_of(&user));

        hear(&world, &mail, event).await;

        assert_eq!(world.store.mail(mail.id), as_mail);
        assert_eq!(world.now_of(&user), as_user);
        assert_eq!(reached(&world, &user).len(), 1);
    }
}

#[tokio::test]
async fn a_bounce_is_told_of_each_time_so_that_whoever_counts_misses_none() {
    let (world, _, mail) = posted().await;
    let batch = mail.batch.unwrap();

    let first = hear(&world, &mail, MailEvent::HardBounce).await;
    let again = hear(&world, &mail, MailEvent::HardBounce).await;
    let other = hear(&world, &mail, MailEvent::Deliver).await;

    let bounced = FeedbackOutcome::Bounced { batch };
    assert_eq!((first, again, other), (bounced, bounced, bounced));
}

#[tokio::test]
async fn in_whatever_order_reports_come_the_one_that_says_most_stands() {
    use MailEvent::{Accept, Deliver, HardBounce};
    for order in [
        [Accept, Deliver, HardBounce],
        [HardBounce, Deliver, Accept],
        [Deliver, HardBounce, Accept],
    ] {
        let (world, user, mail) = posted().await;

        for event in order {
            hear(&world, &mail, event).await;
        }

        assert_eq!(world.store.mail(mail.id).state, MailState::HardBounced);
        assert_eq!(
            world.now_of(&user).address_mark,
            Some(AddressSuppression::HardBounced)
        );
        assert_eq!(reached(&world, &user).last(), Some(&"bounced for good"));
    }
}

#[tokio::test]
async fn a_hard_bounce_or_a_complaint_marks_the_address_and_a_soft_bounce_does_not() {
    for (event, mark, told) in [
        (MailEvent::SoftBounce, None, "bounced"),
        (
            MailEvent::HardBounce,
            Some(AddressSuppression::HardBounced),
            "bounced for good",
        ),
        (
            MailEvent::Complain,
            Some(AddressSuppression::Complained),
            "complained",
        ),
    ] {
        let (world, user, mail) = posted().await;

        hear(&world, &mail, event).await;

        assert_eq!(world.now_of(&user).address_mark, mark);
        assert_eq!(reached(&world, &user), [told]);
        let reason = world.store.mail(mail.id).reason.unwrap();
        assert_eq!(reason.detail, format!("{event:?}"));
    }
}

#[tokio::test]
async fn what_comes_back_from_an_address_that_was_corrected_since_is_told_of_as_it_was() {
    for (event, told) in [
        (
            MailEvent::HardBounce,
            "bounced for good from another address",
        ),
        (MailEvent::Complain, "complained of at another address"),
    ] {
        let (world, user, mail) = posted().await;
        world.wait(jiff::SignedDuration::from_mins(1));
        let patch = UserPatch {
            email: Some("right@example.com".to_owned()),
            ..UserPatch::default()
        };
        let (changing, who) = (world.change_user(), an_administrator());
        changing.run(user.id, &patch, &who).await.unwrap();

        hear(&world, &mail, event).await;

        assert_eq!(reached(&world, &user), [told]);
        assert_eq!(world.now_of(&user).address_mark, None);
    }
}

/// A confirmation, and a mail that tells of a secret handed over.
async fn posted_without_an_issue() -> (World, User, [Mail; 2]) {
    let world = World::under(&settings().confirming_everyone().build());
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let (desk, who) = (world.hand_over(), an_administrator());
    desk.run(user.id, "Stands at the desk", &who).await.unwrap();
    let device = world.report(Registrant::User(user.id), a_device("device-1"));
    device.await.unwrap();
    world.post().await;
    let mails = world.store.mails_of(user.id);
    let found = |kind: fn(&MailKind) -> bool| {
        let mut mails = mails.iter().filter(|mail| kind(&mail.kind));
        mails.next().unwrap().clone()
    };
    let mails = [
        found(|kind| matches!(kind, MailKind::Confirmation { .. })),
        found(|kind| matches!(kind, MailKind::HandOver { .. })),
    ];
    (world, user, mails)
}

/// An administrator who sees that nothing is sent to somebody finds out since when, and why.
#[tokio::test]
async fn an_address_that_is_marked_by_a_mail_without_an_issue_is_told_of_once() {
    for (event, told) in [
        (MailEvent::Deliver, None),
        (MailEvent::SoftBounce, None),
        (MailEvent::HardBounce, Some("marked: bounced for good")),
        (MailEvent::Complain, Some("marked: complained")),
    ] {
        for which in [0, 1] {
            let (world, user, mails) = posted_without_an_issue().await;

            hear(&world, &mails[which], event).await;
            hear(&world, &mails[which], event).await;
            let first = reached(&world, &user);
            hear(&world, &mails[1 - which], event).await;

            assert_eq!(first, told.into_iter().collect::<Vec<_>>(), "{event:?}");
            assert_eq!(reached(&world, &user), first, "it was marked already");
            assert_eq!(world.now_of(&user).address_mark.is_some(), told.is_some());
        }
    }
}

#[tokio::test]
async fn nothing_more_is_sent_to_an_address_that_was_marked() {
    let world = World::under(&settings().confirming_everyone().build());
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.post().await;
    let first = world.store.mails_of(user.id).pop().unwrap();
    world.invite(&[&user]).await;

    hear(&world, &first, MailEvent::HardBounce).await;
    world.post().await;

    assert_eq!(world.service.taken().len(), 1);
    assert_eq!(world.store.mails_of(user.id)[1].state, MailState::Dropped);
}

#[tokio::test]
async fn a_late_report_with_nothing_new_but_an_id_marks_no_mended_address() {
    let (world, user, mail) = posted().await;
    world
        .store
        .change_mail(mail.id, |mail| mail.service_id = None);
    let bounced = Feedback {
        service_id: None,
        ..feedback(mail.id, MailEvent::HardBounce)
    };
    world.record_feedback().run(&bounced).await.unwrap();
    world
        .store
        .change_user(user.id, |user| user.address_mark = None);

    hear(&world, &mail, MailEvent::Accept).await;

    assert_eq!(world.now_of(&user).address_mark, None);
    assert_eq!(reached(&world, &user).len(), 1);
    assert!(world.store.mail(mail.id).service_id.is_some());
}

#[tokio::test]
async fn a_bounce_leaves_the_invitation_open() {
    let (world, user, mail) = posted().await;

    hear(&world, &mail, MailEvent::HardBounce).await;

    let redeemed = world.show_pin(&user.email, &world.pin_of(&user)).await;
    assert!(
        redeemed.is_ok(),
        "the PIN read out on the phone still works"
    );
}

#[tokio::test]
async fn a_report_of_a_mail_whose_answer_was_lost_settles_it() {
    let (world, _, mail) = posted().await;
    world.store.change_mail(mail.id, |mail| {
        mail.state = MailState::Unknown;
        mail.service_id = None;
    });

    let outcome = hear(&world, &mail, MailEvent::Accept).await;

    let settled = world.store.mail(mail.id);
    assert_eq!(outcome, FeedbackOutcome::Changed);
    assert_eq!(settled.state, MailState::Sent);
    assert_eq!(settled.service_id.as_deref(), Some("service-1"));
}

#[tokio::test]
async fn a_report_of_no_mail_of_ours_is_not_ours() {
    let world = World::new();
    let unknown = feedback(MailId::new(fresh_ulid()), MailEvent::Deliver);

    let outcome = world.record_feedback().run(&unknown).await.unwrap();

    assert_eq!(outcome, FeedbackOutcome::NotOurs);
}

#[tokio::test]
async fn a_report_about_somebody_who_was_deleted_is_kept_with_the_mail() {
    let (world, user, mail) = posted().await;
    world.store.remove_user(user.id);

    let outcome = hear(&world, &mail, MailEvent::HardBounce).await;

    assert!(matches!(outcome, FeedbackOutcome::Bounced { .. }));
    assert_eq!(world.store.mail(mail.id).state, MailState::HardBounced);
}

/// What says that something is left of them may be erased already, and nothing would find the row.
#[tokio::test]
async fn no_report_writes_into_the_history_of_somebody_who_was_deleted() {
    for event in [
        MailEvent::Deliver,
        MailEvent::SoftBounce,
        MailEvent::HardBounce,
        MailEvent::Complain,
        MailEvent::Reject,
    ] {
        let (world, user, mail) = posted().await;
        let deleting = world.delete_user();
        deleting.run(user.id, &an_administrator()).await.unwrap();
        let erased = world.store.erase_history(user.id, 100).await;

        hear(&world, &mail, event).await;

        assert!(erased.unwrap(), "nothing is left");
        assert!(world.store.mail(mail.id).state > MailState::Sent || event == MailEvent::Reject);
        assert_eq!(world.store.history(user.id), [], "{event:?}");
    }
}

#[tokio::test]
async fn what_somebody_else_writes_meanwhile_is_kept() {
    for event in [MailEvent::SoftBounce, MailEvent::HardBounce] {
        let (world, user, mail) = posted().await;
        let id = user.id;
        let meanwhile = if event == MailEvent::SoftBounce {
            Call::SaveMail
        } else {
            Call::SaveUsers
        };
        world.store.before_next(meanwhile, move |store| {
            store.change_user(id, |user| user.devices = 7);
            store.change_mail(mail.id, |mail| mail.attempts = 7);
        });

        hear(&world, &mail, event).await;

        assert_eq!(world.now_of(&user).devices, 7);
        assert_eq!(world.store.mail(mail.id).attempts, 7);
        assert!(world.store.mail(mail.id).state > MailState::Delivered);
        assert_eq!(reached(&world, &user).len(), 1);
    }
}

#[tokio::test]
async fn a_report_that_is_repeated_after_a_crash_at_any_call_is_recorded_once() {
    for fault in [
        beckon_testkit::Fault::Refuse,
        beckon_testkit::Fault::LoseAnswer,
    ] {
        for call in 0..100 {
            let (world, user, mail) = posted().await;
            let report = feedback(mail.id, MailEvent::HardBounce);
            world.store.plan(call, fault);

            let first = world.record_feedback().run(&report).await;
            world.store.come_back();
            world.record_feedback().run(&report).await.unwrap();

            assert_eq!(
                world.now_of(&user).address_mark,
                Some(AddressSuppression::HardBounced)
            );
            assert_eq!(reached(&world, &user), ["bounced for good"]);
            if first.is_ok() {
                break;
            }
        }
    }
}
