//! The key ring, from Secrets Manager. Read once a few minutes, so that a new key is taken up
//! without a deploy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::keys::Keys;
use beckon_domain::values::keys::KeyRing;
use tokio::sync::Mutex;

use crate::sdk_calls::SdkCall as _;

/// How long a ring is used before it is read again.
const KEYS_TTL: Duration = Duration::from_mins(5);

/// Where the key ring comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A secret of Secrets Manager.
    Secret(SecretsManagerKeys),
    /// A ring that the process holds: on one machine, from its own file.
    Held(KeyRing),
}

impl KeySource {
    /// The ring in the secret with this name or ARN.
    #[must_use]
    pub fn secret(config: &aws_types::SdkConfig, secret_id: &str) -> Self {
        Self::Secret(SecretsManagerKeys::new(config, secret_id))
    }

    /// Reads the ring before it is needed, for functions that need it at most requests. If it cannot be read now,
    /// the first request that needs it tries again and says so.
    pub async fn warm_up(&self) {
        let _ = self.key_ring().await;
    }
}

impl Keys for KeySource {
    async fn key_ring(&self) -> Result<KeyRing, Unavailable> {
        match self {
            Self::Secret(secret) => secret.key_ring().await,
            Self::Held(ring) => Ok(ring.clone()),
        }
    }
}

/// The key ring kept as one secret.
#[derive(Debug, Clone)]
pub struct SecretsManagerKeys {
    client: Client,
    secret_id: String,
    held: Arc<Mutex<Option<(Instant, KeyRing)>>>,
}

impl SecretsManagerKeys {
    /// The ring in the secret with this name or ARN.
    #[must_use]
    pub fn new(config: &aws_types::SdkConfig, secret_id: &str) -> Self {
        Self {
            client: Client::new(config),
            secret_id: secret_id.to_owned(),
            held: Arc::default(),
        }
    }
}

impl Keys for SecretsManagerKeys {
    async fn key_ring(&self) -> Result<KeyRing, Unavailable> {
        let mut held = self.held.lock().await;
        if let Some((_, ring)) = held.as_ref().filter(|(read, _)| read.elapsed() < KEYS_TTL) {
            return Ok(ring.clone());
        }
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.secret_id)
            .call()
            .await
            .map_err(|error| {
                Unavailable::new("the key secret", DisplayErrorContext(error).to_string())
            })?;
        // A parser's error may quote what it could not read, and that is the key.
        let entries: BTreeMap<String, String> = answer
            .secret_string()
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| Unavailable::new("the key secret", "it is not an object of texts"))?;
        let ring =
            KeyRing::parse(entries).map_err(|error| Unavailable::new("the key secret", error))?;
        *held = Some((Instant::now(), ring.clone()));
        Ok(ring)
    }
}
