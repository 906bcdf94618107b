//! Reading and changing the settings, with what they mean for a guesser.

use crate::address::EmailAddress;
use crate::guessing::{self, GuessingReport, report};
use crate::ids::Version;
use crate::ports::{CountOpenInvitations, ReadSettings, SaveError, SaveSettings, Unavailable};
use crate::problem::FieldProblem;
use crate::settings::{RegistrationSettings, SettingsDraft, VersionedSettings};

/// Settings, and what they mean for a guesser.
#[derive(Debug, Clone)]
pub struct SettingsView {
    /// The settings.
    pub current: VersionedSettings,
    /// How likely a guesser hits.
    pub guessing: GuessingReport,
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
pub struct ChangeSettings<S> {
    /// The table.
    pub store: S,
    /// The sender that holds where none is written.
    pub deployed_from: EmailAddress,
}

impl<S> ChangeSettings<S>
where
    S: ReadSettings + SaveSettings + CountOpenInvitations + Sync,
{
    /// The settings that hold now.
    pub async fn show(&self) -> Result<SettingsView, Unavailable> {
        let current = self.store.current_settings().await?;
        self.view(current).await
    }

    /// Puts a draft in the place of the version that it was made from; `None` replaces whatever
    /// there is.
    pub async fn run(
        &self,
        draft: SettingsDraft,
        expected: Option<Version>,
    ) -> Result<SettingsView, ChangeSettingsRefused> {
        let settings = draft
            .parse(&self.deployed_from)
            .map_err(ChangeSettingsRefused::Invalid)?;
        loop {
            let current = self.store.current_settings().await?.version;
            if expected.is_some_and(|expected| expected != current) {
                return Err(ChangeSettingsRefused::Stale { current });
            }
            match self.store.save_settings(&settings, current).await {
                Ok(saved) => return Ok(self.view(saved).await?),
                // Whoever expects a version is told at the next turn; whoever does not, wins.
                Err(SaveError::Conflict) => {}
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }

    async fn view(&self, current: VersionedSettings) -> Result<SettingsView, Unavailable> {
        let open = self.store.open_invitations().await?;
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
