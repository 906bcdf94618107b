//! Trying an address again that takes no mail any more: the mark goes, and so does what the mail
//! service remembers against it.

use crate::model::actor::Actor;
use crate::model::change::UserChange;
use crate::model::history::HistoryEvent;
use crate::model::invitation::InvitationState;
use crate::model::mail::MailClass;
use crate::model::settings::VersionedSettings;
use crate::model::user::{AddressSuppression, User};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithMailService};
use crate::ports::error::Unavailable;
use crate::ports::mail_service::MailService;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::issuing::mail_again;
use crate::rules::next_action::reached_again;
use crate::usecases::change_invitation::By;
use crate::values::ids::UserId;

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
pub struct TryAddressAgain<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> TryAddressAgain<E>
where
    E: Env<Store: Users + SettingsStore> + WithMailService,
{
    /// Clears the mark, mails an open invitation again, and has its reminders go on. The mail
    /// service first: it may be told twice, but a mail to an address that it still suppresses
    /// would only come back.
    pub async fn run(&self, id: UserId, who: &Actor) -> Result<User, TryAddressAgainRefused> {
        let mut turns = Turns::new(&self.env, "trying an address again");
        loop {
            let user = self
                .env
                .store()
                .load_user(id)
                .await?
                .ok_or(TryAddressAgainRefused::UnknownUser)?;
            let Some(mark) = user.address_mark else {
                return Err(TryAddressAgainRefused::NotMarked);
            };
            self.env
                .mail_service()
                .clear_suppression(&user.email)
                .await?;
            let settings = self.env.store().current_settings().await?;
            let by = By {
                who,
                class: MailClass::Small,
                now: self.env.clock().now(),
            };
            let change = cleared(&self.env, user, mark, &settings, by);
            let change = change.for_request(self.env.entropy().request().as_ref());
            let after = change.user.clone();
            if self.env.store().save_user(&change).await?.is_saved() {
                return Ok(after);
            }
            turns.another().await?;
        }
    }
}

/// The mark gone, an open invitation mailed again, and its reminders going on.
pub(super) fn cleared(
    env: &impl Env,
    user: User,
    mark: AddressSuppression,
    settings: &VersionedSettings,
    by: By<'_>,
) -> UserChange {
    let now = by.now;
    let cleared = User {
        address_mark: None,
        ..user
    };
    let cleared = if cleared.enabled {
        reached_again(cleared, &settings.settings, now)
    } else {
        cleared
    };
    let what = HistoryEvent::AddressTriedAgain { mark };
    let row = env.happened(cleared.id, now, by.who.clone(), what);
    let mut change = match &cleared.invitation {
        Some(invitation)
            if cleared.enabled && invitation.state_at(now) == InvitationState::Pending =>
        {
            mail_again(&cleared, invitation, by.resend(env, settings), now)
        }
        Some(_) | None => UserChange::next(cleared.clone()),
    };
    change.history.insert(0, row);
    change
}
