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
