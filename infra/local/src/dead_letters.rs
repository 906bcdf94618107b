//! The dead-letter queue of one machine: a file with a line for each event nobody could use.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use beckon_domain::ports::dead_letters::DeadLetters;
use beckon_domain::ports::error::Unavailable;
use beckon_runtime::Problem;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The file.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetterFile {
    path: PathBuf,
    file: Arc<Mutex<File>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    at: Timestamp,
    reason: String,
    event: String,
}

impl DeadLetterFile {
    /// Opens the file in the data folder.
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        let path = data.join("failures.jsonl");
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Self {
            path,
            file: Arc::new(Mutex::new(file)),
        })
    }

    /// `GET /local/failures`.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/local/failures", get(list))
            .with_state(self.clone())
    }
}

impl DeadLetters for DeadLetterFile {
    async fn keep_dead_letter(&self, event: &str, reason: &str) -> Result<(), Unavailable> {
        let failure = Failure {
            at: Timestamp::now(),
            reason: reason.to_owned(),
            event: event.to_owned(),
        };
        let write = || -> anyhow::Result<()> {
            let mut line = serde_json::to_string(&failure)?;
            line.push('\n');
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(line.as_bytes())?;
            Ok(())
        };
        write().map_err(|error| Unavailable::new("the failure file", error.to_string()))
    }
}

async fn list(State(failures): State<DeadLetterFile>) -> Result<Json<serde_json::Value>, Problem> {
    let text =
        std::fs::read_to_string(&failures.path).map_err(|error| Problem::unavailable(&error))?;
    let items: Vec<Failure> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    Ok(Json(serde_json::json!({ "items": items })))
}
