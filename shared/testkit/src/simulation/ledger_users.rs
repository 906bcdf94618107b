//! The rules for users, their invitations, and what a secret opens.

use beckon_domain::model::change::UserChange;
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::{Invitation, InvitationState as S};
use beckon_domain::model::mail::{Mail, MailKind};
use beckon_domain::model::session::{MAX_SESSIONS, Session};
use beckon_domain::model::user::User;
use beckon_domain::values::ids::{IssueNumber, UserId, Version};
use beckon_domain::values::session_ids::RegistrationId;

use super::jobs::{Job, Shown};
use super::ledger::{Issue, Ledger};
use super::ledger_mails::is_live;

/// Whether an issue may go from one state to another.
const fn may_become(before: S, after: S) -> bool {
    match before {
        S::None => false,
        S::Pending => !matches!(after, S::None),
        S::Locked => !matches!(after, S::None | S::Pending),
        S::Expired => matches!(after, S::Expired | S::Completed),
        S::Completed => matches!(after, S::Completed),
        S::Cancelled | S::Declined => {
            matches!(after, S::Cancelled | S::Declined | S::Pending | S::Locked)
        }
    }
}

impl Ledger {
    fn last(&self, user: UserId) -> Option<User> {
        let versions = self.users.get(&user)?;
        versions.last().map(|(_, user)| user.clone())
    }

    /// A user's row was written.
    pub(super) fn user_written(&mut self, id: UserId) {
        let seq = self.moment().0;
        let after = self.store.user(id);
        self.tell(|| {
            let one = after.invitation.as_ref();
            let shown = one.map(|one| (one.issue.get(), one.state, one.tries_left, one.batch));
            let (enabled, mark) = (after.enabled, after.address_mark);
            format!("user {id}: {shown:?} enabled {enabled} {mark:?}")
        });
        if let Some(before) = self.last(id) {
            self.must(before.devices <= after.devices, || {
                format!("user {id} lost a device")
            });
            self.judge_issue(&before, &after);
        }
        self.users.entry(id).or_default().push((seq, after));
    }

    fn judge_issue(&mut self, before: &User, after: &User) {
        let (id, now) = (after.id, self.now);
        let (latest, was) = (after.latest_issue, before.latest_issue);
        self.must(latest == was || latest == was.next(), || {
            format!("the latest issue of user {id} went from {was:?} to {latest:?}")
        });
        let Some(invitation) = &after.invitation else {
            self.must(before.invitation.is_none(), || {
                format!("user {id} lost an invitation")
            });
            return;
        };
        self.must(invitation.issue == latest, || {
            format!("the invitation of user {id} is not of their latest issue")
        });
        let without_mail = self.in_step || matches!(self.view().job, Job::HandOver { .. });
        if latest != was && without_mail {
            self.given_out.insert((id, latest));
        }
        let by_hand = self.given_out.contains(&(id, latest));
        let mail_is_there = by_hand || self.mails.contains_key(&invitation.mail);
        self.must(mail_is_there, || {
            format!("user {id} was invited without a mail")
        });
        self.must(invitation.tries_left <= invitation.pin.tries, || {
            format!("user {id} has more tries than their policy gives")
        });
        let open = invitation
            .sessions
            .iter()
            .filter(|slot| now < slot.until)
            .count();
        self.must(open <= MAX_SESSIONS, || {
            format!("user {id} has {open} open sessions")
        });
        let moved = before.email.as_str() != after.email.as_str();
        if latest != was {
            self.issued(id, invitation);
            return;
        }
        let Some(earlier) = &before.invitation else {
            return;
        };
        // What lies in a mailbox that turned out to be another's must not open anything any more. An open invitation
        // stays with whoever was disabled as they moved, with another secret; else a new issue follows them.
        let taken_back = matches!(earlier.state, S::Cancelled | S::Declined);
        let open = is_live(earlier.state) && now < earlier.expires_at;
        self.must(!(moved && open && after.enabled), || {
            format!("user {id} moved, and their secret lies in the old mailbox")
        });
        let other_secret = earlier.nonce != invitation.nonce;
        self.must(other_secret == (moved && (taken_back || open)), || {
            format!("issue {latest:?} of user {id}: moved {moved}, another secret {other_secret}")
        });
        if let Some(issue) = self.issues.get_mut(&(id, latest)) {
            issue.invitation.nonce = invitation.nonce.clone();
        }
        let same = (&earlier.key, earlier.issued_at, earlier.expires_at)
            == (&invitation.key, invitation.issued_at, invitation.expires_at);
        self.must(same, || {
            format!("issue {latest:?} of user {id} became another")
        });
        let (from, to) = (earlier.state, invitation.state);
        // A right PIN held the last try while a wrong one found none left.
        let unlocked = (from, to) == (S::Locked, S::Pending)
            && self.view().tries.contains(&(id, latest))
            && invitation.tries_left > 0;
        self.must(unlocked || may_become(from, to), || {
            format!("issue {latest:?} of user {id} went from {from:?} to {to:?}")
        });
        if from != to && to == S::Expired {
            self.must(now >= invitation.expires_at, || {
                format!("user {id} expired too early")
            });
        }
    }

    fn issued(&mut self, user: UserId, invitation: &Invitation) {
        let number = invitation.issue;
        self.counts.issues += 1;
        let issue = Issue {
            invitation: invitation.clone(),
            wrong: 0,
            kept: 0,
            sessions: Vec::new(),
        };
        let again = self.issues.insert((user, number), issue).is_some();
        self.must(!again, || {
            format!("user {user} had two secrets of issue {number:?}")
        });
        self.must(invitation.state == S::Pending, || {
            format!("user {user} was issued a dead one")
        });
        self.must(invitation.renewals <= 3, || {
            format!("user {user} renewed too often")
        });
        if !self.in_step && matches!(self.view().job, Job::Expand(_)) {
            let Some(batch) = invitation.batch else {
                self.blame(|| format!("user {user} was invited by no batch"));
                return;
            };
            let times = self.invited.entry((batch, user)).or_default();
            *times += 1;
            let once = *times == 1;
            self.must(once, || format!("batch {batch} invited user {user} twice"));
        }
    }

    /// A change of a user was written, with everything that belongs to it.
    pub(super) fn saved(&mut self, change: &UserChange) {
        let id = change.user.id;
        let before = self.last(id);
        self.view().wrote.insert(id);
        for row in &change.history {
            self.happened(row);
        }
        for mail in &change.mails {
            self.mail_written(mail.id);
        }
        self.user_written(id);
        if let Some((batch, _)) = &change.batch {
            self.batch_started(batch, None);
            self.must(self.store.user(id).invited_as_joiner, || {
                format!("user {id} is invited as a joiner, and their row does not say so")
            });
        }
        let Some(before) = before else { return };
        self.judge_asked(change);
        self.judge_again(change);
        self.judge_told(change);
        self.judge_reminder(&before, change);
        let after = self.store.user(id);
        if let (Some(one), Some(other)) = (&before.invitation, &after.invitation)
            && self.view().tries.contains(&(id, one.issue))
        {
            let back = other.tries_left == (one.tries_left + 1).min(one.pin.tries);
            self.view().given_back |= back;
            self.must(back, || {
                format!("user {id} showed the right PIN and lost a try")
            });
        }
        if let Some(session) = change.session.as_ref().filter(|one| one.device.is_none()) {
            self.opened(&before, &after, session);
            self.judge_choice(&before, &after, &session.digest);
        }
        if let Some(registration) = &change.registration {
            self.view().registered = true;
            self.judge_registration(&before, change, registration);
            self.judge_limit(&before, change, registration);
        }
    }

    /// A PIN that opens nothing is not mailed again.
    fn judge_again(&mut self, change: &UserChange) {
        let again = |mail: &Mail| {
            mail.version == Version::FIRST
                && matches!(mail.kind, MailKind::Invitation { again: true, .. })
        };
        let Some(invitation) = &change.user.invitation else {
            return;
        };
        let (id, no_try) = (change.user.id, invitation.tries_left == 0);
        let dead = invitation.method.uses_pin() && (no_try || invitation.state != S::Pending);
        let mailed = change.mails.iter().any(again);
        self.must(!mailed || !dead, || {
            format!("user {id} was mailed a PIN that opens nothing")
        });
    }

    /// A user whose secret was given out is told by mail, unless no mail reaches them; when somebody says
    /// that an invitation was not for them, administrators are told who want to be.
    fn judge_told(&mut self, change: &UserChange) {
        let id = change.user.id;
        for row in &change.history {
            let of_hand_over = |mail: &&Mail| matches!(mail.kind, MailKind::HandOver { .. });
            let of_decline = |mail: &&Mail| matches!(mail.kind, MailKind::Notice { .. });
            match row.what {
                HistoryEvent::SecretHandedOver { .. } => {
                    let told = change.mails.iter().filter(of_hand_over).count();
                    let due = usize::from(change.user.address_mark.is_none());
                    self.must(told == due, || {
                        format!("user {id}: a secret was given out, and {told} mails say so")
                    });
                }
                HistoryEvent::InvitationDeclined { .. } => {
                    let told = change.mails.iter().filter(of_decline).count();
                    let settings = self.view().settings.clone();
                    let due = settings.map_or(0, |one| {
                        let administrators = one.settings.administrators;
                        usize::from(administrators.on_decline) * administrators.addresses.len()
                    });
                    self.must(told == due, || {
                        format!("user {id} declined: {told} are told, {due} want to be")
                    });
                }
                _ => {}
            }
        }
    }

    /// Mails that public routes cause are counted.
    fn judge_asked(&mut self, change: &UserChange) {
        if !matches!(self.view().job, Job::RequestPin(_)) {
            return;
        }
        let mails = change.user.asked.map_or(0, |asked| asked.mails);
        let id = change.user.id;
        self.counts.asked += 1;
        self.must((1..=5).contains(&mails), || {
            format!("user {id} was sent {mails} mails a day for the asking")
        });
    }

    /// A session was opened: the issue must have been open in that very moment.
    fn opened(&mut self, before: &User, after: &User, session: &Session) {
        let (seq, now) = self.moment();
        let (user, issue) = (session.user, session.issue);
        let read_at = self.view().users.get(&user).map_or(now, |(_, at)| *at);
        let by_pin = matches!(
            self.view().job,
            Job::Show {
                shown: Shown::Pin(_),
                ..
            }
        );
        let took = self.view().tries.contains(&(user, issue));
        for row in [before, after] {
            let open = row.enabled
                && row.invitation.as_ref().is_some_and(|one| {
                    one.issue == issue && is_live(one.state) && read_at < one.expires_at
                });
            self.must(open, || {
                let state = row.invitation.as_ref().map(|one| (one.issue, one.state));
                format!("a secret of user {user}, {issue:?}, was accepted while {state:?}")
            });
        }
        self.must(!by_pin || took, || {
            format!("a PIN of user {user} was accepted without a try")
        });
        self.counts.accepted += 1;
        self.sessions
            .insert(session.digest.clone(), (user, issue, seq));
        self.opened_at
            .insert(session.digest.clone(), session.opened_at);
        let Some(of) = self.issues.get_mut(&(user, issue)) else {
            return;
        };
        let slots = after
            .invitation
            .as_ref()
            .map_or(0, |one| one.sessions.len());
        of.sessions.retain(|until| now < *until);
        of.sessions.push(session.expires_at);
        let slotted = slots > 0;
        self.must(slotted, || {
            format!("a session of user {user} takes no place")
        });
    }

    /// What was accepted must be the right secret of the issue whose session opened.
    pub(super) fn accepted(&mut self, task: u64, what: (UserId, Shown), id: RegistrationId) {
        let (user, shown) = what;
        let opened = self.sessions.get(&id.digest()).copied();
        let right = match (shown, opened) {
            (Shown::Pin(issue) | Shown::Token(issue), Some((of, opened, _))) => {
                of == user && opened == issue
            }
            (Shown::WrongPin, _) | (_, None) => false,
        };
        self.must(right, || {
            format!("task #{task}: {shown:?} of user {user} opened {opened:?}")
        });
        self.counts.answered += 1;
        self.registration_ids.push((user, id));
    }

    /// A try was taken.
    pub(super) fn try_taken(&mut self, user: UserId, issue: IssueNumber) {
        self.read_user(user);
        self.user_written(user);
        let (of, shown) = match &self.view().job {
            Job::Show { user, shown, .. } => (*user, *shown),
            _ => return,
        };
        // The PIN of an earlier issue is as wrong as any, and so is that of whoever had this address before.
        if of == user && shown == Shown::Pin(issue) {
            self.view().tries.push((user, issue));
            return;
        }
        self.counts.guesses += 1;
        let Some(of) = self.issues.get_mut(&(user, issue)) else {
            return;
        };
        of.wrong += 1;
        let (wrong, most) = (of.wrong, u32::from(of.invitation.pin.tries));
        self.must(wrong <= most, || {
            format!("user {user}, {issue:?}: wrong PIN {wrong} was compared, {most} are allowed")
        });
    }

    /// An attempt has its answer.
    pub(super) fn showed(&mut self, task: u64, must_be_back: bool) {
        let view = self.view();
        let kept = must_be_back && !view.tries.is_empty() && !view.given_back;
        self.must(!kept, || {
            format!("task #{task} showed the right PIN and lost a try")
        });
    }
}
