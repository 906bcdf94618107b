//! Deliver is the delivery worker's round: it sends what is due, and has itself woken again if time runs
//! out while mail is due.

use beckon_domain::ports::batches::LoadBatch;
use beckon_domain::ports::delivery::{DeliveryPause, FindDue, HoldLease, SendRate};
use beckon_domain::ports::devices::LoadRegistration;
use beckon_domain::ports::env::{Env, WithComposer, WithKeys, WithMailService, WithWakeUp};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mails::{ClaimMail, LoadMails, SaveMail};
use beckon_domain::ports::settings::ReadSettings;
use beckon_domain::ports::templates::LoadTemplates;
use beckon_domain::ports::users::LoadUsers;
use beckon_domain::ports::wake_up::WakeUp as _;
use beckon_domain::usecases::deliver::{Deliver, Run, RunEnd};
use beckon_runtime::metrics::{self, Metric};

/// What the function works with.
#[derive(Debug, Clone)]
pub struct DeliveryWorker<E> {
    /// The round. What wakes it wakes its successor, too.
    pub deliver: Deliver<E>,
}

impl<E> DeliveryWorker<E>
where
    E: WithComposer
        + WithKeys
        + WithMailService
        + WithWakeUp
        + Env<
            Store: HoldLease
                       + DeliveryPause
                       + FindDue
                       + LoadMails
                       + LoadUsers
                       + LoadBatch
                       + LoadRegistration
                       + SendRate
                       + ReadSettings
                       + LoadTemplates
                       + ClaimMail
                       + SaveMail,
        >,
{
    /// One round.
    pub async fn handle(&self) -> Result<Run, Unavailable> {
        let run = self.deliver.run().await?;
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
            RunEnd::OutOfTime => self.deliver.env.wake_up().wake_delivery().await?,
            RunEnd::Paused(pause) => {
                tracing::warn!(until = %pause.until, code = pause.code, reason = pause.reason, "delivery is paused");
            }
            RunEnd::LeaseLost => tracing::warn!("another run took the delivery worker's lease"),
            RunEnd::LeaseHeld | RunEnd::NothingDue => {}
        }
        Ok(run)
    }
}
