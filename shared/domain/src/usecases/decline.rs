//! "This was not me": the invited person says that an invitation is not for them. Its token is
//! one of its own, which redeems nothing; the answer is the same whatever it was.

use crate::model::actor::Actor;
use crate::model::change::UserChange;
use crate::model::history::HistoryEvent;
use crate::model::invitation::{Invitation, InvitationEvent, transition};
use crate::model::mail::NoticeOf;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::Unavailable;
use crate::ports::keys::Keys;
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::notices::{addressees, notice};
use crate::values::ids::MailId;
use crate::values::token::{TokenClaim, TokenPurpose};

/// What was done. Only tests and logs may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declined {
    /// The secret is dead, and administrators are told.
    Declined,
    /// It had ended before.
    EndedBefore,
    /// The token is none of ours, or of an issue that was replaced.
    DoesNotFit,
}

/// Declines invitations.
#[derive(Debug, Clone)]
pub struct Decline<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> Decline<E>
where
    E: Env<Store: Users + SettingsStore> + WithKeys,
{
    /// Declines the issue that the token is of.
    pub async fn run(&self, token: &str) -> Result<Declined, Unavailable> {
        let keys = self.env.keys().key_ring().await?;
        let Some(claim) = TokenClaim::parse(token) else {
            return Ok(Declined::DoesNotFit);
        };
        let settings = self.env.store().current_settings().await?;
        let mut turns = Turns::new(&self.env, "declining an invitation");
        loop {
            let now = self.env.clock().now();
            let user = readable(self.env.store().load_user(claim.user).await)?;
            let Some((user, invitation)) =
                user.and_then(|user| user.invitation.clone().map(|own| (user, own)))
            else {
                return Ok(Declined::DoesNotFit);
            };
            let holds = invitation.issue == claim.issue
                && keys
                    .get(&invitation.key)
                    .is_some_and(|key| claim.holds(key, TokenPurpose::Decline, &invitation.nonce));
            if !holds {
                return Ok(Declined::DoesNotFit);
            }
            let Ok(state) = transition(invitation.state_at(now), InvitationEvent::Decline) else {
                return Ok(Declined::EndedBefore);
            };
            let about = NoticeOf::Declined {
                issued_at: invitation.issued_at,
                invited_by: invitation.invited_by.clone(),
            };
            let what = HistoryEvent::InvitationDeclined {
                issue: invitation.issue,
            };
            let declined = User {
                invitation: Some(Invitation {
                    state,
                    ended_at: Some(now),
                    sessions: Vec::new(),
                    ..invitation
                }),
                ..user
            };
            let id = declined.id;
            let notices = addressees(&settings, &about).map(|to| {
                let mail = MailId::new(self.env.entropy().ulid());
                notice(mail, to, &about, id, &settings, now)
            });
            let change = UserChange::next(declined)
                .with_history([self.env.happened(id, now, Actor::Invitee, what)])
                .with_mails(notices)
                .for_request(self.env.entropy().request().as_ref());
            if self.env.store().save_user(&change).await?.is_saved() {
                return Ok(Declined::Declined);
            }
            turns.another().await?;
        }
    }
}
