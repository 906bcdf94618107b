//! Metrics in `CloudWatch`'s embedded metric format: a line in the log that `CloudWatch` counts. No
//! request to AWS is made for them, and nothing in them names a person, a mail or a batch: the one
//! dimension is the stack.

use std::io::Write as _;
use std::sync::OnceLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Where `CloudWatch` lists them.
pub const NAMESPACE: &str = "Beckon";

/// What is measured. The alarms of `template.yaml` go by these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Records and events that were put on the dead-letter queue.
    Failures,
    /// Rows of the table that this version cannot read, when each is told of.
    UnreadableRows,
    /// 1 every minute while delivery is paused, and nothing otherwise.
    DeliveryPaused,
    /// How long the mail that waits longest has been due, every minute.
    OldestDueMailSeconds,
    /// PINs and tokens that did not fit.
    WrongSecrets,
    /// Mails that the mail service took.
    MailsSent,
    /// Mails of which nobody knows whether they went, and which are sent again.
    MailsAgain,
    /// Mails that were refused for good.
    MailsFailed,
    /// Mails that went out in our words because an own wording did not fit them.
    UnfitWordings,
    /// Events that the bus took from us.
    EventsPublished,
    /// Messages of device managements whose sender is not known, or not proven.
    UnprovenDeviceEvents,
    /// Messages of device managements that could not be carried on.
    FailedDeviceEvents,
    /// Requests to SCIM without a token that is set.
    UnprovenDirectoryRequests,
    /// For how long the source that has been silent for longest was not asked with success, every minute while any is asked.
    SecondsSinceLastPoll,
    /// Messages whose sender's token could not be checked, since its issuer's keys could not be fetched.
    UnreachableIssuers,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Failures,
        Self::UnreadableRows,
        Self::DeliveryPaused,
        Self::OldestDueMailSeconds,
        Self::WrongSecrets,
        Self::MailsSent,
        Self::MailsAgain,
        Self::MailsFailed,
        Self::UnfitWordings,
        Self::EventsPublished,
        Self::UnprovenDeviceEvents,
        Self::FailedDeviceEvents,
        Self::UnprovenDirectoryRequests,
        Self::SecondsSinceLastPoll,
        Self::UnreachableIssuers,
    ];

    /// Its name in `CloudWatch`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failures => "Failures",
            Self::UnreadableRows => "UnreadableRows",
            Self::DeliveryPaused => "DeliveryPaused",
            Self::OldestDueMailSeconds => "OldestDueMailSeconds",
            Self::WrongSecrets => "WrongSecrets",
            Self::MailsSent => "MailsSent",
            Self::MailsAgain => "MailsAgain",
            Self::MailsFailed => "MailsFailed",
            Self::UnfitWordings => "UnfitWordings",
            Self::EventsPublished => "EventsPublished",
            Self::UnprovenDeviceEvents => "UnprovenDeviceEvents",
            Self::FailedDeviceEvents => "FailedDeviceEvents",
            Self::UnprovenDirectoryRequests => "UnprovenDirectoryRequests",
            Self::SecondsSinceLastPoll => "SecondsSinceLastPoll",
            Self::UnreachableIssuers => "UnreachableIssuers",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::OldestDueMailSeconds | Self::SecondsSinceLastPoll => "Seconds",
            Self::Failures
            | Self::UnreadableRows
            | Self::DeliveryPaused
            | Self::WrongSecrets
            | Self::MailsSent
            | Self::MailsAgain
            | Self::MailsFailed
            | Self::UnfitWordings
            | Self::EventsPublished
            | Self::UnprovenDeviceEvents
            | Self::FailedDeviceEvents
            | Self::UnprovenDirectoryRequests
            | Self::UnreachableIssuers => "Count",
        }
    }
}

static STACK: OnceLock<String> = OnceLock::new();

/// From now on metrics are written, for this stack.
pub(crate) fn start(stack: String) {
    let _ = STACK.set(stack);
}

/// Writes measurements of this moment. On one machine, where nobody reads them, nothing happens.
pub fn record(measured: &[(Metric, u64)]) {
    if let Some(stack) = STACK.get() {
        let line = line(stack, Timestamp::now(), measured);
        // A log that cannot be written has nowhere to say so.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

fn line(stack: &str, at: Timestamp, measured: &[(Metric, u64)]) -> Value {
    let definitions: Vec<Value> = measured
        .iter()
        .map(|(metric, _)| json!({ "Name": metric.name(), "Unit": metric.unit() }))
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": at.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Stack"]],
                "Metrics": definitions,
            }],
        }),
    );
    line.insert("Stack".to_owned(), stack.into());
    for (metric, value) in measured {
        line.insert(metric.name().to_owned(), (*value).into());
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_line_defines_what_it_holds() {
        let at = "2026-11-23T10:00:00Z".parse().unwrap();

        let line = line(
            "beckon",
            at,
            &[
                (Metric::DeliveryPaused, 1),
                (Metric::OldestDueMailSeconds, 90),
            ],
        );

        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 1_795_428_000_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Beckon",
                        "Dimensions": [["Stack"]],
                        "Metrics": [
                            { "Name": "DeliveryPaused", "Unit": "Count" },
                            { "Name": "OldestDueMailSeconds", "Unit": "Seconds" },
                        ],
                    }],
                },
                "Stack": "beckon",
                "DeliveryPaused": 1,
                "OldestDueMailSeconds": 90,
            })
        );
    }

    #[test]
    fn the_document_describes_every_metric_and_no_other() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/logs.md");
        let document = std::fs::read_to_string(path).unwrap();
        let first_cells = document
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        let described: BTreeSet<&str> = first_cells
            .flat_map(|(names, _)| names.split("`, `"))
            .collect();

        assert_eq!(described, BTreeSet::from(Metric::ALL.map(Metric::name)));
    }
}
