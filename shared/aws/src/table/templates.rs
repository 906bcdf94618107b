//! Own wordings: a row each, all in one partition, since they are read together.

use beckon_domain::model::template::{Template, TemplateName};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::templates::Templates;

use super::{Table, changes, keys, rows, text};

impl Templates for Table {
    async fn templates(&self) -> Result<Vec<Template>, Unavailable> {
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :partition")
            .expression_attribute_values(":partition", text(keys::TEMPLATES))
            .consistent_read(true);
        let (rows, _) = self.query_rows(query, usize::MAX).await?;
        let mut found: Vec<Template> = self.sort_out(rows).await.items;
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    async fn template(&self, name: &TemplateName) -> Result<Option<Template>, Unavailable> {
        let item = self.get(keys::template(name)).await?;
        self.one(item).await
    }

    async fn save_template(&self, template: &Template) -> Result<(), SaveError> {
        let put = self.replace(rows::template(template)?, template.version)?;
        if self.put(put).await? {
            changes::template_saved(template);
            Ok(())
        } else {
            Err(SaveError::Conflict)
        }
    }
}
