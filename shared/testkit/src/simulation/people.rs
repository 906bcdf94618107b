//! What people do in a story: administrators, invited persons, guessers, the device management.

use std::collections::BTreeSet;

use beckon_domain::ids::{IssueNumber, UserId};
use beckon_domain::invitation::InvitationState;
use beckon_domain::method::Method;
use beckon_domain::names::GroupName;
use beckon_domain::ownership::{EnrollmentType, OwnershipChoice};
use beckon_domain::registration::{DeviceFacts, DeviceRegistered, Registrant};
use beckon_domain::selection::{Selection, UserFilter};
use beckon_domain::session::RegistrationId;
use beckon_domain::settings::Settings;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::user::User;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use super::dice::Dice;
use super::jobs::{Job, Shown, order};
use super::ledger::Ledger;
use super::stage::Mood;
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

/// Draws what comes next.
pub(super) fn draw(dice: &mut Dice, ledger: &Ledger, now: Timestamp) -> Step {
    let users = ledger.store.all_users();
    let Some(user) = dice.pick(&users).cloned() else {
        return Step::Do(vec![newcomer(dice)]);
    };
    let one = |job| Step::Do(vec![job]);
    match dice.below(40) {
        0..4 => one(named(dice, &users)),
        4..7 => one(filtered(dice, &users)),
        7..14 => shows(dice, ledger, &user),
        14..17 => {
            let guesses = 1 + dice.below(3);
            let counted = dice.happens(300);
            let guess = Job::Show {
                user: user.id,
                shown: Shown::WrongPin,
                counted,
            };
            Step::Do(vec![guess; guesses])
        }
        17..20 => one(Job::RequestPin(user.email)),
        20..24 => {
            let change = [
                InvitationChange::Cancel,
                InvitationChange::Cancel,
                InvitationChange::Restore,
                InvitationChange::Resend,
            ][dice.below(4)];
            one(Job::Change(user.id, change))
        }
        24 | 25 => one(Job::Enable(user.id, !user.enabled)),
        26 => match dice.pick(&ledger.store.all_batches()) {
            Some((batch, _)) => one(Job::Stop(batch.id)),
            None => one(newcomer(dice)),
        },
        27..31 => one(Job::Report(registered(dice, ledger, &user, now))),
        31 => {
            let settings = draw_settings(dice);
            one(Job::SaveSettings(
                ledger.store.settings().version,
                Box::new(settings),
            ))
        }
        32 => one(newcomer(dice)),
        33 => one(Job::LiftPause),
        34 => Step::Mood([Mood::Open, Mood::QuotaUsedUp, Mood::AccountRefused][dice.below(3)]),
        35 => Step::Lag(dice.below(4)),
        _ => {
            let most = [20, 400, 4_000, 4_000, 100_000][dice.below(5)];
            Step::Wait(SignedDuration::from_secs(dice.between(1, most)))
        }
    }
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
fn shows(dice: &mut Dice, ledger: &Ledger, user: &User) -> Step {
    let latest = user.latest_issue;
    let issue = if dice.happens(300) {
        IssueNumber::from_number(latest.get().saturating_sub(1))
    } else {
        latest
    };
    let Some(invitation) = ledger.issue(user.id, issue) else {
        return Step::Do(vec![newcomer(dice)]);
    };
    let by_pin = invitation.method.uses_pin() && dice.happens(800);
    let shown = if by_pin {
        Shown::Pin(issue)
    } else {
        Shown::Token(issue)
    };
    let times = 1 + dice.below(8) / 5;
    let counted = dice.happens(100);
    Step::Do(vec![
        Job::Show {
            user: user.id,
            shown,
            counted
        };
        times
    ])
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
