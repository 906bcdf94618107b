//! Filters (RFC 7644, section 3.4.2.2): comparisons by `eq` that all hold. Directories look for a person by one name, or
//! by two; nothing else is asked of them by Entra ID and Okta.

use serde_json::Value;

use crate::answer::Refusal;
use crate::attributes;

/// Comparisons, all of which must hold; one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter(Vec<Comparison>);

/// An attribute that must have a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// The attribute, spelt as the schema spells it where it is known there.
    pub(crate) attribute: String,
    /// What it must be.
    pub(crate) value: Value,
}

impl Filter {
    /// Parses `userName eq "ada" and active eq true`.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        Self::whole(text, comparison)
    }

    /// Parses what stands in brackets behind a list, such as `type eq "work"`: no brackets are in there.
    pub(crate) fn of_elements(text: &str) -> Result<Self, Refusal> {
        Self::whole(text, plain_comparison)
    }

    fn whole(text: &str, one: OneComparison) -> Result<Self, Refusal> {
        match joined_by_and(text.trim(), one)? {
            (comparisons, "") => Ok(Self(comparisons)),
            _ => Err(unsupported()),
        }
    }

    pub(crate) fn comparisons(&self) -> &[Comparison] {
        &self.0
    }

    /// Whether a resource, or an element of a list, fits.
    pub(crate) fn fits(&self, resource: &Value) -> bool {
        self.0.iter().all(|comparison| comparison.fits(resource))
    }
}

impl Comparison {
    /// Whether it holds of a resource.
    pub(crate) fn fits(&self, resource: &Value) -> bool {
        let mut values = attributes::values_at(resource, &self.attribute).into_iter();
        values.any(|value| match (value, &self.value) {
            (Value::String(is), Value::String(wanted)) => {
                if attributes::is_case_exact(&self.attribute) {
                    is == wanted
                } else {
                    is.to_lowercase() == wanted.to_lowercase()
                }
            }
            (is, wanted) => is == wanted,
        })
    }
}

/// How the comparison at the front is read, and what stands behind it.
type OneComparison = fn(&str) -> Result<(Comparison, &str), Refusal>;

/// Comparisons with `and` between them, and what stands behind them: nothing, or the bracket that closes a list's.
fn joined_by_and(text: &str, one: OneComparison) -> Result<(Vec<Comparison>, &str), Refusal> {
    let mut rest = text;
    let mut comparisons = Vec::new();
    loop {
        let (comparison, after) = one(rest)?;
        comparisons.push(comparison);
        if after.is_empty() || after.starts_with(']') {
            return Ok((comparisons, after));
        }
        let (word, after) = word(after);
        if !word.eq_ignore_ascii_case("and") {
            return Err(unsupported());
        }
        rest = after;
    }
}

/// The first comparison, and what stands behind it. `members[value eq "7"]` counts as `members.value eq "7"`, and so does
/// `emails[type eq "work"].value eq "ada@example.com"` as a comparison of `emails.value`: whoever has the address is meant.
/// In brackets there are no others, so that a text of brackets alone costs nothing.
fn comparison(text: &str) -> Result<(Comparison, &str), Refusal> {
    let text = text.trim_start();
    let end = text.find([' ', '[']).ok_or_else(unsupported)?;
    let (head, rest) = text.split_at(end);
    let Some(inside) = rest.strip_prefix('[') else {
        return plain_comparison(text);
    };
    let (inner, behind) = joined_by_and(inside, plain_comparison)?;
    let behind = behind.strip_prefix(']').ok_or_else(unsupported)?;
    let (compared, rest) = match behind.strip_prefix('.') {
        Some(part) => plain_comparison(part)?,
        None if behind.is_empty() || behind.starts_with(' ') => {
            let [one] = <[Comparison; 1]>::try_from(inner).map_err(|_| unsupported())?;
            (one, behind.trim_start())
        }
        None => return Err(unsupported()),
    };
    let attribute = attributes::spelt(format!("{}.{}", path(head)?, compared.attribute));
    let value = compared.value;
    Ok((Comparison { attribute, value }, rest))
}

/// `userName eq "ada"`, and what stands behind it.
fn plain_comparison(text: &str) -> Result<(Comparison, &str), Refusal> {
    let (named, rest) = word(text);
    let (operator, rest) = word(rest);
    if !operator.eq_ignore_ascii_case("eq") {
        return Err(unsupported());
    }
    let attribute = attributes::spelt(path(named)?);
    let (value, rest) = value(rest)?;
    Ok((Comparison { attribute, value }, rest))
}

/// An attribute's path, if it can be one.
fn path(text: &str) -> Result<&str, Refusal> {
    attributes::is_path(text)
        .then_some(text)
        .ok_or_else(unsupported)
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(' ').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

/// A JSON value at the front: a text, a number, true, false or null.
fn value(text: &str) -> Result<(Value, &str), Refusal> {
    let text = text.trim_start();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = match values.next() {
        Some(Ok(value)) if !value.is_array() && !value.is_object() => value,
        _ => {
            return Err(Refusal::filter(
                "A value of the filter must be a text in quotation marks, a number, true or false.",
            ));
        }
    };
    let rest = text.get(values.byte_offset()..).unwrap_or_default();
    Ok((value, rest.trim_start()))
}

fn unsupported() -> Refusal {
    Refusal::filter(
        "A filter must compare attributes by eq, several with and between them: userName eq \"ada@example.com\".",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comparisons_are_read_in_any_case_with_several_joined_by_and() {
        let filter = Filter::parse("USERNAME Eq \"Ada \\\"A\\\"\" AND active eq true").unwrap();

        let attributes: Vec<&str> = filter
            .comparisons()
            .iter()
            .map(|one| one.attribute.as_str())
            .collect();
        assert_eq!(attributes, ["userName", "active"]);
        assert!(filter.fits(&json!({ "userName": "ada \"a\"", "active": true })));
        assert!(!filter.fits(&json!({ "userName": "ada \"a\"", "active": false })));
    }

    #[test]
    fn an_address_is_found_among_several_however_the_filter_names_it() {
        let person =
            json!({ "emails": [{ "value": "a@example.com" }, { "value": "b@example.com" }] });
        for filter in [
            "emails.value eq \"B@example.com\"",
            "emails[type eq \"work\"].value eq \"b@example.com\"",
            "emails eq \"b@example.com\"",
            "emails[value eq \"b@example.com\"]",
            "urn:ietf:params:scim:schemas:core:2.0:User:emails.value eq \"b@example.com\"",
            "urn:ietf:params:scim:schemas:core:2.0:User:emails[value eq \"b@example.com\"]",
        ] {
            assert!(Filter::parse(filter).unwrap().fits(&person), "{filter}");
        }
    }

    #[test]
    fn a_bracket_in_quotation_marks_is_a_character_like_any_other() {
        let person = json!({ "emails": [{ "type": "[x]", "value": "a]b[c" }] });

        for filter in [
            "emails[value eq \"a]b[c\"]",
            "emails[type eq \"[x]\"].value eq \"a]b[c\"",
            "emails.value eq \"a]b[c\"",
        ] {
            assert!(Filter::parse(filter).unwrap().fits(&person), "{filter}");
        }
    }

    #[test]
    fn a_filter_of_a_hundred_thousand_brackets_or_words_is_refused_like_a_short_one() {
        for piece in [
            "[", "a[", "(", "not ", "not (", "a eq [", "a eq {", "a[b eq ",
        ] {
            let refused = Filter::parse(&piece.repeat(100_000)).unwrap_err();

            assert_eq!(refused.code().1, Some("invalidFilter"), "{piece}");
        }
        let joined = vec!["userName eq \"ada\""; 10_000].join(" and ");
        assert!(Filter::parse(&joined).is_ok());
    }

    #[test]
    fn what_is_not_supported_is_refused_as_a_filter() {
        for filter in [
            "",
            "userName",
            "userName eq",
            "userName co \"a\"",
            "userName eq \"a\" or active eq true",
            "userName eq \"a\" and",
            "userName eq ada",
            "not (userName eq \"a\")",
            "(userName eq \"a\")",
            "emails[type eq \"work\" eq 1",
            "[type eq \"work\"]",
            "emails[]",
            "emails[type eq \"work\"]]",
            "emails[type eq \"work\" and value eq \"a\"]",
            "emails[emails[type eq \"work\"]]",
            "emails[emails[type eq \"work\"].value eq \"a\"]",
            "emails[[].value eq \"a\"",
            "emails[type eq \"work\"].emails[type eq \"work\"]",
        ] {
            let refused = Filter::parse(filter).unwrap_err();

            let said = format!("{refused:?}");
            assert!(said.contains("invalidFilter"), "{filter}: {said}");
        }
    }
}
