//! Counting what changed: everything that is noted as uncounted is read anew, and what differs from
//! the sheets is added to the sums.
//!
//! It may die at any point and be repeated: a sheet and the sums change in one write, and what is
//! uncounted is forgotten last. It may run beside itself: whoever began first finds the ledger changed
//! when it writes, and leaves the rest to the other, who may have read newer rows.
//!
//! What changes while it runs is noted under the ledger's new version and stays for the next run, even
//! where the same person is already listed: see [`crate::usecases::note_changes`].

pub(crate) mod assessing;

use std::collections::BTreeSet;

use crate::model::counting::{CountSheet, CountedStep, Ledger, Scope, Uncounted, UncountedRow};
use crate::ports::batches::Batches;
use crate::ports::counters::Counters;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::mails::Mails;
use crate::ports::users::Users;
use crate::usecases::note_changes::{Noted, ROW_SIZE};
use crate::values::ids::Version;
use assessing::{Assessment, Change, assess};

/// How much may be uncounted while changes come one by one. Listing somebody whose change comes alone is what
/// counting costs most, and whoever is still listed when they go on is not listed again: so it is not little.
/// Whoever asks for numbers has it read: so it is not much.
pub const COUNT_AT: usize = 1_000;

/// How much may be uncounted while changes come many at a time, where listing costs little.
pub const COUNT_MANY_AT: usize = 400;

/// How many at once that is.
const MANY: usize = ROW_SIZE / 2;

/// Whether it is time to count.
#[must_use]
pub const fn is_due(noted: Noted) -> bool {
    noted.uncounted >= COUNT_AT || noted.new >= MANY && noted.uncounted >= COUNT_MANY_AT
}

/// How many of those who were listed last are listed again once much was counted.
const LISTED_AGAIN: usize = COUNT_AT / 4;

/// How much of it is read at once.
const AT_ONCE: usize = 500;

/// How many rows one write changes: `DynamoDB` takes a hundred, and one person's groups come at once.
const MAX_ROWS: usize = 70;

/// What counting came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// There was nothing to count.
    Nothing,
    /// Somebody else counts.
    Overtaken,
    /// So many changes were looked at, and all are counted.
    Looked(usize),
}

/// Counts what changed.
#[derive(Debug, Clone)]
pub struct CountChanges<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> CountChanges<E>
where
    E: Env<Store: Counters + Users + Batches + Mails>,
{
    /// Counts all that is uncounted.
    pub async fn run(&self) -> Result<Counted, Unavailable> {
        let store = self.env.store();
        let (ledger, rows) = store.uncounted().await?;
        if rows.is_empty() {
            return Ok(Counted::Nothing);
        }
        let Some(ledger) = self.begin(ledger).await? else {
            return Ok(Counted::Overtaken);
        };
        // Now, since what is read below must be as new as whatever was left out of these rows for
        // being in them already.
        let (_, mut rows) = store.uncounted().await?;
        rows.retain(|row| row.generation < ledger.version.get());
        let entries: BTreeSet<Uncounted> =
            rows.iter().flat_map(|row| &row.entries).copied().collect();
        if !self.count(&entries, ledger.version).await? {
            return Ok(Counted::Overtaken);
        }
        if entries.len() >= COUNT_AT {
            self.list_again(ledger.version.get(), &rows).await?;
        }
        for row in &rows {
            store.forget_uncounted(row).await?;
        }
        Ok(Counted::Looked(entries.len()))
    }

    /// Counts these, and nobody who is listed; `false` if somebody else counts.
    pub(crate) async fn run_over(
        &self,
        entries: &BTreeSet<Uncounted>,
    ) -> Result<bool, Unavailable> {
        if entries.is_empty() {
            return Ok(true);
        }
        let (ledger, _) = self.env.store().uncounted().await?;
        match self.begin(ledger).await? {
            Some(ledger) => self.count(entries, ledger.version).await,
            None => Ok(false),
        }
    }

    /// Writes the ledger's next version, so that nobody who began before writes anything more; `None` if somebody else
    /// did.
    async fn begin(&self, ledger: Ledger) -> Result<Option<Ledger>, Unavailable> {
        let next = Ledger {
            version: ledger.version.next(),
            ..ledger
        };
        let saved = self.env.store().save_ledger(&next).await;
        Ok(SaveError::was_written(saved)?.then_some(next))
    }

    /// Lists those again who were listed last: most of them are on their way, and listing many at once
    /// costs little beside listing each when they go on.
    async fn list_again(&self, generation: u64, rows: &[UncountedRow]) -> Result<(), Unavailable> {
        let mut rows: Vec<&UncountedRow> = rows.iter().collect();
        rows.sort_by_key(|row| (row.generation, row.number));
        let newest = rows.iter().rev().flat_map(|row| &row.entries).copied();
        let newest: Vec<Uncounted> = newest
            .filter(|entry| matches!(entry, Uncounted::Person(_)))
            .take(LISTED_AGAIN)
            .collect();
        for (number, some) in (0..).zip(newest.chunks(ROW_SIZE)) {
            let noted = self.env.store().note_uncounted(generation, number, some);
            noted.await?;
        }
        Ok(())
    }

    /// Counts these under this version of the ledger; `false` if somebody else counts.
    pub(crate) async fn count(
        &self,
        entries: &BTreeSet<Uncounted>,
        ledger: Version,
    ) -> Result<bool, Unavailable> {
        let entries: Vec<Uncounted> = entries.iter().copied().collect();
        for some in entries.chunks(AT_ONCE) {
            for step in steps(assess(self.env.store(), some).await?) {
                let step = CountedStep { ledger, ..step };
                match self.env.store().add_counts(&step).await {
                    Ok(()) => {}
                    Err(SaveError::Conflict) => return Ok(false),
                    Err(SaveError::Unavailable(error)) => return Err(error),
                }
            }
        }
        Ok(true)
    }
}

/// The writes that count what was assessed, one after the other.
fn steps(assessment: Assessment) -> Vec<CountedStep> {
    let Assessment {
        mut sheets,
        mut changes,
    } = assessment;
    changes.sort_by_key(|change| change.key);
    let mut steps = Vec::new();
    let mut step = Growing::default();
    for change in changes {
        let Some(sheet) = sheets.get_mut(&change.key) else {
            continue;
        };
        if !step.is_empty() && step.rows_with(&change) > MAX_ROWS {
            steps.push(std::mem::take(&mut step).finish());
        }
        step.take(change, sheet);
    }
    if !step.is_empty() {
        steps.push(step.finish());
    }
    steps
}

/// A write that is being put together.
#[derive(Default)]
struct Growing {
    step: CountedStep,
}

impl Growing {
    fn is_empty(&self) -> bool {
        self.step.sheets.is_empty()
    }

    fn holds_last(&self, change: &Change) -> bool {
        let last = self.step.sheets.last();
        last.is_some_and(|sheet| sheet.key == change.key)
    }

    fn rows_with(&self, change: &Change) -> usize {
        let adds = &self.step.adds;
        let further = change.adds.keys().filter(|scope| !adds.contains_key(scope));
        let sheet = usize::from(!self.holds_last(change));
        self.step.sheets.len() + sheet + adds.len() + further.count()
    }

    /// Takes a change in, as it will stand on its sheet.
    fn take(&mut self, change: Change, sheet: &mut CountSheet) {
        if self.holds_last(&change) {
            self.step.sheets.pop();
        } else {
            sheet.version = sheet.version.next();
        }
        for (scope, counts) in &change.adds {
            let sum = self.step.adds.entry(scope.clone()).or_default();
            sum.add_all(counts, 1);
        }
        change.put_on(sheet);
        self.step.sheets.push(sheet.clone());
    }

    fn finish(mut self) -> CountedStep {
        self.step
            .adds
            .retain(|scope, counts| *scope == Scope::Everything || !counts.is_empty());
        self.step
    }
}
