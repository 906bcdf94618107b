//! Devices that were registered, and the sessions in which they enrolled.

use beckon_domain::model::registration::Registration;
use beckon_domain::model::session::Session;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::Readable;
use beckon_domain::values::ids::{DeviceId, UserId};
use beckon_domain::values::session_ids::SessionDigest;

use super::spoilt::{keys, one};
use super::{Call, MemoryStore};

impl Devices for MemoryStore {
    async fn load_session(&self, digest: &SessionDigest) -> Result<Option<Session>, Unavailable> {
        let read = self.read(Call::LoadSession, |rows| {
            one(
                rows,
                &keys::session(digest),
                rows.sessions.get(digest).cloned(),
            )
        });
        self.one_row(read.await)
    }

    async fn load_registration(
        &self,
        user: UserId,
        device: &DeviceId,
    ) -> Result<Option<Registration>, Unavailable> {
        let read = self.read(Call::LoadRegistration, |rows| {
            let found = rows.registrations.get(&(user, device.clone())).cloned();
            one(rows, &keys::device(user, device), found)
        });
        self.one_row(read.await)
    }

    async fn registrations_of(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<Readable<Registration>, Unavailable> {
        let read = self.read(Call::RegistrationsOf, |rows| {
            let all = rows.registrations.iter();
            let theirs = all.filter(|((owner, _), _)| *owner == user).take(limit);
            let (unreadable, mut registrations): (Vec<_>, Vec<_>) = theirs
                .map(|(_, registration)| registration.clone())
                .partition(|one| {
                    rows.why_unreadable(&keys::device(user, &one.device.id))
                        .is_some()
                });
            Registration::sort(&mut registrations);
            (registrations, unreadable)
        });
        let (items, unreadable) = read.await?;
        for one in &unreadable {
            self.met(&keys::device(user, &one.device.id));
        }
        Ok(Readable {
            items,
            unreadable: unreadable.len(),
        })
    }
}
