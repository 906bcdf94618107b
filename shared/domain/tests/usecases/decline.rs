//! "This was not me".

use beckon_domain::model::actor::Actor;
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::MailState;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::decline::Declined;
use beckon_domain::values::token::TokenPurpose;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator};

#[tokio::test]
async fn who_declines_kills_the_secret_and_the_mail_that_waits() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let (pin, token) = (
        world.pin_of(&user),
        world.token_for(&user, TokenPurpose::Decline),
    );

    let declined = world.decline().run(&token).await.unwrap();
    world.post().await;

    assert_eq!(declined, Declined::Declined);
    assert_eq!(world.invitation_of(&user).state, InvitationState::Declined);
    assert!(world.show_pin(&user.email, &pin).await.is_err());
    assert!(world.show_token(&world.token_of(&user)).await.is_err());
    assert_eq!(world.store.mails_of(user.id)[0].state, MailState::Dropped);
    let row = world
        .store
        .history(user.id)
        .into_iter()
        .find(|row| matches!(row.what, HistoryEvent::InvitationDeclined { .. }))
        .unwrap();
    assert_eq!(row.who, Actor::Invitee);
}

#[tokio::test]
async fn only_the_token_that_is_made_for_it_declines() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let old = world.token_for(&user, TokenPurpose::Decline);
    world
        .clock
        .advance(beckon_domain::rules::issuing::SAME_AGAIN);
    world.invite(&[&user]).await;

    for token in [
        &old,
        &world.token_of(&user),
        &world.pin_of(&user),
        &String::new(),
    ] {
        let declined = world.decline().run(token).await.unwrap();
        assert_eq!(declined, Declined::DoesNotFit);
    }

    assert_eq!(world.invitation_of(&user).state, InvitationState::Pending);
}

#[tokio::test]
async fn a_decline_that_was_a_mistake_is_undone_and_the_same_secret_works() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let pin = world.pin_of(&user);
    let token = world.token_for(&user, TokenPurpose::Decline);
    world.decline().run(&token).await.unwrap();
    let again = world.decline().run(&token).await.unwrap();

    world
        .change_invitation()
        .run(user.id, InvitationChange::Restore, &an_administrator())
        .await
        .unwrap();

    assert_eq!(again, Declined::EndedBefore);
    assert!(world.show_pin(&user.email, &pin).await.is_ok());
}

#[tokio::test]
async fn what_was_completed_cannot_be_declined() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let token = world.token_for(&user, TokenPurpose::Decline);
    world.store.change_user(user.id, |user| {
        user.invitation.as_mut().unwrap().state = InvitationState::Completed;
    });

    assert_eq!(
        world.decline().run(&token).await.unwrap(),
        Declined::EndedBefore
    );
    assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
}

#[tokio::test]
async fn administrators_are_told_who_declined_and_a_bounce_of_that_marks_nobody() {
    let world = World::under(
        &beckon_testkit::builders::settings()
            .telling("it@example.com")
            .build(),
    );
    let user = world.with(a_user().called("Ann Example"));
    world.invite(&[&user]).await;
    let token = world.token_for(&user, TokenPurpose::Decline);

    world.decline().run(&token).await.unwrap();
    world.post().await;

    let it = beckon_domain::values::address::EmailAddress::parse("it@example.com").unwrap();
    let told = world.service.taken_for(&it);
    assert_eq!(told.len(), 1);
    assert!(told[0].message.text.contains("Ann Example"));
    let feedback = beckon_domain::usecases::record_feedback::Feedback {
        mail: told[0].id,
        service_id: None,
        event: beckon_domain::model::mail::MailEvent::HardBounce,
        reason: None,
        at: beckon_domain::ports::clock::Clock::now(&world.clock),
    };
    world.record_feedback().run(&feedback).await.unwrap();
    assert_eq!(world.now_of(&user).address_mark, None);
}
