//! The delivery worker: which mails go out, in which order, and what they are.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{Mail, MailKind, MailState};
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::rules::issuing::SAME_AGAIN;
use beckon_domain::usecases::deliver::RunEnd;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{DeviceId, MailId, Version};
use beckon_domain::values::method::Method;
use beckon_domain::values::names::Label;
use beckon_testkit::builders::{a_mail, a_user, an_administrator, an_invitation, settings};
use beckon_testkit::composer::{fact, pin_in, token_in};
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

/// Puts an invited user and the mail of their issue there.
fn with_mail(world: &World, adapt: impl FnOnce(&mut Mail)) -> (User, MailId) {
    let user = world.with(a_user().with(an_invitation()));
    let mut mail = a_mail(user.id).build();
    adapt(&mut mail);
    world.store.put_mail(&mail);
    (user, mail.id)
}

fn bulk(mail: &mut Mail) {
    mail.class = beckon_domain::model::mail::MailClass::Bulk;
}

fn reason_of(world: &World, mail: MailId) -> String {
    world
        .store
        .mail(mail)
        .reason
        .expect("a reason is given")
        .code
}

#[tokio::test]
async fn a_mail_goes_out_once_as_the_settings_say_and_is_recorded_as_sent() {
    let mut under = settings().build();
    under.sender.name = Some(Label::parse("Example \"IT\"").unwrap());
    under.sender.reply_to = Some(EmailAddress::parse("help@example.com").unwrap());
    let world = World::under(&under);
    let user = world.with(a_user());
    world.invite(&[&user]).await;

    let run = world.post().await;
    let idle = world.post().await;

    let taken = world.service.taken();
    let mail = world.store.mails_of(user.id).pop().unwrap();
    assert_eq!((&run.end, run.sent), (&RunEnd::NothingDue, 1));
    assert_eq!((&idle.end, idle.sent), (&RunEnd::NothingDue, 0));
    assert_eq!(taken.len(), 1);
    assert_eq!((&taken[0].to, taken[0].id), (&user.email, mail.id));
    assert_eq!(taken[0].from, "\"Example \\\"IT\\\"\" <beckon@example.com>");
    assert_eq!(taken[0].reply_to, under.sender.reply_to);
    assert_eq!((mail.state, mail.attempts), (MailState::Sent, 1));
    assert_eq!(mail.service_id, Some(format!("service-{}", mail.id)));
    assert!(mail.run.is_some() && mail.reason.is_none());
    assert_eq!(world.store.lease(), None);
}

/// The version before took it for a name.
#[tokio::test]
async fn nobody_is_greeted_by_a_stored_name_that_cannot_be_seen() {
    let world = World::new();
    let names = [r#""\u200B\u3164""#, r#""Ada\u200D""#];
    let users = names.map(|name| {
        let mut user = a_user().build();
        user.display_name = Some(serde_json::from_str(name).unwrap());
        world.store.put_user(&user);
        user
    });
    world.invite(&[&users[0], &users[1]]).await;

    world.post().await;

    let name_in = |user: &User| fact(&world.service.taken_for(&user.email)[0].message, "name");
    assert_eq!(name_in(&users[0]), None);
    assert_eq!(name_in(&users[1]).unwrap(), "Ada\u{200D}");
}

#[tokio::test]
async fn each_method_has_its_secret_in_the_mail_and_no_other() {
    for method in [
        Method::Pin,
        Method::PasswordAndPin,
        Method::Password,
        Method::QrCode,
    ] {
        let world = World::under(&settings().method(method).build());
        let user = world.with(a_user());
        world.invite(&[&user]).await;

        world.post().await;

        let message = world.service.taken().pop().unwrap().message;
        let pin = method.uses_pin().then(|| world.pin_of(&user));
        let token = method.uses_token().then(|| world.token_of(&user));
        assert_eq!(
            (pin_in(&message), token_in(&message)),
            (pin, token),
            "{method:?}"
        );
    }
}

#[tokio::test]
async fn a_mail_is_written_under_the_settings_it_pins_though_others_hold_now() {
    let mut old = settings().build();
    old.organisation.name = Some(Label::parse("Old Ltd").unwrap());
    let world = World::under(&old);
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    old.organisation.name = Some(Label::parse("New Ltd").unwrap());
    world.store.put_settings(&old);

    world.post().await;

    let message = world.service.taken().pop().unwrap().message;
    assert_eq!(fact(&message, "organisation").unwrap(), "Old Ltd");
}

#[tokio::test]
async fn small_batches_go_before_large_ones_and_older_before_newer() {
    let world = World::new();
    let after = |minutes| SignedDuration::from_mins(minutes);
    let late_bulk = with_mail(&world, |mail| {
        bulk(mail);
        mail.due_at += after(2);
    });
    let early_bulk = with_mail(&world, bulk);
    let late_small = with_mail(&world, |mail| mail.due_at += after(4));
    let early_small = with_mail(&world, |mail| mail.due_at += after(3));
    world.wait(after(5));

    world.post().await;

    let sent: Vec<MailId> = world.service.taken().iter().map(|mail| mail.id).collect();
    assert_eq!(
        sent,
        [early_small.1, late_small.1, early_bulk.1, late_bulk.1]
    );
}

#[tokio::test]
async fn a_small_batch_that_comes_in_amid_a_large_one_goes_out_within_seconds() {
    let world = World::new();
    for _ in 0..300 {
        with_mail(&world, bulk);
    }
    let worker = world.deliver();

    let (run, (arrived, small)) = tokio::join!(worker.run(), async {
        beckon_domain::ports::clock::Clock::sleep(&world.clock, SignedDuration::from_secs(5)).await;
        let arrived = world.wait(SignedDuration::ZERO);
        let (_, small) = with_mail(&world, |mail| mail.due_at = arrived);
        (arrived, small)
    });

    let handed = world.service.handed_over();
    let small = handed
        .iter()
        .find(|handed| handed.mail.id == small)
        .unwrap();
    let waited = small.at.duration_since(arrived);
    assert_eq!(run.unwrap().sent, 301);
    assert!(waited <= SignedDuration::from_secs(3), "{waited:?}");
    assert!(handed.last().unwrap().at.duration_since(arrived).as_secs() > 10);
}

#[tokio::test]
async fn a_mail_that_is_not_due_yet_stays() {
    let world = World::new();
    let hour = SignedDuration::from_hours(1);
    let (_, mail) = with_mail(&world, |mail| mail.due_at += hour);

    let too_early = world.post().await;
    world.wait(hour);
    let in_time = world.post().await;

    assert_eq!((too_early.sent, in_time.sent), (0, 1));
    assert_eq!(world.store.mail(mail).state, MailState::Sent);
}

#[tokio::test]
async fn what_nobody_wants_any_more_is_dropped_with_its_reason() {
    type Change = fn(&mut User);
    let changes: [(Change, &str); 6] = [
        (|user| user.enabled = false, "noUser"),
        (
            |user| user.address_mark = Some(AddressSuppression::HardBounced),
            "addressMarked",
        ),
        (|user| user.invitation = None, "superseded"),
        (
            |user| user.invitation = Some(an_invitation().issue(2).build()),
            "superseded",
        ),
        (
            |user| user.invitation.as_mut().unwrap().state = InvitationState::Cancelled,
            "invitationEnded",
        ),
        (
            |user| user.invitation.as_mut().unwrap().state = InvitationState::Completed,
            "invitationEnded",
        ),
    ];
    for (change, code) in changes {
        let world = World::new();
        let (user, mail) = with_mail(&world, |_| {});
        world.store.change_user(user.id, change);

        let run = world.post().await;

        assert_eq!((run.sent, run.dropped), (0, 1));
        assert_eq!(world.store.mail(mail).state, MailState::Dropped);
        assert_eq!(reason_of(&world, mail), code);
        assert!(world.service.handed_over().is_empty());
    }
}

#[tokio::test]
async fn the_mail_of_a_deleted_user_or_of_an_invitation_whose_time_ran_out_is_dropped() {
    let world = World::new();
    let (deleted, first) = with_mail(&world, |_| {});
    let (_, second) = with_mail(&world, |_| {});
    world.store.remove_user(deleted.id);
    world.wait(SignedDuration::from_hours(168));

    world.post().await;

    assert_eq!(reason_of(&world, first), "noUser");
    assert_eq!(reason_of(&world, second), "invitationEnded");
    assert!(world.service.handed_over().is_empty());
}

#[tokio::test]
async fn the_mail_of_a_locked_issue_still_goes_for_its_link_still_works() {
    let world = World::new();
    let (user, mail) = with_mail(&world, |_| {});
    world.store.change_user(user.id, |user| {
        user.invitation.as_mut().unwrap().state = InvitationState::Locked;
    });

    world.post().await;

    assert_eq!(world.store.mail(mail).state, MailState::Sent);
}

#[tokio::test]
async fn of_two_issues_that_wait_only_the_newer_one_is_mailed() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.clock.advance(SAME_AGAIN);
    world.invite(&[&user]).await;

    world.post().await;

    let taken = world.service.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(pin_in(&taken[0].message), Some(world.pin_of(&user)));
    assert_eq!(fact(&taken[0].message, "replaces").unwrap(), "true");
}

#[tokio::test]
async fn what_is_taken_back_between_look_and_claim_is_not_sent() {
    type Change = fn(&mut User);
    let changes: [Change; 3] = [
        |user| user.invitation.as_mut().unwrap().state = InvitationState::Cancelled,
        |user| user.invitation = Some(an_invitation().issue(2).build()),
        |user| user.enabled = false,
    ];
    for change in changes {
        let world = World::new();
        let (user, mail) = with_mail(&world, |_| {});
        world.store.before_next(Call::ClaimMail, move |store| {
            store.change_user(user.id, change);
        });

        let run = world.post().await;

        assert!(world.service.handed_over().is_empty());
        assert_eq!(world.store.mail(mail).state, MailState::Dropped);
        assert_eq!((run.sent, run.dropped), (0, 1));
    }
}

#[tokio::test]
async fn a_change_that_leaves_the_mail_wanted_only_delays_it_a_moment() {
    let world = World::new();
    let (user, mail) = with_mail(&world, |_| {});
    world.store.before_next(Call::ClaimMail, move |store| {
        store.change_user(user.id, |user| user.devices = 3);
    });

    let run = world.post().await;

    assert_eq!((run.sent, world.service.times(mail)), (1, 1));
}

#[tokio::test]
async fn a_mail_that_finds_no_words_fails_alone() {
    let world = World::new();
    let (_, speechless) = with_mail(&world, |_| {});
    world.composer.be_speechless(true);
    world.post().await;
    world.composer.be_speechless(false);
    let (_, fine) = with_mail(&world, |_| {});

    world.post().await;

    assert_eq!(world.store.mail(speechless).state, MailState::Failed);
    assert_eq!(reason_of(&world, speechless), "notComposed");
    assert_eq!(world.store.mail(fine).state, MailState::Sent);
}

#[tokio::test]
async fn a_mail_whose_key_or_registration_is_gone_fails_with_its_reason() {
    let world = World::new();
    let (_, without_key) = with_mail(&world, |_| {});
    let (_, without_device) = with_mail(&world, |mail| {
        let device = DeviceId::parse("device-1").unwrap();
        mail.kind = MailKind::Confirmation { device };
    });
    world.keys.rotate(&["k2"], "k2");

    world.post().await;

    assert_eq!(reason_of(&world, without_key), "keyMissing");
    assert_eq!(reason_of(&world, without_device), "noRegistration");
    for mail in [without_key, without_device] {
        assert_eq!(world.store.mail(mail).state, MailState::Failed);
    }
}

#[tokio::test]
async fn a_mail_whose_settings_are_gone_does_not_keep_the_delivery_worker_for_ever() {
    let world = World::new();
    let (_, orphan) = with_mail(&world, |mail| mail.settings = Version::from_number(99));
    let (_, fine) = with_mail(&world, |_| {});
    let worker = world.deliver();

    let run = tokio::time::timeout(std::time::Duration::from_secs(2), worker.run()).await;

    assert!(run.is_ok(), "the run did not end");
    assert_eq!(world.store.mail(fine).state, MailState::Sent);
    assert_ne!(world.store.mail(orphan).state, MailState::Sent);
}

#[tokio::test]
async fn a_list_of_what_is_due_that_is_a_moment_old_sends_nothing_twice() {
    let world = World::new();
    world.store.let_indexes_lag(4);
    for _ in 0..40 {
        with_mail(&world, |_| {});
    }

    world.post().await;
    world.store.let_indexes_lag(0);
    world.post().await;

    let handed = world.service.handed_over();
    assert_eq!(handed.len(), 40);
    assert!(
        world
            .store
            .all_mails()
            .iter()
            .all(|mail| mail.state == MailState::Sent)
    );
}

#[tokio::test]
async fn nobody_is_invited_at_a_domain_that_is_not_allowed_any_more() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.store.change_user(user.id, |user| {
        user.email = EmailAddress::parse("ann@elsewhere.example").unwrap();
    });

    world.post().await;

    assert!(world.service.taken().is_empty());
    let mail = world.store.mails_of(user.id).pop().unwrap();
    assert_eq!(mail.state, MailState::Dropped);
    assert_eq!(mail.reason.unwrap().code, "domainNotAllowed");
}

/// A mail waits its turn for minutes where few may go in a second.
#[tokio::test]
async fn who_is_enabled_between_the_look_and_the_turn_of_their_mail_gets_it() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let id = user.id;
    world.store.change_user(id, |user| user.enabled = false);
    world.store.before_next(Call::LoadUsers, move |store| {
        store.before_next(Call::LoadUsers, move |store| {
            store.change_user(id, |user| user.enabled = true);
        });
    });

    world.post().await;

    assert_eq!(world.service.taken_for(&user.email).len(), 1);
}

#[tokio::test]
async fn whose_first_mail_never_went_out_is_not_told_that_it_comes_again() {
    let world = World::new();
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    world
        .stop_batch()
        .run(batch, &an_administrator())
        .await
        .unwrap();
    world.post().await;
    let told = world.store.history(user.id).pop().unwrap();
    assert!(
        matches!(&told.what, HistoryEvent::InvitationMailFailed { reason, .. } if reason.code == "batchStopped"),
        "{told:?}"
    );

    world.invite(&[&user]).await;
    world.post().await;

    let taken = world.service.taken_for(&user.email);
    assert_eq!(taken.len(), 1);
    assert_eq!(fact(&taken[0].message, "occasion").unwrap(), "First");
}
