//! The id of a registration session, which is a bearer secret, and the digest that is stored of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::values::hex::hex;
use crate::values::ids::{IssueNumber, UserId};
use crate::values::nonce::Nonce;

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

/// What enrolment addresses carry, and the device management gives back: the public name of one issue, made
/// of its nonce. It cannot be guessed and opens nothing; a device that is reported with it counts like one of
/// a session of that issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// The reference of an issue.
    #[must_use]
    pub fn of_issue(user: UserId, issue: IssueNumber, nonce: &Nonce) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"beckon reference");
        hasher.update(user.to_bytes());
        hasher.update(issue.get().to_be_bytes());
        hasher.update(nonce.as_bytes());
        let mut text = hex(&hasher.finalize());
        text.truncate(32);
        Self(text)
    }

    /// Reads a reference as a device management gives it back; `None` if it was never one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // It looks like the id of a session, and is kept apart from one by its digest.
        RegistrationId::parse(text).map(|id| Self(id.0))
    }

    /// The digest under which the issue is found. It is never that of a session, so that a reference that is
    /// shown as a registration id opens nothing.
    #[must_use]
    pub fn digest(&self) -> SessionDigest {
        let mut hasher = Sha256::new();
        hasher.update(b"beckon reference ");
        hasher.update(self.0.as_bytes());
        SessionDigest(hex(&hasher.finalize()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The digest of a [`RegistrationId`], or of a [`Reference`]: names a session without opening it.
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

    #[test]
    fn a_reference_belongs_to_one_issue_and_is_no_id_of_a_session() {
        let user = UserId::from_bytes([7; 16]);
        let of = |issue, nonce| {
            let issue = IssueNumber::from_number(issue);
            Reference::of_issue(user, issue, &Nonce::from_bytes([nonce; 16]))
        };
        let reference = of(1, 1);

        assert_eq!(Reference::parse(reference.as_str()), Some(of(1, 1)));
        assert!(reference != of(2, 1) && reference != of(1, 2));
        let shown = RegistrationId::parse(reference.as_str()).unwrap();
        assert_ne!(shown.digest(), reference.digest());
    }
}
