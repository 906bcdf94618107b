//! Jobs: starting, reading, listing, and their steps, each of which is one transaction.
//!
//! A file is kept compressed, in pieces that fit a row, and goes with the step after which its job is
//! over; should that never come, DynamoDB takes the pieces away.

use std::io::{Read as _, Write as _};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::model::change::{ChangeOutcome, UserChange};
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::job::{
    DAYS_LINES_ARE_KEPT, Job, JobCursor, JobPage, JobStep, MAX_DEVICES_IN_A_STEP, StepChange,
};
use beckon_domain::model::stored::Unreadable;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::jobs::{Jobs, StartError, StepError};
use beckon_domain::ports::reads::{ListPage, Readable};
use beckon_domain::values::ids::{JobId, UserId, Version};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jiff::Timestamp;

use super::batches::named_row;
use super::keys::{self, DueKind, ListKind};
use super::requests::Cancelled;
use super::rows::{self, Item, part};
use super::users::{Prepared, deleted};
use super::{Table, changes, foreign, number, text};

/// How many bytes of a file one row holds: DynamoDB takes 400 KB.
const BYTES_IN_A_ROW: usize = 350 * 1024;

/// How many rows a file may take, compressed: a transaction has 4 MB.
const MAX_ROWS_OF_A_FILE: usize = 10;

impl Jobs for Table {
    async fn start_job(
        &self,
        job: &Job,
        cursor: &JobCursor,
        named: &[Vec<UserId>],
        file: Option<&[u8]>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), StartError> {
        let pieces = pieces(job, file.unwrap_or_default())?;
        let mut items = vec![
            part(self.replace(rows::job(job)?, Version::FIRST)?),
            part(self.replace(rows::job_cursor(cursor)?, Version::FIRST)?),
        ];
        for (row, users) in (0..).zip(named) {
            let key = keys::job_users(job.id, row);
            items.push(part(self.set(named_row(key, users))?));
        }
        for item in pieces {
            items.push(part(self.set(item)?));
        }
        if let Some(answer) = answer {
            items.push(part(self.remember(answer)?));
        }
        match self.transact(items).await {
            Ok(()) => {}
            Err(Cancelled::Because(_)) => return Err(StartError::Conflict),
            Err(Cancelled::Unavailable(error)) => return Err(error.into()),
        }
        changes::job_started(job);
        Ok(())
    }

    async fn load_job(&self, id: JobId) -> Result<Option<(Job, JobCursor)>, Unavailable> {
        // One after the other: at the same time, the second would need a connection of its own.
        let job = self.get(keys::job(id)).await?;
        let cursor = self.get(keys::job_cursor(id)).await?;
        let (job, cursor) = (self.one(job).await, self.one(cursor).await);
        Ok(job?.zip(cursor?))
    }

    async fn job_users(&self, id: JobId, row: u32) -> Result<Vec<UserId>, Unavailable> {
        self.users_named_in(keys::job_users(id, row)).await
    }

    async fn job_file(&self, id: JobId) -> Result<Option<Vec<u8>>, Unavailable> {
        let query = self
            .client
            .query()
            .key_condition_expression("pk = :job AND begins_with(sk, :file)")
            .expression_attribute_values(":job", text(keys::job_partition(id)))
            .expression_attribute_values(":file", text(keys::FILES))
            .consistent_read(true);
        let (rows, _) = self.query_rows(query, MAX_ROWS_OF_A_FILE).await?;
        let mut compressed = Vec::new();
        for item in &rows {
            match bytes_in(item) {
                Ok(bytes) => compressed.extend_from_slice(bytes),
                Err(reason) => return Err(self.put_aside(item, reason).await.into()),
            }
        }
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let mut file = Vec::new();
        match ZlibDecoder::new(&*compressed).read_to_end(&mut file) {
            Ok(_) => Ok(Some(file)),
            Err(error) => {
                let reason = format!("the file cannot be unpacked: {error}");
                Err(self.put_aside(first, reason).await.into())
            }
        }
    }

    async fn job_pages(
        &self,
        id: JobId,
        first: u32,
        limit: usize,
    ) -> Result<Readable<JobPage>, Unavailable> {
        let bounds = (
            keys::job_page(id, first).parts().1,
            keys::job_page(id, 99_999_999).parts().1,
        );
        self.rows_between(keys::job_partition(id), bounds, limit)
            .await
    }

    async fn list_jobs(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<JobId>, Unavailable> {
        self.list_ids(ListKind::Jobs, position, limit).await
    }

    async fn finish_step(&self, step: &JobStep) -> Result<(), StepError> {
        let cursor = &step.cursor;
        let mut items = vec![part(
            self.replace(rows::job_cursor(cursor)?, cursor.version)?,
        )];
        if let Some(page) = &step.page {
            items.push(part(self.set(rows::job_page(page)?)?));
        }
        if let Some((row, users)) = &step.gathered {
            let key = keys::job_users(cursor.job, *row);
            items.push(part(self.set(named_row(key, users))?));
        }
        if step.erases_file {
            for piece in 0..MAX_ROWS_OF_A_FILE {
                let key = keys::job_file(cursor.job, piece);
                items.push(deleted(self.taking(key.into_item()))?);
            }
        }
        let mut prepared = Vec::with_capacity(step.changes.len());
        for change in &step.changes {
            let change = self.step_change(change).await?;
            let first = items.len();
            items.extend(change.items.iter().cloned());
            prepared.push((first, change));
        }
        match self.transact(items).await {
            Ok(()) => {
                tell(step);
                Ok(())
            }
            Err(Cancelled::Unavailable(error)) => Err(error.into()),
            Err(Cancelled::Because(refused)) => Err(because(&refused, &prepared)),
        }
    }

    async fn save_job_cursor(&self, cursor: &JobCursor) -> Result<(), SaveError> {
        self.put_version(rows::job_cursor(cursor)?, cursor.version)
            .await?;
        changes::job_stopped(cursor);
        Ok(())
    }

    async fn due_jobs(&self, now: Timestamp, limit: usize) -> Result<Vec<JobId>, Unavailable> {
        self.due(DueKind::Job, now, limit).await
    }

    async fn set_job_aside(&self, id: JobId, because: &Unreadable) -> Result<(), Unavailable> {
        self.put_by(keys::job_cursor(id), because).await
    }
}

impl Table {
    async fn step_change(&self, change: &StepChange) -> Result<Prepared, Unavailable> {
        match change {
            StepChange::Change(change) => self.items_of(change),
            StepChange::Removal {
                user,
                history,
                left,
            } => {
                // No more than the step has room for.
                let devices = usize::try_from(user.devices).unwrap_or(usize::MAX);
                let devices = devices.min(MAX_DEVICES_IN_A_STEP);
                let items = self.removal(user, history, left, devices).await?;
                Ok(Prepared::plain(items))
            }
        }
    }
}

/// What it means that these parts of a step did not fit.
fn because(refused: &[usize], prepared: &[(usize, Prepared)]) -> StepError {
    if refused.contains(&0) {
        return StepError::Moved;
    }
    let of_users: Vec<(usize, ChangeOutcome)> = prepared
        .iter()
        .enumerate()
        .filter_map(|(place, (first, change))| {
            let own: Vec<usize> = refused
                .iter()
                .filter(|part| (*first..first + change.items.len()).contains(*part))
                .map(|part| part - first)
                .collect();
            (!own.is_empty()).then(|| (place, change.outcome(&own)))
        })
        .collect();
    if of_users.is_empty() {
        // A row of the step's own that a later version wrote.
        return StepError::Moved;
    }
    StepError::Overtaken(of_users)
}

/// A line in the log for each change of a step, and one for the step.
fn tell(step: &JobStep) {
    let mut all: Vec<UserChange> = Vec::new();
    for change in &step.changes {
        match change {
            StepChange::Change(change) => all.push((**change).clone()),
            StepChange::Removal { history, .. } => changes::of_user(history, None),
        }
    }
    let outcomes: Vec<_> = (0..all.len())
        .map(|place| (place, ChangeOutcome::Saved))
        .collect();
    changes::of_users(&all, &outcomes);
    changes::job_carried_on(&step.cursor);
}

/// The rows of a file.
fn pieces(job: &Job, file: &[u8]) -> Result<Vec<Item>, StartError> {
    if file.is_empty() {
        return Ok(Vec::new());
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let compressed = encoder
        .write_all(file)
        .and_then(|()| encoder.finish())
        .map_err(foreign)?;
    let at_most = BYTES_IN_A_ROW * MAX_ROWS_OF_A_FILE;
    if compressed.len() > at_most {
        return Err(StartError::FileTooLarge { at_most });
    }
    let gone = job.created_at.as_second() + DAYS_LINES_ARE_KEPT * 24 * 60 * 60;
    let pieces = compressed.chunks(BYTES_IN_A_ROW).enumerate();
    Ok(pieces
        .map(|(number_of, piece)| {
            let mut item = rows::fresh(keys::job_file(job.id, number_of));
            let bytes = AttributeValue::B(Blob::new(piece));
            item.insert("bytes".to_owned(), bytes);
            item.insert(keys::TTL.to_owned(), number(gone));
            item
        })
        .collect())
}

fn bytes_in(item: &Item) -> Result<&[u8], String> {
    super::reading::check_schema(item)?;
    match item.get("bytes") {
        Some(AttributeValue::B(bytes)) => Ok(bytes.as_ref()),
        _ => Err("bytes: they are none".to_owned()),
    }
}
