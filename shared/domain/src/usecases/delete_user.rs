//! Deleting a user: their secret, addresses, devices and sessions go at once, waiting mail finds
//! nobody and is dropped. Their history stays, under their id and without their name, until it is
//! erased.

use crate::model::actor::Actor;
use crate::model::erasure::Tombstone;
use crate::model::history::{HistoryEntry, HistoryEvent};
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::values::ids::UserId;

/// Why a user was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteUserRefused {
    /// There is no such user, or no more.
    #[error("there is no such user")]
    UnknownUser,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Deletes users.
#[derive(Debug, Clone)]
pub struct DeleteUser<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Users>> DeleteUser<E> {
    /// Deletes the user.
    pub async fn run(&self, id: UserId, who: &Actor) -> Result<(), DeleteUserRefused> {
        let mut turns = Turns::new(&self.env, "deleting a user");
        loop {
            let user = self
                .env
                .store()
                .load_user(id)
                .await?
                .ok_or(DeleteUserRefused::UnknownUser)?;
            let (row, tombstone) = removal(&self.env, &user, who);
            match self.env.store().remove_user(&user, &row, &tombstone).await {
                Ok(()) => return Ok(()),
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }
}

/// What is written in the place of somebody who is deleted now.
pub(super) fn removal(env: &impl Env, user: &User, who: &Actor) -> (HistoryEntry, Tombstone) {
    let now = env.clock().now();
    let what = HistoryEvent::deletion_of(user);
    let row = env.happened(user.id, now, who.clone(), what);
    (row, Tombstone::of(user, now))
}
