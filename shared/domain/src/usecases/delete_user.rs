//! Deleting a user: their secret, addresses, devices and sessions go at once, waiting mail finds
//! nobody and is dropped. Their history stays, under their id and without their name, until it is
//! erased.

use crate::model::actor::Actor;
use crate::model::erasure::Tombstone;
use crate::model::history::{Happening, HistoryRow};
use crate::ports::clock::Clock;
use crate::ports::entropy::Chance;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::users::{LoadUsers, RemoveUser};
use crate::values::ids::{EventId, UserId};

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
pub struct DeleteUser<S, C, R> {
    /// The table.
    pub store: S,
    /// Time.
    pub clock: C,
    /// Ids.
    pub chance: R,
}

impl<S, C, R> DeleteUser<S, C, R>
where
    S: LoadUsers + RemoveUser + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    /// Deletes the user.
    pub async fn run(&self, id: UserId, who: &Actor) -> Result<(), DeleteUserRefused> {
        loop {
            let user = self
                .store
                .load_user(id)
                .await?
                .ok_or(DeleteUserRefused::UnknownUser)?;
            let now = self.clock.now();
            let row = HistoryRow {
                id: EventId::new(self.chance.ulid()),
                user: id,
                at: now,
                who: who.clone(),
                what: Happening::deletion_of(&user),
            };
            let tombstone = Tombstone {
                user: id,
                over_since: now,
            };
            match self.store.remove_user(&user, &row, &tombstone).await {
                Ok(()) => return Ok(()),
                Err(SaveError::Conflict) => {}
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }
}
