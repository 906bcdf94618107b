//! The table's stream, in the place of Lambda's event sources: for each of its readers record by
//! record in order, from where the last process left off, the same records again when they could
//! not be carried out. No reader waits for another.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
#[cfg(test)]
use beckon_aws::table::stream::StreamRecord;
use beckon_aws::table::stream::{RowChange, StreamAnswer, StreamEvent, StreamReader, comes_again};
use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use expand::Expand;
use publish::Publish;

use crate::engine::Engine;
use crate::system::LocalEnv;

/// How many records are handed over at once, as in the cloud.
const AT_ONCE: usize = 100;

/// How long to wait before looking for new records, after there were some.
const IDLE: Duration = Duration::from_millis(20);

/// How long at most: each look that finds nothing doubles the wait, or an idle system would keep a processor warm.
const LONG_IDLE: Duration = Duration::from_millis(80);

/// How long to wait before records that failed are handed over again.
const AGAIN: Duration = Duration::from_millis(500);

/// A function that reads the stream.
pub(crate) trait Reader {
    /// The file in the data folder that says how far it is.
    const POSITION: &str;

    /// What it is to the stream.
    const READER: StreamReader;

    /// Is handed records.
    fn handle(&self, event: StreamEvent) -> impl Future<Output = StreamAnswer> + Send;
}

impl Reader for Expand<LocalEnv> {
    const POSITION: &str = "stream.position";
    const READER: StreamReader = StreamReader::Expand;

    async fn handle(&self, event: StreamEvent) -> StreamAnswer {
        self.handle(event).await
    }
}

impl Reader for Publish<LocalEnv> {
    const POSITION: &str = "publish.position";
    const READER: StreamReader = StreamReader::Publish;

    async fn handle(&self, event: StreamEvent) -> StreamAnswer {
        self.handle(event).await
    }
}

/// Follows the stream for as long as the system runs.
pub(crate) async fn follow<R: Reader>(database: Database, data: PathBuf, reader: R) {
    let position = PositionFile(data.join(R::POSITION));
    loop {
        if let Err(error) = read_on(&database, &position, &reader).await {
            tracing::error!(
                error = format!("{error:#}"),
                "the stream could not be read; it is read again"
            );
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn read_on<R: Reader>(
    database: &Database,
    position: &PositionFile,
    reader: &R,
) -> anyhow::Result<()> {
    let mut iterator = iterator_after(database, position.read())?;
    let mut idle = IDLE;
    loop {
        let (records, next) = {
            let database = database.clone();
            let from = iterator.clone();
            tokio::task::spawn_blocking(move || {
                database
                    .get_records(GetRecordsRequest {
                        shard_iterator: from,
                        limit: Some(AT_ONCE),
                    })
                    .map(|answer| (answer.records, answer.next_shard_iterator))
            })
            .await??
        };
        let next = next.context("the stream has ended")?;
        let Some(last) = records
            .last()
            .map(|record| record.dynamodb.sequence_number.clone())
        else {
            iterator = next;
            tokio::time::sleep(idle).await;
            idle = LONG_IDLE.min(idle * 2);
            continue;
        };
        idle = IDLE;
        let event = event_for(R::READER, &records)?;
        let answer = if event.records.is_empty() {
            StreamAnswer::default()
        } else {
            reader.handle(event).await
        };
        match comes_again(&answer) {
            None => {
                position.write(&last)?;
                iterator = next;
            }
            Some(failed) => {
                // Everything before the first failure is done.
                if let Some(done) = records
                    .iter()
                    .map(|record| &record.dynamodb.sequence_number)
                    .take_while(|number| *number != failed)
                    .last()
                {
                    position.write(done)?;
                }
                iterator = iterator_after(database, position.read())?;
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// All records behind a place in the stream, and the place behind them.
#[cfg(test)]
pub(crate) fn records_after(
    database: &Database,
    position: Option<String>,
) -> anyhow::Result<(Vec<StreamRecord>, Option<String>)> {
    let mut iterator = iterator_after(database, position.clone())?;
    let (mut all, mut last) = (Vec::new(), position);
    loop {
        let answer = database.get_records(GetRecordsRequest {
            shard_iterator: iterator,
            limit: Some(1_000),
        })?;
        let Some(record) = answer.records.last() else {
            return Ok((all, last));
        };
        last = Some(record.dynamodb.sequence_number.clone());
        let records = serde_json::to_value(&answer.records)?;
        let event: StreamEvent = serde_json::from_value(serde_json::json!({ "Records": records }))?;
        all.extend(event.records);
        iterator = answer.next_shard_iterator.context("the stream has ended")?;
    }
}

fn iterator_after(database: &Database, position: Option<String>) -> anyhow::Result<String> {
    let streams = database.list_streams(ListStreamsRequest {
        table_name: Some(Engine::TABLE.to_owned()),
        ..ListStreamsRequest::default()
    })?;
    let stream = streams
        .streams
        .first()
        .context("the table has no stream")?
        .stream_arn
        .clone();
    let description = database.describe_stream(DescribeStreamRequest {
        stream_arn: stream.clone(),
        ..DescribeStreamRequest::default()
    })?;
    let shard = description
        .stream_description
        .shards
        .first()
        .context("the stream has no shard")?
        .shard_id
        .clone();
    let answer = database.get_shard_iterator(GetShardIteratorRequest {
        stream_arn: stream,
        shard_id: shard,
        shard_iterator_type: if position.is_some() {
            "AFTER_SEQUENCE_NUMBER"
        } else {
            "TRIM_HORIZON"
        }
        .to_owned(),
        sequence_number: position,
    })?;
    answer
        .shard_iterator
        .context("the stream gives no place to read from")
}

/// The records as Lambda hands them over to this reader: its filters keep from it what it does not act on.
fn event_for(reader: StreamReader, records: &[Record]) -> anyhow::Result<StreamEvent> {
    let records = serde_json::to_value(records)?;
    let mut event: StreamEvent = serde_json::from_value(serde_json::json!({ "Records": records }))?;
    event
        .records
        .retain(|record| reader.read(record) != Ok(RowChange::Other));
    Ok(event)
}

/// How far the stream was read. Records behind it may come a second time, never not at all.
struct PositionFile(PathBuf);

impl PositionFile {
    fn read(&self) -> Option<String> {
        let text = std::fs::read_to_string(&self.0).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn write(&self, position: &str) -> anyhow::Result<()> {
        let beside: &Path = &self.0.with_extension("new");
        std::fs::write(beside, position)?;
        std::fs::rename(beside, &self.0)?;
        Ok(())
    }
}
