//! Send, and the expansion of what it wrote.

use beckon_domain::model::batch::SkipReason;
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::ownership::{OwnerSwitch, Ownership, OwnershipChoice};
use beckon_domain::model::selection::{MAX_EXCEPTIONS, MAX_IDS, Selection, UserFilter};
use beckon_domain::rules::issuing::SAME_AGAIN;
use beckon_domain::usecases::idempotency::RepeatableRequest;
use beckon_domain::usecases::send_invitations::{SendRefused, SendRequest};
use beckon_domain::values::ids::{IssueNumber, Version};
use beckon_domain::values::method::Method;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, settings};

use crate::batches::{assert_invited_once, ids, outcomes, send, some_users};

#[tokio::test]
async fn everyone_selected_is_invited_under_the_settings_and_the_choice() {
    let world = World::under(&settings().lifetime_hours(24).tries(3).build());
    let users = some_users(&world, 3);
    let order = SendRequest {
        choice: OwnerSwitch::On(OwnershipChoice::UserOwned),
        ..world.order(&ids(&users))
    };

    let sent = send(&world, &order).await.unwrap();
    world.expand_all(sent.batch.id).await.unwrap();

    assert_invited_once(&world, &users);
    for user in &users {
        let invitation = world.invitation_of(user);
        let lifetime = invitation.expires_at.duration_since(invitation.issued_at);
        assert_eq!(lifetime.as_hours(), 24);
        assert_eq!(
            (invitation.tries_left, invitation.batch),
            (3, Some(sent.batch.id))
        );
        assert_eq!(invitation.ownership, Ownership::UserOwned);
    }
    let counts = sent.counts.unwrap();
    assert_eq!((counts.selected, counts.skipped), (3, 0));
}

#[tokio::test]
async fn a_new_issue_kills_the_secret_of_the_old_one() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let (old_pin, old_token) = (world.pin_of(&user), world.token_of(&user));
    world.clock.advance(SAME_AGAIN);

    world.invite(&[&user]).await;

    assert_eq!(
        world.invitation_of(&user).issue,
        IssueNumber::from_number(2)
    );
    assert!(world.show_pin(&user.email, &old_pin).await.is_err());
    assert!(world.show_token(&old_token).await.is_err());
    assert!(
        world
            .show_pin(&user.email, &world.pin_of(&user))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn up_to_a_hundred_an_unknown_user_is_refused_and_beyond_it_is_an_outcome() {
    for (known, refused) in [(99, true), (100, false)] {
        let world = World::new();
        let mut selected = ids(&some_users(&world, known));
        let unknown = a_user().build().id;
        selected.insert(1, unknown);

        let result = send(&world, &world.order(&selected)).await;

        match result {
            Err(SendRefused::UnknownUsers(problems)) => {
                assert!(refused);
                assert_eq!(problems.len(), 1);
                assert_eq!(problems[0].field, "selection.userIds[1]");
                assert!(world.store.all_batches().is_empty());
            }
            other => {
                let sent = other.unwrap();
                assert!(!refused);
                assert!(sent.counts.is_none() && sent.confirmation.will_receive.is_none());
                world.expand_all(sent.batch.id).await.unwrap();
                let outcomes = outcomes(&world, sent.batch.id);
                assert_eq!(outcomes[1], (unknown, Some(SkipReason::UnknownUser)));
                assert_eq!(
                    outcomes.iter().filter(|(_, why)| why.is_none()).count(),
                    100
                );
            }
        }
    }
}

#[tokio::test]
async fn whoever_is_named_twice_is_invited_once() {
    let world = World::new();
    let users = some_users(&world, 2);
    let mut selected = ids(&users);
    selected.push(users[0].id);

    let sent = send(&world, &world.order(&selected)).await.unwrap();
    world.expand_all(sent.batch.id).await.unwrap();

    assert_eq!(sent.counts.unwrap().selected, 2);
    assert_invited_once(&world, &users);
}

#[tokio::test]
async fn a_selection_of_nobody_or_of_too_many_is_refused() {
    let world = World::new();
    let unknown = |count| vec![a_user().build().id; count];
    let except = (0..=MAX_EXCEPTIONS).map(|_| a_user().build().id).collect();
    let filter = Selection::Filter {
        filter: UserFilter::default(),
        except,
    };

    for (selection, code) in [
        (Selection::Users(unknown(0)), "empty"),
        (Selection::Users(unknown(MAX_IDS + 1)), "tooMany"),
        (filter, "tooMany"),
    ] {
        let order = SendRequest {
            selection,
            ..world.order(&[])
        };
        let result = send(&world, &order).await;
        let Err(SendRefused::Invalid(problems)) = result else {
            panic!("it was not refused");
        };
        assert_eq!(problems[0].code, code);
    }
    assert!(world.store.all_batches().is_empty());
}

#[tokio::test]
async fn a_choice_that_reaches_nobody_is_refused() {
    let world = World::under(&settings().method(Method::QrCode).build());
    let user = world.with(a_user());
    let order = SendRequest {
        choice: OwnerSwitch::On(OwnershipChoice::CompanyOwned),
        ..world.order(&[user.id])
    };

    let result = send(&world, &order).await;

    assert!(matches!(result, Err(SendRefused::Invalid(_))));
    assert!(world.store.all_batches().is_empty());
}

#[tokio::test]
async fn a_batch_of_twenty_five_is_small_and_of_twenty_six_is_not() {
    for (count, class) in [(25, MailClass::Small), (26, MailClass::Bulk)] {
        let world = World::new();
        let users = some_users(&world, count);

        let batch = world.invite(&users.iter().collect::<Vec<_>>()).await;

        assert_eq!(world.store.all_batches()[0].0.class, class);
        assert_eq!(outcomes(&world, batch).len(), count);
        assert!(
            world
                .store
                .all_mails()
                .iter()
                .all(|mail| mail.class == class)
        );
    }
}

#[tokio::test]
async fn a_batch_keeps_the_settings_that_its_preview_showed_or_is_refused() {
    let world = World::under(&settings().lifetime_hours(24).build());
    let shown = world.store.settings().version;
    let users = some_users(&world, 2);
    let order = SendRequest {
        settings: Some(shown),
        ..world.order(&ids(&users))
    };

    let sent = send(&world, &order).await.unwrap();
    world
        .store
        .put_settings(&settings().lifetime_hours(72).build());
    let outdated = send(&world, &order).await;
    world.expand_all(sent.batch.id).await.unwrap();

    let invitation = world.invitation_of(&users[0]);
    let lifetime = invitation.expires_at.duration_since(invitation.issued_at);
    assert_eq!(lifetime.as_hours(), 24);
    assert_eq!(world.store.all_mails()[0].settings, shown);
    assert!(matches!(
        outdated,
        Err(SendRefused::SettingsChanged { shown: old, .. }) if old == shown
    ));
    let unknown = SendRequest {
        settings: Some(Version::from_number(99)),
        ..order
    };
    let refused = send(&world, &unknown).await;
    assert!(matches!(refused, Err(SendRefused::UnknownSettings)));
}

#[tokio::test]
async fn the_forecast_counts_who_will_get_a_confirmation_among_those_who_are_invited() {
    let world = World::under(&settings().confirming("staff").build());
    let users = [
        world.with(a_user().in_group("staff")),
        world.with(a_user().in_group("staff").disabled()),
        world.with(a_user()),
    ];

    let sent = send(&world, &world.order(&ids(&users))).await.unwrap();

    let reminder = sent.confirmation;
    assert!(reminder.confirmation_enabled);
    assert_eq!(
        (reminder.will_receive, reminder.will_not_receive),
        (Some(1), Some(1))
    );
}

#[tokio::test]
async fn the_same_key_starts_one_batch_whether_after_or_at_the_same_time() {
    let world = World::new();
    let user = world.with(a_user());
    let order = world.order(&[user.id]);
    let request = |body: &[u8]| RepeatableRequest::new("admin", "send", "key-1", body);
    let (one, other) = (request(b"one"), request(b"other"));
    let use_case = world.send();

    let (first, second) = tokio::join!(
        use_case.run(&order, Some(&one)),
        use_case.run(&order, Some(&one))
    );
    let third = use_case.run(&order, Some(&one)).await;
    let refused = use_case.run(&order, Some(&other)).await;

    let first = first.unwrap().batch.id;
    assert_eq!(first, second.unwrap().batch.id);
    assert_eq!(first, third.unwrap().batch.id);
    assert!(matches!(refused, Err(SendRefused::KeyReused)));
    assert_eq!(world.store.all_batches().len(), 1);
}
