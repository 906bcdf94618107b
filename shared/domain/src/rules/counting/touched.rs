//! Whose numbers may have changed with a row, by what stands in it.

use crate::model::counting::{Member, Uncounted};
use crate::model::erasure::Tombstone;
use crate::model::invitation::Invitation;
use crate::model::mail::{Mail, MailKind, MailState};
use crate::model::user::User;
use crate::rules::issuing::mail_of_member;
use crate::values::ids::{BatchId, MailId, UserId};

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
    /// Whether it confirms the end of an invitation.
    pub confirms: bool,
}

impl From<&Mail> for ChangedMail {
    fn from(mail: &Mail) -> Self {
        Self {
            id: mail.id,
            user: mail.user,
            batch: mail.batch,
            counts_for: mail.counts_for.clone(),
            state: mail.state,
            confirms: matches!(mail.kind, MailKind::Confirmation { .. }),
        }
    }
}

/// Whose numbers may have changed with a mail's row: of the batch's own mails, of those that followed them, and of
/// confirmations that arrived.
pub fn touched_by_mail(mail: &ChangedMail) -> impl Iterator<Item = Uncounted> + use<> {
    let user = mail.user;
    let own = mail.batch.filter(|batch| {
        let member = Member {
            batch: *batch,
            user,
        };
        mail_of_member(member) == mail.id && invitation_counts(mail.state)
    });
    let others = mail.counts_for.clone().into_iter();
    let counts = if mail.confirms {
        confirmation_counts(mail.state)
    } else {
        invitation_counts(mail.state)
    };
    let others = others.filter(|_| counts);
    let batches: Vec<BatchId> = own.into_iter().chain(others).collect();
    batches
        .into_iter()
        .map(move |batch| Uncounted::Person(Member { batch, user }))
}

/// Whether numbers may be others once a mail that an invitation was put into stands so. On its way to the mail service it counts as
/// it did before, and it does not stay there.
const fn invitation_counts(state: MailState) -> bool {
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
