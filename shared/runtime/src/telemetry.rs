//! Logs: sentences with fields, JSON in Lambda, readable on a terminal. Nothing logs a body, a
//! PIN, a token, an address or a name.

use tracing_subscriber::EnvFilter;

/// Starts logging in Lambda: a JSON object a line.
pub fn start_in_lambda() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_target(true)
        .with_env_filter(filter("info"))
        .without_time()
        .init();
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
