//! What is counted, and what is not yet.

use beckon_domain::model::counting::{
    CountSheet, CountedStep, Counts, Ledger, Scope, SheetKey, Uncounted, UncountedRow,
};
use beckon_domain::ports::counters::Counters;
use beckon_domain::ports::error::{SaveError, Unavailable};
use jiff::Timestamp;

use super::{Table, unseen};
use crate::Call;
use crate::simulation::breakage::Breakage;

impl Counters for Table {
    async fn uncounted(&self) -> Result<(Ledger, Vec<UncountedRow>), Unavailable> {
        let read = self.rows().uncounted();
        self.read(Call::Uncounted, read, unseen).await
    }

    async fn note_uncounted(
        &self,
        generation: u64,
        number: u32,
        entries: &[Uncounted],
    ) -> Result<(), Unavailable> {
        let write = self.rows().note_uncounted(generation, number, entries);
        self.write(Call::NoteUncounted, write, unseen).await
    }

    async fn save_ledger(&self, ledger: &Ledger) -> Result<(), SaveError> {
        let write = self.rows().save_ledger(ledger);
        self.save(Call::SaveLedger, write, unseen).await
    }

    async fn add_counts(&self, step: &CountedStep) -> Result<(), SaveError> {
        let write = async {
            if self.broken(Breakage::SheetsNotKept) {
                let mut sums_alone = step.clone();
                sums_alone.sheets.clear();
                return self.rows().add_counts(&sums_alone).await;
            }
            let mut step = step.clone();
            if self.broken(Breakage::EverySheetFits) {
                let keys: Vec<SheetKey> = step.sheets.iter().map(|sheet| sheet.key).collect();
                let now = self.rows().sheets(&keys).await?;
                step.ledger = self.rows().uncounted().await?.0.version;
                for (sheet, now) in step.sheets.iter_mut().zip(now) {
                    sheet.version = now.version.next();
                }
            }
            self.rows().add_counts(&step).await
        };
        self.save(Call::AddCounts, write, unseen).await
    }

    async fn forget_uncounted(&self, row: &UncountedRow) -> Result<(), Unavailable> {
        let write = self.rows().forget_uncounted(row);
        self.write(Call::ForgetUncounted, write, unseen).await
    }

    async fn sheets(&self, keys: &[SheetKey]) -> Result<Vec<CountSheet>, Unavailable> {
        let read = self.rows().sheets(keys);
        self.read(Call::Sheets, read, unseen).await
    }

    async fn counts(&self, scopes: &[Scope]) -> Result<(u64, Vec<Counts>), Unavailable> {
        let read = self.rows().counts(scopes);
        self.read(Call::Counts, read, unseen).await
    }

    async fn tally(&self, name: &str, now: Timestamp) -> Result<u64, Unavailable> {
        self.read(Call::Tally, self.rows().tally(name, now), unseen)
            .await
    }

    async fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        self.write(
            Call::AddToTally,
            self.rows().add_to_tally(name, now, until),
            unseen,
        )
        .await
    }
}
