//! The delivery worker's lease and delivery's pause: one row each.

use aws_sdk_dynamodb::types::{Delete, Put};
use beckon_domain::model::delivery::Pause;
use beckon_domain::ports::delivery::{DeliveryPause, HoldLease};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::readable;
use beckon_domain::values::ids::RunId;
use jiff::Timestamp;

use super::rows;
use super::{Table, changes, foreign, keys, number, text};

impl HoldLease for Table {
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
}

impl Table {
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
}

impl DeliveryPause for Table {
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
}
