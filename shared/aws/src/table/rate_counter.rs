//! Counts that go after a while: wrong tries of a source.

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::rate_counter::RateCounter;
use jiff::Timestamp;

use super::{Table, foreign, keys, number, rows, text};

/// A tally of which something else was made is begun anew: guesses at it must be counted.
const COUNTABLE: &str = "(attribute_type(#until, :number) AND attribute_type(#count, :number))";

impl RateCounter for Table {
    async fn tally(&self, name: &str, now: Timestamp) -> Result<u64, Unavailable> {
        let Some(item) = self.get(keys::tally(name)).await? else {
            return Ok(0);
        };
        let stored = |attribute: &str| match item.get(attribute) {
            Some(AttributeValue::N(number)) => number.parse::<i64>().unwrap_or(0),
            _ => 0,
        };
        if stored("until") <= now.as_millisecond() {
            return Ok(0);
        }
        Ok(u64::try_from(stored("count")).unwrap_or(0))
    }

    async fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        if self.add_to_running(name, now).await? {
            return Ok(());
        }
        // None runs, or its time is over: begin anew, unless somebody else just did.
        let mut item = rows::fresh(keys::tally(name));
        item.insert("count".to_owned(), number(1));
        item.insert("until".to_owned(), number(until.as_millisecond()));
        item.insert(keys::TTL.to_owned(), number(until.as_second()));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(format!(
                "attribute_not_exists(pk) OR #until <= :now OR NOT {COUNTABLE}"
            ))
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":number", text("N"))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .build()
            .map_err(foreign)?;
        if !self.put(put).await? {
            self.add_to_running(name, now).await?;
        }
        Ok(())
    }
}

impl Table {
    /// Adds to a tally whose time is not over; `false` if there is none.
    async fn add_to_running(&self, name: &str, now: Timestamp) -> Result<bool, Unavailable> {
        let update = self
            .update(keys::tally(name))
            .condition_expression(format!("#until > :now AND {COUNTABLE}"))
            .expression_attribute_values(":number", text("N"))
            .update_expression("ADD #count :one")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":one", number(1));
        Ok(self.updated(update).await?.is_some())
    }
}
