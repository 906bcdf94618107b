//! Delivery: what is due, the worker's lease, the pause and the rate of delivery, and the rows that were set aside.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::stored::{RowKey, SetAside, Unreadable};
use beckon_domain::ports::delivery::Delivery;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::{ListPage, readable};
use beckon_domain::values::ids::{BatchId, MailId, RunId, UserId};
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::keys::{DueKind, Key, SHARDS};
use super::reading::{key_of, unreadable};
use super::rows::Item;
use super::{Table, changes, foreign, keys, number, rows, text};

impl Delivery for Table {
    async fn due_mails(
        &self,
        class: MailClass,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<MailId>, Unavailable> {
        self.due(DueKind::Mail(class), now, limit).await
    }

    async fn due_cursors(&self, now: Timestamp, limit: usize) -> Result<Vec<BatchId>, Unavailable> {
        self.due(DueKind::Cursor, now, limit).await
    }

    async fn due_invitations(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        self.due(DueKind::Invitation, now, limit).await
    }

    async fn due_by(
        &self,
        until: Timestamp,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<UserId>, Unavailable> {
        self.due_page(DueKind::Invitation, until, position, limit)
            .await
    }

    async fn take_lease(
        &self,
        run: RunId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Unavailable> {
        let mut item = rows::fresh(keys::lease());
        item.insert("run".to_owned(), text(run.to_string()));
        item.insert("until".to_owned(), number(until.as_millisecond()));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            // One whose end is no number would hold for ever.
            .condition_expression(
                "attribute_not_exists(pk) OR #until <= :now OR #run = :run \
                 OR NOT attribute_type(#until, :number)",
            )
            .expression_attribute_values(":number", text("N"))
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":run", text(run.to_string()))
            .build()
            .map_err(foreign)?;
        self.put(put).await
    }

    async fn give_lease_back(&self, run: RunId) -> Result<(), Unavailable> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(keys::lease().into_item()))
            .condition_expression("#run = :run")
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":run", text(run.to_string()))
            .build()
            .map_err(foreign)?;
        // If it does not hold, somebody else has it by now.
        self.delete(delete).await.map(|_| ())
    }

    async fn delivery_pause(&self) -> Result<Option<Pause>, Unavailable> {
        // The mail service pauses it again if it must.
        let item = self.get(keys::pause()).await?;
        readable(self.one(item).await)
    }

    async fn set_delivery_pause(&self, pause: Option<&Pause>) -> Result<(), Unavailable> {
        match pause {
            Some(pause) => {
                let item = rows::row(keys::pause(), pause)?;
                self.write_over(keys::pause(), item).await?;
            }
            None => self.delete_row(keys::pause()).await?,
        }
        changes::delivery(pause);
        Ok(())
    }

    async fn note_send_rate(&self, per_second: f64) -> Result<(), Unavailable> {
        let mut item = rows::fresh(keys::pace());
        item.insert("perSecond".to_owned(), text(per_second.to_string()));
        match self.write_over(keys::pace(), item).await {
            // It only tells when mail will be done: no mail waits for it.
            Err(error) if error.unreadable().is_some() => Ok(()),
            written => written,
        }
    }

    async fn pace(&self) -> Result<Option<f64>, Unavailable> {
        let item = self.get(keys::pace()).await?;
        Ok(item.and_then(|item| match item.get("perSecond") {
            Some(AttributeValue::S(pace)) => pace.parse().ok(),
            _ => None,
        }))
    }

    async fn rows_aside(&self, limit: usize) -> Result<Vec<SetAside>, Unavailable> {
        let keys: Vec<Vec<Key>> = futures_util::stream::iter(0..SHARDS)
            .map(|shard| self.keys_aside(shard, limit))
            .buffer_unordered(self.partitions_at_a_time())
            .try_collect()
            .await?;
        let items = self.get_many(keys.into_iter().flatten().collect()).await?;
        let mut rows: Vec<SetAside> = items.iter().filter_map(set_aside).collect();
        rows.sort_by(|one, other| (one.at, &one.key).cmp(&(other.at, &other.key)));
        rows.truncate(limit);
        Ok(rows)
    }

    async fn row_aside(&self, key: &RowKey) -> Result<Option<SetAside>, Unavailable> {
        let item = self.get(Key::from(key.clone())).await?;
        Ok(item.as_ref().and_then(set_aside))
    }

    async fn note_reported(&self, key: &RowKey) -> Result<(), Unavailable> {
        let update = self
            .update(Key::from(key.clone()))
            .condition_expression("attribute_exists(setAside)")
            .update_expression("SET setAside.reportedAt = :now")
            .expression_attribute_values(":now", text(keys::moment(Timestamp::now())));
        self.updated(update).await.map(|_| ())
    }

    async fn set_cursor_aside(
        &self,
        batch: BatchId,
        because: &Unreadable,
    ) -> Result<(), Unavailable> {
        self.put_by(keys::cursor(batch), because).await
    }

    async fn release_row(&self, key: &RowKey) -> Result<bool, Unavailable> {
        let Some(item) = self.get(Key::from(key.clone())).await? else {
            return Ok(false);
        };
        let Some(AttributeValue::M(mark)) = item.get(keys::SET_ASIDE) else {
            return Ok(false);
        };
        let was_due = (mark.get(keys::DUE_PK), mark.get(keys::DUE_SK));
        let update = self
            .update(Key::from(key.clone()))
            .condition_expression("setAside = :mark")
            .expression_attribute_values(":mark", AttributeValue::M(mark.clone()));
        let update = match was_due {
            (Some(pk), Some(sk)) => update
                .update_expression("SET duePk = :pk, dueSk = :sk REMOVE setAside")
                .expression_attribute_values(":pk", pk.clone())
                .expression_attribute_values(":sk", sk.clone()),
            _ => update.update_expression("REMOVE setAside, duePk, dueSk"),
        };
        Ok(self.updated(update).await?.is_some())
    }
}

impl Table {
    /// Sets a row aside because it needs another that cannot be read.
    pub(super) async fn put_by(&self, key: Key, because: &Unreadable) -> Result<(), Unavailable> {
        if let Some(item) = self.get(key).await? {
            let reason = format!("it needs the row {}: {}", because.row, because.reason);
            self.put_aside(&item, reason).await;
        }
        Ok(())
    }

    /// Ends whatever lease there is. Only for whoever knows that no other delivery worker can be alive.
    pub async fn free_lease(&self) -> Result<(), Unavailable> {
        self.delete_row(keys::lease()).await
    }

    async fn delete_row(&self, key: keys::Key) -> Result<(), Unavailable> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key.into_item()))
            .build()
            .map_err(foreign)?;
        self.delete(delete).await.map(|_| ())
    }

    async fn keys_aside(&self, shard: u8, limit: usize) -> Result<Vec<Key>, Unavailable> {
        let query = self
            .client
            .query()
            .index_name(keys::DUE)
            .key_condition_expression("duePk = :partition")
            .expression_attribute_values(":partition", text(keys::aside_shard(shard)));
        let (rows, _) = self.query_rows(query, limit).await?;
        Ok(rows.iter().map(|row| Key::from(key_of(row))).collect())
    }
}

/// What an item says of having been set aside.
fn set_aside(item: &Item) -> Option<SetAside> {
    let Some(AttributeValue::M(mark)) = item.get(keys::SET_ASIDE) else {
        return None;
    };
    let told = |name: &str| match mark.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    };
    let key = key_of(item);
    Some(SetAside {
        row: unreadable(&key, told("reason").unwrap_or_default()),
        key,
        at: told("at")
            .and_then(|at| at.parse().ok())
            .unwrap_or(Timestamp::UNIX_EPOCH),
        reported: mark.contains_key(keys::REPORTED_AT),
    })
}
