//! Taking users away, and erasing what is left of them.

use aws_sdk_dynamodb::types::builders::DeleteBuilder;
use aws_sdk_dynamodb::types::{
    Delete, DeleteRequest, ReturnConsumedCapacity, TransactWriteItem, WriteRequest,
};
use beckon_domain::model::change::Identifier;
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::history::EraseHistory;
use beckon_domain::ports::users::{RemoveUser, UsersToErase};
use beckon_domain::values::ids::UserId;
use jiff::Timestamp;

use super::keys::{self, DueKind};
use super::mails::saved;
use super::pauses::Pauses;
use super::rows::{self, Item, part};
use super::users::key_of;
use super::{Table, changes, foreign, number, text, unavailable};
use crate::sdk_calls::SdkCall as _;

/// DynamoDB's own limit for one `BatchWriteItem`.
const MAX_WRITES_IN_A_BATCH: usize = 25;

/// The most devices that go in the transaction that takes their user away; it holds 100 items.
/// Nobody has as many. What is left of them goes with the history.
const DEVICES_AT_ONCE: usize = 80;

impl RemoveUser for Table {
    async fn remove_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        left: &Tombstone,
    ) -> Result<(), SaveError> {
        let as_read = self
            .taking(keys::user(user.id).into_item())
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(user.version.get()));
        let mut items = vec![
            deleted(as_read)?,
            part(self.set(rows::history(history)?)?),
            part(self.set(rows::tombstone(left)?)?),
        ];
        for name in Identifier::all_of(user) {
            items.push(deleted(self.taking(key_of(&name).into_item()))?);
        }
        let slots = user
            .invitation
            .iter()
            .flat_map(|invitation| &invitation.sessions);
        for slot in slots {
            items.push(deleted(
                self.taking(keys::session(&slot.digest).into_item()),
            )?);
        }
        // Whoever registers a device meanwhile writes the user's next version.
        let devices = self
            .keys_of(user.id, keys::DEVICES, DEVICES_AT_ONCE)
            .await?;
        for key in devices {
            items.push(deleted(self.taking(key))?);
        }
        saved(self.transact(items).await)?;
        changes::of_user(history, None);
        Ok(())
    }
}

impl UsersToErase for Table {
    async fn users_to_erase(
        &self,
        by: Timestamp,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        self.due(DueKind::Over, by, limit).await
    }

    async fn tombstones(&self, by: Timestamp, limit: usize) -> Result<Vec<UserId>, Unavailable> {
        self.due(DueKind::Tombstone, by, limit).await
    }
}

impl EraseHistory for Table {
    async fn erase_history(&self, user: UserId, limit: usize) -> Result<bool, Unavailable> {
        let mut rows = self.keys_of(user, keys::EVENTS, limit).await?;
        let all = rows.len() < limit;
        let devices = self.keys_of(user, keys::DEVICES, limit).await?;
        let all = all && devices.len() < limit;
        rows.extend(devices);
        for some in rows.chunks(MAX_WRITES_IN_A_BATCH) {
            self.delete_all(some).await?;
        }
        if all {
            // Last: as long as anything is left, it is found again.
            self.delete_all(&[keys::tombstone(user).into_item()])
                .await?;
            changes::history_erased(user);
        }
        Ok(all)
    }
}

fn deleted(delete: DeleteBuilder) -> Result<TransactWriteItem, Unavailable> {
    let delete = delete.build().map_err(foreign)?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

impl Table {
    fn taking(&self, key: Item) -> DeleteBuilder {
        Delete::builder().table_name(&self.name).set_key(Some(key))
    }

    /// The keys of the rows of a kind under a user's id, at most `limit`.
    async fn keys_of(
        &self,
        user: UserId,
        kind: &str,
        limit: usize,
    ) -> Result<Vec<Item>, Unavailable> {
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :user AND begins_with(sk, :kind)")
            .expression_attribute_values(":user", text(keys::user_partition(user)))
            .expression_attribute_values(":kind", text(kind))
            .projection_expression("pk, sk")
            .consistent_read(true);
        Ok(self.query_rows(query, limit).await?.0)
    }

    /// Takes rows away, whether they are there or not.
    async fn delete_all(&self, keys: &[Item]) -> Result<(), Unavailable> {
        let mut left = Vec::with_capacity(keys.len());
        for key in keys {
            let request = DeleteRequest::builder()
                .set_key(Some(key.clone()))
                .build()
                .map_err(foreign)?;
            left.push(WriteRequest::builder().delete_request(request).build());
        }
        let mut pauses = Pauses::default();
        while !left.is_empty() {
            let answer = self
                .client
                .batch_write_item()
                .request_items(&self.name, left)
                .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
                .call()
                .await
                .map_err(|error| unavailable(&error))?;
            for capacity in answer.consumed_capacity() {
                self.note(true, Some(capacity));
            }
            left = answer
                .unprocessed_items
                .unwrap_or_default()
                .remove(&self.name)
                .unwrap_or_default();
            if !left.is_empty() {
                pauses.another("it leaves rows undeleted").await?;
            }
        }
        Ok(())
    }
}
