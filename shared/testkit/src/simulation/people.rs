//! What people do in a story: administrators, invited persons, guessers, the device management.

use std::collections::BTreeSet;

use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::ownership::{EnrollmentType, OwnershipChoice};
use beckon_domain::model::registration::{DeviceFacts, DeviceRegistered, Registrant};
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::model::settings::Settings;
use beckon_domain::model::user::User;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::values::ids::{IssueNumber, UserId};
use beckon_domain::values::method::Method;
use beckon_domain::values::names::GroupName;
use beckon_domain::values::session_ids::RegistrationId;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use super::dice::Dice;
use super::jobs::{Job, Shown};
use super::jobs_sends::order;
use super::ledger::Ledger;
use super::stage::Mood;
use super::use_case::UseCase;
use crate::builders::{a_device, settings};

/// What comes next.
pub(super) enum Step {
    /// Somebody does these, at once.
    Do(Vec<Job>),
    /// Nobody does anything for so long.
    Wait(SignedDuration),
    /// The mail service changes its mind.
    Mood(Mood),
    /// Lists, and what is due, are so many writes behind.
    Lag(usize),
}

/// Settings as somebody may have saved them.
pub(super) fn draw_settings(dice: &mut Dice) -> Settings {
    let method = [
        Method::Pin,
        Method::Pin,
        Method::PasswordAndPin,
        Method::QrCode,
        Method::QrCode,
        Method::Password,
    ][dice.below(6)];
    let hours = [1, 1, 2, 24, 168][dice.below(5)];
    let tries = [1, 2, 3, 5][dice.below(4)];
    let under = settings().method(method).lifetime_hours(hours).tries(tries);
    let under = match dice.below(3) {
        0 => under,
        1 => under.confirming_everyone(),
        _ => under.confirming("staff"),
    };
    let mut settings = under.build();
    settings.registration.allow_pin_request = !dice.happens(150);
    settings
}

/// Of how many moments one is for the world around Beckon and not for somebody's call.
const WORLD: usize = 9;

/// How often people do this, beside the others. What the machinery does it begins itself.
const fn weight(use_case: UseCase) -> usize {
    match use_case {
        UseCase::Redeem => 10,
        UseCase::SendInvitations => 7,
        UseCase::ChangeInvitation | UseCase::ConfirmRegistration => 4,
        UseCase::RequestPin => 3,
        UseCase::ChangeUser => 2,
        UseCase::AddUser
        | UseCase::ChangeSettings
        | UseCase::ResumeDelivery
        | UseCase::StopBatch => 1,
        UseCase::ChangeTemplate
        | UseCase::Decline
        | UseCase::DeleteUser
        | UseCase::ExportUsers
        | UseCase::HandOver
        | UseCase::ImportUsers
        | UseCase::PreviewInvitations
        | UseCase::PreviewTemplate
        | UseCase::ReportBatch
        | UseCase::TestTemplate
        | UseCase::TryAddressAgain
        | UseCase::Deliver
        | UseCase::EraseEnded
        | UseCase::Expand
        | UseCase::Publish
        | UseCase::RecordFeedback
        | UseCase::TellOfUnreadable
        | UseCase::RunMaintenance => 0,
    }
}

/// Draws what comes next.
pub(super) fn draw(dice: &mut Dice, ledger: &Ledger, now: Timestamp) -> Step {
    let users = ledger.store.all_users();
    if users.is_empty() {
        return Step::Do(vec![newcomer(dice)]);
    }
    let calls: usize = UseCase::ALL.into_iter().map(weight).sum();
    let mut roll = dice.below(calls + WORLD);
    for use_case in UseCase::ALL {
        if roll < weight(use_case) {
            let jobs = asked(use_case, dice, ledger, &users, now);
            return Step::Do(jobs.unwrap_or_else(|| vec![newcomer(dice)]));
        }
        roll -= weight(use_case);
    }
    match roll {
        0 => Step::Mood([Mood::Open, Mood::QuotaUsedUp, Mood::AccountRefused][dice.below(3)]),
        1 => Step::Lag(dice.below(4)),
        _ => {
            let most = [20, 400, 4_000, 4_000, 100_000][dice.below(5)];
            Step::Wait(SignedDuration::from_secs(dice.between(1, most)))
        }
    }
}

/// What somebody asks of a use case; `None` if there is nothing to ask, or if nobody does but the
/// machinery.
fn asked(
    use_case: UseCase,
    dice: &mut Dice,
    ledger: &Ledger,
    users: &[User],
    now: Timestamp,
) -> Option<Vec<Job>> {
    let user = dice.pick(users)?.clone();
    let job = match use_case {
        UseCase::AddUser => newcomer(dice),
        UseCase::ChangeInvitation => {
            let change = [
                InvitationChange::Cancel,
                InvitationChange::Cancel,
                InvitationChange::Restore,
                InvitationChange::Resend,
            ][dice.below(4)];
            Job::Change(user.id, change)
        }
        UseCase::ChangeSettings => Job::SaveSettings {
            expected: Some(ledger.store.settings().version),
            settings: Box::new(draw_settings(dice)),
        },
        UseCase::ChangeUser => Job::Enable(user.id, !user.enabled),
        UseCase::ConfirmRegistration => Job::Report(registered(dice, ledger, &user, now)),
        UseCase::Redeem if dice.happens(300) => return Some(guesses(dice, &user)),
        UseCase::Redeem => return shows(dice, ledger, &user),
        UseCase::RequestPin => Job::RequestPin(user.email),
        UseCase::ResumeDelivery => Job::Resume,
        UseCase::SendInvitations if dice.happens(430) => filtered(dice, users),
        UseCase::SendInvitations => named(dice, users),
        UseCase::StopBatch => Job::Stop(dice.pick(&ledger.store.all_batches())?.0.id),
        UseCase::ChangeTemplate
        | UseCase::Decline
        | UseCase::DeleteUser
        | UseCase::ExportUsers
        | UseCase::HandOver
        | UseCase::ImportUsers
        | UseCase::PreviewInvitations
        | UseCase::PreviewTemplate
        | UseCase::ReportBatch
        | UseCase::TestTemplate
        | UseCase::TryAddressAgain
        | UseCase::Deliver
        | UseCase::EraseEnded
        | UseCase::Expand
        | UseCase::Publish
        | UseCase::RecordFeedback
        | UseCase::TellOfUnreadable
        | UseCase::RunMaintenance => return None,
    };
    Some(vec![job])
}

/// Somebody guesses, several times at once.
fn guesses(dice: &mut Dice, user: &User) -> Vec<Job> {
    let guesses = 1 + dice.below(3);
    let counted = dice.happens(300);
    let guess = Job::Show {
        user: user.id,
        shown: Shown::WrongPin,
        counted,
    };
    vec![guess; guesses]
}

fn newcomer(dice: &mut Dice) -> Job {
    Job::Add {
        number: dice.below(9),
        invite: dice.happens(700),
        staff: dice.happens(500),
    }
}

fn choice(dice: &mut Dice) -> Option<OwnershipChoice> {
    [
        None,
        None,
        Some(OwnershipChoice::UserOwned),
        Some(OwnershipChoice::CompanyOwned),
    ][dice.below(4)]
}

fn named(dice: &mut Dice, users: &[User]) -> Job {
    let mut ids: Vec<UserId> = Vec::new();
    for _ in 0..=dice.below(users.len()) {
        ids.extend(dice.pick(users).map(|user| user.id));
    }
    if dice.happens(20) {
        ids.push(UserId::new(Ulid(u128::from(dice.draw()))));
    }
    let order = order(Selection::Users(ids), choice(dice));
    Job::Send {
        order,
        key: dice.happens(600).then(|| dice.draw()),
    }
}

fn filtered(dice: &mut Dice, users: &[User]) -> Job {
    let mut filter = UserFilter::default();
    for state in InvitationState::ALL {
        if dice.happens(250) {
            filter.states.insert(state);
        }
    }
    if dice.happens(300) {
        let group = if dice.happens(500) { "staff" } else { "field" };
        filter.groups.extend(GroupName::parse(group));
    }
    let mut except = BTreeSet::new();
    if dice.happens(300) {
        except.extend(dice.pick(users).map(|user| user.id));
    }
    let order = order(Selection::Filter { filter, except }, choice(dice));
    Job::Send {
        order,
        key: dice.happens(600).then(|| dice.draw()),
    }
}

/// Somebody shows a secret they were mailed: mostly the latest, now and then an older one.
fn shows(dice: &mut Dice, ledger: &Ledger, user: &User) -> Option<Vec<Job>> {
    let latest = user.latest_issue;
    let issue = if dice.happens(300) {
        IssueNumber::from_number(latest.get().saturating_sub(1))
    } else {
        latest
    };
    let invitation = ledger.issue(user.id, issue)?;
    let by_pin = invitation.method.uses_pin() && dice.happens(800);
    let shown = if by_pin {
        Shown::Pin(issue)
    } else {
        Shown::Token(issue)
    };
    let times = 1 + dice.below(8) / 5;
    let counted = dice.happens(100);
    let show = Job::Show {
        user: user.id,
        shown,
        counted,
    };
    Some(vec![show; times])
}

/// The device management tells of a device; what it tells of one device may differ. Now and then it
/// tells the same once more.
fn registered(dice: &mut Dice, ledger: &Ledger, user: &User, now: Timestamp) -> DeviceRegistered {
    if dice.happens(150)
        && let Some(report) = dice.pick(&ledger.reports)
    {
        return report.clone();
    }
    let session = dice.pick(&ledger.registration_ids).cloned();
    let (owner, by_session) = match session {
        Some((owner, id)) if dice.happens(500) => (owner, Some(Registrant::Session(id))),
        _ => (user.id, None),
    };
    let named = by_session.unwrap_or_else(|| match dice.below(3) {
        0 => Registrant::User(owner),
        1 => Registrant::Address(user.email.clone()),
        _ => match &user.external_id {
            Some(id) => Registrant::External(id.clone()),
            None => Registrant::User(owner),
        },
    });
    // A session that was never opened names nobody, and what follows it counts.
    let nobody = Registrant::Session(RegistrationId::from_random([0; 16]));
    let registrants = if dice.happens(100) {
        vec![nobody, named]
    } else {
        vec![named]
    };
    let device = DeviceFacts {
        supervised: [None, None, Some(false), Some(true)][dice.below(4)],
        enrollment_type: [
            None,
            Some(EnrollmentType::Device),
            Some(EnrollmentType::User),
        ][dice.below(3)],
        ..a_device(&format!("device-{owner}-{}", dice.below(2)))
    };
    DeviceRegistered {
        registrants,
        device,
        registered_at: told_time(dice, user, now),
    }
}

/// When a device management says that a device was registered: mostly just now, and else whatever one
/// says that tells late, lists what there was, has no clock, or does not know.
fn told_time(dice: &mut Dice, user: &User, now: Timestamp) -> Option<Timestamp> {
    let ten_minutes = SignedDuration::from_mins(10);
    let second = SignedDuration::from_secs(1);
    let at = |text: &str| text.parse::<Timestamp>().ok();
    let before =
        |dice: &mut Dice, most| Some(now - SignedDuration::from_secs(dice.between(0, most)));
    match dice.below(20) {
        0 => None,
        1 => at("0001-01-01T00:00:00Z"),
        2 => at("2009-12-31T23:59:59Z"),
        3 => at("2099-01-01T00:00:00Z"),
        4 => at("2019-05-06T07:08:09Z"),
        5 => Some(now + ten_minutes + second * [-1, 0, 1][dice.below(3)]),
        6 | 7 => {
            let issued_at = user.invitation.as_ref().map(|one| one.issued_at)?;
            Some(issued_at - ten_minutes + second * [-1, 0, 1][dice.below(3)])
        }
        8 | 9 => before(dice, 100_000),
        10 | 11 => before(dice, 4_000),
        _ => before(dice, 120),
    }
}
