//! Deleting users, and erasing those who are over.

use beckon_domain::model::actor::Actor;
use beckon_domain::model::counting::{Figure, Step};
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{MailEvent, MailKind, MailState};
use beckon_domain::model::registration::Registrant;
use beckon_domain::model::settings::Settings;
use beckon_domain::model::settings::retention::Retention;
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::confirm_registration::ConfirmRefused;
use beckon_domain::usecases::delete_user::DeleteUserRefused;
use beckon_domain::usecases::erase_ended::Erased;
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::ids::{BatchId, IssueNumber};
use beckon_domain::values::token::TokenPurpose;
use beckon_testkit::builders::{a_device, a_user, an_administrator, an_invitation, settings};
use beckon_testkit::store::keys;
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn delete(world: &World, user: &User) -> Result<(), DeleteUserRefused> {
    world.delete_user().run(user.id, &an_administrator()).await
}

fn keeping(days: impl Into<Option<u32>>) -> Settings {
    Settings {
        retention: Retention {
            erase_after_days: days.into(),
        },
        ..settings().build()
    }
}

async fn erase(world: &World) -> Erased {
    world.erase_ended().run().await.unwrap()
}

fn exists(world: &World, user: &User) -> bool {
    world
        .store
        .all_users()
        .iter()
        .any(|other| other.id == user.id)
}

#[tokio::test]
async fn who_is_deleted_with_mail_waiting_gets_none_and_no_secret_of_theirs_opens_anything() {
    let world = World::new();
    let user = world.with(a_user().known_as("x-1"));
    let other = world.with(a_user());
    let batch = world.invite(&[&user, &other]).await;
    let (pin, token) = (world.pin_of(&user), world.token_of(&user));

    delete(&world, &user).await.unwrap();
    world.post().await;

    assert!(!exists(&world, &user));
    let states: Vec<MailState> = world
        .store
        .mails_of(user.id)
        .iter()
        .map(|mail| mail.state)
        .collect();
    assert_eq!(states, [MailState::Dropped]);
    assert_eq!(world.service.taken_for(&user.email).len(), 0);
    assert_eq!(world.service.taken_for(&other.email).len(), 1);
    assert!(world.show_pin(&user.email, &pin).await.is_err());
    assert!(world.show_token(&token).await.is_err());
    world.count_all().await.unwrap();
    let report = world.report_batch().run(batch).await.unwrap().unwrap();
    assert_eq!(
        (
            report.counts.selected,
            report.counts.issued,
            report.counts.sent
        ),
        (2, 2, 1)
    );
    let last = world.store.history(user.id).pop().unwrap();
    assert_eq!(
        (last.who, last.what),
        (
            an_administrator(),
            HistoryEvent::UserDeleted {
                issue: Some(IssueNumber::from_number(1))
            }
        )
    );
    assert!(matches!(
        delete(&world, &user).await,
        Err(DeleteUserRefused::UnknownUser)
    ));
    assert_eq!(world.store.history(user.id).len(), 2);
}

/// What it would tell of is gone, the name above all.
#[tokio::test]
async fn what_administrators_were_to_be_told_of_somebody_is_dropped_with_them_and_says_why() {
    let world = World::under(&settings().telling("it@example.com").build());
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let token = world.token_for(&user, TokenPurpose::Decline);
    world.decline().run(&token).await.unwrap();
    delete(&world, &user).await.unwrap();

    world.post().await;

    assert_eq!(
        notice_of(&world, &user),
        (MailState::Dropped, "userDeleted")
    );
    assert!(world.service.handed_over().is_empty());
}

/// Between the look at the user and the look at their device.
#[tokio::test]
async fn who_is_deleted_while_a_mail_about_them_is_written_is_looked_at_anew() {
    let world = World::under(&settings().telling("it@example.com").build());
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world
        .report(Registrant::User(user.id), a_device("d-1"))
        .await
        .unwrap();
    let id = user.id;
    world
        .store
        .before_next(Call::LoadRegistration, move |store| store.remove_user(id));

    world.post().await;
    world.post().await;

    assert_eq!(
        notice_of(&world, &user),
        (MailState::Dropped, "userDeleted")
    );
    assert!(world.service.handed_over().is_empty());
}

fn notice_of(world: &World, user: &User) -> (MailState, &'static str) {
    let mails = world.store.mails_of(user.id).into_iter();
    let notices = mails.filter(|mail| matches!(mail.kind, MailKind::Notice { .. }));
    let mut standing = notices.map(|mail| (mail.state, mail.reason.unwrap().code));
    let (state, code) = standing.next().expect("somebody was to be told");
    let known = ["userDeleted", "noUser", "noRegistration"];
    let code = known.into_iter().find(|known| *known == code);
    (state, code.expect("one of these"))
}

#[tokio::test]
async fn a_device_of_somebody_deleted_is_of_nobody_known_whoever_names_them() {
    let world = World::new();
    let user = world.with(a_user().known_as("x-1"));
    world.invite(&[&user]).await;
    let opened = world
        .show_pin(&user.email, &world.pin_of(&user))
        .await
        .unwrap();
    let external = user.external_id.clone().unwrap();

    delete(&world, &user).await.unwrap();

    for registrant in [
        Registrant::Session(opened.registration_id),
        Registrant::User(user.id),
        Registrant::External(external),
        Registrant::Address(user.email.clone()),
    ] {
        let refused = world.report(registrant, a_device("d-1")).await;
        assert!(matches!(refused, Err(ConfirmRefused::Unknown)));
    }
    assert_eq!(world.store.all_sessions(), []);
    assert_eq!(world.store.all_registrations(), []);
}

#[tokio::test]
async fn a_change_of_somebody_else_s_meanwhile_does_not_keep_anybody() {
    let world = World::new();
    let user = world.with(a_user());
    let id = user.id;
    world.store.before_next(Call::RemoveUser, move |store| {
        store.change_user(id, |user| user.devices = 7);
    });

    delete(&world, &user).await.unwrap();

    assert!(!exists(&world, &user));
}

#[tokio::test]
async fn nothing_is_erased_unless_the_settings_say_when() {
    let world = World::under(&keeping(None));
    let user = world.with(a_user().with(an_invitation().in_state(InvitationState::Completed)));
    let gone = world.with(a_user());
    delete(&world, &gone).await.unwrap();
    world.wait(DAY * 3_650);

    assert_eq!(erase(&world).await, Erased::default());

    assert!(exists(&world, &user));
    assert_eq!(world.store.history(gone.id).len(), 1);
}

/// By whatever end.
#[tokio::test]
async fn somebody_is_erased_as_many_days_after_their_end_as_the_settings_say() {
    let world = World::under(&keeping(30));
    let users: Vec<User> = (0..5).map(|_| world.with(a_user())).collect();
    let [completed, expired, cancelled, deleted, restored] = &users[..] else {
        panic!("there are five");
    };
    world.invite(&users.iter().collect::<Vec<_>>()).await;
    let change = |user: &User, change| {
        let (world, id) = (world.clone(), user.id);
        async move {
            let use_case = world.change_invitation();
            use_case.run(id, change, &an_administrator()).await.unwrap()
        }
    };
    world
        .report(Registrant::User(completed.id), a_device("d-1"))
        .await
        .unwrap();
    change(cancelled, InvitationChange::Cancel).await;
    change(restored, InvitationChange::Cancel).await;
    change(restored, InvitationChange::Restore).await;
    delete(&world, deleted).await.unwrap();

    world.wait(DAY * 7);
    world.maintain().await;
    world.wait(DAY * 23 - SignedDuration::from_secs(1));
    let too_early = erase(&world).await;
    world.wait(SignedDuration::from_secs(1));
    let in_time = erase(&world).await;
    let left: Vec<bool> = users.iter().map(|user| exists(&world, user)).collect();
    world.wait(DAY * 7);
    let a_week_later = erase(&world).await;

    assert_eq!(too_early, Erased::default());
    assert_eq!((in_time.users, in_time.histories), (2, 3));
    // Two expired seven days after they were invited.
    assert_eq!(left, [false, true, false, false, true]);
    assert_eq!((a_week_later.users, a_week_later.histories), (2, 2));
    assert!(!exists(&world, expired));
    for user in &users {
        assert_eq!(world.store.history(user.id), []);
    }
    assert_eq!(world.store.all_registrations(), []);
    assert_eq!(erase(&world).await, Erased::default());
}

/// A batch's counts are sums of what stays.
#[tokio::test]
async fn counts_of_a_batch_stay_when_its_people_are_erased() {
    let world = World::under(&keeping(1));
    let users: Vec<User> = (0..3).map(|_| world.with(a_user())).collect();
    let batch = world.invite(&users.iter().collect::<Vec<_>>()).await;
    world.post().await;
    world.count_all().await.unwrap();
    let before = world
        .report_batch()
        .run(batch)
        .await
        .unwrap()
        .unwrap()
        .counts;
    world.wait(DAY * 7);
    world.maintain().await;
    world.wait(DAY);

    let erased = erase(&world).await;

    assert_eq!((erased.users, erased.histories), (3, 3));
    assert_eq!(world.store.all_users(), []);
    world.count_all().await.unwrap();
    let after = world
        .report_batch()
        .run(batch)
        .await
        .unwrap()
        .unwrap()
        .counts;
    assert_eq!(after, before);
    assert_eq!((after.issued, after.sent), (3, 3));
}

#[tokio::test]
async fn who_is_invited_again_in_time_is_not_erased_whatever_the_list_says() {
    let world = World::under(&keeping(1));
    let ended = an_invitation().in_state(InvitationState::Expired);
    let user = world.with(a_user().with(ended));
    world.wait(DAY * 60);
    world.store.let_indexes_lag(100);
    world.invite(&[&user]).await;

    let erased = erase(&world).await;

    assert_eq!(erased, Erased::default());
    assert!(exists(&world, &user));
    assert!(
        world
            .store
            .history(user.id)
            .iter()
            .all(|row| row.who != Actor::Clock)
    );
}

/// The process dies at any call; the next round goes on.
#[tokio::test]
async fn a_round_that_dies_anywhere_is_finished_by_the_next() {
    for alive_for in 0..8 {
        let world = World::under(&keeping(1));
        for _ in 0..2 {
            let ended = an_invitation().in_state(InvitationState::Expired);
            world.with(a_user().with(ended));
        }
        world.wait(DAY * 60);

        world.store.go_down_after(alive_for);
        let died = world.erase_ended().run().await;
        world.store.come_back();
        erase(&world).await;

        assert!(died.is_err() || alive_for == 8, "{alive_for}");
        assert_eq!(world.store.all_users(), []);
        assert_eq!(erase(&world).await, Erased::default());
    }
}

#[tokio::test]
async fn however_many_are_over_a_round_takes_on_a_few_and_the_next_goes_on() {
    let world = World::under(&keeping(1));
    for _ in 0..250 {
        world.with(a_user().with(an_invitation().in_state(InvitationState::Declined)));
    }
    world.wait(DAY * 60);

    let mut rounds = 0;
    while erase(&world).await != Erased::default() {
        rounds += 1;
    }

    assert_eq!(rounds, 3);
    assert_eq!(world.store.all_users(), []);
}

async fn registered(world: &World) -> (User, BatchId) {
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    world
        .report(Registrant::User(user.id), a_device("d-1"))
        .await
        .unwrap();
    world.post().await;
    (user, batch)
}

async fn numbers(world: &World, batch: BatchId) -> [u64; 2] {
    world.count_all().await.unwrap();
    let report = world.report_batch().run(batch).await.unwrap().unwrap();
    [Step::Registered, Step::Confirmed].map(|step| report.figures.of(Figure::Reached(step)))
}

fn confirming(days: u32) -> Settings {
    Settings {
        retention: Retention {
            erase_after_days: Some(days),
        },
        ..settings().confirming_everyone().build()
    }
}

/// What became of them can be counted only with it, and only as long as their history tells of it.
#[tokio::test]
async fn the_history_of_somebody_stays_while_their_mail_cannot_be_read() {
    let world = World::under(&keeping(1));
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    let mail = keys::mail(world.store.mails_of(user.id)[0].id);
    world.store.spoil(&mail);
    world
        .report(Registrant::User(user.id), a_device("d-1"))
        .await
        .unwrap();
    world.wait(DAY * 10);
    world.count_all().await.unwrap();

    let unreadable = erase(&world).await;
    world.store.mend(&mail);
    let readable = erase(&world).await;

    assert_eq!((unreadable.users, unreadable.histories), (1, 0));
    assert_eq!((readable.users, readable.histories), (0, 1));
    assert_eq!(world.store.history(user.id), []);
    assert_eq!(numbers(&world, batch).await, [1, 0]);
}

/// Their history alone says whose confirmation it is.
#[tokio::test]
async fn a_confirmation_that_arrives_after_somebody_was_deleted_counts() {
    let world = World::under(&confirming(1));
    let (user, batch) = registered(&world).await;
    world.wait(DAY);
    world.count_all().await.unwrap();

    let under_way = erase(&world).await;
    let confirmation = world.store.mails_of(user.id).into_iter();
    let confirmation = confirmation.filter(|m| matches!(m.kind, MailKind::Confirmation { .. }));
    let arrived = Feedback {
        mail: confirmation.last().unwrap().id,
        service_id: None,
        event: MailEvent::Deliver,
        reason: None,
        at: world.clock.now(),
    };
    world.record_feedback().run(&arrived).await.unwrap();
    let settled = erase(&world).await;

    assert_eq!((under_way.users, under_way.histories), (1, 0));
    assert_eq!(settled.histories, 1);
    assert_eq!(numbers(&world, batch).await, [1, 1]);
}

#[tokio::test]
async fn a_confirmation_of_which_nothing_is_heard_is_waited_for_three_days() {
    let world = World::under(&confirming(1));
    let (user, batch) = registered(&world).await;
    world.wait(DAY * 3 - SignedDuration::from_secs(1));
    let too_early = erase(&world).await;
    world.wait(SignedDuration::from_secs(1));

    let in_time = erase(&world).await;

    assert_eq!((too_early.users, too_early.histories), (1, 0));
    assert_eq!(in_time.histories, 1);
    assert_eq!(world.store.history(user.id), []);
    assert_eq!(numbers(&world, batch).await, [1, 0]);
}
