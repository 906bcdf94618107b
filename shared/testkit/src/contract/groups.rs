//! Groups of the directory, and who is a member of them.

use beckon_domain::model::change::UserChange;
use beckon_domain::model::directory::{DirectoryNews, DirectoryRefusal};
use beckon_domain::model::group::{Group, GroupIdentifier, MembershipChange};
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::stored::Carried;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::SaveError;
use beckon_domain::ports::users::SaveGroupError;
use beckon_domain::values::ids::{ExternalId, GroupId, UserId, Version};
use beckon_domain::values::names::GroupName;
use jiff::SignedDuration;

use super::{Store, added, at_once, every_page, load, saved};
use crate::builders::{a_batch, a_row, a_user, monday_morning};
use crate::entropy::fresh_ulid;

fn name(text: &str) -> GroupName {
    GroupName::parse(text).unwrap()
}

/// A group that no store knows yet.
pub(super) fn a_group(called: &str) -> Group {
    Group {
        id: GroupId::new(fresh_ulid()),
        version: Version::FIRST,
        name: name(called),
        external_id: None,
        added_at: monday_morning(),
        carried: Carried::default(),
    }
}

fn known_as(group: &Group, external_id: &str) -> Group {
    Group {
        external_id: ExternalId::parse(external_id).ok(),
        ..group.clone()
    }
}

fn renamed(group: &Group, called: &str) -> Group {
    Group {
        version: group.version.next(),
        name: name(called),
        ..group.clone()
    }
}

async fn new_group(store: &impl Store, group: Group) -> Group {
    store.save_group(&group, None).await.unwrap();
    group
}

async fn group(store: &impl Store, id: GroupId) -> Option<Group> {
    store.read_groups(&[id]).await.unwrap().one().unwrap()
}

async fn called(store: &impl Store, text: &str) -> Option<GroupId> {
    let by = GroupIdentifier::Name(name(text));
    store.find_group(&by).await.unwrap().map(|group| group.id)
}

/// The change by which somebody joins a group, or leaves it.
pub(super) fn moving(user: &User, group: &Group, is_member: bool) -> UserChange {
    let mut after = user.clone();
    after.version = user.version.next();
    if is_member {
        after.memberships.join(group.id, group.name.clone());
    } else {
        after.memberships.leave(group.id);
    }
    let mut change = UserChange::of(after);
    change.memberships.push(MembershipChange {
        group: group.id,
        is_member,
    });
    change
}

async fn a_member(store: &impl Store, group: &Group) -> User {
    let user = added(store, a_user().build()).await;
    saved(store, moving(&user, group, true)).await
}

fn names_of(user: &User) -> Vec<&str> {
    user.memberships.names().map(GroupName::as_str).collect()
}

/// The name is found in any case of its letters, and shown as it was written.
pub async fn a_group_is_found_by_id_name_and_external_id_as_written<S: Store>(store: S) {
    let staff = known_as(&a_group("München Staff"), "S-1-5");
    let staff = new_group(&store, staff).await;

    let external = GroupIdentifier::External(ExternalId::parse("S-1-5").unwrap());
    let by_name = GroupIdentifier::Name(name("MÜNCHEN staff"));

    assert_eq!(group(&store, staff.id).await.as_ref(), Some(&staff));
    for by in [external, by_name] {
        let found = store.find_group(&by).await.unwrap();
        assert_eq!(found.as_ref(), Some(&staff), "{by:?}");
    }
    assert_eq!(called(&store, "München").await, None);
    assert_eq!(group(&store, GroupId::new(fresh_ulid())).await, None);
}

/// What a group was called before is free with its new name, and with its end.
pub async fn a_name_or_an_external_id_is_one_group_s_until_it_lets_go<S: Store>(store: S) {
    let staff = new_group(&store, known_as(&a_group("staff"), "1")).await;

    let same_name = store.save_group(&a_group("Staff"), None).await;
    let same_id = store
        .save_group(&known_as(&a_group("crew"), "1"), None)
        .await;

    assert!(
        matches!(same_name, Err(SaveGroupError::NameTaken)),
        "{same_name:?}"
    );
    assert!(
        matches!(same_id, Err(SaveGroupError::ExternalIdTaken)),
        "{same_id:?}"
    );
    assert_eq!(called(&store, "crew").await, None);
    let crew = Group {
        external_id: None,
        ..renamed(&staff, "crew")
    };
    store.save_group(&crew, Some(&staff)).await.unwrap();
    assert_eq!(called(&store, "staff").await, None);
    assert_eq!(called(&store, "crew").await, Some(staff.id));
    let next = new_group(&store, known_as(&a_group("STAFF"), "1")).await;
    let taken = store
        .save_group(&renamed(&crew, "staff"), Some(&crew))
        .await;
    assert!(matches!(taken, Err(SaveGroupError::NameTaken)), "{taken:?}");
    store.remove_group(&next).await.unwrap();
    assert_eq!(called(&store, "staff").await, None);
    new_group(&store, known_as(&a_group("staff"), "1")).await;
}

/// Under races too.
pub async fn of_many_who_add_one_name_at_once_one_wins<S: Store>(store: S) {
    let results = at_once(8, |_| {
        let store = store.clone();
        async move { store.save_group(&a_group("staff"), None).await }
    })
    .await;

    let won = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1, "{results:?}");
    let lost = results.iter().filter(|result| result.is_err());
    for result in lost {
        assert!(
            matches!(result, Err(SaveGroupError::NameTaken)),
            "{result:?}"
        );
    }
}

/// Whoever comes second is told so.
pub async fn a_group_that_somebody_wrote_first_is_neither_replaced_nor_removed<S: Store>(store: S) {
    let first = new_group(&store, a_group("first")).await;
    let second = renamed(&first, "second");
    store.save_group(&second, Some(&first)).await.unwrap();

    let saved = store
        .save_group(&renamed(&first, "third"), Some(&first))
        .await;
    let removed = store.remove_group(&first).await;

    assert!(matches!(saved, Err(SaveGroupError::Conflict)), "{saved:?}");
    assert!(matches!(removed, Err(SaveError::Conflict)), "{removed:?}");
    assert_eq!(group(&store, first.id).await, Some(second));
    assert_eq!(called(&store, "third").await, None);
}

/// Each once, and no page is longer than asked.
pub async fn groups_are_listed_in_the_order_of_their_names_page_by_page<S: Store>(store: S) {
    for called in ["delta", "Alpha", "charlie", "Bravo", "echo"] {
        new_group(&store, a_group(called)).await;
    }

    let listed = every_page(2, |position| {
        let store = store.clone();
        async move { store.list_groups(position.as_deref(), 2).await }
    })
    .await;

    let names: Vec<&str> = listed.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["Alpha", "Bravo", "charlie", "delta", "echo"]);
}

/// The member's row is not written when the group is.
pub async fn a_member_is_told_what_the_group_is_called_now_by_every_way_of_reading<S: Store>(
    store: S,
) {
    let staff = new_group(&store, a_group("staff")).await;
    let external = fresh_ulid().to_string();
    let user = added(&store, a_user().known_as(&external).build()).await;
    let user = saved(&store, moving(&user, &staff, true)).await;
    let crew = renamed(&staff, "crew");
    store.save_group(&crew, Some(&staff)).await.unwrap();

    let by_id = load(&store, user.id).await.unwrap();
    let address = user.email.normalised();
    let by_address = store.user_by_address(&address).await.unwrap().unwrap();
    let external = ExternalId::parse(&external).unwrap();
    let by_external = store.user_by_external_id(&external).await.unwrap().unwrap();
    let filter = UserFilter {
        groups: [name("Crew")].into(),
        ..UserFilter::default()
    };
    let listed = store.list_users(&filter, None, 10, monday_morning()).await;
    let listed = listed.unwrap().items;

    assert_eq!(by_id.version, user.version);
    for read in [&by_id, &by_address, &by_external, &listed[0]] {
        assert_eq!(names_of(read), ["crew"]);
        assert_eq!(read.all_groups(), [name("crew")].into());
    }
    assert_eq!(listed.len(), 1);
}

/// The rows of its members are as they were; what they say of it counts for nothing.
pub async fn a_group_that_is_removed_leaves_nobody_a_member<S: Store>(store: S) {
    let staff = new_group(&store, a_group("staff")).await;
    let guests = new_group(&store, a_group("guests")).await;
    let user = a_member(&store, &staff).await;
    saved(&store, moving(&user, &guests, true)).await;

    assert!(store.forget_members(staff.id, 10).await.unwrap());
    store.remove_group(&staff).await.unwrap();

    let user = load(&store, user.id).await.unwrap();
    assert_eq!(names_of(&user), ["guests"]);
    assert_eq!(group(&store, staff.id).await, None);
    assert_eq!(store.members_of(staff.id, None, 10).await.unwrap(), []);
    let guests = store.members_of(guests.id, None, 10).await.unwrap();
    assert_eq!(guests, [user.id]);
}

/// However many there are, no call has more to do than its limit.
pub async fn members_are_listed_in_pages_and_forgotten_piece_by_piece<S: Store>(store: S) {
    let staff = new_group(&store, a_group("staff")).await;
    let other = new_group(&store, a_group("other")).await;
    let mut members: Vec<UserId> = Vec::new();
    for _ in 0..31 {
        members.push(a_member(&store, &staff).await.id);
    }
    let stranger = a_member(&store, &other).await;
    members.sort();

    let first = store.members_of(staff.id, None, 30).await.unwrap();
    let last = first.last().copied();
    let rest = store.members_of(staff.id, last, 30).await.unwrap();

    assert_eq!([first, rest].concat(), members);
    assert!(!store.forget_members(staff.id, 30).await.unwrap());
    let left = store.members_of(staff.id, None, 30).await.unwrap();
    assert_eq!(left, members[30..]);
    assert!(store.forget_members(staff.id, 30).await.unwrap());
    assert!(store.forget_members(staff.id, 30).await.unwrap());
    let others = store.members_of(other.id, None, 30).await.unwrap();
    assert_eq!(others, [stranger.id]);
}

/// A user who is deleted takes their memberships with them.
pub async fn a_member_who_leaves_or_is_removed_is_on_no_list<S: Store>(store: S) {
    let staff = new_group(&store, a_group("staff")).await;
    let leaver = a_member(&store, &staff).await;
    let removed = a_member(&store, &staff).await;
    let stays = a_member(&store, &staff).await;

    let leaver = saved(&store, moving(&leaver, &staff, false)).await;
    let row = a_row(removed.id, monday_morning());
    let left = beckon_domain::model::erasure::Tombstone::of(&removed, monday_morning());
    store.remove_user(&removed, &row, &left).await.unwrap();

    let members = store.members_of(staff.id, None, 10).await.unwrap();
    assert_eq!(members, [stays.id]);
    let leaver = load(&store, leaver.id).await.unwrap();
    assert!(leaver.memberships.is_empty());
}

/// As one: whoever is told of the change finds the batch.
pub async fn a_change_begins_the_batch_that_invites<S: Store>(store: S) {
    let staff = new_group(&store, a_group("staff")).await;
    let user = added(&store, a_user().build()).await;
    let (batch, cursor) = a_batch().build();

    let mut change = moving(&user, &staff, true).with_batch(Some((batch.clone(), cursor)));
    change.user.invited_as_joiner = true;
    saved(&store, change.clone()).await;

    let (read, _) = store.load_batch(batch.id).await.unwrap().unwrap();
    assert_eq!(read, batch);
    assert!(load(&store, user.id).await.unwrap().invited_as_joiner);
    // It is written once: the same from an older version writes neither.
    let outcome = store.save_user(&change).await.unwrap();
    assert!(!outcome.is_saved());
}

/// A refusal stays until there is another.
pub async fn what_is_noted_of_the_directory_is_known_and_a_refusal_stays<S: Store>(store: S) {
    assert_eq!(
        store.directory_news().await.unwrap(),
        DirectoryNews::default()
    );
    let refused = DirectoryNews {
        last_request_at: Some(monday_morning()),
        last_refusal: Some(DirectoryRefusal {
            at: monday_morning(),
            request: "POST /Users".to_owned(),
            status: 409,
            kind: Some("uniqueness".to_owned()),
        }),
    };
    let later = DirectoryNews {
        last_request_at: Some(monday_morning() + SignedDuration::from_mins(1)),
        last_refusal: None,
    };

    store.note_directory(&refused).await.unwrap();
    store.note_directory(&later).await.unwrap();

    let news = store.directory_news().await.unwrap();
    assert_eq!(news.last_request_at, later.last_request_at);
    assert_eq!(news.last_refusal, refused.last_refusal);
}
