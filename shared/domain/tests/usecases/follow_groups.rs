//! Following the groups of the directory: what they are called, who joins and who leaves, and who is invited by that.

use std::collections::BTreeMap;

use beckon_domain::model::actor::Actor;
use beckon_domain::model::group::{Group, GroupIdentifier, MAX_MEMBERSHIPS};
use beckon_domain::model::history::{HistoryEvent, Particular};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::settings::directory::DirectoryInvites;
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::usecases::change_user::{ChangeUserRefused, UserPatch};
use beckon_domain::usecases::follow_groups::{
    DirectoryGroup, FollowGroupRefused, FollowGroups, MAX_MEMBERS_CHANGED, MembersSaid,
};
use beckon_domain::values::ids::{ExternalId, GroupId, UserId};
use beckon_domain::values::names::GroupName;
use beckon_testkit::builders::{a_user, an_administrator, an_invitation, settings};
use beckon_testkit::{Fault, World};
use ulid::Ulid;

fn groups(world: &World) -> FollowGroups<&World> {
    FollowGroups { env: world }
}

fn name(text: &str) -> GroupName {
    GroupName::parse(text).unwrap()
}

fn called(text: &str) -> DirectoryGroup {
    DirectoryGroup {
        name: name(text),
        external_id: None,
    }
}

fn nobody() -> MembersSaid {
    MembersSaid::default()
}

fn members(users: &[&User], is_member: bool) -> MembersSaid {
    MembersSaid {
        others_leave: false,
        are_members: users.iter().map(|user| (user.id, is_member)).collect(),
    }
}

/// These alone.
fn only(users: &[&User]) -> MembersSaid {
    MembersSaid {
        others_leave: true,
        ..members(users, true)
    }
}

async fn add(world: &World, text: &str, users: &[&User]) -> Group {
    let said = members(users, true);
    groups(world).add(called(text), &said).await.unwrap()
}

async fn change(world: &World, group: &Group, said: &MembersSaid) -> Group {
    let same = |group: DirectoryGroup| Ok::<_, ()>(group);
    groups(world).change(group.id, said, same).await.unwrap()
}

async fn rename(world: &World, group: &Group, text: &str) -> Group {
    let edit = |_: DirectoryGroup| Ok::<_, ()>(called(text));
    groups(world)
        .change(group.id, &nobody(), edit)
        .await
        .unwrap()
}

fn groups_of(world: &World, user: &User) -> Vec<String> {
    let groups = world.now_of(user).all_groups();
    groups
        .iter()
        .map(|group| group.as_str().to_owned())
        .collect()
}

fn invite_members_of(world: &World, text: &str) {
    let mut chosen = settings().build();
    chosen.directory.invites = DirectoryInvites::Groups;
    chosen.directory.groups = [name(text)].into();
    world.store.put_settings(&chosen);
}

async fn expand_everything(world: &World) {
    for (batch, cursor) in world.store.all_batches() {
        if !cursor.done {
            world.expand_all(batch.id).await.unwrap();
        }
    }
}

fn invitations(world: &World, user: &User) -> u32 {
    world.now_of(user).latest_issue.get()
}

#[tokio::test]
async fn a_member_belongs_to_the_group_wherever_groups_count_and_a_new_name_counts_at_once() {
    let world = World::new();
    let ada = world.with(a_user().in_group("local"));
    let staff = add(&world, "Staff", &[&ada]).await;
    assert_eq!(groups_of(&world, &ada), ["local", "Staff"]);
    let version = world.now_of(&ada).version;

    rename(&world, &staff, "Crew").await;

    assert_eq!(groups_of(&world, &ada), ["Crew", "local"]);
    assert_eq!(world.now_of(&ada).version, version);
    for (wanted, found) in [("crew", 1), ("staff", 0), ("local", 1)] {
        let filter = UserFilter {
            groups: [name(wanted)].into(),
            ..UserFilter::default()
        };
        let now = world.clock.now();
        let listed = world.store.list_users(&filter, None, 10, now).await;
        assert_eq!(listed.unwrap().items.len(), found, "{wanted}");
    }
    let rows = world.store.history(ada.id);
    let last = rows.last().unwrap();
    let particulars = vec![Particular::Groups];
    assert_eq!(last.what, HistoryEvent::UserChanged { particulars });
    assert_eq!(last.who, Actor::Directory);
}

#[tokio::test]
async fn members_join_and_leave_and_are_replaced_and_a_repetition_changes_nothing() {
    let world = World::new();
    let users: Vec<User> = (0..4).map(|_| world.with(a_user())).collect();
    let [ada, ben, eve, kim] = &users[..] else {
        panic!("there are four")
    };
    let staff = add(&world, "staff", &[ada, ben]).await;
    let listed = async || {
        let mut members = groups(&world).members(staff.id).await.unwrap();
        members.sort();
        members
    };
    let ids = |users: &[&User]| -> Vec<UserId> {
        let mut ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        ids.sort();
        ids
    };
    assert_eq!(listed().await, ids(&[ada, ben]));

    change(&world, &staff, &members(&[eve], true)).await;
    change(&world, &staff, &members(&[ben, kim], false)).await;
    assert_eq!(listed().await, ids(&[ada, eve]));
    change(&world, &staff, &only(&[eve, kim])).await;

    assert_eq!(listed().await, ids(&[eve, kim]));
    let versions = || {
        users
            .iter()
            .map(|user| world.now_of(user).version)
            .collect::<Vec<_>>()
    };
    let before = versions();
    change(&world, &staff, &only(&[eve, kim])).await;
    change(&world, &staff, &members(&[ada], false)).await;
    assert_eq!(versions(), before);
    assert_eq!(groups_of(&world, ada), Vec::<String>::new());
    assert_eq!(groups_of(&world, kim), ["staff"]);
}

#[tokio::test]
async fn a_name_and_an_external_id_are_one_group_s_and_nothing_is_written_for_the_second() {
    let world = World::new();
    let ada = world.with(a_user());
    let external = |text: &str, id: &str| DirectoryGroup {
        external_id: ExternalId::parse(id).ok(),
        ..called(text)
    };
    let first = groups(&world).add(external("staff", "1"), &nobody()).await;
    let first = first.unwrap();

    let said = members(&[&ada], true);
    let same_name = groups(&world).add(called("STAFF"), &said).await;
    let same_id = groups(&world).add(external("crew", "1"), &said).await;
    let crew = add(&world, "crew", &[]).await;
    let edit = |_: DirectoryGroup| Ok::<_, ()>(called("Staff"));
    let renamed = groups(&world).change(crew.id, &said, edit).await;

    assert!(matches!(
        same_name,
        Err(FollowGroupRefused::Taken("displayName"))
    ));
    assert!(matches!(
        same_id,
        Err(FollowGroupRefused::Taken("externalId"))
    ));
    assert!(matches!(
        renamed,
        Err(FollowGroupRefused::Taken("displayName"))
    ));
    assert!(groups_of(&world, &ada).is_empty());
    // A name may be written in another case by its own group.
    assert_eq!(rename(&world, &first, "STAFF").await.name.as_str(), "STAFF");
}

#[tokio::test]
async fn a_group_whose_adding_was_cut_short_is_found_and_filled_when_the_directory_repeats_it() {
    let world = World::new();
    let users: Vec<User> = (0..3).map(|_| world.with(a_user())).collect();
    let [ada, ben, eve] = &users[..] else {
        panic!("there are three")
    };
    let staff = DirectoryGroup {
        external_id: ExternalId::parse("1").ok(),
        ..called("Staff")
    };
    // After the members and the users were read, the group was written, and the settings were read.
    world.store.plan(4, Fault::CutShort(1));
    let said = only(&[ada, ben]);

    let cut = groups(&world).add(staff.clone(), &said).await;
    let found = GroupIdentifier::Name(name("staff"));
    let found = world.store.find_group(&found).await.unwrap().unwrap();
    change(&world, &found, &members(&[eve], true)).await;
    let again = groups(&world).add(staff.clone(), &said).await.unwrap();
    let once_more = groups(&world).add(staff.clone(), &said).await.unwrap();

    assert!(matches!(cut, Err(FollowGroupRefused::Unavailable(_))));
    assert_eq!((again.id, once_more.id), (found.id, found.id));
    for user in &users {
        assert_eq!(groups_of(&world, user), ["Staff"]);
    }
    let unlike = [
        called("Staff"),
        DirectoryGroup {
            external_id: ExternalId::parse("2").ok(),
            ..called("Staff")
        },
        DirectoryGroup {
            external_id: staff.external_id,
            ..called("STAFF")
        },
    ];
    for other in unlike {
        let refused = groups(&world).add(other, &said).await;
        assert!(matches!(refused, Err(FollowGroupRefused::Taken(_))));
    }
}

#[tokio::test]
async fn whoever_is_unknown_cannot_join_and_then_nobody_does() {
    let world = World::new();
    let ada = world.with(a_user());
    let stranger = UserId::new(Ulid(7));
    let mut said = members(&[&ada], true);
    said.are_members.insert(stranger, true);
    let staff = add(&world, "staff", &[]).await;

    let edit = |_: DirectoryGroup| Ok::<_, ()>(called("crew"));
    let changed = groups(&world).change(staff.id, &said, edit).await;
    let added = groups(&world).add(called("guests"), &said).await;
    said.are_members.insert(stranger, false);
    change(&world, &staff, &said).await;

    for refused in [
        changed.err().map(|e| format!("{e:?}")),
        added.err().map(|e| format!("{e:?}")),
    ] {
        let refused = refused.unwrap();
        assert!(refused.starts_with("UnknownMember"), "{refused}");
    }
    let names: Vec<String> = world
        .store
        .all_groups()
        .iter()
        .map(|group| group.name.as_str().to_owned())
        .collect();
    assert_eq!(names, ["staff"]);
    assert_eq!(groups_of(&world, &ada), ["staff"]);
    let nowhere = GroupId::new(Ulid(7));
    let same = |group: DirectoryGroup| Ok::<_, ()>(group);
    let unknown = groups(&world).change(nowhere, &nobody(), same).await;
    assert!(matches!(unknown, Err(FollowGroupRefused::UnknownGroup)));
}

#[tokio::test]
async fn one_request_changes_a_bounded_number_of_members_and_one_person_is_in_a_bounded_number_of_groups()
 {
    let world = World::new();
    let staff = add(&world, "staff", &[]).await;
    let many: BTreeMap<UserId, bool> = (0..=MAX_MEMBERS_CHANGED as u128)
        .map(|number| (UserId::new(Ulid(number)), true))
        .collect();
    let said = MembersSaid {
        others_leave: false,
        are_members: many,
    };

    let same = |group: DirectoryGroup| Ok::<_, ()>(group);
    let refused = groups(&world).change(staff.id, &said, same).await;
    assert!(matches!(refused, Err(FollowGroupRefused::TooManyChanged)));

    let ada = world.with(a_user());
    for number in 0..MAX_MEMBERSHIPS {
        add(&world, &format!("group {number}"), &[&ada]).await;
    }
    let said = members(&[&ada], true);
    let refused = groups(&world).change(staff.id, &said, same).await;
    assert!(matches!(refused, Err(FollowGroupRefused::TooManyGroups(user)) if user == ada.id));
    assert_eq!(groups_of(&world, &ada).len(), MAX_MEMBERSHIPS);
}

#[tokio::test]
async fn a_deleted_group_has_no_members_and_its_name_is_free_and_a_deletion_cut_short_goes_on() {
    let world = World::new();
    let ada = world.with(a_user());
    let staff = add(&world, "staff", &[&ada]).await;

    // After the group was read, and its members forgotten.
    world.store.plan(2, Fault::Refuse);
    let cut = groups(&world).delete(staff.id).await;
    assert!(matches!(cut, Err(FollowGroupRefused::Unavailable(_))));
    groups(&world).delete(staff.id).await.unwrap();

    assert!(groups_of(&world, &ada).is_empty());
    let again = groups(&world).delete(staff.id).await;
    assert!(matches!(again, Err(FollowGroupRefused::UnknownGroup)));
    let next = add(&world, "staff", &[]).await;
    assert!(groups_of(&world, &ada).is_empty());
    change(&world, &next, &members(&[&ada], true)).await;
    assert_eq!(world.now_of(&ada).memberships.len(), 1);
}

#[tokio::test]
async fn a_deleted_person_is_a_member_no_longer() {
    let world = World::new();
    let ada = world.with(a_user());
    let staff = add(&world, "staff", &[&ada]).await;

    world
        .delete_user()
        .run(ada.id, &Actor::Directory)
        .await
        .unwrap();

    assert!(groups(&world).members(staff.id).await.unwrap().is_empty());
    assert!(world.store.all_members().is_empty());
}

#[tokio::test]
async fn whoever_becomes_a_member_of_a_named_group_is_invited_once_and_keeps_the_invitation() {
    let world = World::new();
    invite_members_of(&world, "Enrol");
    let ada = world.with(a_user());
    let known = world.with(a_user().with(an_invitation().in_state(InvitationState::Completed)));
    let before = invitations(&world, &known);
    let away = world.with(a_user().disabled());
    let other = add(&world, "other", &[&ada]).await;
    expand_everything(&world).await;
    assert_eq!(invitations(&world, &ada), 0);

    let enrol = add(&world, "enrol", &[&ada, &known, &away]).await;
    // Before the first batch is expanded, and after it.
    change(&world, &enrol, &members(&[&ada], false)).await;
    change(&world, &enrol, &members(&[&ada], true)).await;
    expand_everything(&world).await;
    change(&world, &enrol, &members(&[&ada], false)).await;
    change(&world, &other, &members(&[&ada], false)).await;
    expand_everything(&world).await;

    assert_eq!(invitations(&world, &ada), 1);
    let state = world.now_of(&ada).invitation.unwrap().state;
    assert_eq!(state, InvitationState::Pending);
    assert_eq!(invitations(&world, &known), before);
    assert_eq!(world.store.all_batches().len(), 1);
    assert_eq!(invitations(&world, &away), 0);
}

#[tokio::test]
async fn somebody_whose_change_was_overtaken_joins_in_the_end() {
    let world = World::new();
    let ada = world.with(a_user());
    let staff = add(&world, "staff", &[]).await;

    world.store.conflict_next(1);
    change(&world, &staff, &members(&[&ada], true)).await;

    assert_eq!(groups_of(&world, &ada), ["staff"]);
}

#[tokio::test]
async fn what_the_directory_says_of_groups_is_its_own_and_other_groups_are_not() {
    let world = World::new();
    let ada = world.with(a_user().in_group("local"));
    add(&world, "staff", &[&ada]).await;
    let set = async |names: &[&str]| {
        let patch = UserPatch {
            groups: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            ..UserPatch::default()
        };
        world
            .change_user()
            .run(ada.id, &patch, &an_administrator())
            .await
    };

    let without = set(&["local"]).await;
    set(&["Staff", "more"]).await.unwrap();

    let Err(ChangeUserRefused::Invalid(problems)) = without else {
        panic!("it is the directory's: {without:?}")
    };
    assert_eq!(
        (problems[0].field.as_str(), problems[0].code),
        ("groups", "ownedByDirectory")
    );
    assert_eq!(groups_of(&world, &ada), ["more", "staff"]);
    assert_eq!(world.now_of(&ada).groups, [name("more")].into());
}
