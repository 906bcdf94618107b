//! The key ring and the secrets of senders, from Secrets Manager. Each is read once in a while, so that a new one is
//! taken up without a deploy.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueError;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::keys::Keys;
use beckon_domain::values::keys::KeyRing;
use beckon_domain::values::sender_secrets::SenderSecrets;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use tokio::sync::Mutex;

use crate::sdk_calls::SdkCall as _;

/// How long a ring is used before it is read again.
const KEYS_TTL: Duration = Duration::from_mins(5);

/// How long secrets of senders are used before they are read again: who sets a new one wants to try it.
const SENDERS_TTL: Duration = Duration::from_secs(30);

const KEY_SECRET: &str = "the key secret";
const SENDER_SECRET: &str = "the secret of senders";

/// Where the key ring and the secrets of senders come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// Secrets of Secrets Manager.
    Secret(SecretsManagerKeys),
    /// What the process holds: on one machine, from its own files.
    Held(HeldKeys),
}

impl KeySource {
    /// The ring in the secret with this name or ARN.
    #[must_use]
    pub fn secret(config: &aws_types::SdkConfig, secret_id: &str) -> Self {
        Self::Secret(SecretsManagerKeys::new(config, Some(secret_id), None))
    }

    /// The secrets of senders in the secret with this name or ARN, and no ring.
    #[must_use]
    pub fn senders(config: &aws_types::SdkConfig, secret_id: &str) -> Self {
        Self::Secret(SecretsManagerKeys::new(config, None, Some(secret_id)))
    }

    /// The ring in one secret, and the secrets of senders in another.
    #[must_use]
    pub fn secret_and_senders(
        config: &aws_types::SdkConfig,
        secret_id: &str,
        senders_id: &str,
    ) -> Self {
        let (ring, senders) = (Some(secret_id), Some(senders_id));
        Self::Secret(SecretsManagerKeys::new(config, ring, senders))
    }

    /// The same, encrypted with this key when it is made.
    #[must_use]
    pub fn encrypted_with(self, key: Option<String>) -> Self {
        match self {
            Self::Secret(secret) => Self::Secret(SecretsManagerKeys {
                encrypted_with: key,
                ..secret
            }),
            held @ Self::Held(_) => held,
        }
    }

    /// This ring, and the secrets of senders in a file, which is made when one is set.
    #[must_use]
    pub fn held(ring: KeyRing, senders: PathBuf) -> Self {
        Self::Held(HeldKeys { ring, senders })
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
            Self::Held(held) => Ok(held.ring.clone()),
        }
    }

    async fn sender_secrets(&self) -> Result<SenderSecrets, Unavailable> {
        match self {
            Self::Secret(secret) => secret.senders(SENDERS_TTL).await,
            Self::Held(held) => held.senders(),
        }
    }

    async fn latest_sender_secrets(&self) -> Result<SenderSecrets, Unavailable> {
        match self {
            Self::Secret(secret) => secret.senders(Duration::ZERO).await,
            Self::Held(held) => held.senders(),
        }
    }

    fn sign(&self, key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let key = RsaKeyPair::from_pkcs8(key).ok()?;
        let mut signature = vec![0; key.public().modulus_len()];
        let random = SystemRandom::new();
        key.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
            .ok()?;
        Some(signature)
    }

    async fn save_sender_secrets(&self, secrets: &SenderSecrets) -> Result<(), Unavailable> {
        match self {
            Self::Secret(secret) => secret.save_senders(secrets).await,
            Self::Held(held) => held.save_senders(secrets),
        }
    }
}

/// What a process holds.
#[derive(Debug, Clone)]
pub struct HeldKeys {
    ring: KeyRing,
    senders: PathBuf,
}

impl HeldKeys {
    fn senders(&self) -> Result<SenderSecrets, Unavailable> {
        match std::fs::read_to_string(&self.senders) {
            Ok(text) => senders_in(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(SenderSecrets::default())
            }
            Err(error) => Err(Unavailable::new(SENDER_SECRET, error)),
        }
    }

    fn save_senders(&self, secrets: &SenderSecrets) -> Result<(), Unavailable> {
        write_private(&self.senders, &document(secrets)?)
            .map_err(|error| Unavailable::new(SENDER_SECRET, error))
    }
}

/// Writes a file that its owner alone may read, whole or not at all.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

/// The secrets in a document. A parser's error may quote what it could not read, and that is a secret.
fn senders_in(text: &str) -> Result<SenderSecrets, Unavailable> {
    if text.trim().is_empty() {
        return Ok(SenderSecrets::default());
    }
    serde_json::from_str(text)
        .map_err(|_| Unavailable::new(SENDER_SECRET, "it is not a document of secrets"))
}

fn document(secrets: &SenderSecrets) -> Result<String, Unavailable> {
    serde_json::to_string(secrets)
        .map_err(|_| Unavailable::new(SENDER_SECRET, "it cannot be written down"))
}

/// What was read, and when.
type Cached<T> = Arc<Mutex<Option<(Instant, T)>>>;

/// The key ring and the secrets of senders, each kept as one secret. What a function was not given, it cannot read.
#[derive(Debug, Clone)]
pub struct SecretsManagerKeys {
    client: Client,
    ring_id: Option<String>,
    senders_id: Option<String>,
    /// The key of one's own by which the secret of senders is encrypted when it is made.
    encrypted_with: Option<String>,
    ring: Cached<KeyRing>,
    senders: Cached<SenderSecrets>,
}

impl SecretsManagerKeys {
    /// What stands in the secrets with these names or ARNs.
    #[must_use]
    pub fn new(
        config: &aws_types::SdkConfig,
        ring_id: Option<&str>,
        senders_id: Option<&str>,
    ) -> Self {
        Self {
            client: Client::new(config),
            ring_id: ring_id.map(str::to_owned),
            senders_id: senders_id.map(str::to_owned),
            encrypted_with: None,
            ring: Arc::default(),
            senders: Arc::default(),
        }
    }

    async fn key_ring(&self) -> Result<KeyRing, Unavailable> {
        let read = self.read_ring();
        held(&self.ring, KEYS_TTL, read).await
    }

    async fn read_ring(&self) -> Result<KeyRing, Unavailable> {
        let text = self.read(self.ring_id.as_deref(), KEY_SECRET).await?;
        let text = text.ok_or_else(|| Unavailable::new(KEY_SECRET, "it is not there"))?;
        // A parser's error may quote what it could not read, and that is the key.
        let entries: BTreeMap<String, String> = serde_json::from_str(&text)
            .map_err(|_| Unavailable::new(KEY_SECRET, "it is not an object of texts"))?;
        KeyRing::parse(entries).map_err(|error| Unavailable::new(KEY_SECRET, error))
    }

    async fn senders(&self, ttl: Duration) -> Result<SenderSecrets, Unavailable> {
        held(&self.senders, ttl, self.read_senders()).await
    }

    async fn read_senders(&self) -> Result<SenderSecrets, Unavailable> {
        let text = self.read(self.senders_id.as_deref(), SENDER_SECRET).await?;
        senders_in(&text.unwrap_or_default())
    }

    /// Writes the secret; makes it first if there is none: until somebody sets a secret of a sender, nobody pays for
    /// one.
    async fn save_senders(&self, secrets: &SenderSecrets) -> Result<(), Unavailable> {
        let id = given(self.senders_id.as_deref(), SENDER_SECRET)?;
        let text = document(secrets)?;
        let mut held = self.senders.lock().await;
        let put = self.client.put_secret_value().secret_id(id);
        let written = put.secret_string(&text).call().await;
        let is_missing = |error: &SdkError<PutSecretValueError>| {
            let error = error.as_service_error();
            error.is_some_and(PutSecretValueError::is_resource_not_found_exception)
        };
        match written {
            Ok(_) => {}
            Err(error) if is_missing(&error) => {
                let create = self.client.create_secret().name(id);
                let create = create
                    .set_kms_key_id(self.encrypted_with.clone())
                    .description("The secrets of those who send device events to Beckon");
                let made = create.secret_string(&text).call().await;
                made.map_err(|error| unreachable(SENDER_SECRET, error))?;
            }
            Err(error) => return Err(unreachable(SENDER_SECRET, error)),
        }
        *held = Some((Instant::now(), secrets.clone()));
        Ok(())
    }

    /// The text of a secret; `None` if there is no such secret.
    async fn read(
        &self,
        id: Option<&str>,
        what: &'static str,
    ) -> Result<Option<String>, Unavailable> {
        let get = self.client.get_secret_value().secret_id(given(id, what)?);
        let answer = match get.call().await {
            Ok(answer) => answer,
            Err(error) => {
                let said = error.as_service_error();
                if said.is_some_and(GetSecretValueError::is_resource_not_found_exception) {
                    return Ok(None);
                }
                return Err(unreachable(what, error));
            }
        };
        let text = answer.secret_string().map(str::to_owned);
        text.ok_or_else(|| Unavailable::new(what, "it holds no text"))
            .map(Some)
    }
}

/// What is held, if it was read within the time; otherwise what is read now, and held from then on. Whoever comes
/// meanwhile waits, and reads nothing.
async fn held<T: Clone>(
    cached: &Cached<T>,
    ttl: Duration,
    read: impl Future<Output = Result<T, Unavailable>>,
) -> Result<T, Unavailable> {
    let mut held = cached.lock().await;
    if let Some((_, value)) = held.as_ref().filter(|(read, _)| read.elapsed() < ttl) {
        return Ok(value.clone());
    }
    let value = read.await?;
    *held = Some((Instant::now(), value.clone()));
    Ok(value)
}

fn unreachable<E>(what: &'static str, error: E) -> Unavailable
where
    E: std::error::Error + Send + Sync + 'static,
{
    Unavailable::new(what, DisplayErrorContext(error).to_string())
}

fn given<'a>(id: Option<&'a str>, what: &'static str) -> Result<&'a str, Unavailable> {
    id.ok_or_else(|| Unavailable::new(what, "this function was not given it"))
}
