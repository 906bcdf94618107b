//! What administrators do with sources of device events beside the settings: their secrets, the messages that could
//! not be carried on, and a mapping that is tried before it is saved.

use crate::model::device_event::{DeviceEvent, DeviceEventState};
use crate::model::mapping::Mapping;
use crate::model::reported_device::DeviceMessage;
use crate::model::settings::device_sources::{Authentication, DeviceSource, SourceKind};
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::keys::Keys;
use crate::ports::reads::ListPage;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::rules::mapping::{self, NotRead, built_in};
use crate::values::hex::hex;
use crate::values::ids::EventId;
use crate::values::problem::FieldProblem;
use crate::values::sender_secrets::{HeldSecret, SenderSecret};
use crate::values::source_name::SourceName;

/// A source, with what is known of its secrets.
#[derive(Debug, Clone)]
pub struct SourceReport {
    /// The source.
    pub source: DeviceSource,
    /// Its secrets; whoever reports on them leaves the secrets themselves out.
    pub secrets: Vec<HeldSecret>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ManageRefused {
    /// There is no such source in the settings.
    #[error("there is no such source")]
    UnknownSource,
    /// There is no such secret, or message that failed.
    #[error("there is nothing with this id")]
    UnknownId,
    /// The source proves itself without a secret.
    #[error("the source has no secret")]
    NoSecret,
    /// It has two secrets already.
    #[error("the source has two secrets already")]
    TwoSecrets,
    /// Fields are wrong.
    #[error("the request is not well formed")]
    Invalid(Vec<FieldProblem>),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Manages sources of device events.
#[derive(Debug, Clone)]
pub struct ManageDeviceSources<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> ManageDeviceSources<E>
where
    E: Env<Store: Devices + SettingsStore> + WithKeys,
{
    /// Every source of the settings.
    pub async fn list(&self) -> Result<Vec<SourceReport>, Unavailable> {
        let settings = self.env.store().current_settings().await?.settings;
        let secrets = self.env.keys().latest_sender_secrets().await?;
        let report = |source: DeviceSource| SourceReport {
            secrets: secrets.of(&source.name).to_vec(),
            source,
        };
        Ok(settings.device_sources.into_iter().map(report).collect())
    }

    /// Adds a secret, which is valid beside the one there is. Without a text one is made.
    pub async fn add_secret(
        &self,
        name: &SourceName,
        text: Option<&str>,
    ) -> Result<HeldSecret, ManageRefused> {
        let settings = self.env.store().current_settings().await?.settings;
        let source = settings
            .device_source(name)
            .ok_or(ManageRefused::UnknownSource)?;
        if !source.authentication.has_secret() {
            return Err(ManageRefused::NoSecret);
        }
        let shows_user = source.authentication == Authentication::Basic;
        let secret = if let Some(text) = text {
            let parsed = SenderSecret::parse(text);
            let parsed = parsed.map_err(|problem| ManageRefused::Invalid(vec![problem]))?;
            if shows_user && !text.contains(':') {
                let problem = FieldProblem::new(
                    "secret",
                    "character",
                    "must be a user and a password with a colon in between; left out, both are made",
                );
                return Err(ManageRefused::Invalid(vec![problem]));
            }
            parsed
        } else {
            let (one, other) = (self.env.entropy().nonce(), self.env.entropy().nonce());
            let made = hex(one.as_bytes()) + &hex(other.as_bytes());
            SenderSecret::made(if shows_user {
                format!("beckon:{made}")
            } else {
                made
            })
        };
        let now = self.env.clock().now();
        let held = self.env.keys().latest_sender_secrets().await?;
        // Those of sources that were removed go when the next secret is set.
        let held = held.of_sources(|source| settings.device_source(source).is_some());
        let (held, id) = held
            .with(name, secret.clone(), now)
            .ok_or(ManageRefused::TwoSecrets)?;
        self.env.keys().save_sender_secrets(&held).await?;
        Ok(HeldSecret {
            id,
            secret,
            since: now,
        })
    }

    /// Takes a secret away: it is valid no longer.
    pub async fn remove_secret(&self, name: &SourceName, id: u32) -> Result<(), ManageRefused> {
        let held = self.env.keys().latest_sender_secrets().await?;
        let left = held.without(name, id).ok_or(ManageRefused::UnknownId)?;
        Ok(self.env.keys().save_sender_secrets(&left).await?)
    }

    /// The messages that could not be carried on, of any source, the newest first.
    pub async fn failed(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<DeviceEvent>, Unavailable> {
        let store = self.env.store();
        let page = store.failed_device_events(position, limit).await?;
        let mut page = page.loaded(|id| store.load_device_event(id)).await?;
        // The list may be a moment old.
        page.items
            .retain(|event| event.state == DeviceEventState::Failed);
        Ok(page)
    }

    /// Has a message that failed carried on again, by the mapping that its source has now.
    pub async fn replay(&self, id: EventId) -> Result<(), ManageRefused> {
        let mut turns = Turns::new(&self.env, "replaying a message");
        loop {
            let event = self.env.store().load_device_event(id).await?;
            let event = event.ok_or(ManageRefused::UnknownId)?;
            match event.state {
                DeviceEventState::Waiting => return Ok(()),
                DeviceEventState::Settled => return Err(ManageRefused::UnknownId),
                DeviceEventState::Failed => {}
            }
            let now = self.env.clock().now();
            let waiting = event.in_state(DeviceEventState::Waiting, None, now);
            match self.env.store().save_device_event(&waiting).await {
                Ok(()) => return Ok(()),
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }
}

/// What a body would say by a mapping, or by the one that is built in for a kind.
pub fn try_mapping(
    kind: SourceKind,
    own: Option<&Mapping>,
    source: &SourceName,
    body: &[u8],
) -> Result<Result<DeviceMessage, NotRead>, Vec<FieldProblem>> {
    let mapping = match own {
        Some(own) => {
            let wrong = own.check();
            if !wrong.is_empty() {
                let under = |problem: FieldProblem| problem.under("mapping");
                return Err(wrong.into_iter().map(under).collect());
            }
            own.clone()
        }
        None => built_in::mapping(kind).ok_or_else(|| {
            vec![FieldProblem::new(
                "mapping",
                "missing",
                "must say what the messages of a generic source mean",
            )]
        })?,
    };
    Ok(mapping::read(&mapping, source, body))
}
