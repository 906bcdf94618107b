//! Reports that come again, late, or at the same time: a registration is recorded once, and what
//! becomes known later is learnt.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::ownership::{Classification, Ownership, OwnershipChoice, OwnershipRule};
use beckon_domain::model::registration::{DeviceFacts, DeviceRegistered, Registrant};
use beckon_domain::usecases::confirm_registration::{ConfirmRefused, Confirmed};
use beckon_domain::values::ids::{DeviceId, IssueNumber};
use beckon_domain::values::names::Label;
use beckon_testkit::Call;
use beckon_testkit::builders::a_device;
use jiff::SignedDuration;

use crate::reports::{confirmations, happened, invited, registration, report, supervised};

#[tokio::test]
async fn the_same_report_twice_changes_nothing_the_second_time() {
    let (world, user) = invited(None).await;
    let registered_at = Some(world.wait(SignedDuration::ZERO));
    let told = || {
        let registrant = Registrant::User(user.id);
        world.report_at(registrant, a_device("device-1"), registered_at)
    };
    told().await.unwrap();
    let (as_it_is, rows) = (world.now_of(&user), happened(&world, &user).len());

    world.wait(SignedDuration::from_hours(1));
    let again = told().await.unwrap();

    assert!(matches!(again.outcome, Confirmed::KnownBefore(_)));
    assert_eq!(again.issue, Some(IssueNumber::from_number(1)));
    assert_eq!(world.now_of(&user), as_it_is);
    assert_eq!(happened(&world, &user).len(), rows);
    assert_eq!(confirmations(&world, &user), 1);
}

#[tokio::test]
async fn the_same_report_twice_at_once_is_recorded_once() {
    let (world, user) = invited(None).await;

    let (one, two) = tokio::join!(
        report(&world, &user, a_device("device-1")),
        report(&world, &user, a_device("device-1")),
    );

    let recorded = [one, two]
        .into_iter()
        .filter(|one| matches!(one, Confirmed::Recorded(_)));
    assert_eq!(recorded.count(), 1);
    assert_eq!(world.now_of(&user).devices, 1);
    assert_eq!(confirmations(&world, &user), 1);
}

#[tokio::test]
async fn supervision_that_is_known_late_decides_again_and_the_history_keeps_both() {
    let (world, user) = invited(Some(OwnershipChoice::UserOwned)).await;
    report(&world, &user, a_device("device-1")).await;

    let again = report(&world, &user, supervised("device-1", true)).await;
    let later = report(&world, &user, supervised("device-1", false)).await;

    let decided = Classification {
        ownership: Ownership::CompanyOwned,
        rule: OwnershipRule::Supervised,
    };
    assert_eq!(again, Confirmed::DecidedAgain(decided));
    assert_eq!(later, Confirmed::KnownBefore(decided));
    assert_eq!(registration(&world).decided, decided);
    let happened = happened(&world, &user);
    let device = DeviceId::parse("device-1").unwrap();
    assert!(happened.contains(&HistoryEvent::RegistrationConfirmed {
        device: device.clone(),
        ownership: Ownership::UserOwned,
        rule: OwnershipRule::Invitation,
        after_end: false,
        time_unknown: false,
        not_completed: None,
        flags: Vec::new(),
    }));
    assert_eq!(
        happened.last().unwrap(),
        &HistoryEvent::OwnershipDecidedAgain {
            device,
            before: Ownership::UserOwned,
            ownership: Ownership::CompanyOwned,
            rule: OwnershipRule::Supervised,
        }
    );
    assert_eq!(world.now_of(&user).devices, 1);
    assert_eq!(confirmations(&world, &user), 1);
}

#[tokio::test]
async fn what_becomes_known_without_deciding_anything_is_kept_without_a_row_of_history() {
    let (world, user) = invited(None).await;
    report(&world, &user, a_device("device-1")).await;
    let rows = happened(&world, &user).len();
    let named = DeviceFacts {
        name: Some(Label::parse("Ann's phone").unwrap()),
        ..a_device("device-1")
    };

    report(&world, &user, named.clone()).await;
    // A report that leaves the name out does not take it away.
    report(&world, &user, a_device("device-1")).await;

    assert_eq!(registration(&world).device, named);
    assert_eq!(happened(&world, &user).len(), rows);
}

#[tokio::test]
async fn a_device_that_enrols_anew_on_a_later_invitation_completes_that_one() {
    let (world, user) = invited(Some(OwnershipChoice::UserOwned)).await;
    report(&world, &user, a_device("device-1")).await;
    world.wait(SignedDuration::from_hours(24));
    world
        .invite_choosing(&[&user], OwnershipChoice::CompanyOwned)
        .await;
    world.wait(SignedDuration::from_hours(1));

    let anew = report(&world, &user, a_device("device-1")).await;

    let registration = registration(&world);
    assert!(matches!(anew, Confirmed::Recorded(_)));
    assert_eq!(registration.issue, Some(IssueNumber::from_number(2)));
    assert_eq!(registration.decided.ownership, Ownership::CompanyOwned);
    assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
    assert_eq!(world.now_of(&user).devices, 1, "it is the same device");
    assert_eq!(confirmations(&world, &user), 2);
}

#[tokio::test]
async fn a_late_copy_of_an_old_report_does_not_complete_a_later_invitation() {
    let (world, user) = invited(None).await;
    let old = DeviceRegistered {
        registrants: vec![Registrant::User(user.id)],
        device: a_device("device-1"),
        registered_at: Some(world.wait(SignedDuration::ZERO)),
    };
    world.confirm().run(&old).await.unwrap();
    world.wait(SignedDuration::from_hours(24));
    world.invite(&[&user]).await;

    let copy = world.confirm().run(&old).await.unwrap();

    assert!(matches!(copy.outcome, Confirmed::KnownBefore(_)));
    assert_eq!(world.invitation_of(&user).state, InvitationState::Pending);
}

#[tokio::test]
async fn a_report_of_a_time_before_the_later_invitation_does_not_complete_it() {
    let (world, user) = invited(None).await;
    report(&world, &user, a_device("device-1")).await;
    let between = world.wait(SignedDuration::from_hours(1));
    world.wait(SignedDuration::from_hours(1));
    world.invite(&[&user]).await;

    let delayed = DeviceRegistered {
        registrants: vec![Registrant::User(user.id)],
        device: a_device("device-1"),
        registered_at: Some(between),
    };
    world.confirm().run(&delayed).await.unwrap();

    assert_eq!(world.invitation_of(&user).state, InvitationState::Pending);
}

#[tokio::test]
async fn who_is_changed_meanwhile_is_looked_at_again() {
    let (world, user) = invited(Some(OwnershipChoice::CompanyOwned)).await;
    let id = user.id;
    world.store.before_next(Call::SaveUsers, move |store| {
        store.change_user(id, |user| {
            user.invitation.as_mut().unwrap().state = InvitationState::Cancelled;
        });
    });

    report(&world, &user, a_device("device-1")).await;

    assert!(registration(&world).after_end);
    assert_eq!(world.invitation_of(&user).state, InvitationState::Cancelled);
    assert_eq!(world.now_of(&user).devices, 1);
}

#[tokio::test]
async fn a_report_that_is_repeated_after_a_crash_at_any_call_is_recorded_once() {
    for lose_answer in [false, true] {
        for call in 0..100 {
            let (world, user) = invited(None).await;
            let fault = if lose_answer {
                beckon_testkit::Fault::LoseAnswer
            } else {
                beckon_testkit::Fault::Refuse
            };
            world.store.plan(call, fault);

            let registrant = || Registrant::User(user.id);
            let first = world.report(registrant(), a_device("device-1")).await;
            world.store.come_back();
            world
                .report(registrant(), a_device("device-1"))
                .await
                .unwrap();

            assert_eq!(world.now_of(&user).devices, 1);
            assert_eq!(confirmations(&world, &user), 1);
            assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
            match first {
                Err(ConfirmRefused::Unavailable(_)) => {}
                Err(ConfirmRefused::Unknown) => panic!("unavailable is not unknown"),
                Ok(_) => break,
            }
        }
    }
}
