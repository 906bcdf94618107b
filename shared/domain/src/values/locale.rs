//! Languages and time zones of people.

mod language_codes;
mod windows_zones;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::values::problem::FieldProblem;
use crate::values::text;
use language_codes::SHORTER_CODES;
use windows_zones::WINDOWS_ZONES;

/// A language tag as BCP 47 writes it, down to script and region: `en`, `pt-BR`, `zh-Hant`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Locale(String);

impl Locale {
    /// Parses a tag; `_` is read as `-`, and case is put right. Of what Unix calls a locale
    /// (`de_AT.UTF-8@euro`), language and region count. A language with a code of two letters is
    /// kept by that: `deu` and `ger` are `de`.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let refused = || {
            FieldProblem::new(
                "",
                "malformedLocale",
                "is not a language tag; give one like en, de or pt-BR",
            )
        };
        let text = text::trimmed(text);
        let text = text.split(['.', '@']).next().unwrap_or_default();
        let text = text.replace('_', "-");
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        if !(2..=3).contains(&language.len()) || !language.bytes().all(|b| b.is_ascii_alphabetic())
        {
            return Err(refused());
        }
        let mut tag = shortest_code(&language.to_ascii_lowercase()).to_owned();
        for part in parts {
            tag.push('-');
            tag.push_str(&subtag(part).ok_or_else(refused)?);
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

    /// The language alone, by its shortest code: `pt` of `pt-BR`, `de` of a `deu` that was stored
    /// before codes were shortened.
    #[must_use]
    pub fn language(&self) -> &str {
        shortest_code(self.0.split('-').next().unwrap_or(&self.0))
    }

    /// Whether mails and pages come in this language, in one region or script of it at least.
    #[must_use]
    pub fn is_translated(&self) -> bool {
        TRANSLATED.contains(&self.language())
    }
}

/// The languages that there are translations for.
pub const TRANSLATED: [&str; 11] = [
    "ar", "de", "en", "es", "fi", "fr", "it", "ja", "ko", "pt", "zh",
];

fn shortest_code(language: &str) -> &str {
    match SHORTER_CODES.binary_search_by_key(&language, |(long, _)| *long) {
        Ok(place) => SHORTER_CODES
            .get(place)
            .map_or(language, |(_, short)| *short),
        Err(_) => language,
    }
}

/// A script, a region or a variant, in its usual case.
fn subtag(part: &str) -> Option<String> {
    let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
    let digits = part.bytes().all(|b| b.is_ascii_digit());
    let variant = part.bytes().all(|b| b.is_ascii_alphanumeric());
    match part.len() {
        4 if letters => {
            let (head, tail) = part.split_at(1);
            Some(head.to_ascii_uppercase() + &tail.to_ascii_lowercase())
        }
        2 if letters => Some(part.to_ascii_uppercase()),
        3 if digits => Some(part.to_owned()),
        5..=8 if variant => Some(part.to_ascii_lowercase()),
        _ => None,
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
    /// Parses the name of a zone that exists, as IANA or as Windows has it; it is kept as IANA's.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let text = text::trimmed(text);
        if NO_PLACES.iter().any(|name| name.eq_ignore_ascii_case(text)) {
            return Err(unknown_zone(
                "says no place whose time it is; give an IANA name, like Europe/Berlin or UTC",
            ));
        }
        match jiff::tz::TimeZone::get(text) {
            Ok(zone) => Ok(Self(zone.iana_name().unwrap_or(text).to_owned())),
            Err(_) => windows_zone(text).ok_or_else(|| {
                unknown_zone(
                    "is not a time zone we know; give its IANA name, like Europe/Berlin or UTC",
                )
            }),
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

/// What time zone databases hold besides places: defaults of the machine, and stand-ins for none.
const NO_PLACES: [&str; 4] = ["posixrules", "localtime", "Factory", "Etc/Unknown"];

fn unknown_zone(detail: &str) -> FieldProblem {
    FieldProblem::new("", "unknownTimeZone", detail)
}

fn windows_zone(text: &str) -> Option<TimeZoneName> {
    let name = text.to_ascii_lowercase();
    let place = WINDOWS_ZONES
        .binary_search_by_key(&name.as_str(), |(windows, _)| *windows)
        .ok()?;
    let (_, iana) = WINDOWS_ZONES.get(place)?;
    Some(TimeZoneName((*iana).to_owned()))
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
            ("\u{FEFF}de ", "de"),
            ("de_AT.UTF-8", "de-AT"),
            ("ca_ES@valencia", "ca-ES"),
            ("ca-ES-VALENCIA", "ca-ES-valencia"),
        ] {
            assert_eq!(Locale::parse(typed).unwrap().as_str(), tag);
        }
        for wrong in [
            "",
            "english",
            "e",
            "de-",
            "de-x",
            "../../etc",
            "d3",
            "C",
            "POSIX",
            "\u{200B}",
        ] {
            assert!(Locale::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_code_of_three_letters_is_kept_by_the_one_of_two() {
        for (typed, tag) in [
            ("deu", "de"),
            ("ger", "de"),
            ("fra", "fr"),
            ("FRE", "fr"),
            ("jpn", "ja"),
            ("zho-Hant-TW", "zh-Hant-TW"),
            ("chi_TW", "zh-TW"),
            ("nob", "nb"),
            ("por_BRA", "por-BRA"),
            ("fil", "fil"),
            ("haw-US", "haw-US"),
        ] {
            match Locale::parse(typed) {
                Ok(locale) => assert_eq!(locale.as_str(), tag),
                // A region of three letters is none.
                Err(_) => assert_eq!(typed, "por_BRA"),
            }
        }
        assert!(SHORTER_CODES.is_sorted_by_key(|(long, _)| *long));
        assert!(Locale::parse("deu-CH").unwrap().is_translated());
        assert!(!Locale::parse("nld").unwrap().is_translated());
        let stored: Locale = serde_json::from_str(r#""deu""#).unwrap();
        assert_eq!((stored.language(), stored.as_str()), ("de", "deu"));
    }

    #[test]
    fn a_name_that_windows_has_for_a_zone_is_kept_as_the_iana_name() {
        for (typed, zone) in [
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("w. europe standard time ", "Europe/Berlin"),
            ("Tokyo Standard Time", "Asia/Tokyo"),
            ("India Standard Time", "Asia/Kolkata"),
            ("UTC-11", "Etc/GMT+11"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(TimeZoneName::parse(typed).unwrap().as_str(), zone);
        }
        assert!(WINDOWS_ZONES.is_sorted_by_key(|(windows, _)| *windows));
        for (windows, iana) in WINDOWS_ZONES {
            let zone = TimeZoneName::parse(iana).unwrap();
            assert_eq!(zone.as_str(), iana, "{windows}");
        }
    }

    #[test]
    fn a_zone_of_no_place_is_refused() {
        for text in [
            "posixrules",
            "localtime",
            "Localtime",
            "Etc/Unknown",
            "Factory",
            "posix/UTC",
            "right/UTC",
            "",
            "\u{200B}",
        ] {
            let problem = TimeZoneName::parse(text).unwrap_err();
            assert_eq!(problem.code, "unknownTimeZone", "{text}");
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
