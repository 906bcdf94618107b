//! Registration sessions: what a redeemed secret opens. The id of a session is a bearer secret,
//! so only its digest is stored.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hex::hex;
use crate::ids::{DeviceId, IssueNumber, UserId};
use crate::ownership::Ownership;
use crate::stored::Carried;

/// How long a session lets a person go on without showing the secret again.
pub const SESSION_LENGTH: SignedDuration = SignedDuration::from_mins(15);

/// How many sessions of one issue may be open at a time.
pub const SESSIONS_AT_A_TIME: usize = 3;

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
    pub fn read(text: &str) -> Option<Self> {
        let text = crate::text::trimmed(text).to_ascii_lowercase();
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

/// A place taken by a session among those of its issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSlot {
    /// Which session.
    pub digest: SessionDigest,
    /// Until when it holds the place.
    pub until: Timestamp,
}

/// What a device was said to be when the secret was shown. It need not be the one reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedDevice {
    /// The device's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<DeviceId>,
    /// Its platform: one that is known by its name in [`crate::platform`], any other in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// A registration session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Which.
    pub digest: SessionDigest,
    /// Whose.
    pub user: UserId,
    /// Of which issue.
    pub issue: IssueNumber,
    /// The ownership that issue carries; `None` of a session from before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when it lets the person go on. Reporting is not bound by it.
    pub expires_at: Timestamp,
    /// The device named when it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<NamedDevice>,
    /// The device whose registration was reported with this session's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
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
            RegistrationId::read(&format!(" {} ", id.expose().to_uppercase())),
            Some(id)
        );
        assert_eq!(RegistrationId::read("short"), None);
    }
}
