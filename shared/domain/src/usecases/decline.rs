//! "This was not me": the invited person says that an invitation is not for them. Its token is
//! one of its own, which redeems nothing; the answer is the same whatever it was.

use crate::model::actor::Actor;
use crate::model::change::UserChange;
use crate::model::history::{Happening, HistoryRow};
use crate::model::invitation::{Invitation, InvitationEvent, transition};
use crate::model::mail::NoticeOf;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::entropy::Chance;
use crate::ports::error::Unavailable;
use crate::ports::keys::LoadKeys;
use crate::ports::reads::readable;
use crate::ports::settings::ReadSettings;
use crate::ports::users::{LoadUsers, SaveUsers};
use crate::rules::notices::{addressees, notice};
use crate::values::ids::{EventId, MailId};
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
pub struct Decline<S, K, C, R> {
    /// The table.
    pub store: S,
    /// The keys.
    pub keys: K,
    /// Time.
    pub clock: C,
    /// Ids.
    pub chance: R,
}

impl<S, K, C, R> Decline<S, K, C, R>
where
    S: LoadUsers + ReadSettings + SaveUsers + Sync,
    K: LoadKeys + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    /// Declines the issue that the token is of.
    pub async fn run(&self, token: &str) -> Result<Declined, Unavailable> {
        let keys = self.keys.key_ring().await?;
        let Some(claim) = TokenClaim::read(token) else {
            return Ok(Declined::DoesNotFit);
        };
        let settings = self.store.current_settings().await?;
        loop {
            let now = self.clock.now();
            let user = readable(self.store.load_user(claim.user).await)?;
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
            let row = HistoryRow {
                id: EventId::new(self.chance.ulid()),
                user: user.id,
                at: now,
                who: Actor::Invitee,
                what: Happening::InvitationDeclined {
                    issue: invitation.issue,
                },
            };
            let notices = addressees(&settings, &about).map(|to| {
                let id = MailId::new(self.chance.ulid());
                notice(id, to, &about, user.id, &settings, now)
            });
            let change = UserChange {
                mails: notices.collect(),
                history: vec![row],
                ..UserChange::of(User {
                    version: user.version.next(),
                    invitation: Some(Invitation {
                        state,
                        ended_at: Some(now),
                        sessions: Vec::new(),
                        ..invitation
                    }),
                    ..user
                })
            };
            let change = change.for_request(self.chance.request().as_ref());
            if self.store.save_user(&change).await?.is_saved() {
                return Ok(Declined::Declined);
            }
        }
    }
}
