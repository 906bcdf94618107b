//! The ports that speak of settings and of remembered answers.

use beckon_domain::ids::Version;
use beckon_domain::ports::{
    ReadSettings, RecallAnswer, RememberedAnswer, SaveError, SaveSettings, Unavailable,
};
use beckon_domain::settings::{Settings, VersionedSettings};
use jiff::Timestamp;

use super::spoilt::{keys, one};
use super::{Call, MemoryStore};

impl ReadSettings for MemoryStore {
    async fn current_settings(&self) -> Result<VersionedSettings, Unavailable> {
        let read = self.read(Call::CurrentSettings, |rows| {
            one(rows, &keys::settings(), Some(rows.current_settings()))
        });
        let current = self.told(read.await)?;
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
        self.told(read.await)
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
        let read = self.read(Call::RecallAnswer, |rows| {
            let kept = rows.answers.get(key);
            let kept = kept.filter(|answer| now <= answer.until).cloned();
            one(rows, &keys::answer(key), kept)
        });
        self.told(read.await)
    }
}
