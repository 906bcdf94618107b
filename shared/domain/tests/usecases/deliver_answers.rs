//! The delivery worker: what each answer of the mail service comes to, and no answer.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::mail::{Mail, MailEvent, MailReason, MailState};
use beckon_domain::model::mail_service::SendAnswer;
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::deliver::RunEnd;
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::ids::{MailId, RunId};
use beckon_testkit::builders::{a_mail, a_user, an_administrator, an_invitation};
use beckon_testkit::composer::pin_in;
use beckon_testkit::entropy::fresh_ulid;
use beckon_testkit::mail_service::accepted;
use beckon_testkit::store::keys;
use beckon_testkit::{Call, Fault, MemoryStore, World};
use jiff::SignedDuration;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn said() -> String {
    "what the service said".to_owned()
}

fn account_refused() -> SendAnswer {
    SendAnswer::AccountRefused { reason: said() }
}

fn no_answer() -> SendAnswer {
    SendAnswer::NoAnswer { reason: said() }
}

async fn invited(count: usize) -> (World, Vec<User>, Vec<MailId>) {
    let world = World::new();
    let users: Vec<User> = (0..count).map(|_| world.with(a_user())).collect();
    world.invite(&users.iter().collect::<Vec<_>>()).await;
    let mails = users.iter().map(|user| world.store.mails_of(user.id)[0].id);
    let mails = mails.collect();
    (world, users, mails)
}

fn state(world: &World, mail: MailId) -> MailState {
    world.store.mail(mail).state
}

async fn hear_of(world: &World, mail: MailId) {
    let feedback = Feedback {
        mail,
        service_id: Some("service-late".to_owned()),
        event: MailEvent::Accept,
        reason: None,
        at: world.clock.now(),
    };
    world.record_feedback().run(&feedback).await.unwrap();
}

#[tokio::test]
async fn too_fast_puts_the_mail_off_for_ever_longer_and_then_sends_it() {
    let (world, _, mails) = invited(1).await;
    world
        .service
        .answer_next([SendAnswer::TooFast, SendAnswer::TooFast]);

    let run = world.post().await;

    let handed = world.service.handed_over();
    let gaps: Vec<i64> = handed
        .windows(2)
        .map(|pair| pair[1].at.duration_since(pair[0].at).as_secs())
        .collect();
    assert_eq!((run.sent, run.end), (1, RunEnd::NothingDue));
    assert!(
        (2..4).contains(&gaps[0]) && (4..8).contains(&gaps[1]),
        "{gaps:?}"
    );
    assert_eq!(state(&world, mails[0]), MailState::Sent);
    assert_eq!(world.store.mail(mails[0]).attempts, 3);
}

#[tokio::test]
async fn a_service_that_is_always_too_fast_keeps_no_run_and_loses_no_mail() {
    let (world, _, mails) = invited(3).await;
    world.service.answer_with(|_| SendAnswer::TooFast);
    let began = world.clock.now();

    world.post().await;

    let took = world.clock.now().duration_since(began);
    assert!(took <= SignedDuration::from_mins(11), "{took:?}");
    for mail in &mails {
        assert_eq!(state(&world, *mail), MailState::Waiting);
    }
    world.service.take_everything();
    world.wait(SignedDuration::from_mins(15));
    assert_eq!(world.post().await.sent, 3);
}

#[tokio::test]
async fn a_used_up_quota_or_a_refused_account_pauses_delivery_and_loses_nothing() {
    for (answer, code) in [
        (SendAnswer::QuotaUsedUp, "dailyQuota"),
        (account_refused(), "accountRefused"),
    ] {
        let (world, _, mails) = invited(20).await;
        let refusal = answer.clone();
        world.service.answer_with(move |_| refusal.clone());

        let run = world.post().await;
        let handed_then = world.service.handed_over().len();
        let meanwhile = world.post().await;
        let pause = world.store.pause().unwrap();
        world.service.take_everything();
        world.clock.set(pause.until);
        let resumed = world.post().await;

        let RunEnd::Paused(told) = run.end else {
            panic!("{:?}", run.end);
        };
        assert_eq!((&told, told.code.as_str()), (&pause, code));
        assert!(handed_then < 20, "it went on though every mail was refused");
        assert_eq!(meanwhile.end, RunEnd::Paused(told));
        assert_eq!((meanwhile.sent, resumed.sent), (0, 20));
        for mail in mails {
            assert_eq!(state(&world, mail), MailState::Sent);
        }
        assert_eq!(world.service.taken().len(), 20);
    }
}

#[tokio::test]
async fn a_mail_waits_out_the_pause_with_the_reason_that_was_given() {
    let (world, _, mails) = invited(1).await;
    world.service.answer_next([account_refused()]);

    world.post().await;

    let mail = world.store.mail(mails[0]);
    assert_eq!(mail.state, MailState::Waiting);
    let reason = mail.reason.unwrap();
    assert_eq!(
        (reason.code, reason.detail),
        ("accountRefused".to_owned(), said())
    );
    assert_eq!(world.store.pause().unwrap().reason, said());
}

#[tokio::test]
async fn a_pause_that_is_lifted_lets_delivery_go_on_at_once() {
    let (world, _, _) = invited(2).await;
    world
        .service
        .answer_next([SendAnswer::QuotaUsedUp, SendAnswer::QuotaUsedUp]);
    world.post().await;
    world.service.take_everything();

    beckon_domain::ports::delivery::Delivery::set_delivery_pause(&world.store, None)
        .await
        .unwrap();

    assert_eq!(world.post().await.sent, 2);
}

#[tokio::test]
async fn who_resumes_wakes_the_delivery_worker() {
    let (world, _, _) = invited(2).await;
    world
        .service
        .answer_next([SendAnswer::QuotaUsedUp, SendAnswer::QuotaUsedUp]);
    world.post().await;
    let woken = world.wake_up.count();

    let resumed = world.resume_delivery().run().await.unwrap();

    assert_eq!(resumed.ended.map(|pause| pause.code).unwrap(), "dailyQuota");
    assert!(resumed.not_woken.is_none());
    assert_eq!(world.wake_up.count(), woken + 1);
    assert_eq!(world.store.pause(), None);
}

#[tokio::test]
async fn a_delivery_worker_that_cannot_be_woken_keeps_no_pause() {
    let (world, _, _) = invited(1).await;
    world.service.answer_next([account_refused()]);
    world.post().await;
    world.wake_up.break_down(true);

    let resumed = world.resume_delivery().run().await.unwrap();

    assert!(resumed.not_woken.is_some());
    assert_eq!(world.store.pause(), None);
}

#[tokio::test]
async fn a_pause_that_is_ended_while_its_run_still_finishes_mails_holds_nobody_up() {
    let (world, _, mails) = invited(1).await;
    world.service.answer_next([account_refused()]);
    // Giving the lease back is what a run does last.
    world
        .store
        .before_next(Call::GiveLeaseBack, MemoryStore::lift_pause);

    let run = world.post().await;

    assert_eq!((run.sent, run.end), (1, RunEnd::NothingDue));
    assert_eq!(state(&world, mails[0]), MailState::Sent);
}

#[tokio::test]
async fn a_recipient_the_service_does_not_know_fails_alone_and_can_be_mailed_again() {
    let (world, users, mails) = invited(3).await;
    let stranger = users[1].email.clone();
    world.service.answer_with(move |mail| {
        if mail.to == stranger {
            SendAnswer::RecipientNotVerified { reason: said() }
        } else {
            accepted(mail.id)
        }
    });

    let run = world.post().await;
    let failed = world.store.mail(mails[1]);
    world.service.take_everything();
    world
        .change_invitation()
        .run(users[1].id, InvitationChange::Resend, &an_administrator())
        .await
        .unwrap();
    let again = world.post().await;

    assert_eq!((run.sent, run.failed, run.end), (2, 1, RunEnd::NothingDue));
    assert_eq!(world.store.pause(), None);
    assert_eq!(failed.state, MailState::Failed);
    assert_eq!(
        failed.reason,
        Some(MailReason::new("recipientNotVerified", &said()))
    );
    assert_eq!(again.sent, 1);
}

#[tokio::test]
async fn a_refused_mail_fails_with_its_reason_and_the_next_one_goes() {
    let (world, _, mails) = invited(2).await;
    let bad = mails[0];
    world.service.answer_with(move |mail| {
        if mail.id == bad {
            SendAnswer::MailRefused { reason: said() }
        } else {
            accepted(mail.id)
        }
    });

    world.post().await;
    world.wait(SignedDuration::from_hours(1));
    world.post().await;

    assert_eq!(
        (state(&world, bad), state(&world, mails[1])),
        (MailState::Failed, MailState::Sent)
    );
    assert_eq!(world.store.mail(bad).reason.unwrap().detail, said());
    assert_eq!(world.service.times(bad), 1);
}

#[tokio::test]
async fn an_unanswered_mail_is_sent_again_with_the_same_pin_only_after_the_wait() {
    let (world, users, mails) = invited(1).await;
    world.service.answer_next([no_answer()]);

    let run = world.post().await;
    let then = state(&world, mails[0]);
    world.wait(MINUTE * 4);
    world.post().await;
    let times_before = world.service.times(mails[0]);
    world.wait(MINUTE);
    world.post().await;

    let handed = world.service.handed_over();
    assert_eq!(
        (run.unknown, then, times_before),
        (1, MailState::Unknown, 1)
    );
    assert_eq!(
        (handed.len(), state(&world, mails[0])),
        (2, MailState::Sent)
    );
    let pins = handed.iter().map(|handed| pin_in(&handed.mail.message));
    assert!(
        pins.into_iter()
            .all(|pin| pin == Some(world.pin_of(&users[0])))
    );
}

#[tokio::test]
async fn an_unanswered_mail_of_which_the_service_reports_is_not_sent_again() {
    let (world, _, mails) = invited(1).await;
    world.service.answer_next([no_answer()]);
    world.post().await;

    hear_of(&world, mails[0]).await;
    world.wait(MINUTE * 10);
    world.post().await;

    assert_eq!(state(&world, mails[0]), MailState::Sent);
    assert_eq!(world.service.times(mails[0]), 1);
}

#[tokio::test]
async fn an_unanswered_mail_that_nobody_wants_any_more_is_dropped_after_the_wait() {
    let (world, users, mails) = invited(1).await;
    world.service.answer_next([no_answer()]);
    world.post().await;
    world
        .store
        .change_user(users[0].id, |user| user.enabled = false);

    world.wait(MINUTE * 5);
    world.post().await;

    assert_eq!(state(&world, mails[0]), MailState::Dropped);
    assert_eq!(world.service.times(mails[0]), 1);
}

#[tokio::test]
async fn a_list_that_is_a_moment_old_sends_no_unanswered_mail_before_its_wait_is_over() {
    for lag in 1..8 {
        let (world, _, mails) = invited(1).await;
        world.store.let_indexes_lag(lag);
        // The list knows of the mail before it goes out.
        for _ in 0..lag {
            world.store.put_user(&a_user().build());
        }
        world.service.answer_next([no_answer()]);

        world.post().await;

        assert_eq!(world.service.times(mails[0]), 1, "{lag} writes behind");
        assert_eq!(state(&world, mails[0]), MailState::Unknown);
    }
}

#[tokio::test]
async fn a_list_that_is_a_moment_old_cuts_no_back_off_short() {
    for lag in 1..8 {
        let (world, _, _) = invited(1).await;
        world.store.let_indexes_lag(lag);
        for _ in 0..lag {
            world.store.put_user(&a_user().build());
        }
        world.service.answer_next([SendAnswer::TooFast]);

        world.post().await;

        let handed = world.service.handed_over();
        if let [first, second] = &handed[..] {
            let gap = second.at.duration_since(first.at);
            assert!(gap >= SignedDuration::from_secs(2), "{lag} behind: {gap:?}");
        }
    }
}

#[tokio::test]
async fn the_mail_of_a_run_that_died_is_unknown_and_sent_again_after_the_wait() {
    let world = World::new();
    let user = world.with(a_user().with(an_invitation()));
    let mail = Mail {
        run: Some(RunId::new(fresh_ulid())),
        attempts: 1,
        ..a_mail(user.id).in_state(MailState::Sending).build()
    };
    world.store.put_mail(&mail);

    let run = world.post().await;
    let then = state(&world, mail.id);
    world.wait(MINUTE * 4);
    world.post().await;
    let too_early = world.service.times(mail.id);
    world.wait(MINUTE);
    world.post().await;

    assert_eq!((run.unknown, then, too_early), (1, MailState::Unknown, 0));
    assert_eq!(
        (world.service.times(mail.id), state(&world, mail.id)),
        (1, MailState::Sent)
    );
}

#[tokio::test]
async fn the_mail_of_a_run_that_died_of_which_the_service_reports_is_not_sent_again() {
    let world = World::new();
    let user = world.with(a_user().with(an_invitation()));
    let mail = a_mail(user.id).in_state(MailState::Sending).build();
    world.store.put_mail(&mail);
    world.post().await;

    hear_of(&world, mail.id).await;
    world.wait(MINUTE * 10);
    world.post().await;

    assert_eq!(
        (world.service.times(mail.id), state(&world, mail.id)),
        (0, MailState::Sent)
    );
}

#[tokio::test]
async fn a_report_that_overtakes_the_answer_stands_and_the_answer_s_id_is_kept() {
    let (world, _, mails) = invited(1).await;
    let id = mails[0];
    world.store.before_next(Call::SaveMail, move |store| {
        store.change_mail(id, |mail| mail.state = MailState::Delivered);
    });

    let run = world.post().await;

    let mail = world.store.mail(id);
    assert_eq!((run.sent, mail.state), (1, MailState::Delivered));
    assert_eq!(mail.service_id, Some(format!("service-{id}")));
}

#[tokio::test]
async fn the_answer_takes_nothing_from_the_cause_that_a_report_named_before_it() {
    let (world, _, mails) = invited(1).await;
    let id = mails[0];
    let cause = MailReason {
        code: "bounced".to_owned(),
        detail: "MailboxFull".to_owned(),
    };
    let reported = cause.clone();
    world.store.before_next(Call::SaveMail, move |store| {
        store.change_mail(id, |mail| {
            mail.state = MailState::SoftBounced;
            mail.reason = Some(reported);
        });
    });

    world.post().await;

    let mail = world.store.mail(id);
    assert_eq!(mail.state, MailState::SoftBounced);
    assert_eq!(mail.reason, Some(cause));
}

#[tokio::test]
async fn a_crash_at_any_call_loses_no_mail_and_sends_none_more_than_twice() {
    for whole_process in [true, false] {
        for lose_answer in [true, false] {
            for call in 0..200 {
                let (world, _, mails) = invited(3).await;
                if whole_process {
                    world.store.go_down_after(call);
                } else if lose_answer {
                    world.store.plan(call, Fault::LoseAnswer);
                } else {
                    world.store.plan(call, Fault::Refuse);
                }

                let first = world.deliver().run().await;
                world.store.come_back();
                for _ in 0..3 {
                    world.wait(MINUTE * 6);
                    world.post().await;
                }

                for mail in &mails {
                    assert_eq!(state(&world, *mail), MailState::Sent, "call {call}");
                    let times = world.service.times(*mail);
                    assert!((1..=2).contains(&times), "{times} times at call {call}");
                }
                if first.is_ok() {
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_table_that_fails_once_makes_no_more_mails_unknown_than_its_own() {
    let (world, _, mails) = invited(20).await;
    world.service.let_through(1_000.0);
    world.service.take_time(SignedDuration::from_millis(100));
    world
        .store
        .before_next(Call::SaveMail, |store| store.fail_next(1));

    let _ = world.deliver().run().await;
    for _ in 0..3 {
        world.wait(MINUTE * 6);
        world.post().await;
    }

    let twice = mails
        .iter()
        .filter(|mail| world.service.times(**mail) > 1)
        .count();
    assert!(
        mails
            .iter()
            .all(|mail| state(&world, *mail) == MailState::Sent)
    );
    assert!(twice <= 1, "{twice} people got their mail twice");
}

#[tokio::test]
async fn a_mail_that_is_refused_or_rejected_later_is_told_of_in_the_history_once() {
    let (world, users, mails) = invited(2).await;
    let bad = mails[0];
    world.service.answer_with(move |mail| {
        if mail.id == bad {
            SendAnswer::MailRefused { reason: said() }
        } else {
            accepted(mail.id)
        }
    });
    world.post().await;
    let rejected = Feedback {
        mail: mails[1],
        service_id: None,
        event: MailEvent::Reject,
        reason: Some(MailReason::new("rejected", "Bad content")),
        at: world.clock.now(),
    };

    for _ in 0..2 {
        world.record_feedback().run(&rejected).await.unwrap();
    }

    let failures: Vec<(String, usize)> = users
        .iter()
        .flat_map(|user| world.store.history(user.id))
        .filter_map(|row| match row.what {
            HistoryEvent::InvitationMailFailed { mail, reason, .. } => Some((
                reason.detail,
                mails.iter().position(|id| *id == mail).unwrap(),
            )),
            _ => None,
        })
        .collect();
    assert_eq!(failures, [(said(), 0), ("Bad content".to_owned(), 1)]);
}

/// Two writes of its row meet while what the mail service answered is recorded, and then nobody can read it.
#[tokio::test]
async fn what_became_of_a_mail_is_recorded_though_its_row_became_unreadable_after_the_claim() {
    let (world, _, mails) = invited(1).await;
    let mail = mails[0];
    world.store.before_next(Call::SaveMail, move |store| {
        store.conflict_next(1);
        store.spoil(&keys::mail(mail));
    });
    world.post().await;
    world.store.mend(&keys::mail(mail));

    for _ in 0..3 {
        world.wait(MINUTE * 20);
        world.post().await;
    }

    assert_eq!(state(&world, mail), MailState::Sent);
    assert_eq!(world.service.times(mail), 1);
}
