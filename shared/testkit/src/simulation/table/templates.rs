//! Own wordings.

use beckon_domain::model::template::{Template, TemplateName};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::templates::Templates;

use super::{Table, unseen};
use crate::Call;

impl Templates for Table {
    async fn templates(&self) -> Result<Vec<Template>, Unavailable> {
        self.read(Call::Templates, self.rows().templates(), unseen)
            .await
    }

    async fn template(&self, name: &TemplateName) -> Result<Option<Template>, Unavailable> {
        self.read(Call::Template, self.rows().template(name), unseen)
            .await
    }

    async fn save_template(&self, template: &Template) -> Result<(), SaveError> {
        let write = self.rows().save_template(template);
        self.save(Call::SaveTemplate, write, |ledger, ()| {
            ledger.wording_kept(template);
        })
        .await
    }
}
