//! What Beckon tells the world, on one machine: answers `PutEvents` as EventBridge does, and keeps the
//! last events in a file for whoever looks. Nobody else listens here.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use beckon_aws::Call;
use beckon_domain::ports::entropy::Entropy as _;
use beckon_runtime::SystemEntropy;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How many events are shown.
const KEPT: usize = 1_000;

/// The events. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct PublishedEvents(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    path: PathBuf,
    file: File,
    /// How many lines the file has: it is cut back when that is twice what is shown.
    lines: usize,
    events: VecDeque<Shown>,
}

/// An event as `GET /local/events` shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    /// The bus's own id, another one for an event that is published twice.
    id: String,
    detail_type: String,
    source: String,
    time: Timestamp,
    detail: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: String,
    detail_type: String,
    /// JSON as text.
    detail: String,
    /// In seconds since 1970, as AWS's protocol writes times; now, if it is absent.
    #[serde(default)]
    time: Option<f64>,
}

impl PublishedEvents {
    /// What the bus is called.
    pub(crate) const BUS: &str = "beckon";

    /// Opens the file in the data folder.
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        let path = data.join("published.jsonl");
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        // A line that a crash cut off is no event, and must not begin the next one.
        let events: VecDeque<Shown> = std::fs::read_to_string(&path)?
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let mut kept = Kept {
            path,
            file,
            lines: 0,
            events,
        };
        kept.forget_the_oldest();
        kept.write_anew()?;
        Ok(Self(Arc::new(Mutex::new(kept))))
    }

    /// `GET /local/events`.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/local/events", get(list))
            .with_state(self.clone())
    }

    /// For an SDK's client whose requests come here.
    pub(crate) fn calls(&self) -> impl Fn(Call) + Send + Sync + 'static {
        let events = self.clone();
        move |call| {
            let (status, body) = if call.operation == "PutEvents" {
                events.put(&call.body)
            } else {
                refused("UnknownOperationException", &call.operation)
            };
            call.answer(status, body);
        }
    }

    /// `PutEvents`: status and body of the answer.
    pub(crate) fn put(&self, body: &[u8]) -> (u16, String) {
        let request: PutEvents = match beckon_runtime::objects::from_slice(body) {
            Ok(request) => request,
            Err(error) => return refused("SerializationException", &error.to_string()),
        };
        if request.entries.is_empty()
            || request.entries.len() > beckon_domain::model::integration_events::MAX_EVENTS_AT_ONCE
        {
            return refused("ValidationException", "Entries: 1 to 10 are taken");
        }
        let read: Vec<Option<Shown>> = request.entries.into_iter().map(shown).collect();
        let taken: Vec<Shown> = read.iter().flatten().cloned().collect();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = kept.keep(taken) {
            tracing::error!(%error, "events could not be kept");
            let body = json!({ "__type": "InternalException", "message": "the file refuses" });
            return (500, body.to_string());
        }
        let entries: Vec<Value> = read
            .iter()
            .map(|event| match event {
                Some(event) => json!({ "EventId": event.id }),
                None => json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "not an object" }),
            })
            .collect();
        let failed = read.iter().filter(|event| event.is_none()).count();
        let answer = json!({ "FailedEntryCount": failed, "Entries": entries });
        (200, answer.to_string())
    }
}

/// The event of an entry, unless its detail is no JSON object.
fn shown(entry: Entry) -> Option<Shown> {
    let detail @ Value::Object(_) = serde_json::from_str(&entry.detail).ok()? else {
        return None;
    };
    let time = entry
        .time
        .and_then(|seconds| jiff::SignedDuration::try_from_secs_f64(seconds).ok())
        .and_then(|since| Timestamp::from_duration(since).ok());
    Some(Shown {
        id: SystemEntropy::new().ulid().to_string(),
        detail_type: entry.detail_type,
        source: entry.source,
        time: time.unwrap_or_else(Timestamp::now),
        detail,
    })
}

impl Kept {
    fn keep(&mut self, events: Vec<Shown>) -> anyhow::Result<()> {
        self.file.write_all(lines(&events)?.as_bytes())?;
        self.lines += events.len();
        self.events.extend(events);
        self.forget_the_oldest();
        if self.lines >= 2 * KEPT {
            self.write_anew()?;
        }
        Ok(())
    }

    fn forget_the_oldest(&mut self) {
        let too_many = self.events.len().saturating_sub(KEPT);
        self.events.drain(..too_many);
    }

    /// Writes the file with what is shown and no more.
    fn write_anew(&mut self) -> anyhow::Result<()> {
        let beside = self.path.with_extension("new");
        std::fs::write(&beside, lines(&self.events)?)?;
        std::fs::rename(&beside, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.lines = self.events.len();
        Ok(())
    }
}

fn lines<'a>(events: impl IntoIterator<Item = &'a Shown>) -> serde_json::Result<String> {
    let mut text = String::new();
    for event in events {
        text.push_str(&serde_json::to_string(event)?);
        text.push('\n');
    }
    Ok(text)
}

fn refused(code: &str, message: &str) -> (u16, String) {
    let body = json!({ "__type": code, "message": message });
    (400, body.to_string())
}

async fn list(State(events): State<PublishedEvents>) -> Json<Value> {
    let kept = events.0.lock().unwrap_or_else(PoisonError::into_inner);
    Json(json!({ "items": kept.events }))
}
