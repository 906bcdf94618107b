//! Reading and changing the settings, with what they mean for a guesser.

use crate::model::actor::Actor;
use crate::model::settings::comparing::{FieldChange, changes};
use crate::model::settings::{
    RegistrationSettings, SettingsDraft, SettingsStamp, UNSAVED, VersionedSettings,
};
use crate::ports::clock::Clock;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::values::address::EmailAddress;
use crate::values::guessing::{self, GuessingReport, report};
use crate::values::ids::Version;
use crate::values::problem::FieldProblem;

/// Settings, and what they mean for a guesser.
#[derive(Debug, Clone)]
pub struct SettingsView {
    /// The settings.
    pub current: VersionedSettings,
    /// How likely a guesser hits.
    pub guessing: GuessingReport,
}

/// A change of the settings.
#[derive(Debug, Clone)]
pub struct PastChange {
    /// The version that it made.
    pub version: Version,
    /// Who made it and when; `None` for one from before this was kept.
    pub stamp: Option<SettingsStamp>,
    /// What changed; `None` if what was before can no longer be read.
    pub changes: Option<Vec<FieldChange>>,
}

/// A page of the settings' history.
#[derive(Debug, Clone)]
pub struct PastChanges {
    /// The changes, newest first.
    pub items: Vec<PastChange>,
    /// Below which version the next page begins; `None` at the end.
    pub next: Option<Version>,
}

/// Why settings were not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeSettingsRefused {
    /// Fields are wrong.
    #[error("the settings are not well formed")]
    Invalid(Vec<FieldProblem>),
    /// Somebody else changed them since they were read.
    #[error("the settings have changed since they were read")]
    Stale {
        /// The version that holds now.
        current: Version,
    },
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Reads and changes the settings.
#[derive(Debug, Clone)]
pub struct ChangeSettings<E> {
    /// What it runs in.
    pub env: E,
    /// The sender that holds where none is written.
    pub deployed_from: EmailAddress,
}

impl<E> ChangeSettings<E>
where
    E: Env<Store: Users + SettingsStore>,
{
    /// The settings that hold now.
    pub async fn show(&self) -> Result<SettingsView, Unavailable> {
        let current = self.env.store().current_settings().await?;
        self.view(current).await
    }

    /// Puts a draft in the place of the version that it was made from; `None` replaces whatever
    /// there is.
    pub async fn run(
        &self,
        draft: SettingsDraft,
        expected: Option<Version>,
        who: &Actor,
    ) -> Result<SettingsView, ChangeSettingsRefused> {
        let settings = draft
            .parse(&self.deployed_from)
            .map_err(ChangeSettingsRefused::Invalid)?;
        let mut turns = Turns::new(&self.env, "replacing the settings");
        loop {
            let current = self.env.store().current_settings().await?.version;
            if expected.is_some_and(|expected| expected != current) {
                return Err(ChangeSettingsRefused::Stale { current });
            }
            let stamp = SettingsStamp {
                at: self.env.clock().now(),
                by: who.clone(),
            };
            match self
                .env
                .store()
                .save_settings(&settings, current, &stamp)
                .await
            {
                Ok(saved) => return Ok(self.view(saved).await?),
                // Whoever expects a version is told at the next turn; whoever does not, wins.
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }

    /// What was changed, newest first: below a version, if one is given.
    pub async fn history(
        &self,
        below: Option<Version>,
        limit: usize,
    ) -> Result<PastChanges, Unavailable> {
        // One more: a change is told by comparing with the version before.
        let mut saved = self.env.store().list_settings(below, limit + 1).await?;
        let more = saved.len() > limit;
        let mut items = Vec::new();
        for (index, this) in saved.iter().enumerate().take(limit) {
            let version = this.saved.version;
            let listed = saved.get(index + 1).map(|before| &before.saved);
            let listed = listed.filter(|before| before.version.next() == version);
            let before = if let Some(before) = listed {
                Some(before.clone())
            } else {
                let before = version.replaces().unwrap_or(UNSAVED);
                readable(self.env.store().settings_at(before).await)?
            };
            items.push(PastChange {
                version,
                stamp: this.stamp.clone(),
                changes: before.map(|before| changes(&before.settings, &this.saved.settings)),
            });
        }
        saved.truncate(limit);
        Ok(PastChanges {
            next: saved.last().filter(|_| more).map(|last| last.saved.version),
            items,
        })
    }

    async fn view(&self, current: VersionedSettings) -> Result<SettingsView, Unavailable> {
        let open = self.env.store().open_invitations().await?;
        // The weakest of those that use PINs says what a guesser finds.
        let strength = |own: &&RegistrationSettings| {
            guessing::chance_per_invitation(own.pin, own.allow_pin_request)
        };
        let registration = current
            .settings
            .registrations()
            .filter(|own| own.method.uses_pin())
            .max_by(|a, b| strength(a).total_cmp(&strength(b)))
            .unwrap_or(&current.settings.registration);
        let guessing = report(
            registration.pin,
            registration.allow_pin_request,
            registration.lifetime_hours,
            open,
        );
        Ok(SettingsView { current, guessing })
    }
}
