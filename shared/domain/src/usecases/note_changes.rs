//! Noting what changed, so that it is counted: by what the table's stream tells, in any order and as
//! often as it does.
//!
//! What is listed already under the ledger's version is not listed again. Whoever counts writes the
//! ledger's next version before reading anything; so if the version is still the one under which
//! something is listed, after it changed, then it will be read after it changed.

use std::collections::BTreeSet;

use crate::model::counting::{Uncounted, UncountedRow};
use crate::ports::counters::Counters;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;

/// How much a row lists before the next is begun: a row below 1 KB costs one write unit.
pub const ROW_SIZE: usize = 24;

/// What noting came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// How much was not listed before.
    pub new: usize,
    /// How much is uncounted now.
    pub uncounted: usize,
}

/// Notes what changed.
#[derive(Debug, Clone)]
pub struct NoteChanges<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Counters>> NoteChanges<E> {
    /// Notes these.
    pub async fn run(&self, changed: &BTreeSet<Uncounted>) -> Result<Noted, Unavailable> {
        let (ledger, rows) = self.env.store().uncounted().await?;
        let generation = ledger.version.get();
        let current: Vec<&UncountedRow> = rows
            .iter()
            .filter(|row| row.generation == generation)
            .collect();
        let mut new = changed.iter().copied().filter(|entry| {
            let listed = |row: &&UncountedRow| row.entries.contains(entry);
            !current.iter().any(listed)
        });
        let (mut number, mut room) = match current.iter().max_by_key(|row| row.number) {
            None => (0, ROW_SIZE),
            Some(last) if last.entries.len() < ROW_SIZE => {
                (last.number, ROW_SIZE - last.entries.len())
            }
            Some(last) => (last.number + 1, ROW_SIZE),
        };
        let listed: usize = rows.iter().map(|row| row.entries.len()).sum();
        let mut noted = Noted {
            new: 0,
            uncounted: listed,
        };
        loop {
            let some: Vec<Uncounted> = new.by_ref().take(room).collect();
            if some.is_empty() {
                return Ok(noted);
            }
            noted.new += some.len();
            noted.uncounted += some.len();
            self.env
                .store()
                .note_uncounted(generation, number, &some)
                .await?;
            (number, room) = (number + 1, ROW_SIZE);
        }
    }
}
