//! Lists that are read by the number of a row. Rows come and go while they are read, so a page begins some rows before
//! the end of the last one, and must hold one of those again; otherwise what moved up is looked for further ahead.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Page;
use crate::model::polling::Position;
use crate::model::stored::digest_of;

/// How many rows two pages have in common, at most half of them.
const SHARED: usize = 20;

/// The part of a list that is being read.
pub(super) struct Place<'a> {
    pub(super) spaces: &'a [u64],
    pub(super) offset: u64,
    tail: &'a [String],
}

impl<'a> Place<'a> {
    /// Where a position is; the begin, if it is none of a row.
    pub(super) fn of(position: Option<&'a Position>) -> Self {
        match position {
            Some(Position::Behind {
                spaces,
                offset,
                tail,
            }) => Self {
                spaces,
                offset: *offset,
                tail,
            },
            Some(Position::Link(_)) | None => Self {
                spaces: &[],
                offset: 0,
                tail: &[],
            },
        }
    }

    /// These rows, and where to go on. `more`: whether the system says that there are more behind them; `None`, if it does
    /// not say: then the list ends with a page that holds nothing but what two pages share. `limit` is the size of a page.
    /// What is read again follows from no row that changed, so nothing comes of it.
    pub(super) fn page<'b>(
        &self,
        rows: Vec<&'b RawValue>,
        id: &str,
        more: Option<bool>,
        limit: u64,
    ) -> Page<'b> {
        let digests: Vec<String> = rows.iter().map(|row| digest(row, id)).collect();
        let known: BTreeSet<&String> = self.tail.iter().collect();
        let holds_known = digests.iter().any(|digest| known.contains(digest));
        if !self.tail.is_empty() && !holds_known && self.offset > 0 {
            // More rows went than two pages share: what moved up is a page ahead.
            let behind = Position::Behind {
                spaces: self.spaces.to_vec(),
                offset: self.offset.saturating_sub(limit),
                tail: self.tail.to_vec(),
            };
            return Page {
                rows,
                next: Some(behind),
            };
        }
        let has_new = digests.iter().any(|digest| !known.contains(digest));
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let shared = (rows.len() / 2).min(SHARED);
        let next = Position::Behind {
            spaces: self.spaces.to_vec(),
            offset: self.offset + count - u64::try_from(shared).unwrap_or_default(),
            tail: digests.split_at(digests.len() - shared).1.to_vec(),
        };
        let goes_on = has_new && more.unwrap_or(true);
        Page {
            rows,
            next: goes_on.then_some(next),
        }
    }
}

/// A digest of the id of a row; of the row, if it has none.
fn digest(row: &RawValue, id: &str) -> String {
    let value: Option<Value> = serde_json::from_str(row.get()).ok();
    let id = value.as_ref().and_then(|value| value.get(id));
    match id {
        Some(Value::String(text)) if !text.is_empty() => digest_of(text),
        Some(Value::Number(number)) => digest_of(&number.to_string()),
        _ => digest_of(row.get()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_same_by_its_id_whatever_else_it_says_and_without_one_by_all_of_it() {
        let of = |row: &str| digest(&RawValue::from_string(row.to_owned()).unwrap(), "id");

        for (one, other) in [
            (r#"{"id":7,"seen":1}"#, r#"{"id":7,"seen":2}"#),
            (r#"{"id":"a","seen":1}"#, r#"{"id":"a","seen":2}"#),
        ] {
            assert_eq!(of(one), of(other));
        }
        for (one, other) in [
            (r#"{"id":7}"#, r#"{"id":8}"#),
            (r#"{"id":"","seen":1}"#, r#"{"id":"","seen":2}"#),
            (r#"{"seen":1}"#, r#"{"seen":2}"#),
        ] {
            assert_ne!(of(one), of(other));
        }
    }
}
