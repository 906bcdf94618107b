//! The ports that speak of own wordings.

use beckon_domain::ports::{LoadTemplates, SaveError, SaveTemplate, Unavailable};
use beckon_domain::template::{Template, TemplateName};

use super::{Call, MemoryStore};

impl LoadTemplates for MemoryStore {
    async fn templates(&self) -> Result<Vec<Template>, Unavailable> {
        self.read(Call::Templates, |rows| {
            rows.templates.values().cloned().collect()
        })
        .await
    }

    async fn template(&self, name: &TemplateName) -> Result<Option<Template>, Unavailable> {
        self.read(Call::Template, |rows| rows.templates.get(name).cloned())
            .await
    }
}

impl SaveTemplate for MemoryStore {
    async fn save_template(&self, template: &Template) -> Result<(), SaveError> {
        self.save(Call::SaveTemplate, |rows| rows.save_template(template))
            .await
    }
}
