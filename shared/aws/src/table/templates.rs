//! Own wordings: a row each, all in one partition, since they are read together.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use beckon_domain::ports::{LoadTemplates, SaveError, SaveTemplate, Unavailable};
use beckon_domain::template::{Template, TemplateName};

use super::rows::{self, read, read_all};
use super::{Table, keys, text, unavailable};

impl LoadTemplates for Table {
    async fn templates(&self) -> Result<Vec<Template>, Unavailable> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .key_condition_expression("pk = :partition")
                .expression_attribute_values(":partition", text(keys::TEMPLATES))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
                .send()
                .await
                .map_err(|error| unavailable(&error))?;
            self.note(false, answer.consumed_capacity());
            found.extend(read_all::<Template>(answer.items.unwrap_or_default())?);
            start = answer.last_evaluated_key;
            if start.is_none() {
                found.sort_by(|one, other| one.name.cmp(&other.name));
                return Ok(found);
            }
        }
    }

    async fn template(&self, name: &TemplateName) -> Result<Option<Template>, Unavailable> {
        self.get(keys::template(name)).await?.map(read).transpose()
    }
}

impl SaveTemplate for Table {
    async fn save_template(&self, template: &Template) -> Result<(), SaveError> {
        let put = self.replace(rows::template(template)?, template.version)?;
        if self.put(put).await? {
            Ok(())
        } else {
            Err(SaveError::Conflict)
        }
    }
}
