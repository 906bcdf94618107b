//! Handing a secret over without a mail: a PIN read out at a desk, a QR code on a handout.
//! Whoever does it says why; the history keeps it, and the person is told by mail.

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::change::UserChange;
use crate::model::history::HistoryEvent;
use crate::model::invitation::{Invitation, InvitationState};
use crate::model::mail::{Mail, MailClass, MailKind};
use crate::model::mail_content::{InvitationContent, InvitationOccasion};
use crate::model::ownership::OwnerSwitch;
use crate::model::settings::VersionedSettings;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::Unavailable;
use crate::ports::keys::Keys;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::content::{Links, Sealed, invitation_content};
use crate::rules::issuing::{IssueSecrets, IssueSpec, inviter, issue};
use crate::rules::ownership::of_next_invitation;
use crate::usecases::change_invitation::By;
use crate::values::ids::{EventId, MailId, UserId};
use crate::values::keys::{KeyId, KeyRing};
use crate::values::method::Method;
use crate::values::names::Label;
use crate::values::problem::FieldProblem;

/// What was handed over.
#[derive(Debug, Clone)]
pub struct HandedOver {
    /// The user as they are then.
    pub user: User,
    /// The content of the mail that a handout is made of; it holds the secret.
    pub content: InvitationContent,
    /// Whether a new issue was made for it.
    pub issued: bool,
    /// Whether the person is told by mail; not where their address takes none.
    pub told: bool,
}

/// Why nothing was handed over.
#[derive(Debug, thiserror::Error)]
pub enum HandOverRefused {
    /// The reason is missing or malformed.
    #[error("the reason is not well formed")]
    Invalid(Vec<FieldProblem>),
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// The user is disabled.
    #[error("the user is disabled")]
    Disabled,
    /// The address is of a domain that may not be invited.
    #[error("the domain may not be invited")]
    DomainNotAllowed,
    /// With this method there is no secret.
    #[error("the registration method has no secret")]
    NothingToHandOver,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Hands secrets over.
#[derive(Debug, Clone)]
pub struct HandOver<E> {
    /// What it runs in.
    pub env: E,
    /// Where links lead.
    pub links: Links,
}

impl<E> HandOver<E>
where
    E: Env<Store: Users + SettingsStore> + WithKeys,
{
    /// Shows the secret of the open invitation, or makes one without a mail.
    pub async fn run(
        &self,
        id: UserId,
        reason: &str,
        who: &Actor,
    ) -> Result<HandedOver, HandOverRefused> {
        let reason = Label::parse(reason)
            .map_err(|problem| HandOverRefused::Invalid(vec![problem.under("reason")]))?;
        let settings = self.env.store().current_settings().await?;
        let keys = self.env.keys().key_ring().await?;
        let mut turns = Turns::new(&self.env, "handing over a secret");
        loop {
            let now = self.env.clock().now();
            let user = self
                .env
                .store()
                .load_user(id)
                .await?
                .ok_or(HandOverRefused::UnknownUser)?;
            let open = open_secret(&user, &settings, &keys, now)?;
            let issued = open.is_none();
            let base = if issued {
                let class = MailClass::Small;
                let by = By { who, class, now };
                let key = keys.current().clone();
                issued_without_mail(&self.env, &user, &settings, key, OwnerSwitch::Preset, by)
            } else {
                UserChange::next(user.clone())
            };
            let Some(invitation) = base.user.invitation.clone() else {
                return Err(HandOverRefused::NothingToHandOver);
            };
            let Some(key) = keys.get(&invitation.key) else {
                return Err(HandOverRefused::NothingToHandOver);
            };
            let told = base.user.address_mark.is_none();
            let change = self.recorded(base, &invitation, &reason, who, &settings, now);
            let after = change.user.clone();
            let content = invitation_content(
                &after,
                &invitation,
                &settings.settings,
                &self.links,
                Sealed::derive(&after, &invitation, key),
                InvitationOccasion::First,
                false,
            );
            let change = change.for_request(self.env.entropy().request().as_ref());
            if self.env.store().save_user(&change).await?.is_saved() {
                return Ok(HandedOver {
                    user: after,
                    content,
                    issued,
                    told,
                });
            }
            turns.another().await?;
        }
    }

    /// The change with the row that tells of it, and the mail to the person.
    fn recorded(
        &self,
        base: UserChange,
        invitation: &Invitation,
        reason: &Label,
        who: &Actor,
        settings: &VersionedSettings,
        now: Timestamp,
    ) -> UserChange {
        let id = base.user.id;
        let told = base.user.address_mark.is_none();
        let what = HistoryEvent::SecretHandedOver {
            issue: invitation.issue,
            method: invitation.method,
            reason: reason.clone(),
        };
        let row = self.env.happened(id, now, who.clone(), what);
        let mail = told.then(|| {
            Mail::waiting(
                MailId::new(self.env.entropy().ulid()),
                MailKind::HandOver {
                    issue: invitation.issue,
                    method: invitation.method,
                    expires_at: invitation.expires_at,
                    by: inviter(who),
                    reason: reason.clone(),
                },
                id,
                None,
                MailClass::Small,
                settings.version,
                now,
            )
        });
        base.with_history([row]).with_mails(mail)
    }
}

/// The invitation of somebody whose secret can be handed over; `None` if one can be made for them.
pub(super) fn open_secret<'a>(
    user: &'a User,
    settings: &VersionedSettings,
    keys: &KeyRing,
    now: Timestamp,
) -> Result<Option<&'a Invitation>, HandOverRefused> {
    if !user.enabled {
        return Err(HandOverRefused::Disabled);
    }
    if !settings.settings.sender.may_invite(&user.email) {
        return Err(HandOverRefused::DomainNotAllowed);
    }
    let open = user
        .invitation
        .as_ref()
        .filter(|invitation| is_usable(invitation, now))
        // Its key may have been taken away; then only a new issue helps.
        .filter(|invitation| keys.get(&invitation.key).is_some());
    let method = open.map_or_else(
        || settings.settings.for_user(user).registration.method,
        |invitation| invitation.method,
    );
    if method == Method::Password {
        return Err(HandOverRefused::NothingToHandOver);
    }
    Ok(open)
}

/// A new issue without its mail.
pub(super) fn issued_without_mail(
    env: &impl Env,
    user: &User,
    settings: &VersionedSettings,
    key: KeyId,
    switch: OwnerSwitch,
    by: By<'_>,
) -> UserChange {
    let spec = IssueSpec {
        who: by.who.clone(),
        invited_by: inviter(by.who),
        batch: None,
        of_batch: false,
        mail: MailId::new(env.entropy().ulid()),
        class: by.class,
        ownership: of_next_invitation(user, &settings.settings, switch),
        renewals: 0,
    };
    let secrets = IssueSecrets {
        nonce: env.entropy().nonce(),
        key,
        event: EventId::new(env.entropy().ulid()),
    };
    UserChange {
        mails: Vec::new(),
        ..issue(user, spec, settings, secrets, by.now)
    }
}

/// Whether its secret opens something now.
fn is_usable(invitation: &Invitation, now: Timestamp) -> bool {
    match invitation.state_at(now) {
        InvitationState::Pending => true,
        // A link of a locked issue still works; a PIN does not.
        InvitationState::Locked => invitation.method.uses_token(),
        InvitationState::None
        | InvitationState::Completed
        | InvitationState::Expired
        | InvitationState::Cancelled
        | InvitationState::Declined => false,
    }
}
