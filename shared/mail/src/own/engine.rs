//! The template engine as wordings get it: it can do nothing, and not for long. It sees no value
//! but the facts that it is given.

use std::io;

use beckon_domain::values::problem::FieldProblem;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};

use super::Part;

/// Steps of the template engine. Our own mails take less than two hundred.
const FUEL: u64 = 50_000;
/// What a filled part may have, in bytes; Gmail shows the first 102 KB of a mail.
const MAX_PART_BYTES: usize = 200 * 1024;

/// What the engine's error means to whoever wrote the template. It quotes no value: there are none.
pub(super) fn refused_by_engine(part: Part, error: &minijinja::Error) -> FieldProblem {
    let line = error.line().unwrap_or(1);
    match error.kind() {
        ErrorKind::OutOfFuel => part.problem(
            "neverEnds",
            format!("does not come to an end: filling it takes more than {FUEL} steps"),
        ),
        ErrorKind::WriteFailure => part.problem(
            "tooLarge",
            format!("becomes larger than {MAX_PART_BYTES} bytes when it is filled"),
        ),
        ErrorKind::SyntaxError => part.problem(
            "malformed",
            format!(
                "line {line}: {}",
                error
                    .detail()
                    .unwrap_or("a condition or a list is not well formed")
            ),
        ),
        kind => part.problem(
            "notFilled",
            format!("line {line}: cannot be filled ({kind})"),
        ),
    }
}

/// A template engine that can do nothing: no filter, no function, no other template.
pub(super) fn sandbox<'source>() -> Environment<'source> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine.set_auto_escape_callback(|name| {
        if name == Part::Html.field() {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    engine
}

/// Takes what a template writes, up to a limit.
struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_PART_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A source with placeholders in it.
pub(super) fn filled(part: Part, source: &str, facts: &Value) -> Result<String, FieldProblem> {
    let engine = sandbox();
    let mut taken = Limited(Vec::new());
    engine
        .template_from_named_str(part.field(), source)
        .and_then(|template| template.render_captured_to(facts.clone(), &mut taken))
        .map_err(|error| refused_by_engine(part, &error))?;
    String::from_utf8(taken.0).map_err(|_| part.problem("notFilled", "does not come out as text"))
}
