//! Devices and sessions.

use beckon_domain::model::registration::Registration;
use beckon_domain::model::session::Session;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::Readable;
use beckon_domain::values::ids::{DeviceId, UserId};
use beckon_domain::values::session_ids::SessionDigest;

use super::{Table, unseen};
use crate::Call;
use crate::simulation::breakage::Breakage;

impl Devices for Table {
    async fn load_session(&self, digest: &SessionDigest) -> Result<Option<Session>, Unavailable> {
        let session = self
            .read(
                Call::LoadSession,
                self.rows().load_session(digest),
                |ledger, session| {
                    if let Some(session) = session {
                        ledger.read_session(session.user);
                    }
                },
            )
            .await?;
        let moves_on = self.broken(Breakage::SessionMovesOn);
        Ok(session.map(|session| Session {
            issue: self
                .row_of(session.user)
                .filter(|_| moves_on)
                .map_or(session.issue, |user| user.latest_issue),
            ..session
        }))
    }

    async fn load_registration(
        &self,
        user: UserId,
        device: &DeviceId,
    ) -> Result<Option<Registration>, Unavailable> {
        let read = self.rows().load_registration(user, device);
        let known = self.read(Call::LoadRegistration, read, unseen).await?;
        Ok(known.filter(|_| !self.broken(Breakage::DeviceForgotten)))
    }

    async fn registrations_of(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<Readable<Registration>, Unavailable> {
        let read = self.rows().registrations_of(user, limit);
        self.read(Call::RegistrationsOf, read, unseen).await
    }
}
