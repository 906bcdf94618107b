//! Stopping a batch: by hand, or by itself when too many of its mails come back.

use crate::model::actor::Actor;
use crate::model::batch::Batch;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::mails::Mails;
use crate::ports::turns::Turns;
use crate::values::ids::{BatchId, MailId};

/// The share of hard bounces above which a batch stops itself. SES reviews an account at 5 %.
pub const MAX_BOUNCE_RATE: f64 = 0.04;

/// How many mails must have gone out before that share says anything.
pub const MAILS_TO_JUDGE_BY: u64 = 100;

/// How many pages of a batch are read at once.
const MAX_PAGES: usize = 10;

/// Stops batches.
#[derive(Debug, Clone)]
pub struct StopBatch<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Batches>> StopBatch<E> {
    /// Stops a batch: no further page of it is expanded, and mails that wait are dropped when
    /// their turn comes. `None` if there is none. One that is stopped stays stopped.
    pub async fn run(&self, id: BatchId, who: &Actor) -> Result<Option<Batch>, Unavailable> {
        let mut turns = Turns::new(&self.env, "stopping a batch");
        loop {
            let Some((batch, _)) = self.env.store().load_batch(id).await? else {
                return Ok(None);
            };
            if batch.stopped_at.is_some() {
                return Ok(Some(batch));
            }
            let stopped = Batch {
                version: batch.version.next(),
                stopped_at: Some(self.env.clock().now()),
                stopped_by: Some(who.clone()),
                ..batch
            };
            match self.env.store().save_batch(&stopped).await {
                Ok(()) => return Ok(Some(stopped)),
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
    }
}

impl<E> StopBatch<E>
where
    E: Env<Store: Batches + Mails>,
{
    /// Notes a hard bounce, and stops the batch if they are too many. Gives whether it did.
    pub async fn after_bounce(&self, id: BatchId, mail: MailId) -> Result<bool, Unavailable> {
        let bounces = self.env.store().note_bounce(id, mail).await?;
        if !worth_counting(bounces) {
            return Ok(false);
        }
        let loaded = self.env.store().load_batch(id).await?;
        if loaded.is_none_or(|(batch, _)| batch.stopped_at.is_some()) {
            return Ok(false);
        }
        if too_many(bounces, self.sent(id).await?) {
            self.run(id, &Actor::MailService).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// How many mails of a batch the mail service has taken. The numbers of the batch are a moment
    /// behind, and by a moment's mails it would stop too soon.
    async fn sent(&self, id: BatchId) -> Result<u64, Unavailable> {
        let (mut first, mut sent) = (0, 0);
        loop {
            let pages = self.env.store().batch_pages(id, first, MAX_PAGES).await?;
            let pages = pages.items;
            let Some(last) = pages.last().map(|page| page.number) else {
                return Ok(sent);
            };
            let mails: Vec<MailId> = pages
                .iter()
                .flat_map(|page| &page.recipients)
                .filter_map(|recipient| recipient.result.mail())
                .collect();
            let mails = self.env.store().load_mails(&mails).await?;
            sent += mails.iter().filter(|mail| mail.state.was_sent()).count() as u64;
            first = last + 1;
            if pages.len() < MAX_PAGES {
                return Ok(sent);
            }
        }
    }
}

/// Whether so many bounces are too many of so many mails sent.
#[must_use]
pub fn too_many(bounces: u64, sent: u64) -> bool {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of mails, compared as a share"
    )]
    let share = bounces as f64 / (sent.max(1)) as f64;
    sent >= MAILS_TO_JUDGE_BY && share > MAX_BOUNCE_RATE
}

/// Counting the mails of a batch reads them all, so it is done at every bounce while few have
/// bounced, and then at every step of two digits: 110, 120, … 1,100, 1,200, …
fn worth_counting(bounces: u64) -> bool {
    bounces > 4 && (bounces < 100 || bounces.is_multiple_of(10_u64.pow(bounces.ilog10() - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_in_a_hundred_may_come_back_and_five_may_not() {
        assert!(!too_many(4, 100));
        assert!(too_many(5, 100));
        assert!(!too_many(5, 99));
        assert!(!too_many(40, 1_000));
        assert!(too_many(41, 1_000));
    }

    #[test]
    fn a_large_batch_is_counted_anew_a_bounded_number_of_times() {
        let counted = (1..=100_000)
            .filter(|bounces| worth_counting(*bounces))
            .count();

        assert!(counted < 400, "{counted}");
    }
}
