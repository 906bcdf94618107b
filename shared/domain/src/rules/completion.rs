//! What a registration completes. One rule for everything that reports a device: the event, the
//! HTTP route, and whatever else will. It asks no clock and reads no table.
//!
//! A registration completes the invitation that it belongs to and no other. It belongs to it if it
//! names a session of that very issue, or if it names no session and happened no earlier than ten
//! minutes before that issue. Everything else is recorded all the same, with the reason why it
//! completes nothing.

use crate::model::invitation::{Invitation, InvitationState};
use crate::model::ownership::Ownership;
use crate::model::registration::{CLOCK_TOLERANCE, NotCompleted, Registration, WhyNotCompleted};
use crate::model::session::Session;
use crate::model::user::User;
use jiff::{SignedDuration, Timestamp};

/// How old a registration may be that completes nothing and is confirmed by mail all the same. An
/// event is delivered for as long as a day; what is older comes from a list of what there was.
pub const REPORT_TTL: SignedDuration = SignedDuration::from_hours(24);

/// What a registration does to the invitation of its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect<'a> {
    /// It completes it.
    Completes(&'a Invitation),
    /// It belongs to it, and it had been taken back: there is nothing to complete, and nothing that
    /// it still says about ownership. Nor has somebody who was let in before it was taken back been
    /// let in by the administrator who gave it back.
    AfterEnd,
    /// It does not belong to it, which stays as it is.
    NotCompleted(NotCompleted),
    /// There is none that waits for a device.
    NothingOpen,
}

/// What a registration does to the invitation of `user`: of a device that enrolled with `session`,
/// if one is named, `at` a believable time, if that is known.
#[must_use]
pub fn effect_of<'a>(
    user: &'a User,
    session: Option<&Session>,
    at: Option<Timestamp>,
) -> Effect<'a> {
    let Some(invitation) = &user.invitation else {
        return Effect::NothingOpen;
    };
    if session.is_some_and(|session| invitation.outlived(session)) {
        return Effect::AfterEnd;
    }
    let stranger = match session {
        Some(session) => why_not_by_session(user, invitation, session),
        None => why_not_by_time(invitation, at),
    };
    match (invitation.state, stranger) {
        (
            InvitationState::Pending | InvitationState::Expired | InvitationState::Locked,
            Some(why),
        ) => Effect::NotCompleted(NotCompleted {
            issue: invitation.issue,
            why,
            session_issue: session.map(|session| session.issue),
        }),
        (InvitationState::Pending | InvitationState::Expired | InvitationState::Locked, None) => {
            Effect::Completes(invitation)
        }
        (InvitationState::Cancelled | InvitationState::Declined, None) => Effect::AfterEnd,
        // An invitation is for one device.
        (InvitationState::None | InvitationState::Completed, _)
        | (InvitationState::Cancelled | InvitationState::Declined, Some(_)) => Effect::NothingOpen,
    }
}

fn why_not_by_session(
    user: &User,
    invitation: &Invitation,
    session: &Session,
) -> Option<WhyNotCompleted> {
    if is_of_former_address(user, session) {
        return Some(WhyNotCompleted::FormerAddress);
    }
    (session.issue != invitation.issue).then_some(WhyNotCompleted::EarlierIssue)
}

fn why_not_by_time(invitation: &Invitation, at: Option<Timestamp>) -> Option<WhyNotCompleted> {
    let Some(at) = at else {
        return Some(WhyNotCompleted::TimeUnknown);
    };
    let earliest = invitation.issued_at.saturating_sub(CLOCK_TOLERANCE);
    let earliest = earliest.unwrap_or(invitation.issued_at);
    (at < earliest).then_some(WhyNotCompleted::EnrolledBefore)
}

/// Whether a session was opened with a secret that lay in another mailbox than the person's own.
#[must_use]
pub fn is_of_former_address(user: &User, session: &Session) -> bool {
    let since = user.address_since;
    since.is_some_and(|since| session.opened_at < since)
}

/// Whether a report of a device that is known tells of an enrolment that nobody told of before: the
/// same report again must not complete what was made since.
#[must_use]
pub fn is_news_of(
    known: &Registration,
    session: Option<&Session>,
    at: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    names_new_session(known, session) || is_later_than(known, at, now)
}

/// Whether a session is named that was not named with this device before.
#[must_use]
pub fn names_new_session(known: &Registration, session: Option<&Session>) -> bool {
    session.is_some_and(|session| session.device.as_ref() != Some(&known.device.id))
}

/// Whether a device enrolled later than all that is known of it.
#[must_use]
pub fn is_later_than(known: &Registration, at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| known.latest_enrolment(now).is_none_or(|before| before < at))
}

/// The ownership that the invitation of a registration gives. A session of an earlier issue gives
/// that of its issue, to the first device that is reported with it.
#[must_use]
pub fn carried(effect: Effect<'_>, user: &User, session: Option<&Session>) -> Ownership {
    match effect {
        Effect::Completes(invitation) => invitation.ownership,
        Effect::AfterEnd => Ownership::NotSet,
        Effect::NotCompleted(_) | Effect::NothingOpen => session
            .filter(|session| session.device.is_none() && session.issue != user.latest_issue)
            .and_then(|session| session.ownership)
            .unwrap_or(Ownership::NotSet),
    }
}

/// Whether people are told of a registration by mail: of one that completed an invitation, and of a
/// further device that has just been enrolled where no invitation waits. A device of a former
/// address is not theirs, one that enrolled long ago is no news, and one that belongs to something
/// else than the invitation that still waits confirms nothing.
#[must_use]
pub fn is_told(
    effect: Effect<'_>,
    user: &User,
    session: Option<&Session>,
    at: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    let oldest = now.saturating_sub(REPORT_TTL).unwrap_or(now);
    match effect {
        Effect::Completes(_) => true,
        Effect::AfterEnd | Effect::NotCompleted(_) => false,
        Effect::NothingOpen => {
            at.is_some_and(|at| oldest <= at)
                && session.is_none_or(|session| !is_of_former_address(user, session))
        }
    }
}
