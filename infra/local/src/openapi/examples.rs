//! What a request and its answer look like, for every operation: `examples.json`, by operation id, and
//! there also what refusals of its own look like.
//! Each is held against its schema by `tests/tests/openapi.rs`.

use anyhow::Context as _;
use serde_json::Value;

const EXAMPLES: &str = include_str!("examples.json");

/// Adds the examples to the requests and the successful answers.
pub(super) fn add(document: &mut Value) -> anyhow::Result<()> {
    let examples: Value = serde_json::from_str(EXAMPLES).context("examples.json cannot be read")?;
    for (_, operation) in super::operations(document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let of_this = &examples[id];
        let (request, answer) = (of_this["request"].clone(), of_this["answer"].clone());
        if let Some(body) = operation.get_mut("requestBody") {
            put(body, &request);
        }
        for (status, response) in super::members(operation, "responses") {
            let own = &of_this["refusals"][status];
            put(
                response,
                if status.starts_with('2') {
                    &answer
                } else {
                    own
                },
            );
        }
    }
    Ok(())
}

fn put(of: &mut Value, example: &Value) {
    if example.is_null() {
        return;
    }
    for (_, media) in super::members(of, "content") {
        media["example"] = example.clone();
    }
}
