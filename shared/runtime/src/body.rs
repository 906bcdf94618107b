//! JSON bodies: read whole, refused with the field that is wrong.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use beckon_domain::problem::FieldProblem;
use http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::Problem;

/// The largest body: ten thousand ids are 300 KB.
pub const LARGEST_BODY: usize = 1024 * 1024;

/// A parsed JSON body with the bytes it was parsed from, by which a repeated request is known.
#[derive(Debug)]
pub struct JsonBody<T> {
    /// What it says.
    pub value: T,
    /// As it came.
    pub bytes: Bytes,
}

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "Not JSON",
                "Send the body as JSON, with the header Content-Type: application/json.",
            ));
        }
        let bytes = axum::body::to_bytes(request.into_body(), LARGEST_BODY)
            .await
            .map_err(|_| too_large())?;
        let value = parse(&bytes)?;
        Ok(Self { value, bytes })
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large",
        format!(
            "A body may have at most {LARGEST_BODY} bytes; select many users by filter instead of by id."
        ),
    )
}

/// Parses a body; what is wrong is said by field where JSON itself is well formed.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.inner();
        match cause.classify() {
            serde_json::error::Category::Data => {
                let field = if path == "." { String::new() } else { path };
                let (code, detail) = wrong(cause);
                Problem::invalid_fields(vec![FieldProblem::new(field, code, detail)])
            }
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => malformed(cause),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    // Serde also takes a list for a structure, field by field in the order of our source.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::invalid_fields(vec![FieldProblem::new(
            "",
            "wrongType",
            "must be an object",
        )]));
    }
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed-json",
        "Malformed JSON",
        format!(
            "The body is not JSON: line {}, column {}.",
            error.line(),
            error.column()
        ),
    )
}

/// Serde's sentence in words of JSON: without its position, which `field` tells, and without the
/// value, which may be a secret.
fn wrong(error: &serde_json::Error) -> (&'static str, String) {
    let text = error.to_string();
    let sentence = text.split(" at line ").next().unwrap_or(&text);
    let expected = sentence.split_once("expected ").map(|(_, what)| what);
    if sentence.starts_with("unknown field") {
        let known = expected.map_or_else(String::new, |names| {
            format!("; known are {}", names.trim_start_matches("one of "))
        });
        return ("unknownField", format!("is not known here{known}"));
    }
    if let Some(name) = sentence.strip_prefix("missing field ") {
        return ("missing", format!("lacks {name}"));
    }
    let detail = match expected {
        Some(what) if sentence.starts_with("invalid") => {
            format!("must be {}", in_words_of_json(what))
        }
        Some(what) if sentence.starts_with("unknown variant") => format!("must be {what}"),
        _ => "has the wrong form".to_owned(),
    };
    ("wrongType", detail)
}

fn in_words_of_json(expected: &str) -> &str {
    match expected {
        "i64" | "u64" | "i32" | "u32" | "u16" | "u8" | "usize" => "a whole number",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        #[expect(dead_code, reason = "only parsed")]
        pin: String,
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_by_field_and_never_repeated() {
        let problem = parse::<Document>(br#"{"pin": 12345678}"#).unwrap_err();

        assert_eq!(problem.status, 422);
        assert_eq!(problem.errors[0].field, "pin");
        assert!(
            !serde_json::to_string(&problem)
                .unwrap()
                .contains("12345678")
        );
    }

    #[test]
    fn a_list_is_not_taken_for_the_fields_of_an_object_in_their_order() {
        let problem = parse::<Document>(br#" ["12345678"]"#).unwrap_err();

        assert_eq!(problem.status, 422);
        assert_eq!(problem.errors[0].detail, "must be an object");
    }

    #[test]
    fn what_is_not_json_and_what_follows_json_is_malformed() {
        for body in [&b"{"[..], b"nonsense", b"{\"pin\":\"1\"} trailing"] {
            assert_eq!(parse::<Document>(body).unwrap_err().status, 400);
        }
    }
}
