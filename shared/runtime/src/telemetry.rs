//! Logs: sentences with fields, JSON in Lambda, readable on a terminal. Nothing logs a body, a
//! PIN, a token, an address or a name.

use std::sync::OnceLock;
use std::time::Instant;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::metrics::{self, Metric};

static STARTED: OnceLock<Instant> = OnceLock::new();

/// Starts logging in Lambda: a JSON object a line, with the request's and the trace's id. Metrics
/// are written where `BECKON_STACK` names the stack they are for.
pub fn start_in_lambda() {
    let _ = STARTED.set(Instant::now());
    if let Some(stack) = crate::config::environment("BECKON_STACK") {
        metrics::start(stack);
    }
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(true)
        .without_time();
    tracing_subscriber::registry()
        .with(lines)
        .with(filter("info"))
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
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(filter("warn,dynoxide=off"))
        .init();
}

/// What is logged, by `BECKON_LOG`: a level, or targets with levels. Plain prefixes, and not the
/// patterns of `EnvFilter`, which would bring an engine for regular expressions into each function.
fn filter(default: &str) -> Targets {
    let parse = |text: &str| text.parse::<Targets>().ok();
    crate::config::environment("BECKON_LOG")
        .and_then(|wanted| parse(&wanted))
        .or_else(|| parse(default))
        .unwrap_or_default()
}
