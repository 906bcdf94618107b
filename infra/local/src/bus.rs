//! The event bus of one machine: takes what EventBridge's `PutEvents` takes and hands *Device
//! Registered* to the function that is for it, before it answers.

use std::sync::Arc;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use beckon_domain::values::problem::FieldProblem;
use beckon_runtime::{JsonBody, Problem, SystemEntropy};
use http::StatusCode;
use registration_confirmed::{Confirmations, DETAIL_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::system::LocalEnv;

/// `PutEvents`' own limit.
const MAX_ENTRIES: usize = 10;

/// The bus.
#[derive(Debug, Clone)]
pub(crate) struct Bus {
    confirmations: Arc<Confirmations<LocalEnv>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    source: String,
    detail_type: String,
    /// JSON as text, as EventBridge takes it.
    detail: String,
    #[serde(default)]
    #[expect(dead_code, reason = "there is one bus, whatever it is called")]
    event_bus_name: Option<String>,
}

impl Bus {
    pub(crate) fn new(confirmations: Confirmations<LocalEnv>) -> Self {
        Self {
            confirmations: Arc::new(confirmations),
        }
    }

    /// `POST /local/events`.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/local/events", post(put))
            .with_state(self.clone())
    }
}

async fn put(State(bus): State<Bus>, body: JsonBody<PutEvents>) -> Result<Json<Value>, Problem> {
    let events = read(&body.value.entries)?;
    let mut entries = Vec::with_capacity(events.len());
    let mut failed = 0;
    for (id, event) in events {
        let answer = match event {
            Some(event) => bus.confirmations.handle(event).await,
            None => Ok(()),
        };
        match answer {
            Ok(()) => entries.push(json!({ "EventId": id })),
            Err(error) => {
                tracing::error!(error = %beckon_runtime::problem::chain(&error), "an event could not be recorded");
                failed += 1;
                entries.push(
                    json!({ "ErrorCode": "InternalFailure", "ErrorMessage": "send it again" }),
                );
            }
        }
    }
    Ok(Json(
        json!({ "FailedEntryCount": failed, "Entries": entries }),
    ))
}

/// Reads every entry before any is carried out, so that a malformed one leaves nothing half done.
/// EventBridge itself would take a malformed *Device Registered* and Beckon would put it on the
/// dead-letter queue; here whoever sent it is told at once.
fn read(entries: &[Entry]) -> Result<Vec<(String, Option<EventBridgeEvent>)>, Problem> {
    let mut problems = Vec::new();
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        problems.push(FieldProblem::new(
            "Entries",
            "outOfRange",
            format!("must hold 1 to {MAX_ENTRIES} entries"),
        ));
    }
    let mut events = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let field = |name: &str| format!("Entries[{index}].{name}");
        if entry.source.is_empty() || entry.source.starts_with("aws.") {
            problems.push(FieldProblem::new(
                field("Source"),
                "malformedSource",
                "must name who sends, and not begin with aws.",
            ));
        }
        let detail: Value =
            if let Ok(detail @ Value::Object(_)) = serde_json::from_str(&entry.detail) {
                detail
            } else {
                problems.push(FieldProblem::new(
                    field("Detail"),
                    "malformedDetail",
                    "must be a JSON object, written as text",
                ));
                continue;
            };
        let id = beckon_domain::ports::entropy::Entropy::ulid(&SystemEntropy::new()).to_string();
        if entry.detail_type != DETAIL_TYPE {
            events.push((id, None));
            continue;
        }
        if let Err(wrong) = registration_confirmed::parse(&detail) {
            problems.extend(wrong.into_iter().map(|problem| FieldProblem {
                field: field(&problem.field.replacen("detail", "Detail", 1)),
                ..problem
            }));
        }
        let mut event: EventBridgeEvent = EventBridgeEvent::default();
        event.id = Some(id.clone());
        event.detail_type.clone_from(&entry.detail_type);
        event.source.clone_from(&entry.source);
        event.detail = detail;
        events.push((id, Some(event)));
    }
    if problems.is_empty() {
        return Ok(events);
    }
    Err(Problem {
        errors: problems,
        ..Problem::new(
            StatusCode::BAD_REQUEST,
            "malformed-event",
            "Malformed event",
            "No event was taken; put right what errors name and send them all again.",
        )
    })
}
