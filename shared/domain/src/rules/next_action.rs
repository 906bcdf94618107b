//! What an open invitation needs when its moment has come: to be ended, to be reminded of, or to be
//! left alone until later. When that is, [`crate::model::reminders`] says.

use jiff::{SignedDuration, Timestamp};

use crate::model::actor::Actor;
use crate::model::change::UserChange;
use crate::model::history::{HistoryEntry, HistoryEvent};
use crate::model::invitation::{Invitation, InvitationEvent, InvitationState, transition};
use crate::model::mail::{Mail, MailClass, MailKind};
use crate::model::reminders::ReminderPlan;
use crate::model::settings::{Settings, VersionedSettings};
use crate::model::user::User;
use crate::rules::issuing::zone_of;
use crate::values::ids::{EventId, MailId};

/// How long a reminder waits for a mail that is still on its way.
const LOOK_LATER: SignedDuration = SignedDuration::from_mins(10);

/// Ends an invitation whose time ran out; `None` if there is nothing to end.
#[must_use]
pub fn expire(user: &User, event: EventId, now: Timestamp) -> Option<UserChange> {
    let invitation = user.invitation.as_ref()?;
    if now < invitation.expires_at {
        return None;
    }
    let state = transition(invitation.state, InvitationEvent::Expire).ok()?;
    let row = HistoryEntry::new(
        event,
        user.id,
        now,
        Actor::Clock,
        HistoryEvent::InvitationExpired {
            issue: invitation.issue,
        },
    );
    let ended = User {
        invitation: Some(Invitation {
            state,
            ended_at: Some(invitation.expires_at),
            ..invitation.clone()
        }),
        ..user.clone()
    };
    Some(UserChange::next(ended).with_history([row]))
}

/// What an open invitation whose moment has come needs.
#[derive(Debug, Clone)]
pub enum NextAction {
    /// Its time ran out, or it is reminded of: a change with a history row.
    Change(Box<UserChange>),
    /// It is looked at again later, or never for its reminders: nothing happened.
    Reschedule(Box<UserChange>),
}

/// What an invitation needs now that maintenance came by: to be ended, to be reminded of, or to be
/// left alone until later. `mail` is the one that carried it last. `None`: nothing is due.
#[must_use]
pub fn next_action(
    user: &User,
    mail: Option<&Mail>,
    settings: &VersionedSettings,
    ids: (MailId, EventId),
    now: Timestamp,
) -> Option<NextAction> {
    if let Some(change) = expire(user, ids.1, now) {
        return Some(NextAction::Change(Box::new(change)));
    }
    let invitation = user.invitation.as_ref().filter(|open| open.is_open())?;
    let plan = invitation.reminders?;
    if now < plan.next_at? {
        return None;
    }
    let zone = zone_of(user, &settings.settings);
    let rescheduled = |plan: ReminderPlan| {
        let user = User {
            invitation: Some(Invitation {
                reminders: Some(plan),
                ..invitation.clone()
            }),
            ..user.clone()
        };
        Some(NextAction::Reschedule(Box::new(UserChange::next(user))))
    };
    let pointless = !user.enabled
        || user.address_mark.is_some()
        || invitation.state_at(now) != InvitationState::Pending
        // Whoever stopped the batch before its mail went wanted no mail to go.
        || mail.is_some_and(Mail::was_stopped);
    if pointless {
        return rescheduled(plan.ended());
    }
    // The mail itself is still on its way: nobody is reminded of what they have not got.
    if mail.is_some_and(|mail| mail.state.is_unsettled()) {
        let later = now.saturating_add(LOOK_LATER).unwrap_or(now);
        return rescheduled(plan.due(later, invitation.expires_at, &zone));
    }
    // The person has moved since it was planned, or maintenance came by late.
    let postponed = plan.due(now, invitation.expires_at, &zone);
    if postponed.next_at != Some(now) {
        return rescheduled(postponed);
    }
    Some(NextAction::Change(Box::new(remind(
        user, invitation, plan, settings, ids, now,
    ))))
}

fn remind(
    user: &User,
    invitation: &Invitation,
    plan: ReminderPlan,
    settings: &VersionedSettings,
    (mail, event): (MailId, EventId),
    now: Timestamp,
) -> UserChange {
    let issue = invitation.issue;
    let zone = zone_of(user, &settings.settings);
    let after = plan.written(now, invitation.expires_at, &zone);
    let last = after.next_at.is_none();
    let written = Mail::waiting(
        mail,
        MailKind::Reminder { issue, last },
        user.id,
        None,
        MailClass::Bulk,
        settings.version,
        now,
    );
    let row = HistoryEntry::new(
        event,
        user.id,
        now,
        Actor::Clock,
        HistoryEvent::ReminderWritten {
            issue,
            mail,
            number: after.written,
            last,
        },
    );
    let reminded = User {
        invitation: Some(Invitation {
            mail,
            reminders: Some(after),
            ..invitation.clone()
        }),
        ..user.clone()
    };
    UserChange::next(reminded)
        .with_history([row])
        .with_mails([written])
}

/// A user whom mails reach again from now on, since their address takes mail again or they are
/// enabled again: the reminders of an invitation that is still good go on.
#[must_use]
pub fn reached_again(user: User, settings: &Settings, now: Timestamp) -> User {
    let zone = zone_of(&user, settings);
    let invitation = user.invitation.map(|invitation| {
        if invitation.state_at(now) != InvitationState::Pending {
            return invitation;
        }
        let end = invitation.expires_at;
        Invitation {
            reminders: invitation
                .reminders
                .map(|plan| plan.reaching_again(now, end, &zone)),
            ..invitation
        }
    });
    User { invitation, ..user }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::examples::{
        MONDAY, invitation_of, invited, mail_to, minutes, settings, with_invitation,
    };
    use crate::model::mail::MailState;
    use crate::model::reminders::ReminderPolicy;

    const A_DAY: SignedDuration = SignedDuration::from_hours(24);

    /// Somebody who was invited on Monday and is reminded a day later, and then every two days.
    fn reminded() -> User {
        let policy = ReminderPolicy {
            start_after_days: 1,
            every_days: 2,
            most: 2,
            quiet_hours: None,
        };
        with_invitation(&invited(), |invitation| {
            let (from, to) = (invitation.issued_at, invitation.expires_at);
            let plan = ReminderPlan::new(policy, from, to, &jiff::tz::TimeZone::UTC);
            invitation.reminders = Some(plan);
        })
    }

    fn next(user: &User, mail: Option<&Mail>, now: Timestamp) -> Option<NextAction> {
        let ids = (MailId::from_bytes([8; 16]), EventId::from_bytes([9; 16]));
        next_action(user, mail, &settings(), ids, now)
    }

    /// When the next reminder is due after the invitation was only put off.
    fn rescheduled(action: Option<NextAction>) -> Option<Timestamp> {
        match action {
            Some(NextAction::Reschedule(change)) => {
                assert!(change.history.is_empty() && change.mails.is_empty());
                let plan = invitation_of(&change.user).reminders;
                plan.expect("its reminders").next_at
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_invitation_ends_at_the_moment_that_it_says_and_the_row_says_that_moment() {
        let user = invited();
        let end = invitation_of(&user).expires_at;
        let event = EventId::from_bytes([9; 16]);

        assert!(expire(&user, event, end - minutes(1)).is_none());
        for now in [end, end + minutes(1)] {
            let change = expire(&user, event, now).expect("a change");
            let ended = invitation_of(&change.user);
            assert_eq!(ended.state, InvitationState::Expired);
            assert_eq!(ended.ended_at, Some(end));
            assert!(expire(&change.user, event, now).is_none());
        }
    }

    #[test]
    fn a_reminder_that_is_due_is_written_and_is_the_mail_that_carries_the_invitation_then() {
        let user = reminded();
        let due = MONDAY + A_DAY;

        assert!(next(&user, None, due - minutes(1)).is_none());
        let Some(NextAction::Change(change)) = next(&user, None, due) else {
            panic!("no reminder");
        };
        let invitation = invitation_of(&change.user);
        let [mail] = change.mails.as_slice() else {
            panic!("{:?}", change.mails);
        };
        assert_eq!(invitation.mail, mail.id);
        let plan = invitation.reminders.expect("its reminders");
        assert_eq!((plan.written, plan.next_at), (1, Some(due + A_DAY + A_DAY)));
    }

    #[test]
    fn a_reminder_that_nobody_wants_or_could_use_is_never_written() {
        let user = reminded();
        let due = MONDAY + A_DAY;
        let mut disabled = user.clone();
        disabled.enabled = false;
        let mut marked = user.clone();
        marked.address_mark = Some(crate::model::user::AddressSuppression::HardBounced);
        let locked = with_invitation(&user, |invitation| invitation.tries_left = 0);

        for user in [disabled, marked, locked] {
            assert_eq!(rescheduled(next(&user, None, due)), None);
        }
    }

    #[test]
    fn a_reminder_waits_for_a_mail_that_is_still_on_its_way() {
        let user = reminded();
        let due = MONDAY + A_DAY;
        let kind = MailKind::Invitation {
            issue: user.latest_issue,
            replaces: false,
            again: false,
            after: None,
        };
        for state in MailState::ALL {
            let mut mail = mail_to(&user, kind.clone());
            mail.state = state;
            let action = next(&user, Some(&mail), due);
            if state.is_unsettled() {
                assert_eq!(rescheduled(action), Some(due + LOOK_LATER), "{state:?}");
            } else {
                assert!(matches!(action, Some(NextAction::Change(_))), "{state:?}");
            }
        }
    }
}
