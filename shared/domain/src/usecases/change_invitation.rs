//! What an administrator does to one open invitation: mail it again, take it back, give it back.

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::change::UserChange;
use crate::model::history::HistoryEvent;
use crate::model::invitation::{
    Invitation, InvitationEvent, InvitationRefusal, InvitationState, transition,
};
use crate::model::mail::{Mail, MailClass};
use crate::model::settings::VersionedSettings;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::issuing::{ResendSpec, mail_again, missed_its_mail, zone_of};
use crate::values::ids::{EventId, MailId, UserId};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationChange {
    /// The same issue once more: same secret, same end.
    Resend,
    /// The secret is dead at once.
    Cancel,
    /// A cancel or a decline undone; the secret lives again, until the end it had.
    Restore,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ChangeInvitationRefused {
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// The invitation's state does not allow it.
    #[error(transparent)]
    NotNow(#[from] InvitationRefusal),
    /// The user is disabled.
    #[error("the user is disabled")]
    Disabled,
    /// The address takes no mail.
    #[error("the address takes no mail")]
    AddressMarked,
    /// The address is of a domain that may not be invited.
    #[error("the domain may not be invited")]
    DomainNotAllowed,
    /// A device was registered while it was taken back; whoever has its secret may not be who was
    /// meant.
    #[error("a device was registered meanwhile")]
    RegisteredMeanwhile,
    /// Its time ran out while it was taken back.
    #[error("the invitation expired meanwhile")]
    ExpiredMeanwhile,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Changes invitations.
#[derive(Debug, Clone)]
pub struct ChangeInvitation<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Users + Mails + SettingsStore>> ChangeInvitation<E> {
    /// Does it, and gives the user as they are then.
    pub async fn run(
        &self,
        id: UserId,
        change: InvitationChange,
        who: &Actor,
    ) -> Result<User, ChangeInvitationRefused> {
        let mut turns = Turns::new(&self.env, "changing an invitation");
        loop {
            let user = self
                .env
                .store()
                .load_user(id)
                .await?
                .ok_or(ChangeInvitationRefused::UnknownUser)?;
            let now = self.env.clock().now();
            let by = By {
                who,
                class: MailClass::Small,
                now,
            };
            let written = match change {
                InvitationChange::Cancel => cancelled(&self.env, &user, by)?,
                InvitationChange::Resend => {
                    // What is refused whatever the settings say needs none.
                    may_be_mailed(&user)?;
                    let settings = self.env.store().current_settings().await?;
                    mailed_again(&self.env, &user, &settings, by)?
                }
                InvitationChange::Restore => {
                    let carried = match &user.invitation {
                        Some(own) => readable(self.env.store().load_mail(own.mail).await)?,
                        None => None,
                    };
                    let settings = self.env.store().current_settings().await?;
                    restored(&self.env, &user, &settings, carried.as_ref(), by)?
                }
            };
            let written = written.for_request(self.env.entropy().request().as_ref());
            let user = written.user.clone();
            if self.env.store().save_user(&written).await?.is_saved() {
                return Ok(user);
            }
            turns.another().await?;
        }
    }
}

/// By whom something is done, when, and whether its mails may overtake others.
#[derive(Debug, Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) who: &'a Actor,
    pub(super) class: MailClass,
    pub(super) now: Timestamp,
}

impl By<'_> {
    /// How an issue is mailed once more.
    pub(super) fn resend(self, env: &impl Env, settings: &VersionedSettings) -> ResendSpec {
        let mail = MailId::new(env.entropy().ulid());
        let event = EventId::new(env.entropy().ulid());
        ResendSpec {
            class: self.class,
            ..ResendSpec::asked_for(self.who.clone(), settings.version, mail, event)
        }
    }
}

fn of(user: &User) -> Result<&Invitation, ChangeInvitationRefused> {
    Ok(user
        .invitation
        .as_ref()
        .ok_or(InvitationRefusal::NoInvitation)?)
}

/// Taken back.
pub(super) fn cancelled(
    env: &impl Env,
    user: &User,
    by: By<'_>,
) -> Result<UserChange, ChangeInvitationRefused> {
    let invitation = of(user)?.clone();
    let state = transition(invitation.state_at(by.now), InvitationEvent::Cancel)?;
    let what = HistoryEvent::InvitationCancelled {
        issue: invitation.issue,
    };
    let cancelled = Invitation {
        state,
        ended_at: Some(by.now),
        sessions: Vec::new(),
        ..invitation
    };
    Ok(changed(env, user, cancelled, by, what))
}

/// Open again. Whoever never got its mail, because it was taken back before that went, gets it
/// now; `carried` is that mail.
pub(super) fn restored(
    env: &impl Env,
    user: &User,
    settings: &VersionedSettings,
    carried: Option<&Mail>,
    by: By<'_>,
) -> Result<UserChange, ChangeInvitationRefused> {
    let invitation = of(user)?.clone();
    let state = transition(invitation.state, InvitationEvent::Restore)?;
    if by.now >= invitation.expires_at {
        return Err(ChangeInvitationRefused::ExpiredMeanwhile);
    }
    if invitation.completed_by.is_some() {
        return Err(ChangeInvitationRefused::RegisteredMeanwhile);
    }
    if !settings.settings.sender.may_invite(&user.email) {
        return Err(ChangeInvitationRefused::DomainNotAllowed);
    }
    let what = HistoryEvent::InvitationRestored {
        issue: invitation.issue,
    };
    // What had no try left before has none now.
    let state = if invitation.method.uses_pin() && invitation.tries_left == 0 {
        InvitationState::Locked
    } else {
        state
    };
    // Counted anew, or a reminder that fell due meanwhile would go out at once.
    let zone = zone_of(user, &settings.settings);
    let reminders = invitation
        .reminders
        .map(|plan| plan.resumed(by.now, invitation.expires_at, &zone));
    // Mailing a PIN that opens nothing would be a dead mail.
    let mail_it = state == InvitationState::Pending && missed_its_mail(user, carried);
    let restored = Invitation {
        state,
        ended_at: None,
        reminders,
        restored_at: Some(by.now),
        ..invitation
    };
    let given_back = changed(env, user, restored.clone(), by, what);
    if !mail_it {
        return Ok(given_back);
    }
    let mailed = mail_again(user, &restored, by.resend(env, settings), by.now);
    Ok(UserChange {
        history: [given_back.history, mailed.history].concat(),
        ..mailed
    })
}

/// Whether mail goes to somebody at all.
fn may_be_mailed(user: &User) -> Result<(), ChangeInvitationRefused> {
    of(user)?;
    if !user.enabled {
        return Err(ChangeInvitationRefused::Disabled);
    }
    if user.address_mark.is_some() {
        return Err(ChangeInvitationRefused::AddressMarked);
    }
    Ok(())
}

/// Mailed once more.
pub(super) fn mailed_again(
    env: &impl Env,
    user: &User,
    settings: &VersionedSettings,
    by: By<'_>,
) -> Result<UserChange, ChangeInvitationRefused> {
    may_be_mailed(user)?;
    if !settings.settings.sender.may_invite(&user.email) {
        return Err(ChangeInvitationRefused::DomainNotAllowed);
    }
    let invitation = of(user)?;
    match invitation.state_at(by.now) {
        InvitationState::Pending => {}
        // Mailing a PIN that no longer opens anything would be a dead mail.
        InvitationState::Locked
        | InvitationState::None
        | InvitationState::Completed
        | InvitationState::Expired
        | InvitationState::Cancelled
        | InvitationState::Declined => return Err(InvitationRefusal::NotOpen.into()),
    }
    let resend = by.resend(env, settings);
    Ok(mail_again(user, invitation, resend, by.now))
}

fn changed(
    env: &impl Env,
    user: &User,
    invitation: Invitation,
    by: By<'_>,
    what: HistoryEvent,
) -> UserChange {
    UserChange::next(User {
        invitation: Some(invitation),
        ..user.clone()
    })
    .with_history([env.happened(user.id, by.now, by.who.clone(), what)])
}
