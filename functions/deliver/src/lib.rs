//! Deliver is the delivery worker's round: it sends what is due, and has itself woken again if time runs
//! out while mail is due.

use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::wake_up::WakeUp;
use beckon_domain::usecases::deliver::{Run, RunEnd};
use beckon_runtime::metrics::{self, Metric};

/// Logs and counts what a round did, and wakes the next one if time ran out while mail was due.
pub async fn conclude(run: Run, wake_up: &impl WakeUp) -> Result<Run, Unavailable> {
    if run.sent + run.dropped + run.unknown + run.failed > 0 {
        tracing::info!(
            sent = run.sent,
            dropped = run.dropped,
            unknown = run.unknown,
            again = run.again,
            failed = run.failed,
            "the delivery worker finished a round"
        );
        metrics::record(&[
            (Metric::MailsSent, run.sent),
            (Metric::MailsAgain, run.again),
            (Metric::MailsFailed, run.failed),
        ]);
    }
    if !run.unfit.is_empty() {
        for (template, mails) in &run.unfit {
            tracing::error!(%template, mails, "an own wording did not fit; its mails went out in ours");
        }
        metrics::record(&[(Metric::UnfitWordings, run.unfit.values().sum())]);
    }
    match &run.end {
        RunEnd::OutOfTime => wake_up.wake_delivery().await?,
        RunEnd::Paused(pause) => {
            tracing::warn!(until = %pause.until, code = pause.code, reason = pause.reason, "delivery is paused");
        }
        RunEnd::LeaseLost => tracing::warn!("another run took the delivery worker's lease"),
        RunEnd::LeaseHeld | RunEnd::NothingDue => {}
    }
    Ok(run)
}
