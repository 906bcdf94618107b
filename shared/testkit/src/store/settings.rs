//! The settings, with what they were, and own wordings of mails.

use beckon_domain::model::settings::{
    SavedSettings, Settings, SettingsStamp, UNSAVED, VersionedSettings,
};
use beckon_domain::model::template::{Template, TemplateName};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::settings::SettingsStore;
use beckon_domain::values::ids::Version;

use super::spoilt::{keys, one};
use super::{Call, MemoryStore};

impl SettingsStore for MemoryStore {
    async fn current_settings(&self) -> Result<VersionedSettings, Unavailable> {
        let read = self.read(Call::CurrentSettings, |rows| {
            one(rows, &keys::settings(), Some(rows.current_settings()))
        });
        let current = self.one_row(read.await)?;
        current.ok_or_else(|| Unavailable::new("the table", "there are always settings"))
    }

    async fn settings_at(
        &self,
        version: Version,
    ) -> Result<Option<VersionedSettings>, Unavailable> {
        let read = self.read(Call::SettingsAt, |rows| {
            one(
                rows,
                &keys::settings_version(version),
                rows.settings_at(version),
            )
        });
        self.one_row(read.await)
    }

    async fn list_settings(
        &self,
        below: Option<Version>,
        limit: usize,
    ) -> Result<Vec<SavedSettings>, Unavailable> {
        let read = self.read(Call::ListSettings, |rows| {
            let current = rows.current_settings().version;
            let (mut found, mut unreadable) = (Vec::new(), Vec::new());
            let mut version = Some(current);
            while let Some(this) = version.filter(|this| *this != UNSAVED && found.len() < limit) {
                let key = keys::settings_version(this);
                if below.is_some_and(|below| this >= below) {
                    // Above what was asked for.
                } else if rows.why_unreadable(&key).is_some() {
                    unreadable.push(key);
                } else {
                    found.extend(rows.settings_at(this).map(|saved| SavedSettings {
                        saved,
                        stamp: rows.settings_stamps.get(&this).cloned(),
                    }));
                }
                version = this.replaces();
            }
            (found, unreadable)
        });
        let (found, unreadable) = read.await?;
        for key in &unreadable {
            self.met(key);
        }
        Ok(found)
    }

    async fn save_settings(
        &self,
        settings: &Settings,
        expected: Version,
        stamp: &SettingsStamp,
    ) -> Result<VersionedSettings, SaveError> {
        self.save(Call::SaveSettings, |rows| {
            if rows.current_settings().version == expected {
                let saved = rows.put_settings(settings.clone());
                rows.settings_stamps.insert(saved.version, stamp.clone());
                Ok(saved)
            } else {
                Err(SaveError::Conflict)
            }
        })
        .await
    }

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
