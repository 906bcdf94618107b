//! "Send me a PIN again": asked by somebody who knows an address, answered alike whoever they
//! are. The mail goes to the registered address and nowhere else.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::actor::Actor;
use crate::model::invitation::{Invitation, InvitationState};
use crate::model::mail::MailClass;
use crate::model::ownership::Ownership;
use crate::model::settings::VersionedSettings;
use crate::model::user::{Asked, User};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::Unavailable;
use crate::ports::keys::Keys;
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::issuing::{IssueSecrets, IssueSpec, ResendSpec, issue, mail_again};
use crate::values::address::EmailAddress;
use crate::values::guessing::MAX_RENEWALS;
use crate::values::ids::{EventId, MailId};
use crate::values::method::choice_applies;

/// The most mails that public routes cause to one address in a day.
pub const MAX_PIN_REQUESTS: u32 = 5;

/// What was done. Only tests and logs may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinRequested {
    /// The live issue was mailed again.
    MailedAgain,
    /// An expired or locked issue was replaced by a new one.
    Renewed,
    /// Nothing.
    Nothing,
}

/// Answers requests for a PIN.
#[derive(Debug, Clone)]
pub struct RequestPin<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> RequestPin<E>
where
    E: Env<Store: Users + SettingsStore> + WithKeys,
{
    /// Mails the live issue, renews a dead one, or does nothing.
    pub async fn run(&self, address: &EmailAddress) -> Result<PinRequested, Unavailable> {
        let settings = self.env.store().current_settings().await?;
        let key = self.env.keys().key_ring().await?.current().clone();
        let mut turns = Turns::new(&self.env, "answering a request for a PIN");
        loop {
            let now = self.env.clock().now();
            let user = readable(
                self.env
                    .store()
                    .user_by_address(&address.normalised())
                    .await,
            )?;
            let Some((user, invitation)) = entitled(user, &settings) else {
                return Ok(PinRequested::Nothing);
            };
            let Some(asked) = asked_once_more(&user, now) else {
                return Ok(PinRequested::Nothing);
            };
            let (done, change) = match invitation.state_at(now) {
                InvitationState::Pending => {
                    let mail = MailId::new(self.env.entropy().ulid());
                    let event = EventId::new(self.env.entropy().ulid());
                    let resend =
                        ResendSpec::asked_for(Actor::Invitee, settings.version, mail, event);
                    let change = mail_again(&user, &invitation, resend, now);
                    (PinRequested::MailedAgain, change)
                }
                InvitationState::Expired | InvitationState::Locked
                    if invitation.renewals < MAX_RENEWALS =>
                {
                    let secrets = IssueSecrets {
                        nonce: self.env.entropy().nonce(),
                        key: key.clone(),
                        event: EventId::new(self.env.entropy().ulid()),
                    };
                    let spec = self.renewed(&user, &invitation, &settings);
                    (
                        PinRequested::Renewed,
                        issue(&user, spec, &settings, secrets, now),
                    )
                }
                // Never from none, and never against an end that somebody chose.
                InvitationState::None
                | InvitationState::Completed
                | InvitationState::Expired
                | InvitationState::Cancelled
                | InvitationState::Declined
                | InvitationState::Locked => return Ok(PinRequested::Nothing),
            };
            let mut change = change.for_request(self.env.entropy().request().as_ref());
            change.user.asked = Some(asked);
            if self.env.store().save_user(&change).await?.is_saved() {
                return Ok(done);
            }
            turns.another().await?;
        }
    }

    /// An issue as the one before, under the settings of now.
    fn renewed(
        &self,
        user: &User,
        invitation: &Invitation,
        settings: &VersionedSettings,
    ) -> IssueSpec {
        let method = settings.settings.for_user(user).registration.method;
        IssueSpec {
            who: Actor::Invitee,
            invited_by: invitation.invited_by.clone(),
            batch: invitation.batch,
            // Stopping the batch must not keep from them what they asked for themselves.
            of_batch: false,
            mail: MailId::new(self.env.entropy().ulid()),
            class: MailClass::Small,
            ownership: if choice_applies(method) {
                invitation.ownership
            } else {
                Ownership::NotSet
            },
            renewals: invitation.renewals + 1,
        }
    }
}

/// A user who may ask, with an invitation whose method has a PIN to ask for.
fn entitled(user: Option<User>, settings: &VersionedSettings) -> Option<(User, Invitation)> {
    let user = user.filter(|user| {
        user.enabled
            && user.address_mark.is_none()
            && settings.settings.sender.may_invite(&user.email)
    })?;
    let own = settings.settings.for_user(&user);
    if !own.registration.allow_pin_request {
        return None;
    }
    let invitation = user
        .invitation
        .clone()
        .filter(|invitation| invitation.method.uses_pin())?;
    Some((user, invitation))
}

/// The count with this mail; `None` if the day's mails are used up.
fn asked_once_more(user: &User, now: Timestamp) -> Option<Asked> {
    let day = now.to_zoned(TimeZone::UTC).date();
    let before = user
        .asked
        .filter(|asked| asked.day == day)
        .map_or(0, |asked| asked.mails);
    (before < MAX_PIN_REQUESTS).then_some(Asked {
        day,
        mails: before + 1,
    })
}
