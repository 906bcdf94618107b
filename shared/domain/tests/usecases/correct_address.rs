//! Correcting an address in place: the old secret dies, a new issue goes to the new address.

use beckon_domain::model::history::{HistoryEvent, Particular};
use beckon_domain::model::invitation::{Invitation, InvitationState};
use beckon_domain::model::mail::{MailEvent, MailState};
use beckon_domain::model::ownership::OwnershipChoice;
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::change_user::{ChangeUserRefused, UserPatch};
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::ids::{ExternalId, MailId};
use beckon_domain::values::method::Method;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, an_invitation, monday_morning, settings};
use beckon_testkit::composer::pin_in;
use jiff::SignedDuration;

pub(crate) async fn correct(
    world: &World,
    user: &User,
    email: &str,
) -> Result<User, ChangeUserRefused> {
    let patch = UserPatch {
        email: Some(email.to_owned()),
        ..UserPatch::default()
    };
    let use_case = world.change_user();
    use_case.run(user.id, &patch, &an_administrator()).await
}

async fn bounce(world: &World, mail: MailId) {
    let feedback = Feedback {
        mail,
        service_id: None,
        event: MailEvent::HardBounce,
        reason: None,
        at: monday_morning(),
    };
    world.record_feedback().run(&feedback).await.unwrap();
}

fn history_events(world: &World, user: &User) -> Vec<HistoryEvent> {
    let rows = world.store.history(user.id).into_iter();
    rows.map(|row| row.what).collect()
}

#[tokio::test]
async fn after_a_bounce_the_new_address_gets_a_new_secret_and_the_old_one_is_dead() {
    let world = World::new();
    let user = world.with(a_user().at("typo@example.com"));
    world
        .invite_choosing(&[&user], OwnershipChoice::CompanyOwned)
        .await;
    world.post().await;
    let (old_pin, old_token) = (world.pin_of(&user), world.token_of(&user));
    let before = world.invitation_of(&user);
    bounce(&world, before.mail).await;
    world.wait(SignedDuration::from_hours(24));

    let after = correct(&world, &user, "Right@example.com").await.unwrap();
    world.post().await;

    let invitation = after.invitation.clone().unwrap();
    assert_eq!(world.now_of(&user), after);
    assert_eq!(
        (after.email.as_str(), after.address_mark),
        ("Right@example.com", None)
    );
    assert_eq!(invitation.issue, before.issue.next());
    assert_eq!(invitation.ownership, before.ownership);
    assert_eq!(invitation.batch, before.batch);
    let lifetime =
        |invitation: &Invitation| invitation.expires_at.duration_since(invitation.issued_at);
    assert_eq!(lifetime(&invitation), lifetime(&before));
    let arrived = world.service.taken_for(&after.email);
    assert_eq!(arrived.len(), 1);
    let new_pin = pin_in(&arrived[0].message).unwrap();
    assert!(world.show_pin(&user.email, &old_pin).await.is_err());
    assert!(world.show_pin(&after.email, &old_pin).await.is_err());
    assert!(world.show_token(&old_token).await.is_err());
    assert!(world.show_pin(&after.email, &new_pin).await.is_ok());
    let told = history_events(&world, &user);
    assert!(
        matches!(
            told[..],
            [
                HistoryEvent::InvitationIssued { .. },
                HistoryEvent::InvitationBounced { .. },
                HistoryEvent::AddressCorrected { issue: Some(said) },
                HistoryEvent::InvitationIssued { issue, replaced: true, .. },
                HistoryEvent::InvitationRedeemed { .. },
            ] if said == issue && issue == invitation.issue
        ),
        "{told:?}"
    );
}

/// The old one's mail has not gone yet: it goes nowhere.
#[tokio::test]
async fn a_mail_that_waits_for_the_old_address_is_dropped() {
    let world = World::new();
    let user = world.with(a_user().at("typo@example.com"));
    world.invite(&[&user]).await;
    world.wait(SignedDuration::from_mins(1));

    let after = correct(&world, &user, "right@example.com").await.unwrap();
    world.post().await;

    let states: Vec<MailState> = world
        .store
        .mails_of(user.id)
        .iter()
        .map(|mail| mail.state)
        .collect();
    assert_eq!(states, [MailState::Dropped, MailState::Sent]);
    assert_eq!(world.service.taken_for(&user.email).len(), 0);
    assert_eq!(world.service.taken_for(&after.email).len(), 1);
}

/// A batch stops itself for its bounces; correcting the addresses is what mends it.
#[tokio::test]
async fn the_mail_to_the_new_address_goes_though_the_batch_was_stopped() {
    let world = World::new();
    let user = world.with(a_user().at("typo@example.com"));
    let batch = world.invite(&[&user]).await;
    world.post().await;
    bounce(&world, world.invitation_of(&user).mail).await;
    world
        .stop_batch()
        .run(batch, &an_administrator())
        .await
        .unwrap();

    let after = correct(&world, &user, "right@example.com").await.unwrap();
    world.post().await;

    assert_eq!(world.service.taken_for(&after.email).len(), 1);
}

/// What the policy was when it was issued; its time begins anew.
#[tokio::test]
async fn the_policy_stays_the_one_it_was_issued_under() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    let before = world.invitation_of(&user);
    world.store.put_settings(
        &settings()
            .method(Method::QrCode)
            .lifetime_hours(2)
            .tries(9)
            .build(),
    );

    let after = correct(&world, &user, "right@example.com").await.unwrap();

    let invitation = after.invitation.unwrap();
    assert_eq!(
        (invitation.method, invitation.pin),
        (before.method, before.pin)
    );
    assert_eq!(invitation.tries_left, before.pin.tries);
    assert_eq!(
        invitation.expires_at,
        monday_morning() + SignedDuration::from_hours(2)
    );
}

#[tokio::test]
async fn a_locked_invitation_is_issued_again_too() {
    let world = World::new();
    let locked = an_invitation()
        .in_state(InvitationState::Locked)
        .tries_left(0);
    let user = world.with(a_user().with(locked));

    let after = correct(&world, &user, "right@example.com").await.unwrap();

    let invitation = after.invitation.unwrap();
    assert_eq!(invitation.state, InvitationState::Pending);
    assert!(invitation.tries_left > 0);
    assert_eq!(world.store.mails_of(user.id).len(), 1);
}

#[tokio::test]
async fn what_has_ended_stays_ended_and_mails_nothing() {
    for state in [
        InvitationState::Completed,
        InvitationState::Expired,
        InvitationState::Cancelled,
        InvitationState::Declined,
    ] {
        let world = World::new();
        let user = world.with(a_user().with(an_invitation().in_state(state)));
        let never = world.with(a_user());

        let after = correct(&world, &user, "right@example.com").await.unwrap();
        correct(&world, &never, "new@example.com").await.unwrap();

        let (before, invitation) = (user.invitation.clone().unwrap(), after.invitation.unwrap());
        assert_eq!((invitation.state, invitation.issue), (state, before.issue));
        assert_eq!(world.store.all_mails(), []);
        for user in [&user, &never] {
            let told = history_events(&world, user);
            assert!(matches!(
                told[..],
                [HistoryEvent::AddressCorrected { issue: None }]
            ));
        }
    }
}

/// Its mail lies in the old mailbox.
#[tokio::test]
async fn an_invitation_that_is_given_back_after_a_correction_has_another_secret() {
    let world = World::new();
    let user = world.with(a_user().at("typo@example.com"));
    world.invite(&[&user]).await;
    let (pin, token) = (world.pin_of(&user), world.token_of(&user));
    let change = |change| {
        let world = world.clone();
        async move {
            let use_case = world.change_invitation();
            use_case
                .run(user.id, change, &an_administrator())
                .await
                .unwrap()
        }
    };
    change(InvitationChange::Cancel).await;

    let after = correct(&world, &world.store.user(user.id), "right@example.com")
        .await
        .unwrap();
    change(InvitationChange::Restore).await;
    change(InvitationChange::Resend).await;
    world.post().await;

    assert!(world.show_token(&token).await.is_err());
    assert!(world.show_pin(&after.email, &pin).await.is_err());
    let new_pin = pin_in(&world.service.taken_for(&after.email)[0].message).unwrap();
    assert!(world.show_pin(&after.email, &new_pin).await.is_ok());
}

#[tokio::test]
async fn another_spelling_of_the_same_mailbox_is_kept_and_issues_nothing() {
    let world = World::new();
    let user = world.with(
        a_user()
            .at("ann@example.com")
            .marked(AddressSuppression::HardBounced),
    );
    world.invite(&[&user]).await;
    let before = world.now_of(&user);

    let after = correct(&world, &user, "Ann@Example.com").await.unwrap();

    assert_eq!(after.email.as_str(), "Ann@Example.com");
    assert_eq!(after.address_mark, Some(AddressSuppression::HardBounced));
    assert_eq!(after.invitation, before.invitation);
    let told = history_events(&world, &user);
    assert_eq!(
        told.last(),
        Some(&HistoryEvent::UserChanged {
            particulars: vec![Particular::Address]
        })
    );
}

/// Whoever mistypes a domain shall not lose the invitation by it.
#[tokio::test]
async fn an_open_invitation_does_not_follow_to_a_domain_that_may_not_be_invited() {
    let world = World::new();
    let open = world.with(a_user().with(an_invitation()));
    let never = world.with(a_user());

    let refused = correct(&world, &open, "ann@exmaple.com").await;
    let moved = correct(&world, &never, "bob@elsewhere.example").await;

    let Err(ChangeUserRefused::Invalid(problems)) = refused else {
        panic!("it was not refused");
    };
    assert_eq!(
        (problems[0].field.as_str(), problems[0].code),
        ("email", "domainNotAllowed")
    );
    assert_eq!(world.now_of(&open), open);
    assert!(moved.is_ok());
}

#[tokio::test]
async fn an_address_or_an_external_id_of_another_is_refused_and_nothing_changes() {
    let world = World::new();
    let other = world.with(a_user().at("ann@example.com").known_as("x-1"));
    let user = world.with(a_user().with(an_invitation()));
    let patch = UserPatch {
        external_id: Some("x-1".to_owned()),
        ..UserPatch::default()
    };

    let address = correct(&world, &user, "ANN@example.com").await;
    let external = world
        .change_user()
        .run(user.id, &patch, &an_administrator())
        .await;

    assert!(matches!(address, Err(ChangeUserRefused::AddressTaken)));
    assert!(matches!(external, Err(ChangeUserRefused::ExternalIdTaken)));
    assert_eq!((world.now_of(&user), world.now_of(&other)), (user, other));
    assert_eq!(world.store.all_mails(), []);
}

#[tokio::test]
async fn an_external_id_is_given_replaced_and_taken_away() {
    let world = World::new();
    let user = world.with(a_user());
    for (text, expected) in [("x-1", Some("x-1")), (" x-2 ", Some("x-2")), ("", None)] {
        let patch = UserPatch {
            external_id: Some(text.to_owned()),
            ..UserPatch::default()
        };

        let after = world
            .change_user()
            .run(user.id, &patch, &an_administrator())
            .await
            .unwrap();

        assert_eq!(after.external_id.as_ref().map(ExternalId::as_str), expected);
    }
}

/// The report of the old mail comes late: it says nothing of the address there is now.
#[tokio::test]
async fn a_late_bounce_of_the_old_address_does_not_mark_the_new_one() {
    let world = World::new();
    let user = world.with(a_user().at("typo@example.com"));
    world.invite(&[&user]).await;
    world.post().await;
    let old_mail = world.invitation_of(&user).mail;
    world.wait(SignedDuration::from_mins(1));
    correct(&world, &user, "right@example.com").await.unwrap();

    bounce(&world, old_mail).await;
    let after_old = world.now_of(&user);
    world.post().await;
    bounce(&world, world.invitation_of(&user).mail).await;

    assert_eq!(world.store.mail(old_mail).state, MailState::HardBounced);
    assert_eq!(after_old.address_mark, None);
    assert_eq!(
        world.now_of(&user).address_mark,
        Some(AddressSuppression::HardBounced)
    );
}
