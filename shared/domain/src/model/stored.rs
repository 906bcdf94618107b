//! What a store says of its rows beside what they say themselves: that one cannot be read by this
//! version, and what a later version wrote beside what this one knows.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::values::hex::hex;

/// A row that this version of Beckon cannot read. Nothing of what it holds is in here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the row {row} cannot be read by this version of Beckon: {reason}")]
pub struct Unreadable {
    /// Its key, as it may stand in a log: an address in it is replaced by its digest.
    pub row: String,
    /// Why, without anything that the row holds.
    pub reason: String,
}

/// What a later version of Beckon wrote into a row beside what this one knows. The store puts it here
/// when it reads the row, and writes it back with it; nobody else looks into it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried(Option<Arc<str>>);

impl Carried {
    /// What the store found.
    #[must_use]
    pub fn new(found: String) -> Self {
        Self(Some(found.into()))
    }

    /// What the store found, if anything.
    #[must_use]
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// A short digest of what must not stand in a log: who knows it finds it again.
#[must_use]
pub fn digest_of(text: &str) -> String {
    let mut digest = hex(&Sha256::digest(text.as_bytes()));
    digest.truncate(16);
    digest
}

/// The key of a row of the table, as its store spells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// Which partition.
    pub pk: String,
    /// Where in it.
    pub sk: String,
}

/// A row that was set aside: nobody looks for it by itself any more, until somebody releases it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Which row.
    pub key: RowKey,
    /// The same with the reason, as it may stand in a log.
    pub row: Unreadable,
    /// Since when.
    pub at: Timestamp,
    /// Whether it was put on the dead-letter queue.
    pub reported: bool,
}
