//! The invitation: a user's current one, its states, and what may happen to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::enrolment_token::EnrolmentToken;
use crate::model::ownership::{GivenOwnership, Ownership, OwnershipChoice};
use crate::model::reminders::ReminderPlan;
use crate::model::session::{SESSION_TTL, Session, SessionSlot};
use crate::values::ids::{BatchId, DeviceId, IssueNumber, MailId};
use crate::values::keys::KeyId;
use crate::values::method::Method;
use crate::values::names::Label;
use crate::values::nonce::Nonce;
use crate::values::pin::PinPolicy;

/// Where an invitation stands. "None" is the absence of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum InvitationState {
    /// Never invited.
    None,
    /// Waiting for the person.
    Pending,
    /// A device was registered.
    Completed,
    /// Its time ran out.
    Expired,
    /// An administrator took it back.
    Cancelled,
    /// The person said "this was not me".
    Declined,
    /// Its tries are used up. Links of the same issue still work.
    Locked,
}

impl InvitationState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Pending,
        Self::Completed,
        Self::Expired,
        Self::Cancelled,
        Self::Declined,
        Self::Locked,
    ];

    /// The name in lists and filters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
            Self::Locked => "locked",
        }
    }
}

/// What can happen to an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvitationEvent {
    /// A new issue replaces whatever there was.
    Issue,
    /// The last try was wrong.
    UseUpTries,
    /// Its time ran out.
    Expire,
    /// An administrator takes it back.
    Cancel,
    /// An administrator undoes a cancel or a decline.
    Restore,
    /// The person says "this was not me".
    Decline,
    /// A device was registered.
    Register,
}

impl InvitationEvent {
    /// Every event.
    pub const ALL: [Self; 7] = [
        Self::Issue,
        Self::UseUpTries,
        Self::Expire,
        Self::Cancel,
        Self::Restore,
        Self::Decline,
        Self::Register,
    ];
}

/// Why an event does not fit a state. Nothing changes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvitationRefusal {
    /// There is no invitation to do this to.
    #[error("the user has no invitation")]
    NoInvitation,
    /// It is not open (any more).
    #[error("the invitation is not open")]
    NotOpen,
    /// Only what was cancelled or declined can be restored.
    #[error("the invitation was neither cancelled nor declined")]
    NothingToRestore,
}

/// What becomes of a state when something happens.
#[expect(
    clippy::match_same_arms,
    reason = "one arm an event: the table is read by event, not by outcome"
)]
pub fn transition(
    state: InvitationState,
    event: InvitationEvent,
) -> Result<InvitationState, InvitationRefusal> {
    use InvitationEvent as E;
    use InvitationRefusal as R;
    use InvitationState as S;
    match (state, event) {
        (
            S::None
            | S::Pending
            | S::Completed
            | S::Expired
            | S::Cancelled
            | S::Declined
            | S::Locked,
            E::Issue,
        ) => Ok(S::Pending),
        (
            S::None,
            E::UseUpTries | E::Expire | E::Cancel | E::Restore | E::Decline | E::Register,
        ) => Err(R::NoInvitation),
        (S::Pending, E::UseUpTries) => Ok(S::Locked),
        (S::Pending | S::Locked, E::Expire) => Ok(S::Expired),
        (S::Pending | S::Locked, E::Cancel) => Ok(S::Cancelled),
        (S::Pending | S::Locked, E::Decline) => Ok(S::Declined),
        (S::Cancelled | S::Declined, E::Restore) => Ok(S::Pending),
        (S::Pending | S::Expired | S::Locked | S::Completed, E::Register) => Ok(S::Completed),
        // A registration is a fact and is recorded; what was taken back stays taken back, and
        // the record is flagged.
        (S::Cancelled, E::Register) => Ok(S::Cancelled),
        (S::Declined, E::Register) => Ok(S::Declined),
        (S::Completed | S::Expired | S::Cancelled | S::Declined | S::Locked, E::UseUpTries)
        | (
            S::Completed | S::Expired | S::Cancelled | S::Declined,
            E::Expire | E::Cancel | E::Decline,
        ) => Err(R::NotOpen),
        (S::Pending | S::Completed | S::Expired | S::Locked, E::Restore) => {
            Err(R::NothingToRestore)
        }
    }
}

/// A user's current invitation, with the policy under which it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Which issue.
    pub issue: IssueNumber,
    /// What its secret was derived with, besides the key.
    pub nonce: Nonce,
    /// Which key.
    pub key: KeyId,
    /// How the person registers.
    pub method: Method,
    /// What its PIN looks like.
    pub pin: PinPolicy,
    /// The ownership it carries.
    pub ownership: Ownership,
    /// What the person chose instead when they redeemed, where they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<OwnershipChoice>,
    /// Where it stands, as last written: see [`Invitation::state_at`].
    pub state: InvitationState,
    /// Since when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it ended, if it has: completed, expired, cancelled or declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Wrong PINs it still bears.
    pub tries_left: u8,
    /// The batch it belongs to; `None` if it was handed over without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// The mail that carried it last.
    pub mail: MailId,
    /// Who invited, as the mail names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<Label>,
    /// How often it was renewed on the person's own request since an administrator's batch.
    #[serde(default)]
    pub renewals: u32,
    /// How the person is reminded of it; `None` if not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminders: Option<ReminderPlan>,
    /// The registration sessions it has opened that may still be open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<SessionSlot>,
    /// The device whose registration completed it, or came after it had been taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_by: Option<DeviceId>,
    /// When it was given back last, if it was: sessions from before then are nobody's any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<Timestamp>,
    /// What counting asks for; `None` of one from before it was noted, of which the history tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<InvitationSteps>,
    /// The tokens of device managements that were made for it, and those that are being made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<EnrolmentToken>,
}

/// What of an invitation is noted so that it can be counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationSteps {
    /// When its secret was shown and accepted first, also that of an issue that it continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed_at: Option<Timestamp>,
    /// The mail that confirms the registration that completed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<MailId>,
    /// Further batches that mailed it again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<BatchId>,
    /// The batches of the invitation that it took the place of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<BatchId>,
    /// The mails that this issue was put into after the batch's own, the latest last, and of those the last few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later_mails: Vec<MailId>,
}

/// How many of the mails that followed a batch's own are noted. Of a few that were dropped the one before them counts,
/// so all must be there that anybody asks for in earnest; hardly anybody is mailed the same more than once or twice.
pub const MAX_LATER_MAILS: usize = 32;

impl InvitationSteps {
    /// Notes that the issue was put into another mail.
    pub fn note_later_mail(&mut self, mail: MailId) {
        self.later_mails.push(mail);
        let too_many = self.later_mails.len().saturating_sub(MAX_LATER_MAILS);
        self.later_mails.drain(..too_many);
    }
}

impl Invitation {
    /// The ownership that it gives a device: what the person chose, or else what it carries.
    #[must_use]
    pub fn given(&self) -> GivenOwnership {
        GivenOwnership {
            ownership: self
                .chosen
                .map_or(self.ownership, |chosen| Some(chosen).into()),
            by_person: self.chosen.is_some(),
        }
    }

    /// Where it stands at a moment: one whose time has run out is expired, whether or not the
    /// maintenance has come by to write that down; and one whose tries are used up is locked, whether
    /// or not the attempt that used the last one lived to write that down.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> InvitationState {
        match self.state {
            InvitationState::Pending | InvitationState::Locked if now >= self.expires_at => {
                InvitationState::Expired
            }
            InvitationState::Pending if self.method.uses_pin() && self.tries_left == 0 => {
                InvitationState::Locked
            }
            state => state,
        }
    }

    /// When its secret was accepted last, while it waits for the device still; `None` if nobody has
    /// begun with it since it was issued, or given back.
    #[must_use]
    pub fn begun_at(&self, now: Timestamp) -> Option<Timestamp> {
        let waits = matches!(
            self.state_at(now),
            InvitationState::Pending | InvitationState::Locked
        );
        let opened = |slot: &SessionSlot| slot.until.saturating_sub(SESSION_TTL).ok();
        let latest = self.sessions.iter().filter_map(opened).max()?;
        let counts = self.restored_at.is_none_or(|restored| latest >= restored);
        (waits && counts).then_some(latest)
    }

    /// Since when it is over; `None` while it is open. Of one that was written before ends were
    /// noted, the latest that it can have been open is known.
    #[must_use]
    pub fn over_since(&self) -> Option<Timestamp> {
        (!self.is_open()).then(|| self.ended_at.unwrap_or(self.expires_at))
    }

    /// When maintenance has to look at it next: to remind, or to end it. `None` once it has ended.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.is_open().then(|| {
            self.reminders
                .and_then(|plan| plan.next_at)
                .map_or(self.expires_at, |reminder| reminder.min(self.expires_at))
        })
    }

    /// Whether a session lets its holder go on with this invitation: it is of this issue, which is
    /// open, and was not taken back since.
    #[must_use]
    pub fn honours(&self, session: &Session, now: Timestamp) -> bool {
        let open = matches!(
            self.state_at(now),
            InvitationState::Pending | InvitationState::Locked
        );
        open && self.issue == session.issue && !self.outlived(session)
    }

    /// Whether it was taken back and given back since the session was opened.
    #[must_use]
    pub fn outlived(&self, session: &Session) -> bool {
        self.issue == session.issue
            && self
                .restored_at
                .is_some_and(|restored| session.opened_at < restored)
    }

    /// Whether somebody ended it: an administrator, or the person it was for.
    #[must_use]
    pub fn is_taken_back(&self) -> bool {
        matches!(
            self.state,
            InvitationState::Cancelled | InvitationState::Declined
        )
    }

    /// The batches whose person it is: the one that issued it, and those that mailed it again.
    pub fn batches(&self) -> impl Iterator<Item = BatchId> {
        let again = self.steps.iter().flat_map(|steps| &steps.again);
        self.batch.iter().chain(again).copied()
    }

    /// What is noted in the issue that follows, of this batch: a renewal continues this one, any other
    /// takes its place.
    #[must_use]
    pub fn steps_of_next(before: Option<&Self>, batch: Option<BatchId>) -> Option<InvitationSteps> {
        match before {
            Some(before) if before.batch == batch && batch.is_some() => before.steps.clone(),
            before => Some(InvitationSteps {
                replaced: before.into_iter().flat_map(Self::batches).collect(),
                ..InvitationSteps::default()
            }),
        }
    }

    /// Whether its time is still to be ended by maintenance.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            InvitationState::Pending | InvitationState::Locked => true,
            InvitationState::None
            | InvitationState::Completed
            | InvitationState::Expired
            | InvitationState::Cancelled
            | InvitationState::Declined => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{InvitationEvent as E, InvitationRefusal as R, InvitationState as S, *};
    use crate::model::examples::{
        MONDAY, invitation_of, invited, minutes, session_of, with_invitation,
    };

    /// The table as a person would write it down: states down, events across, in the order of
    /// `ALL`.
    #[test]
    #[expect(clippy::too_many_lines, reason = "the table itself")]
    fn every_event_in_every_state_has_the_outcome_of_the_table() {
        const NO: Result<S, R> = Err(R::NoInvitation);
        const CLOSED: Result<S, R> = Err(R::NotOpen);
        const NOTHING: Result<S, R> = Err(R::NothingToRestore);
        let table: [(S, [Result<S, R>; 7]); 7] = [
            (S::None, [Ok(S::Pending), NO, NO, NO, NO, NO, NO]),
            (
                S::Pending,
                [
                    Ok(S::Pending),
                    Ok(S::Locked),
                    Ok(S::Expired),
                    Ok(S::Cancelled),
                    NOTHING,
                    Ok(S::Declined),
                    Ok(S::Completed),
                ],
            ),
            (
                S::Completed,
                [
                    Ok(S::Pending),
                    CLOSED,
                    CLOSED,
                    CLOSED,
                    NOTHING,
                    CLOSED,
                    Ok(S::Completed),
                ],
            ),
            (
                S::Expired,
                [
                    Ok(S::Pending),
                    CLOSED,
                    CLOSED,
                    CLOSED,
                    NOTHING,
                    CLOSED,
                    Ok(S::Completed),
                ],
            ),
            (
                S::Cancelled,
                [
                    Ok(S::Pending),
                    CLOSED,
                    CLOSED,
                    CLOSED,
                    Ok(S::Pending),
                    CLOSED,
                    Ok(S::Cancelled),
                ],
            ),
            (
                S::Declined,
                [
                    Ok(S::Pending),
                    CLOSED,
                    CLOSED,
                    CLOSED,
                    Ok(S::Pending),
                    CLOSED,
                    Ok(S::Declined),
                ],
            ),
            (
                S::Locked,
                [
                    Ok(S::Pending),
                    CLOSED,
                    Ok(S::Expired),
                    Ok(S::Cancelled),
                    NOTHING,
                    Ok(S::Declined),
                    Ok(S::Completed),
                ],
            ),
        ];

        for (state, row) in table {
            for (event, expected) in E::ALL.into_iter().zip(row) {
                assert_eq!(transition(state, event), expected, "{state:?} + {event:?}");
            }
        }
    }

    #[test]
    fn a_session_goes_on_with_what_is_open_of_its_issue_and_was_not_given_back_since() {
        let user = invited();
        let session = session_of(&user, MONDAY);
        let honoured = |change: &dyn Fn(&mut Invitation)| {
            let user = with_invitation(&user, |invitation| change(invitation));
            invitation_of(&user).honours(&session, MONDAY)
        };

        for state in S::ALL {
            let open = matches!(state, S::Pending | S::Locked);
            assert_eq!(honoured(&|one| one.state = state), open, "{state:?}");
            let other_issue = honoured(&|one| {
                one.state = state;
                one.issue = one.issue.next();
            });
            assert!(!other_issue, "{state:?}");
        }
        assert!(honoured(&|one| one.restored_at = Some(MONDAY)));
        assert!(!honoured(&|one| one.restored_at = Some(MONDAY + minutes(1))));
        assert!(!honoured(&|one| one.expires_at = MONDAY));
    }

    #[test]
    fn what_is_over_is_closed_and_what_somebody_ended_is_taken_back() {
        for state in S::ALL {
            let user = with_invitation(&invited(), |invitation| invitation.state = state);
            let invitation = invitation_of(&user);

            let open = matches!(state, S::Pending | S::Locked);
            assert_eq!(invitation.is_open(), open, "{state:?}");
            let over_since = (!open).then_some(invitation.expires_at);
            assert_eq!(invitation.over_since(), over_since, "{state:?}");
            let taken_back = matches!(state, S::Cancelled | S::Declined);
            assert_eq!(invitation.is_taken_back(), taken_back, "{state:?}");
        }
    }

    #[test]
    fn a_state_is_called_what_its_row_calls_it() {
        for state in S::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }

    #[test]
    fn somebody_has_begun_while_the_invitation_waits_and_since_it_was_given_back() {
        let opened_at = |minute: i64| SessionSlot {
            digest: session_of(&invited(), MONDAY).digest,
            until: MONDAY + minutes(minute) + SESSION_TTL,
        };
        let begun = |state, sessions: &[i64], restored: Option<i64>| {
            let user = with_invitation(&invited(), |own| {
                own.state = state;
                own.sessions = sessions.iter().map(|at| opened_at(*at)).collect();
                own.restored_at = restored.map(|at| MONDAY + minutes(at));
            });
            let begun = invitation_of(&user).begun_at(MONDAY + minutes(60));
            begun.map(|at| at.duration_since(MONDAY).as_mins())
        };

        assert_eq!(begun(S::Pending, &[], None), None);
        assert_eq!(begun(S::Pending, &[5, 9, 7], None), Some(9));
        assert_eq!(begun(S::Completed, &[5], None), None);
        assert_eq!(begun(S::Pending, &[5], Some(6)), None);
        assert_eq!(begun(S::Pending, &[6], Some(6)), Some(6));
        assert_eq!(begun(S::Locked, &[7], Some(6)), Some(7));
        assert_eq!(begun(S::Completed, &[7], Some(6)), None);
    }
}
