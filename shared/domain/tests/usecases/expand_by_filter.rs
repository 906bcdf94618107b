//! Batches by filter: whom they reach while their people change, and the list is a moment old.

use std::collections::BTreeSet;

use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::model::user::User;
use beckon_domain::usecases::change_user::UserPatch;
use beckon_domain::usecases::send_invitations::SendRequest;
use beckon_domain::values::ids::BatchId;
use beckon_domain::values::names::GroupName;
use beckon_testkit::builders::{a_user, an_administrator, an_invitation};
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

use crate::batches::{assert_invited_once, outcomes, send, some_users};

async fn started(world: &World, filter: UserFilter) -> BatchId {
    let order = SendRequest {
        selection: Selection::Filter {
            filter,
            except: BTreeSet::new(),
        },
        ..world.order(&[])
    };
    send(world, &order).await.unwrap().batch.id
}

async fn change(world: &World, user: &User, patch: UserPatch) {
    let (changing, who) = (world.change_user(), an_administrator());
    changing.run(user.id, &patch, &who).await.unwrap();
}

/// Each change takes them out of what the filter finds.
#[tokio::test]
async fn whom_a_page_invited_before_it_was_cut_short_stands_on_it_whatever_changed_since() {
    let patches = [
        UserPatch {
            groups: Some(vec!["field".to_owned()]),
            ..UserPatch::default()
        },
        UserPatch {
            external_id: Some("y-1".to_owned()),
            ..UserPatch::default()
        },
        UserPatch {
            enabled: Some(false),
            ..UserPatch::default()
        },
    ];
    for patch in patches {
        let world = World::new();
        let user = world.with(a_user().known_as("x-1").in_group("staff"));
        let filter = UserFilter {
            enabled: Some(true),
            groups: BTreeSet::from([GroupName::parse("staff").unwrap()]),
            text: "x-1".to_owned(),
            ..UserFilter::default()
        };
        let batch = started(&world, filter).await;
        world
            .store
            .before_next(Call::FinishPage, |store| store.fail_next(1));
        assert!(world.expand().run(batch).await.is_err());
        change(&world, &user, patch).await;

        world.expand_all(batch).await.unwrap();

        assert_eq!(outcomes(&world, batch), [(user.id, None)]);
        assert_invited_once(&world, &[user]);
    }
}

#[tokio::test]
async fn who_left_the_group_before_the_page_came_to_them_is_not_invited() {
    let world = World::new();
    let user = world.with(a_user().in_group("staff"));
    let staff = UserFilter {
        groups: BTreeSet::from([GroupName::parse("staff").unwrap()]),
        ..UserFilter::default()
    };
    let batch = started(&world, staff).await;
    world.store.let_indexes_lag(9);
    let left = UserPatch {
        groups: Some(Vec::new()),
        ..UserPatch::default()
    };
    change(&world, &user, left).await;

    world.expand_all(batch).await.unwrap();

    assert_eq!(outcomes(&world, batch), []);
    assert_eq!(world.store.all_mails(), []);
}

/// *Begun* is one more state beside those that are named.
#[tokio::test]
async fn a_batch_reaches_who_has_begun_and_who_is_in_a_state_that_is_named() {
    let world = World::new();
    let (never, begun) = (world.with(a_user()), world.with(a_user()));
    let (open, gone) = (
        world.with(a_user().with(an_invitation())),
        world.with(a_user().with(an_invitation().in_state(InvitationState::Cancelled))),
    );
    world.invite(&[&begun]).await;
    let token = world.token_of(&begun);
    world.show_token(&token).await.unwrap();
    world.wait(SignedDuration::from_hours(1));
    let filter = UserFilter {
        states: BTreeSet::from([InvitationState::None]),
        begun: true,
        ..UserFilter::default()
    };

    let batch = started(&world, filter).await;
    world.expand_all(batch).await.unwrap();

    let reached: BTreeSet<_> = outcomes(&world, batch).into_iter().collect();
    assert_eq!(
        reached,
        BTreeSet::from([(never.id, None), (begun.id, None)])
    );
    assert_eq!(world.store.mails_of(open.id).len(), 0);
    assert_eq!(world.store.mails_of(gone.id).len(), 0);
}

/// The list shows them where they were when the batch began, and later where they are.
#[tokio::test]
async fn who_got_another_address_just_before_a_batch_stands_on_one_page() {
    let world = World::new();
    let users = some_users(&world, 12);
    let mut by_address = users.clone();
    by_address.sort_by_key(|user| user.email.normalised());
    world.store.let_pages_read(4);
    world.store.let_indexes_lag(9);
    let moved = UserPatch {
        email: Some("zz@example.com".to_owned()),
        ..UserPatch::default()
    };
    change(&world, &by_address[0], moved).await;
    world.wait(SignedDuration::from_secs(1));
    let batch = started(&world, UserFilter::default()).await;
    world.expand().run(batch).await.unwrap();
    world.store.let_indexes_lag(0);

    world.expand_all(batch).await.unwrap();

    let outcomes = outcomes(&world, batch);
    assert_eq!(outcomes.len(), 12, "{outcomes:?}");
    assert_invited_once(&world, &users);
}
