//! What belongs to a user: registrations, registration sessions, and the history.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::registration::Registration;
use beckon_domain::model::session::Session;
use beckon_domain::ports::devices::{ListRegistrations, LoadRegistration, LoadSession};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::history::ReadHistory;
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{DeviceId, UserId};
use beckon_domain::values::session_ids::SessionDigest;

use super::reading::key_of;
use super::rows::Item;
use super::{Table, keys, text, unavailable};
use crate::sdk_calls::SdkCall as _;

impl LoadSession for Table {
    async fn load_session(&self, digest: &SessionDigest) -> Result<Option<Session>, Unavailable> {
        let item = self.get(keys::session(digest)).await?;
        self.one(item).await
    }
}

impl LoadRegistration for Table {
    async fn load_registration(
        &self,
        user: UserId,
        device: &DeviceId,
    ) -> Result<Option<Registration>, Unavailable> {
        let item = self.get(keys::device(user, device)).await?;
        self.one(item).await
    }
}

impl ListRegistrations for Table {
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

impl ReadHistory for Table {
    async fn history_of(
        &self,
        user: UserId,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<HistoryEntry>, Unavailable> {
        let newest_below = match position {
            Some(id) => format!("{}{id}", keys::EVENTS),
            // `$` follows `#`: behind every row of the history.
            None => "event$".to_owned(),
        };
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :user AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":user", text(keys::user_partition(user)))
            .expression_attribute_values(":first", text(keys::EVENTS))
            .expression_attribute_values(":last", text(&*newest_below))
            .scan_index_forward(false)
            .consistent_read(true)
            // One more than asked: BETWEEN takes the position itself in, and the last tells
            // whether there is a next page.
            .limit(i32::try_from(limit + 2).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .call()
            .await
            .map_err(|error| unavailable(&error))?;
        self.note(false, answer.consumed_capacity());
        // Pages are cut by keys: a row that cannot be read has its place on one, too.
        let id_of = |row: &Item| key_of(row).sk.trim_start_matches(keys::EVENTS).to_owned();
        let mut rows = answer.items.unwrap_or_default();
        if position.is_some() {
            rows.retain(|row| Some(id_of(row).as_str()) != position);
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(id_of);
        let Readable { items, unreadable } = self.sort_out(rows).await;
        Ok(ListPage {
            items,
            next,
            unreadable,
        })
    }
}
