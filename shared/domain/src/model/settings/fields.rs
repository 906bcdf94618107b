//! Fields of the document that are checked alike wherever they stand: numbers in a range, lists, and texts
//! that may be left out.

use std::collections::BTreeSet;

use crate::values::problem::{FieldProblem, Problems};

/// Longest list of domains, groups or addresses in the document.
pub(super) const MAX_LIST_LENGTH: usize = 100;

pub(super) fn in_range(
    given: Option<i64>,
    default: u32,
    range: std::ops::RangeInclusive<u32>,
    field: &str,
    problems: &mut Problems,
) -> Option<u32> {
    let Some(given) = given else {
        return Some(default);
    };
    let value = u32::try_from(given)
        .ok()
        .filter(|value| range.contains(value));
    if value.is_none() {
        problems.add(
            FieldProblem::new(
                field,
                "outOfRange",
                format!(
                    "is {given}, but must be from {} to {}",
                    range.start(),
                    range.end()
                ),
            )
            .with("least", range.start())
            .with("most", range.end()),
        );
    }
    value
}

pub(super) fn list<T: Ord>(
    texts: &[String],
    field: &str,
    parse: impl Fn(&str) -> Result<T, FieldProblem>,
    problems: &mut Problems,
) -> Option<BTreeSet<T>> {
    if texts.len() > MAX_LIST_LENGTH {
        problems.add(
            FieldProblem::new(
                field,
                "tooMany",
                format!("has {} entries; {MAX_LIST_LENGTH} is the most", texts.len()),
            )
            .with("most", MAX_LIST_LENGTH),
        );
        return None;
    }
    let mut parsed = BTreeSet::new();
    let mut whole = true;
    for (index, text) in texts.iter().enumerate() {
        match problems.check(parse(text).map_err(|p| p.under(&format!("{field}[{index}]")))) {
            Some(value) => {
                parsed.insert(value);
            }
            None => whole = false,
        }
    }
    whole.then_some(parsed)
}

/// `Some(None)` where nothing was written, `None` where it was wrong. An empty text counts as
/// nothing: that is how a form clears a field.
#[expect(clippy::option_option, reason = "wrong and absent are two things")]
pub(super) fn optional<T>(
    text: Option<String>,
    field: &str,
    parse: impl Fn(&str) -> Result<T, FieldProblem>,
    problems: &mut Problems,
) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) if crate::values::text::is_blank(&text) => Some(None),
        Some(text) => problems
            .check(parse(&text).map_err(|p| p.under(field)))
            .map(Some),
    }
}
