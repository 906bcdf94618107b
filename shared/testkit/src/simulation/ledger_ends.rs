//! The rules for what goes and what the world is told: deletion, erasure, reminders, and events.

use beckon_domain::model::change::UserChange;
use beckon_domain::model::history::{HistoryEntry, HistoryEvent};
use beckon_domain::model::integration_events::EventEnvelope;
use beckon_domain::model::invitation::InvitationState as S;
use beckon_domain::model::mail::{MailKind, MailState};
use beckon_domain::model::user::User;
use beckon_domain::ports::event_bus::Receipt;
use beckon_domain::values::ids::{IssueNumber, UserId, Version};
use jiff::{SignedDuration, Timestamp};

use super::jobs::Job;
use super::ledger::Ledger;
use super::ledger_answers::standing;
use super::ledger_mails::is_live;

/// Days as the settings count them.
pub(super) fn days(number: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(number))
}

/// Since when nothing can come of a user's invitation any more.
pub(super) fn over_since(user: &User) -> Option<Timestamp> {
    if user.enabled && user.directory.is_some() {
        return None;
    }
    let one = user.invitation.as_ref()?;
    (!is_live(one.state)).then(|| one.ended_at.unwrap_or(one.expires_at))
}

/// What the world is told of something that happened in a user's history, by the list in the
/// documents; `None`: nothing.
const fn event_name(what: &HistoryEvent) -> Option<&'static str> {
    Some(match what {
        HistoryEvent::UserAdded
        | HistoryEvent::UserChanged { .. }
        | HistoryEvent::AddressMarked { .. }
        | HistoryEvent::AddressTriedAgain { .. }
        | HistoryEvent::DeviceUnenrolled { .. }
        | HistoryEvent::AddressCorrected { .. }
        | HistoryEvent::UserDeleted { issue: None } => return None,
        HistoryEvent::InvitationIssued { .. } => "Invitation Issued",
        HistoryEvent::InvitationDelivered { .. } => "Invitation Delivered",
        HistoryEvent::InvitationBounced { .. } => "Invitation Bounced",
        HistoryEvent::InvitationMailFailed { .. } => "Invitation Mail Failed",
        HistoryEvent::InvitationRedeemed { .. } => "Invitation Redeemed",
        HistoryEvent::InvitationLocked { .. } => "Invitation Locked",
        HistoryEvent::InvitationExpired { .. } => "Invitation Expired",
        HistoryEvent::InvitationMailedAgain { .. } => "Invitation Mailed Again",
        HistoryEvent::ReminderWritten { .. } => "Invitation Reminded",
        HistoryEvent::SecretHandedOver { .. } => "Invitation Handed Over",
        HistoryEvent::InvitationDeclined { .. } => "Invitation Declined",
        HistoryEvent::InvitationCancelled { .. } | HistoryEvent::UserDeleted { issue: Some(_) } => {
            "Invitation Cancelled"
        }
        HistoryEvent::InvitationRestored { .. } => "Invitation Restored",
        HistoryEvent::InvitationCompleted { .. } => "Invitation Completed",
        HistoryEvent::RegistrationConfirmed { .. } => "Registration Confirmed",
        HistoryEvent::OwnershipDecidedAgain { .. } => "Ownership Decided Again",
    })
}

impl Ledger {
    /// A row of a history was written.
    pub(super) fn happened(&mut self, row: &HistoryEntry) {
        self.rows.insert(row.id, row.clone());
        self.to_publish.push(row.clone());
    }

    /// A user was taken away: their open invitation ends with it, and the history says so.
    pub(super) fn removed(&mut self, user: UserId, row: &HistoryEntry) {
        let seq = self.moment().0;
        let before = self.users.get(&user).and_then(|versions| versions.last());
        let Some((_, before)) = before.cloned() else {
            return;
        };
        let read = self.view().users.get(&user).map_or(0, |(read, _)| *read);
        let as_read = self
            .users
            .get(&user)
            .is_none_or(|versions| versions.last().is_none_or(|(written, _)| *written <= read));
        self.must(as_read, || {
            format!("user {user} was deleted, and had changed since they were read")
        });
        let invitation = before.invitation.as_ref();
        let open = invitation.filter(|one| is_live(one.state));
        let ends = open.map(|one| one.issue);
        let says = match row.what {
            HistoryEvent::UserDeleted { issue } => Some(issue),
            _ => None,
        };
        self.must(says == Some(ends), || {
            format!(
                "user {user} was deleted, {ends:?} of theirs is open and the history says {says:?}"
            )
        });
        let since = if matches!(self.view().job, Job::Erase) {
            self.judge_over(user, over_since(&before));
            over_since(&before).unwrap_or(row.at)
        } else {
            row.at
        };
        self.deleted.insert(user, (seq, since));
        self.happened(row);
    }

    /// Nobody is erased before their days are over.
    fn judge_over(&mut self, user: UserId, since: Option<Timestamp>) {
        let (began, now) = (self.view().began.0, self.now);
        let over = since.is_some_and(|since| {
            self.settings_were(began, |settings| {
                let kept = settings.retention.erase_after_days;
                kept.is_some_and(|kept| since + days(kept) <= now)
            })
        });
        self.must(over, || {
            format!("user {user} was erased, over since {since:?}")
        });
    }

    /// Nothing is left of a deleted user.
    pub(super) fn erased(&mut self, user: UserId) {
        let since = self.deleted.get(&user).map(|(_, since)| *since);
        self.judge_over(user, since);
        self.erased.insert(user);
        self.counts.erased += 1;
    }

    /// A user who is reminded has not answered, can be reached, is reminded neither too early nor at
    /// night nor too often, and nobody is told that a reminder is the last while another may come.
    pub(super) fn judge_reminder(&mut self, before: &User, change: &UserChange) {
        let mut new = change
            .mails
            .iter()
            .filter(|mail| mail.version == Version::FIRST);
        let Some(MailKind::Reminder { issue, .. }) = new.next().map(|mail| &mail.kind) else {
            return;
        };
        let (user, issue) = (before.id, *issue);
        let mut rows = change.history.iter();
        let row = rows.find(|row| matches!(row.what, HistoryEvent::ReminderWritten { .. }));
        let Some(now) = row.map(|row| row.at) else {
            self.blame(|| format!("user {user} was reminded, and their history does not say so"));
            return;
        };
        let reminded = self.reminders.entry((user, issue)).or_default();
        let (number, last) = (reminded.len(), reminded.last().copied());
        reminded.push(now);
        self.counts.reminders += 1;
        let Some(policy) = self.policy_of(user, issue) else {
            self.blame(|| format!("user {user} was reminded without being asked for"));
            return;
        };
        let one = before.invitation.as_ref();
        let waits = one.is_some_and(|one| one.issue == issue && standing(one, now) == S::Pending);
        let reached = before.enabled && before.address_mark.is_none();
        let issued_at = one.map_or(now, |one| one.issued_at);
        let earliest = last.map_or(issued_at + days(policy.start_after_days), |last| {
            last + days(policy.every_days)
        });
        let hour = now.as_second().div_euclid(60 * 60).rem_euclid(24);
        let at_night = policy.quiet_hours.is_some() && !(8..20).contains(&hour);
        self.must(!at_night, || format!("user {user} was reminded at {now}"));
        let in_time = now >= earliest && (number as u64) < u64::from(policy.most);
        self.must(waits && reached, || {
            format!("user {user} was reminded of {issue:?} while it does not wait for them")
        });
        self.must(in_time, || {
            format!("user {user} got reminder {number} of {issue:?} at {now}, {earliest} is due")
        });
    }

    /// The users whom a reminder has to reach by then: their invitation waits for longer, and neither their
    /// policy nor anything else stands against it.
    pub(super) fn reminders_due(&self, by: Timestamp) -> Vec<(UserId, IssueNumber, usize)> {
        let users = self.store.all_users().into_iter();
        users
            .filter_map(|user| {
                let one = user.invitation.as_ref()?;
                let policy = self.policy_of(user.id, one.issue)?;
                let written = self
                    .reminders
                    .get(&(user.id, one.issue))
                    .map_or(0, Vec::len);
                let soon = policy.start_after_days.max(policy.every_days) <= 2;
                let more = written < policy.most as usize;
                let waits = standing(one, self.now) == S::Pending && one.expires_at > by;
                let mail = self.mails.get(&one.mail).map(|story| &story.row);
                let stopped = mail.is_some_and(|mail| {
                    let why = mail.reason.as_ref().map(|why| why.code.as_str());
                    mail.state == MailState::Dropped && why == Some("batchStopped")
                });
                let reached = user.enabled && user.address_mark.is_none() && !stopped;
                let gave_up = one.reminders.is_some_and(|plan| plan.next_at.is_none());
                (soon && more && waits && reached && !gave_up)
                    .then_some((user.id, one.issue, written))
            })
            .collect()
    }

    /// They were reminded, unless something came between.
    pub(super) fn judge_reminded(&mut self, due: &[(UserId, IssueNumber, usize)]) {
        for (user, issue, before) in due {
            let written = self.reminders.get(&(*user, *issue)).map_or(0, Vec::len);
            let row = self.store.find_user(*user);
            let same = row.is_some_and(|row| {
                let waits = row.invitation.as_ref().is_some_and(|one| {
                    one.issue == *issue && standing(one, self.now) == S::Pending
                });
                waits && row.enabled && row.address_mark.is_none()
            });
            self.must(written > *before || !same, || {
                format!("user {user} waits for {issue:?} and is not reminded")
            });
        }
    }

    /// How an issue is reminded of, as it was issued.
    pub(super) fn policy_of(
        &self,
        user: UserId,
        issue: IssueNumber,
    ) -> Option<beckon_domain::model::reminders::ReminderPolicy> {
        let issue = self.issues.get(&(user, issue))?;
        issue.invitation.reminders.map(|plan| plan.policy)
    }

    /// The bus was given an event: of a row that there is and that is told, and nothing of a person
    /// is in it.
    pub(super) fn published(&mut self, event: &EventEnvelope, receipt: &Receipt) {
        let id = event.id;
        let row = self.rows.get(&id);
        let name = row.and_then(|row| event_name(&row.what));
        let user = row.map(|row| row.user);
        let right = name == Some(event.event.detail_type()) && user == Some(event.user_id);
        self.must(right, || {
            format!("event {id} is published as {:?}, not {name:?}", event.event)
        });
        // Writing them all out would take a tenth of the time of all stories.
        if self.seq.is_multiple_of(4) {
            let text = serde_json::to_string(event).unwrap_or_default();
            self.must(!text.contains('@'), || {
                format!("event {id} names an address")
            });
        }
        if *receipt == Receipt::Taken {
            self.on_bus.insert(id);
        }
    }

    /// Everything that happened and is told has reached the bus, or was put on the dead-letter queue.
    pub(super) fn judge_published(&mut self) {
        let missing = self.rows.values().find(|row| {
            let known = self.on_bus.contains(&row.id) || self.off_bus.contains(&row.id);
            event_name(&row.what).is_some() && !known
        });
        let missing = missing.map(|row| (row.id, row.what.clone()));
        self.must(missing.is_none(), || {
            format!("the world was never told of {missing:?}")
        });
    }

    /// What is left of those who were deleted, and of those who were erased.
    pub(super) fn judge_deleted_users(&mut self) {
        let store = self.store.clone();
        let registrations = store.all_registrations();
        let orphan = registrations
            .iter()
            .find(|one| self.deleted.contains_key(&one.user));
        let orphan = orphan.map(|one| one.user);
        self.must(orphan.is_none(), || {
            format!("user {orphan:?} was deleted, and a device of theirs is left")
        });
        for user in self.deleted.keys().copied().collect::<Vec<_>>() {
            let history = store.history(user);
            if self.erased.contains(&user) {
                self.must(history.is_empty(), || {
                    format!("user {user} was erased, and their history is left")
                });
                continue;
            }
            let last = history
                .iter()
                .any(|row| matches!(row.what, HistoryEvent::UserDeleted { .. }));
            self.must(last, || {
                format!("user {user} was deleted, and their history does not say so")
            });
        }
    }

    /// Users who were over for as long as the settings keep them are gone, and so is their history.
    pub(super) fn judge_erased(&mut self) {
        let settings = self.store.settings().settings;
        let Some(kept) = settings.retention.erase_after_days.map(days) else {
            return;
        };
        let by = self.now - kept;
        let users = self.store.all_users();
        let left = users
            .iter()
            .find(|user| over_since(user).is_some_and(|since| since < by));
        let left = left.map(|user| user.id);
        self.must(left.is_none(), || {
            format!("user {left:?} is over and was never erased")
        });
        let mut deleted = self.deleted.iter();
        let left = deleted.find(|(user, (_, since))| *since < by && !self.erased.contains(*user));
        let left = left.map(|(user, _)| *user);
        self.must(left.is_none(), || {
            format!("the history of user {left:?} was never erased")
        });
    }
}
