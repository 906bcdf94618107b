//! Publish reads the table's stream and tells the world what new rows of histories say: one event on
//! the bus for each that is of interest outside.

use beckon_aws::table::stream::{
    RowChange, StreamAnswer, StreamEvent, StreamReader, StreamRecord, again_from,
};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::ports::env::{WithDeadLetters, WithEventBus};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::usecases::publish::{Fate, PublishRows};
use beckon_runtime::metrics::{self, Metric};
use beckon_runtime::rejected;

/// What publish works with.
#[derive(Debug, Clone)]
pub struct Publish<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: WithEventBus + WithDeadLetters> Publish<E> {
    /// Publishes what a batch of stream records tells. A record whose event the bus cannot take now is
    /// reported as the first that failed, and comes again with those behind it.
    pub async fn handle(&self, event: StreamEvent) -> StreamAnswer {
        let parsed: Vec<_> = event.records.iter().map(row).collect();
        let rows: Vec<HistoryEntry> = parsed.iter().flatten().flatten().cloned().collect();
        let progress = PublishRows { env: &self.env }.run(&rows).await;
        let published = progress
            .fates
            .iter()
            .filter(|fate| **fate == Fate::Published);
        let published = u64::try_from(published.count()).unwrap_or(u64::MAX);
        if published > 0 {
            metrics::record(&[(Metric::EventsPublished, published)]);
        }
        let (mut fates, mut stopped) = (progress.fates.into_iter(), progress.stopped);

        for (record, row) in event.records.iter().zip(parsed) {
            let done = match row {
                Ok(None) => Ok(()),
                Ok(Some(_)) => match fates.next() {
                    Some(Fate::Published | Fate::KeptInside) => Ok(()),
                    Some(Fate::Refused { code }) => {
                        let reason = format!("the event bus refuses the event: {code}");
                        self.reject(record, &reason).await
                    }
                    None => Err(stopped.take().unwrap_or_else(|| {
                        Unavailable::new("the event bus", "nothing is known of this record")
                    })),
                },
                Err(reason) => self.reject(record, &reason).await,
            };
            if let Err(error) = done {
                rejected::comes_again(&record.event_id, &error);
                return again_from(record);
            }
        }
        StreamAnswer::default()
    }

    async fn reject(&self, record: &StreamRecord, reason: &str) -> Result<(), Unavailable> {
        rejected::reject(self.env.dead_letters(), &record.event_id, record, reason).await
    }
}

/// The row of a history that a record tells of; `None` if it tells of something else.
fn row(record: &StreamRecord) -> Result<Option<HistoryEntry>, String> {
    Ok(match StreamReader::Publish.read(record)? {
        RowChange::HistoryWritten(row) => Some(row),
        RowChange::CursorMoved(_)
        | RowChange::JobMoved(_)
        | RowChange::MailWaits
        | RowChange::Counts
        | RowChange::DeviceEventWaits(_)
        | RowChange::NameTaken(_)
        | RowChange::SetAside(_)
        | RowChange::Other => None,
    })
}
