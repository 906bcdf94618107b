//! The rules for mails: which may be claimed, which may be handed over again, and whether what
//! their rows say is true.

use beckon_domain::model::invitation::{Invitation, InvitationState};
use beckon_domain::model::mail::{Mail, MailEvent, MailKind, MailState};
use beckon_domain::model::mail_service::SendAnswer;
use beckon_domain::model::settings::Settings;
use beckon_domain::model::user::User;
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::ids::MailId;
use jiff::Timestamp;

use super::jobs::{Job, Record};
use super::ledger::{Gone, HandOver, Ledger, MailStory};
use super::ledger_answers::allows;

/// Whether an invitation can still be accepted, by what its row says.
pub(super) const fn is_live(state: InvitationState) -> bool {
    matches!(state, InvitationState::Pending | InvitationState::Locked)
}

/// Whether a user is not to get this mail, by name of the reason.
fn holds(code: &str, mail: &Mail, user: &User, now: Timestamp) -> bool {
    let issue = mail.kind.carries();
    let ended = |one: &Invitation| match mail.kind {
        MailKind::Reminder { .. } => one.state_at(now) != InvitationState::Pending,
        MailKind::Invitation { .. }
        | MailKind::Confirmation { .. }
        | MailKind::HandOver { .. }
        | MailKind::Notice { .. }
        | MailKind::Test(_) => !is_live(one.state) || now >= one.expires_at,
    };
    let current = user.invitation.as_ref();
    if !mail.kind.goes_to_the_user() {
        return false;
    }
    match code {
        "noUser" => !user.enabled,
        "addressMarked" => user.address_mark.is_some(),
        "superseded" => issue.is_some() && current.map(|one| one.issue) != issue,
        "invitationEnded" => {
            issue.is_some() && current.is_some_and(|one| Some(one.issue) == issue && ended(one))
        }
        _ => false,
    }
}

/// Whether a mail goes only to whom the settings let be invited.
const fn invites(mail: &Mail) -> bool {
    match mail.kind {
        MailKind::Invitation { .. } | MailKind::Reminder { .. } | MailKind::HandOver { .. } => true,
        MailKind::Confirmation { .. } | MailKind::Notice { .. } | MailKind::Test(_) => false,
    }
}

impl Ledger {
    /// A run of the delivery worker claimed a mail: it must have been wanted in that very moment, by the
    /// user's row; and by what goes by time or by the batch, when the run took the mail up.
    pub(super) fn claimed(&mut self, mail: &Mail) {
        let (seq, now) = self.moment();
        // Before the row is noted as written, with which the run lets go of what it had read.
        let (read, read_at) = self.view().mails.get(&mail.id).copied().unwrap_or((0, now));
        self.mail_written(mail.id);
        let (id, user) = (mail.id, self.store.find_user(mail.user));
        let somebody = user.is_some() || !mail.kind.goes_to_the_user();
        self.must(somebody, || {
            format!("mail {id} was claimed, and nobody is there")
        });
        if let Some(user) = user {
            for code in ["noUser", "addressMarked", "superseded", "invitationEnded"] {
                if holds(code, mail, &user, read_at) {
                    self.blame(|| format!("mail {id} was claimed though {code} held"));
                }
            }
            let allowed = |settings: &Settings| allows(settings, &user.email);
            let may_go = !invites(mail) || self.settings_were_lately(read_at, allowed);
            self.must(may_go, || {
                format!("mail {id} was claimed for an address that may not be invited")
            });
        }
        let stopped = mail.batch.and_then(|batch| self.stopped.get(&batch));
        if stopped.is_some_and(|(since, _)| *since < read) {
            let id = mail.id;
            self.blame(|| format!("mail {id} of a stopped batch was taken up and claimed"));
        }
        self.judge_lease(mail, read);
        self.view().claims.insert(mail.id, seq);
    }

    /// A run whose lease another has may finish what it had under way: no more mails than it may
    /// have in flight, and none that it took up after it was told.
    fn judge_lease(&mut self, mail: &Mail, read: u64) {
        let (id, most) = (mail.id, self.in_flight);
        let view = self.view();
        let right_run = mail.run == view.run;
        let told = view.told_so.is_some_and(|told| told < read);
        let lost = view.lease_lost.is_some();
        view.claims_since += usize::from(lost);
        let too_many = lost && view.claims_since > most;
        self.must(right_run, || {
            format!("mail {id} was claimed in the name of another run")
        });
        self.must(!told, || {
            format!("mail {id} was taken up by a run that knew its lease gone")
        });
        self.must(!too_many, || {
            format!("a run whose lease another has claimed mail {id} beyond what it had under way")
        });
    }

    /// A mail is handed to the service. A second time is right only if nothing was known of the
    /// first.
    pub(super) fn handed_over(&mut self, id: MailId, taken: bool, answer: &SendAnswer) {
        let silent = matches!(answer, SendAnswer::NoAnswer { .. });
        let for_all = matches!(
            answer,
            SendAnswer::QuotaUsedUp | SendAnswer::AccountRefused { .. }
        );
        self.view().pausing |= for_all;
        if let Some(story) = self.mails.get_mut(&id) {
            story.refused |= matches!(answer, SendAnswer::MailRefused { .. });
            story.unverified |= matches!(answer, SendAnswer::RecipientNotVerified { .. });
        }
        let (seq, task) = (self.moment().0, self.task);
        let claim = self.view().claims.get(&id).copied();
        self.must(claim.is_some(), || {
            format!("mail {id} was handed over without a claim")
        });
        let claim = claim.unwrap_or(seq);
        self.counts.hand_overs += 1;
        let Some(story) = self.mails.get_mut(&id) else {
            return;
        };
        let known = story.sent.is_some_and(|sent| sent < claim);
        let reported = story.reported.is_some_and(|reported| reported < claim);
        let before = story
            .hand_overs
            .iter()
            .rev()
            .find(|before| before.taken)
            .copied();
        let never_taken = story.hand_overs.iter().all(|before| !before.taken);
        story.hand_overs.push(HandOver {
            seq,
            task,
            taken,
            silent,
        });
        self.must(!known, || {
            format!("mail {id} was claimed again though it was known to be sent")
        });
        self.must(!reported, || {
            format!("mail {id} was claimed again though the service had named it")
        });
        let Some(before) = before.filter(|_| taken && !never_taken) else {
            return;
        };
        self.counts.twice += 1;
        // Both are under way: one of them was claimed by a run that has stood still since.
        let overlaps = claim < before.seq;
        let gone = self.gone.get(&before.task).copied();
        let lost_lease = self
            .views
            .get(&before.task)
            .is_some_and(|view| view.ever_lost);
        let counts = &mut self.counts;
        match gone {
            _ if before.silent => counts.twice_unanswered += 1,
            Some((Gone::Killed | Gone::Failed, _)) => counts.twice_killed += 1,
            Some((Gone::Well, true)) => counts.twice_stalled += 1,
            None if lost_lease => counts.twice_stalled += 1,
            _ if overlaps => counts.twice_stalled += 1,
            Some((Gone::Well, false)) | None => {
                self.blame(|| {
                    format!("mail {id} went out twice, and nothing had happened to the first run")
                });
            }
        }
    }

    /// A report of the mail service was taken in.
    pub(super) fn reported(&mut self, feedback: &Feedback) {
        let seq = self.moment().0;
        let sent = matches!(
            feedback.event,
            MailEvent::Accept
                | MailEvent::Delay
                | MailEvent::Deliver
                | MailEvent::SoftBounce
                | MailEvent::HardBounce
                | MailEvent::Complain
        );
        if let Some(story) = self.mails.get_mut(&feedback.mail).filter(|_| sent) {
            story.reported.get_or_insert(seq);
        }
    }

    /// A mail's row was written.
    pub(super) fn mail_written(&mut self, id: MailId) {
        let seq = self.moment().0;
        let row = self.store.mail(id);
        if row.state == MailState::Waiting {
            self.asked.push(Record::Mail);
        }
        let before = self.mails.get(&id).map(|story| story.row.clone());
        self.tell(|| {
            let why = row.reason.as_ref().map_or("", |reason| &reason.code);
            format!(
                "mail {id} of user {}: {:?} {why} {:?}",
                row.user, row.state, row.kind
            )
        });
        match &before {
            None => self.counts.mails += 1,
            Some(before) => {
                let kept = !before.state.was_sent() || row.state.was_sent();
                self.must(kept, || {
                    format!("mail {id} was sent, and its row no longer says so")
                });
                let same =
                    (&before.kind, before.user, before.batch) == (&row.kind, row.user, row.batch);
                self.must(same, || format!("mail {id} became another mail"));
            }
        }
        let expanded = matches!(self.view().job, Job::Expand(_));
        let story = self.mails.entry(id).or_insert_with(|| MailStory {
            row: row.clone(),
            expanded,
            hand_overs: Vec::new(),
            sent: None,
            reported: None,
            refused: false,
            unverified: false,
        });
        story.row = row.clone();
        if row.state.was_sent() {
            story.sent.get_or_insert(seq);
            let taken = story.hand_overs.iter().any(|one| one.taken);
            self.must(taken, || {
                format!("mail {id} is said to be sent, and nobody took it")
            });
        }
        let changed = before.is_none_or(|before| before.state != row.state);
        if changed && row.state == MailState::Dropped {
            self.judge_drop(&row);
        }
        if changed && row.state == MailState::Failed {
            let code = row
                .reason
                .as_ref()
                .map_or("", |reason| reason.code.as_str());
            let story = &self.mails[&id];
            let right = match code {
                "refused" => story.refused,
                "recipientNotVerified" => story.unverified,
                _ => false,
            };
            self.must(right, || {
                format!("mail {id} failed for {code}, which is not so")
            });
        }
        self.let_go(id);
    }

    /// What a dropped mail gives as the reason must have held since the run looked.
    fn judge_drop(&mut self, mail: &Mail) {
        let now = self.now;
        let read = self.view().mails.get(&mail.id).copied();
        let (since, read_at) = read.unwrap_or((0, now));
        let code = mail
            .reason
            .as_ref()
            .map_or("", |reason| reason.code.as_str());
        let id = mail.id;
        self.counts.dropped += 1;
        if code == "batchStopped" {
            let stop = mail
                .batch
                .and_then(|batch| self.stopped.get(&batch))
                .copied();
            self.must(stop.is_some(), || {
                format!("mail {id} was dropped for a stop nobody asked")
            });
            // A page that was under way when the batch was stopped may still have written it.
            let expanded = self.mails.get(&id).is_some_and(|story| story.expanded);
            let after = stop.is_some_and(|(_, at)| mail.created_at > at);
            self.must(expanded || !after, || {
                format!("mail {id} was written after its batch was stopped, and dropped for it")
            });
            return;
        }
        let foreign = |user: &User| {
            self.settings_were_lately(read_at, |settings| !allows(settings, &user.email))
        };
        let true_then = match code {
            "noUser" if mail.kind.goes_to_the_user() && self.deleted.contains_key(&mail.user) => {
                true
            }
            "userDeleted" => !mail.kind.goes_to_the_user() && self.deleted.contains_key(&mail.user),
            "domainNotAllowed" => invites(mail) && self.was(mail.user, since, foreign),
            _ => self.was(mail.user, since, |user| holds(code, mail, user, now)),
        };
        self.must(true_then, || {
            format!("mail {id} was dropped for {code}, which is not so")
        });
    }
}
