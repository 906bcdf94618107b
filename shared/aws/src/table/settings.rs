//! What administrators set. The settings: the current document, and every version there was, which open batches pin.
//! Own wordings: a row each, all in one partition, since they are read together.

use beckon_domain::model::settings::{
    SavedSettings, Settings, SettingsStamp, UNSAVED, VersionedSettings,
};
use beckon_domain::model::stored::Carried;
use beckon_domain::model::template::{Template, TemplateName};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::settings::SettingsStore;
use beckon_domain::values::ids::Version;
use serde::{Deserialize, Serialize};

use super::mails::saved;
use super::reading::{Row, rows};
use super::rows::{self, Item, carrying_row, part};
use super::{Table, changes, keys, text};

#[derive(Serialize, Deserialize)]
struct Saved {
    version: Version,
    settings: Settings,
    /// Who saved them and when; versions from before this was kept lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stamp: Option<SettingsStamp>,
    #[serde(skip)]
    carried: Carried,
}

rows!(carrying: Saved);

impl SettingsStore for Table {
    async fn current_settings(&self) -> Result<VersionedSettings, Unavailable> {
        let item = self.get(keys::settings()).await?;
        let saved = self.one(item).await?;
        Ok(saved.map_or_else(|| self.unsaved(), versioned))
    }

    async fn settings_at(
        &self,
        version: Version,
    ) -> Result<Option<VersionedSettings>, Unavailable> {
        if version == UNSAVED {
            return Ok(Some(self.unsaved()));
        }
        let item = self.get(keys::settings_version(version)).await?;
        Ok(self.one(item).await?.map(versioned))
    }

    async fn list_settings(
        &self,
        below: Option<Version>,
        limit: usize,
    ) -> Result<Vec<SavedSettings>, Unavailable> {
        if below.is_some_and(|below| below <= Version::FIRST) {
            return Ok(Vec::new());
        }
        let (first, last) = keys::settings_versions(below);
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :partition AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":partition", text(keys::SETTINGS))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .scan_index_forward(false);
        let (rows, _) = self.query_rows(query, limit).await?;
        // A version that this program cannot read is left out.
        let found = self.sort_out::<Saved>(rows).await.items;
        Ok(found.into_iter().map(as_saved).collect())
    }

    async fn save_settings(
        &self,
        settings: &Settings,
        expected: Version,
        stamp: &SettingsStamp,
    ) -> Result<VersionedSettings, SaveError> {
        let version = expected.next();
        // They are written whole, by people who cannot see what a later version keeps in them.
        let item = self.get(keys::settings()).await?;
        let before: Option<Saved> = self.one(item).await?;
        let carried = before.map(|before| before.carried).unwrap_or_default();
        let row = Saved {
            version,
            settings: settings.clone(),
            stamp: Some(stamp.clone()),
            carried,
        };
        let items = vec![
            part(self.replace(carrying_row(keys::settings(), &row, &row.carried)?, version)?),
            part(self.set(carrying_row(
                keys::settings_version(version),
                &row,
                &row.carried,
            )?)?),
        ];
        saved(self.transact(items).await)?;
        changes::settings_saved(version, stamp);
        Ok(VersionedSettings {
            version,
            settings: row.settings,
        })
    }

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

fn versioned(saved: Saved) -> VersionedSettings {
    as_saved(saved).saved
}

fn as_saved(saved: Saved) -> SavedSettings {
    SavedSettings {
        saved: VersionedSettings {
            version: saved.version,
            settings: saved.settings,
        },
        stamp: saved.stamp,
    }
}

impl Table {
    fn unsaved(&self) -> VersionedSettings {
        VersionedSettings {
            version: UNSAVED,
            settings: (*self.defaults).clone(),
        }
    }
}
