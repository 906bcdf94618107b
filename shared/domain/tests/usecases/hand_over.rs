//! Secrets handed over without a mail.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{MailKind, MailState};
use beckon_domain::model::mail_content::ContentSecret;
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::usecases::hand_over::{HandOverRefused, HandedOver};
use beckon_domain::values::method::Method;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, an_invitation, settings};

const WHY: &str = "Stands at the desk without a mailbox";

async fn hand_over(world: &World, user: &User) -> Result<HandedOver, HandOverRefused> {
    world
        .hand_over()
        .run(user.id, WHY, &an_administrator())
        .await
}

fn pin_of(handed: &HandedOver) -> String {
    match &handed.content.secret {
        ContentSecret::Pin(pin) => pin.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_pin_of_an_open_invitation_is_shown_and_the_person_is_told() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let pin = world.pin_of(&user);

    let handed = hand_over(&world, &user).await.unwrap();
    world.post().await;

    assert_eq!(
        (pin_of(&handed), handed.issued, handed.told),
        (pin.clone(), false, true)
    );
    assert!(world.show_pin(&user.email, &pin).await.is_ok());
    let told = world.service.taken_for(&user.email);
    let notice = told.iter().find(|mail| mail.kind == "handOver").unwrap();
    assert!(notice.message.text.contains(WHY));
    assert!(!notice.message.text.contains(&pin));
    let rows = world.store.history(user.id);
    let row = rows
        .iter()
        .find(|row| matches!(row.what, HistoryEvent::SecretHandedOver { .. }))
        .unwrap();
    assert_eq!(row.who, an_administrator());
}

#[tokio::test]
async fn who_has_no_invitation_that_works_gets_a_new_one_without_its_mail() {
    for state in InvitationState::ALL {
        let world = World::new();
        let user = world.with(match state {
            InvitationState::Pending => continue,
            InvitationState::None => a_user(),
            InvitationState::Locked => a_user().with(an_invitation().in_state(state).tries_left(0)),
            _ => a_user().with(an_invitation().in_state(state)),
        });

        let handed = hand_over(&world, &user).await.unwrap();
        world.post().await;

        assert!(handed.issued, "{state:?}");
        assert_eq!(world.invitation_of(&user).batch, None);
        assert!(world.show_pin(&user.email, &pin_of(&handed)).await.is_ok());
        let mails = world.store.mails_of(user.id);
        assert!(
            mails
                .iter()
                .all(|mail| matches!(mail.kind, MailKind::HandOver { .. }))
        );
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].state, MailState::Sent);
    }
}

#[tokio::test]
async fn an_address_that_takes_no_mail_keeps_nobody_from_being_helped() {
    let world = World::new();
    let user = world.with(a_user().marked(AddressSuppression::HardBounced));

    let handed = hand_over(&world, &user).await.unwrap();

    assert!(!handed.told);
    assert_eq!(world.store.mails_of(user.id), []);
    assert!(world.show_pin(&user.email, &pin_of(&handed)).await.is_ok());
}

#[tokio::test]
async fn a_link_is_handed_over_where_the_method_uses_one_and_nothing_where_it_has_no_secret() {
    let world = World::under(&settings().method(Method::QrCode).build());
    let user = world.with(a_user());
    let handed = hand_over(&world, &user).await.unwrap();
    let ContentSecret::Link(token) = &handed.content.secret else {
        panic!("{handed:?}");
    };
    assert!(world.show_token(token.expose()).await.is_ok());

    let world = World::under(&settings().method(Method::Password).build());
    let user = world.with(a_user());
    let refused = hand_over(&world, &user).await;
    assert!(matches!(refused, Err(HandOverRefused::NothingToHandOver)));
}

#[tokio::test]
async fn without_a_reason_or_for_somebody_disabled_nothing_is_handed_over() {
    let world = World::new();
    let user = world.with(a_user());
    let gone = world.with(a_user().at("gone@example.com").disabled());

    let silent = world
        .hand_over()
        .run(user.id, "  ", &an_administrator())
        .await;
    let disabled = hand_over(&world, &gone).await;

    let Err(HandOverRefused::Invalid(problems)) = silent else {
        panic!("{silent:?}");
    };
    assert_eq!(problems[0].field, "reason");
    assert!(matches!(disabled, Err(HandOverRefused::Disabled)));
    assert_eq!(world.store.history(user.id), []);
}

#[tokio::test]
async fn nothing_is_handed_over_for_a_domain_that_may_not_be_invited() {
    let world = World::new();
    let user = world.with(a_user().at("ann@elsewhere.example"));

    let refused = hand_over(&world, &user).await;

    assert!(matches!(refused, Err(HandOverRefused::DomainNotAllowed)));
    assert_eq!(world.now_of(&user).invitation, None);
}
