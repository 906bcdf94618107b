//! Trying an address again that takes no mail any more: the mark goes, and so does what the mail
//! service remembers against it.

use crate::model::actor::Actor;
use crate::model::change::UserChange;
use crate::model::history::{Happening, HistoryRow};
use crate::model::invitation::InvitationState;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::entropy::Chance;
use crate::ports::error::Unavailable;
use crate::ports::mail_service::ClearSuppression;
use crate::ports::settings::ReadSettings;
use crate::ports::users::{LoadUsers, SaveUsers};
use crate::rules::falling_due::reached_again;
use crate::rules::issuing::{Remailing, mail_again};
use crate::values::ids::{EventId, MailId, UserId};

/// Why an address was not tried again.
#[derive(Debug, thiserror::Error)]
pub enum TryAddressAgainRefused {
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// Nothing is held against it.
    #[error("the address takes mail")]
    NotMarked,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Tries addresses again.
#[derive(Debug, Clone)]
pub struct TryAddressAgain<S, M, C, R> {
    /// The table.
    pub store: S,
    /// The mail service.
    pub service: M,
    /// Time.
    pub clock: C,
    /// Ids.
    pub chance: R,
}

impl<S, M, C, R> TryAddressAgain<S, M, C, R>
where
    S: LoadUsers + ReadSettings + SaveUsers + Sync,
    M: ClearSuppression + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    /// Clears the mark, mails an open invitation again, and has its reminders go on. The mail
    /// service first: it may be told twice, but a mail to an address that it still suppresses
    /// would only come back.
    pub async fn run(&self, id: UserId, who: &Actor) -> Result<User, TryAddressAgainRefused> {
        loop {
            let user = self
                .store
                .load_user(id)
                .await?
                .ok_or(TryAddressAgainRefused::UnknownUser)?;
            let Some(mark) = user.address_mark else {
                return Err(TryAddressAgainRefused::NotMarked);
            };
            self.service.clear_suppression(&user.email).await?;
            let settings = self.store.current_settings().await?;
            let now = self.clock.now();
            let cleared = User {
                address_mark: None,
                ..user
            };
            let cleared = if cleared.enabled {
                reached_again(cleared, &settings.settings, now)
            } else {
                cleared
            };
            let row = HistoryRow {
                id: EventId::new(self.chance.ulid()),
                user: id,
                at: now,
                who: who.clone(),
                what: Happening::AddressTriedAgain { mark },
            };
            let base = match &cleared.invitation {
                Some(invitation)
                    if cleared.enabled && invitation.state_at(now) == InvitationState::Pending =>
                {
                    let mail = MailId::new(self.chance.ulid());
                    let event = EventId::new(self.chance.ulid());
                    let remailing =
                        Remailing::asked_for(who.clone(), settings.version, mail, event);
                    mail_again(&cleared, invitation, remailing, now)
                }
                Some(_) | None => UserChange::of(User {
                    version: cleared.version.next(),
                    ..cleared.clone()
                }),
            };
            let mut change = base;
            change.history.insert(0, row);
            let change = change.for_request(self.chance.request().as_ref());
            let after = change.user.clone();
            if self.store.save_user(&change).await?.is_saved() {
                return Ok(after);
            }
        }
    }
}
