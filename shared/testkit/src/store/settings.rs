//! The ports that speak of settings and of remembered answers.

use beckon_domain::ids::Version;
use beckon_domain::ports::{
    ReadSettings, RecallAnswer, RememberedAnswer, SaveError, SaveSettings, Unavailable,
};
use beckon_domain::settings::{Settings, VersionedSettings};
use jiff::Timestamp;

use super::rows::Rows;
use super::{Call, MemoryStore};

impl ReadSettings for MemoryStore {
    async fn current_settings(&self) -> Result<VersionedSettings, Unavailable> {
        self.read(Call::CurrentSettings, Rows::current_settings)
            .await
    }

    async fn settings_at(
        &self,
        version: Version,
    ) -> Result<Option<VersionedSettings>, Unavailable> {
        self.read(Call::SettingsAt, |rows| rows.settings_at(version))
            .await
    }
}

impl SaveSettings for MemoryStore {
    async fn save_settings(
        &self,
        settings: &Settings,
        expected: Version,
    ) -> Result<VersionedSettings, SaveError> {
        self.save(Call::SaveSettings, |rows| {
            if rows.current_settings().version == expected {
                Ok(rows.put_settings(settings.clone()))
            } else {
                Err(SaveError::Conflict)
            }
        })
        .await
    }
}

impl RecallAnswer for MemoryStore {
    async fn recall_answer(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<RememberedAnswer>, Unavailable> {
        self.read(Call::RecallAnswer, |rows| {
            let kept = rows.answers.get(key);
            kept.filter(|answer| now <= answer.until).cloned()
        })
        .await
    }
}
