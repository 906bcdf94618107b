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
    /// A number that no other secret of the source has.
    pub id: u32,
    /// The secret.
    pub secret: SenderSecret,
    /// Since when.
    pub since: Timestamp,
}

/// The secrets of every source, as they stand in one document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SenderSecrets(BTreeMap<SourceName, Vec<HeldSecret>>);

impl SenderSecrets {
    /// The secrets that are valid for a source, the oldest first.
    #[must_use]
    pub fn of(&self, source: &SourceName) -> &[HeldSecret] {
        self.0.get(source).map_or(&[], Vec::as_slice)
    }

    /// The same with one more; `None` if there are two already.
    #[must_use]
    pub fn with(
        mut self,
        source: &SourceName,
        secret: SenderSecret,
        since: Timestamp,
    ) -> Option<(Self, u32)> {
        let held = self.0.entry(source.clone()).or_default();
        if held.len() >= MAX_SECRETS {
            return None;
        }
        let id = held.iter().map(|held| held.id).max().unwrap_or(0) + 1;
        held.push(HeldSecret { id, secret, since });
        Some((self, id))
    }

    /// The same without one; `None` if it is not there.
    #[must_use]
    pub fn without(mut self, source: &SourceName, id: u32) -> Option<Self> {
        let held = self.0.get_mut(source)?;
        let before = held.len();
        held.retain(|held| held.id != id);
        if held.len() == before {
            return None;
        }
        if held.is_empty() {
            self.0.remove(source);
        }
        Some(self)
    }

    /// The same without the sources that are no longer there.
    #[must_use]
    pub fn of_sources(mut self, is_there: impl Fn(&SourceName) -> bool) -> Self {
        self.0.retain(|source, _| is_there(source));
        self
    }
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
    fn a_short_secret_or_one_with_a_blank_at_its_end_is_refused() {
        for text in ["short", "with a blank behind ", &"x".repeat(513)] {
            assert!(SenderSecret::parse(text).is_err());
        }
    }
}
