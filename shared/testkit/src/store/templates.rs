//! Own wordings of mails.

use beckon_domain::model::template::{Template, TemplateName};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::templates::Templates;

use super::spoilt::{keys, one};
use super::{Call, MemoryStore};

impl Templates for MemoryStore {
    async fn templates(&self) -> Result<Vec<Template>, Unavailable> {
        let read = self.read(Call::Templates, |rows| {
            let all = rows.templates.values().cloned();
            let (unreadable, found): (Vec<Template>, Vec<Template>) = all.partition(|template| {
                rows.why_unreadable(&keys::template(&template.name))
                    .is_some()
            });
            (found, unreadable)
        });
        let (found, unreadable) = read.await?;
        for template in &unreadable {
            self.met(&keys::template(&template.name));
        }
        Ok(found)
    }

    async fn template(&self, name: &TemplateName) -> Result<Option<Template>, Unavailable> {
        let read = self.read(Call::Template, |rows| {
            one(
                rows,
                &keys::template(name),
                rows.templates.get(name).cloned(),
            )
        });
        self.one_row(read.await)
    }

    async fn save_template(&self, template: &Template) -> Result<(), SaveError> {
        self.save(Call::SaveTemplate, |rows| rows.save_template(template))
            .await
    }
}
