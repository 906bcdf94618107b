//! The ports that keep counts.

use std::collections::BTreeSet;

use beckon_domain::model::counting::{
    CountSheet, CountedStep, Counts, Ledger, Member, Scope, SheetKey, Uncounted, UncountedRow,
};
use beckon_domain::ports::counters::Counters;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::values::ids::Version;
use jiff::Timestamp;

use super::rows::Rows;
use super::{Call, MemoryStore};

impl Counters for MemoryStore {
    async fn uncounted(&self) -> Result<(Ledger, Vec<UncountedRow>), Unavailable> {
        self.read(Call::Uncounted, |rows| {
            let listed = rows.uncounted.iter();
            let listed = listed.map(|((generation, number), entries)| UncountedRow {
                generation: *generation,
                number: *number,
                entries: entries.clone(),
            });
            (rows.ledger.clone(), listed.collect())
        })
        .await
    }

    async fn note_uncounted(
        &self,
        generation: u64,
        number: u32,
        entries: &[Uncounted],
    ) -> Result<(), Unavailable> {
        self.write(Call::NoteUncounted, |rows| {
            let row = rows.uncounted.entry((generation, number)).or_default();
            row.extend(entries);
            Ok(())
        })
        .await
    }

    async fn save_ledger(&self, ledger: &Ledger) -> Result<(), SaveError> {
        self.save(Call::SaveLedger, |rows| {
            if rows.ledger.version.next() != ledger.version {
                return Err(SaveError::Conflict);
            }
            rows.ledger = ledger.clone();
            Ok(())
        })
        .await
    }

    async fn add_counts(&self, step: &CountedStep) -> Result<(), SaveError> {
        self.save(Call::AddCounts, |rows| add_counts(rows, step))
            .await
    }

    async fn forget_uncounted(&self, row: &UncountedRow) -> Result<(), Unavailable> {
        self.write(Call::ForgetUncounted, |rows| {
            let key = (row.generation, row.number);
            if rows.uncounted.get(&key) == Some(&row.entries) {
                rows.uncounted.remove(&key);
            }
            Ok(())
        })
        .await
    }

    async fn sheets(&self, keys: &[SheetKey]) -> Result<Vec<CountSheet>, Unavailable> {
        self.read(Call::Sheets, |rows| {
            let sheet = |key: &SheetKey| rows.sheets.get(key).cloned();
            keys.iter()
                .map(|key| sheet(key).unwrap_or_else(|| CountSheet::empty(*key)))
                .collect()
        })
        .await
    }

    async fn counts(&self, scopes: &[Scope]) -> Result<(u64, Vec<Counts>), Unavailable> {
        self.read(Call::Counts, |rows| {
            let sum = |scope: &Scope| rows.sums.get(scope).cloned().unwrap_or_default();
            (rows.additions, scopes.iter().map(sum).collect())
        })
        .await
    }

    async fn tally(&self, name: &str, now: Timestamp) -> Result<u64, Unavailable> {
        self.read(Call::Tally, |rows| rows.tally(name, now)).await
    }

    async fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        self.write(Call::AddToTally, |rows| {
            rows.add_to_tally(name, now, until);
            Ok(())
        })
        .await
    }
}

fn add_counts(rows: &mut Rows, step: &CountedStep) -> Result<(), SaveError> {
    if rows.ledger.version != step.ledger {
        return Err(SaveError::Conflict);
    }
    for sheet in &step.sheets {
        let version = rows.sheets.get(&sheet.key).map(|sheet| sheet.version);
        if version.unwrap_or_default().next() != sheet.version {
            return Err(SaveError::Conflict);
        }
    }
    for sheet in &step.sheets {
        rows.sheets.insert(sheet.key, sheet.clone());
    }
    for (scope, counts) in &step.adds {
        rows.sums
            .entry(scope.clone())
            .or_default()
            .add_all(counts, 1);
    }
    rows.additions += 1;
    Ok(())
}

/// What a test can look at.
impl MemoryStore {
    /// Every person and page of every batch, as the stream would have told of them by now.
    pub fn everything_countable(&self) -> BTreeSet<Uncounted> {
        let inner = self.lock();
        let rows = &inner.rows;
        let people = rows.mails.values().filter_map(|mail| {
            let (batch, user) = (mail.batch?, mail.user);
            Some(Uncounted::Person(Member { batch, user }))
        });
        let pages = rows.pages.values().filter(|page| !page.without_sums);
        let pages = pages.map(|page| Uncounted::Page {
            batch: page.batch,
            number: page.number,
        });
        people.chain(pages).collect()
    }

    /// What changed since this was asked last, in the order in which the stream would tell of it.
    pub fn newly_changed(&self) -> Vec<Uncounted> {
        std::mem::take(&mut self.lock().rows.changed)
    }

    /// The sums over something, and nothing that is not counted yet.
    pub fn sums(&self, scope: &Scope) -> Counts {
        let inner = self.lock();
        inner.rows.sums.get(scope).cloned().unwrap_or_default()
    }

    /// The ledger.
    pub fn ledger_version(&self) -> Version {
        self.lock().rows.ledger.version
    }
}
