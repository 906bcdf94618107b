//! Sums as they are now: what is counted, and what is not yet, read live. Few reads, however many
//! people were ever invited.

use std::collections::BTreeSet;

use crate::model::counting::{Counts, EarlierBatches, Scope, Uncounted};
use crate::ports::batches::Batches;
use crate::ports::counters::Counters;
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::users::Users;
use crate::usecases::count_changes::assessing::assess;

/// How much that is uncounted is read at most. There is more only while counting is held up.
const MAX_READ: usize = 1_500;

/// How often it is read again because something was counted meanwhile.
const MAX_TURNS: u32 = 4;

/// Sums.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    /// In the order in which they were asked for.
    pub(crate) counts: Vec<Counts>,
    /// Whether they hold everything of which the stream has told. If not, they are a moment old.
    pub(crate) current: bool,
    /// How far the batches of before are counted.
    pub(crate) earlier: EarlierBatches,
}

/// The sums over these. `also` may have changed, whether or not the stream has told of it.
pub(crate) async fn numbers(
    store: &(impl Counters + Users + Batches + Mails),
    scopes: &[Scope],
    also: &[Uncounted],
) -> Result<Numbers, Unavailable> {
    let mut turns = 0;
    loop {
        turns += 1;
        let (before, mut counts) = store.counts(scopes).await?;
        let (ledger, rows) = store.uncounted().await?;
        let entries: BTreeSet<Uncounted> = rows
            .iter()
            .flat_map(|row| &row.entries)
            .filter(|entry| concerns(entry, scopes))
            .chain(also)
            .copied()
            .collect();
        let entries: Vec<Uncounted> = entries.into_iter().collect();
        let mut current = entries.len() <= MAX_READ;
        if current && !entries.is_empty() {
            let assessment = assess(store, &entries).await?;
            let (after, _) = store.counts(&[]).await?;
            if before == after {
                for change in &assessment.changes {
                    for (scope, sum) in scopes.iter().zip(&mut counts) {
                        if let Some(adds) = change.adds.get(scope) {
                            sum.add_all(adds, 1);
                        }
                    }
                }
            } else if turns < MAX_TURNS {
                // Something was counted meanwhile, and would be in the sums as well as in the changes.
                continue;
            } else {
                current = false;
            }
        }
        return Ok(Numbers {
            counts,
            current,
            earlier: ledger.earlier,
        });
    }
}

/// Whether something can be in one of these sums.
fn concerns(entry: &Uncounted, scopes: &[Scope]) -> bool {
    scopes.iter().any(|scope| match scope {
        Scope::Everything | Scope::Group(_) => matches!(entry, Uncounted::Person(_)),
        Scope::Batch(batch) => entry.batch() == *batch,
    })
}
