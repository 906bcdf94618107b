//! Texts that people type and other people read: names of users, groups and organisations.
//!
//! They are hostile input: they end up in mail headers, HTML and spreadsheets. What could change
//! the meaning of its surroundings is refused here, once.

use serde::{Deserialize, Serialize};

use crate::problem::FieldProblem;

/// Whether a character is neither a control nor one that changes the direction of the text
/// around it (Unicode's bidi controls), nor a line separator.
#[must_use]
pub fn is_plain(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}'
            | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'))
}

/// A domain alone is none: some organisations are called like theirs.
fn looks_like_a_link(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.contains("://")
        || lower.contains("www.")
        || lower.split('/').rev().skip(1).any(ends_in_a_domain)
}

/// Whether what stands before a slash ends like `example.com`.
fn ends_in_a_domain(before: &str) -> bool {
    let host = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'));
    let host = host.into_iter().next().unwrap_or_default();
    host.rsplit_once('.').is_some_and(|(name, ending)| {
        name.ends_with(char::is_alphanumeric)
            && ending.chars().count() > 1
            && ending.chars().all(char::is_alphabetic)
    })
}

fn parse_line(text: &str, longest: usize) -> Result<String, FieldProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldProblem::new("", "empty", "must not be empty"));
    }
    if text.chars().count() > longest {
        return Err(FieldProblem::new(
            "",
            "tooLong",
            format!("must be at most {longest} characters long"),
        ));
    }
    if !text.chars().all(is_plain) {
        return Err(FieldProblem::new(
            "",
            "controlCharacter",
            "must not contain control or text-direction characters; remove them (line breaks included)",
        ));
    }
    if looks_like_a_link(text) {
        return Err(FieldProblem::new(
            "",
            "link",
            "must not contain a web address: mail clients would turn it into a link",
        ));
    }
    Ok(text.to_owned())
}

macro_rules! line {
    ($(#[$doc:meta])* $name:ident, $longest:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Parses a line of at most ", stringify!($longest), " characters.")]
            pub fn parse(text: &str) -> Result<Self, FieldProblem> {
                parse_line(text, $longest).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

line! {
    /// What a user is called in mails and lists.
    DisplayName, 100
}
line! {
    /// A group that users belong to.
    GroupName, 64
}
line! {
    /// The organisation, a help desk, a sender: a short line of text shown to people.
    Label, 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_an_accent_a_hyphen_or_another_script_is_kept_as_typed() {
        for name in [
            "Zoë Müller-Lüdenscheidt",
            "山田 太郎",
            "O'Brien",
            "عمر",
            "J.R. Ewing",
            "Example.com",
            "Berlin/Mitte",
            "Dr. Who, A./B.",
        ] {
            assert_eq!(DisplayName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_name_that_would_split_a_header_turn_the_text_or_plant_a_link_is_refused() {
        for (name, code) in [
            ("Ann\r\nBcc: x@example.com", "controlCharacter"),
            ("Ann\u{202E}nnA", "controlCharacter"),
            ("Win at https://evil.example", "link"),
            ("WWW.evil.example", "link"),
            ("Eve, see evil.example/x", "link"),
            ("(evil.example/)", "link"),
            ("   ", "empty"),
        ] {
            assert_eq!(DisplayName::parse(name).unwrap_err().code, code, "{name:?}");
        }
        assert_eq!(
            DisplayName::parse(&"x".repeat(101)).unwrap_err().code,
            "tooLong"
        );
    }
}
