//! Assigning a device that belongs to nobody who is known: an administrator says whose it is, or somebody is added
//! whom it names. It is then recorded as any registration is, and completes what that may.

use crate::model::actor::Actor;
use crate::model::change::Identifier;
use crate::model::reported_device::ReportedDevice;
use crate::ports::devices::Devices;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::reads::ListPage;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::reported_device::report_of;
use crate::usecases::carry_device_event::{CarryDeviceEvent, Placed};
use crate::usecases::confirm_registration::{ConfirmRefused, ConfirmRegistration, Reported, Told};
use crate::values::ids::{DeviceId, UserId};

/// How many devices one person may be found to have when they are added.
const MAX_ADOPTED: usize = 20;

/// Why a device was not assigned.
#[derive(Debug, thiserror::Error)]
pub enum AssignRefused {
    /// No source told of this device, or it has not enrolled.
    #[error("no device with this id enrolled")]
    UnknownDevice,
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// It belongs to somebody.
    #[error("the device belongs to somebody already")]
    Taken {
        /// To whom.
        user: UserId,
    },
    /// It is managed no longer.
    #[error("the device is managed no longer")]
    Unenrolled,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Assigns devices.
#[derive(Debug, Clone)]
pub struct AssignDevice<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> AssignDevice<E>
where
    E: Env<Store: Users + Devices + SettingsStore>,
{
    /// The devices that belong to nobody, the newest first.
    pub async fn unassigned(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<ReportedDevice>, Unavailable> {
        let store = self.env.store();
        let page = store.unassigned_devices(position, limit).await?;
        let load = |id: DeviceId| async move { store.load_reported_device(&id).await };
        let mut page = page.loaded(load).await?;
        // The list may be a moment old.
        page.items.retain(ReportedDevice::is_unassigned);
        Ok(page)
    }

    /// Says whose a device is, and records it for them, as one: of two who assign it at once, one is told that another
    /// has it. The same again changes nothing.
    pub async fn run(
        &self,
        id: &DeviceId,
        user: UserId,
        who: &Actor,
    ) -> Result<Reported, AssignRefused> {
        let mut turns = Turns::new(&self.env, "assigning a device");
        loop {
            if self.env.store().load_user(user).await?.is_none() {
                return Err(AssignRefused::UnknownUser);
            }
            let device = self.env.store().load_reported_device(id).await?;
            let device = device.filter(|device| device.enrolment.is_some());
            let device = device.ok_or(AssignRefused::UnknownDevice)?;
            let assigned = match self.owner(&device, user).await? {
                Some(own) if own == user => device.clone(),
                Some(other) => return Err(AssignRefused::Taken { user: other }),
                None if device.is_unenrolled() => return Err(AssignRefused::Unenrolled),
                None => ReportedDevice {
                    user: None,
                    assigned_to: Some(user),
                    assigned_by: Some(who.clone()),
                    ..device.clone()
                },
            };
            let report = report_of(&assigned).ok_or(AssignRefused::UnknownDevice)?;
            let told = Told {
                was: &device,
                is: &assigned,
            };
            let confirm = ConfirmRegistration { env: &self.env };
            match confirm.run_told(&report, told).await {
                Ok(Some(reported)) => return Ok(reported),
                Ok(None) => turns.another().await?,
                // The user was deleted meanwhile.
                Err(ConfirmRefused::Unknown) => return Err(AssignRefused::UnknownUser),
                Err(ConfirmRefused::Unavailable(error)) => return Err(error.into()),
            }
        }
    }

    /// To whom a device belongs that is given to `user`; nobody if whoever had it is gone.
    async fn owner(
        &self,
        device: &ReportedDevice,
        user: UserId,
    ) -> Result<Option<UserId>, Unavailable> {
        match device.user {
            Some(other) if other != user => {
                let other = self.env.store().load_user(other).await?;
                Ok(other.map(|other| other.id))
            }
            own => Ok(own),
        }
    }

    /// Gives people who are new, or are newly called so, the devices that name them; how many. Without sources there
    /// are none, and nobody looks.
    pub async fn adopt(&self, named: &[Identifier]) -> Result<usize, Unavailable> {
        if named.is_empty() {
            return Ok(0);
        }
        let settings = self.env.store().current_settings().await?.settings;
        if settings.device_sources.is_empty() {
            return Ok(0);
        }
        let carry = CarryDeviceEvent { env: &self.env };
        let mut adopted = 0;
        for identifier in named {
            let store = self.env.store();
            for id in store.unassigned_devices_of(identifier, MAX_ADOPTED).await? {
                match carry.place(&id).await {
                    Ok(Placed::Recorded(_)) => adopted += 1,
                    Ok(Placed::FactsWait | Placed::Unenrolled | Placed::Unassigned) => {}
                    Err(error) if error.unreadable().is_some() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(adopted)
    }
}
