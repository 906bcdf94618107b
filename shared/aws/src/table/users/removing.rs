//! Taking users away, with all that belongs to them but their history.

use aws_sdk_dynamodb::types::builders::DeleteBuilder;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use beckon_domain::model::change::Identifier;
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};

use super::key_of;
use crate::table::mails::saved;
use crate::table::rows::{Item, part};
use crate::table::{Table, changes, foreign, keys, number, rows};

/// The most devices that go in the transaction that takes their user away; it holds 100 items.
/// Nobody has as many. What is left of them goes with the history.
const DEVICES_AT_ONCE: usize = 30;

pub(in crate::table) fn deleted(delete: DeleteBuilder) -> Result<TransactWriteItem, Unavailable> {
    let delete = delete.build().map_err(foreign)?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

impl Table {
    pub(super) async fn take_user_away(
        &self,
        user: &User,
        history: &HistoryEntry,
        left: &Tombstone,
    ) -> Result<(), SaveError> {
        let items = self.removal(user, history, left, DEVICES_AT_ONCE).await?;
        saved(self.transact(items).await)?;
        changes::of_user(history, None);
        Ok(())
    }

    /// What takes a user away, with at most so many of their devices.
    pub(in crate::table) async fn removal(
        &self,
        user: &User,
        history: &HistoryEntry,
        left: &Tombstone,
        devices: usize,
    ) -> Result<Vec<TransactWriteItem>, Unavailable> {
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
        for group in user.memberships.ids() {
            let member = keys::member(group, user.id).into_item();
            items.push(deleted(self.taking(member))?);
        }
        // Whoever registers a device meanwhile writes the user's next version.
        let of_devices = match devices {
            // A query must be for one row at least.
            0 => Vec::new(),
            most => self.keys_of(user.id, keys::DEVICES, most).await?,
        };
        for key in of_devices {
            items.push(deleted(self.taking(key))?);
        }
        Ok(items)
    }

    pub(in crate::table) fn taking(&self, key: Item) -> DeleteBuilder {
        Delete::builder().table_name(&self.name).set_key(Some(key))
    }
}
