//! Keys, and secrets of senders, that tests can read and change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::keys::Keys;
use beckon_domain::values::keys::KeyRing;
use beckon_domain::values::sender_secrets::{SenderSecret, SenderSecrets};
use beckon_domain::values::source_name::SourceName;
use jiff::Timestamp;

/// A key ring in memory, and the secrets of senders. Clones share them.
#[derive(Debug, Clone)]
pub struct MemoryKeys {
    ring: Arc<Mutex<Option<KeyRing>>>,
    senders: Arc<Mutex<SenderSecrets>>,
}

impl MemoryKeys {
    /// A ring with one key, `k1`.
    pub fn new() -> Self {
        Self {
            ring: Arc::new(Mutex::new(Some(ring_of(&["k1"], "k1")))),
            senders: Arc::default(),
        }
    }

    /// Holds these keys from now on, and issues under `current`. A key of the same name is the
    /// same key.
    pub fn rotate(&self, names: &[&str], current: &str) {
        *self.ring.lock().unwrap() = Some(ring_of(names, current));
    }

    /// This sender has this secret from now on.
    pub fn give_sender(&self, source: &SourceName, secret: &str) {
        let secret = SenderSecret::made(secret.to_owned());
        let mut held = self.senders.lock().unwrap();
        let given = held.clone().with(source, secret, Timestamp::UNIX_EPOCH);
        *held = given.expect("a sender has two secrets at most").0;
    }

    /// This source is asked at this service with these credentials from now on.
    pub fn give_credentials(&self, source: &SourceName, service: &str, secret: &str) {
        let secret = SenderSecret::made(secret.to_owned());
        let mut held = self.senders.lock().unwrap();
        let since = Timestamp::UNIX_EPOCH;
        *held = held
            .clone()
            .with_credentials(source, service, secret, since);
    }

    /// Cannot be read until the next [`MemoryKeys::rotate`].
    pub fn lose(&self) {
        *self.ring.lock().unwrap() = None;
    }

    /// The ring as it is now.
    pub fn ring(&self) -> KeyRing {
        self.ring
            .lock()
            .unwrap()
            .clone()
            .expect("the keys are there")
    }
}

impl Default for MemoryKeys {
    fn default() -> Self {
        Self::new()
    }
}

fn ring_of(names: &[&str], current: &str) -> KeyRing {
    let mut entries: BTreeMap<String, String> = names
        .iter()
        .map(|name| ((*name).to_owned(), format!("{name:-<40}")))
        .collect();
    entries.insert("current".to_owned(), current.to_owned());
    KeyRing::parse(entries).expect("the names make a ring")
}

impl Keys for MemoryKeys {
    async fn key_ring(&self) -> Result<KeyRing, Unavailable> {
        let ring = self.ring.lock().unwrap().clone();
        ring.ok_or_else(|| Unavailable::new("the keys", "the test took them away"))
    }

    async fn sender_secrets(&self) -> Result<SenderSecrets, Unavailable> {
        self.latest_sender_secrets().await
    }

    async fn latest_sender_secrets(&self) -> Result<SenderSecrets, Unavailable> {
        self.key_ring().await?;
        Ok(self.senders.lock().unwrap().clone())
    }

    /// Every key but an empty one signs, and every signature is the same.
    fn sign(&self, key: &[u8], _text: &[u8]) -> Option<Vec<u8>> {
        (!key.is_empty()).then(|| b"signed".to_vec())
    }

    async fn save_sender_secrets(&self, secrets: &SenderSecrets) -> Result<(), Unavailable> {
        self.key_ring().await?;
        *self.senders.lock().unwrap() = secrets.clone();
        Ok(())
    }
}
