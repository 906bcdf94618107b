//! The settings: the current document, and every version there was, which open batches pin.

use beckon_domain::ids::Version;
use beckon_domain::ports::{ReadSettings, SaveError, SaveSettings, Unavailable};
use beckon_domain::settings::UNSAVED;
use beckon_domain::settings::{Settings, VersionedSettings};
use beckon_domain::stored::Carried;
use serde::{Deserialize, Serialize};

use super::mails::saved;
use super::reading::Row;
use super::rows::{carrying_row, part};
use super::{Table, keys};

#[derive(Serialize, Deserialize)]
struct Saved {
    version: Version,
    settings: Settings,
    #[serde(skip)]
    carried: Carried,
}

impl Row for Saved {
    fn carried(&mut self) -> Option<&mut Carried> {
        Some(&mut self.carried)
    }
}

impl ReadSettings for Table {
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
}

impl SaveSettings for Table {
    async fn save_settings(
        &self,
        settings: &Settings,
        expected: Version,
    ) -> Result<VersionedSettings, SaveError> {
        let version = expected.next();
        // They are written whole, by people who cannot see what a later version keeps in them.
        let item = self.get(keys::settings()).await?;
        let before: Option<Saved> = self.one(item).await?;
        let carried = before.map(|before| before.carried).unwrap_or_default();
        let row = Saved {
            version,
            settings: settings.clone(),
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
        Ok(VersionedSettings {
            version,
            settings: row.settings,
        })
    }
}

fn versioned(saved: Saved) -> VersionedSettings {
    VersionedSettings {
        version: saved.version,
        settings: saved.settings,
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
