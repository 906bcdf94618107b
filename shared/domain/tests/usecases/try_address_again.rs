//! A marked address is tried again.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::mail::{MailEvent, MailState};
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::usecases::try_address_again::TryAddressAgainRefused;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator};

async fn bounced(world: &World) -> User {
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.post().await;
    let mail = world.invitation_of(&user).mail;
    world
        .record_feedback()
        .run(&Feedback {
            mail,
            service_id: None,
            event: MailEvent::HardBounce,
            reason: None,
            at: beckon_domain::ports::clock::Clock::now(&world.clock),
        })
        .await
        .unwrap();
    user
}

#[tokio::test]
async fn the_mark_goes_the_service_forgets_and_the_open_invitation_is_mailed_again() {
    let world = World::new();
    let user = bounced(&world).await;
    let pin = world.pin_of(&user);

    world
        .try_address_again()
        .run(user.id, &an_administrator())
        .await
        .unwrap();
    world.post().await;

    assert_eq!(world.now_of(&user).address_mark, None);
    assert_eq!(world.service.cleared(), std::slice::from_ref(&user.email));
    let last = world.store.mail(world.invitation_of(&user).mail);
    assert_eq!(last.state, MailState::Sent);
    assert_eq!(world.pin_of(&user), pin);
    let rows = world.store.history(user.id);
    assert!(rows.iter().any(|row| matches!(
        row.what,
        HistoryEvent::AddressTriedAgain {
            mark: AddressSuppression::HardBounced
        }
    )));
}

#[tokio::test]
async fn while_the_service_does_not_forget_the_mark_stays() {
    let world = World::new();
    let user = bounced(&world).await;
    world.service.be_forgetful(false);

    let answer = world
        .try_address_again()
        .run(user.id, &an_administrator())
        .await;

    assert!(matches!(
        answer,
        Err(TryAddressAgainRefused::Unavailable(_))
    ));
    assert!(world.now_of(&user).address_mark.is_some());
}

#[tokio::test]
async fn an_address_against_which_nothing_is_held_is_left_alone() {
    let world = World::new();
    let user = world.with(a_user());

    let answer = world
        .try_address_again()
        .run(user.id, &an_administrator())
        .await;

    assert!(matches!(answer, Err(TryAddressAgainRefused::NotMarked)));
    assert_eq!(world.service.cleared(), []);
}
