//! Devices that were registered, and the sessions in which they enrolled.

use beckon_domain::model::registration::Registration;
use beckon_domain::model::session::Session;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::Readable;
use beckon_domain::values::ids::{DeviceId, UserId};
use beckon_domain::values::session_ids::SessionDigest;

use super::{Table, keys, text};

impl Devices for Table {
    async fn load_session(&self, digest: &SessionDigest) -> Result<Option<Session>, Unavailable> {
        let item = self.get(keys::session(digest)).await?;
        self.one(item).await
    }

    async fn load_registration(
        &self,
        user: UserId,
        device: &DeviceId,
    ) -> Result<Option<Registration>, Unavailable> {
        let item = self.get(keys::device(user, device)).await?;
        self.one(item).await
    }

    async fn registrations_of(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<Readable<Registration>, Unavailable> {
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :user AND begins_with(sk, :devices)")
            .expression_attribute_values(":user", text(keys::user_partition(user)))
            .expression_attribute_values(":devices", text(keys::DEVICES))
            .consistent_read(true);
        let rows = self.query_rows(query, limit).await?.0;
        let mut registrations = self.sort_out(rows).await;
        Registration::sort(&mut registrations.items);
        Ok(registrations)
    }
}
