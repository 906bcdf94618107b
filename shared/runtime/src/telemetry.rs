//! Logs: sentences with fields, JSON in Lambda, readable on a terminal. Nothing logs a body, a
//! PIN, a token, an address or a name.

use std::sync::OnceLock;
use std::time::Instant;

use tracing_subscriber::EnvFilter;

use crate::metrics::{self, Metric};

static STARTED: OnceLock<Instant> = OnceLock::new();

/// Starts logging in Lambda: a JSON object a line, with the request's and the trace's id. Metrics
/// are written where `BECKON_STACK` names the stack they are for.
pub fn start_in_lambda() {
    let _ = STARTED.set(Instant::now());
    if let Some(stack) = crate::config::environment("BECKON_STACK") {
        metrics::start(stack);
    }
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(true)
        .with_env_filter(filter("info"))
        .without_time()
        .init();
}

/// Says that this process can answer from now on: the mark of a cold start.
pub fn ready() {
    let took = STARTED.get().map(Instant::elapsed).unwrap_or_default();
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(cold_start = true, milliseconds, "the function is ready");
    metrics::record(&[
        (Metric::ColdStart, 1),
        (Metric::InitMilliseconds, milliseconds),
    ]);
}

/// Starts logging on a terminal, to standard error.
pub fn start_locally() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_env_filter(filter("warn,dynoxide=off"))
        .init();
}

fn filter(default: &str) -> EnvFilter {
    EnvFilter::try_from_env("BECKON_LOG").unwrap_or_else(|_| EnvFilter::new(default))
}
