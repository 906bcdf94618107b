//! The settings, with what they were, and own wordings of mails.

use beckon_domain::model::settings::{SavedSettings, Settings, SettingsStamp, VersionedSettings};
use beckon_domain::model::template::{Template, TemplateName};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::settings::SettingsStore;
use beckon_domain::values::ids::Version;

use super::{Table, unseen};
use crate::Call;
use crate::simulation::breakage::Breakage;
use crate::simulation::jobs::Job;
use crate::simulation::ledger::Ledger;

impl SettingsStore for Table {
    async fn current_settings(&self) -> Result<VersionedSettings, Unavailable> {
        let read = self.rows().current_settings();
        let settings = self.read(Call::CurrentSettings, read, |ledger, settings| {
            ledger.read_settings(settings);
        });
        let mut settings = settings.await?;
        let kept = &mut settings.settings.retention.erase_after_days;
        let is_erasure = |ledger: &mut Ledger| matches!(ledger.view().job, Job::Erase);
        if self.broken(Breakage::ErasedTooEarly) && self.watch().with(is_erasure) {
            *kept = kept.map(|_| 0);
        }
        if self.broken(Breakage::LimitForgotten) {
            settings.settings.registration.device_limit = None;
        }
        if self.broken(Breakage::StatementIgnored) {
            settings.settings.registration.use_stated_ownership = false;
        }
        if self.broken(Breakage::EverybodyChooses) {
            settings.settings.registration.person_may_choose = true;
        }
        Ok(settings)
    }

    async fn settings_at(
        &self,
        version: Version,
    ) -> Result<Option<VersionedSettings>, Unavailable> {
        self.read(Call::SettingsAt, self.rows().settings_at(version), unseen)
            .await
    }

    async fn list_settings(
        &self,
        below: Option<Version>,
        limit: usize,
    ) -> Result<Vec<SavedSettings>, Unavailable> {
        let read = self.rows().list_settings(below, limit);
        self.read(Call::ListSettings, read, unseen).await
    }

    async fn save_settings(
        &self,
        settings: &Settings,
        expected: Version,
        stamp: &SettingsStamp,
    ) -> Result<VersionedSettings, SaveError> {
        let write = self.rows().save_settings(settings, expected, stamp);
        self.save(Call::SaveSettings, write, Ledger::settings_saved)
            .await
    }

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
