//! Deleting a user: their secret, addresses, devices and sessions go at once, and what device managements told of
//! their devices; waiting mail finds nobody and is dropped. Their history stays, under their id and without their name, until it is
//! erased.

use crate::model::actor::Actor;
use crate::model::erasure::Tombstone;
use crate::model::history::{HistoryEntry, HistoryEvent};
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::values::ids::UserId;

/// Of how many devices of one user is asked what was told of them.
const MAX_DEVICES: usize = 500;

/// How many messages are deleted at once.
const MESSAGES_AT_ONCE: usize = 200;

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

impl<E: Env<Store: Users + Devices>> DeleteUser<E> {
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
            forget_devices(&self.env, &user).await?;
            let (row, tombstone) = removal(&self.env, &user, who);
            match self.env.store().remove_user(&user, &row, &tombstone).await {
                Ok(()) => return Ok(()),
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }
}

/// Deletes what device managements told of somebody's devices, with their messages. Before the user is deleted: whoever
/// is cut short in between finds the user still there, and begins again.
pub(super) async fn forget_devices(
    env: &impl Env<Store: Devices>,
    user: &User,
) -> Result<(), Unavailable> {
    if user.devices == 0 {
        return Ok(());
    }
    let store = env.store();
    for registration in store.registrations_of(user.id, MAX_DEVICES).await?.items {
        let id = &registration.device.id;
        // One that somebody else has by now is theirs.
        while let Some(device) = store.load_reported_device(id).await?
            && device.user == Some(user.id)
            && !store
                .forget_reported_device(&device, MESSAGES_AT_ONCE)
                .await?
        {}
    }
    Ok(())
}

/// What is written in the place of somebody who is deleted now.
pub(super) fn removal(env: &impl Env, user: &User, who: &Actor) -> (HistoryEntry, Tombstone) {
    let now = env.clock().now();
    let what = HistoryEvent::deletion_of(user);
    let row = env.happened(user.id, now, who.clone(), what);
    (row, Tombstone::of(user, now))
}
