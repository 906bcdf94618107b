//! Languages and time zones of people.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::problem::FieldProblem;

/// A language tag as BCP 47 writes it, down to script and region: `en`, `pt-BR`, `zh-Hant`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Locale(String);

impl Locale {
    /// Parses a tag; `_` is read as `-`, and case is put right.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let refused = || {
            FieldProblem::new(
                "",
                "malformedLocale",
                "is not a language tag; give one like en, de or pt-BR",
            )
        };
        let text = text.trim().replace('_', "-");
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        if !(2..=3).contains(&language.len()) || !language.bytes().all(|b| b.is_ascii_alphabetic())
        {
            return Err(refused());
        }
        let mut tag = language.to_ascii_lowercase();
        for part in parts {
            let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
            let digits = part.bytes().all(|b| b.is_ascii_digit());
            match part.len() {
                4 if letters => {
                    let (head, tail) = part.split_at(1);
                    tag.push('-');
                    tag.push_str(&head.to_ascii_uppercase());
                    tag.push_str(&tail.to_ascii_lowercase());
                }
                2 if letters => {
                    tag.push('-');
                    tag.push_str(&part.to_ascii_uppercase());
                }
                3 if digits => {
                    tag.push('-');
                    tag.push_str(part);
                }
                _ => return Err(refused()),
            }
        }
        Ok(Self(tag))
    }

    /// English, the end of every chain.
    #[must_use]
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone: `pt` of `pt-BR`.
    #[must_use]
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A time zone by its IANA name: `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZoneName(String);

impl TimeZoneName {
    /// Parses the name of a zone that exists.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let text = text.trim();
        match jiff::tz::TimeZone::get(text) {
            Ok(zone) => Ok(Self(zone.iana_name().unwrap_or(text).to_owned())),
            Err(_) => Err(FieldProblem::new(
                "",
                "unknownTimeZone",
                "is not a time zone we know; give its IANA name, like Europe/Berlin or UTC",
            )),
        }
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// The IANA name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The zone with its rules. A name that was stored and has since left the time zone
    /// database is read as UTC: a mail with the wrong zone named is better than none.
    #[must_use]
    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.0).unwrap_or(jiff::tz::TimeZone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_put_into_their_usual_case() {
        for (typed, tag) in [
            ("EN", "en"),
            ("pt_br", "pt-BR"),
            ("ZH-hant", "zh-Hant"),
            ("es-419", "es-419"),
        ] {
            assert_eq!(Locale::parse(typed).unwrap().as_str(), tag);
        }
        for wrong in ["", "english", "e", "de-", "de-x", "../../etc", "d3"] {
            assert!(Locale::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_zone_must_exist() {
        assert_eq!(
            TimeZoneName::parse("europe/berlin").unwrap().as_str(),
            "Europe/Berlin"
        );
        assert!(TimeZoneName::parse("Mars/Olympus").is_err());
    }
}
