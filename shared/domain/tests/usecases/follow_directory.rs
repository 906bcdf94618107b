//! Following the directory: who joins, who is found, who leaves, and who stays.

use beckon_domain::model::actor::Actor;
use beckon_domain::model::directory::{
    DirectoryEmail, DirectoryPerson, DirectoryProfile, DirectoryText,
};
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::MailState;
use beckon_domain::model::settings::directory::DirectoryInvites;
use beckon_domain::model::user::User;
use beckon_domain::usecases::add_user::NewUser;
use beckon_domain::usecases::change_user::{ChangeUserRefused, UserPatch};
use beckon_domain::usecases::follow_directory::{FollowDirectory, FollowRefused};
use beckon_domain::usecases::manage_directory_tokens::{ManageDirectoryTokens, TokenRefused};
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::user_name::UserName;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, an_invitation, settings};
use jiff::SignedDuration;

fn called(user_name: &str, address: &str) -> DirectoryPerson {
    DirectoryPerson {
        user_name: UserName::parse(user_name).unwrap(),
        external_id: None,
        active: true,
        profile: DirectoryProfile {
            display_name: DirectoryText::parse("Ada").unwrap(),
            emails: vec![DirectoryEmail {
                value: EmailAddress::parse(address).unwrap(),
                kind: None,
                primary: Some(true),
            }],
            ..DirectoryProfile::default()
        },
    }
}

fn follow(world: &World) -> FollowDirectory<&World> {
    FollowDirectory { env: world }
}

fn invite_everybody(world: &World) {
    let mut everybody = settings().build();
    everybody.directory.invites = DirectoryInvites::Everybody;
    world.store.put_settings(&everybody);
}

async fn say(world: &World, user: &User, person: &DirectoryPerson) -> User {
    let edit = |_: DirectoryPerson| Ok::<_, ()>(person.clone());
    follow(world).change(user.id, None, edit).await.unwrap()
}

#[tokio::test]
async fn somebody_who_joins_is_invited_if_the_settings_say_so_and_their_address_may_be() {
    let world = World::new();
    let person = called("ada", "ada@example.com");

    let quiet = follow(&world).add(&person).await.unwrap();
    invite_everybody(&world);
    let invited = follow(&world)
        .add(&called("ben", "ben@example.com"))
        .await
        .unwrap();
    let foreign = follow(&world)
        .add(&called("eve", "eve@elsewhere.example"))
        .await
        .unwrap();
    let inactive = DirectoryPerson {
        active: false,
        ..called("kim", "kim@example.com")
    };
    let inactive = follow(&world).add(&inactive).await.unwrap();

    let batches = world.store.all_batches();
    assert_eq!(batches.len(), 1, "{batches:?}");
    assert_eq!(batches[0].0.who, Actor::Directory);
    world.expand_all(batches[0].0.id).await.unwrap();
    assert!(world.now_of(&invited).invitation.is_some());
    for user in [&quiet, &invited, &foreign, &inactive] {
        let rows = world.store.history(user.id);
        assert_eq!(rows[0].what, HistoryEvent::UserAdded);
        assert_eq!(rows[0].who, Actor::Directory);
    }
    assert!(!inactive.enabled);
}

#[tokio::test]
async fn somebody_added_by_hand_is_found_by_user_name_or_address_and_keeps_what_they_have() {
    let world = World::new();
    let by_address = world.with(
        a_user()
            .at("ada@example.com")
            .in_group("staff")
            .with(an_invitation()),
    );
    let new = NewUser {
        email: "ben@example.com".to_owned(),
        user_name: Some("BEN".to_owned()),
        invite: Some(false),
        ..NewUser::default()
    };
    let by_name = world
        .add_user()
        .run(&new, an_administrator(), None)
        .await
        .unwrap()
        .user;

    let ada = follow(&world)
        .add(&called("ada.l", "ADA@example.com"))
        .await
        .unwrap();
    let ben = follow(&world)
        .add(&called("ben", "ben.bell@example.com"))
        .await
        .unwrap();

    assert_eq!((ada.id, ben.id), (by_address.id, by_name.id));
    assert_eq!(ada.groups, by_address.groups);
    assert!(ada.invitation.is_some() && ada.directory.is_some());
    assert_eq!(ben.email.as_str(), "ben.bell@example.com");
    let again = follow(&world)
        .add(&called("other", "ada@example.com"))
        .await;
    assert!(
        matches!(again, Err(FollowRefused::Taken("emails"))),
        "{again:?}"
    );
    let again = follow(&world)
        .add(&called("BEN", "third@example.com"))
        .await;
    assert!(
        matches!(again, Err(FollowRefused::Taken("userName"))),
        "{again:?}"
    );
}

#[tokio::test]
async fn somebody_is_found_by_a_user_name_in_any_case_and_by_the_address_only_without_one() {
    let world = World::new();
    let by_hand = world.with(a_user().at("ada@example.com"));
    let named = follow(&world)
        .add(&called("ben", "ben@example.com"))
        .await
        .unwrap();
    let find = async |name: &str| {
        let name = UserName::parse(name).unwrap();
        let found = follow(&world).of_user_name(&name).await.unwrap();
        found.map(|user| user.id)
    };

    assert_eq!(find("ADA@example.com").await, Some(by_hand.id));
    assert_eq!(find("Ben").await, Some(named.id));
    assert_eq!(find("ben@example.com").await, None);
}

#[tokio::test]
async fn whoever_leaves_is_disabled_their_mail_is_dropped_and_they_are_back_when_they_return() {
    let world = World::new();
    let person = called("ada", "ada@example.com");
    let user = world.with(a_user().at("ada@example.com"));
    world.invite(&[&user]).await;
    let inactive = DirectoryPerson {
        active: false,
        ..person.clone()
    };

    let left = say(&world, &user, &inactive).await;
    world.deliver().run().await.unwrap();

    assert!(!left.enabled);
    let mails = world.store.all_mails();
    assert!(
        mails.iter().all(|mail| mail.state == MailState::Dropped),
        "{mails:?}"
    );
    assert!(world.service.taken().is_empty());
    let back = say(&world, &user, &person).await;
    assert!(back.enabled);
    world.deliver().run().await.unwrap();
    assert_eq!(world.service.taken().len(), 1);
}

#[tokio::test]
async fn whoever_leaves_and_gets_an_address_elsewhere_at_once_is_disabled() {
    let world = World::new();
    let user = world.with(a_user().at("ada@example.com").with(an_invitation()));
    let elsewhere = called("ada", "ada@elsewhere.example");
    let edit = |_: DirectoryPerson| Ok::<_, ()>(elsewhere.clone());

    let stays = follow(&world).change(user.id, None, edit).await;
    let left = DirectoryPerson {
        active: false,
        ..elsewhere.clone()
    };
    let left = say(&world, &user, &left).await;

    assert!(
        matches!(stays, Err(FollowRefused::Invalid(problem)) if problem.code == "domainNotAllowed")
    );
    assert!(!left.enabled);
    assert_eq!(left.email.as_str(), "ada@elsewhere.example");
    assert_ne!(
        left.invitation.unwrap().nonce,
        user.invitation.unwrap().nonce
    );
}

#[tokio::test]
async fn whoever_is_active_in_the_directory_is_never_erased_and_whoever_left_is() {
    let world = World::new();
    let ended = || an_invitation().in_state(InvitationState::Expired);
    let stays = world.with(a_user().at("ada@example.com").with(ended()));
    let leaves = world.with(a_user().at("ben@example.com").with(ended()));
    let mut kept = settings().build();
    kept.retention.erase_after_days = Some(1);
    world.store.put_settings(&kept);
    say(&world, &stays, &called("ada", "ada@example.com")).await;
    let inactive = DirectoryPerson {
        active: false,
        ..called("ben", "ben@example.com")
    };
    say(&world, &leaves, &inactive).await;

    world.wait(SignedDuration::from_hours(24 * 60));
    world.erase_ended().run().await.unwrap();

    let left: Vec<_> = world.store.all_users().iter().map(|user| user.id).collect();
    assert_eq!(left, [stays.id]);
}

#[tokio::test]
async fn what_the_directory_says_again_writes_nothing_and_an_edit_that_fails_neither() {
    let world = World::new();
    let person = called("ada", "ada@example.com");
    let user = follow(&world).add(&person).await.unwrap();

    let same = say(&world, &user, &person).await;
    let fails = |_: DirectoryPerson| Err("no");
    let refused = follow(&world).change(user.id, None, fails).await;
    let stale = follow(&world)
        .change(user.id, Some(user.version.next()), |_| {
            Ok::<_, ()>(called("a", "a@example.com"))
        })
        .await;

    assert_eq!(same.version, user.version);
    assert!(matches!(refused, Err(FollowRefused::Change("no"))));
    assert!(matches!(stale, Err(FollowRefused::Stale)));
    assert_eq!(world.now_of(&user), user);
}

#[tokio::test]
async fn an_administrator_changes_nothing_that_the_directory_says_and_whatever_else_they_like() {
    let world = World::new();
    let user = follow(&world)
        .add(&called("ada", "ada@example.com"))
        .await
        .unwrap();
    let change = async |patch: UserPatch| {
        let change = world.change_user();
        change.run(user.id, &patch, &an_administrator()).await
    };

    let named = change(UserPatch {
        display_name: Some("Alex".to_owned()),
        ..UserPatch::default()
    });
    let grouped = UserPatch {
        groups: Some(vec!["staff".to_owned()]),
        locale: Some("fi".to_owned()),
        ..UserPatch::default()
    };

    let Err(ChangeUserRefused::Invalid(problems)) = named.await else {
        panic!("the name was changed")
    };
    assert_eq!(problems[0].code, "ownedByDirectory");
    assert_eq!(change(grouped).await.unwrap().groups.len(), 1);
}

#[tokio::test]
async fn two_tokens_are_valid_and_a_third_one_is_refused_until_one_is_taken_away() {
    let world = World::new();
    let tokens = ManageDirectoryTokens { env: &world };
    let first = tokens.add().await.unwrap();
    let second = tokens.add().await.unwrap();
    let shown =
        |held: &beckon_domain::values::sender_secrets::HeldSecret| held.secret.expose().to_owned();

    let third = tokens.add().await;

    assert!(matches!(third, Err(TokenRefused::TwoTokens)));
    assert!(tokens.is_valid(&shown(&first)).await.unwrap());
    tokens.remove(first.id).await.unwrap();
    assert!(!tokens.is_valid(&shown(&first)).await.unwrap());
    assert!(tokens.is_valid(&shown(&second)).await.unwrap());
    assert!(!tokens.is_valid("").await.unwrap());
    assert!(matches!(
        tokens.remove(first.id).await,
        Err(TokenRefused::UnknownToken)
    ));
}

#[tokio::test]
async fn somebody_who_joins_inactive_is_invited_when_they_become_active_and_not_again_later() {
    let world = World::new();
    invite_everybody(&world);
    let active = called("kim", "kim@example.com");
    let inactive = DirectoryPerson {
        active: false,
        ..active.clone()
    };
    let kim = follow(&world).add(&inactive).await.unwrap();
    assert!(world.store.all_batches().is_empty());

    // Twice before the batch is expanded, and once after it.
    say(&world, &kim, &active).await;
    say(&world, &kim, &inactive).await;
    say(&world, &kim, &active).await;
    let batches = world.store.all_batches();
    assert_eq!(batches.len(), 1, "{batches:?}");
    world.expand_all(batches[0].0.id).await.unwrap();
    say(&world, &kim, &inactive).await;
    say(&world, &kim, &active).await;

    assert_eq!(world.store.all_batches().len(), 1);
    assert_eq!(world.now_of(&kim).latest_issue.get(), 1);
}

#[tokio::test]
async fn a_change_that_makes_nobody_active_invites_nobody() {
    let world = World::new();
    let person = called("ada", "ada@example.com");
    let ada = follow(&world).add(&person).await.unwrap();
    invite_everybody(&world);

    let renamed = DirectoryPerson {
        user_name: UserName::parse("ada.l").unwrap(),
        ..person
    };
    say(&world, &ada, &renamed).await;

    assert!(world.store.all_batches().is_empty());
}
