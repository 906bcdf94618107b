//! Confirming registrations: what is recorded, decided and mailed.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::ownership::{
    Classification, EnrollmentType, Ownership, OwnershipChoice, OwnershipRule,
};
use beckon_domain::model::registration::{DeviceFacts, Registrant};
use beckon_domain::usecases::confirm_registration::{ConfirmRefused, Confirmed};
use beckon_domain::values::ids::{DeviceId, ExternalId, IssueNumber};
use beckon_domain::values::names::Label;
use beckon_domain::values::session_ids::RegistrationId;
use beckon_testkit::World;
use beckon_testkit::builders::{a_device, a_user, settings};
use beckon_testkit::composer::fact;
use jiff::SignedDuration;

use crate::reports::{confirmations, happened, invited, registration, report, supervised};

#[tokio::test]
async fn a_report_records_the_device_completes_the_invitation_and_confirms_by_mail() {
    let (world, user) = invited(Some(OwnershipChoice::CompanyOwned)).await;
    let device = DeviceFacts {
        name: Some(Label::parse("Ann's phone").unwrap()),
        ..a_device("device-1")
    };

    let confirmed = report(&world, &user, device.clone()).await;
    world.post().await;

    let invitation = world.invitation_of(&user);
    let registration = registration(&world);
    let decided = Classification {
        ownership: Ownership::CompanyOwned,
        rule: OwnershipRule::Invitation,
    };
    assert_eq!(confirmed, Confirmed::Recorded(decided));
    assert_eq!(invitation.state, InvitationState::Completed);
    assert_eq!(invitation.completed_by, Some(device.id.clone()));
    assert_eq!(
        (registration.device, registration.decided),
        (device, decided)
    );
    assert_eq!(registration.issue, Some(IssueNumber::from_number(1)));
    assert!(!registration.after_end);
    assert_eq!(world.now_of(&user).devices, 1);
    let mail = world.service.taken_for(&user.email).pop().unwrap();
    assert_eq!(mail.message.subject, "confirmation");
    assert_eq!(fact(&mail.message, "device").unwrap(), "Ann's phone");
    assert_eq!(fact(&mail.message, "rule").unwrap(), "Invitation");
    let happened = happened(&world, &user);
    let completed = happened
        .iter()
        .filter(|what| matches!(what, HistoryEvent::InvitationCompleted { .. }));
    let recorded = happened
        .iter()
        .filter(|what| matches!(what, HistoryEvent::RegistrationConfirmed { .. }));
    assert_eq!((completed.count(), recorded.count()), (1, 1));
}

#[tokio::test]
async fn the_first_rule_that_holds_decides_who_owns_the_device() {
    use EnrollmentType::{Device, User as Enrolled};
    use Ownership::{CompanyOwned, NotSet, UserOwned};
    let company = Some(OwnershipChoice::CompanyOwned);
    let own = Some(OwnershipChoice::UserOwned);
    for (supervision, enrollment, choice, ownership, rule) in [
        (
            Some(true),
            None,
            own,
            CompanyOwned,
            OwnershipRule::Supervised,
        ),
        (
            Some(true),
            Some(Enrolled),
            own,
            CompanyOwned,
            OwnershipRule::Supervised,
        ),
        (
            Some(false),
            Some(Enrolled),
            company,
            UserOwned,
            OwnershipRule::UserEnrollment,
        ),
        (
            None,
            Some(Enrolled),
            None,
            UserOwned,
            OwnershipRule::UserEnrollment,
        ),
        (
            None,
            Some(Device),
            company,
            CompanyOwned,
            OwnershipRule::Invitation,
        ),
        (Some(false), None, own, UserOwned, OwnershipRule::Invitation),
        (None, None, None, NotSet, OwnershipRule::NotSet),
        (
            Some(false),
            Some(Device),
            None,
            NotSet,
            OwnershipRule::NotSet,
        ),
    ] {
        let (world, user) = invited(choice).await;
        let device = DeviceFacts {
            supervised: supervision,
            enrollment_type: enrollment,
            ..a_device("device-1")
        };

        let confirmed = report(&world, &user, device).await;

        let decided = Classification { ownership, rule };
        assert_eq!(confirmed, Confirmed::Recorded(decided));
        assert_eq!(registration(&world).decided, decided);
    }
}

#[tokio::test]
async fn a_registration_completes_what_is_pending_expired_or_locked() {
    for state in [
        InvitationState::Pending,
        InvitationState::Expired,
        InvitationState::Locked,
    ] {
        let (world, user) = invited(Some(OwnershipChoice::UserOwned)).await;
        world.store.change_user(user.id, |user| {
            user.invitation.as_mut().unwrap().state = state;
        });

        report(&world, &user, a_device("device-1")).await;

        assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
        assert_eq!(registration(&world).decided.ownership, Ownership::UserOwned);
    }
}

#[tokio::test]
async fn after_a_cancel_or_a_decline_it_is_recorded_and_flagged_and_completes_nothing() {
    for state in [InvitationState::Cancelled, InvitationState::Declined] {
        let (world, user) = invited(Some(OwnershipChoice::UserOwned)).await;
        world.store.change_user(user.id, |user| {
            user.invitation.as_mut().unwrap().state = state;
        });

        let confirmed = report(&world, &user, a_device("device-1")).await;

        let registration = registration(&world);
        assert!(matches!(confirmed, Confirmed::Recorded(_)));
        assert!(registration.after_end);
        assert_eq!(
            (registration.issue, registration.decided.rule),
            (None, OwnershipRule::NotSet)
        );
        assert_eq!(world.invitation_of(&user).state, state);
        assert!(happened(&world, &user).iter().any(|what| {
            matches!(
                what,
                HistoryEvent::RegistrationConfirmed {
                    after_end: true,
                    ..
                }
            )
        }));
    }
}

#[tokio::test]
async fn a_second_device_on_a_used_invitation_is_recorded_and_completes_nothing() {
    let (world, user) = invited(Some(OwnershipChoice::CompanyOwned)).await;
    report(&world, &user, a_device("device-1")).await;
    let completed = world.invitation_of(&user);

    let second = report(&world, &user, a_device("device-2")).await;

    let Confirmed::Recorded(decided) = second else {
        panic!("it was not recorded");
    };
    assert_eq!(decided.rule, OwnershipRule::NotSet);
    assert_eq!(world.invitation_of(&user), completed);
    assert_eq!(world.now_of(&user).devices, 2);
    assert_eq!(confirmations(&world, &user), 2);
}

#[tokio::test]
async fn who_was_never_invited_registers_all_the_same() {
    let world = World::under(&settings().confirming_everyone().build());
    let user = world.with(a_user());

    let confirmed = report(&world, &user, supervised("device-1", true)).await;

    assert!(matches!(confirmed, Confirmed::Recorded(_)));
    assert!(!registration(&world).after_end);
    assert_eq!(world.now_of(&user).devices, 1);
    assert_eq!(world.now_of(&user).invitation, None);
}

#[tokio::test]
async fn a_person_is_found_by_session_id_external_id_and_address() {
    let world = World::new();
    let user = world.with(a_user().known_as("dir-1"));
    world.invite(&[&user]).await;
    let session = world
        .show_pin(&user.email, &world.pin_of(&user))
        .await
        .unwrap();
    let external = ExternalId::parse("dir-1").unwrap();

    for (number, registrant) in [
        Registrant::Session(session.registration_id.clone()),
        Registrant::User(user.id),
        Registrant::External(external),
        Registrant::Address(user.email.clone()),
    ]
    .into_iter()
    .enumerate()
    {
        let device = a_device(&format!("device-{number}"));
        world.report(registrant, device).await.unwrap();
    }

    assert_eq!(world.now_of(&user).devices, 4);
    let sessions = world.store.all_sessions();
    assert_eq!(
        sessions[0].device,
        Some(DeviceId::parse("device-0").unwrap())
    );
}

#[tokio::test]
async fn a_session_reports_also_after_its_quarter_of_an_hour_and_the_secret_is_spent_then() {
    let (world, user) = invited(None).await;
    let pin = world.pin_of(&user);
    let session = world.show_pin(&user.email, &pin).await.unwrap();
    world.wait(SignedDuration::from_hours(2));

    let registrant = Registrant::Session(session.registration_id);
    world
        .report(registrant, a_device("device-1"))
        .await
        .unwrap();

    assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
    assert!(world.show_pin(&user.email, &pin).await.is_err());
    assert!(world.invitation_of(&user).sessions.is_empty());
}

#[tokio::test]
async fn a_report_that_names_nobody_known_is_refused() {
    let world = World::new();
    let unknown = a_user().build();

    for registrant in [
        Registrant::Session(RegistrationId::from_random([7; 16])),
        Registrant::User(unknown.id),
        Registrant::External(ExternalId::parse("dir-1").unwrap()),
        Registrant::Address(unknown.email),
    ] {
        let result = world.report(registrant, a_device("device-1")).await;
        assert!(matches!(result, Err(ConfirmRefused::Unknown)));
    }
    assert!(world.store.all_registrations().is_empty());
}

#[tokio::test]
async fn a_confirmation_is_mailed_to_whom_it_is_due_alone() {
    for (settings, in_group, mails) in [
        (settings().build(), true, 0),
        (settings().confirming("staff").build(), true, 1),
        (settings().confirming("staff").build(), false, 0),
        (settings().confirming_everyone().build(), false, 1),
    ] {
        let world = World::under(&settings);
        let user = if in_group {
            a_user().in_group("staff")
        } else {
            a_user()
        };
        let user = world.with(user);

        report(&world, &user, a_device("device-1")).await;

        assert_eq!(confirmations(&world, &user), mails);
        let small = world.store.all_mails().into_iter();
        assert!(
            small
                .map(|mail| mail.class)
                .all(|class| class == MailClass::Small)
        );
    }
}
