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
        let mut rest = text.trim();
        let mut comparisons = Vec::new();
        loop {
            let (comparison, after) = comparison(rest)?;
            comparisons.push(comparison);
            if after.is_empty() {
                return Ok(Self(comparisons));
            }
            let (word, after) = word(after);
            if !word.eq_ignore_ascii_case("and") {
                return Err(unsupported());
            }
            rest = after;
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

/// The first comparison, and what stands behind it.
fn comparison(text: &str) -> Result<(Comparison, &str), Refusal> {
    if let Some(found) = of_an_element(text) {
        return Ok(found);
    }
    let (path, rest) = path(text)?;
    let (operator, rest) = word(rest);
    if !operator.eq_ignore_ascii_case("eq") {
        return Err(unsupported());
    }
    let (value, rest) = value(rest)?;
    let attribute = attributes::spelt(path);
    Ok((Comparison { attribute, value }, rest))
}

/// `members[value eq "7"]` by itself, which counts as `members.value eq "7"`; `None`: the text is no such comparison.
fn of_an_element(text: &str) -> Option<(Comparison, &str)> {
    let (head, inside) = text.trim_start().split_once('[')?;
    if !head.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let (inner, rest) = comparison(inside).ok()?;
    let rest = rest.strip_prefix(']')?;
    if !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let attribute = attributes::spelt(format!("{head}.{}", inner.attribute));
    let value = inner.value;
    Some((Comparison { attribute, value }, rest.trim_start()))
}

/// An attribute's path. `emails[type eq "work"].value` counts as `emails.value`: whoever has the address is meant.
fn path(text: &str) -> Result<(String, &str), Refusal> {
    let text = text.trim_start();
    let end = text.find([' ', '[']).ok_or_else(unsupported)?;
    let (head, rest) = text.split_at(end);
    let (inside, rest) = match rest.strip_prefix('[') {
        None => (String::new(), rest),
        Some(inside) => {
            let (_, behind) = inside.split_once(']').ok_or_else(unsupported)?;
            let end = behind.find(' ').ok_or_else(unsupported)?;
            let (sub, rest) = behind.split_at(end);
            (sub.to_owned(), rest)
        }
    };
    let path = format!("{head}{inside}");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-' | '$');
    if path.is_empty() || !path.chars().all(plain) {
        return Err(unsupported());
    }
    Ok((path, rest))
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
        ] {
            assert!(Filter::parse(filter).unwrap().fits(&person), "{filter}");
        }
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
        ] {
            let refused = Filter::parse(filter).unwrap_err();

            let said = format!("{refused:?}");
            assert!(said.contains("invalidFilter"), "{filter}: {said}");
        }
    }
}
