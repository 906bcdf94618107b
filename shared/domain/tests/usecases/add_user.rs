//! Adding a user, up to the mail that invites them.

use beckon_domain::model::batch::BatchSelection;
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::ownership::{OwnerSwitch, Ownership, OwnershipChoice};
use beckon_domain::usecases::add_user::{AddUserRefused, NewUser, UserAdded};
use beckon_domain::usecases::idempotency::RepeatableRequest;
use beckon_domain::values::method::Method;
use beckon_domain::values::problem::FieldProblem;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, settings};
use beckon_testkit::composer::{fact, pin_in};

fn ann() -> NewUser {
    NewUser {
        email: "Ann@example.com".to_owned(),
        ..NewUser::default()
    }
}

fn request(body: &str) -> RepeatableRequest {
    RepeatableRequest::new("admin", "POST /v1/users", "key-1", body.as_bytes())
}

async fn add(world: &World, new: &NewUser) -> Result<UserAdded, AddUserRefused> {
    world.add_user().run(new, an_administrator(), None).await
}

fn problems(result: Result<UserAdded, AddUserRefused>) -> Vec<(String, &'static str)> {
    match result {
        Err(AddUserRefused::Invalid(problems)) => {
            let name = |problem: FieldProblem| (problem.field, problem.code);
            problems.into_iter().map(name).collect()
        }
        other => panic!("it was not refused for its fields: {other:?}"),
    }
}

#[tokio::test]
async fn a_new_user_is_invited_unless_somebody_says_otherwise() {
    let world = World::new();

    let added = add(&world, &ann()).await.unwrap();
    let batch = added.batch.unwrap();
    world.expand_all(batch.id).await.unwrap();
    world.post().await;

    let mails = world.service.taken_for(&added.user.email);
    assert_eq!(mails.len(), 1);
    assert_eq!(pin_in(&mails[0].message), Some(world.pin_of(&added.user)));
    assert_eq!(batch.class, MailClass::Small);
    let users = vec![added.user.id];
    assert_eq!(batch.selection, BatchSelection::Few { users });
    let happened: Vec<HistoryEvent> = world
        .store
        .history(added.user.id)
        .into_iter()
        .map(|row| row.what)
        .collect();
    assert!(matches!(
        happened[..],
        [
            HistoryEvent::UserAdded,
            HistoryEvent::InvitationIssued { .. }
        ]
    ));
}

#[tokio::test]
async fn who_is_not_to_be_invited_is_only_added() {
    let world = World::new();
    let new = NewUser {
        invite: Some(false),
        ..ann()
    };

    let added = add(&world, &new).await.unwrap();

    assert!(added.batch.is_none() && added.confirmation.is_none());
    assert_eq!(world.store.all_users(), [added.user]);
    assert!(world.store.all_batches().is_empty());
}

#[tokio::test]
async fn what_the_form_says_is_what_the_mail_and_the_invitation_say() {
    let world = World::new();
    let new = NewUser {
        display_name: Some("Ann Example".to_owned()),
        locale: Some("de_ch".to_owned()),
        time_zone: Some("europe/berlin".to_owned()),
        groups: vec!["staff".to_owned(), "staff".to_owned()],
        external_id: Some(String::new()),
        ownership: OwnerSwitch::On(OwnershipChoice::CompanyOwned),
        ..ann()
    };

    let added = add(&world, &new).await.unwrap();
    world.expand_all(added.batch.unwrap().id).await.unwrap();
    world.post().await;

    let mail = &world.service.taken()[0].message;
    assert_eq!(fact(mail, "name").unwrap(), "Ann Example");
    assert_eq!(fact(mail, "zone").unwrap(), "Europe/Berlin");
    assert_eq!(fact(mail, "ownership").unwrap(), "CompanyOwned");
    assert_eq!(fact(mail, "invited-by").unwrap(), "admin");
    assert_eq!(mail.locale.as_str(), "de");
    assert_eq!(added.user.locale.as_ref().unwrap().as_str(), "de-CH");
    let invitation = world.invitation_of(&added.user);
    assert_eq!(invitation.ownership, Ownership::CompanyOwned);
    assert_eq!(invitation.state, InvitationState::Pending);
    assert_eq!(added.user.external_id, None);
    assert_eq!(added.user.groups.len(), 1);
}

#[tokio::test]
async fn an_address_or_external_id_of_another_is_refused_and_nothing_is_written() {
    let world = World::new();
    world.with(a_user().at("ANN@example.com").known_as("dir-1"));

    let same_address = add(&world, &ann()).await;
    let same_external = add(
        &world,
        &NewUser {
            email: "bea@example.com".to_owned(),
            external_id: Some("dir-1".to_owned()),
            ..NewUser::default()
        },
    )
    .await;

    assert!(matches!(same_address, Err(AddUserRefused::AddressTaken)));
    assert!(matches!(
        same_external,
        Err(AddUserRefused::ExternalIdTaken)
    ));
    assert_eq!(world.store.all_users().len(), 1);
    assert!(world.store.all_batches().is_empty());
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = World::new();
    let new = NewUser {
        email: "nobody".to_owned(),
        display_name: Some("https://evil.example".to_owned()),
        groups: vec!["staff".to_owned(), String::new()],
        locale: Some("klingon".to_owned()),
        time_zone: Some("Mars/Olympus".to_owned()),
        external_id: Some("a\u{202E}b".to_owned()),
        user_name: Some("a\nb".to_owned()),
        invite: Some(false),
        ownership: OwnerSwitch::On(OwnershipChoice::UserOwned),
    };

    let result = add(&world, &new).await;

    let named: Vec<String> = problems(result)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(
        named,
        [
            "email",
            "displayName",
            "locale",
            "timeZone",
            "externalId",
            "userName",
            "groups[1]",
            "ownership"
        ]
    );
    assert!(world.store.all_users().is_empty());
}

#[tokio::test]
async fn an_address_of_another_domain_is_added_but_not_invited() {
    let world = World::new();
    let invited = NewUser {
        email: "ann@other.example".to_owned(),
        ..NewUser::default()
    };
    let only_added = NewUser {
        invite: Some(false),
        ..invited.clone()
    };

    let refused = add(&world, &invited).await;
    let added = add(&world, &only_added).await;

    let expected = [("email".to_owned(), "domainNotAllowed")];
    assert_eq!(problems(refused), expected);
    assert!(added.is_ok());
}

#[tokio::test]
async fn a_device_owner_setting_that_the_method_does_not_carry_is_refused() {
    let new = NewUser {
        ownership: OwnerSwitch::On(OwnershipChoice::UserOwned),
        ..ann()
    };
    for method in [Method::QrCode, Method::Password] {
        let world = World::under(&settings().method(method).build());

        let result = add(&world, &new).await;

        assert_eq!(problems(result), [("ownership".to_owned(), "doesNotApply")]);
        assert!(world.store.all_users().is_empty());
    }
}

#[tokio::test]
async fn the_reminder_says_whether_this_one_will_get_a_confirmation() {
    for (groups, expected) in [(vec!["staff".to_owned()], (1, 0)), (Vec::new(), (0, 1))] {
        let world = World::under(&settings().confirming("staff").build());

        let added = add(&world, &NewUser { groups, ..ann() }).await.unwrap();

        let reminder = added.confirmation.unwrap();
        let told = (reminder.will_receive, reminder.will_not_receive);
        assert!(reminder.confirmation_enabled);
        assert_eq!(told, (Some(expected.0), Some(expected.1)));
    }
}

#[tokio::test]
async fn the_same_key_answers_the_same_and_with_another_body_is_refused() {
    let world = World::new();
    let add_user = world.add_user();
    let who = an_administrator;

    let first = add_user.run(&ann(), who(), Some(&request("ann"))).await;
    let again = add_user.run(&ann(), who(), Some(&request("ann"))).await;
    let other = add_user.run(&ann(), who(), Some(&request("bea"))).await;

    let (first, again) = (first.unwrap(), again.unwrap());
    assert_eq!(first.user, again.user);
    assert_eq!(first.batch, again.batch);
    assert!(matches!(other, Err(AddUserRefused::KeyReused)));
    assert_eq!(world.store.all_users().len(), 1);
    assert_eq!(world.store.all_batches().len(), 1);
}

#[tokio::test]
async fn the_same_request_twice_at_once_adds_one_user_and_answers_both_alike() {
    let world = World::new();
    let add_user = world.add_user();
    let (new, request) = (ann(), request("ann"));

    let (one, two) = tokio::join!(
        add_user.run(&new, an_administrator(), Some(&request)),
        add_user.run(&new, an_administrator(), Some(&request)),
    );

    assert_eq!(one.unwrap().user, two.unwrap().user);
    assert_eq!(world.store.all_users().len(), 1);
    assert_eq!(world.store.all_batches().len(), 1);
}

#[tokio::test]
async fn whose_answer_was_lost_gets_it_with_the_same_key() {
    let world = World::new();
    let add_user = world.add_user();
    world.store.lose_ack_next(1);

    let lost = add_user
        .run(&ann(), an_administrator(), Some(&request("ann")))
        .await;
    let again = add_user
        .run(&ann(), an_administrator(), Some(&request("ann")))
        .await;

    assert!(matches!(lost, Err(AddUserRefused::Unavailable(_))));
    assert_eq!(world.store.all_users(), [again.unwrap().user]);
}

#[tokio::test]
async fn a_crash_at_any_call_leaves_nobody_without_their_batch() {
    for calls in 0..2 {
        let world = World::new();
        world.store.go_down_after(calls);

        let result = add(&world, &ann()).await;

        assert!(matches!(result, Err(AddUserRefused::Unavailable(_))));
        assert!(world.store.all_users().is_empty());
        world.store.come_back();
        let added = add(&world, &ann()).await.unwrap();
        assert_eq!(world.store.all_batches()[0].0, added.batch.unwrap());
    }
}
