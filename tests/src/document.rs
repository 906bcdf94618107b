//! The API's document as it is served. Every answer that a test gets is held against it: a status, a
//! media type or a field that it does not describe fails the test.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::answer::Answer;

/// The kept copy, which `tests/tests/openapi.rs` holds against the routes.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../functions/directory/src/openapi.json");
    serde_json::from_str(text).unwrap()
});

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// What the edge answers for every path, whatever is there: nothing, not this method, a foreign host.
const OF_THE_EDGE: [u16; 2] = [405, 421];

/// The document.
#[must_use]
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// The part of the document that a reference leads to, or what is no reference.
#[must_use]
pub fn resolved(part: &Value) -> &Value {
    match part["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => part,
    }
}

/// A validator for a schema of the document; formats count.
#[must_use]
pub fn validator(schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap();
    let made = || {
        let whole = json!({ "allOf": [schema], "components": { "schemas": DOCUMENT["components"]["schemas"] } });
        let options = jsonschema::options().should_validate_formats(true);
        Arc::new(options.build(&whole).unwrap())
    };
    Arc::clone(validators.entry(schema.to_string()).or_insert_with(made))
}

/// The operation of the document that a request is for; the path is without its query.
#[must_use]
pub fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    // A path by its name counts before one with a parameter.
    let (_, operations) = paths
        .iter()
        .filter(|(pattern, _)| fits(pattern, path))
        .min_by_key(|(pattern, _)| pattern.matches('{').count())?;
    let method = if method == "HEAD" { "GET" } else { method };
    operations.get(method.to_lowercase())
}

fn fits(pattern: &str, path: &str) -> bool {
    let (names, parts) = (pattern.split('/'), path.split('/'));
    names.clone().count() == parts.clone().count()
        && names
            .zip(parts)
            .all(|(name, part)| name == part || (name.starts_with('{') && !part.is_empty()))
}

/// Fails where an answer is none that the document describes.
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let status = answer.status;
    if OF_THE_EDGE.contains(&status) {
        return;
    }
    let what = format!("{method} {path} answered {status}");
    let response = resolved(&operation["responses"][status.to_string()]);
    assert!(
        response.is_object(),
        "{what}, which the document does not name: {}",
        answer.text
    );
    for header in response["headers"].as_object().into_iter().flatten() {
        let is_optional = header.1["required"] == false
            || ["Retry-After", "Beckon-Next"].contains(&header.0.as_str());
        assert!(
            is_optional || !answer.header(header.0).is_empty(),
            "{what} without the header {}",
            header.0
        );
    }
    if method == "HEAD" {
        return;
    }
    let Some(content) = response["content"].as_object() else {
        assert!(
            answer.text.is_empty(),
            "{what} with a body: {}",
            answer.text
        );
        return;
    };
    let media = answer.header("content-type");
    let media = media.split(';').next().unwrap_or_default();
    let described = content.get(media);
    let described =
        described.unwrap_or_else(|| panic!("{what} as {media}, which the document does not name"));
    if !media.ends_with("json") {
        return;
    }
    let body = answer.json();
    let wrong: Vec<String> = validator(&described["schema"])
        .iter_errors(&body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        wrong.is_empty(),
        "{what} with what the document does not describe:\n{}\n{body}",
        wrong.join("\n")
    );
}
