//! The version that a caller expects to replace.

use beckon_domain::values::ids::Version;
use beckon_domain::values::problem::FieldProblem;
use http::{HeaderMap, StatusCode, header};

use crate::Problem;

/// What a caller read before they changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever there is may be replaced.
    Anything,
    /// One of these; of other entity tags than ours, none.
    OneOf(Vec<Version>),
}

/// A version that nothing ever has.
const NEVER: Version = Version::from_number(u64::MAX);

impl Expected {
    /// The one version that may be replaced; `None` if anything may be. `current` is asked for the
    /// version that holds now where several were named.
    pub async fn against<E>(
        self,
        current: impl Future<Output = Result<Version, E>>,
    ) -> Result<Option<Version>, E> {
        Ok(match self {
            Self::Anything => None,
            Self::OneOf(versions) => match versions.as_slice() {
                [] => Some(NEVER),
                [only] => Some(*only),
                several => {
                    let current = current.await?;
                    Some(if several.contains(&current) {
                        current
                    } else {
                        NEVER
                    })
                }
            },
        })
    }
}

/// What `If-Match` says of `what`, which `GET` answers at `at`. There may be several tags, in one header or more; a weak tag never
/// matches (RFC 9110, section 13.1.1).
///
/// # Errors
///
/// It is missing, or no `ETag`.
pub fn expected(headers: &HeaderMap, what: &str, at: &str) -> Result<Expected, Problem> {
    if_given(headers, what, at)?.ok_or_else(|| {
        Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if-match-required",
            "If-Match is required",
            format!(
                "Send If-Match with the ETag of the {what} you changed, so that nobody else's change is lost; If-Match: * replaces whatever there is."
            ),
        )
    })
}

/// The same where `If-Match` may be left out.
///
/// # Errors
///
/// It is no `ETag`.
pub fn if_given(headers: &HeaderMap, what: &str, at: &str) -> Result<Option<Expected>, Problem> {
    if !headers.contains_key(header::IF_MATCH) {
        return Ok(None);
    }
    let lines = headers.get_all(header::IF_MATCH).iter();
    let text: Vec<&str> = lines
        .map(|line| line.to_str().unwrap_or("not text"))
        .collect();
    parse(&text.join(",")).map(Some).ok_or_else(|| {
        Problem::invalid_fields(vec![FieldProblem::new(
            "If-Match",
            "malformedETag",
            format!("is not an ETag of the {what}; copy it from GET {at}, with its quotes"),
        )])
    })
}

fn parse(text: &str) -> Option<Expected> {
    if text.trim() == "*" {
        return Some(Expected::Anything);
    }
    let mut versions = Vec::new();
    let mut count = 0;
    let mut rest = text.trim_start_matches(is_between);
    while !rest.is_empty() {
        let (version, after) = tag(rest)?;
        count += 1;
        versions.extend(version);
        let next = after.trim_start_matches(is_between);
        let is_parted = next.is_empty() || after.trim_start_matches([' ', '\t']).starts_with(',');
        rest = is_parted.then_some(next)?;
    }
    (count > 0).then_some(Expected::OneOf(versions))
}

/// Lists may have empty elements (RFC 9110, section 5.6.1).
fn is_between(c: char) -> bool {
    matches!(c, ',' | ' ' | '\t')
}

/// The first tag and what follows it. It is a version if it is strong and one of ours.
fn tag(text: &str) -> Option<(Option<Version>, &str)> {
    let (is_weak, quoted) = match text.strip_prefix("W/") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let Some(opened) = quoted.strip_prefix('"') else {
        // Some programs take the quotes off what they read.
        let end = text.find(is_between).unwrap_or(text.len());
        let (bare, rest) = text.split_at_checked(end)?;
        return version(bare).map(|version| (Some(version), rest));
    };
    let (name, rest) = opened.split_once('"')?;
    let is_tag = name
        .bytes()
        .all(|b| b == 0x21 || (0x23..=0x7e).contains(&b));
    is_tag.then(|| (version(name).filter(|_| !is_weak), rest))
}

/// A version as we write it: digits, without a sign or a zero before them.
fn version(text: &str) -> Option<Version> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then(|| Version::from_number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of(numbers: &[u64]) -> Expected {
        let versions = numbers.iter().copied().map(Version::from_number);
        Expected::OneOf(versions.collect())
    }

    #[test]
    fn one_tag_several_tags_and_a_star_are_read() {
        for (text, expected) in [
            ("\"3\"", one_of(&[3])),
            ("3", one_of(&[3])),
            ("\"3\", \"4\"", one_of(&[3, 4])),
            ("\"3\",\"4\" ,, \"5\"", one_of(&[3, 4, 5])),
            (" * ", Expected::Anything),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_weak_tag_and_one_that_is_not_ours_match_nothing() {
        for (text, expected) in [
            ("W/\"3\"", Some(one_of(&[]))),
            ("W/\"3\", \"4\"", Some(one_of(&[4]))),
            ("\"abc\"", Some(one_of(&[]))),
            ("\"a,b\"", Some(one_of(&[]))),
            ("\"a, b\"", None),
            ("\"\"", Some(one_of(&[]))),
            ("\"03\", \"+3\", \" 3\"", None),
            ("\"03\", \"+3\"", Some(one_of(&[]))),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for text in [
            "",
            ",",
            "abc",
            "\"3",
            "3\"",
            "w/\"3\"",
            "\"3\" \"4\"",
            "\"3\", *",
            "'3'",
            "-1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    async fn against(text: &str, current: u64) -> Option<u64> {
        let now = async { Ok::<_, ()>(Version::from_number(current)) };
        let version = parse(text).unwrap().against(now).await.unwrap();
        version.map(Version::get)
    }

    #[tokio::test]
    async fn of_several_versions_the_current_one_counts() {
        assert_eq!(against("\"3\", \"4\"", 4).await, Some(4));
        assert_eq!(against("\"3\", \"4\"", 5).await, Some(u64::MAX));
        assert_eq!(against("\"3\"", 5).await, Some(3));
        assert_eq!(against("W/\"5\"", 5).await, Some(u64::MAX));
        assert_eq!(against("*", 5).await, None);
    }
}
