//! What counts as having become of a person's invitation by a batch.
//!
//! It is the issue that the batch made, or mailed again, with those that continue it: renewed at the
//! person's own request, or issued again to a corrected address. Once another takes its place, what it
//! had come to stays.

mod latest_mail;
mod touched;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::batch::{Page, RecipientResult};
use crate::model::counting::{Bucket, Fate, Member, PageNumbers, Reached, Standing};
use crate::model::history::{HistoryEntry, HistoryEvent};
use crate::model::invitation::{Invitation, InvitationState, InvitationSteps};
use crate::model::mail::{Mail, MailKind, MailState};
use crate::model::user::User;
use crate::rules::issuing::mail_of_member;
use crate::values::ids::{BatchId, IssueNumber, MailId, UserId};
use latest_mail::later_mails_by_history;

pub use latest_mail::{followers, mail_that_counts};
pub use touched::{ChangedMail, touched_by_deletion, touched_by_mail, touched_by_user};

/// For how long a confirmation is waited for before it is forgotten which it was. A mail that cannot be
/// delivered comes back after two days at most.
const ARRIVES_WITHIN: SignedDuration = SignedDuration::from_hours(3 * 24);

/// What is known of a member's invitation beside their mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Where it stands.
    pub standing: Standing,
    /// Whether and when its secret was accepted first.
    pub redeemed: Reached,
    /// Whether and when it was completed.
    pub registered: Reached,
    /// The mail that confirms that.
    pub confirmation: Option<MailId>,
    /// The last few mails that it was put into after the first: mailed again, or issued again.
    pub later_mails: Vec<MailId>,
}

impl Known {
    /// What is taken to be so of somebody whose row is there and cannot be read, by their history.
    #[must_use]
    pub fn of_unreadable(by_history: Option<Self>) -> Self {
        let known = by_history.unwrap_or(Self {
            standing: Standing::Pending,
            redeemed: None,
            registered: None,
            confirmation: None,
            later_mails: Vec::new(),
        });
        let standing = match known.standing {
            Standing::Gone => Standing::Pending,
            other => other,
        };
        Self { standing, ..known }
    }
}

/// What a user's row says of a member. `None`: it says nothing, since another invitation took the place
/// of theirs, they are gone, or it is of before this was noted; then their history has to be read.
#[must_use]
pub fn known_by_row(member: Member, user: Option<&User>) -> Option<Known> {
    let invitation = current(member, user)?;
    let steps = invitation.steps.as_ref()?;
    let InvitationSteps {
        redeemed_at,
        confirmation,
        ..
    } = steps;
    let is_completed = invitation.state == InvitationState::Completed;
    Some(Known {
        standing: standing(invitation),
        redeemed: redeemed_at.map(Some),
        registered: is_completed.then_some(invitation.ended_at),
        confirmation: *confirmation,
        later_mails: steps.later_mails.clone(),
    })
}

/// The same by the history of somebody, in any order; `mail` is the batch's own to them. `None`: it is
/// erased, and nothing is known.
#[must_use]
pub fn known_by_history(
    member: Member,
    user: Option<&User>,
    mail: &Mail,
    history: &[HistoryEntry],
) -> Option<Known> {
    if user.is_none() && history.is_empty() {
        return None;
    }
    let issues = issues_of(member, mail, history);
    let mut redeemed: Option<Timestamp> = None;
    let mut registered: Option<(Timestamp, Option<MailId>)> = None;
    for row in history {
        match &row.what {
            HistoryEvent::InvitationRedeemed { issue, .. } if issues.contains(issue) => {
                redeemed = Some(redeemed.map_or(row.at, |first| first.min(row.at)));
            }
            HistoryEvent::InvitationCompleted {
                issue,
                confirmation,
                ..
            } if issues.contains(issue) => registered = Some((row.at, *confirmation)),
            _ => {}
        }
    }
    let was_last = history
        .iter()
        .filter_map(issued)
        .map(|(issue, _)| issue)
        .max()
        .is_none_or(|last| issues.contains(&last));
    let standing = match (current(member, user), registered) {
        (Some(invitation), _) => standing(invitation),
        (None, Some(_)) => Standing::Completed,
        (None, None) if user.is_none() && was_last => Standing::Gone,
        (None, None) => Standing::Replaced,
    };
    Some(Known {
        standing,
        redeemed: redeemed.map(Some),
        registered: registered.map(|(at, _)| Some(at)),
        confirmation: registered.and_then(|(_, confirmation)| confirmation),
        later_mails: later_mails_by_history(history, |issue| issues.contains(issue)),
    })
}

/// What became of a member, whom the batch invited by its `own` mail. `before` is what is counted of them: of
/// whoever is gone, who was deleted, nothing that was counted is taken back.
#[must_use]
pub fn fate_of(
    gone: bool,
    (own, later): (&Mail, &[Mail]),
    known: Option<&Known>,
    confirmation: Option<&Mail>,
    before: Option<&Fate>,
) -> Fate {
    let mail = mail_that_counts(own, later);
    let is_erased = known.is_none();
    let known = known.cloned().unwrap_or(Known {
        // Their history is erased: what could still go on ended with them.
        standing: match before.map(|before| before.standing) {
            Some(ended @ (Standing::Completed | Standing::Replaced)) => ended,
            _ => Standing::Gone,
        },
        redeemed: None,
        registered: None,
        confirmation: None,
        later_mails: Vec::new(),
    });
    let reached = [
        delivered(mail),
        known.redeemed,
        known.registered,
        confirmation.and_then(delivered),
    ];
    let mut fate = Fate {
        mail: as_counted(mail.state),
        standing: known.standing,
        again: matches!(own.kind, MailKind::Invitation { again: true, .. }),
        steps: times(own.created_at, reached),
    };
    // Which mail was the latest is erased, too.
    if let (true, Some(before)) = (is_erased, before) {
        fate.mail = before.mail;
        fate.steps[0] = before.steps[0];
    }
    if let (true, Some(before)) = (gone, before) {
        for (now, before) in fate.steps.iter_mut().zip(before.steps).skip(1) {
            *now = now.or(before);
        }
        if before.steps[2].is_some() {
            fate.standing = Standing::Completed;
        } else if before.standing == Standing::Replaced {
            fate.standing = Standing::Replaced;
        }
    }
    fate
}

/// The mails that say what counts of somebody, by their history: their invitations, mailed again or not, and
/// what confirmed the end of one.
#[must_use]
pub fn mails_that_count(user: UserId, history: &[HistoryEntry]) -> BTreeSet<MailId> {
    let mail_of = |row: &HistoryEntry| match row.what {
        HistoryEvent::InvitationIssued { batch, mail, .. } => {
            mail.or_else(|| batch.map(|batch| mail_of_member(Member { batch, user })))
        }
        HistoryEvent::InvitationMailedAgain { mail, .. } => Some(mail),
        HistoryEvent::InvitationCompleted { confirmation, .. } => confirmation,
        _ => None,
    };
    history.iter().filter_map(mail_of).collect()
}

/// Whether a mail may still arrive, and count: it has not, and is a few days old at most.
#[must_use]
pub fn may_still_arrive(mail: &Mail, now: Timestamp) -> bool {
    let is_under_way =
        mail.state.is_unsettled() || matches!(mail.state, MailState::Sent | MailState::Delayed);
    matches!(
        mail.kind,
        MailKind::Confirmation { .. } | MailKind::Invitation { .. }
    ) && is_under_way
        && now.duration_since(mail.created_at) < ARRIVES_WITHIN
}

/// A mail that is on its way to the mail service counts as one that waits.
const fn as_counted(state: MailState) -> MailState {
    match state {
        MailState::Waiting | MailState::Sending | MailState::Unknown => MailState::Waiting,
        MailState::Sent
        | MailState::Delayed
        | MailState::Delivered
        | MailState::SoftBounced
        | MailState::HardBounced
        | MailState::Complained
        | MailState::Failed
        | MailState::Dropped => state,
    }
}

/// What a page adds to the numbers of its batch.
#[must_use]
pub fn numbers_of(page: &Page) -> PageNumbers {
    let mut numbers = PageNumbers::default();
    for recipient in &page.recipients {
        match recipient.result {
            RecipientResult::Issued { .. } => {
                numbers.issued += 1;
                numbers.confirmed += u32::from(recipient.confirmation);
            }
            RecipientResult::Skipped { .. } => numbers.skipped += 1,
        }
    }
    numbers
}

/// The invitation of a user, if it is the member's.
fn current(member: Member, user: Option<&User>) -> Option<&Invitation> {
    let invitation = user?.invitation.as_ref()?;
    invitation
        .batches()
        .any(|batch| batch == member.batch)
        .then_some(invitation)
}

fn standing(invitation: &Invitation) -> Standing {
    match invitation.state {
        InvitationState::Pending if invitation.method.uses_pin() && invitation.tries_left == 0 => {
            Standing::Locked
        }
        InvitationState::None | InvitationState::Pending => Standing::Pending,
        InvitationState::Locked => Standing::Locked,
        InvitationState::Completed => Standing::Completed,
        InvitationState::Expired => Standing::Expired,
        InvitationState::Cancelled => Standing::Cancelled,
        InvitationState::Declined => Standing::Declined,
    }
}

/// The issue that the batch's mail carries, and those of the same batch that continue it.
fn issues_of(member: Member, mail: &Mail, history: &[HistoryEntry]) -> BTreeSet<IssueNumber> {
    let own = mail.kind.carries();
    // An issue that was mailed again is of the batch that made it.
    let made_by: Option<BatchId> = history
        .iter()
        .filter_map(issued)
        .find(|(issue, _)| Some(*issue) == own)
        .and_then(|(_, batch)| batch);
    let continued = history
        .iter()
        .filter_map(issued)
        .filter(|(_, batch)| batch.is_some() && (*batch == made_by || *batch == Some(member.batch)))
        .map(|(issue, _)| issue);
    own.into_iter().chain(continued).collect()
}

const fn issued(row: &HistoryEntry) -> Option<(IssueNumber, Option<BatchId>)> {
    match row.what {
        HistoryEvent::InvitationIssued { issue, batch, .. } => Some((issue, batch)),
        _ => None,
    }
}

/// Whether and when the recipient's server took a mail.
fn delivered(mail: &Mail) -> Reached {
    mail.state.has_arrived().then_some(mail.delivered_at)
}

/// How long each step took since the nearest one before it whose moment is known.
#[expect(
    clippy::option_option,
    reason = "not reached, and reached at a moment that nobody knows, are two things"
)]
fn times(invited_at: Timestamp, reached: [Reached; 4]) -> [Option<Option<Bucket>>; 4] {
    let mut last = invited_at;
    reached.map(|step| {
        step.map(|at| {
            let took = at.map(|at| Bucket::of(at.duration_since(last)));
            last = at.unwrap_or(last);
            took
        })
    })
}

#[cfg(test)]
mod tests;
