//! The keys that secrets are derived from. An issue keeps the id of its key, so that keys can be
//! changed without breaking open invitations.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Which key: `k1`, `k2`, …
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// Names a key.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key of at least 32 bytes.
#[derive(Clone)]
pub struct SecretKey(Vec<u8>);

impl SecretKey {
    /// Takes key material; `None` if it is shorter than 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() >= 32).then_some(Self(bytes))
    }

    /// The bytes. Each call is a place where a secret leaves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// All keys that open invitations may have been issued under, and the one for new ones.
#[derive(Debug, Clone)]
pub struct KeyRing {
    current: KeyId,
    keys: BTreeMap<KeyId, SecretKey>,
}

/// Why a secret's text is no key ring. It never repeats the text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyRingError {
    /// Not JSON of the expected shape.
    #[error(
        "the key document is not an object of texts like {{\"current\": \"k1\", \"k1\": \"…\"}}"
    )]
    Malformed,
    /// `current` names no key.
    #[error("the key document's `current` names a key that it does not hold")]
    CurrentMissing,
    /// Too short to be safe.
    #[error("key {0} is shorter than 32 characters")]
    TooShort(String),
}

impl KeyRing {
    /// Reads `{"current": "k1", "k1": "…", …}`. A key's text is used as it stands, so that a
    /// generated password of 32 or more characters will do.
    pub fn parse(entries: BTreeMap<String, String>) -> Result<Self, KeyRingError> {
        let mut current = None;
        let mut keys = BTreeMap::new();
        for (name, value) in entries {
            if name == "current" {
                current = Some(KeyId(value));
            } else {
                let key = SecretKey::from_bytes(value.into_bytes())
                    .ok_or_else(|| KeyRingError::TooShort(name.clone()))?;
                keys.insert(KeyId(name), key);
            }
        }
        let current = current.ok_or(KeyRingError::Malformed)?;
        if !keys.contains_key(&current) {
            return Err(KeyRingError::CurrentMissing);
        }
        Ok(Self { current, keys })
    }

    /// The key for new issues.
    #[must_use]
    pub fn current(&self) -> &KeyId {
        &self.current
    }

    /// A key by its id; `None` once it was taken away.
    #[must_use]
    pub fn get(&self, id: &KeyId) -> Option<&SecretKey> {
        self.keys.get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn a_ring_holds_old_keys_beside_the_current_one() {
        let long = "x".repeat(32);
        let ring =
            KeyRing::parse(document(&[("current", "k2"), ("k1", &long), ("k2", &long)])).unwrap();

        assert_eq!(ring.current(), &KeyId::new("k2"));
        assert!(ring.get(&KeyId::new("k1")).is_some());
        assert!(ring.get(&KeyId::new("k3")).is_none());
    }

    #[test]
    fn a_ring_without_a_usable_current_key_is_refused() {
        let long = "x".repeat(32);

        assert_eq!(
            KeyRing::parse(document(&[("k1", &long)])).unwrap_err(),
            KeyRingError::Malformed
        );
        assert_eq!(
            KeyRing::parse(document(&[("current", "k2"), ("k1", &long)])).unwrap_err(),
            KeyRingError::CurrentMissing
        );
        assert_eq!(
            KeyRing::parse(document(&[("current", "k1"), ("k1", "short")])).unwrap_err(),
            KeyRingError::TooShort("k1".to_owned())
        );
    }
}
