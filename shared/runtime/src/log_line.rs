//! A line of the log: one JSON object whose fields stand side by side, those of the event and
//! those of every span around it, so that one query by `requestId` finds all lines of a request.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The span of the Lambda runtime. Its `requestId` is Lambda's, which is not the gateway's.
const LAMBDAS_SPAN: &str = "Lambda runtime invoke";

/// Writes such lines.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OneObject;

impl<S, N> FormatEvent<S, N> for OneObject
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Line::default();
        line.put("level", event.metadata().level().as_str());
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            let extensions = span.extensions();
            let fields = extensions
                .get::<FormattedFields<N>>()
                .and_then(|fields| serde_json::from_str::<Map<String, Value>>(&fields.fields).ok());
            for (name, value) in fields.unwrap_or_default() {
                if span.name() == LAMBDAS_SPAN && name == "requestId" {
                    line.0.insert("lambdaRequestId".to_owned(), value.clone());
                }
                line.0.insert(name, value);
            }
        }
        event.record(&mut line);
        line.put("target", event.metadata().target());
        writeln!(writer, "{}", Value::Object(line.0))
    }
}

#[derive(Default)]
struct Line(Map<String, Value>);

impl Line {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn put_text(&mut self, field: &Field, text: &str) {
        self.put(field.name(), without_addresses(text));
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put_text(field, &value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }
}

/// The last door that an address would have to pass: errors of other crates, such as those of a
/// parser, may quote what they were given.
fn without_addresses(text: &str) -> String {
    let is_address = |word: &str| {
        ["@", "%40"].iter().any(|at| {
            word.split_once(at).is_some_and(|(local, domain)| {
                local.contains(char::is_alphanumeric) && domain.contains('.')
            })
        })
    };
    if !text.contains('@') && !text.contains("%40") {
        return text.to_owned();
    }
    text.split_inclusive(|c: char| c.is_whitespace() || "\"'`<>()[]{},;=".contains(c))
        .map(|piece| {
            let word = piece
                .trim_end_matches(|c: char| c.is_whitespace() || "\"'`<>()[]{},;=".contains(c));
            if is_address(word) {
                format!("(address){}", piece.get(word.len()..).unwrap_or_default())
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_crate_quotes_passes_without_its_addresses() {
        assert_eq!(
            without_addresses(
                "invalid type: string \"ada.l@people.example\", expected u64 (at <bob+x@a.example>; /addresses/ada%40people.example)"
            ),
            "invalid type: string \"(address)\", expected u64 (at <(address)>; (address))"
        );
        for harmless in [
            "Missing final '@domain'",
            "arn:aws:ses:eu-west-1:1:identity/example.com",
            "",
        ] {
            assert_eq!(without_addresses(harmless), harmless);
        }
    }
}
