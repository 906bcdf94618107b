//! The rules for registrations: what is recorded, what a device completes, and who is told. They are
//! written here from the description of the product, and ask nothing of the domain.

use beckon_domain::model::change::UserChange;
use beckon_domain::model::history::{HistoryEntry, HistoryEvent};
use beckon_domain::model::invitation::InvitationState as S;
use beckon_domain::model::mail::MailKind;
use beckon_domain::model::ownership::{EnrollmentType, Ownership, OwnershipRule, StatedOwnership};
use beckon_domain::model::registration::{
    DeviceRegistered, Registrant, Registration, RegistrationFlag,
};
use beckon_domain::model::settings::Distribution;
use beckon_domain::model::user::User;
use beckon_domain::values::ids::{DeviceId, IssueNumber, UserId};
use beckon_domain::values::session_ids::SessionDigest;
use jiff::{SignedDuration, Timestamp};

use super::jobs::Job;
use super::ledger::Ledger;

const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// The session that a report names.
#[derive(Debug, Clone)]
struct Named {
    digest: SessionDigest,
    issue: IssueNumber,
    opened_at: Timestamp,
}

/// What has to become of a report.
#[derive(Debug)]
struct Wanted {
    named: Option<Named>,
    /// When the device was registered, if that can be.
    at: Option<Timestamp>,
    /// When the report was judged.
    now: Timestamp,
    /// Whether it is flagged: the person may not register, or has as many devices as they may.
    flagged: bool,
    /// The issue that waits for a device.
    waits: Option<IssueNumber>,
    completes: bool,
    /// It comes after its invitation was taken back.
    after_end: bool,
}

impl Ledger {
    /// The rule, for a user as they were read.
    fn wanted(&mut self, user: &User, report: &DeviceRegistered, now: Timestamp) -> Wanted {
        let named = report.registrants.iter().find_map(|one| match one {
            Registrant::Session(id) => {
                let (_, issue, _) = self
                    .sessions
                    .get(&id.digest())
                    .filter(|(of, _, _)| *of == user.id)?;
                Some(Some(Named {
                    digest: id.digest(),
                    issue: *issue,
                    opened_at: *self.opened_at.get(&id.digest())?,
                }))
            }
            // The device management of a story reports by sessions; references come with messages.
            Registrant::Reference(_)
            | Registrant::User(_)
            | Registrant::External(_)
            | Registrant::UserName(_)
            | Registrant::Address(_) => Some(None),
        });
        let named = named.flatten();
        let year_2010: Timestamp = "2010-01-01T00:00:00Z".parse().expect("a time");
        let at = report
            .registered_at
            .filter(|at| *at >= year_2010 && *at <= now + TEN_MINUTES);
        let device = (user.id, report.device.id.clone());
        let known = self.enrolments.get(&device);
        let is_repeated = known.is_some_and(|latest| {
            let is_later = at.is_some_and(|at| latest.is_none_or(|latest| at > latest));
            let new_session = named.as_ref().is_some_and(|named| {
                !self
                    .named
                    .contains(&(named.digest.clone(), report.device.id.clone()))
            });
            !is_later && !new_session
        });
        let invitation = user.invitation.as_ref();
        let belongs = invitation.is_some_and(|one| match &named {
            // What lay in another mailbox may have let in another person.
            Some(named) => {
                named.issue == one.issue
                    && user
                        .address_since
                        .is_none_or(|since| since <= named.opened_at)
            }
            None => at.is_some_and(|at| at >= one.issued_at - TEN_MINUTES),
        });
        let outlived = invitation.zip(named.as_ref()).is_some_and(|(one, named)| {
            named.issue == one.issue && one.restored_at.is_some_and(|at| named.opened_at < at)
        });
        let flagged = !user.enabled || self.is_beyond_limit(user, &report.device.id);
        let state = invitation.map_or(S::None, |one| one.state);
        let is_open = matches!(state, S::Pending | S::Expired | S::Locked);
        let taken_back = matches!(state, S::Cancelled | S::Declined);
        Wanted {
            at,
            now,
            waits: invitation.filter(|_| is_open).map(|one| one.issue),
            completes: is_open && belongs && !outlived && !is_repeated && !flagged,
            flagged,
            after_end: outlived || (taken_back && belongs),
            named,
        }
    }

    /// Whether somebody has as many devices as they may, by the settings that were read, beside this one. What is
    /// managed no longer does not count, and a device that has its place keeps it.
    fn is_beyond_limit(&mut self, user: &User, device: &DeviceId) -> bool {
        let settings = self.view().settings.clone();
        let settings = settings.as_ref().map(|read| read.settings.for_user(user));
        let Some(limit) = settings.and_then(|own| own.registration.device_limit) else {
            return false;
        };
        let of_user = self.recorded.get(&user.id);
        let managed = of_user.into_iter().flatten();
        let managed = managed.filter(|(_, one)| one.unenrolled_at.is_none());
        let (mut others, mut has_place) = (0, false);
        for (id, one) in managed {
            if id == device {
                has_place = !one.flags.contains(&RegistrationFlag::BeyondDeviceLimit);
            } else {
                others += 1;
            }
        }
        !has_place && others >= limit.get()
    }

    /// A device that somebody has beyond the limit is flagged and no other, whoever told of it; and what their row
    /// says of their devices is true.
    pub(super) fn judge_limit(
        &mut self,
        before: &User,
        change: &UserChange,
        registration: &Registration,
    ) {
        let (user, device) = (before.id, registration.device.id.clone());
        let is_record =
            |row: &HistoryEntry| matches!(row.what, HistoryEvent::RegistrationConfirmed { .. });
        let flag = RegistrationFlag::BeyondDeviceLimit;
        if change.history.iter().any(is_record) {
            let beyond = self.is_beyond_limit(before, &device);
            self.must(registration.flags.contains(&flag) == beyond, || {
                format!("device {device:?} of user {user} is beyond the limit: {beyond}, and says {registration:?}")
            });
            self.counts.beyond_limit += u64::from(beyond);
        }
        let of_user = self.recorded.entry(user).or_default();
        of_user.insert(device, registration.clone());
        let gone = |one: &&Registration| one.unenrolled_at.is_some();
        let (all, gone) = (of_user.len(), of_user.values().filter(gone).count());
        let noted = (change.user.devices, change.user.devices_unenrolled);
        let true_count = noted.0 as usize == all && noted.1 as usize == gone;
        self.must(true_count, || {
            format!(
                "user {user} has {all} devices, {gone} of them gone, and their row says {noted:?}"
            )
        });
    }

    /// What a device management's report wrote must be what it had to.
    pub(super) fn judge_registration(
        &mut self,
        before: &User,
        change: &UserChange,
        registration: &Registration,
    ) {
        let (user, read_at) = (before.id, self.view().users.get(&before.id).copied());
        let (Job::Report(report), Some((_, now))) = (self.view().job.clone(), read_at) else {
            return;
        };
        let device = registration.device.id.clone();
        let wanted = self.wanted(before, &report, now);
        let is_known = self.enrolments.contains_key(&(user, device.clone()));
        let recorded = change
            .history
            .iter()
            .any(|row| matches!(row.what, HistoryEvent::RegistrationConfirmed { .. }));
        self.must(recorded || is_known, || {
            format!("device {device:?} of user {user} was not recorded")
        });
        self.judge_completion(before, change, registration, &wanted);
        if recorded && !(is_known && wanted.after_end) {
            self.judge_record(before, registration, &wanted);
        }
        self.judge_confirmation(change, &device, &wanted, recorded);
        let late = u64::from(wanted.waits.is_some() && !wanted.completes);
        self.counts.left_open += late;
        self.remember(user, device, &wanted);
    }

    fn judge_completion(
        &mut self,
        before: &User,
        change: &UserChange,
        registration: &Registration,
        wanted: &Wanted,
    ) {
        let user = before.id;
        let was = before.invitation.as_ref().map(|one| one.state);
        let is = change.user.invitation.as_ref().map(|one| one.state);
        let completed = was != is && is == Some(S::Completed);
        let told = change
            .history
            .iter()
            .any(|row| matches!(row.what, HistoryEvent::InvitationCompleted { .. }));
        let right = completed == wanted.completes && told == completed;
        self.must(right, || {
            format!(
                "user {user}: a device completed {completed}, told {told}, by the rule: {wanted:?}"
            )
        });
        let issue = wanted.waits.filter(|_| wanted.completes);
        let noted = issue.is_none() || registration.issue == issue;
        self.must(noted, || {
            format!(
                "user {user}: a device notes {:?}, not {issue:?}",
                registration.issue
            )
        });
    }

    /// What a new record of a device says of time, ownership, and why it completed nothing.
    fn judge_record(&mut self, before: &User, registration: &Registration, wanted: &Wanted) {
        let user = before.id;
        let of_invitation = before.invitation.as_ref().map(|one| {
            let chosen = self.chosen.get(&(user, one.issue)).copied();
            chosen.map_or(one.ownership, |chosen| Some(chosen).into())
        });
        let of_session = wanted.named.as_ref().and_then(|named| {
            let was_named = self.named.iter().any(|(digest, _)| *digest == named.digest);
            let issue = self.issues.get(&(user, named.issue))?;
            let chosen = self.chosen_in.get(&named.digest).copied();
            let given = chosen.map_or(issue.invitation.ownership, |chosen| Some(chosen).into());
            (!was_named && named.issue != before.latest_issue).then_some(given)
        });
        let ownership = if wanted.completes {
            of_invitation
        } else {
            of_session.filter(|_| !wanted.after_end)
        };
        let ownership = ownership.unwrap_or(Ownership::NotSet);
        self.must(registration.invitation_ownership == ownership, || {
            let carried = registration.invitation_ownership;
            format!("user {user}: a device carries {carried:?}, {ownership:?} is right")
        });
        self.judge_ownership(before, registration);
        let time = wanted.at.unwrap_or(wanted.now);
        let timed =
            registration.registered_at == time && registration.time_unknown == wanted.at.is_none();
        self.must(timed, || {
            format!("user {user}: a device was registered at {time}, it says {registration:?}")
        });
        let flagged = !registration.flags.is_empty();
        self.must(flagged == wanted.flagged, || {
            format!("user {user}: a device is flagged {flagged}, by the rule: {wanted:?}")
        });
        let left_open = wanted
            .waits
            .filter(|_| !wanted.completes && !wanted.after_end);
        let says = registration.not_completed.map(|one| one.issue);
        self.must(says == left_open, || {
            format!("user {user}: a device left {left_open:?} open and says {says:?}")
        });
    }

    /// The first rule that holds says whose a device is: supervision, User Enrollment, what the device management says
    /// if the settings let that count, and then the invitation.
    fn judge_ownership(&mut self, before: &User, registration: &Registration) {
        let user = before.id;
        let Some(settings) = self.view().settings.clone() else {
            return;
        };
        let counts = settings
            .settings
            .for_user(before)
            .registration
            .use_stated_ownership;
        let device = &registration.device;
        let wanted = if device.supervised == Some(true) {
            (Ownership::CompanyOwned, OwnershipRule::Supervised)
        } else if device.enrollment_type == Some(EnrollmentType::User) {
            (Ownership::UserOwned, OwnershipRule::UserEnrollment)
        } else if counts && device.ownership == Some(StatedOwnership::Company) {
            (Ownership::CompanyOwned, OwnershipRule::Stated)
        } else if counts && device.ownership == Some(StatedOwnership::Personal) {
            (Ownership::UserOwned, OwnershipRule::Stated)
        } else if registration.invitation_ownership == Ownership::NotSet {
            (Ownership::NotSet, OwnershipRule::NotSet)
        } else if registration.chosen_by_person {
            (registration.invitation_ownership, OwnershipRule::Person)
        } else {
            (registration.invitation_ownership, OwnershipRule::Invitation)
        };
        let decided = (registration.decided.ownership, registration.decided.rule);
        self.must(decided == wanted, || {
            format!("user {user}: of a device {decided:?} was decided, {wanted:?} is right")
        });
        self.counts.stated += u64::from(decided.1 == OwnershipRule::Stated);
        self.counts.by_person += u64::from(decided.1 == OwnershipRule::Person);
    }

    /// A person chooses whose the device is only where their invitation says *User owned* and the settings let them, and
    /// what they chose is kept.
    pub(super) fn judge_choice(&mut self, before: &User, after: &User, session: &SessionDigest) {
        let settings = self.view().settings.clone();
        let (Some(settings), Some(invitation)) = (settings, &after.invitation) else {
            return;
        };
        let user = before.id;
        let may = settings
            .settings
            .for_user(before)
            .registration
            .person_may_choose;
        let theirs = may && invitation.ownership == Ownership::UserOwned;
        let chosen = self.view().choosing;
        self.must(chosen.is_none() || theirs, || {
            format!("user {user} chose {chosen:?}, which is not theirs to choose")
        });
        if let Some(chosen) = chosen {
            self.chosen.insert((user, invitation.issue), chosen);
        }
        let kept = self.chosen.get(&(user, invitation.issue)).copied();
        if let Some(kept) = kept {
            self.chosen_in.insert(session.clone(), kept);
        }
        self.must(invitation.chosen == kept, || {
            let says = invitation.chosen;
            format!("user {user} chose {kept:?}, and their invitation says {says:?}")
        });
    }

    /// A confirmation is written exactly where one is due: of what completed an invitation, or of a
    /// device of the last day where none waits.
    fn judge_confirmation(
        &mut self,
        change: &UserChange,
        device: &DeviceId,
        wanted: &Wanted,
        recorded: bool,
    ) {
        let Some(settings) = self.view().settings.clone() else {
            return;
        };
        let is_news = wanted.at.is_some_and(|at| at >= wanted.now - A_DAY);
        let theirs = !self.is_of_former_address(change.user.id, wanted);
        let further =
            wanted.waits.is_none() && !wanted.after_end && is_news && theirs && !wanted.flagged;
        let confirmation = &settings.settings.confirmation;
        let listed = match &confirmation.distribution {
            Distribution::Everyone => true,
            Distribution::Groups(groups) => groups.iter().any(|group| change.user.is_in(group)),
        };
        let confirms = recorded && (wanted.completes || further);
        let due = usize::from(confirms && confirmation.enabled && listed);
        let notices = change
            .mails
            .iter()
            .filter(|mail| matches!(mail.kind, MailKind::Notice { .. }))
            .count();
        let administrators = &settings.settings.administrators;
        let to_tell =
            if confirms && administrators.on_completion && change.user.invitation.is_some() {
                administrators.addresses.len()
            } else {
                0
            };
        let written = change
            .mails
            .iter()
            .filter(|mail| {
                mail.kind
                    == MailKind::Confirmation {
                        device: device.clone(),
                    }
            })
            .count();
        let user = change.user.id;
        self.must(notices == to_tell, || {
            format!(
                "user {user}: {notices} administrators are told of a device, {to_tell} want to be"
            )
        });
        self.must(
            written == due && change.mails.len() == due + to_tell,
            || format!("user {user}: {written} confirmations of a device, {due} are due"),
        );
        self.counts.registrations += u64::from(recorded);
        self.counts.confirmations += written as u64;
    }

    /// Whether a session was opened with a secret that lay in another mailbox.
    fn is_of_former_address(&self, user: UserId, wanted: &Wanted) -> bool {
        let named = wanted.named.as_ref();
        let Some((_, _, opened)) = named.and_then(|named| self.sessions.get(&named.digest)) else {
            return false;
        };
        let versions = self.users.get(&user).map_or(&[][..], Vec::as_slice);
        let first = versions.iter().rposition(|(written, _)| written <= opened);
        let mut since = versions
            .iter()
            .skip(first.unwrap_or(0))
            .map(|(_, user)| &user.email);
        let then = since.next();
        since.any(|address| Some(address) != then)
    }

    fn remember(&mut self, user: UserId, device: DeviceId, wanted: &Wanted) {
        if let Some(named) = &wanted.named {
            self.named.insert((named.digest.clone(), device.clone()));
        }
        let latest = self.enrolments.entry((user, device)).or_insert(None);
        *latest = (*latest).max(wanted.at);
    }

    /// A report was answered. One that wrote nothing must have had nothing to write.
    pub(super) fn report_answered(&mut self, report: &DeviceRegistered) {
        self.reports.push(report.clone());
        if std::mem::take(&mut self.view().registered) {
            return;
        }
        let read = self.view().users.iter().max_by_key(|(_, moment)| **moment);
        let Some((user, (seq, now))) = read.map(|(user, moment)| (*user, *moment)) else {
            return;
        };
        let versions = self.users.get(&user).map_or(&[][..], Vec::as_slice);
        let read = versions.iter().rev().find(|(written, _)| *written <= seq);
        let Some(read) = read.map(|(_, user)| user.clone()) else {
            return;
        };
        let wanted = self.wanted(&read, report, now);
        let known = self
            .enrolments
            .contains_key(&(user, report.device.id.clone()));
        self.must(known && !wanted.completes, || {
            format!("a report of user {user} was answered, and nothing written: {wanted:?}")
        });
    }
}
