//! What a store says of its rows beside what they say themselves: that one cannot be read by this
//! version, and what a later version wrote beside what this one knows.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::hex::hex;
use crate::ports::Unavailable;

/// A row that this version of Beckon cannot read. Nothing of what it holds is in here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the row {row} cannot be read by this version of Beckon: {reason}")]
pub struct Unreadable {
    /// Its key, as it may stand in a log: an address in it is replaced by its digest.
    pub row: String,
    /// Why, without anything that the row holds.
    pub reason: String,
}

impl Unavailable {
    /// The row that cannot be read, if that is why. Trying again later does not help then.
    #[must_use]
    pub fn unreadable(&self) -> Option<&Unreadable> {
        self.source.downcast_ref()
    }
}

impl From<Unreadable> for Unavailable {
    fn from(row: Unreadable) -> Self {
        Self::new("a row of the table", row)
    }
}

/// A read in which a row that cannot be read counts as absent: for public routes, whose refusals all
/// look alike.
pub fn readable<T>(read: Result<Option<T>, Unavailable>) -> Result<Option<T>, Unavailable> {
    match read {
        Err(error) if error.unreadable().is_some() => Ok(None),
        other => other,
    }
}

/// Rows that were asked for by their ids.
#[derive(Debug, Clone)]
pub struct Loaded<T, I> {
    /// Those that were found, in any order.
    pub found: Vec<T>,
    /// Those that are there and cannot be read.
    pub unreadable: Vec<(I, Unreadable)>,
}

impl<T, I> Loaded<T, I> {
    /// The row, where one was asked for.
    pub fn one(mut self) -> Result<Option<T>, Unavailable> {
        match self.unreadable.pop() {
            Some((_, row)) => Err(row.into()),
            None => Ok(self.found.pop()),
        }
    }
}

impl<T, I: PartialEq> Loaded<T, I> {
    /// Why this one cannot be read, if it cannot.
    #[must_use]
    pub fn why_unreadable(&self, id: &I) -> Option<&Unreadable> {
        let mut rows = self.unreadable.iter();
        rows.find(|(of, _)| of == id).map(|(_, row)| row)
    }
}

/// Rows of a kind that were read together.
#[derive(Debug, Clone)]
pub struct Readable<T> {
    /// Those that could be read.
    pub items: Vec<T>,
    /// How many could not.
    pub unreadable: usize,
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
    /// Whether it was put on the failure queue.
    pub reported: bool,
}
