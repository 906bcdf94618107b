//! The name of a source of device events: it stands in the address that the device management calls, and
//! before each id of a device.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::values::problem::FieldProblem;

/// The longest name, in characters.
const MAX_LENGTH: usize = 32;

/// The name of a source of device events: lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceName(String);

impl SourceName {
    /// Parses a name: 1 to 32 of `a` to `z`, `0` to `9` and `-`, a letter first.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let fits = (1..=MAX_LENGTH).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !fits {
            return Err(FieldProblem::new(
                "",
                "malformedName",
                "must be 1 to 32 lower-case letters, digits and hyphens, and begin with a letter",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SourceName {
    type Err = FieldProblem;

    fn from_str(text: &str) -> Result<Self, FieldProblem> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_an_address() {
        for name in ["nanomdm", "jamf-2", "a"] {
            assert_eq!(SourceName::parse(name).unwrap().as_str(), name);
        }
        for name in [
            "",
            "Jamf",
            "2nd",
            "a b",
            "a/b",
            "a:b",
            "-a",
            &"a".repeat(33),
        ] {
            assert!(SourceName::parse(name).is_err(), "{name}");
        }
    }
}
