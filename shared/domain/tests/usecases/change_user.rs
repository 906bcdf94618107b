//! Changing a user: particulars, and whether they may be invited and register at all.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::mail::MailState;
use beckon_domain::model::user::User;
use beckon_domain::usecases::change_user::{ChangeUserRefused, UserPatch};
use beckon_domain::values::names::GroupName;
use beckon_testkit::builders::{a_user, an_administrator};
use beckon_testkit::{Call, World};

async fn change(world: &World, user: &User, patch: &UserPatch) -> Result<User, ChangeUserRefused> {
    let use_case = world.change_user();
    use_case.run(user.id, patch, &an_administrator()).await
}

fn named(name: &str) -> UserPatch {
    UserPatch {
        display_name: Some(name.to_owned()),
        ..UserPatch::default()
    }
}

#[tokio::test]
async fn what_is_given_changes_and_what_is_left_out_stays() {
    let world = World::new();
    let user = world.with(a_user().called("Ann").speaking("de").in_group("staff"));
    let patch = UserPatch {
        groups: Some(vec!["guests".to_owned()]),
        ..named("Anna")
    };

    let after = change(&world, &user, &patch).await.unwrap();

    assert_eq!(after, world.now_of(&user));
    assert_eq!(after.display_name.unwrap().as_str(), "Anna");
    assert_eq!(after.locale, user.locale);
    let guests = GroupName::parse("guests").unwrap();
    assert_eq!(after.groups, [guests].into());
    let rows = world.store.history(user.id);
    assert!(matches!(
        rows.last().unwrap().what,
        HistoryEvent::UserChanged { .. }
    ));
}

#[tokio::test]
async fn a_group_stays_as_it_was_first_written() {
    let world = World::new();
    let user = world.with(a_user().in_group("Staff").in_group("Café"));
    let patch = |groups: &[&str]| UserPatch {
        groups: Some(groups.iter().map(|name| (*name).to_owned()).collect()),
        ..UserPatch::default()
    };

    let same = change(&world, &user, &patch(&["cafe\u{301}", "STAFF", "staff"])).await;
    let more = change(&world, &user, &patch(&["staff", "New"])).await;

    assert_eq!(same.unwrap().version, user.version);
    let shown: Vec<String> = more
        .unwrap()
        .groups
        .iter()
        .map(|group| group.as_str().to_owned())
        .collect();
    assert_eq!(shown, ["New", "Staff"]);
}

#[tokio::test]
async fn a_text_of_invisible_characters_takes_a_field_away_like_an_empty_one() {
    let world = World::new();
    let user = world.with(a_user().called("Ann").speaking("de").known_as("x-1"));
    let patch = UserPatch {
        external_id: Some("\u{FEFF}".to_owned()),
        locale: Some("\u{2800}".to_owned()),
        ..named("\u{200B}\u{200D}\u{3164}")
    };

    let after = change(&world, &user, &patch).await.unwrap();

    assert_eq!(
        (after.display_name, after.locale, after.external_id),
        (None, None, None)
    );
}

#[tokio::test]
async fn an_empty_text_takes_a_field_away() {
    let world = World::new();
    let user = a_user()
        .called("Ann")
        .speaking("de")
        .living_in("Europe/Berlin");
    let user = world.with(user);
    let patch = UserPatch {
        locale: Some(" ".to_owned()),
        time_zone: Some(String::new()),
        ..named("")
    };

    let after = change(&world, &user, &patch).await.unwrap();

    assert_eq!(
        (after.display_name, after.locale, after.time_zone),
        (None, None, None)
    );
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_not_written() {
    let world = World::new();
    let user = world.with(a_user().called("Ann"));
    let patch = UserPatch {
        enabled: Some(true),
        ..named("Ann")
    };

    let after = change(&world, &user, &patch).await.unwrap();

    assert_eq!(after, user);
    assert_eq!(world.now_of(&user), user);
    assert!(world.store.history(user.id).is_empty());
}

#[tokio::test]
async fn every_wrong_field_is_named_and_nothing_is_changed() {
    let world = World::new();
    let user = world.with(a_user());
    let patch = UserPatch {
        groups: Some(vec![String::new()]),
        locale: Some("klingon".to_owned()),
        time_zone: Some("Mars/Olympus".to_owned()),
        enabled: Some(false),
        ..named("https://evil.example")
    };

    let result = change(&world, &user, &patch).await;

    let Err(ChangeUserRefused::Invalid(problems)) = result else {
        panic!("it was not refused");
    };
    let mut fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["displayName", "groups[0]", "locale", "timeZone"]);
    assert_eq!(world.now_of(&user), user);
}

#[tokio::test]
async fn who_is_disabled_gets_no_mail_and_opens_nothing_until_enabled_again() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.post().await;
    let pin = world.pin_of(&user);
    let enabled = |enabled| UserPatch {
        enabled: Some(enabled),
        ..UserPatch::default()
    };

    change(&world, &user, &enabled(false)).await.unwrap();
    let while_disabled = world.show_pin(&user.email, &pin).await;
    change(&world, &user, &enabled(true)).await.unwrap();
    let enabled_again = world.show_pin(&user.email, &pin).await;

    assert!(while_disabled.is_err() && enabled_again.is_ok());
}

/// Disabled before their mail went, and enabled again: nothing else would ever tell them.
#[tokio::test]
async fn who_is_enabled_again_gets_the_mail_that_was_dropped_meanwhile_and_gets_it_once() {
    let world = World::new();
    let user = world.with(a_user());
    let enabled = |enabled| UserPatch {
        enabled: Some(enabled),
        ..UserPatch::default()
    };
    world.invite(&[&user]).await;
    change(&world, &user, &enabled(false)).await.unwrap();
    world.post().await;
    let states = || {
        let mails = world.store.mails_of(user.id);
        mails.iter().map(|mail| mail.state).collect::<Vec<_>>()
    };
    assert_eq!(states(), [MailState::Dropped]);

    for _ in 0..2 {
        change(&world, &user, &enabled(true)).await.unwrap();
        world.post().await;
        assert_eq!(states(), [MailState::Dropped, MailState::Sent]);
        change(&world, &user, &enabled(false)).await.unwrap();
    }

    change(&world, &user, &enabled(true)).await.unwrap();
    let pin = world.pin_of(&user);
    assert!(world.show_pin(&user.email, &pin).await.is_ok());
}

/// A batch that was stopped stays stopped for them, and who is corrected on the way gets one mail.
#[tokio::test]
async fn who_is_enabled_again_gets_no_mail_that_was_stopped_and_no_second_one() {
    let world = World::new();
    let (stopped, moved) = (world.with(a_user()), world.with(a_user()));
    let enabled = |enabled| UserPatch {
        enabled: Some(enabled),
        ..UserPatch::default()
    };
    let batch = world.invite(&[&stopped]).await;
    world.invite(&[&moved]).await;
    for user in [&stopped, &moved] {
        change(&world, user, &enabled(false)).await.unwrap();
    }
    world
        .stop_batch()
        .run(batch, &an_administrator())
        .await
        .unwrap();
    world.post().await;

    change(&world, &stopped, &enabled(true)).await.unwrap();
    let elsewhere = UserPatch {
        email: Some("moved@example.com".to_owned()),
        ..enabled(true)
    };
    change(&world, &moved, &elsewhere).await.unwrap();
    world.post().await;

    let sent = |user: &User| {
        let mails = world.store.mails_of(user.id);
        mails
            .iter()
            .filter(|mail| mail.state == MailState::Sent)
            .count()
    };
    assert_eq!((sent(&stopped), sent(&moved)), (0, 1));
}

#[tokio::test]
async fn nobody_is_made_by_a_change_and_nothing_of_another_s_is_lost() {
    let world = World::new();
    let user = world.with(a_user());
    let id = user.id;
    let patch = named("Ann");
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| user.devices = 7);
    });

    let unknown = change(&world, &a_user().build(), &patch).await;
    let after = change(&world, &user, &patch).await.unwrap();

    assert!(matches!(unknown, Err(ChangeUserRefused::UnknownUser)));
    assert_eq!(after.devices, 7);
    assert_eq!(world.store.all_users(), [after]);
}
