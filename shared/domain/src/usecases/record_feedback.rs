//! What the mail service reports of a mail after it took it: in any order, more than once, and
//! not always.

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::change::UserChange;
use crate::model::history::{Bounce, HistoryEntry, HistoryEvent};
use crate::model::mail::{Mail, MailEvent, MailReason, MailState};
use crate::model::user::{AddressSuppression, User};
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::mails::Mails;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::values::ids::{BatchId, IssueNumber, MailId};

/// A report.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// Of which mail.
    pub mail: MailId,
    /// What the service calls it.
    pub service_id: Option<String>,
    /// What happened.
    pub event: MailEvent,
    /// Why, without addresses.
    pub reason: Option<MailReason>,
    /// When, as reported.
    pub at: Timestamp,
}

/// What a report came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackOutcome {
    /// The mail's state changed.
    Changed,
    /// The mail of a batch came back for good. Said again when it is reported again, so that
    /// whoever counts misses none.
    Bounced {
        /// Which batch.
        batch: BatchId,
    },
    /// It says nothing new.
    Nothing,
    /// It is of no mail of ours.
    NotOurs,
}

/// Records reports.
#[derive(Debug, Clone)]
pub struct RecordFeedback<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Users + Mails>> RecordFeedback<E> {
    /// Records a report.
    pub async fn run(&self, feedback: &Feedback) -> Result<FeedbackOutcome, Unavailable> {
        let mut turns = Turns::new(&self.env, "recording a report of the mail service");
        loop {
            let Some(mail) = self.env.store().load_mail(feedback.mail).await? else {
                return Ok(FeedbackOutcome::NotOurs);
            };
            let Ok(after) = mail.after(feedback.event) else {
                return Ok(FeedbackOutcome::Nothing);
            };
            let service_id = mail
                .service_id
                .clone()
                .or_else(|| feedback.service_id.clone());
            let outcome = match (after.state, mail.batch) {
                (MailState::HardBounced, Some(batch)) => FeedbackOutcome::Bounced { batch },
                _ => FeedbackOutcome::Changed,
            };
            if after.state == mail.state && service_id == mail.service_id {
                return Ok(match outcome {
                    FeedbackOutcome::Bounced { .. } => outcome,
                    _ => FeedbackOutcome::Nothing,
                });
            }
            let after = Mail {
                reason: if after.state == mail.state {
                    mail.reason.clone()
                } else {
                    feedback.reason.clone()
                },
                service_id,
                delivered_at: match after.state {
                    MailState::Delivered | MailState::Complained => {
                        after.delivered_at.or(Some(feedback.at))
                    }
                    _ => after.delivered_at,
                },
                ..after
            };
            if self.write(&mail, after, feedback).await? {
                return Ok(outcome);
            }
            turns.another().await?;
        }
    }

    /// Writes the mail with what follows from it; `false` if somebody wrote meanwhile.
    async fn write(
        &self,
        before: &Mail,
        after: Mail,
        feedback: &Feedback,
    ) -> Result<bool, Unavailable> {
        // A report that only adds the service's id says nothing new of the address.
        let news = before.state != after.state && after.kind.goes_to_the_user();
        let mark = match after.state {
            MailState::HardBounced => news.then_some(AddressSuppression::HardBounced),
            MailState::Complained => news.then_some(AddressSuppression::Complained),
            MailState::Waiting
            | MailState::Sending
            | MailState::Unknown
            | MailState::Sent
            | MailState::Delayed
            | MailState::Delivered
            | MailState::SoftBounced
            | MailState::Failed
            | MailState::Dropped => None,
        };
        let told = self.row(before, &after, feedback, None);
        if mark.is_none() && told.is_none() {
            return self.write_mail(&after, None).await;
        }
        // Of somebody who was deleted, all may be erased already, and nothing would find a row that is
        // written after that.
        let Some(user) = self.env.store().load_user(after.user).await? else {
            return self.write_mail(&after, None).await;
        };
        let Some(mark) = mark else {
            return self.write_mail(&after, told.as_ref()).await;
        };
        // It came back from an address that has been corrected since.
        if user
            .address_since
            .is_some_and(|since| after.created_at < since)
        {
            return self.write_mail(&after, told.as_ref()).await;
        }
        let is_news = after.kind.carries().is_some() || user.address_mark != Some(mark);
        let history = self
            .row(before, &after, feedback, Some(mark))
            .filter(|_| is_news);
        let change = UserChange::next(User {
            address_mark: Some(mark),
            ..user
        })
        .with_history(history)
        .with_mails([after]);
        Ok(self.env.store().save_user(&change).await?.is_saved())
    }

    async fn write_mail(
        &self,
        mail: &Mail,
        history: Option<&HistoryEntry>,
    ) -> Result<bool, Unavailable> {
        SaveError::was_written(self.env.store().save_mail(mail, history).await)
    }

    fn row(
        &self,
        before: &Mail,
        after: &Mail,
        feedback: &Feedback,
        mark: Option<AddressSuppression>,
    ) -> Option<HistoryEntry> {
        if before.state == after.state {
            return None;
        }
        let mail = after.id;
        let what = match (after.kind.carries(), mark) {
            (Some(_), _) if after.state == MailState::Failed => HistoryEvent::failure_of(after)?,
            (Some(issue), mark) => of_invitation(issue, after, mark)?,
            // Whoever reads why nothing is sent any more finds it, whichever mail it was.
            (None, Some(mark)) => HistoryEvent::AddressMarked { mail, mark },
            (None, None) => return None,
        };
        let row = self
            .env
            .happened(after.user, feedback.at, Actor::MailService, what);
        Some(row)
    }
}

/// What is told of a mail that carries an issue.
const fn of_invitation(
    issue: IssueNumber,
    after: &Mail,
    mark: Option<AddressSuppression>,
) -> Option<HistoryEvent> {
    let mail = after.id;
    let bounce = match after.state {
        MailState::Delivered => return Some(HistoryEvent::InvitationDelivered { issue, mail }),
        MailState::SoftBounced => Bounce::Soft,
        MailState::HardBounced => Bounce::Hard,
        MailState::Complained => Bounce::Complaint,
        MailState::Waiting
        | MailState::Sending
        | MailState::Unknown
        | MailState::Sent
        | MailState::Delayed
        | MailState::Failed
        | MailState::Dropped => return None,
    };
    Some(HistoryEvent::InvitationBounced {
        issue,
        mail,
        bounce: Some(bounce),
        mark,
    })
}
