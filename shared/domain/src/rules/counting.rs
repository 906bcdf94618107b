//! What counts as having become of a person's invitation by a batch.
//!
//! It is the issue that the batch made, or mailed again, with those that continue it: renewed at the
//! person's own request, or issued again to a corrected address. Once another takes its place, what it
//! had come to stays.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::batch::{Page, RecipientResult};
use crate::model::counting::{Bucket, Fate, Member, PageNumbers, Reached, Standing, Uncounted};
use crate::model::erasure::Tombstone;
use crate::model::history::{HistoryEntry, HistoryEvent};
use crate::model::invitation::{Invitation, InvitationState, InvitationSteps};
use crate::model::mail::{Mail, MailKind, MailState};
use crate::model::user::User;
use crate::rules::issuing::mail_of_member;
use crate::values::ids::{BatchId, IssueNumber, MailId, UserId};

/// For how long a confirmation is waited for before it is forgotten which it was. A mail that cannot be
/// delivered comes back after two days at most.
const ARRIVES_WITHIN: SignedDuration = SignedDuration::from_hours(3 * 24);

/// What is known of a member's invitation beside their mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Where it stands.
    pub standing: Standing,
    /// Whether and when its secret was accepted first.
    pub redeemed: Reached,
    /// Whether and when it was completed.
    pub registered: Reached,
    /// The mail that confirms that.
    pub confirmation: Option<MailId>,
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
    let InvitationSteps {
        redeemed_at,
        confirmation,
        ..
    } = invitation.steps.as_ref()?;
    let is_completed = invitation.state == InvitationState::Completed;
    Some(Known {
        standing: standing(invitation),
        redeemed: redeemed_at.map(Some),
        registered: is_completed.then_some(invitation.ended_at),
        confirmation: *confirmation,
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
            HistoryEvent::InvitationRedeemed { issue } if issues.contains(issue) => {
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
    })
}

/// What became of a member. `before` is what is counted of them: of whoever is gone, who was deleted,
/// nothing that was counted is taken back.
#[must_use]
pub fn fate_of(
    gone: bool,
    mail: &Mail,
    known: Option<Known>,
    confirmation: Option<&Mail>,
    before: Option<&Fate>,
) -> Fate {
    let known = known.unwrap_or(Known {
        // Their history is erased: what could still go on ended with them.
        standing: match before.map(|before| before.standing) {
            Some(ended @ (Standing::Completed | Standing::Replaced)) => ended,
            _ => Standing::Gone,
        },
        redeemed: None,
        registered: None,
        confirmation: None,
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
        again: matches!(mail.kind, MailKind::Invitation { again: true, .. }),
        steps: times(mail.created_at, reached),
    };
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
        HistoryEvent::InvitationIssued { batch, .. } => {
            batch.map(|batch| mail_of_member(Member { batch, user }))
        }
        HistoryEvent::InvitationMailedAgain { mail, .. } => Some(mail),
        HistoryEvent::InvitationCompleted { confirmation, .. } => confirmation,
        _ => None,
    };
    history.iter().filter_map(mail_of).collect()
}

/// Whether a confirmation may still arrive, and count: it has not, and is a few days old at most.
#[must_use]
pub fn may_still_arrive(mail: &Mail, now: Timestamp) -> bool {
    let is_under_way =
        mail.state.is_unsettled() || matches!(mail.state, MailState::Sent | MailState::Delayed);
    matches!(mail.kind, MailKind::Confirmation { .. })
        && is_under_way
        && now.duration_since(mail.created_at) < ARRIVES_WITHIN
}

/// Whose numbers may have changed with a user's row.
pub fn touched_by_user(user: &User) -> impl Iterator<Item = Uncounted> {
    let invitation = user.invitation.as_ref();
    let steps = invitation.and_then(|own| own.steps.as_ref());
    let replaced = steps.into_iter().flat_map(|steps| steps.replaced.clone());
    let own = invitation.into_iter().flat_map(Invitation::batches);
    let user = user.id;
    own.chain(replaced)
        .map(move |batch| Uncounted::Person(Member { batch, user }))
}

/// What is looked at of a mail to say whose numbers may have changed.
#[derive(Debug, Clone)]
pub struct ChangedMail {
    /// Which.
    pub id: MailId,
    /// Whom it is for.
    pub user: UserId,
    /// Its batch.
    pub batch: Option<BatchId>,
    /// Batches in whose numbers it counts though it is none of their mails.
    pub counts_for: Vec<BatchId>,
    /// Where it stands.
    pub state: MailState,
}

impl From<&Mail> for ChangedMail {
    fn from(mail: &Mail) -> Self {
        Self {
            id: mail.id,
            user: mail.user,
            batch: mail.batch,
            counts_for: mail.counts_for.clone(),
            state: mail.state,
        }
    }
}

/// Whose numbers may have changed with a mail's row: of the batch's own mails, and of confirmations that arrived.
pub fn touched_by_mail(mail: &ChangedMail) -> impl Iterator<Item = Uncounted> + use<> {
    let user = mail.user;
    let own = mail.batch.filter(|batch| {
        let member = Member {
            batch: *batch,
            user,
        };
        mail_of_member(member) == mail.id && own_mail_counts(mail.state)
    });
    let others = mail.counts_for.clone().into_iter();
    let others = others.filter(|_| confirmation_counts(mail.state));
    let batches: Vec<BatchId> = own.into_iter().chain(others).collect();
    batches
        .into_iter()
        .map(move |batch| Uncounted::Person(Member { batch, user }))
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

/// Whether numbers may be others once the batch's own mail stands so. On its way to the mail service it counts as
/// it did before, and it does not stay there.
const fn own_mail_counts(state: MailState) -> bool {
    match state {
        MailState::Sending | MailState::Unknown => false,
        MailState::Waiting
        | MailState::Sent
        | MailState::Dropped
        | MailState::Delayed
        | MailState::Delivered
        | MailState::SoftBounced
        | MailState::HardBounced
        | MailState::Complained
        | MailState::Failed => true,
    }
}

/// Whether numbers may be others once a confirmation stands so: it has arrived, or had and came back.
const fn confirmation_counts(state: MailState) -> bool {
    match state {
        MailState::Delivered
        | MailState::SoftBounced
        | MailState::HardBounced
        | MailState::Complained => true,
        MailState::Waiting
        | MailState::Sending
        | MailState::Unknown
        | MailState::Sent
        | MailState::Delayed
        | MailState::Failed
        | MailState::Dropped => false,
    }
}

/// Whose numbers change with what is left of a user who is deleted.
pub fn touched_by_deletion(left: &Tombstone) -> impl Iterator<Item = Uncounted> {
    let user = left.user;
    left.counts_for.iter().map(move |batch| {
        let batch = *batch;
        Uncounted::Person(Member { batch, user })
    })
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
    matches!(mail.state, MailState::Delivered | MailState::Complained).then_some(mail.delivered_at)
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
