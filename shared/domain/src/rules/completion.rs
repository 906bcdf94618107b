//! What a registration completes. One rule for everything that reports a device: the event, the
//! HTTP route, and whatever else will. It asks no clock and reads no table.
//!
//! A registration completes the invitation that it belongs to and no other. It belongs to it if it
//! names a session of that very issue, or if it names no session and happened no earlier than ten
//! minutes before that issue. Everything else is recorded all the same, with the reason why it
//! completes nothing. So is the device of somebody who is disabled, or who has as many devices as they may.

use std::num::NonZeroU32;

use crate::model::invitation::{Invitation, InvitationState};
use crate::model::ownership::GivenOwnership;
use crate::model::registration::{
    CLOCK_TOLERANCE, NotCompleted, Registration, RegistrationFlag, WhyNotCompleted,
};
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

/// Why a registration of a device of `user` completes and confirms nothing, whatever it belongs to. `known` is what
/// is recorded of the device, and `limit` how many devices the person may have.
#[must_use]
pub fn flags_of(
    user: &User,
    known: Option<&Registration>,
    limit: Option<NonZeroU32>,
) -> Vec<RegistrationFlag> {
    let disabled = (!user.enabled).then_some(RegistrationFlag::UserDisabled);
    let beyond = limit.is_some_and(|limit| is_beyond(user, known, limit));
    let beyond = beyond.then_some(RegistrationFlag::BeyondDeviceLimit);
    disabled.into_iter().chain(beyond).collect()
}

/// Whether somebody has as many devices that are managed as they may, beside this one. One that is among those keeps
/// its place, also under a limit that is lower than when it was registered.
fn is_beyond(user: &User, known: Option<&Registration>, limit: NonZeroU32) -> bool {
    let managed = known.filter(|known| known.unenrolled_at.is_none());
    let has_place =
        managed.is_some_and(|known| !known.flags.contains(&RegistrationFlag::BeyondDeviceLimit));
    let others = user
        .managed_devices()
        .saturating_sub(u32::from(managed.is_some()));
    !has_place && others >= limit.get()
}

/// What a registration does to the invitation of `user`: of a device that enrolled with `session`,
/// if one is named, `at` a believable time, if that is known, and with these flags.
#[must_use]
pub fn effect_of<'a>(
    user: &'a User,
    session: Option<&Session>,
    at: Option<Timestamp>,
    flags: &[RegistrationFlag],
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
        (InvitationState::Pending | InvitationState::Expired | InvitationState::Locked, _) => {
            match stranger.or(flags.first().map(|flag| flag.why())) {
                Some(why) => Effect::NotCompleted(NotCompleted {
                    issue: invitation.issue,
                    why,
                    session_issue: session.map(|session| session.issue),
                }),
                None => Effect::Completes(invitation),
            }
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
    session.is_some_and(|session| !session.has_reported(&known.device.id))
}

/// Whether a device enrolled later than all that is known of it.
#[must_use]
pub fn is_later_than(known: &Registration, at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| known.latest_enrolment(now).is_none_or(|before| before < at))
}

/// The ownership that the invitation of a registration gives. A session of an earlier issue gives
/// that of its issue, to the first device that is reported with it.
#[must_use]
pub fn carried(effect: Effect<'_>, user: &User, session: Option<&Session>) -> GivenOwnership {
    match effect {
        Effect::Completes(invitation) => invitation.given(),
        Effect::AfterEnd => GivenOwnership::NOTHING,
        Effect::NotCompleted(_) | Effect::NothingOpen => session
            .filter(|session| session.device.is_none() && session.issue != user.latest_issue)
            .and_then(Session::given)
            .unwrap_or(GivenOwnership::NOTHING),
    }
}

/// Whether people are told of a registration by mail: of one that completed an invitation, and of a
/// further device that has just been enrolled where no invitation waits. A device of a former
/// address is not theirs, one that enrolled long ago is no news, and one that belongs to something
/// else than the invitation that still waits confirms nothing; neither does one with a flag.
#[must_use]
pub fn is_told(
    effect: Effect<'_>,
    user: &User,
    session: Option<&Session>,
    at: Option<Timestamp>,
    flags: &[RegistrationFlag],
    now: Timestamp,
) -> bool {
    if !flags.is_empty() {
        return false;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::examples::{
        MONDAY, invitation_of, invited, minutes, registered, session_of, somebody, with_invitation,
    };
    use crate::model::invitation::InvitationState as State;
    use crate::model::ownership::{Ownership, OwnershipChoice};
    use crate::values::ids::IssueNumber;
    use WhyNotCompleted as Why;

    const A_SECOND: SignedDuration = SignedDuration::from_secs(1);

    const AN_HOUR_LATER: Timestamp = Timestamp::constant(1_772_445_600, 0);

    fn in_state(state: State) -> User {
        with_invitation(&invited(), |invitation| invitation.state = state)
    }

    fn why_not(effect: Effect<'_>) -> Why {
        match effect {
            Effect::NotCompleted(not_completed) => not_completed.why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_registration_completes_what_is_open_expired_or_locked_and_finds_what_was_taken_back() {
        for state in State::ALL {
            let user = in_state(state);
            let session = session_of(&user, MONDAY);
            let invitation = invitation_of(&user);
            let expected = match state {
                State::Pending | State::Expired | State::Locked => Effect::Completes(invitation),
                State::Cancelled | State::Declined => Effect::AfterEnd,
                State::None | State::Completed => Effect::NothingOpen,
            };

            assert_eq!(
                effect_of(&user, Some(&session), None, &[]),
                expected,
                "{state:?}"
            );
            assert_eq!(
                effect_of(&user, None, Some(AN_HOUR_LATER), &[]),
                expected,
                "{state:?}"
            );
        }
        assert_eq!(
            effect_of(&somebody(), None, Some(MONDAY), &[]),
            Effect::NothingOpen
        );
    }

    #[test]
    fn what_belongs_to_something_else_leaves_the_invitation_and_says_which_issue_was_named() {
        for state in State::ALL {
            let mut user = in_state(state);
            let session = session_of(&user, MONDAY);
            let second = user.latest_issue.next();
            user = with_invitation(&user, |invitation| invitation.issue = second);
            let expected = match state {
                State::Pending | State::Expired | State::Locked => {
                    Effect::NotCompleted(NotCompleted {
                        issue: second,
                        why: Why::EarlierIssue,
                        session_issue: Some(session.issue),
                    })
                }
                State::None | State::Completed | State::Cancelled | State::Declined => {
                    Effect::NothingOpen
                }
            };

            assert_eq!(
                effect_of(&user, Some(&session), None, &[]),
                expected,
                "{state:?}"
            );
        }
    }

    #[test]
    fn without_a_session_it_is_too_early_until_ten_minutes_before_the_issue() {
        let user = invited();
        let earliest = MONDAY - minutes(10);
        let completes = Effect::Completes(invitation_of(&user));

        assert_eq!(effect_of(&user, None, Some(earliest), &[]), completes);
        let too_early = effect_of(&user, None, Some(earliest - A_SECOND), &[]);
        assert_eq!(why_not(too_early), Why::EnrolledBefore);
        assert_eq!(why_not(effect_of(&user, None, None, &[])), Why::TimeUnknown);
    }

    #[test]
    fn a_session_from_before_the_address_was_corrected_is_a_stranger_s() {
        let mut user = invited();
        let session = session_of(&user, MONDAY);

        user.address_since = Some(MONDAY);
        assert!(!is_of_former_address(&user, &session));
        user.address_since = Some(MONDAY + A_SECOND);
        assert!(is_of_former_address(&user, &session));
        let effect = effect_of(&user, Some(&session), Some(AN_HOUR_LATER), &[]);
        assert_eq!(why_not(effect), Why::FormerAddress);
    }

    #[test]
    fn a_session_from_before_the_invitation_was_given_back_comes_after_its_end() {
        let given_back =
            |at| with_invitation(&invited(), |invitation| invitation.restored_at = Some(at));
        let (same_moment, later) = (given_back(MONDAY), given_back(MONDAY + A_SECOND));
        let session = session_of(&later, MONDAY);

        assert_eq!(
            effect_of(&later, Some(&session), None, &[]),
            Effect::AfterEnd
        );
        let completes = Effect::Completes(invitation_of(&same_moment));
        assert_eq!(
            effect_of(&same_moment, Some(&session), None, &[]),
            completes
        );
    }

    #[test]
    fn a_session_of_an_earlier_issue_gives_its_ownership_to_one_device() {
        let mut user = invited();
        let session = session_of(&user, MONDAY);
        let reported = Session {
            device: crate::values::ids::DeviceId::parse("device-1").ok(),
            ..session.clone()
        };
        let gives =
            |user: &User, session| carried(Effect::NothingOpen, user, Some(session)).ownership;

        assert_eq!(gives(&user, &session), Ownership::NotSet);
        user.latest_issue = IssueNumber::NONE.next().next();
        assert_eq!(gives(&user, &session), Ownership::UserOwned);
        assert_eq!(gives(&user, &reported), Ownership::NotSet);
        let nothing = GivenOwnership::NOTHING;
        assert_eq!(carried(Effect::NothingOpen, &user, None), nothing);
        let completes = Effect::Completes(invitation_of(&user));
        assert_eq!(
            carried(completes, &user, Some(&session)).ownership,
            Ownership::CompanyOwned
        );
        assert_eq!(carried(Effect::AfterEnd, &user, Some(&session)), nothing);
    }

    #[test]
    fn what_the_person_chose_is_what_the_invitation_gives() {
        let chosen = with_invitation(&invited(), |invitation| {
            invitation.ownership = Ownership::UserOwned;
            invitation.chosen = Some(OwnershipChoice::CompanyOwned);
        });
        let completes = Effect::Completes(invitation_of(&chosen));

        let given = carried(completes, &chosen, None);

        assert_eq!(given.ownership, Ownership::CompanyOwned);
        assert!(given.by_person);
    }

    #[test]
    fn a_further_device_is_told_of_for_a_day_and_to_its_owner_alone() {
        let mut user = somebody();
        let session = session_of(&user, MONDAY);
        let now = MONDAY + SignedDuration::from_hours(48);
        let told =
            |user: &User, session, at| is_told(Effect::NothingOpen, user, session, at, &[], now);

        let yesterday = now - REPORT_TTL;
        assert!(told(&user, None, Some(yesterday)));
        assert!(!told(&user, None, Some(yesterday - A_SECOND)));
        assert!(!told(&user, None, None));
        assert!(told(&user, Some(&session), Some(now)));
        user.address_since = Some(now);
        assert!(!told(&user, Some(&session), Some(now)));
    }

    #[test]
    fn the_device_of_somebody_who_is_disabled_completes_and_confirms_nothing() {
        let mut user = invited();
        user.enabled = false;
        let session = session_of(&user, MONDAY);
        let flags = flags_of(&user, None, None);

        assert_eq!(flags, [RegistrationFlag::UserDisabled]);
        assert_eq!(flags_of(&invited(), None, None), []);
        for (session, at) in [(Some(&session), None), (None, Some(AN_HOUR_LATER))] {
            let effect = effect_of(&user, session, at, &flags);
            assert_eq!(why_not(effect), Why::UserDisabled);
        }
        let too_early = effect_of(&user, None, Some(MONDAY - minutes(11)), &flags);
        assert_eq!(why_not(too_early), Why::EnrolledBefore);
        let nothing_open = Effect::NothingOpen;
        assert!(!is_told(
            nothing_open,
            &user,
            None,
            Some(MONDAY),
            &flags,
            MONDAY
        ));
        assert!(is_told(
            nothing_open,
            &user,
            None,
            Some(MONDAY),
            &[],
            MONDAY
        ));
        let mut cancelled = in_state(State::Cancelled);
        cancelled.enabled = false;
        let effect = effect_of(&cancelled, None, Some(AN_HOUR_LATER), &flags);
        assert_eq!(effect, Effect::AfterEnd);
    }

    #[test]
    fn as_many_devices_as_are_allowed_have_a_place_and_what_left_needs_none() {
        let with = |devices, devices_unenrolled| User {
            devices,
            devices_unenrolled,
            ..invited()
        };
        let limit = NonZeroU32::new(2);
        let beyond = [RegistrationFlag::BeyondDeviceLimit];

        assert_eq!(flags_of(&with(1, 0), None, limit), []);
        assert_eq!(flags_of(&with(2, 0), None, limit), beyond);
        assert_eq!(flags_of(&with(3, 2), None, limit), []);
        assert_eq!(flags_of(&with(9, 0), None, None), []);
        let disabled = User {
            enabled: false,
            ..with(2, 0)
        };
        let both = [RegistrationFlag::UserDisabled, beyond[0]];
        assert_eq!(flags_of(&disabled, None, limit), both);
    }

    #[test]
    fn a_device_that_has_a_place_keeps_it_until_it_leaves() {
        let of = |flags: &[RegistrationFlag], unenrolled_at| Registration {
            flags: flags.to_vec(),
            unenrolled_at,
            ..registered(&invited())
        };
        let with = |devices, devices_unenrolled| User {
            devices,
            devices_unenrolled,
            ..invited()
        };
        let limit = NonZeroU32::new(2);
        let beyond = [RegistrationFlag::BeyondDeviceLimit];
        let flags = |user: &User, known: &Registration| flags_of(user, Some(known), limit);

        assert_eq!(flags(&with(3, 0), &of(&[], None)), []);
        assert_eq!(flags(&with(3, 0), &of(&beyond, None)), beyond);
        assert_eq!(flags(&with(2, 0), &of(&beyond, None)), []);
        assert_eq!(flags(&with(3, 1), &of(&[], Some(MONDAY))), beyond);
        assert_eq!(flags(&with(2, 1), &of(&[], Some(MONDAY))), []);
    }
}
