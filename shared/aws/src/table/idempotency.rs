//! Answers kept for idempotency keys. DynamoDB takes them away some time after their end, so the
//! end is also checked.

use aws_sdk_dynamodb::types::Put;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::idempotency::Idempotency;
use beckon_domain::usecases::idempotency::IDEMPOTENCY_TTL;
use jiff::Timestamp;

use super::rows::row;
use super::{Table, foreign, keys, number};

impl Idempotency for Table {
    async fn recall_answer(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, Unavailable> {
        let item = self.get(keys::answer(key)).await?;
        let kept: Option<IdempotencyRecord> = self.one(item).await?;
        Ok(kept.filter(|kept| now < kept.until))
    }
}

impl Table {
    /// Keeps an answer where there is none whose time is not over.
    pub(super) fn remember(&self, answer: &IdempotencyRecord) -> Result<Put, Unavailable> {
        let mut item = row(keys::answer(&answer.key), answer)?;
        item.insert(keys::TTL.to_owned(), number(answer.until.as_second()));
        let kept_since = answer.until.as_second() - IDEMPOTENCY_TTL.as_secs();
        Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR #ttl <= :now")
            .expression_attribute_names("#ttl", keys::TTL)
            .expression_attribute_values(":now", number(kept_since))
            .build()
            .map_err(foreign)
    }
}
