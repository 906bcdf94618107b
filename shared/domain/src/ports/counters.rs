//! What is counted of invitations, what of them is not counted yet, and what may happen only so often within a while.

use std::future::Future;

use jiff::Timestamp;

use crate::model::counting::{
    CountSheet, CountedStep, Counts, Ledger, Scope, SheetKey, Uncounted, UncountedRow,
};
use crate::ports::error::{SaveError, Unavailable};

/// Counters: for the numbers of invitations what changed and is not counted yet, the sheets of what is, and the sums; and
/// tallies of what may happen only so often within a while.
pub trait Counters: Sync {
    /// Where counting stands and all that is uncounted, as last written; read together.
    fn uncounted(
        &self,
    ) -> impl Future<Output = Result<(Ledger, Vec<UncountedRow>), Unavailable>> + Send;

    /// Adds to a row of what is uncounted, and makes it where it is not there. What is there stays.
    fn note_uncounted(
        &self,
        generation: u64,
        number: u32,
        entries: &[Uncounted],
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
    /// Writes the ledger's next version.
    fn save_ledger(&self, ledger: &Ledger) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Writes the next versions of the sheets and adds to the sums, as one.
    /// [`SaveError::Conflict`]: somebody else wrote one of the sheets since it was read, or the ledger: then they
    /// count, too, and may have seen newer rows and found no difference to write.
    fn add_counts(&self, step: &CountedStep) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Takes a row of what is uncounted away, if it still lists the same; otherwise it stays.
    fn forget_uncounted(
        &self,
        row: &UncountedRow,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
    /// These sheets, as last written, in their order; an empty one where there is none.
    fn sheets(
        &self,
        keys: &[SheetKey],
    ) -> impl Future<Output = Result<Vec<CountSheet>, Unavailable>> + Send;

    /// The sums over these, in their order, as last written, and how often sums were added to before
    /// they were read: between two reads that tell the same number nothing was added.
    fn counts(
        &self,
        scopes: &[Scope],
    ) -> impl Future<Output = Result<(u64, Vec<Counts>), Unavailable>> + Send;

    /// How much was added to this tally; 0 once its time is over.
    fn tally(
        &self,
        name: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// Adds one; a tally begun now is kept until `until`. However many add at once, none is lost.
    fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
