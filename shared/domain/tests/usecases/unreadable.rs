//! Rows that this version cannot read, met by the use cases: nobody else notices, nothing is lost, and
//! each is told of once.

use beckon_domain::model::batch::{BatchState, RecipientResult, SkipReason};
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{MailEvent, MailState};
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::model::stored::RowKey;
use beckon_domain::model::user::User;
use beckon_domain::rules::issuing::SAME_AGAIN;
use beckon_domain::usecases::add_user::{AddUserRefused, NewUser};
use beckon_domain::usecases::change_user::{ChangeUserRefused, UserPatch};
use beckon_domain::usecases::deliver::RunEnd;
use beckon_domain::usecases::expand::Expanded;
use beckon_domain::usecases::import_users::{ImportOrder, RowOutcome};
use beckon_domain::usecases::preview_invitations::PreviewOrder;
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::usecases::redeem::RedeemRefused;
use beckon_domain::usecases::send_invitations::SendRequest;
use beckon_domain::usecases::tell_of_unreadable::TellOfUnreadable;
use beckon_domain::values::ids::{MailId, UserId};
use beckon_testkit::builders::{a_user, an_administrator, an_invitation, settings};
use beckon_testkit::store::keys;
use beckon_testkit::{Call, MemoryDeadLetters, World};
use jiff::SignedDuration;

fn mail_of(world: &World, user: &User) -> MailId {
    world.store.mails_of(user.id)[0].id
}

fn state_of(world: &World, user: &User) -> MailState {
    world.store.mail(mail_of(world, user)).state
}

/// As `expand` does with what the stream tells it.
async fn tell(world: &World, failures: &MemoryDeadLetters, key: &RowKey) {
    let failures = failures.clone();
    let env = World {
        failures,
        ..world.clone()
    };
    TellOfUnreadable { env }.run(key).await.unwrap();
}

async fn two_invited(world: &World) -> (User, User) {
    let (first, second) = (world.with(a_user()), world.with(a_user()));
    world.invite(&[&first]).await;
    world.wait(SignedDuration::from_secs(1));
    world.invite(&[&second]).await;
    (first, second)
}

#[tokio::test]
async fn a_waiting_mail_that_cannot_be_read_stops_no_other_mail() {
    let world = World::new();
    let (first, second) = two_invited(&world).await;
    let key = keys::mail(mail_of(&world, &first));
    world.store.spoil(&key);

    let run = world.post().await;
    let again = world.post().await;

    assert_eq!((run.sent, run.end), (1, RunEnd::NothingDue));
    assert_eq!((again.sent, again.end), (0, RunEnd::NothingDue));
    assert_eq!(state_of(&world, &second), MailState::Sent);
    assert_eq!(world.store.newly_aside(), std::slice::from_ref(&key));
    // Somebody repairs it, and it goes.
    world.store.mend(&key);
    beckon_domain::ports::delivery::Delivery::release_row(&world.store, &key)
        .await
        .unwrap();
    assert_eq!(world.post().await.sent, 1);
}

/// More of them than one look takes up, all before the one that can be read.
#[tokio::test]
async fn hundreds_of_mails_that_cannot_be_read_stop_no_other_mail() {
    let world = World::new();
    let users: Vec<User> = (0..600).map(|_| world.with(a_user())).collect();
    let last = world.with(a_user());
    world.invite(&users.iter().collect::<Vec<_>>()).await;
    world.wait(SignedDuration::from_secs(1));
    let more: Vec<&User> = std::iter::once(&last).chain(&users[..30]).collect();
    for user in &users {
        world.store.spoil(&keys::mail(mail_of(&world, user)));
    }
    world.invite(&more).await;

    let run = world.post().await;

    assert_eq!(run.sent, 31);
    assert_eq!(state_of(&world, &last), MailState::Sent);
    assert_eq!(world.store.newly_aside().len(), 600);
}

/// Nobody there, and nobody who can be read, are not the same.
#[tokio::test]
async fn a_mail_to_somebody_who_cannot_be_read_waits_and_is_not_dropped() {
    let world = World::new();
    let (first, second) = two_invited(&world).await;
    let key = keys::user(first.id);
    world.store.spoil(&key);

    let run = world.post().await;

    assert_eq!((run.sent, run.dropped, run.end), (1, 0, RunEnd::NothingDue));
    assert_eq!(state_of(&world, &second), MailState::Sent);
    assert_eq!(state_of(&world, &first), MailState::Waiting);
    let waiting = world.store.mail(mail_of(&world, &first));
    assert_eq!(waiting.reason.unwrap().code, "unreadableRecord");
    world.store.mend(&key);
    world.wait(SignedDuration::from_hours(1));
    assert_eq!(world.post().await.sent, 1);
}

/// It may have been stopped.
#[tokio::test]
async fn mails_of_a_batch_that_cannot_be_read_wait_and_others_go() {
    let world = World::new();
    let first = world.with(a_user());
    let batch = world.invite(&[&first]).await;
    let second = world.with(a_user());
    world.invite(&[&second]).await;
    world.store.spoil(&keys::batch(batch));

    let run = world.post().await;

    assert_eq!((run.sent, run.end), (1, RunEnd::NothingDue));
    assert_eq!(state_of(&world, &first), MailState::Waiting);
    world.store.mend(&keys::batch(batch));
    world.wait(SignedDuration::from_hours(1));
    assert_eq!(world.post().await.sent, 1);
}

#[tokio::test]
async fn mails_under_settings_that_cannot_be_read_wait_and_others_go() {
    let world = World::new();
    world.store.put_settings(&settings().build());
    let first = world.with(a_user());
    world.invite(&[&first]).await;
    let under = world.store.put_settings(&settings().build());
    let second = world.with(a_user());
    world.invite(&[&second]).await;
    world.store.spoil(&keys::settings_version(under));

    let run = world.post().await;

    assert_eq!((run.sent, run.end), (1, RunEnd::NothingDue));
    assert_eq!(state_of(&world, &first), MailState::Sent);
    assert_eq!(state_of(&world, &second), MailState::Waiting);
}

/// They go as their own batch says.
#[tokio::test]
async fn mail_goes_on_while_the_settings_that_hold_now_cannot_be_read() {
    let world = World::new();
    let (first, _) = two_invited(&world).await;
    world.store.spoil(&keys::settings());

    let run = world.post().await;

    assert_eq!((run.sent, run.end), (2, RunEnd::NothingDue));
    assert_eq!(state_of(&world, &first), MailState::Sent);
}

#[tokio::test]
async fn a_pause_that_cannot_be_read_stops_no_mail() {
    let world = World::new();
    two_invited(&world).await;
    let pause = beckon_domain::model::delivery::Pause {
        until: world.wait(SignedDuration::ZERO) + SignedDuration::from_hours(1),
        code: "quota".to_owned(),
        reason: "used up".to_owned(),
    };
    beckon_domain::ports::delivery::Delivery::set_delivery_pause(&world.store, Some(&pause))
        .await
        .unwrap();
    world.store.spoil(&keys::pause());

    assert_eq!(world.post().await.sent, 2);
    assert!(!world.maintain().await.paused);
}

#[tokio::test]
async fn a_round_of_maintenance_ends_others_and_pushes_others() {
    let world = World::new();
    let unreadable = world.with(a_user().with(an_invitation()));
    let readable = world.with(a_user().with(an_invitation()));
    let user = world.with(a_user());
    let stuck = world.send().run(&world.order(&[user.id]), None).await;
    let stuck = stuck.unwrap().batch.id;
    let other = world.send().run(&world.order(&[user.id]), None).await;
    let other = other.unwrap().batch.id;
    world.store.spoil(&keys::user(unreadable.id));
    world.store.spoil(&keys::batch(stuck));
    world.wait(SignedDuration::from_hours(169));

    let first = world.maintain().await;
    world.wait(SignedDuration::from_hours(1));
    let second = world.maintain().await;

    assert_eq!((first.expired, first.pushed), (1, 1));
    assert_eq!((second.expired, second.pushed), (0, 1));
    let state = world.invitation_of(&readable).state;
    assert_eq!(state, InvitationState::Expired);
    let mut aside = world.store.newly_aside();
    aside.sort();
    let mut expected = [
        keys::user(unreadable.id),
        keys::batch(stuck),
        keys::cursor(stuck),
    ];
    expected.sort();
    assert_eq!(aside, expected);
    assert_eq!(world.expand().run(other).await.unwrap(), Expanded::Done);
}

/// Whoever asks for settings gets an error; mail and batches go on.
#[tokio::test]
async fn a_round_of_maintenance_wakes_the_delivery_worker_though_there_are_no_settings() {
    let world = World::new();
    world.with(a_user().with(an_invitation()));
    two_invited(&world).await;
    world.store.spoil(&keys::settings());
    world.wait(SignedDuration::from_hours(169));

    let round = world.maintain().await;

    assert!(round.woke);
    assert_eq!(round.expired, 0);
}

#[tokio::test]
async fn erasing_goes_around_whom_nobody_can_read() {
    let world = World::new();
    let mut keeping = settings().build();
    keeping.retention.erase_after_days = Some(30);
    world.store.put_settings(&keeping);
    let ended = || an_invitation().in_state(InvitationState::Cancelled);
    let unreadable = world.with(a_user().with(ended()));
    world.with(a_user().with(ended()));
    world.store.spoil(&keys::user(unreadable.id));
    world.wait(SignedDuration::from_hours(24 * 60));

    let erased = world.erase_ended().run().await.unwrap();

    assert_eq!(erased.users, 1);
    assert_eq!(world.store.all_users().len(), 1);
}

fn outcomes(
    world: &World,
    batch: beckon_domain::values::ids::BatchId,
) -> Vec<(UserId, Option<SkipReason>)> {
    let pages = world.store.pages(batch).into_iter();
    let recipients = pages.flat_map(|page| page.recipients);
    let outcome = |result: &RecipientResult| match result {
        RecipientResult::Issued { .. } => None,
        RecipientResult::Skipped { reason } => Some(*reason),
    };
    recipients
        .map(|recipient| (recipient.user, outcome(&recipient.result)))
        .collect()
}

/// One of two whom a batch names.
#[tokio::test]
async fn a_batch_invites_the_others_and_says_who_could_not_be_read() {
    let world = World::new();
    let (first, second) = (world.with(a_user()), world.with(a_user()));
    world.store.spoil(&keys::user(first.id));
    let order = world.order(&[first.id, second.id]);

    let sent = world.send().run(&order, None).await.unwrap();
    world.expand_all(sent.batch.id).await.unwrap();

    let counts = sent.counts.unwrap();
    assert_eq!((counts.selected, counts.skipped), (2, 1));
    let unreadable = (first.id, Some(SkipReason::Unreadable));
    assert_eq!(
        outcomes(&world, sent.batch.id),
        [unreadable, (second.id, None)]
    );
    world.count_all().await.unwrap();
    let report = world.report_batch().run(sent.batch.id).await.unwrap();
    let report = report.unwrap();
    assert_eq!(report.state, BatchState::Expanded);
    assert_eq!((report.counts.issued, report.counts.skipped), (1, 1));
}

/// When its page was cut short.
#[tokio::test]
async fn whom_a_batch_invited_before_they_became_unreadable_counts_as_invited() {
    let world = World::new();
    let (first, second) = (world.with(a_user()), world.with(a_user()));
    let order = world.order(&[first.id, second.id]);
    let sent = world.send().run(&order, None).await.unwrap();
    let batch = sent.batch.id;
    let key = keys::user(first.id);
    world
        .store
        .before_next(Call::FinishPage, |store| store.fail_next(1));
    assert!(world.expand().run(batch).await.is_err());
    world.store.spoil(&key);

    world.expand_all(batch).await.unwrap();

    assert_eq!(
        outcomes(&world, batch),
        [(first.id, None), (second.id, None)]
    );
}

/// When its page was cut short; and they were invited by another batch since, so that the mail alone tells.
#[tokio::test]
async fn whom_a_batch_invited_with_a_mail_that_became_unreadable_counts_as_invited() {
    let world = World::new();
    let user = world.with(a_user());
    let sent = world.send().run(&world.order(&[user.id]), None).await;
    let batch = sent.unwrap().batch.id;
    world
        .store
        .before_next(Call::FinishPage, |store| store.fail_next(1));
    assert!(world.expand().run(batch).await.is_err());
    let mail = keys::mail(mail_of(&world, &user));
    world.wait(SAME_AGAIN);
    world.invite(&[&user]).await;
    world.store.spoil(&mail);
    let disabled = UserPatch {
        enabled: Some(false),
        ..UserPatch::default()
    };
    let (disabling, who) = (world.change_user(), an_administrator());
    disabling.run(user.id, &disabled, &who).await.unwrap();

    world.expand_all(batch).await.unwrap();

    assert_eq!(outcomes(&world, batch), [(user.id, None)]);
}

/// By filter, and while somebody becomes unreadable in the midst of it.
#[tokio::test]
async fn a_batch_by_filter_invites_whom_it_can_read() {
    let world = World::new();
    let users: Vec<User> = (0..3).map(|_| world.with(a_user())).collect();
    world.store.spoil(&keys::user(users[0].id));
    let later = keys::user(users[1].id);
    world
        .store
        .before_next(Call::LoadUsers, move |store| store.spoil(&later));
    let order = SendRequest {
        selection: Selection::Filter {
            filter: UserFilter::default(),
            except: std::collections::BTreeSet::new(),
        },
        ..world.order(&[])
    };

    let sent = world.send().run(&order, None).await.unwrap();
    world.expand_all(sent.batch.id).await.unwrap();

    assert_eq!(outcomes(&world, sent.batch.id), [(users[2].id, None)]);
}

#[tokio::test]
async fn a_preview_shows_who_could_not_be_read() {
    let world = World::new();
    let (first, second) = (world.with(a_user()), world.with(a_user()));
    world.store.spoil(&keys::user(first.id));
    let order = |selection| PreviewOrder {
        locale: None,
        selection,
        choice: beckon_domain::model::ownership::OwnerSwitch::Preset,
        settings: None,
        position: None,
        who: an_administrator(),
    };

    let named = order(Selection::Users(vec![first.id, second.id]));
    let named = world.preview().run(&named).await.unwrap();
    let all = order(Selection::Filter {
        filter: UserFilter::default(),
        except: std::collections::BTreeSet::new(),
    });
    let all = world.preview().run(&all).await.unwrap();

    assert_eq!((named.counts.will_send, named.counts.skipped), (1, 1));
    assert_eq!((all.counts.will_send, all.counts.skipped), (1, 0));
}

/// A page of a batch, or the users that it names.
#[tokio::test]
async fn a_batch_whose_rows_cannot_be_read_waits_for_an_operator_and_others_go_on() {
    let world = World::new();
    let users: Vec<User> = (0..101).map(|_| world.with(a_user())).collect();
    let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
    let stuck = world.send().run(&world.order(&ids), None).await.unwrap();
    let stuck = stuck.batch.id;
    let (named, cursor) = (keys::named(stuck, 0), keys::cursor(stuck));
    world.store.spoil(&named);

    let end = world.expand().run(stuck).await.unwrap();

    assert_eq!(end, Expanded::SetAside);
    assert_eq!(world.store.newly_aside(), [named.clone(), cursor.clone()]);
    world.wait(SignedDuration::from_hours(1));
    assert_eq!(world.maintain().await.pushed, 0);
    world.store.mend(&named);
    for key in [&named, &cursor] {
        beckon_domain::ports::delivery::Delivery::release_row(&world.store, key)
            .await
            .unwrap();
    }
    assert_eq!(world.maintain().await.pushed, 1);
    world.expand_all(stuck).await.unwrap();
    assert_eq!(outcomes(&world, stuck).len(), 101);
}

#[tokio::test]
async fn a_page_that_cannot_be_read_hides_no_number_of_a_batch() {
    let world = World::new();
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    world.store.spoil(&keys::page(batch, 0));
    world.count_all().await.unwrap();

    let report = world.report_batch().run(batch).await.unwrap().unwrap();

    assert!(report.counted);
    assert_eq!((report.counts.issued, report.counts.waiting), (1, 1));
}

#[tokio::test]
async fn who_asks_for_just_that_row_is_told_so() {
    let world = World::new();
    let user = world.with(a_user().at("ada@example.com"));
    world.store.spoil(&keys::user(user.id));

    let patch = UserPatch::default();
    let changed = world
        .change_user()
        .run(user.id, &patch, &an_administrator())
        .await;
    let new = NewUser {
        email: "ada@example.com".to_owned(),
        ..NewUser::default()
    };
    let added = world.add_user().run(&new, an_administrator(), None).await;

    let Err(ChangeUserRefused::Unavailable(error)) = changed else {
        panic!("{changed:?}")
    };
    assert!(error.unreadable().is_some());
    assert!(matches!(added, Err(AddUserRefused::AddressTaken)));
}

/// Whatever a row calls them, and in a trial too: the others are imported and invited.
#[tokio::test]
async fn a_row_of_a_file_about_somebody_who_cannot_be_read_is_refused_and_the_others_are_invited() {
    let world = World::new();
    let broken = world.with(a_user().at("broken@example.com").known_as("dir-1"));
    world.store.spoil(&keys::user(broken.id));
    let file = format!(
        "userId,externalId,email\n\
         ,,first@example.com\n\
         ,,broken@example.com\n\
         ,dir-1,other@example.com\n\
         {},,third@example.com\n\
         ,,last@example.com\n",
        broken.id
    );

    for dry_run in [true, false] {
        let order = ImportOrder {
            dry_run,
            invite: true,
            charset: None,
            who: an_administrator(),
        };
        let import = world.import_users();
        let report = import.run(file.as_bytes(), &order).await.unwrap();

        assert!(report.complete);
        let refused: Vec<(u64, &str, &str)> = report
            .rows
            .iter()
            .filter(|row| row.outcome == RowOutcome::Invalid)
            .map(|row| (row.line, &*row.problems[0].field, row.problems[0].code))
            .collect();
        let unreadable = "unreadable";
        assert_eq!(
            refused,
            [
                (3, "email", unreadable),
                (4, "externalId", unreadable),
                (5, "userId", unreadable)
            ]
        );
        let detail = &report.rows[1].problems[0].detail;
        assert!(detail.contains(&keys::user(broken.id).pk), "{detail}");
        assert_eq!((report.counts().added, report.invited), (2, 2));
    }
    world.store.mend(&keys::user(broken.id));
    let now = world.now_of(&broken);
    assert_eq!(now.email, broken.email);
}

/// In all that public routes answer.
#[tokio::test]
async fn nobody_learns_from_a_refusal_that_a_row_cannot_be_read() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let now = world.now_of(&user);
    let (pin, token) = (world.pin_of(&now), world.token_of(&now));
    world.store.spoil(&keys::user(user.id));

    let by_pin = world.show_pin(&user.email, &pin).await;
    let by_token = world.show_token(&token).await;

    assert!(
        matches!(by_pin, Err(RedeemRefused::DoesNotFit)),
        "{by_pin:?}"
    );
    assert!(
        matches!(by_token, Err(RedeemRefused::DoesNotFit)),
        "{by_token:?}"
    );
    assert!(world.request_pin().run(&user.email).await.is_ok());
}

/// It is to be given again when the row is repaired.
#[tokio::test]
async fn a_report_about_a_mail_that_cannot_be_read_says_which() {
    let world = World::new();
    let (first, _) = two_invited(&world).await;
    world.post().await;
    let mail = mail_of(&world, &first);
    let delivered = Feedback {
        mail,
        event: MailEvent::Deliver,
        at: world.wait(SignedDuration::ZERO),
        service_id: None,
        reason: None,
    };
    world.store.spoil(&keys::mail(mail));

    let error = world.record_feedback().run(&delivered).await.unwrap_err();

    assert!(error.unreadable().unwrap().row.contains(&mail.to_string()));
    world.store.mend(&keys::mail(mail));
    world.record_feedback().run(&delivered).await.unwrap();
    assert_eq!(state_of(&world, &first), MailState::Delivered);
    let rows = world.store.history(first.id);
    let delivered = |row: &&beckon_domain::model::history::HistoryEntry| {
        matches!(row.what, HistoryEvent::InvitationDelivered { .. })
    };
    assert_eq!(rows.iter().filter(delivered).count(), 1);
}

/// However often the stream tells of it, and however many meet it.
#[tokio::test]
async fn a_row_is_told_of_once() {
    let world = World::new();
    let failures = MemoryDeadLetters::default();
    let (first, second) = two_invited(&world).await;
    let key = keys::mail(mail_of(&world, &first));
    tell(&world, &failures, &key).await;
    assert_eq!(failures.all(), []);
    world.store.spoil(&key);

    world.post().await;
    for _ in 0..3 {
        tell(&world, &failures, &key).await;
    }
    tell(&world, &failures, &keys::mail(mail_of(&world, &second))).await;

    let told = failures.all();
    assert_eq!(told.len(), 1);
    assert!(told[0].event.contains(&key.pk), "{:?}", told[0]);
    assert!(told[0].event.contains("spoilt"), "{:?}", told[0]);
}

/// Told and not noted is told once more; not told is never noted.
#[tokio::test]
async fn a_crash_while_telling_loses_nothing() {
    let world = World::new();
    let (first, _) = two_invited(&world).await;
    let key = keys::mail(mail_of(&world, &first));
    world.store.spoil(&key);
    world.post().await;

    for (calls, told) in [(0, 0), (1, 1), (9, 2), (9, 2)] {
        world.store.go_down_after(calls);
        let telling = TellOfUnreadable { env: &world };
        let _ = telling.run(&key).await;
        world.store.come_back();

        assert_eq!(world.failures.all().len(), told, "after {calls} calls");
    }
}
