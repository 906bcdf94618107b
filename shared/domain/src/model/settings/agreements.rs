//! The part of the settings about what people agree to: what the company can see and erase, in
//! the administrator's own words, by ownership and language.

use serde::{Deserialize, Serialize};

use super::fields::{MAX_LIST_LENGTH, optional};
use crate::model::ownership::Ownership;
use crate::values::locale::Locale;
use crate::values::names::is_plain;
use crate::values::problem::{FieldProblem, Problems};
use crate::values::text;

/// The longest wording, in characters.
const MAX_LENGTH: usize = 2_000;

/// A wording, and for whom it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgreementWording {
    /// Only for this ownership; absent: for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// Only for readers of this language; absent: for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// The wording. Line breaks part paragraphs.
    pub text: String,
    /// Where there is more to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The wording for an ownership, in the first of these languages that has one; one for everybody
/// otherwise.
#[must_use]
pub fn wording<'a>(
    wordings: &'a [AgreementWording],
    ownership: Ownership,
    locales: &[Locale],
) -> Option<&'a AgreementWording> {
    let fits = |wording: &&AgreementWording| wording.ownership.is_none_or(|own| own == ownership);
    let exact = |locale: &Locale| {
        wordings
            .iter()
            .filter(fits)
            .find(|wording| wording.locale.as_ref() == Some(locale))
    };
    let language = |locale: &Locale| {
        wordings.iter().filter(fits).find(|wording| {
            wording
                .locale
                .as_ref()
                .is_some_and(|own| own.language() == locale.language())
        })
    };
    locales
        .iter()
        .find_map(|locale| exact(locale).or_else(|| language(locale)))
        .or_else(|| {
            wordings
                .iter()
                .filter(fits)
                .find(|wording| wording.locale.is_none())
        })
}

/// See [`AgreementWording`].
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AgreementDraft {
    /// Only for this ownership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// Only for readers of this language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// What the company can see and erase; at most 2,000 characters.
    pub text: String,
    /// Where there is more to read: an https:// address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

pub(super) fn parse(
    drafts: Vec<AgreementDraft>,
    problems: &mut Problems,
) -> Option<Vec<AgreementWording>> {
    if drafts.len() > MAX_LIST_LENGTH {
        problems.add(
            FieldProblem::new(
                "agreements",
                "tooMany",
                format!(
                    "has {} entries; {MAX_LIST_LENGTH} is the most",
                    drafts.len()
                ),
            )
            .with("most", MAX_LIST_LENGTH),
        );
        return None;
    }
    let mut parsed = Vec::new();
    let mut whole = true;
    for (index, draft) in drafts.into_iter().enumerate() {
        let field = format!("agreements[{index}]");
        let text = problems.check(
            parse_text(&draft.text, MAX_LENGTH)
                .map_err(|problem| problem.under(&format!("{field}.text"))),
        );
        let locale = optional(
            draft.locale,
            &format!("{field}.locale"),
            Locale::parse,
            problems,
        );
        let url = optional(draft.url, &format!("{field}.url"), web_address, problems);
        match (text, locale, url) {
            (Some(text), Some(locale), Some(url)) => parsed.push(AgreementWording {
                ownership: draft.ownership,
                locale,
                text,
                url,
            }),
            _ => whole = false,
        }
    }
    whole.then_some(parsed)
}

/// Text of several lines that people read, of at most so many characters.
pub(super) fn parse_text(text: &str, max_length: usize) -> Result<String, FieldProblem> {
    let text = text::normalised(&text.replace("\r\n", "\n"));
    if text.is_empty() {
        return Err(FieldProblem::new("", "empty", "must not be empty"));
    }
    if text.chars().count() > max_length {
        return Err(FieldProblem::new(
            "",
            "tooLong",
            format!("must be at most {max_length} characters long; link to what does not fit"),
        )
        .with("most", max_length));
    }
    if text.chars().any(|c| c != '\n' && !is_plain(c)) {
        return Err(FieldProblem::new(
            "",
            "controlCharacter",
            "must not contain control or text-direction characters besides line breaks",
        ));
    }
    Ok(text)
}

fn web_address(text: &str) -> Result<String, FieldProblem> {
    let text = text::trimmed(text);
    let well_formed = text.strip_prefix("https://").is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')
            && text.len() <= 2_000
            && rest
                .chars()
                .all(|c| !c.is_whitespace() && is_plain(c) && !matches!(c, '"' | '<' | '>' | '\\'))
    });
    if well_formed {
        Ok(text.to_owned())
    } else {
        Err(FieldProblem::new(
            "",
            "malformedUrl",
            "is not a web address people can follow; give one that begins with https://",
        ))
    }
}

impl From<AgreementWording> for AgreementDraft {
    fn from(wording: AgreementWording) -> Self {
        Self {
            ownership: wording.ownership,
            locale: wording.locale.map(|locale| locale.as_str().to_owned()),
            text: wording.text,
            url: wording.url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(ownership: Option<Ownership>, locale: Option<&str>, text: &str) -> AgreementWording {
        AgreementWording {
            ownership,
            locale: locale.map(|tag| Locale::parse(tag).unwrap()),
            text: text.to_owned(),
            url: None,
        }
    }

    #[test]
    fn the_readers_language_comes_before_the_order_of_the_list() {
        let all = [
            entry(None, None, "for everybody"),
            entry(Some(Ownership::CompanyOwned), None, "company"),
            entry(Some(Ownership::UserOwned), Some("de"), "eigenes Gerät"),
            entry(None, Some("pt-BR"), "todos"),
        ];
        let found = |ownership, tags: &[&str]| {
            let locales: Vec<Locale> = tags.iter().map(|t| Locale::parse(t).unwrap()).collect();
            wording(&all, ownership, &locales).map(|wording| wording.text.as_str())
        };

        assert_eq!(
            found(Ownership::UserOwned, &["de-AT", "en"]),
            Some("eigenes Gerät")
        );
        assert_eq!(found(Ownership::NotSet, &["de", "pt"]), Some("todos"));
        assert_eq!(found(Ownership::NotSet, &["fr"]), Some("for everybody"));
    }
}
