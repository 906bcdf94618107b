//! Telling the world what the rows of histories say.

use crate::model::history::HistoryEntry;
use crate::model::integration_events::{EventEnvelope, MAX_EVENTS_AT_ONCE};
use crate::ports::env::WithEventBus;
use crate::ports::error::Unavailable;
use crate::ports::event_bus::{EventBus, Receipt};

/// Publishes rows.
#[derive(Debug, Clone)]
pub struct PublishRows<E> {
    /// What it runs in.
    pub env: E,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The bus has its event.
    Published,
    /// It is nobody's business outside.
    KeptInside,
    /// The bus will never take its event.
    Refused {
        /// What the bus called the reason.
        code: String,
    },
}

/// How far it got.
#[derive(Debug)]
pub struct Progress {
    /// What became of the rows, in their order; beyond the last one nothing is known.
    pub fates: Vec<Fate>,
    /// Why there are not as many as rows.
    pub stopped: Option<Unavailable>,
}

impl<E> PublishRows<E>
where
    E: WithEventBus,
{
    /// Publishes the rows up to the first that the bus cannot take now. A few rows behind that one
    /// may have been published all the same; when they come again, their events have the same ids.
    pub async fn run(&self, rows: &[HistoryEntry]) -> Progress {
        let events: Vec<Option<EventEnvelope>> = rows.iter().map(EventEnvelope::of).collect();
        let told: Vec<EventEnvelope> = events.iter().flatten().cloned().collect();
        let (receipts, mut stopped) = self.publish(&told).await;
        let mut receipts = receipts.into_iter();
        let mut fates = Vec::with_capacity(rows.len());
        for event in &events {
            fates.push(match event.as_ref().map(|_| receipts.next()) {
                None => Fate::KeptInside,
                Some(Some(Receipt::Taken)) => Fate::Published,
                Some(Some(Receipt::Refused { code })) => Fate::Refused { code },
                Some(Some(Receipt::NotNow { code })) => {
                    stopped = Some(Unavailable::new("the event bus", code));
                    break;
                }
                Some(None) => {
                    stopped.get_or_insert_with(|| {
                        Unavailable::new("the event bus", "it did not say what became of an event")
                    });
                    break;
                }
            });
        }
        Progress { fates, stopped }
    }

    /// As many events at once as the bus takes; none behind those of which it could not take one.
    async fn publish(&self, events: &[EventEnvelope]) -> (Vec<Receipt>, Option<Unavailable>) {
        let mut receipts = Vec::with_capacity(events.len());
        for some in events.chunks(MAX_EVENTS_AT_ONCE) {
            match self.env.event_bus().publish_events(some).await {
                Ok(given) => receipts.extend(given),
                Err(error) => return (receipts, Some(error)),
            }
            if receipts
                .iter()
                .any(|receipt| matches!(receipt, Receipt::NotNow { .. }))
            {
                break;
            }
        }
        (receipts, None)
    }
}
