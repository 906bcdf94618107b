//! Counting the batches of before counting began: maintenance carries it on, some pages a round. Each
//! page may be counted again, so it goes on after a crash where it was.

use std::collections::BTreeSet;

use crate::model::batch::RecipientResult;
use crate::model::counting::{EarlierBatches, Ledger, Member, Uncounted};
use crate::ports::batches::Batches;
use crate::ports::counters::Counters;
use crate::ports::env::Env;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::mails::Mails;
use crate::ports::users::Users;
use crate::usecases::count_changes::CountChanges;
use crate::values::ids::BatchId;

/// How many pages a round counts, and how many batches it passes on the way. A page is of a thousand
/// people at most, whose histories are read.
const PAGES_AT_ONCE: usize = 5;
const BATCHES_AT_ONCE: usize = 50;

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedEarlier {
    /// All had been counted before.
    DoneBefore,
    /// There may be more.
    More,
    /// All are counted now.
    Done,
    /// Somebody else counts.
    Overtaken,
}

/// Counts batches of before.
#[derive(Debug, Clone)]
pub struct CountEarlier<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> CountEarlier<E>
where
    E: Env<Store: Counters + Users + Batches + Mails>,
{
    /// One round.
    pub async fn run(&self) -> Result<CountedEarlier, Unavailable> {
        let (mut ledger, _) = self.env.store().uncounted().await?;
        if ledger.earlier == EarlierBatches::Done {
            return Ok(CountedEarlier::DoneBefore);
        }
        for _ in 0..PAGES_AT_ONCE {
            let Some(earlier) = self.next(&ledger).await? else {
                return Ok(CountedEarlier::Overtaken);
            };
            ledger = Ledger {
                version: ledger.version.next(),
                earlier,
            };
            match self.env.store().save_ledger(&ledger).await {
                Ok(()) => {}
                Err(SaveError::Conflict) => return Ok(CountedEarlier::Overtaken),
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
            if ledger.earlier == EarlierBatches::Done {
                return Ok(CountedEarlier::Done);
            }
        }
        Ok(CountedEarlier::More)
    }

    /// Counts the next page; `None` if somebody else counts some of it.
    async fn next(&self, ledger: &Ledger) -> Result<Option<EarlierBatches>, Unavailable> {
        let mut at = match &ledger.earlier {
            EarlierBatches::NotBegun => self.batch_from(None).await?,
            earlier @ (EarlierBatches::UpTo { .. } | EarlierBatches::Done) => earlier.clone(),
        };
        for _ in 0..BATCHES_AT_ONCE {
            let EarlierBatches::UpTo { batch, page, older } = &at else {
                return Ok(Some(at));
            };
            if let Some(entries) = self.page(*batch, *page).await? {
                let counting = CountChanges { env: &self.env };
                let (batch, older) = (*batch, older.clone());
                return Ok(counting.count(&entries.1, ledger.version).await?.then_some(
                    EarlierBatches::UpTo {
                        batch,
                        page: entries.0 + 1,
                        older,
                    },
                ));
            }
            at = match older {
                None => EarlierBatches::Done,
                Some(older) => self.batch_from(Some(older)).await?,
            };
        }
        Ok(Some(at))
    }

    /// The newest batch from a place in the list on.
    async fn batch_from(&self, position: Option<&str>) -> Result<EarlierBatches, Unavailable> {
        let mut position = position.map(str::to_owned);
        loop {
            let listed = self
                .env
                .store()
                .list_batches(position.as_deref(), 1)
                .await?;
            match (listed.items.first(), listed.next) {
                (Some(batch), older) => {
                    return Ok(EarlierBatches::UpTo {
                        batch: *batch,
                        page: 0,
                        older,
                    });
                }
                (None, Some(further)) => position = Some(further),
                (None, None) => return Ok(EarlierBatches::Done),
            }
        }
    }

    /// Everybody on the next page of a batch from this one on, and its number.
    async fn page(
        &self,
        batch: BatchId,
        from: u32,
    ) -> Result<Option<(u32, BTreeSet<Uncounted>)>, Unavailable> {
        let mut pages = self.env.store().batch_pages(batch, from, 1).await?.items;
        let Some(page) = pages.pop() else {
            return Ok(None);
        };
        let number = page.number;
        let people = page
            .recipients
            .iter()
            .filter(|recipient| matches!(recipient.result, RecipientResult::Issued { .. }))
            .map(|recipient| {
                Uncounted::Person(Member {
                    batch,
                    user: recipient.user,
                })
            });
        let own = (!page.without_sums).then_some(Uncounted::Page { batch, number });
        let entries = people.chain(own);
        Ok(Some((number, entries.collect())))
    }
}
