//! The secrets by which the senders of device events prove themselves: for each source two at most, so that
//! one can be replaced while the other is still in use.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::values::problem::FieldProblem;
use crate::values::source_name::SourceName;

/// How many secrets of one source are valid at a time.
pub const MAX_SECRETS: usize = 2;

/// The shortest secret, in characters: whoever guesses must not get far.
const MIN_LENGTH: usize = 16;

/// The longest one: Secrets Manager holds 64 KiB for all of them.
const MAX_LENGTH: usize = 512;

/// A secret of a source.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SenderSecret(String);

impl SenderSecret {
    /// Parses a secret as an administrator chose it: 16 to 512 ASCII characters.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        if !(MIN_LENGTH..=MAX_LENGTH).contains(&text.len()) {
            return Err(FieldProblem::new(
                "secret",
                "length",
                "must be 16 to 512 characters long; left out, one is made",
            ));
        }
        let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        if text.trim() != text || !text.bytes().all(is_plain) {
            return Err(FieldProblem::new(
                "secret",
                "character",
                "must hold visible ASCII characters alone, and no blank at its ends",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// Parses credentials as another system gave them: 1 to 2,048 visible characters.
    pub fn parse_credentials(text: &str) -> Result<Self, FieldProblem> {
        let fits = (1..=MAX_CREDENTIALS).contains(&text.len())
            && text.trim() == text
            && !text.chars().any(char::is_control);
        if !fits {
            return Err(FieldProblem::new(
                "secret",
                "malformed",
                "must be 1 to 2,048 visible characters, without a blank at its ends",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// A secret that was made of random bytes.
    #[must_use]
    pub const fn made(text: String) -> Self {
        Self(text)
    }

    /// The text. Each call is a place where a secret leaves.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SenderSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SenderSecret(…)")
    }
}

/// A secret, and since when it is valid. The moment is what it is named by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldSecret {
    /// The service that it is shown to, of credentials: it is shown to no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_service: Option<String>,
    /// A number that no other secret of the source has.
    pub id: u32,
    /// The secret.
    pub secret: SenderSecret,
    /// Since when.
    pub since: Timestamp,
}

/// Where the tokens of the directory stand among the sources. It is no name that a source can have.
const DIRECTORY: &str = "/directory";

/// What stands before the name of a source where its credentials are held: what Beckon shows when it asks that source.
/// It is in no name that a source can have.
const CREDENTIALS: &str = "/credentials/";

/// The longest credentials, in bytes.
const MAX_CREDENTIALS: usize = 2_048;

/// The secrets of every source, and the tokens of the directory, as they stand in one document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SenderSecrets(BTreeMap<String, Vec<HeldSecret>>);

impl SenderSecrets {
    /// The secrets that are valid for a source, the oldest first.
    #[must_use]
    pub fn of(&self, source: &SourceName) -> &[HeldSecret] {
        self.held(source.as_str())
    }

    /// The tokens that are valid for the directory, the oldest first.
    #[must_use]
    pub fn of_directory(&self) -> &[HeldSecret] {
        self.held(DIRECTORY)
    }

    /// The credentials by which this source is asked at this service; `None`, if those that there are were given for
    /// another one.
    #[must_use]
    pub fn credentials_of(&self, source: &SourceName, service: &str) -> Option<&HeldSecret> {
        let held = self.held(&credentials_holder(source)).last();
        held.filter(|held| held.of_service.as_deref() == Some(service))
    }

    /// The same with these credentials in the place of those that the source has.
    #[must_use]
    pub fn with_credentials(
        mut self,
        source: &SourceName,
        service: &str,
        secret: SenderSecret,
        since: Timestamp,
    ) -> Self {
        let held = HeldSecret {
            of_service: Some(service.to_owned()),
            id: 1,
            secret,
            since,
        };
        self.0.insert(credentials_holder(source), vec![held]);
        self
    }

    /// The same without the credentials of this source; `None` if it has none.
    #[must_use]
    pub fn without_credentials(mut self, source: &SourceName) -> Option<Self> {
        self.0.remove(&credentials_holder(source))?;
        Some(self)
    }

    fn held(&self, holder: &str) -> &[HeldSecret] {
        self.0.get(holder).map_or(&[], Vec::as_slice)
    }

    /// The same with one more; `None` if there are two already.
    #[must_use]
    pub fn with(
        self,
        source: &SourceName,
        secret: SenderSecret,
        since: Timestamp,
    ) -> Option<(Self, u32)> {
        let (all, added) = self.with_one(source.as_str(), secret, since)?;
        Some((all, added.id))
    }

    /// The same with one more token of the directory; `None` if there are two already.
    #[must_use]
    pub fn with_token(self, token: SenderSecret, since: Timestamp) -> Option<(Self, HeldSecret)> {
        self.with_one(DIRECTORY, token, since)
    }

    fn with_one(
        mut self,
        holder: &str,
        secret: SenderSecret,
        since: Timestamp,
    ) -> Option<(Self, HeldSecret)> {
        let held = self.0.entry(holder.to_owned()).or_default();
        if held.len() >= MAX_SECRETS {
            return None;
        }
        let id = held.iter().map(|held| held.id).max().unwrap_or(0) + 1;
        let added = HeldSecret {
            of_service: None,
            id,
            secret,
            since,
        };
        held.push(added.clone());
        Some((self, added))
    }

    /// The same without one; `None` if it is not there.
    #[must_use]
    pub fn without(self, source: &SourceName, id: u32) -> Option<Self> {
        self.without_one(source.as_str(), id)
    }

    /// The same without a token of the directory; `None` if it is not there.
    #[must_use]
    pub fn without_token(self, id: u32) -> Option<Self> {
        self.without_one(DIRECTORY, id)
    }

    fn without_one(mut self, holder: &str, id: u32) -> Option<Self> {
        let held = self.0.get_mut(holder)?;
        let before = held.len();
        held.retain(|held| held.id != id);
        if held.len() == before {
            return None;
        }
        if held.is_empty() {
            self.0.remove(holder);
        }
        Some(self)
    }

    /// The same without the sources that are no longer there, and without credentials for a service that is no longer
    /// theirs: `service` says which one a source has, if it is asked at all. The directory's tokens stay.
    #[must_use]
    pub fn of_sources(
        mut self,
        is_there: impl Fn(&SourceName) -> bool,
        service: impl Fn(&SourceName) -> Option<String>,
    ) -> Self {
        self.0.retain(|holder, held| {
            if let Some(source) = holder.strip_prefix(CREDENTIALS) {
                let service = SourceName::parse(source)
                    .ok()
                    .and_then(|name| service(&name));
                held.retain(|held| held.of_service.is_some() && held.of_service == service);
                return !held.is_empty();
            }
            holder == DIRECTORY || SourceName::parse(holder).is_ok_and(|source| is_there(&source))
        });
        self
    }
}

fn credentials_holder(source: &SourceName) -> String {
    format!("{CREDENTIALS}{source}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_two_secrets_at_most_and_shows_none() {
        let source = SourceName::parse("nanomdm").unwrap();
        let secret = |text: &str| SenderSecret::parse(text).unwrap();
        let (first, second) = ("first-first-first", "second-second-second");
        let now = Timestamp::UNIX_EPOCH;

        let (one, id) = SenderSecrets::default()
            .with(&source, secret(first), now)
            .unwrap();
        let (two, other) = one.with(&source, secret(second), now).unwrap();

        assert!(two.clone().with(&source, secret(first), now).is_none());
        assert!(!format!("{two:?}").contains("first"));
        let left = two.without(&source, id).unwrap();
        assert_eq!(left.of(&source)[0].secret.expose(), second);
        assert!(left.clone().without(&source, id).is_none());
        let (again, third) = left.with(&source, secret(first), now).unwrap();
        assert!(third > other && again.of(&source).len() == 2);
    }

    #[test]
    fn the_directory_has_two_tokens_at_most_and_keeps_them_when_sources_go() {
        let token = |text: &str| SenderSecret::parse(text).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let (one, first) = SenderSecrets::default()
            .with_token(token("first-first-first"), now)
            .unwrap();

        let (two, second) = one.with_token(token("second-second-second"), now).unwrap();

        assert!(
            two.clone()
                .with_token(token("third-third-third"), now)
                .is_none()
        );
        let left = two
            .of_sources(|_| false, |_| None)
            .without_token(first.id)
            .unwrap();
        assert_eq!(left.of_directory(), [second]);
        assert!(left.without_token(first.id).is_none());
        assert!(SourceName::parse(DIRECTORY).is_err());
    }

    #[test]
    fn credentials_are_for_one_service_and_go_when_a_source_has_another() {
        let [source, other] = ["intune", "kandji"].map(|name| SourceName::parse(name).unwrap());
        let secret = SenderSecret::parse_credentials("api:pass").unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let (here, there) = ("https://mdm.example.com", "https://mdm.example.org");

        let held = SenderSecrets::default().with_credentials(&source, here, secret.clone(), now);

        assert_eq!(held.credentials_of(&source, here).unwrap().secret, secret);
        assert_eq!(held.credentials_of(&source, there), None);
        assert_eq!(held.credentials_of(&other, here), None);
        assert_eq!(held.of(&source), []);
        let moved = |to: &str| held.clone().of_sources(|_| true, |_| Some(to.to_owned()));
        assert_eq!(moved(here), held);
        assert_eq!(moved(there), SenderSecrets::default());
        let newer = SenderSecret::parse_credentials("api:newer").unwrap();
        let replaced = held.with_credentials(&source, there, newer.clone(), now);
        assert_eq!(replaced.credentials_of(&source, here), None);
        assert_eq!(
            replaced.credentials_of(&source, there).unwrap().secret,
            newer
        );
        let none = replaced.without_credentials(&source).unwrap();
        assert!(none.without_credentials(&source).is_none());
    }

    #[test]
    fn a_short_secret_or_one_with_a_blank_at_its_end_is_refused() {
        for text in ["short", "with a blank behind ", &"x".repeat(513)] {
            assert!(SenderSecret::parse(text).is_err());
        }
    }
}
