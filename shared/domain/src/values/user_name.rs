//! What people sign in by elsewhere.

use serde::{Deserialize, Serialize};

use crate::values::address::EmailAddress;
use crate::values::names::is_plain;
use crate::values::problem::FieldProblem;
use crate::values::text;

/// The longest user name, in characters. Entra ID's have 113 at most, Okta's 100.
const MAX_LENGTH: usize = 256;

/// The longest key, in bytes. A Korean syllable of three bytes has nine there, and a key of the table has 2,048 at most.
const MAX_KEY_BYTES: usize = 1_024;

/// What somebody signs in by elsewhere, unique among users. Two that differ in case alone are one, as RFC 7643 has it
/// for `userName`; each is shown as it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserName(String);

/// What a user name is found by: the same for every spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserNameKey(String);

impl UserNameKey {
    /// The key as it stands in rows.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl UserName {
    /// Parses a line of 1 to 256 visible characters, of fewer where the key has more than 1,024 bytes by them.
    pub fn parse(typed: &str) -> Result<Self, FieldProblem> {
        let name = text::normalised(typed);
        if name.is_empty() {
            return Err(FieldProblem::new("", "empty", "must not be empty"));
        }
        if name.chars().count() > MAX_LENGTH {
            let detail = format!("must be at most {MAX_LENGTH} characters long");
            return Err(FieldProblem::new("", "tooLong", detail).with("most", MAX_LENGTH));
        }
        if !name.chars().all(|c| is_plain(c) && !text::is_invisible(c)) {
            return Err(FieldProblem::new(
                "",
                "controlCharacter",
                "must not contain control, text-direction or invisible characters",
            ));
        }
        let name = Self(name);
        if name.key().as_str().len() > MAX_KEY_BYTES {
            let detail = format!(
                "is too long: its letters, taken apart, have more than {MAX_KEY_BYTES} bytes"
            );
            return Err(FieldProblem::new("", "tooLong", detail));
        }
        Ok(name)
    }

    /// An address as the user name of somebody who has no other.
    #[must_use]
    pub fn of_address(address: &EmailAddress) -> Self {
        Self(address.as_str().to_owned())
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is found by.
    #[must_use]
    pub fn key(&self) -> UserNameKey {
        UserNameKey(text::comparison_key(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_one_in_every_case_and_is_shown_as_written() {
        let name = UserName::parse(" Ada@Example.com ").unwrap();

        let key = |name: &str| UserName::parse(name).unwrap().key();
        assert_eq!(name.key(), key("ada@example.COM"));
        assert_eq!(name.as_str(), "Ada@Example.com");
        assert_ne!(name.key(), key("ada@example.org"));
    }

    #[test]
    fn an_empty_a_long_and_a_hidden_user_name_are_refused() {
        for (name, code) in [
            ("  ", "empty"),
            ("a\u{200B}da", "controlCharacter"),
            ("a\nda", "controlCharacter"),
        ] {
            assert_eq!(UserName::parse(name).unwrap_err().code, code, "{name:?}");
        }
        assert_eq!(
            UserName::parse(&"x".repeat(257)).unwrap_err().code,
            "tooLong"
        );
    }

    #[test]
    fn a_user_name_is_short_enough_for_a_key_in_every_script() {
        for (letter, most) in [
            ("x", 256),
            ("я", 256),
            ("山", 256),
            ("가", 170),
            ("각", 113),
        ] {
            let name = UserName::parse(&letter.repeat(most)).unwrap();
            let longer = UserName::parse(&letter.repeat(most + 1)).unwrap_err();

            assert!(name.key().as_str().len() <= MAX_KEY_BYTES, "{letter}");
            assert_eq!(longer.code, "tooLong", "{letter}");
        }
    }

    #[test]
    fn what_a_key_says_is_a_user_name_again() {
        let name = UserName::parse(&"각".repeat(113)).unwrap();

        let again = UserName::parse(name.key().as_str()).unwrap();

        assert_eq!(again.key(), name.key());
    }
}
