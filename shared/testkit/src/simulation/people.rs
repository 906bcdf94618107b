//! What people do in a story: administrators, invited persons, guessers, the device management.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::job::JobAction;
use beckon_domain::model::ownership::{EnrollmentType, OwnershipChoice, StatedOwnership};
use beckon_domain::model::registration::{DeviceFacts, DeviceRegistered, Registrant};
use beckon_domain::model::reminders::ReminderPolicy;
use beckon_domain::model::selection::{Selection, UserFilter};
use beckon_domain::model::settings::directory::DirectoryInvites;
use beckon_domain::model::settings::{Settings, UNSAVED};
use beckon_domain::model::user::User;
use beckon_domain::usecases::add_user::NewUser;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::change_user::UserPatch;
use beckon_domain::usecases::preview_invitations::PreviewOrder;
use beckon_domain::usecases::start_job::JobOrder;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{BatchId, IssueNumber, JobId, UserId, Version};
use beckon_domain::values::method::Method;
use beckon_domain::values::names::{GroupName, Label};
use beckon_domain::values::session_ids::RegistrationId;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use super::devices;
use super::dice::Dice;
use super::directory;
use super::groups;
use super::jobs::{Job, Shown};
use super::jobs_import::{ImportFile, ImportLine};
use super::jobs_sends::order;
use super::jobs_users::address_of;
use super::jobs_wordings::{Doing, TemplateOrder};
use super::ledger::Ledger;
use super::stage::Mood;
use super::system;
use super::use_case::UseCase;
use crate::builders::{a_device, an_administrator, settings};

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
    let hours = [1, 1, 2, 24, 168, 168][dice.below(6)];
    let tries = [1, 2, 3, 5][dice.below(4)];
    let under = settings().method(method).lifetime_hours(hours).tries(tries);
    let under = match dice.below(3) {
        0 => under,
        1 => under.confirming_everyone(),
        _ => under.confirming("staff"),
    };
    let under = if dice.happens(600) {
        under.inviting("example.org")
    } else {
        under
    };
    let mut settings = under.build();
    settings.registration.allow_pin_request = !dice.happens(150);
    settings.registration.device_limit =
        [None, None, NonZeroU32::new(1), NonZeroU32::new(2)][dice.below(4)];
    settings.registration.use_stated_ownership = dice.happens(300);
    settings.registration.person_may_choose = dice.happens(800);
    let told = ["boss@example.com", "desk@example.com"];
    let addresses = told.iter().take(dice.below(3));
    settings.administrators.addresses = addresses
        .filter_map(|address| EmailAddress::parse(address).ok())
        .collect();
    settings.administrators.on_decline = dice.happens(700);
    settings.administrators.on_completion =
        !settings.administrators.addresses.is_empty() && dice.happens(500);
    settings.reminders.enabled = hours > 48 && dice.happens(700);
    settings.reminders.policy = ReminderPolicy {
        start_after_days: 1 + u32::from(dice.happens(300)),
        every_days: 1 + u32::from(dice.happens(300)),
        most: [1, 2, 3][dice.below(3)],
        quiet_hours: settings
            .reminders
            .policy
            .quiet_hours
            .filter(|_| dice.happens(700)),
    };
    settings.directory.invites = [
        DirectoryInvites::Nobody,
        DirectoryInvites::Everybody,
        DirectoryInvites::Groups,
    ][dice.below(3)];
    settings.directory.groups = GroupName::parse("crew").into_iter().collect();
    settings.retention.erase_after_days = [None, None, Some(1), Some(2)][dice.below(4)];
    if !dice.happens(100) {
        settings.device_sources = vec![devices::source(), system::source()];
    }
    settings
}

/// Of how many moments one is for the world around Beckon and not for somebody's call.
const WORLD: usize = 11;

/// How often people do this, beside the others. What the machinery does it begins itself.
const fn weight(use_case: UseCase) -> usize {
    match use_case {
        UseCase::Redeem => 12,
        UseCase::SendInvitations | UseCase::ConfirmRegistration => 8,
        UseCase::ChangeInvitation => 4,
        UseCase::RequestPin
        | UseCase::ChangeUser
        | UseCase::FollowDirectory
        | UseCase::FollowGroups => 3,
        UseCase::HandOver
        | UseCase::PollSource
        | UseCase::ReceiveDeviceEvent
        | UseCase::StartJob
        | UseCase::TryAddressAgain => 2,
        UseCase::AddUser
        | UseCase::AssignDevice
        | UseCase::ManageDeviceSources
        | UseCase::ManageDirectoryTokens
        | UseCase::WatchDirectory
        | UseCase::ChangeSettings
        | UseCase::ChangeTemplate
        | UseCase::Decline
        | UseCase::DeleteUser
        | UseCase::ExportUsers
        | UseCase::ImportUsers
        | UseCase::PreviewInvitations
        | UseCase::PreviewTemplate
        | UseCase::ReportBatch
        | UseCase::ReportJob
        | UseCase::ReportOverview
        | UseCase::ResumeDelivery
        | UseCase::StopBatch
        | UseCase::StopJob
        | UseCase::TestTemplate => 1,
        UseCase::CarryDeviceEvent
        | UseCase::CarryOutJob
        | UseCase::CountChanges
        | UseCase::CountEarlier
        | UseCase::Deliver
        | UseCase::EraseEnded
        | UseCase::Expand
        | UseCase::NoteChanges
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
        return Step::Do(vec![somebody_new(dice)]);
    }
    let calls: usize = UseCase::ALL.into_iter().map(weight).sum();
    let mut roll = dice.below(calls + WORLD);
    for use_case in UseCase::ALL {
        if roll < weight(use_case) {
            let jobs = asked(use_case, dice, ledger, &users, now);
            return Step::Do(jobs.unwrap_or_else(|| vec![somebody_new(dice)]));
        }
        roll -= weight(use_case);
    }
    match roll {
        0 => Step::Mood(
            [
                Mood::Open,
                Mood::QuotaUsedUp,
                Mood::AccountRefused,
                Mood::Trial,
            ][dice.below(4)],
        ),
        1 => Step::Lag(dice.below(4)),
        _ => {
            let most = [20, 400, 4_000, 4_000, 100_000][dice.below(5)];
            Step::Wait(SignedDuration::from_secs(dice.between(1, most)))
        }
    }
}

/// What somebody asks of a use case; `None` if there is nothing to ask, or if nobody does but the
/// machinery.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each use case")]
fn asked(
    use_case: UseCase,
    dice: &mut Dice,
    ledger: &Ledger,
    users: &[User],
    now: Timestamp,
) -> Option<Vec<Job>> {
    let user = dice.pick(users)?.clone();
    let job = match use_case {
        UseCase::AddUser => somebody_new(dice),
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
            expected: seen(dice, ledger.store.settings().version),
            settings: Box::new(draw_settings(dice)),
        },
        UseCase::ChangeUser => Job::Patch(who(dice, ledger, &user), patch(dice, &user)),
        UseCase::ChangeTemplate => changed_wording(dice, ledger),
        UseCase::PreviewTemplate => Job::Template(TemplateOrder {
            doing: Doing::Show,
            ..wording(dice)
        }),
        UseCase::TestTemplate => Job::Template(TemplateOrder {
            doing: Doing::Try(dice.happens(500).then(|| dice.draw() % 8)),
            ..wording(dice)
        }),
        UseCase::Decline => Job::Decline {
            user: user.id,
            issue: issue_of(dice, &user),
            genuine: dice.happens(850),
        },
        UseCase::DeleteUser => Job::Delete(who(dice, ledger, &user)),
        UseCase::ExportUsers => Job::Export,
        UseCase::HandOver => Job::HandOver {
            user: who(dice, ledger, &user),
            reason: if dice.happens(50) {
                " "
            } else {
                "stood at the desk"
            },
        },
        UseCase::ImportUsers => Job::Import(file(dice, users)),
        UseCase::PreviewInvitations => Job::Preview(preview(dice, users, now)),
        UseCase::ReportBatch => Job::ReportOn(some_batch(dice, ledger)?),
        UseCase::ReportOverview => Job::Overview,
        UseCase::TryAddressAgain => Job::TryAgain(suppressed(dice, users).unwrap_or(user.id)),
        UseCase::ConfirmRegistration => Job::Report(registered(dice, ledger, &user, now)),
        UseCase::Redeem if dice.happens(300) => return Some(guesses(dice, &user)),
        UseCase::Redeem => return shows(dice, ledger, &user),
        UseCase::RequestPin => Job::RequestPin(user.email),
        UseCase::ResumeDelivery => ledger.store.pause().map(|_| Job::Resume)?,
        UseCase::SendInvitations if dice.happens(430) => filtered(dice, users, now),
        UseCase::SendInvitations => named(dice, users),
        UseCase::StopBatch => Job::Stop(some_batch(dice, ledger)?),
        UseCase::StartJob if dice.happens(250) => Job::StartImport(ImportFile {
            dry_run: false,
            ..file(dice, users)
        }),
        UseCase::StartJob => to_many(dice, users, now),
        UseCase::ReportJob => Job::ReportOnMany(some_job(dice, ledger)?),
        UseCase::StopJob => Job::StopMany(some_job(dice, ledger)?),
        UseCase::AssignDevice => devices::assigned(dice, ledger, &user)?,
        UseCase::ManageDeviceSources => Job::LookAfterSources,
        UseCase::ManageDirectoryTokens => Job::LookAfterTokens,
        UseCase::FollowDirectory => directory::said(dice, ledger, &user),
        UseCase::PollSource => Job::Enrols(system::enrolling(dice, &user)),
        UseCase::FollowGroups => groups::said(dice, ledger, &user),
        UseCase::WatchDirectory => Job::WatchDirectory {
            refused: dice.happens(500),
        },
        UseCase::ReceiveDeviceEvent => Job::Tell(devices::message_about(dice, &user, now)),
        UseCase::CarryDeviceEvent
        | UseCase::CarryOutJob
        | UseCase::CountChanges
        | UseCase::CountEarlier
        | UseCase::Deliver
        | UseCase::EraseEnded
        | UseCase::Expand
        | UseCase::NoteChanges
        | UseCase::Publish
        | UseCase::RecordFeedback
        | UseCase::TellOfUnreadable
        | UseCase::RunMaintenance => return None,
    };
    Some(vec![job])
}

/// Somebody keeps an own wording, or takes it back.
fn changed_wording(dice: &mut Dice, ledger: &Ledger) -> Job {
    let order = wording(dice);
    let name = format!("{}#{}", order.kind, order.locale);
    let kept = ledger.wordings.get(&name).and_then(|kept| kept.last());
    let version = kept.map_or(UNSAVED, |(_, version, _)| *version);
    let doing = if dice.happens(250) {
        Doing::Revert
    } else {
        Doing::Keep(seen(dice, version))
    };
    Job::Template(TemplateOrder { doing, ..order })
}

/// A user to whose address nothing more is sent, if there is one.
fn suppressed(dice: &mut Dice, users: &[User]) -> Option<UserId> {
    let suppressed: Vec<UserId> = users
        .iter()
        .filter(|user| user.address_mark.is_some())
        .map(|user| user.id)
        .collect();
    dice.pick(&suppressed).copied()
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

/// The user with this number, as somebody adds them.
pub(super) fn newcomer(dice: &mut Dice, number: usize) -> Job {
    let foreign = dice.happens(100);
    let new = NewUser {
        email: address_of(number, foreign),
        groups: vec![if dice.happens(500) { "staff" } else { "field" }.to_owned()],
        external_id: Some(format!("external-{number}")),
        invite: Some(dice.happens(500)),
        ..NewUser::default()
    };
    let key = dice.happens(500).then_some(number as u64);
    Job::Add { new, key }
}

fn somebody_new(dice: &mut Dice) -> Job {
    let number = dice.below(9);
    newcomer(dice, number)
}

/// The version that somebody read: mostly the one that holds, now and then an older one, or none.
fn seen(dice: &mut Dice, version: Version) -> Option<Version> {
    match dice.below(8) {
        0 => None,
        1 => Some(version.replaces().unwrap_or(UNSAVED)),
        _ => Some(version),
    }
}

/// Mostly this user, now and then one who was deleted.
pub(super) fn who(dice: &mut Dice, ledger: &Ledger, user: &User) -> UserId {
    if dice.happens(100)
        && let Some(deleted) = dice.pick(&ledger.deleted.keys().collect::<Vec<_>>())
    {
        return **deleted;
    }
    user.id
}

fn some_batch(dice: &mut Dice, ledger: &Ledger) -> Option<BatchId> {
    if dice.happens(80) {
        return Some(BatchId::new(Ulid(u128::from(dice.draw()))));
    }
    Some(dice.pick(&ledger.store.all_batches())?.0.id)
}

fn some_job(dice: &mut Dice, ledger: &Ledger) -> Option<JobId> {
    if dice.happens(80) {
        return Some(JobId::new(Ulid(u128::from(dice.draw()))));
    }
    Some(dice.pick(&ledger.store.all_jobs())?.0.id)
}

/// An action for many people, named or found by a filter.
fn to_many(dice: &mut Dice, users: &[User], now: Timestamp) -> Job {
    let selection = if dice.happens(500) {
        everybody_like(dice, users, now)
    } else {
        some_of(dice, users)
    };
    let groups = || GroupName::parse("field").into_iter().collect();
    let action = match dice.below(12) {
        0 | 1 => JobAction::Resend,
        2 | 3 => JobAction::Cancel,
        4 => JobAction::Restore,
        5 => JobAction::TryAddressAgain,
        6 => match Label::parse("first day") {
            Ok(reason) => JobAction::GeneratePins {
                ownership: choice(dice).into(),
                reason,
            },
            Err(_) => JobAction::Resend,
        },
        7 => JobAction::Enable,
        8 => JobAction::Disable,
        9 => JobAction::AddGroups { groups: groups() },
        10 => JobAction::RemoveGroups { groups: groups() },
        _ => JobAction::Delete,
    };
    Job::StartMany {
        order: JobOrder {
            action,
            selection,
            who: an_administrator(),
        },
        key: dice.happens(600).then(|| dice.draw()),
    }
}

fn issue_of(dice: &mut Dice, user: &User) -> IssueNumber {
    let latest = user.latest_issue;
    if dice.happens(250) {
        IssueNumber::from_number(latest.get().saturating_sub(1))
    } else {
        latest
    }
}

/// What somebody changes of a user.
fn patch(dice: &mut Dice, user: &User) -> UserPatch {
    let nothing = UserPatch::default();
    match dice.below(10) {
        0..5 => UserPatch {
            enabled: Some(!user.enabled || dice.happens(100)),
            ..nothing
        },
        5..9 => {
            let (number, foreign) = (dice.below(12), dice.happens(250));
            let email = if dice.happens(40) {
                "nobody".to_owned()
            } else {
                address_of(number, foreign)
            };
            UserPatch {
                email: Some(email),
                ..nothing
            }
        }
        _ => UserPatch {
            external_id: Some(format!("external-{}", dice.below(12))),
            ..nothing
        },
    }
}

/// A file about some who are known and some who are not.
fn file(dice: &mut Dice, users: &[User]) -> ImportFile {
    let first = dice.below(10);
    let lines = (0..=dice.below(3)).map(|line| {
        let known = dice.pick(users).filter(|_| line > 0).cloned();
        let number = first + line;
        let external_id = known.as_ref().and_then(|user| user.external_id.clone());
        let moved = known.filter(|_| !dice.happens(200));
        ImportLine {
            external_id: external_id
                .map_or_else(|| format!("external-{number}"), |id| id.as_str().to_owned()),
            email: moved.map_or_else(
                || address_of(number, dice.happens(100)),
                |user| user.email.as_str().to_owned(),
            ),
            group: if dice.happens(500) { "staff" } else { "field" },
            enabled: [None, None, Some(true), Some(false)][dice.below(4)],
        }
    });
    ImportFile {
        lines: lines.collect(),
        invite: dice.happens(500),
        dry_run: dice.happens(150),
        broken: dice.happens(100),
    }
}

fn wording(dice: &mut Dice) -> TemplateOrder {
    TemplateOrder {
        kind: ["invitation", "reminder", "confirmation"][dice.below(3)],
        locale: ["en", "de", "en", "de", "fr"][dice.below(5)],
        subject: format!("Words {}", dice.below(4)),
        scripted: dice.happens(100),
        to: address_of(dice.below(9), dice.happens(200)),
        doing: Doing::Show,
    }
}

fn preview(dice: &mut Dice, users: &[User], now: Timestamp) -> PreviewOrder {
    let selection = if dice.happens(500) {
        everybody_like(dice, users, now)
    } else {
        some_of(dice, users)
    };
    let order = order(selection, choice(dice));
    PreviewOrder {
        locale: None,
        selection: order.selection,
        choice: order.choice,
        settings: None,
        position: None,
        who: order.who,
    }
}

fn choice(dice: &mut Dice) -> Option<OwnershipChoice> {
    [
        None,
        Some(OwnershipChoice::UserOwned),
        Some(OwnershipChoice::UserOwned),
        Some(OwnershipChoice::CompanyOwned),
    ][dice.below(4)]
}

fn some_of(dice: &mut Dice, users: &[User]) -> Selection {
    let mut ids: Vec<UserId> = Vec::new();
    for _ in 0..=dice.below(users.len()) {
        ids.extend(dice.pick(users).map(|user| user.id));
    }
    if dice.happens(20) {
        ids.push(UserId::new(Ulid(u128::from(dice.draw()))));
    }
    Selection::Users(ids)
}

fn named(dice: &mut Dice, users: &[User]) -> Job {
    let selection = some_of(dice, users);
    let order = order(selection, choice(dice));
    Job::Send {
        order,
        key: dice.happens(600).then(|| dice.draw()),
    }
}

fn everybody_like(dice: &mut Dice, users: &[User], now: Timestamp) -> Selection {
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
    if dice.happens(100) {
        let hours = 1 + i64::try_from(dice.below(240)).unwrap_or(0);
        filter.expires_before = Some(now + SignedDuration::from_hours(hours));
    }
    let mut except = BTreeSet::new();
    if dice.happens(300) {
        except.extend(dice.pick(users).map(|user| user.id));
    }
    Selection::Filter { filter, except }
}

fn filtered(dice: &mut Dice, users: &[User], now: Timestamp) -> Job {
    let selection = everybody_like(dice, users, now);
    let order = order(selection, choice(dice));
    Job::Send {
        order,
        key: dice.happens(600).then(|| dice.draw()),
    }
}

/// Somebody shows a secret they were mailed: mostly the latest, now and then an older one.
fn shows(dice: &mut Dice, ledger: &Ledger, user: &User) -> Option<Vec<Job>> {
    let issue = issue_of(dice, user);
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
    // Whoever chose whose the device is enrols it, and nothing is told of it that comes before their word.
    let of_theirs = |(user, _): &(UserId, IssueNumber)| ledger.store.find_user(*user);
    let waits = |user: &User| {
        let open = user.invitation.as_ref().filter(|open| open.is_open());
        open.is_some_and(|open| open.chosen.is_some())
    };
    let chose: Vec<User> = ledger
        .chosen
        .keys()
        .filter_map(of_theirs)
        .filter(waits)
        .collect();
    if let Some(owner) = dice.pick(&chose)
        && dice.happens(600)
    {
        return DeviceRegistered {
            registrants: vec![Registrant::User(owner.id)],
            device: a_device(&format!("device-{}-{}", owner.id, dice.below(2))),
            registered_at: told_time(dice, owner, now),
        };
    }
    let session = dice.pick(&ledger.registration_ids).cloned();
    let (owner, by_session) = match session {
        Some((owner, id)) if dice.happens(500) => (owner, Some(Registrant::Session(id))),
        _ => (user.id, None),
    };
    let named = by_session.unwrap_or_else(|| match dice.below(3) {
        0 => Registrant::User(owner),
        1 => Registrant::Address(user.email.clone()),
        _ if owner == user.id && user.user_name.is_some() => {
            Registrant::UserName(user.user_name.clone().expect("a user name"))
        }
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
        ownership: [
            None,
            Some(StatedOwnership::Company),
            Some(StatedOwnership::Personal),
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
