//! What has become of a batch: its state, its counts, and each recipient's outcome.

mod recipients;

use crate::model::batch::{Batch, BatchCounts, BatchSelection, BatchState, Cursor};
use crate::model::counting::{Counts, Figure, Scope, Step, Uncounted};
use crate::model::mail::MailState;
use crate::ports::batches::Batches;
use crate::ports::counters::Counters;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::rules::confirmation::ConfirmationForecast;
use crate::usecases::count_changes::assessing::live;
use crate::usecases::report_overview::numbers::numbers;
use crate::values::ids::BatchId;

pub use recipients::{RecipientOutcome, RecipientsPage, ReportedRecipient};

/// What has become of a batch.
#[derive(Debug, Clone)]
pub struct BatchReport {
    /// Which.
    pub batch: Batch,
    /// Where it stands.
    pub state: BatchState,
    /// How many.
    pub counts: BatchCounts,
    /// How far they are.
    pub figures: Counts,
    /// Whether everyone is counted: one of before counting began is counted by and by.
    pub counted: bool,
    /// About confirmations; without numbers until everyone is expanded.
    pub confirmation: ConfirmationForecast,
}

/// Reports on batches.
#[derive(Debug, Clone)]
pub struct ReportBatch<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> ReportBatch<E>
where
    E: Env<Store: Counters + Users + Batches + Mails + SettingsStore>,
{
    /// The state and the counts of a batch; `None` if there is none.
    pub async fn run(&self, id: BatchId) -> Result<Option<BatchReport>, Unavailable> {
        let store = self.env.store();
        let Some((batch, cursor)) = store.load_batch(id).await? else {
            return Ok(None);
        };
        // Whoever reads that everyone has an outcome reads how many, though the stream may be a moment
        // behind with the last pages.
        let (figures, counted, confirming_known) = if let Some(users) = batch.users_without_sums() {
            let (figures, confirming_known) = live(store, id, users).await?;
            (figures, true, confirming_known)
        } else {
            let last = cursor.page.saturating_sub(2)..cursor.page;
            let last: Vec<Uncounted> = last
                .map(|number| Uncounted::Page { batch: id, number })
                .collect();
            let numbers = numbers(store, &[Scope::Batch(id)], &last).await?;
            let figures = numbers.counts.into_iter().next().unwrap_or_default();
            let counted = batch.counted || numbers.earlier.holds(id);
            (figures, counted, counted)
        };
        let counts = counts_of(&batch, &figures);
        let settings = readable(store.settings_at(batch.settings).await)?;
        let confirmation_enabled = settings.is_some_and(|s| s.settings.confirmation.enabled);
        let state = state_of(&batch, &cursor);
        let known = confirming_known && state == BatchState::Expanded;
        let receive = figures.of(Figure::Confirming);
        Ok(Some(BatchReport {
            confirmation: ConfirmationForecast {
                confirmation_enabled,
                will_receive: known.then_some(receive),
                will_not_receive: known.then(|| counts.issued.saturating_sub(receive)),
            },
            state,
            batch,
            counts,
            figures,
            counted,
        }))
    }
}

/// Where a batch stands.
#[must_use]
pub fn state_of(batch: &Batch, cursor: &Cursor) -> BatchState {
    if batch.stopped_at.is_some() {
        BatchState::Stopped
    } else if cursor.done {
        BatchState::Expanded
    } else {
        BatchState::Expanding
    }
}

/// What the figures of a batch say of its people and their mails.
fn counts_of(batch: &Batch, figures: &Counts) -> BatchCounts {
    let mails = |states: &[MailState]| -> u64 {
        let counts = states.iter().map(|state| figures.of(Figure::Mail(*state)));
        counts.sum()
    };
    let of_those = |which: fn(MailState) -> bool| -> u64 {
        let states = MailState::ALL.into_iter().filter(|state| which(*state));
        states.map(|state| figures.of(Figure::Mail(state))).sum()
    };
    let invited = figures.of(Figure::Reached(Step::Invited));
    let issued = figures.of(Figure::Issued).max(invited);
    let skipped = figures.of(Figure::Skipped);
    let selected = match &batch.selection {
        BatchSelection::Few { users } => users.len() as u64,
        BatchSelection::Many { count } => *count,
        BatchSelection::Filter { .. } => issued + skipped,
    };
    // Somebody may have been invited whom a page has as skipped: deleted, or unreadable, when a page
    // that was cut short was expanded again.
    let skipped = skipped.min(selected.saturating_sub(issued));
    BatchCounts {
        selected,
        issued,
        skipped,
        // Of those who are on a page and of whom nothing else was told yet, the mail waits.
        waiting: of_those(MailState::is_unsettled) + (issued - invited),
        sent: of_those(MailState::was_sent),
        // What was called spam arrived.
        delivered: mails(&[MailState::Delivered, MailState::Complained]),
        failed: mails(&[
            MailState::SoftBounced,
            MailState::HardBounced,
            MailState::Complained,
            MailState::Failed,
        ]),
        refused: mails(&[MailState::Failed]),
        dropped: mails(&[MailState::Dropped]),
    }
}
