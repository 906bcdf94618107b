//! Those whom a test invites, and what is on record about them.

use serde_json::Value;

/// Somebody who was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// Their address, as it was typed.
    pub email: String,
}

/// A line of somebody's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// What happened, by its stable name.
    pub what: String,
    /// Who did it.
    pub who: String,
    /// The same in a sentence.
    pub text: String,
}

impl HistoryEntry {
    pub(crate) fn read(item: &Value) -> Self {
        let text = |field: &str| item[field].as_str().unwrap().to_owned();
        Self {
            what: text("what"),
            who: text("who"),
            text: text("text"),
        }
    }
}
