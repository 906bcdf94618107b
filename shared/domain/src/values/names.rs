//! Texts that people type and other people read: names of users, groups and organisations.
//!
//! They are hostile input: they end up in mail headers, HTML and spreadsheets. What could change
//! the meaning of its surroundings is refused here, once. In which form they are kept and compared
//! [`crate::values::text`] says.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::values::problem::{FieldProblem, Problems};
use crate::values::text;

/// The most groups one user may belong to; a user's row stays small.
const MAX_GROUPS: usize = 20;

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
    let lower: String = text.chars().filter(|c| !text::is_invisible(*c)).collect();
    let lower = lower.to_lowercase();
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

fn parse_line(typed: &str, longest: usize) -> Result<String, FieldProblem> {
    let text = text::normalised(typed);
    if text.is_empty() {
        let detail = if typed.trim().is_empty() {
            "must not be empty"
        } else {
            "must not be empty: it holds invisible characters alone"
        };
        return Err(FieldProblem::new("", "empty", detail));
    }
    if text.chars().count() > longest {
        return Err(FieldProblem::new(
            "",
            "tooLong",
            format!("must be at most {longest} characters long"),
        )
        .with("most", longest));
    }
    if !text.chars().all(is_plain) {
        return Err(FieldProblem::new(
            "",
            "controlCharacter",
            "must not contain control or text-direction characters; remove them (line breaks included)",
        ));
    }
    if looks_like_a_link(&text) {
        return Err(FieldProblem::new(
            "",
            "link",
            "must not contain a web address: mail clients would turn it into a link",
        ));
    }
    Ok(text)
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

        impl From<$name> for String {
            fn from(line: $name) -> Self {
                line.0
            }
        }
    };
}

line! {
    /// What a user is called in mails and lists.
    DisplayName, 100
}
line! {
    /// The organisation, a help desk, a sender: a short line of text shown to people.
    Label, 100
}

/// A group that users belong to. Two names are one group if they differ in case alone, or in how
/// Unicode spells the same letters; each is shown as it was written.
#[derive(Clone)]
pub struct GroupName {
    written: String,
    key: String,
}

impl GroupName {
    /// Parses a line of at most 64 characters.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        parse_line(text, 64).map(Self::written_as)
    }

    fn written_as(written: String) -> Self {
        Self {
            key: text::comparison_key(&written),
            written,
        }
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// What it is compared by: two names are one group if this is the same.
    #[must_use]
    pub fn comparison_key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GroupName").field(&self.written).finish()
    }
}

impl PartialEq for GroupName {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for GroupName {}

impl PartialOrd for GroupName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GroupName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for GroupName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl Serialize for GroupName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

impl<'de> Deserialize<'de> for GroupName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::written_as)
    }
}

/// Writes groups in the order of their letters, as rows have held them since before case did not
/// matter: a row that says the same is the same.
pub(crate) fn in_written_order<S: Serializer>(
    groups: &BTreeSet<GroupName>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut written: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
    written.sort_unstable();
    serializer.collect_seq(written)
}

/// These groups, each written as it was `before`, if it was there.
#[must_use]
pub fn as_first_written(
    before: &BTreeSet<GroupName>,
    groups: BTreeSet<GroupName>,
) -> BTreeSet<GroupName> {
    let kept = groups.into_iter();
    kept.map(|group| before.get(&group).cloned().unwrap_or(group))
        .collect()
}

/// The groups of a user. Every wrong name is named.
pub fn parse_groups(names: &[String], problems: &mut Problems) -> BTreeSet<GroupName> {
    parse_groups_beside(names, &BTreeSet::new(), problems)
}

/// The same, of which those do not count that somebody belongs to otherwise.
pub fn parse_groups_beside(
    names: &[String],
    otherwise: &BTreeSet<GroupName>,
    problems: &mut Problems,
) -> BTreeSet<GroupName> {
    let mut groups = BTreeSet::new();
    for (index, text) in names.iter().enumerate() {
        let parsed = GroupName::parse(text).map_err(|p| p.under(&format!("groups[{index}]")));
        groups.extend(problems.check(parsed));
    }
    problems.ensure(groups.difference(otherwise).count() <= MAX_GROUPS, || {
        FieldProblem::new(
            "groups",
            "tooMany",
            format!("must be at most {MAX_GROUPS} groups"),
        )
        .with("most", MAX_GROUPS)
    });
    groups
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
    fn the_longest_name_of_a_group_is_a_short_key_in_every_script() {
        // A key to sort by has 1,024 bytes at most, and an id may stand behind the name.
        for letter in ["각", "\u{1D160}", "ΐ", "ﬃ"] {
            let longest = (1..=64)
                .rev()
                .find_map(|letters| GroupName::parse(&letter.repeat(letters)).ok());

            assert!(longest.unwrap().comparison_key().len() < 900, "{letter}");
        }
    }

    #[test]
    fn a_name_of_invisible_characters_is_empty_and_inside_a_name_they_stay() {
        for name in [
            "\u{200B}",
            "\u{200D}",
            "\u{3164}",
            "\u{2800}",
            "\u{AD}\u{FE0F}",
        ] {
            let problem = DisplayName::parse(name).unwrap_err();

            assert_eq!(problem.code, "empty", "{name:?}");
            assert!(problem.detail.contains("invisible"), "{}", problem.detail);
            assert_eq!(GroupName::parse(name).unwrap_err().code, "empty");
        }
        for name in ["👩\u{200D}💻 Ada", "می\u{200C}خواهم", "क्\u{200D}ष"] {
            assert_eq!(DisplayName::parse(name).unwrap().as_str(), name);
        }
        let edged = DisplayName::parse("\u{FEFF}Ada\u{202C}").unwrap();
        assert_eq!(edged.as_str(), "Ada");
        assert_eq!(
            DisplayName::parse("evil.exa\u{200B}mple/x")
                .unwrap_err()
                .code,
            "link"
        );
    }

    #[test]
    fn a_name_is_kept_in_one_form_of_unicode() {
        assert_eq!(Label::parse("Cafe\u{301}").unwrap().as_str(), "Caf\u{E9}");
        // A hundred letters, each typed as two characters.
        assert!(DisplayName::parse(&"e\u{301}".repeat(100)).is_ok());
    }

    #[test]
    fn a_group_is_one_in_every_case_and_form_and_is_shown_as_written() {
        let group = |name: &str| GroupName::parse(name).unwrap();

        assert_eq!(group("Staff"), group("staff"));
        assert_eq!(group("Café"), group("CAFE\u{301}"));
        assert_ne!(group("Staff"), group("Staffing"));
        assert_eq!(group("Staff").as_str(), "Staff");
        let stored: BTreeSet<GroupName> =
            serde_json::from_str(r#"["Staff", "guests", "staff"]"#).unwrap();
        assert_eq!(
            serde_json::to_string(&stored).unwrap(),
            r#"["guests","Staff"]"#
        );
        let mut row = serde_json::Serializer::new(Vec::new());
        in_written_order(&stored, &mut row).unwrap();
        assert_eq!(row.into_inner(), br#"["Staff","guests"]"#);
        let kept = as_first_written(&stored, [group("STAFF"), group("New")].into());
        let kept: Vec<&str> = kept.iter().map(GroupName::as_str).collect();
        assert_eq!(kept, ["New", "Staff"]);
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
