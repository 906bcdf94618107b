//! A mail: one message on its way, beside the invitation and never instead of it. A mail can
//! bounce while the PIN that was read out on the phone still works.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::stored::Carried;
use crate::model::template::{TemplateName, Wording};
use crate::values::address::EmailAddress;
use crate::values::ids::{
    BatchId, DeviceId, IssueNumber, MailId, RequestId, RunId, UserId, Version,
};
use crate::values::method::Method;
use crate::values::names::{GroupName, Label};

/// What a mail is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum MailKind {
    /// An issue of an invitation.
    #[serde(rename_all = "camelCase")]
    Invitation {
        /// Which issue.
        issue: IssueNumber,
        /// Whether it replaces one that was open.
        replaces: bool,
        /// Whether a mail of the issue was written before.
        #[serde(default)]
        again: bool,
        /// That mail, if it may say whether the person ever got one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<MailId>,
    },
    /// A reminder of an issue that is open.
    #[serde(rename_all = "camelCase")]
    Reminder {
        /// Which issue.
        issue: IssueNumber,
        /// Whether no further one will come.
        last: bool,
    },
    /// A registration that succeeded.
    #[serde(rename_all = "camelCase")]
    Confirmation {
        /// Of which device.
        device: DeviceId,
    },
    /// To the person: their secret was given out without a mail.
    #[serde(rename_all = "camelCase")]
    HandOver {
        /// Of which issue.
        issue: IssueNumber,
        /// Of which method.
        method: Method,
        /// Until when it is good.
        expires_at: Timestamp,
        /// Who gave it out, as mails name them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Label>,
        /// Why, as they typed it.
        reason: Label,
    },
    /// To an administrator: what became of somebody's invitation.
    #[serde(rename_all = "camelCase")]
    Notice {
        /// The administrator.
        to: EmailAddress,
        /// What.
        about: NoticeOf,
    },
    /// A wording that is tried: it belongs to no user.
    Test(Box<TestMail>),
}

/// What an administrator is told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum NoticeOf {
    /// The person said "this was not me".
    #[serde(rename_all = "camelCase")]
    Declined {
        /// When it was issued.
        issued_at: Timestamp,
        /// Who had invited, as mails name them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invited_by: Option<Label>,
    },
    /// A device was registered.
    #[serde(rename_all = "camelCase")]
    Completed {
        /// Which.
        device: DeviceId,
    },
}

/// A wording that somebody has mailed to them to look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestMail {
    /// To whom.
    pub to: EmailAddress,
    /// Which wording.
    pub template: TemplateName,
    /// What it says, if that is not yet kept; otherwise what holds when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Wording>,
}

impl MailKind {
    /// The issue whose secret it carries, if it carries one.
    #[must_use]
    pub const fn carries(&self) -> Option<IssueNumber> {
        match self {
            Self::Invitation { issue, .. } | Self::Reminder { issue, .. } => Some(*issue),
            Self::Confirmation { .. }
            | Self::HandOver { .. }
            | Self::Notice { .. }
            | Self::Test(_) => None,
        }
    }

    /// Whether it is about an invitation that is open, to the person who is invited.
    #[must_use]
    pub const fn invites(&self) -> bool {
        match self {
            Self::Invitation { .. } | Self::Reminder { .. } | Self::HandOver { .. } => true,
            Self::Confirmation { .. } | Self::Notice { .. } | Self::Test(_) => false,
        }
    }

    /// Whether it goes to the user it is about, at their registered address.
    #[must_use]
    pub const fn goes_to_the_user(&self) -> bool {
        match self {
            Self::Invitation { .. }
            | Self::Reminder { .. }
            | Self::Confirmation { .. }
            | Self::HandOver { .. } => true,
            Self::Notice { .. } | Self::Test(_) => false,
        }
    }

    /// A word for tags and counts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::Reminder { .. } => "reminder",
            Self::Confirmation { .. } => "confirmation",
            Self::HandOver { .. } => "handOver",
            Self::Notice { .. } => "notice",
            Self::Test(_) => "test",
        }
    }
}

/// Whether a mail may overtake others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MailClass {
    /// From a small batch, or from no batch: first.
    Small,
    /// From a large batch: after the small ones.
    Bulk,
}

/// The most users a batch may have for its mails to count as small.
pub const MAX_SMALL_BATCH: usize = 25;

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum MailState {
    /// Due at its time.
    Waiting,
    /// Claimed by a run of the delivery worker.
    Sending,
    /// It was handed over and no answer came; the mail service may or may not have taken it.
    Unknown,
    /// Taken by the mail service.
    Sent,
    /// The recipient's server makes the mail service wait.
    Delayed,
    /// Taken by the recipient's server.
    Delivered,
    /// Sent back for now: full, too large, …
    SoftBounced,
    /// Sent back for good: no such mailbox.
    HardBounced,
    /// The recipient called it spam.
    Complained,
    /// Refused by the mail service, for what it is: when it was handed over, or after that.
    Failed,
    /// It was no longer wanted before it went.
    Dropped,
}

impl MailState {
    /// Every state.
    pub const ALL: [Self; 11] = [
        Self::Waiting,
        Self::Sending,
        Self::Unknown,
        Self::Sent,
        Self::Delayed,
        Self::Delivered,
        Self::SoftBounced,
        Self::HardBounced,
        Self::Complained,
        Self::Failed,
        Self::Dropped,
    ];

    /// The name in lists and filters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::SoftBounced => "softBounced",
            Self::HardBounced => "hardBounced",
            Self::Complained => "complained",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// Whether the delivery worker or maintenance still has something to do for it.
    #[must_use]
    pub const fn is_unsettled(self) -> bool {
        match self {
            Self::Waiting | Self::Sending | Self::Unknown => true,
            Self::Sent
            | Self::Delayed
            | Self::Delivered
            | Self::SoftBounced
            | Self::HardBounced
            | Self::Complained
            | Self::Failed
            | Self::Dropped => false,
        }
    }

    /// Whether the mail service has taken it.
    #[must_use]
    pub const fn was_sent(self) -> bool {
        match self {
            Self::Sent
            | Self::Delayed
            | Self::Delivered
            | Self::SoftBounced
            | Self::HardBounced
            | Self::Complained => true,
            Self::Waiting | Self::Sending | Self::Unknown | Self::Failed | Self::Dropped => false,
        }
    }

    /// Whether the recipient's server took it, though they may have called it spam since.
    #[must_use]
    pub const fn has_arrived(self) -> bool {
        matches!(self, Self::Delivered | Self::Complained)
    }
}

/// What can happen to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailEvent {
    /// The delivery worker takes it.
    Claim,
    /// The mail service took it, by its answer or by its *Send* event.
    Accept,
    /// The mail service will not take it now.
    Defer,
    /// The mail service will not take it, now or ever.
    Refuse,
    /// The mail service took it, and then would not send it: it found a virus, for example.
    Reject,
    /// No answer came, or the run that held it is gone.
    LoseAnswer,
    /// Nothing was heard of it in time; it may be sent again.
    StopWaiting,
    /// It is no longer wanted.
    Drop,
    /// The recipient's server makes the mail service wait.
    Delay,
    /// The recipient's server took it.
    Deliver,
    /// It came back for now.
    SoftBounce,
    /// It came back for good.
    HardBounce,
    /// The recipient called it spam.
    Complain,
}

impl MailEvent {
    /// Every event.
    pub const ALL: [Self; 13] = [
        Self::Claim,
        Self::Accept,
        Self::Defer,
        Self::Refuse,
        Self::Reject,
        Self::LoseAnswer,
        Self::StopWaiting,
        Self::Drop,
        Self::Delay,
        Self::Deliver,
        Self::SoftBounce,
        Self::HardBounce,
        Self::Complain,
    ];

    /// What the mail service reports, by the state it speaks of.
    const fn reported(self) -> Option<MailState> {
        match self {
            Self::Accept => Some(MailState::Sent),
            Self::Delay => Some(MailState::Delayed),
            Self::Deliver => Some(MailState::Delivered),
            Self::SoftBounce => Some(MailState::SoftBounced),
            Self::HardBounce => Some(MailState::HardBounced),
            Self::Complain => Some(MailState::Complained),
            Self::Refuse | Self::Reject => Some(MailState::Failed),
            Self::Claim | Self::Defer | Self::LoseAnswer | Self::StopWaiting | Self::Drop => None,
        }
    }
}

/// Why an event does not fit a mail. Nothing changes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum MailRefusal {
    /// It is not waiting, so it cannot be claimed, deferred or dropped.
    #[error("the mail is not waiting")]
    NotWaiting,
    /// No run holds it.
    #[error("no run holds the mail")]
    NotSending,
    /// Its fate is known.
    #[error("the fate of the mail is known")]
    NotUnknown,
}

/// What becomes of a mail's state when something happens.
///
/// What the mail service reports comes in any order and more than once; the report that says
/// most stands (the order of [`MailState`]), so that every order ends the same.
#[expect(
    clippy::match_same_arms,
    reason = "one arm an event: the table is read by event, not by outcome"
)]
pub fn transition(state: MailState, event: MailEvent) -> Result<MailState, MailRefusal> {
    use MailState as S;
    if let Some(reported) = event.reported() {
        return Ok(match state {
            // A report of an earlier attempt about a mail that is under way again, or was
            // dropped since: it was sent, after all.
            S::Waiting | S::Sending | S::Unknown | S::Dropped => reported,
            // That it was taken is no news of a mail that was rejected after that.
            S::Failed if reported == S::Sent => S::Failed,
            S::Failed => reported,
            S::Sent if event == MailEvent::Reject => S::Failed,
            S::Sent
            | S::Delayed
            | S::Delivered
            | S::SoftBounced
            | S::HardBounced
            | S::Complained => {
                if reported == S::Failed {
                    state
                } else {
                    state.max(reported)
                }
            }
        });
    }
    match (state, event) {
        (S::Waiting, MailEvent::Claim) => Ok(S::Sending),
        (S::Waiting | S::Unknown, MailEvent::Drop) => Ok(S::Dropped),
        (S::Waiting | S::Sending, MailEvent::Defer) => Ok(S::Waiting),
        (S::Sending, MailEvent::LoseAnswer) => Ok(S::Unknown),
        (S::Unknown, MailEvent::StopWaiting) => Ok(S::Waiting),
        (_, MailEvent::LoseAnswer) => Err(MailRefusal::NotSending),
        (_, MailEvent::StopWaiting) => Err(MailRefusal::NotUnknown),
        (_, _) => Err(MailRefusal::NotWaiting),
    }
}

/// Why a mail stands where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailReason {
    /// A stable name.
    pub code: String,
    /// What the mail service said, without addresses.
    pub detail: String,
}

impl MailReason {
    /// A reason of this name.
    #[must_use]
    pub fn new(code: &str, detail: &str) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// What a mail is dropped for whose batch was stopped.
pub const BATCH_STOPPED: &str = "batchStopped";
/// What a mail is dropped for whose address takes none any more.
pub const ADDRESS_MARKED: &str = "addressMarked";
/// What a mail is dropped for whose address is of a domain that may not be invited.
pub const DOMAIN_NOT_ALLOWED: &str = "domainNotAllowed";

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    /// Which.
    pub id: MailId,
    /// How often its row was written.
    pub version: Version,
    /// What it is for.
    pub kind: MailKind,
    /// Whom it goes to.
    pub user: UserId,
    /// The batch it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// Which settings it is written under.
    pub settings: Version,
    /// Where it stands.
    pub state: MailState,
    /// Whether it may overtake.
    pub class: MailClass,
    /// When somebody has to look at it next.
    pub due_at: Timestamp,
    /// How often it was handed to the mail service.
    pub attempts: u32,
    /// The run that holds or held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What the mail service calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<String>,
    /// Why it stands where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<MailReason>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
    /// The request that it was written for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The page of the batch on which the person is, if it is the batch's own mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Which sheets the person's fate stands on, if the batch is so small that it shares them with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_sheets: Option<u64>,
    /// The groups that the person held when the batch invited them, if it is the batch's own mail.
    #[serde(
        default,
        skip_serializing_if = "BTreeSet::is_empty",
        serialize_with = "crate::values::names::in_written_order"
    )]
    pub groups: BTreeSet<GroupName>,
    /// Batches in whose numbers it counts though it is none of their mails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts_for: Vec<BatchId>,
    /// When the recipient's server took it, as reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
}

impl Mail {
    /// Whether it was no longer wanted before it went.
    #[must_use]
    pub fn was_dropped(&self) -> bool {
        self.state == MailState::Dropped
    }

    /// Whether that was because its batch was stopped.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        let why = self.reason.as_ref();
        self.was_dropped() && why.is_some_and(|why| why.code == BATCH_STOPPED)
    }

    /// Whether it was dropped though the invitation goes on: nothing else in its history says why
    /// nobody got it.
    #[must_use]
    pub fn leaves_somebody_without(&self) -> bool {
        let why = self.reason.as_ref().map(|why| &*why.code);
        self.was_dropped()
            && matches!(
                why,
                Some(BATCH_STOPPED | ADDRESS_MARKED | DOMAIN_NOT_ALLOWED)
            )
    }

    /// Whether nobody can have got it: it waits still, was dropped, or was refused.
    #[must_use]
    pub fn never_went(&self) -> bool {
        match self.state {
            MailState::Waiting | MailState::Dropped | MailState::Failed => true,
            MailState::Sending
            | MailState::Unknown
            | MailState::Sent
            | MailState::Delayed
            | MailState::Delivered
            | MailState::SoftBounced
            | MailState::HardBounced
            | MailState::Complained => false,
        }
    }

    /// A mail that waits to be sent.
    #[must_use]
    pub fn waiting(
        id: MailId,
        kind: MailKind,
        user: UserId,
        batch: Option<BatchId>,
        class: MailClass,
        settings: Version,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            version: Version::FIRST,
            kind,
            user,
            batch,
            settings,
            state: MailState::Waiting,
            class,
            due_at: now,
            attempts: 0,
            run: None,
            service_id: None,
            reason: None,
            created_at: now,
            carried: Carried::default(),
            request_id: None,
            page: None,
            shared_sheets: None,
            groups: BTreeSet::new(),
            counts_for: Vec::new(),
            delivered_at: None,
        }
    }

    /// The mail after something happened to it, as its next version.
    pub fn after(&self, event: MailEvent) -> Result<Self, MailRefusal> {
        Ok(Self {
            state: transition(self.state, event)?,
            version: self.version.next(),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report() -> impl Strategy<Value = MailEvent> {
        proptest::sample::select(vec![
            MailEvent::Accept,
            MailEvent::Reject,
            MailEvent::Delay,
            MailEvent::Deliver,
            MailEvent::SoftBounce,
            MailEvent::HardBounce,
            MailEvent::Complain,
        ])
    }

    fn follow(start: MailState, events: &[MailEvent]) -> MailState {
        events.iter().fold(start, |state, event| {
            transition(state, *event).unwrap_or(state)
        })
    }

    proptest! {
        #[test]
        fn reports_end_the_same_in_every_order_and_repeated(
            reports in proptest::collection::vec(report(), 1..6), seed: u16,
        ) {
            let mut shuffled = reports.clone();
            let steps = shuffled.len();
            for i in 0..steps {
                let j = usize::from(seed).wrapping_mul(i + 7) % steps;
                shuffled.swap(i, j);
            }
            shuffled.extend(reports.iter().copied());

            prop_assert_eq!(follow(MailState::Sending, &reports), follow(MailState::Sending, &shuffled));
        }

        #[test]
        fn what_was_sent_is_never_claimed_again(
            reports in proptest::collection::vec(report(), 1..4),
            others in proptest::collection::vec(proptest::sample::select(MailEvent::ALL.to_vec()), 0..8),
        ) {
            let sent = follow(MailState::Sending, &reports);
            prop_assert!(!sent.is_unsettled());

            let later = follow(sent, &others);
            prop_assert!(!later.is_unsettled());
            prop_assert!(transition(later, MailEvent::Claim).is_err());
        }
    }

    #[test]
    fn only_a_waiting_mail_can_be_claimed() {
        for state in MailState::ALL {
            assert_eq!(
                transition(state, MailEvent::Claim).is_ok(),
                state == MailState::Waiting,
                "{state:?}"
            );
        }
    }

    #[test]
    fn a_mail_that_is_rejected_after_it_was_taken_has_failed() {
        for order in [
            [MailEvent::Accept, MailEvent::Reject],
            [MailEvent::Reject, MailEvent::Accept],
        ] {
            assert_eq!(follow(MailState::Sending, &order), MailState::Failed);
        }
        // But the refusal of a second attempt takes nothing from the first.
        assert_eq!(
            follow(MailState::Sending, &[MailEvent::Accept, MailEvent::Refuse]),
            MailState::Sent
        );
    }

    #[test]
    fn an_unanswered_mail_is_sent_again_or_found_to_be_sent() {
        let unknown = follow(
            MailState::Waiting,
            &[MailEvent::Claim, MailEvent::LoseAnswer],
        );
        assert_eq!(unknown, MailState::Unknown);

        assert_eq!(
            follow(unknown, &[MailEvent::StopWaiting]),
            MailState::Waiting
        );
        assert_eq!(
            follow(unknown, &[MailEvent::Accept, MailEvent::StopWaiting]),
            MailState::Sent
        );
    }

    #[test]
    fn a_state_is_called_what_its_row_calls_it() {
        for state in MailState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }
}
