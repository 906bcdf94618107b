//! Cursors: where a page of a list begins, as callers carry it from one answer to the next request.
//!
//! A store's own position may be an address, with characters that mean something in a query string.
//! A cursor is letters, digits, `-` and `_`, so it may be pasted as it is. It is no secret and keeps
//! none: it only is not to be read or written by anybody but us.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beckon_domain::values::problem::FieldProblem;
use sha2::{Digest as _, Sha256};

use crate::Problem;

/// How many bytes of a digest stand before the position. They tell a cursor of this list from one of
/// another, from one that was cut off, and from what never was one.
const MARK_BYTES: usize = 8;

/// A list that is read page by page. Two lists whose positions mean different things MUST have
/// different names, so a list that belongs to somebody has their id in its name.
#[derive(Debug, Clone)]
pub struct Pages(String);

impl Pages {
    /// The pages of the list with this name.
    pub fn of(list: impl Into<String>) -> Self {
        Self(list.into())
    }

    /// What a caller is given to ask for the page at this position.
    #[must_use]
    pub fn cursor(&self, position: &str) -> String {
        let bytes = [&self.mark(position)[..], position.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position that a caller asks for; `None` is the first page. Refuses what [`Self::cursor`]
    /// never gave.
    pub fn position(&self, cursor: Option<&str>) -> Result<Option<String>, Problem> {
        let Some(cursor) = cursor else {
            return Ok(None);
        };
        match self.read(cursor) {
            Some(position) => Ok(Some(position)),
            None => Err(Problem::invalid_fields(vec![FieldProblem::new(
                "cursor",
                "unknownCursor",
                "is not one that this list gave; leave it out to begin anew",
            )])),
        }
    }

    fn read(&self, cursor: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (mark, position) = bytes.split_at_checked(MARK_BYTES)?;
        let position = std::str::from_utf8(position).ok()?;
        (mark == self.mark(position)).then(|| position.to_owned())
    }

    fn mark(&self, position: &str) -> [u8; MARK_BYTES] {
        let mut digest = Sha256::new();
        digest.update(self.0.as_bytes());
        // In no name of a list.
        digest.update([0]);
        digest.update(position.as_bytes());
        let mut mark = [0; MARK_BYTES];
        for (to, from) in mark.iter_mut().zip(digest.finalize()) {
            *to = from;
        }
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What positions look like, with all that a query string would take for something else.
    const POSITIONS: [&str; 5] = [
        "bounce+p1134@example.com#01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "käthe&co=%41@bücher.example",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "3.100",
        "",
    ];

    #[test]
    fn a_cursor_is_safe_in_a_query_string_and_leads_back_to_its_position() {
        let users = Pages::of("users");

        for position in POSITIONS {
            let cursor = users.cursor(position);

            let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            assert!(cursor.chars().all(is_safe), "{cursor}");
            let read = users.position(Some(&cursor)).unwrap();
            assert_eq!(read.as_deref(), Some(position));
        }
        assert_eq!(users.position(None).unwrap(), None);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let (users, history) = (Pages::of("users"), Pages::of("users/a/history"));

        for position in POSITIONS {
            assert!(history.position(Some(&users.cursor(position))).is_err());
        }
    }

    #[test]
    fn a_cursor_that_was_cut_off_or_changed_is_refused() {
        let users = Pages::of("users");
        let cursor = users.cursor(POSITIONS[0]);

        for end in 0..cursor.len() {
            assert!(users.position(Some(&cursor[..end])).is_err(), "{end}");
        }
        for longer in ["A", "AAAA", "=", " "] {
            assert!(users.position(Some(&format!("{cursor}{longer}"))).is_err());
        }
    }

    #[test]
    fn what_never_was_a_cursor_is_refused_under_its_name() {
        for text in ["", "abc", "zzz", "\0", "ada@example.com#01", "1.x"] {
            let problem = Pages::of("users").position(Some(text)).unwrap_err();

            assert_eq!(problem.status, 422);
            assert_eq!(problem.errors.len(), 1);
            assert_eq!(problem.errors[0].field, "cursor");
        }
    }
}
