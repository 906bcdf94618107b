//! Devices that were registered, the sessions in which they enrolled, and what device managements tell of them.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use beckon_domain::model::change::Identifier;
use beckon_domain::model::device_event::{DeviceEvent, LatestEvent};
use beckon_domain::model::polling::SourcePoll;
use beckon_domain::model::registration::Registration;
use beckon_domain::model::reported_device::ReportedDevice;
use beckon_domain::model::session::Session;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::reads::{ListPage, Readable, readable};
use beckon_domain::values::ids::{DeviceId, EventId, UserId};
use beckon_domain::values::session_ids::SessionDigest;
use beckon_domain::values::source_name::SourceName;
use jiff::Timestamp;

use super::keys::{DueKind, ListKind};
use super::mails::saved;
use super::reading::key_of;
use super::rows::{Item, part};
use super::users::deleted;
use super::{Table, changes, keys, number, rows, text};

/// How many messages go in one transaction; it holds 100 items, and a message is two.
const FORGOTTEN_AT_ONCE: usize = 50;

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

    async fn load_device_event(&self, id: EventId) -> Result<Option<DeviceEvent>, Unavailable> {
        let item = self.get(keys::device_event(id)).await?;
        self.one(item).await
    }

    async fn save_device_event(&self, event: &DeviceEvent) -> Result<(), SaveError> {
        // First: whatever is written of the message then, it is found by its device.
        if let Some(found_by) = rows::message_of_device(event) {
            self.put(self.set(found_by)?).await?;
        }
        self.put_version(rows::device_event(event)?, event.version)
            .await?;
        changes::device_event(event);
        if let Some(latest) = rows::latest_event(event)? {
            self.keep_latest(event, latest).await;
        }
        Ok(())
    }

    async fn due_device_events(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventId>, Unavailable> {
        self.due(DueKind::DeviceEvent, now, limit).await
    }

    async fn failed_device_events(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<EventId>, Unavailable> {
        self.list_ids(ListKind::FailedEvents, position, limit).await
    }

    async fn latest_device_events(
        &self,
        sources: &[SourceName],
    ) -> Result<Vec<LatestEvent>, Unavailable> {
        let read = sources.iter().map(|source| self.latest_of(source));
        let latest = futures_util::future::try_join_all(read).await?;
        Ok(latest.into_iter().flatten().collect())
    }

    async fn load_reported_device(
        &self,
        id: &DeviceId,
    ) -> Result<Option<ReportedDevice>, Unavailable> {
        let item = self.get(keys::reported(id)).await?;
        self.one(item).await
    }

    async fn save_reported_device(
        &self,
        device: &ReportedDevice,
        before: Option<&ReportedDevice>,
    ) -> Result<(), SaveError> {
        let items = self.reported_items(device, before)?;
        saved(self.transact(items).await)?;
        Ok(())
    }

    async fn forget_reported_device(
        &self,
        device: &ReportedDevice,
        limit: usize,
    ) -> Result<bool, Unavailable> {
        let (partition, _) = keys::reported(&device.id).parts();
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :device AND begins_with(sk, :messages)")
            .expression_attribute_values(":device", text(partition))
            .expression_attribute_values(":messages", text(keys::MESSAGES))
            .projection_expression("pk, sk")
            .consistent_read(true);
        let rows = self.query_rows(query, limit).await?.0;
        for some in rows.chunks(FORGOTTEN_AT_ONCE) {
            let mut items = Vec::new();
            for row in some {
                let sk = key_of(row).sk;
                let id = sk.strip_prefix(keys::MESSAGES);
                if let Some(Ok(event)) = id.map(str::parse::<EventId>) {
                    let event = keys::device_event(event).into_item();
                    items.push(deleted(self.taking(event))?);
                }
                items.push(deleted(self.taking(row.clone()))?);
            }
            if !SaveError::was_written(saved(self.transact(items).await))? {
                return Ok(false);
            }
        }
        if rows.len() == limit {
            return Ok(false);
        }
        let as_read = self
            .taking(keys::reported(&device.id).into_item())
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(device.version.get()));
        SaveError::was_written(saved(self.transact(vec![deleted(as_read)?]).await))
    }

    async fn unassigned_devices(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<DeviceId>, Unavailable> {
        let slice = self
            .list_slice(ListKind::Unassigned, position, limit, false)
            .await?;
        let ids = slice.items.iter();
        Ok(ListPage {
            items: ids
                .filter_map(|entry| DeviceId::parse(keys::id_in(&entry.pk)).ok())
                .collect(),
            next: slice.next,
            unreadable: 0,
        })
    }

    async fn unassigned_devices_of(
        &self,
        identifier: &Identifier,
        limit: usize,
    ) -> Result<Vec<DeviceId>, Unavailable> {
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :name AND begins_with(sk, :devices)")
            .expression_attribute_values(":name", text(keys::unassigned_partition(identifier)))
            .expression_attribute_values(":devices", text(keys::DEVICES))
            .consistent_read(true);
        let (rows, _) = self.query_rows(query, limit).await?;
        let ids = rows.iter().map(|row| key_of(row).sk);
        Ok(ids
            .filter_map(|sk| DeviceId::parse(sk.strip_prefix(keys::DEVICES)?).ok())
            .collect())
    }

    async fn load_source_poll(
        &self,
        source: &SourceName,
    ) -> Result<Option<SourcePoll>, Unavailable> {
        let item = self.get(keys::source_poll(source)).await?;
        self.one(item).await
    }

    async fn save_source_poll(&self, poll: &SourcePoll) -> Result<(), SaveError> {
        self.put_version(rows::source_poll(poll)?, poll.version)
            .await
    }
}

impl Table {
    async fn latest_of(&self, source: &SourceName) -> Result<Option<LatestEvent>, Unavailable> {
        let item = self.get(keys::latest_of(source)).await?;
        readable(self.one(item).await)
    }

    /// Keeps a message as its source's latest, unless a later one is kept. The message is written by then: if this cannot
    /// be, its source shows an earlier one.
    async fn keep_latest(&self, event: &DeviceEvent, latest: Item) {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(latest))
            .condition_expression("attribute_not_exists(pk) OR id <= :id")
            .expression_attribute_values(":id", text(event.id.to_string()))
            .build();
        let Ok(put) = put else { return };
        if let Err(error) = self.put(put).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the latest message of a source could not be noted"
            );
        }
    }

    /// A device that a source told of as parts of a transaction, with whatever finds it.
    pub(super) fn reported_items(
        &self,
        device: &ReportedDevice,
        before: Option<&ReportedDevice>,
    ) -> Result<Vec<TransactWriteItem>, Unavailable> {
        let row = self.replace(rows::reported_device(device)?, device.version)?;
        let mut items = vec![part(row)];
        let finds = |device: &ReportedDevice| {
            let unassigned = device.is_unassigned();
            device.identifiers().into_iter().filter(move |_| unassigned)
        };
        let now: BTreeSet<Identifier> = finds(device).collect();
        let then: BTreeSet<Identifier> = before.into_iter().flat_map(finds).collect();
        for name in &now {
            items.push(part(self.set(rows::unassigned(name, device))?));
        }
        for name in then.difference(&now) {
            let key = keys::unassigned(name, &device.id).into_item();
            items.push(deleted(self.taking(key))?);
        }
        Ok(items)
    }
}
