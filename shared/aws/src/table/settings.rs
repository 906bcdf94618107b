//! The settings: the current document, and every version there was, which open batches pin.

use beckon_domain::ids::Version;
use beckon_domain::ports::{ReadSettings, SaveError, SaveSettings, Unavailable};
use beckon_domain::settings::UNSAVED;
use beckon_domain::settings::{Settings, VersionedSettings};
use serde::{Deserialize, Serialize};

use super::mails::saved;
use super::rows::{Item, part, read};
use super::{Table, foreign, keys};

#[derive(Serialize, Deserialize)]
struct Row {
    version: Version,
    settings: Settings,
}

impl ReadSettings for Table {
    async fn current_settings(&self) -> Result<VersionedSettings, Unavailable> {
        Ok(match self.get(keys::settings()).await? {
            Some(item) => versioned(item)?,
            None => self.unsaved(),
        })
    }

    async fn settings_at(
        &self,
        version: Version,
    ) -> Result<Option<VersionedSettings>, Unavailable> {
        if version == UNSAVED {
            return Ok(Some(self.unsaved()));
        }
        self.get(keys::settings_version(version))
            .await?
            .map(versioned)
            .transpose()
    }
}

impl SaveSettings for Table {
    async fn save_settings(
        &self,
        settings: &Settings,
        expected: Version,
    ) -> Result<VersionedSettings, SaveError> {
        let version = expected.next();
        let row = Row {
            version,
            settings: settings.clone(),
        };
        let item = |key: keys::Key| -> Result<Item, Unavailable> {
            let mut item: Item = serde_dynamo::to_item(&row).map_err(foreign)?;
            item.extend(key.into_item());
            Ok(item)
        };
        let items = vec![
            part(self.replace(item(keys::settings())?, version)?),
            part(self.set(item(keys::settings_version(version))?)?),
        ];
        saved(self.transact(items).await)?;
        Ok(VersionedSettings {
            version,
            settings: row.settings,
        })
    }
}

fn versioned(item: Item) -> Result<VersionedSettings, Unavailable> {
    let Row { version, settings } = read(item)?;
    Ok(VersionedSettings { version, settings })
}

impl Table {
    fn unsaved(&self) -> VersionedSettings {
        VersionedSettings {
            version: UNSAVED,
            settings: (*self.defaults).clone(),
        }
    }
}
