//! Reminders: when they are written, when they are not, and what they say.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{Mail, MailKind, MailState};
use beckon_domain::model::settings::{Settings, SettingsDraft};
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::usecases::change_user::UserPatch;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, settings};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn reminding(json: &str) -> Settings {
    let draft: SettingsDraft = serde_json::from_str(&format!(r#"{{"reminders":{json}}}"#)).unwrap();
    let reminders = draft
        .parse(&settings().build().sender.from)
        .unwrap()
        .reminders;
    Settings {
        reminders,
        ..settings().build()
    }
}

fn every_two_days() -> Settings {
    reminding(r#"{"enabled":true,"startAfterDays":2,"everyDays":2,"most":5}"#)
}

/// Hours since the issue at which reminders were written, over ten days of a clock that comes by
/// every hour, and whether each said that it was the last.
async fn watch(world: &World, user: &User) -> Vec<(i64, bool)> {
    for _ in 0..240 {
        world.wait(HOUR);
        world.maintain().await;
        world.post().await;
    }
    let issued_at = world.store.history(user.id).iter().find_map(|row| {
        matches!(row.what, HistoryEvent::InvitationIssued { .. }).then_some(row.at)
    });
    let mut found: Vec<_> = world
        .store
        .history(user.id)
        .iter()
        .filter_map(|row| match row.what {
            HistoryEvent::ReminderWritten { last, .. } => {
                Some((row.at.duration_since(issued_at.unwrap()).as_hours(), last))
            }
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn who_does_not_answer_is_reminded_until_the_end_and_the_last_one_says_so() {
    let world = World::under(&every_two_days());
    let user = world.with(a_user());
    world.invite(&[&user]).await;

    let reminders = watch(&world, &user).await;

    // Issued at nine in the morning for seven days: the fourth would come after the end.
    assert_eq!(reminders, [(48, false), (96, false), (144, true)]);
    let mails = world.store.mails_of(user.id);
    assert_eq!(mails.len(), 4);
    assert!(mails.iter().all(|mail| mail.state == MailState::Sent));
    assert_eq!(
        world
            .now_of(&user)
            .invitation_state_at(beckon_domain::ports::clock::Clock::now(&world.clock)),
        InvitationState::Expired
    );
}

#[tokio::test]
async fn a_reminder_carries_the_pin_of_the_invitation() {
    let world = World::under(&every_two_days());
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.post().await;
    world.wait(HOUR * 48);
    world.maintain().await;
    world.post().await;

    let taken = world.service.taken_for(&user.email);

    assert_eq!(taken.len(), 2);
    assert!(taken[1].message.text.contains(&world.pin_of(&user)));
    assert_eq!(taken[1].kind, "reminder");
}

#[tokio::test]
async fn no_more_are_written_than_the_cap_says() {
    let world = World::under(&reminding(
        r#"{"enabled":true,"startAfterDays":1,"everyDays":1,"most":2}"#,
    ));
    let user = world.with(a_user());
    world.invite(&[&user]).await;

    assert_eq!(watch(&world, &user).await, [(24, false), (48, true)]);
}

#[tokio::test]
async fn nobody_is_reminded_at_night_where_they_live() {
    let world = World::under(&reminding(
        r#"{"enabled":true,"startAfterDays":1,"everyDays":1,"most":9,"quietHours":{"from":"17:00","to":"09:30"}}"#,
    ));
    let zones = ["Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"];
    let users: Vec<User> = zones
        .iter()
        .enumerate()
        .map(|(n, zone)| world.with(a_user().at(&format!("u{n}@example.com")).living_in(zone)))
        .collect();
    world.invite(&users.iter().collect::<Vec<_>>()).await;
    for user in &users {
        assert!(!watch(&world, user).await.is_empty() || user.id != users[0].id);
    }

    for (user, zone) in users.iter().zip(zones) {
        let zone = TimeZone::get(zone).unwrap();
        let written: Vec<_> = world
            .store
            .history(user.id)
            .iter()
            .filter(|row| matches!(row.what, HistoryEvent::ReminderWritten { .. }))
            .map(|row| row.at.to_zoned(zone.clone()).hour())
            .collect();
        assert!(!written.is_empty());
        assert!(
            written.iter().all(|hour| (9..17).contains(hour)),
            "{written:?}"
        );
    }
}

#[tokio::test]
async fn who_moves_while_a_reminder_is_planned_is_not_woken_by_it() {
    let world = World::under(&reminding(
        r#"{"enabled":true,"startAfterDays":1,"everyDays":1,"most":1,"quietHours":{"from":"20:00","to":"08:00"}}"#,
    ));
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    // Planned for nine in the morning in UTC, which is two in the morning there.
    world.store.change_user(user.id, |user| {
        user.time_zone = Some(
            beckon_domain::values::locale::TimeZoneName::parse("America/Los_Angeles").unwrap(),
        );
    });

    assert_eq!(watch(&world, &user).await, [(31, true)]);
}

#[tokio::test]
async fn reminders_stop_when_the_invitation_ends_or_the_address_is_marked() {
    for end in [
        "completed",
        "cancelled",
        "declined",
        "locked",
        "bounced",
        "disabled",
    ] {
        let world = World::under(&every_two_days());
        let user = world.with(a_user());
        world.invite(&[&user]).await;
        world.post().await;
        world.wait(HOUR * 50);
        world.maintain().await;
        world.store.change_user(user.id, |user| {
            let invitation = user.invitation.as_mut().unwrap();
            match end {
                "completed" => invitation.state = InvitationState::Completed,
                "cancelled" => invitation.state = InvitationState::Cancelled,
                "declined" => invitation.state = InvitationState::Declined,
                "locked" => {
                    invitation.state = InvitationState::Locked;
                    invitation.tries_left = 0;
                }
                "bounced" => user.address_mark = Some(AddressSuppression::HardBounced),
                _ => user.enabled = false,
            }
        });

        let reminders = watch(&world, &user).await;

        assert_eq!(reminders.len(), 1, "{end}: {reminders:?}");
        // The one that waited when it ended was not sent after all.
        let reminder = world
            .store
            .mails_of(user.id)
            .into_iter()
            .find(|mail| matches!(mail.kind, MailKind::Reminder { .. }))
            .unwrap();
        assert_eq!(reminder.state, MailState::Dropped, "{end}");
    }
}

async fn switch(world: &World, user: &User, enabled: bool) {
    let patch = UserPatch {
        enabled: Some(enabled),
        ..UserPatch::default()
    };
    let (changing, who) = (world.change_user(), an_administrator());
    changing.run(user.id, &patch, &who).await.unwrap();
}

/// What keeps mails from somebody, or lets them through again.
async fn cut_off(world: &World, user: &User, how: &str, off: bool) {
    match (how, off) {
        ("bounced", true) => world.store.change_user(user.id, |user| {
            user.address_mark = Some(AddressSuppression::HardBounced);
        }),
        ("bounced", false) => {
            let (trying, who) = (world.try_address_again(), an_administrator());
            trying.run(user.id, &who).await.unwrap();
        }
        (_, off) => switch(world, user, !off).await,
    }
}

/// Lets maintenance come by each hour.
async fn pass(world: &World, hours: u32) {
    for _ in 0..hours {
        world.wait(HOUR);
        world.maintain().await;
        world.post().await;
    }
}

/// Tried again or enabled again, with the moment of a reminder in between.
#[tokio::test]
async fn whom_mails_reach_again_is_reminded_again_until_the_end_and_never_after_it() {
    for how in ["bounced", "disabled"] {
        for (until, expected) in [
            (20, vec![(48, false), (96, false), (144, true)]),
            (50, vec![(98, false), (146, true)]),
            (119, vec![(167, true)]),
            (121, vec![]),
        ] {
            let world = World::under(&every_two_days());
            let user = world.with(a_user());
            world.invite(&[&user]).await;
            pass(&world, 10).await;
            cut_off(&world, &user, how, true).await;
            pass(&world, until - 10).await;

            cut_off(&world, &user, how, false).await;
            let reminders = watch(&world, &user).await;

            assert_eq!(reminders, expected, "{how} until {until}");
        }
    }
}

/// The reminder that waited when nothing could be sent any more is not the last.
#[tokio::test]
async fn a_reminder_that_was_dropped_ends_no_others() {
    for how in ["bounced", "disabled"] {
        let world = World::under(&every_two_days());
        let user = world.with(a_user());
        world.invite(&[&user]).await;
        pass(&world, 47).await;
        world.wait(HOUR);
        world.maintain().await;
        cut_off(&world, &user, how, true).await;
        pass(&world, 2).await;

        cut_off(&world, &user, how, false).await;
        let reminders = watch(&world, &user).await;

        let dropped = |mail: &Mail| mail.state == MailState::Dropped;
        assert_eq!(
            world
                .store
                .mails_of(user.id)
                .iter()
                .filter(|mail| dropped(mail))
                .count(),
            1,
            "{how}"
        );
        assert_eq!(reminders[0], (48, false), "{how}");
        assert_eq!(reminders.last(), Some(&(144, true)), "{how}");
    }
}

#[tokio::test]
async fn after_a_reminder_that_said_it_was_the_last_none_comes() {
    for how in ["bounced", "disabled"] {
        let world = World::under(&reminding(
            r#"{"enabled":true,"startAfterDays":1,"everyDays":1,"most":1}"#,
        ));
        let user = world.with(a_user());
        world.invite(&[&user]).await;
        pass(&world, 30).await;
        cut_off(&world, &user, how, true).await;
        pass(&world, 30).await;

        cut_off(&world, &user, how, false).await;

        assert_eq!(watch(&world, &user).await, [(24, true)], "{how}");
    }
}

#[tokio::test]
async fn nobody_is_reminded_of_a_mail_that_never_went() {
    let world = World::under(&every_two_days());
    let user = world.with(a_user());
    let batch = world.invite(&[&user]).await;
    world
        .stop_batch()
        .run(batch, &an_administrator())
        .await
        .unwrap();
    world.post().await;

    assert_eq!(watch(&world, &user).await, []);
}

#[tokio::test]
async fn inviting_again_counts_anew() {
    let world = World::under(&every_two_days());
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.post().await;
    world.wait(HOUR * 47);
    world.invite(&[&user]).await;
    world.post().await;
    world.wait(HOUR * 47);
    world.maintain().await;

    assert_eq!(world.store.mails_of(user.id).len(), 2);
}

#[tokio::test]
async fn a_reminder_that_had_to_wait_does_not_go_out_at_night() {
    let world = World::under(&reminding(
        r#"{"enabled":true,"startAfterDays":1,"everyDays":3,"most":9,"quietHours":{"from":"20:00","to":"08:00"}}"#,
    ));
    let user = world.with(a_user().living_in("UTC"));
    world.invite(&[&user]).await;
    world.post().await;
    // Written at nine in the morning, but the delivery worker comes at eleven at night.
    world.wait(HOUR * 24);
    world.maintain().await;
    world.wait(HOUR * 14);

    world.post().await;
    let at_night = world.service.taken_for(&user.email).len();
    world.wait(HOUR * 9);
    world.post().await;

    assert_eq!(at_night, 1);
    assert_eq!(world.service.taken_for(&user.email).len(), 2);
}
