//! JSON bodies: read whole, refused with the fields that are wrong.

mod faults;
mod media;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use beckon_domain::values::problem::FieldProblem;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Problem, objects};

/// The largest body: ten thousand ids are 300 KB.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

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
        let charset = media::json(request.method(), request.headers())?;
        let bytes = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES)
            .await
            .map_err(|_| too_large())?;
        let value = parse(media::text(&bytes, charset)?)?;
        Ok(Self { value, bytes })
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large",
        format!(
            "A body may have at most {MAX_BODY_BYTES} bytes; spread what it says over several requests."
        ),
    )
}

/// Parses a body; what is wrong is said by field, all at once, where JSON itself is well formed.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut deserializer);
    let known = match read {
        Ok(value) => {
            deserializer.end().map_err(|error| malformed(&error))?;
            // A list may have been taken for an object; see `objects`.
            if !bytes.contains(&b'[') {
                return Ok(value);
            }
            None
        }
        Err(error) => named_twice(&error),
    };
    let document: Value = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    if !document.is_object() {
        let no_object = FieldProblem::new("", "wrongType", "must be an object");
        return Err(Problem::invalid_fields(vec![no_object]));
    }
    match objects::from_value(&document) {
        Ok(value) if known.is_none() => Ok(value),
        _ => Err(Problem::invalid_fields(faults::of::<T>(document, known))),
    }
}

fn named_twice(error: &serde_path_to_error::Error<serde_json::Error>) -> Option<FieldProblem> {
    let sentence = error.inner().to_string();
    let name = quoted_after(&sentence, "duplicate field ")?;
    let path = error.path().to_string();
    let field = if path == "." {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    };
    Some(FieldProblem::new(
        field,
        "namedTwice",
        "must stand there once",
    ))
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

/// The name in backquotes that follows the beginning of one of serde's sentences.
fn quoted_after<'a>(sentence: &'a str, beginning: &str) -> Option<&'a str> {
    let quoted = sentence.strip_prefix(beginning)?;
    quoted.strip_prefix('`')?.split('`').next()
}

/// Serde's sentence in words of JSON: without its position, which `field` tells, and without the
/// value, which may be a secret.
fn wrong(sentence: &str) -> (&'static str, String) {
    let expected = sentence.split_once("expected ").map(|(_, what)| what);
    if sentence.starts_with("unknown field") {
        let known = expected.map_or_else(String::new, |names| {
            format!("; known are {}", names.trim_start_matches("one of "))
        });
        return ("unknownField", format!("is not known here{known}"));
    }
    if sentence.starts_with("missing field") {
        return ("missing", "is missing and must be given".to_owned());
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
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Document {
        pin: String,
        tries: u8,
        alphabet: Alphabet,
        #[serde(default)]
        groups: Vec<String>,
        device: Option<Device>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Alphabet {
        Digits,
        Unambiguous,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Device {
        id: String,
        os_version: String,
        supervised: Option<bool>,
    }

    fn wrong_fields(body: &str) -> Vec<(String, &'static str)> {
        let problem = parse::<Document>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.status, 422);
        let entries = problem.errors.into_iter();
        entries.map(|entry| (entry.field, entry.code)).collect()
    }

    fn fields(fields: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
        let owned = fields
            .iter()
            .map(|(field, code)| ((*field).to_owned(), *code));
        owned.collect()
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_by_field_and_never_repeated() {
        let body = br#"{"pin": 12345678, "tries": 1, "alphabet": "digits"}"#;

        let problem = parse::<Document>(body).unwrap_err();

        assert_eq!(problem.errors[0].field, "pin");
        let answer = serde_json::to_string(&problem).unwrap();
        assert!(!answer.contains("12345678"));
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once_and_each_field_once() {
        let wrong = wrong_fields(
            r#"{"colour": "red", "pin": 1, "tries": "five", "alphabet": "runes",
                "groups": ["a", 2, "c", 4], "device": {"id": 7, "supervised": "yes", "size": 1}}"#,
        );

        assert_eq!(
            wrong,
            fields(&[
                ("alphabet", "wrongType"),
                ("colour", "unknownField"),
                ("device.id", "wrongType"),
                ("device.size", "unknownField"),
                ("device.supervised", "wrongType"),
                ("device.osVersion", "missing"),
                ("groups[1]", "wrongType"),
                ("groups[3]", "wrongType"),
                ("pin", "wrongType"),
                ("tries", "wrongType"),
            ])
        );
    }

    #[test]
    fn every_field_that_is_missing_is_named() {
        let wrong = wrong_fields(r#"{"device": {}}"#);

        assert_eq!(
            wrong,
            fields(&[
                ("device.id", "missing"),
                ("device.osVersion", "missing"),
                ("pin", "missing"),
                ("tries", "missing"),
                ("alphabet", "missing"),
            ])
        );
    }

    #[test]
    fn a_field_that_stands_there_twice_is_named_with_what_else_is_wrong() {
        let wrong = wrong_fields(
            r#"{"pin": "1", "device": {"id": "a", "id": "b", "osVersion": "1"}, "tries": true}"#,
        );

        assert_eq!(
            wrong,
            fields(&[
                ("device.id", "namedTwice"),
                ("tries", "wrongType"),
                ("alphabet", "missing"),
            ])
        );
    }

    #[test]
    fn of_very_many_problems_the_first_are_named() {
        let body = format!(r#"{{"groups": [{}1]}}"#, "1,".repeat(9_999));

        assert_eq!(wrong_fields(&body).len(), 20);
    }

    #[test]
    fn a_list_is_not_taken_for_the_fields_of_an_object_in_their_order() {
        for body in [&br#" ["12345678", 1, "digits"]"#[..], b"[]", b"1", b"null"] {
            let problem = parse::<Document>(body).unwrap_err();

            assert_eq!(problem.status, 422);
            assert_eq!(problem.errors[0].detail, "must be an object");
        }
    }

    #[test]
    fn nor_is_it_inside_a_document() {
        let inside = wrong_fields(
            r#"{"pin": "1", "tries": 1, "alphabet": "digits", "device": ["a", "1", true]}"#,
        );
        let beside_others = wrong_fields(r#"{"pin": 1, "device": []}"#);

        assert_eq!(inside, fields(&[("device", "wrongType")]));
        assert_eq!(
            beside_others,
            fields(&[
                ("device", "wrongType"),
                ("pin", "wrongType"),
                ("tries", "missing"),
                ("alphabet", "missing"),
            ])
        );
    }

    #[test]
    fn lists_stay_lists() {
        let body = br#"{"pin": "1", "tries": 1, "alphabet": "digits", "groups": ["a", "[b]"]}"#;

        assert_eq!(parse::<Document>(body).unwrap().groups, ["a", "[b]"]);
    }

    #[test]
    fn what_is_not_json_and_what_follows_json_is_malformed() {
        for body in [
            &b"{"[..],
            b"nonsense",
            b"{\"pin\":\"1\"} trailing",
            b"{\"pin\": 1, \"tries\"",
        ] {
            assert_eq!(parse::<Document>(body).unwrap_err().status, 400);
        }
    }
}
