//! Logs: sentences with fields, JSON in Lambda, readable on a terminal. Nothing logs a body, a
//! PIN, a token, an address or a name, whatever level is asked for: other crates print whole
//! requests at their lower levels, so nobody gets to see those.

use std::sync::OnceLock;
use std::time::Instant;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::log_line::OneObject;
use crate::metrics;

static STARTED: OnceLock<Instant> = OnceLock::new();

/// Our crates, which may log at every level.
const OURS: [&str; 28] = [
    "beckon",
    "beckon_aws",
    "beckon_console",
    "beckon_domain",
    "beckon_local",
    "beckon_look",
    "beckon_mail",
    "beckon_outgoing",
    "beckon_runtime",
    "beckon_testkit",
    "beckon_tests",
    "beckon_tokens",
    "bootstrap",
    "maintenance",
    "deliver",
    "desk",
    "device_events",
    "directory",
    "feedback",
    "expand",
    "poll",
    "preview",
    "publish",
    "redeem",
    "registration_confirmed",
    "send",
    "settings",
    "scim",
];

/// Starts logging in Lambda: a JSON object a line, with the ids of the request and the trace.
/// Metrics are written where `BECKON_STACK` names the stack they are for.
pub fn start_in_lambda() {
    let _ = STARTED.set(Instant::now());
    if let Some(stack) = crate::config::environment("BECKON_STACK") {
        metrics::start(stack);
    }
    lines_of_lambda(std::io::stdout, wanted().as_deref()).init();
}

/// The log of a function, written there. `wanted` is what `BECKON_LOG` says.
pub fn lines_of_lambda<W>(writer: W, wanted: Option<&str>) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .event_format(OneObject)
        .fmt_fields(JsonFields::new())
        .with_writer(writer);
    tracing_subscriber::registry()
        .with(lines)
        .with(targets(wanted, "info"))
        .with(quiet_others())
}

/// Says that this process can answer from now on: the mark of a cold start.
pub fn ready() {
    let took = STARTED.get().map(Instant::elapsed).unwrap_or_default();
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        coldStart = true,
        initMs = milliseconds,
        "the function is ready"
    );
}

/// Starts logging on a terminal, to standard error.
pub fn start_locally() {
    lines_of_terminal(std::io::stderr, wanted().as_deref()).init();
}

/// The log of the local system, written there.
pub fn lines_of_terminal<W>(writer: W, wanted: Option<&str>) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_target(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(targets(wanted, "warn"))
        .with(quiet_others())
}

fn wanted() -> Option<String> {
    crate::config::environment("BECKON_LOG")
}

/// What is logged: a level, or targets with levels. Plain prefixes, and not the patterns of
/// `EnvFilter`, which would bring an engine for regular expressions into each function.
fn targets(wanted: Option<&str>, default: &str) -> Targets {
    let parse = |text: &str| text.parse::<Targets>().ok();
    wanted
        .and_then(parse)
        .or_else(|| parse(default))
        .unwrap_or_default()
}

/// Crates that are not ours say at most what is worth a line of information, and the embedded
/// engine nothing: it quotes the rows it is given.
fn quiet_others() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    let may: fn(&Metadata<'_>) -> bool = |metadata| {
        let of = metadata.target().split("::").next().unwrap_or_default();
        OURS.contains(&of) || (*metadata.level() <= Level::INFO && of != "dynoxide")
    };
    filter_fn(may).with_max_level_hint(LevelFilter::TRACE)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What was written.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }

        fn lines(&self) -> Vec<serde_json::Value> {
            let text = self.text();
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        }
    }

    fn in_lambda(wanted: &str, logging: impl FnOnce()) -> Written {
        let written = Written::default();
        let to = written.clone();
        let subscriber = lines_of_lambda(move || to.clone(), Some(wanted));
        tracing::subscriber::with_default(subscriber, logging);
        written
    }

    #[test]
    fn whatever_is_asked_for_other_crates_print_no_requests() {
        for wanted in [
            "trace",
            "hyper=trace",
            "trace,lambda_runtime=trace,h2=trace",
            "debug",
        ] {
            let log = in_lambda(wanted, || {
                tracing::trace!(target: "lambda_runtime::layers", "the body");
                tracing::debug!(target: "hyper::client", "the body");
                tracing::trace!(target: "aws_smithy_runtime::client", "the body");
                tracing::debug!(target: "sendmail", "the body");
            });

            assert_eq!(log.text(), "", "{wanted}");
        }
    }

    #[test]
    fn our_own_lines_and_the_warnings_of_others_are_there() {
        let log = in_lambda("trace", || {
            tracing::trace!(target: "beckon_domain::rule", "ours");
            tracing::trace!(target: "send", "ours");
            tracing::warn!(target: "hyper", "theirs");
        });

        assert_eq!(log.lines().len(), 3);
        let quiet = in_lambda("warn", || tracing::info!(target: "send", "ours"));
        assert_eq!(quiet.text(), "");
    }

    #[test]
    fn on_a_terminal_the_same_holds() {
        let written = Written::default();
        let to = written.clone();
        let subscriber = lines_of_terminal(move || to.clone(), Some("trace"));

        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "hyper", "the body");
            tracing::error!(target: "dynoxide", "a row");
            tracing::trace!(target: "beckon_local", "ours");
        });

        let text = written.text();
        assert!(text.contains("ours"), "{text}");
        assert!(
            !text.contains("the body") && !text.contains("a row"),
            "{text}"
        );
    }

    #[test]
    fn a_line_carries_the_fields_of_the_spans_around_it_and_both_request_ids() {
        let log = in_lambda("info", || {
            let lambda = tracing::info_span!(
                target: "lambda_runtime::layers::trace",
                "Lambda runtime invoke",
                requestId = "lambda-1",
                xrayTraceId = "Root=1-2-3",
            );
            let _lambda = lambda.enter();
            tracing::info!("outside");
            let request = tracing::info_span!("request", requestId = "gateway-1", actor = "u-1");
            let _request = request.enter();
            tracing::info!(batch = %"b-1", count = 3_u64, "inside");
        });

        let lines = log.lines();
        assert_eq!(lines[0]["requestId"], "lambda-1");
        assert_eq!(lines[1]["requestId"], "gateway-1");
        assert_eq!(lines[1]["lambdaRequestId"], "lambda-1");
        assert_eq!(lines[1]["xrayTraceId"], "Root=1-2-3");
        assert_eq!(lines[1]["actor"], "u-1");
        assert_eq!(lines[1]["batch"], "b-1");
        assert_eq!(lines[1]["count"], 3);
        assert_eq!(lines[1]["message"], "inside");
        assert_eq!(lines[1]["level"], "INFO");
    }

    #[test]
    fn a_cold_start_is_a_line_with_fields() {
        let log = in_lambda("info", ready);

        let line = log.lines().remove(0);
        assert_eq!(line["coldStart"], true);
        assert!(line["initMs"].is_u64(), "{line}");
    }

    #[test]
    fn every_crate_of_the_workspace_is_ours() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let mut missing = Vec::new();
        for folder in ["shared", "functions"] {
            for entry in std::fs::read_dir(format!("{root}/{folder}")).unwrap() {
                let manifest = entry.unwrap().path().join("Cargo.toml");
                let Ok(manifest) = std::fs::read_to_string(manifest) else {
                    continue;
                };
                let name = manifest
                    .lines()
                    .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
                    .unwrap()
                    .replace('-', "_");
                if !OURS.contains(&name.as_str()) {
                    missing.push(name);
                }
            }
        }
        assert_eq!(missing, [""; 0]);
    }
}
