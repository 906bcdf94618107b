//! What an administrator does to one invitation: mailing it again, taking it back, giving it back.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::{InvitationRefusal, InvitationState};
use beckon_domain::model::registration::{DeviceRegistered, Registrant};
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::change_invitation::{
    ChangeInvitationRefused, InvitationChange as Change,
};
use beckon_testkit::builders::{a_device, a_user, an_administrator, an_invitation};
use beckon_testkit::composer::{fact, pin_in};
use beckon_testkit::{Call, World};
use jiff::SignedDuration;

use crate::redemptions::invited;

const WEEK: SignedDuration = SignedDuration::from_hours(168);

async fn change(
    world: &World,
    user: &User,
    change: Change,
) -> Result<User, ChangeInvitationRefused> {
    let use_case = world.change_invitation();
    use_case.run(user.id, change, &an_administrator()).await
}

fn last(world: &World, user: &User) -> HistoryEvent {
    world.store.history(user.id).pop().unwrap().what
}

#[tokio::test]
async fn the_same_issue_is_mailed_again_with_the_same_pin_and_the_same_end() {
    let (world, user) = invited().await;
    world.post().await;
    let before = world.invitation_of(&user);
    world.wait(SignedDuration::from_hours(24));

    let after = change(&world, &user, Change::Resend).await.unwrap();
    world.post().await;

    let mails = world.service.taken_for(&user.email);
    assert_eq!(mails.len(), 2);
    assert_eq!(pin_in(&mails[0].message), pin_in(&mails[1].message));
    for name in ["expires", "issued"] {
        assert_eq!(fact(&mails[0].message, name), fact(&mails[1].message, name));
    }
    assert_eq!(fact(&mails[1].message, "occasion").unwrap(), "Again");
    let again = after.invitation.unwrap();
    assert_eq!(
        (again.issue, again.expires_at),
        (before.issue, before.expires_at)
    );
    assert_eq!(again.mail, mails[1].id);
    assert!(matches!(
        last(&world, &user),
        HistoryEvent::InvitationMailedAgain { .. }
    ));
}

#[tokio::test]
async fn only_what_is_pending_is_mailed_again() {
    for state in InvitationState::ALL {
        if matches!(state, InvitationState::Pending | InvitationState::None) {
            continue;
        }
        let world = World::new();
        let user = world.with(a_user().with(an_invitation().in_state(state)));

        let result = change(&world, &user, Change::Resend).await;

        let refused = ChangeInvitationRefused::NotNow(InvitationRefusal::NotOpen);
        assert_eq!(
            result.unwrap_err().to_string(),
            refused.to_string(),
            "{state:?}"
        );
        assert!(world.store.all_mails().is_empty());
    }
}

#[tokio::test]
async fn nothing_is_mailed_to_who_is_unknown_disabled_or_takes_no_mail() {
    let world = World::new();
    let unknown = a_user().build();
    let never_invited = world.with(a_user());
    let disabled = world.with(a_user().with(an_invitation()).disabled());
    let marked = a_user()
        .with(an_invitation())
        .marked(AddressSuppression::Complained);
    let marked = world.with(marked);

    let of_unknown = change(&world, &unknown, Change::Resend).await;
    let of_never_invited = change(&world, &never_invited, Change::Resend).await;

    assert!(matches!(
        of_unknown,
        Err(ChangeInvitationRefused::UnknownUser)
    ));
    assert!(matches!(
        of_never_invited,
        Err(ChangeInvitationRefused::NotNow(
            InvitationRefusal::NoInvitation
        ))
    ));
    let of_disabled = change(&world, &disabled, Change::Resend).await;
    let of_marked = change(&world, &marked, Change::Resend).await;
    assert!(matches!(
        of_disabled,
        Err(ChangeInvitationRefused::Disabled)
    ));
    assert!(matches!(
        of_marked,
        Err(ChangeInvitationRefused::AddressMarked)
    ));
    assert!(world.store.all_mails().is_empty());
}

#[tokio::test]
async fn a_cancelled_invitation_is_dead_at_once_and_its_waiting_mail_does_not_go() {
    let (world, user) = invited().await;
    let (pin, token) = (world.pin_of(&user), world.token_of(&user));
    world.show_pin(&user.email, &pin).await.unwrap();

    change(&world, &user, Change::Cancel).await.unwrap();
    world.post().await;

    assert!(world.show_pin(&user.email, &pin).await.is_err());
    assert!(world.show_token(&token).await.is_err());
    assert!(world.service.taken().is_empty());
    assert!(world.invitation_of(&user).sessions.is_empty());
    assert!(matches!(
        last(&world, &user),
        HistoryEvent::InvitationCancelled { .. }
    ));
}

#[tokio::test]
async fn what_has_ended_cannot_be_cancelled() {
    let (world, user) = invited().await;
    world.wait(WEEK);
    let as_it_is = world.now_of(&user);

    let result = change(&world, &user, Change::Cancel).await;

    assert!(matches!(
        result,
        Err(ChangeInvitationRefused::NotNow(InvitationRefusal::NotOpen))
    ));
    assert_eq!(world.now_of(&user), as_it_is);
}

#[tokio::test]
async fn a_restored_invitation_lives_again_until_the_end_it_had() {
    let (world, user) = invited().await;
    let (pin, end) = (world.pin_of(&user), world.invitation_of(&user).expires_at);
    change(&world, &user, Change::Cancel).await.unwrap();
    world.wait(SignedDuration::from_hours(24));

    change(&world, &user, Change::Restore).await.unwrap();

    assert!(world.show_pin(&user.email, &pin).await.is_ok());
    assert_eq!(world.invitation_of(&user).expires_at, end);
    let rows = world.store.history(user.id);
    let restored = rows
        .iter()
        .filter(|row| matches!(row.what, HistoryEvent::InvitationRestored { .. }));
    assert_eq!(restored.count(), 1);
}

#[tokio::test]
async fn a_restored_invitation_has_the_tries_it_had() {
    let (world, user) = invited().await;
    let (pin, wrong) = (world.pin_of(&user), world.wrong_pin_of(&user));
    for _ in 0..5 {
        world.show_pin(&user.email, &wrong).await.unwrap_err();
    }
    change(&world, &user, Change::Cancel).await.unwrap();

    change(&world, &user, Change::Restore).await.unwrap();

    assert_eq!(world.invitation_of(&user).state, InvitationState::Locked);
    assert!(world.show_pin(&user.email, &pin).await.is_err());
}

#[tokio::test]
async fn what_expired_meanwhile_or_was_never_taken_back_is_not_restored() {
    let (world, user) = invited().await;

    let pending = change(&world, &user, Change::Restore).await;
    change(&world, &user, Change::Cancel).await.unwrap();
    world.wait(WEEK);
    let expired = change(&world, &user, Change::Restore).await;

    assert!(matches!(
        pending,
        Err(ChangeInvitationRefused::NotNow(
            InvitationRefusal::NothingToRestore
        ))
    ));
    assert!(matches!(
        expired,
        Err(ChangeInvitationRefused::ExpiredMeanwhile)
    ));
}

#[tokio::test]
async fn what_happens_meanwhile_is_looked_at_again() {
    let (world, user) = invited().await;
    let id = user.id;
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| {
            user.invitation.as_mut().unwrap().state = InvitationState::Completed;
        });
    });

    let result = change(&world, &user, Change::Cancel).await;

    assert!(matches!(result, Err(ChangeInvitationRefused::NotNow(_))));
    assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
}

#[tokio::test]
async fn who_never_got_the_mail_because_it_was_taken_back_gets_it_when_it_is_given_back() {
    let (world, user) = invited().await;
    change(&world, &user, Change::Cancel).await.unwrap();
    world.post().await;

    change(&world, &user, Change::Restore).await.unwrap();
    world.post().await;

    let taken = world.service.taken_for(&user.email);
    assert_eq!(taken.len(), 1);
    assert!(taken[0].message.text.contains(&world.pin_of(&user)));
    // It is the first that they see.
    assert_eq!(fact(&taken[0].message, "occasion").unwrap(), "First");
    let happened: Vec<HistoryEvent> = world
        .store
        .history(user.id)
        .into_iter()
        .map(|row| row.what)
        .collect();
    assert!(
        happened
            .iter()
            .any(|what| matches!(what, HistoryEvent::InvitationMailedAgain { .. }))
    );
}

#[tokio::test]
async fn who_has_the_mail_gets_no_other_when_it_is_given_back() {
    let (world, user) = invited().await;
    world.post().await;
    change(&world, &user, Change::Cancel).await.unwrap();

    change(&world, &user, Change::Restore).await.unwrap();
    world.post().await;

    assert_eq!(world.service.taken_for(&user.email).len(), 1);
}

#[tokio::test]
async fn what_a_device_was_registered_with_meanwhile_is_not_given_back() {
    let (world, user) = invited().await;
    let pin = world.pin_of(&user);
    let opened = world.show_pin(&user.email, &pin).await.unwrap();
    change(&world, &user, Change::Cancel).await.unwrap();
    let report = DeviceRegistered {
        registrants: vec![Registrant::Session(opened.registration_id)],
        device: a_device("somebodys"),
        registered_at: Some(world.clock.now()),
    };
    world.confirm().run(&report).await.unwrap();

    let refused = change(&world, &user, Change::Restore).await;

    assert!(matches!(
        refused,
        Err(ChangeInvitationRefused::RegisteredMeanwhile)
    ));
    assert_eq!(world.invitation_of(&user).state, InvitationState::Cancelled);
}

#[tokio::test]
async fn who_was_let_in_before_it_was_taken_back_completes_nothing_after_it_was_given_back() {
    let (world, user) = invited().await;
    let pin = world.pin_of(&user);
    let opened = world.show_pin(&user.email, &pin).await.unwrap();
    change(&world, &user, Change::Cancel).await.unwrap();
    world.wait(SignedDuration::from_secs(1));
    change(&world, &user, Change::Restore).await.unwrap();
    let report = DeviceRegistered {
        registrants: vec![Registrant::Session(opened.registration_id)],
        device: a_device("somebodys"),
        registered_at: Some(world.clock.now()),
    };

    world.confirm().run(&report).await.unwrap();

    assert_eq!(world.invitation_of(&user).state, InvitationState::Pending);
    assert!(matches!(
        last(&world, &user),
        HistoryEvent::RegistrationConfirmed {
            after_end: true,
            ..
        }
    ));
    assert!(world.show_pin(&user.email, &pin).await.is_ok());
}

#[tokio::test]
async fn nothing_is_given_back_or_mailed_again_to_a_domain_that_may_not_be_invited() {
    let world = World::new();
    let foreign = |state| {
        a_user()
            .at(&format!("{state:?}@elsewhere.example").to_lowercase())
            .with(an_invitation().in_state(state))
    };
    let open = world.with(foreign(InvitationState::Pending));
    let cancelled = world.with(foreign(InvitationState::Cancelled));

    for (user, what) in [(&open, Change::Resend), (&cancelled, Change::Restore)] {
        let refused = change(&world, user, what).await;

        assert!(matches!(
            refused,
            Err(ChangeInvitationRefused::DomainNotAllowed)
        ));
    }
    assert!(world.store.all_mails().is_empty());
}
