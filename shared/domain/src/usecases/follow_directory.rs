//! Following the directory that people come from: whoever it adds becomes a user, or is found among those who were
//! added by hand; whoever it changes changes; whom it says is not active is disabled.

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::batch::{Batch, Cursor};
use crate::model::change::Identifier;
use crate::model::directory::DirectoryPerson;
use crate::model::history::HistoryEvent;
use crate::model::ownership::OwnerSwitch;
use crate::model::settings::VersionedSettings;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::{AddUserError, Users};
use crate::rules::directory::{followed, is_invited_as_joiner, joined};
use crate::rules::user_update::UserUpdate;
use crate::usecases::change_user::{CorrectionRefused, correct_until_saved, corrected_to};
use crate::usecases::send_invitations::batch_and_cursor;
use crate::values::address::EmailAddress;
use crate::values::ids::{UserId, Version};
use crate::values::problem::FieldProblem;
use crate::values::user_name::UserName;

/// Why the directory was not followed. `E` is what the caller itself says of a change that it cannot make.
#[derive(Debug, thiserror::Error)]
pub enum FollowRefused<E> {
    /// The change cannot be made.
    #[error("the change cannot be made")]
    Change(E),
    /// What the directory says is not well formed.
    #[error("what the directory says is not well formed")]
    Invalid(FieldProblem),
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// The user is in another version than the one that was named.
    #[error("the user was changed meanwhile")]
    Stale,
    /// Somebody else has the user name, the address or the external id, which is named.
    #[error("another user has this {0}")]
    Taken(&'static str),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl<E> From<CorrectionRefused> for FollowRefused<E> {
    fn from(refused: CorrectionRefused) -> Self {
        match refused {
            CorrectionRefused::UnknownUser => Self::UnknownUser,
            CorrectionRefused::Stale => Self::Stale,
            CorrectionRefused::AddressTaken => Self::Taken("emails"),
            CorrectionRefused::ExternalIdTaken => Self::Taken("externalId"),
            CorrectionRefused::UserNameTaken => Self::Taken("userName"),
        }
    }
}

/// Follows the directory.
#[derive(Debug, Clone)]
pub struct FollowDirectory<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> FollowDirectory<E>
where
    E: Env<Store: Users + Mails + SettingsStore> + WithKeys,
{
    /// Adds a person, and invites them if the settings say so. Somebody who was added by hand and has the user name or
    /// the address is that person, and from now on the directory's.
    pub async fn add(
        &self,
        person: &DirectoryPerson,
    ) -> Result<User, FollowRefused<std::convert::Infallible>> {
        let mut turns = Turns::new(&self.env, "adding a person of the directory");
        loop {
            let now = self.env.clock().now();
            let id = UserId::new(self.env.entropy().ulid());
            let user = joined(id, person.clone(), now).map_err(FollowRefused::Invalid)?;
            if let Some(known) = self.added_by_hand(&user).await? {
                let same = |_: DirectoryPerson| Ok(person.clone());
                match self.change(known, None, same).await {
                    // They were deleted in this moment.
                    Err(FollowRefused::UnknownUser) => turns.another().await?,
                    answer => return answer,
                }
                continue;
            }
            let settings = self.env.store().current_settings().await?;
            let mut user = user;
            let batch = as_joiner(&self.env, &settings, None, &mut user, now);
            let row = self
                .env
                .happened(id, now, Actor::Directory, HistoryEvent::UserAdded);
            let batch = batch.as_ref().map(|(batch, cursor)| (batch, cursor));
            match self.env.store().add_user(&user, &row, batch, None).await {
                Ok(()) => return Ok(user),
                Err(AddUserError::AddressTaken) => {
                    // Somebody may have added them by hand in this moment.
                    if self.added_by_hand(&user).await?.is_none() {
                        return Err(FollowRefused::Taken("emails"));
                    }
                    turns.another().await?;
                }
                Err(AddUserError::ExternalIdTaken) => {
                    return Err(FollowRefused::Taken("externalId"));
                }
                Err(AddUserError::UserNameTaken) => return Err(FollowRefused::Taken("userName")),
                Err(AddUserError::KeyTaken) => turns.another().await?,
                Err(AddUserError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }

    /// Changes a person: `edit` makes what the directory says now of what it said until now. If a version is named, the
    /// user must be in it.
    pub async fn change<Refused>(
        &self,
        id: UserId,
        expected: Option<Version>,
        edit: impl Fn(DirectoryPerson) -> Result<DirectoryPerson, Refused> + Send,
    ) -> Result<User, FollowRefused<Refused>> {
        let env = &self.env;
        let decide = move |before: &User, with: &UserUpdate<'_>, now| {
            let said = edit(DirectoryPerson::of(before)).map_err(FollowRefused::Change)?;
            let after = followed(before, said).map_err(FollowRefused::Invalid)?;
            let corrected = corrected_to(env, before, after, with, now);
            Ok(corrected
                .map_err(FollowRefused::Invalid)?
                .map(|(mut change, missed)| {
                    change.batch =
                        as_joiner(env, with.settings, Some(before), &mut change.user, now);
                    (change, missed)
                }))
        };
        correct_until_saved(env, id, expected, &Actor::Directory, decide).await
    }

    /// Whoever has this user name: as such, or as their address if they have no other.
    pub async fn of_user_name(&self, name: &UserName) -> Result<Option<User>, Unavailable> {
        let names = [Identifier::UserName(name.key())];
        let found = self.env.store().users_by_names(&names).await?.one()?;
        if found.is_some() {
            return Ok(found);
        }
        let Ok(address) = EmailAddress::parse(name.as_str()) else {
            return Ok(None);
        };
        let store = self.env.store();
        let found = store.user_by_address(&address.normalised()).await?;
        Ok(found.filter(|user| user.user_name.is_none()))
    }

    /// The user who is this person, if somebody added them by hand.
    async fn added_by_hand(&self, person: &User) -> Result<Option<UserId>, Unavailable> {
        let found = match &person.user_name {
            Some(name) => self.of_user_name(name).await?,
            None => None,
        };
        let found = if found.is_some() {
            found
        } else {
            let address = person.email.normalised();
            self.env.store().user_by_address(&address).await?
        };
        let by_hand = found.filter(|user| user.directory.is_none());
        Ok(by_hand.map(|user| user.id))
    }
}

/// The batch that invites somebody whom the settings have invited; their row says so from then on.
pub(super) fn as_joiner(
    env: &impl Env,
    settings: &VersionedSettings,
    before: Option<&User>,
    after: &mut User,
    now: Timestamp,
) -> Option<(Batch, Cursor)> {
    if !is_invited_as_joiner(&settings.settings, before, after) {
        return None;
    }
    after.invited_as_joiner = true;
    Some(batch_and_cursor(
        env.entropy(),
        Actor::Directory,
        vec![after.id],
        OwnerSwitch::default(),
        settings.version,
        now,
    ))
}
