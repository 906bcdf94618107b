//! What administrators do with sources of device events beside the settings: their secrets, the messages that could
//! not be carried on, and a mapping that is tried before it is saved.

use crate::model::device_event::{DeviceEvent, DeviceEventState, LatestEvent};
use crate::model::mapping::Mapping;
use crate::model::polling::SourcePoll;
use crate::model::reported_device::DeviceMessage;
use crate::model::settings::Settings;
use crate::model::settings::device_sources::{Authentication, DeviceSource, SourceKind};
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::keys::Keys;
use crate::ports::reads::{ListPage, readable};
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::rules::mapping::{self, NotRead, Traced, built_in};
use crate::values::hex::hex;
use crate::values::ids::EventId;
use crate::values::problem::FieldProblem;
use crate::values::sender_secrets::{HeldSecret, SenderSecret, SenderSecrets};
use crate::values::service_account::ServiceAccount;
use crate::values::source_name::SourceName;
use jiff::Timestamp;

/// A source, with what is known of its secrets.
#[derive(Debug, Clone)]
pub struct SourceReport {
    /// The source.
    pub source: DeviceSource,
    /// Its secrets; whoever reports on them leaves the secrets themselves out.
    pub secrets: Vec<HeldSecret>,
    /// Since when it has credentials for the address at which it is asked.
    pub credentials_since: Option<Timestamp>,
    /// How far the asking is, of a source that is asked.
    pub poll: Option<SourcePoll>,
    /// Its latest message of which is known what became of it.
    pub latest: Option<LatestEvent>,
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
    /// The source sends messages by itself, and is not asked.
    #[error("the source is not asked")]
    NotAsked,
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
        let names: Vec<SourceName> = settings
            .device_sources
            .iter()
            .map(|source| source.name.clone())
            .collect();
        let latest = self.env.store().latest_device_events(&names).await?;
        let mut reports = Vec::new();
        for source in settings.device_sources {
            let service = source.api.as_ref().map(|api| api.address.service());
            let credentials =
                service.and_then(|service| secrets.credentials_of(&source.name, service));
            let poll = match service {
                Some(_) => readable(self.env.store().load_source_poll(&source.name).await)?,
                None => None,
            };
            reports.push(SourceReport {
                secrets: secrets.of(&source.name).to_vec(),
                credentials_since: credentials.map(|held| held.since),
                poll,
                latest: latest.iter().find(|one| one.source == source.name).cloned(),
                source,
            });
        }
        Ok(reports)
    }

    /// Sets the credentials by which a source is asked, in the place of those that there are. They are for the address that
    /// it has now, and for no other. The next round begins at once, however long the last failures have it wait.
    pub async fn set_credentials(
        &self,
        name: &SourceName,
        text: &str,
    ) -> Result<Timestamp, ManageRefused> {
        let settings = self.env.store().current_settings().await?.settings;
        let source = settings
            .device_source(name)
            .ok_or(ManageRefused::UnknownSource)?;
        let api = source.api.as_ref().ok_or(ManageRefused::NotAsked)?;
        let secret = self.credentials(source.kind, text);
        let secret = secret.map_err(|problem| ManageRefused::Invalid(vec![problem]))?;
        if source.kind.asks_with_password() && !text.contains(':') {
            let why = "must be user:password";
            let problem = FieldProblem::new("secret", "malformed", why);
            return Err(ManageRefused::Invalid(vec![problem]));
        }
        let now = self.env.clock().now();
        let held = self.env.keys().latest_sender_secrets().await?;
        let held = still_used(held, &settings);
        let service = api.address.service();
        let held = held.with_credentials(name, service, secret, now);
        self.env.keys().save_sender_secrets(&held).await?;
        self.ask_at_once(name, now).await?;
        Ok(now)
    }

    /// Credentials as they are kept: of the key file of a service account what is needed.
    fn credentials(&self, kind: SourceKind, text: &str) -> Result<SenderSecret, FieldProblem> {
        if kind != SourceKind::Android {
            return SenderSecret::parse_credentials(text);
        }
        let account = ServiceAccount::parse(text)?;
        let key = account.key().unwrap_or_default();
        if self.env.keys().sign(&key, b"").is_none() {
            let why =
                "holds a key that cannot sign; it must be an RSA key as Google Cloud makes it";
            return Err(FieldProblem::new("secret", "malformed", why));
        }
        account.kept()
    }

    /// Takes the credentials of a source away: it is asked no longer.
    pub async fn remove_credentials(&self, name: &SourceName) -> Result<(), ManageRefused> {
        let held = self.env.keys().latest_sender_secrets().await?;
        let left = held.without_credentials(name);
        let left = left.ok_or(ManageRefused::UnknownId)?;
        Ok(self.env.keys().save_sender_secrets(&left).await?)
    }

    /// Throws away what is used no longer: secrets of sources that were removed, and credentials for an address
    /// that a source no longer has.
    pub async fn forget_unused(&self) -> Result<(), Unavailable> {
        let settings = self.env.store().current_settings().await?.settings;
        let held = self.env.keys().latest_sender_secrets().await?;
        let left = still_used(held.clone(), &settings);
        if left == held {
            return Ok(());
        }
        self.env.keys().save_sender_secrets(&left).await
    }

    async fn ask_at_once(&self, name: &SourceName, now: Timestamp) -> Result<(), Unavailable> {
        let mut turns = Turns::new(&self.env, "having a source asked at once");
        loop {
            let Some(poll) = readable(self.env.store().load_source_poll(name).await)? else {
                return Ok(());
            };
            let due = SourcePoll {
                due_at: now,
                failures: 0,
                version: poll.version.next(),
                ..poll
            };
            match self.env.store().save_source_poll(&due).await {
                Ok(()) => return Ok(()),
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
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
        let held = still_used(held, &settings);
        let (held, id) = held
            .with(name, secret.clone(), now)
            .ok_or(ManageRefused::TwoSecrets)?;
        self.env.keys().save_sender_secrets(&held).await?;
        Ok(HeldSecret {
            of_service: None,
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

/// What of the secrets the sources of these settings use.
fn still_used(held: SenderSecrets, settings: &Settings) -> SenderSecrets {
    let service = |name: &SourceName| {
        let api = settings.device_source(name)?.api.as_ref()?;
        Some(api.address.service().to_owned())
    };
    held.of_sources(|name| settings.device_source(name).is_some(), service)
}

/// What a mapping makes of a body.
#[derive(Debug)]
pub struct TriedMapping {
    /// What the body says.
    pub read: Result<DeviceMessage, NotRead>,
    /// Where the mapping looked for each of its fields; nothing where the body cannot be unpacked.
    pub looked: Vec<Traced>,
}

/// What a body would say by a mapping, or by the one that is built in for a kind.
pub fn try_mapping(
    kind: SourceKind,
    own: Option<&Mapping>,
    source: &SourceName,
    body: &[u8],
) -> Result<TriedMapping, Vec<FieldProblem>> {
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
    Ok(TriedMapping {
        read: mapping::read(&mapping, source, body),
        looked: mapping::trace(&mapping, body).unwrap_or_default(),
    })
}
