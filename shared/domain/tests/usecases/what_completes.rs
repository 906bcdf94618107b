//! What a registration completes: the invitation that it belongs to, and no other.

use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::ownership::{EnrollmentType, Ownership, OwnershipChoice, OwnershipRule};
use beckon_domain::model::registration::{
    DeviceFacts, DeviceRegistered, Registrant, Registration, WhyNotCompleted as Why,
};
use beckon_domain::model::user::User;
use beckon_domain::usecases::change_invitation::InvitationChange as Change;
use beckon_domain::usecases::change_user::UserPatch;
use beckon_domain::usecases::confirm_registration::{Confirmed, Reported};
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{ExternalId, IssueNumber};
use beckon_domain::values::session_ids::RegistrationId;
use beckon_testkit::builders::{a_device, a_registration, a_user, an_administrator, settings};
use beckon_testkit::{Call, World};
use jiff::{SignedDuration, Timestamp};

use crate::counting::at_once;
use crate::reports::confirmations;

const USER_OWNED: OwnershipChoice = OwnershipChoice::UserOwned;
const COMPANY_OWNED: OwnershipChoice = OwnershipChoice::CompanyOwned;

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn invited() -> (World, User) {
    let world = World::under(&settings().confirming_everyone().build());
    let user = world.with(a_user().known_as("dir-1"));
    world.invite_choosing(&[&user], COMPANY_OWNED).await;
    world.wait(hours(1));
    (world, user)
}

async fn report_at(
    world: &World,
    user: &User,
    device: &str,
    registered_at: Option<Timestamp>,
) -> Reported {
    let registrant = Registrant::User(user.id);
    let reported = world.report_at(registrant, a_device(device), registered_at);
    reported.await.unwrap()
}

async fn report_by(world: &World, session: &RegistrationId, device: &str) -> Reported {
    let now = world.wait(SignedDuration::ZERO);
    let registrant = Registrant::Session(session.clone());
    let reported = world.report_at(registrant, a_device(device), Some(now));
    reported.await.unwrap()
}

async fn redeem(world: &World, user: &User) -> RegistrationId {
    let user = world.now_of(user);
    let opened = world.show_pin(&user.email, &world.pin_of(&user)).await;
    opened.unwrap().registration_id
}

fn device(world: &World, id: &str) -> Registration {
    let all = world.store.all_registrations();
    all.into_iter()
        .find(|one| one.device.id.as_str() == id)
        .unwrap()
}

fn state(world: &World, user: &User) -> InvitationState {
    world.invitation_of(user).state
}

/// It was recorded, nothing was completed, nobody was mailed, and the reason is told everywhere.
fn left_open(world: &World, user: &User, reported: &Reported, id: &str, why: Why) {
    let latest = world.now_of(user).latest_issue;
    assert_eq!(reported.issue, None);
    for told in [reported.not_completed, device(world, id).not_completed] {
        let told = told.expect("the reason is told");
        assert_eq!((told.issue, told.why), (latest, why));
    }
    let told_in_history = world.store.history(user.id).into_iter().any(|row| {
        matches!(row.what, HistoryEvent::RegistrationConfirmed { device, not_completed: Some(not_completed), .. }
            if device.as_str() == id && not_completed.why == why)
    });
    assert!(told_in_history);
    assert_eq!(state(world, user), InvitationState::Pending);
    assert_eq!(world.invitation_of(user).completed_by, None);
    assert_eq!(confirmations(world, user), 0);
}

#[tokio::test]
async fn a_device_that_is_reported_again_with_its_session_is_no_news_though_another_was_in_between()
{
    let (world, user) = invited().await;
    let session = redeem(&world, &user).await;
    world
        .store
        .change_user(user.id, |user| user.enabled = false);
    let report = |id| {
        let registrant = Registrant::Session(session.clone());
        world.report_at(registrant, a_device(id), None)
    };
    report("first").await.unwrap();
    report("second").await.unwrap();
    world.store.change_user(user.id, |user| user.enabled = true);

    for id in ["first", "second"] {
        report(id).await.unwrap();
        assert_eq!(state(&world, &user), InvitationState::Pending, "{id}");
    }

    report("third").await.unwrap();
    assert_eq!(state(&world, &user), InvitationState::Completed);
}

#[tokio::test]
async fn a_device_that_enrolled_long_ago_leaves_the_invitation_open_and_mails_nobody() {
    let (world, user) = invited().await;
    let issued_at = world.invitation_of(&user).issued_at;
    let just_too_early = issued_at - SignedDuration::from_mins(10) - SignedDuration::from_secs(1);

    for (id, registered_at) in [
        ("old", Some(at("2019-05-06T07:08:09Z"))),
        ("first-of-2010", Some(at("2010-01-01T00:00:00Z"))),
        ("just-too-early", Some(just_too_early)),
    ] {
        let reported = report_at(&world, &user, id, registered_at).await;

        left_open(&world, &user, &reported, id, Why::EnrolledBefore);
        let recorded = device(&world, id);
        assert_eq!(recorded.registered_at, registered_at.unwrap());
        assert!(!recorded.time_unknown);
        assert_eq!(recorded.decided.rule, OwnershipRule::NotSet);
        assert_eq!(reported.ignored, []);
    }
    assert_eq!(world.now_of(&user).devices, 3);
    assert!(redeem(&world, &user).await.expose().len() > 1);
}

#[tokio::test]
async fn a_time_that_cannot_be_counts_as_unknown_and_completes_nothing() {
    let (world, user) = invited().await;
    let now = world.wait(SignedDuration::ZERO);
    let ahead = now + SignedDuration::from_mins(10) + SignedDuration::from_secs(1);

    for (id, registered_at) in [
        ("no-date", Some(at("0001-01-01T00:00:00Z"))),
        ("epoch", Some(at("1970-01-01T00:00:00Z"))),
        ("too-early", Some(at("2009-12-31T23:59:59Z"))),
        ("ahead", Some(ahead)),
        ("far-ahead", Some(at("2099-01-01T00:00:00Z"))),
        ("not-told", None),
    ] {
        let reported = report_at(&world, &user, id, registered_at).await;

        left_open(&world, &user, &reported, id, Why::TimeUnknown);
        assert!(
            reported.time_unknown && device(&world, id).time_unknown,
            "{id}"
        );
        assert_eq!(device(&world, id).registered_at, now, "{id}");
        let named: Vec<_> = reported
            .ignored
            .iter()
            .map(|one| (&*one.field, one.code))
            .collect();
        let expected = [("registeredAt", "impossibleTime")];
        assert_eq!(
            named,
            expected[..usize::from(registered_at.is_some())],
            "{id}"
        );
    }
}

#[tokio::test]
async fn from_ten_minutes_before_the_issue_to_ten_minutes_ahead_a_report_completes_it() {
    let ten_minutes = SignedDuration::from_mins(10);
    for from_issue in [true, false] {
        let (world, user) = invited().await;
        let now = world.wait(SignedDuration::ZERO);
        let registered_at = if from_issue {
            world.invitation_of(&user).issued_at - ten_minutes
        } else {
            now + ten_minutes
        };

        let reported = report_at(&world, &user, "device-1", Some(registered_at)).await;

        assert_eq!(reported.issue, Some(IssueNumber::from_number(1)));
        assert_eq!(
            (reported.not_completed, reported.time_unknown),
            (None, false)
        );
        assert_eq!(state(&world, &user), InvitationState::Completed);
        assert_eq!(device(&world, "device-1").registered_at, registered_at);
        assert_eq!(confirmations(&world, &user), 1);
    }
}

#[tokio::test]
async fn a_session_of_the_open_issue_completes_it_whatever_the_time() {
    for registered_at in [
        Some(at("0001-01-01T00:00:00Z")),
        Some(at("2019-05-06T07:08:09Z")),
        Some(at("2099-01-01T00:00:00Z")),
        None,
    ] {
        let (world, user) = invited().await;
        let session = Registrant::Session(redeem(&world, &user).await);

        let reported = world.report_at(session, a_device("device-1"), registered_at);
        let reported = reported.await.unwrap();

        assert_eq!(reported.issue, Some(IssueNumber::from_number(1)));
        assert_eq!(state(&world, &user), InvitationState::Completed);
        let company = device(&world, "device-1").decided.ownership;
        assert_eq!(company, Ownership::CompanyOwned);
        assert_eq!(confirmations(&world, &user), 1);
    }
}

#[tokio::test]
async fn a_device_of_an_earlier_issue_keeps_its_ownership_and_leaves_the_newer_one_open() {
    let world = World::under(&settings().confirming_everyone().build());
    let user = world.with(a_user());
    world.invite_choosing(&[&user], USER_OWNED).await;
    let session = redeem(&world, &user).await;
    world.wait(hours(1));
    world.invite_choosing(&[&user], COMPANY_OWNED).await;

    let reported = report_by(&world, &session, "device-1").await;
    let again = report_by(&world, &session, "device-1").await;

    left_open(&world, &user, &reported, "device-1", Why::EarlierIssue);
    let recorded = device(&world, "device-1");
    assert_eq!(recorded.decided.ownership, Ownership::UserOwned);
    assert_eq!(recorded.decided.rule, OwnershipRule::Invitation);
    assert_eq!(recorded.session_issue, Some(IssueNumber::from_number(1)));
    assert!(matches!(again.outcome, Confirmed::KnownBefore(_)));
    assert_eq!(again.not_completed, reported.not_completed);
    // The newer invitation is still there for its own device.
    let newer = redeem(&world, &user).await;
    let completed = report_by(&world, &newer, "device-2").await;
    assert_eq!(completed.issue, Some(IssueNumber::from_number(2)));
    let second = device(&world, "device-2").decided.ownership;
    assert_eq!(second, Ownership::CompanyOwned);
}

#[tokio::test]
async fn an_issue_that_was_only_mailed_again_is_completed_by_its_first_session() {
    let (world, user) = invited().await;
    let session = redeem(&world, &user).await;
    let again = world.change_invitation();
    again
        .run(user.id, Change::Resend, &an_administrator())
        .await
        .unwrap();

    let reported = report_by(&world, &session, "device-1").await;

    assert_eq!(reported.issue, Some(IssueNumber::from_number(1)));
    assert_eq!(state(&world, &user), InvitationState::Completed);
}

async fn correct_address(world: &World, user: &User) {
    let patch = UserPatch {
        email: Some("right@example.com".to_owned()),
        ..UserPatch::default()
    };
    let corrected = world.change_user();
    corrected
        .run(user.id, &patch, &an_administrator())
        .await
        .unwrap();
}

#[tokio::test]
async fn who_redeemed_at_a_wrong_address_completes_nothing_after_it_was_corrected() {
    let (world, user) = invited().await;
    let stranger = redeem(&world, &user).await;
    world.wait(SignedDuration::from_mins(1));
    correct_address(&world, &user).await;

    let reported = report_by(&world, &stranger, "strangers").await;
    world.post().await;

    left_open(&world, &user, &reported, "strangers", Why::FormerAddress);
    let right = EmailAddress::parse("right@example.com").unwrap();
    let subjects: Vec<String> = world
        .service
        .taken_for(&right)
        .into_iter()
        .map(|mail| mail.message.subject)
        .collect();
    assert!(
        !subjects.contains(&"confirmation".to_owned()),
        "{subjects:?}"
    );
    let own = redeem(&world, &user).await;
    let completed = report_by(&world, &own, "own").await;
    assert_eq!(completed.issue, Some(IssueNumber::from_number(2)));
}

/// Nothing is issued anew then, so the issue is the same.
#[tokio::test]
async fn nor_does_a_stranger_complete_what_had_expired_before_the_address_was_corrected() {
    let (world, user) = invited().await;
    let stranger = redeem(&world, &user).await;
    world.wait(hours(24 * 30));
    world.maintain().await;
    correct_address(&world, &user).await;

    let reported = report_by(&world, &stranger, "strangers").await;

    assert_eq!(state(&world, &user), InvitationState::Expired);
    let why = reported.not_completed.unwrap().why;
    assert_eq!(why, Why::FormerAddress);
    assert_eq!(confirmations(&world, &user), 0);
}

#[tokio::test]
async fn a_true_enrolment_completes_the_invitation_after_an_impossible_or_old_report() {
    for first in [
        Some(at("2099-01-01T00:00:00Z")),
        Some(at("0001-01-01T00:00:00Z")),
        Some(at("2019-05-06T07:08:09Z")),
        None,
    ] {
        let (world, user) = invited().await;
        report_at(&world, &user, "device-1", first).await;
        let enrolled = world.wait(hours(1));
        world.wait(hours(1));

        let reported = report_at(&world, &user, "device-1", Some(enrolled)).await;

        assert!(
            matches!(reported.outcome, Confirmed::Recorded(_)),
            "{first:?}"
        );
        assert_eq!(state(&world, &user), InvitationState::Completed);
        let recorded = device(&world, "device-1");
        assert_eq!(
            (recorded.registered_at, recorded.time_unknown),
            (enrolled, false)
        );
        assert_eq!(recorded.decided.ownership, Ownership::CompanyOwned);
        assert_eq!(world.now_of(&user).devices, 1);
        assert_eq!(confirmations(&world, &user), 1);
    }
}

#[tokio::test]
async fn what_a_report_without_a_time_said_of_a_device_still_holds_when_the_time_is_told() {
    let (world, user) = invited().await;
    let supervised = DeviceFacts {
        supervised: Some(true),
        ..a_device("device-1")
    };
    let by_id = Registrant::User(user.id);
    world.report_at(by_id, supervised, None).await.unwrap();
    let now = world.wait(SignedDuration::ZERO);

    report_at(&world, &user, "device-1", Some(now)).await;

    let rule = device(&world, "device-1").decided.rule;
    assert_eq!(rule, OwnershipRule::Supervised);
    assert_eq!(state(&world, &user), InvitationState::Completed);
}

/// As a version wrote it that believed every time.
#[tokio::test]
async fn a_time_in_2099_that_was_believed_is_believed_no_longer() {
    let (world, user) = invited().await;
    let mut believed = a_registration(user.id, "device-1");
    believed.registered_at = "2099-01-01T00:00:00Z".parse().unwrap();
    world.store.put_registration(&believed);
    let now = world.wait(SignedDuration::ZERO);

    let reported = report_at(&world, &user, "device-1", Some(now)).await;

    assert_eq!(reported.issue, Some(IssueNumber::from_number(1)));
    assert_eq!(device(&world, "device-1").registered_at, now);
}

#[tokio::test]
async fn a_report_that_was_made_before_the_invitation_does_not_complete_it_when_it_is_repeated() {
    let world = World::under(&settings().confirming_everyone().build());
    let user = world.with(a_user());
    let first = world.wait(hours(1));
    report_at(&world, &user, "device-1", Some(first)).await;
    world.wait(hours(24));
    // Wiped and enrolled again, minutes before somebody is invited.
    let second = world.wait(hours(1));
    let unnoticed = report_at(&world, &user, "device-1", Some(second)).await;
    world.wait(SignedDuration::from_mins(5));
    world.invite(&[&user]).await;
    let rows = world.store.history(user.id).len();
    let as_it_is = world.now_of(&user);

    for told in [first, second] {
        let repeated = report_at(&world, &user, "device-1", Some(told)).await;

        assert!(matches!(repeated.outcome, Confirmed::KnownBefore(_)));
        let why = repeated.not_completed.unwrap().why;
        assert!(matches!(why, Why::ReportedBefore | Why::EnrolledBefore));
    }
    assert!(matches!(unnoticed.outcome, Confirmed::KnownBefore(_)));
    assert_eq!(world.now_of(&user), as_it_is);
    assert_eq!(world.store.history(user.id).len(), rows);

    let third = world.wait(SignedDuration::from_mins(1));
    let anew = report_at(&world, &user, "device-1", Some(third)).await;
    assert!(matches!(anew.outcome, Confirmed::Recorded(_)));
    assert_eq!(state(&world, &user), InvitationState::Completed);
}

#[tokio::test]
async fn a_device_that_is_known_completes_the_invitation_whose_session_it_names() {
    let (world, user) = invited().await;
    let old = Some(at("2019-05-06T07:08:09Z"));
    let supervised = DeviceFacts {
        supervised: Some(true),
        ..a_device("device-1")
    };
    let by_id = Registrant::User(user.id);
    world.report_at(by_id, supervised, old).await.unwrap();
    let session = Registrant::Session(redeem(&world, &user).await);

    let told = || world.report_at(session.clone(), a_device("device-1"), old);
    let reported = told().await.unwrap();
    let rows = world.store.history(user.id).len();
    let repeated = told().await.unwrap();

    assert_eq!(reported.issue, Some(IssueNumber::from_number(1)));
    assert_eq!(state(&world, &user), InvitationState::Completed);
    // It is the same enrolment, so what was known of it still holds.
    let rule = device(&world, "device-1").decided.rule;
    assert_eq!(rule, OwnershipRule::Supervised);
    assert!(matches!(repeated.outcome, Confirmed::KnownBefore(_)));
    assert_eq!(world.store.history(user.id).len(), rows);
    assert_eq!(world.now_of(&user).devices, 1);
}

#[tokio::test]
async fn a_session_that_is_named_later_says_whose_a_recorded_device_is() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite_choosing(&[&user], USER_OWNED).await;
    let session = redeem(&world, &user).await;
    world.wait(hours(1));
    world.invite_choosing(&[&user], COMPANY_OWNED).await;
    report_at(&world, &user, "device-1", None).await;

    let reported = report_by(&world, &session, "device-1").await;

    let decided = device(&world, "device-1").decided;
    assert_eq!(decided.ownership, Ownership::UserOwned);
    assert_eq!(reported.outcome, Confirmed::DecidedAgain(decided));
    assert_eq!(state(&world, &user), InvitationState::Pending);
}

#[tokio::test]
async fn an_old_device_does_not_keep_a_cancelled_invitation_from_being_restored_and_a_new_one_does()
{
    for (registered_at, may_be_restored) in [
        ("2019-05-06T07:08:09Z", true),
        ("2026-03-02T10:00:00Z", false),
    ] {
        let (world, user) = invited().await;
        let (change, admin) = (world.change_invitation(), an_administrator());
        change.run(user.id, Change::Cancel, &admin).await.unwrap();

        report_at(&world, &user, "device-1", Some(at(registered_at))).await;

        let restored = change.run(user.id, Change::Restore, &admin).await;
        assert_eq!(restored.is_ok(), may_be_restored, "{registered_at}");
        assert_eq!(device(&world, "device-1").after_end, !may_be_restored);
        assert_eq!(confirmations(&world, &user), 0);
    }
}

#[tokio::test]
async fn a_list_of_what_there_was_mails_nobody_and_a_device_of_today_is_confirmed() {
    let world = World::under(&settings().confirming_everyone().build());
    let never_invited = world.with(a_user());
    let (_, completed) = (world.wait(hours(1)), world.with(a_user()));
    world.invite(&[&completed]).await;
    let now = world.wait(hours(1));
    report_at(&world, &completed, "first", Some(now)).await;
    let a_day_ago = world.wait(hours(100)) - hours(24);

    for user in [&never_invited, &completed] {
        let before = confirmations(&world, user);
        let second = SignedDuration::from_secs(1);
        report_at(&world, user, "backfill", Some(at("2024-01-01T00:00:00Z"))).await;
        report_at(&world, user, "of-yesterday", Some(a_day_ago - second)).await;
        report_at(&world, user, "unknown", None).await;
        assert_eq!(confirmations(&world, user), before);

        report_at(&world, user, "of-today", Some(a_day_ago)).await;
        assert_eq!(confirmations(&world, user), before + 1);
    }
}

#[tokio::test]
async fn of_those_whom_a_report_names_the_first_who_is_known_counts() {
    let (world, user) = invited().await;
    let other = world.with(a_user());
    let now = world.wait(SignedDuration::ZERO);
    let unknown = || Registrant::Session(RegistrationId::from_random([7; 16]));
    let nobody = Registrant::External(ExternalId::parse("-1").unwrap());
    let report = |registrants, device| DeviceRegistered {
        registrants,
        device: a_device(device),
        registered_at: Some(now),
    };
    let by_address = Registrant::Address(user.email.clone());
    let session = Registrant::Session(redeem(&world, &user).await);

    let second = report(vec![unknown(), nobody.clone(), by_address], "device-1");
    let reported = world.confirm().run(&second).await.unwrap();
    let of_other = Registrant::Address(other.email.clone());
    let wins = report(vec![session, of_other], "device-2");
    world.confirm().run(&wins).await.unwrap();
    let none = report(vec![unknown(), nobody], "device-3");
    let refused = world.confirm().run(&none).await;

    let named: Vec<_> = reported
        .ignored
        .iter()
        .map(|one| (&*one.field, one.code))
        .collect();
    assert_eq!(
        named,
        [("registrationId", "unknown"), ("externalId", "unknown")]
    );
    assert_eq!(device(&world, "device-1").user, user.id);
    assert_eq!(device(&world, "device-2").user, user.id, "the session wins");
    assert!(refused.is_err());
    assert_eq!(world.now_of(&other).devices, 0);
}

#[tokio::test]
async fn a_device_s_own_facts_decide_before_the_issue_that_it_enrolled_with() {
    let world = World::new();
    let user = world.with(a_user());
    world.invite_choosing(&[&user], COMPANY_OWNED).await;
    let session = redeem(&world, &user).await;
    world.wait(hours(1));
    world.invite_choosing(&[&user], COMPANY_OWNED).await;
    let private = DeviceFacts {
        enrollment_type: Some(EnrollmentType::User),
        ..a_device("device-1")
    };

    let session = Registrant::Session(session);
    world.report(session, private).await.unwrap();

    let decided = device(&world, "device-1").decided;
    assert_eq!(decided.ownership, Ownership::UserOwned);
    assert_eq!(decided.rule, OwnershipRule::UserEnrollment);
}

#[tokio::test]
async fn of_two_devices_that_are_reported_at_once_one_gets_the_ownership_of_an_earlier_issue() {
    let (world, user) = invited().await;
    let session = redeem(&world, &user).await;
    world.invite_choosing(&[&user], USER_OWNED).await;
    let (other, same) = (world.clone(), session.clone());
    world.store.before_next(Call::LoadUsers, move |_| {
        at_once(report_by(&other, &same, "first"));
    });

    report_by(&world, &session, "second").await;

    let ownership = |id| device(&world, id).decided.ownership;
    assert_eq!(ownership("first"), Ownership::CompanyOwned);
    assert_eq!(ownership("second"), Ownership::NotSet);
}
