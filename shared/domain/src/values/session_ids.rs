//! The id of a registration session, which is a bearer secret, and the digest that is stored of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::values::hex::hex;

/// The id of a registration session: 128 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrationId(String);

impl RegistrationId {
    /// Makes an id of sixteen random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(hex(&bytes))
    }

    /// Reads an id as somebody presents it; `None` if it was never one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = crate::values::text::trimmed(text).to_ascii_lowercase();
        (text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(Self(text))
    }

    /// What is stored instead of it.
    #[must_use]
    pub fn digest(&self) -> SessionDigest {
        SessionDigest(hex(&Sha256::digest(self.0.as_bytes())))
    }

    /// The id. Each call is a place where a secret leaves.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistrationId(…)")
    }
}

/// The digest of a [`RegistrationId`]: names a session without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionDigest(String);

impl SessionDigest {
    /// The text, for a key of a table.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_digest_does_not_contain_the_id() {
        let id = RegistrationId::from_random([0xAB; 16]);

        assert_eq!(id.expose().len(), 32);
        assert!(!id.digest().as_str().contains(id.expose()));
        assert_eq!(
            RegistrationId::parse(&format!(" {} ", id.expose().to_uppercase())),
            Some(id)
        );
        assert_eq!(RegistrationId::parse("short"), None);
    }
}
