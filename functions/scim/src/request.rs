//! What requests ask for: behind the question mark, in the body, of a list.

use axum::body::{Body, to_bytes};
use axum::extract::RawQuery;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::answer::Refusal;
use crate::attributes::Wanted;

/// The most resources on a page.
pub(crate) const PAGE_SIZE: usize = 100;

/// The largest body of most requests, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// The largest body that tells of a group: of 20,000 members, each with its address and its name. In base64 a body is a
/// third longer, and Lambda takes 6 MB.
const MAX_GROUP_BYTES: usize = 4 * 1024 * 1024;

/// What stands behind the question mark.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(RawQuery(query): RawQuery) -> Self {
        let decoded = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let query = query.unwrap_or_default();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self(
            pairs
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let (_, value) = pairs.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    pub(crate) fn wanted(&self) -> Wanted {
        Wanted::new(self.get("attributes"), self.get("excludedAttributes"))
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number: i64 = text
            .trim()
            .parse()
            .map_err(|_| Refusal::value(format!("{name} must be a number.")))?;
        // RFC 7644 reads a negative number as the least there may be.
        Ok(Some(usize::try_from(number).unwrap_or(0)))
    }
}

/// The body of a request, an object.
pub(crate) async fn object(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Refusal> {
    object_within(MAX_BODY_BYTES, headers, body).await
}

/// The body of a request that tells of a group and of all its members, an object.
pub(crate) async fn object_of_group(
    headers: &HeaderMap,
    body: Body,
) -> Result<Map<String, Value>, Refusal> {
    object_within(MAX_GROUP_BYTES, headers, body).await
}

async fn object_within(
    most: usize,
    headers: &HeaderMap,
    body: Body,
) -> Result<Map<String, Value>, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| kind.to_str().unwrap_or_default());
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let is_json = |kind: &str| {
        let known = ["application/scim+json", "application/json"];
        known.iter().any(|known| kind.eq_ignore_ascii_case(known))
    };
    if !kind.is_none_or(is_json) {
        return Err(Refusal::media_type());
    }
    let bytes = to_bytes(body, most)
        .await
        .map_err(|_| Refusal::too_large(most))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::syntax("The body must be an object.")),
        Err(error) => Err(Refusal::syntax(format!(
            "The body is no JSON: line {}, column {}.",
            error.line(),
            error.column()
        ))),
    }
}

/// What a list is asked for, behind a question mark or in the body of a search.
pub(crate) struct Asked {
    pub(crate) filter: Option<String>,
    pub(crate) start: usize,
    pub(crate) count: usize,
    pub(crate) wanted: Wanted,
}

impl Asked {
    pub(crate) fn in_query(query: &Query) -> Result<Self, Refusal> {
        Ok(Self {
            filter: query.get("filter").map(str::to_owned),
            start: query.number("startIndex")?.unwrap_or(1).max(1),
            count: query.number("count")?.unwrap_or(PAGE_SIZE).min(PAGE_SIZE),
            wanted: query.wanted(),
        })
    }

    pub(crate) fn in_body(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let pairs = body.iter().filter_map(|(name, value)| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Array(names) => {
                    let names = names.iter().filter_map(Value::as_str);
                    names.collect::<Vec<_>>().join(",")
                }
                Value::Null | Value::Bool(_) | Value::Object(_) => return None,
            };
            Some((name.clone(), text))
        });
        Self::in_query(&Query(pairs.collect()))
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use http::StatusCode;

    use super::*;

    fn document_of(bytes: usize) -> Body {
        let (begin, end) = ("{\"displayName\":\"", "\"}");
        let text = "x".repeat(bytes - begin.len() - end.len());
        Body::from(format!("{begin}{text}{end}"))
    }

    #[tokio::test]
    async fn a_body_of_a_group_may_be_larger_than_others_and_what_is_larger_is_said_to_be_so() {
        let headers = HeaderMap::new();
        for bytes in [MAX_BODY_BYTES, MAX_BODY_BYTES + 1] {
            assert!(object_of_group(&headers, document_of(bytes)).await.is_ok());
        }
        assert!(object(&headers, document_of(MAX_BODY_BYTES)).await.is_ok());
        let whole = object_of_group(&headers, document_of(MAX_GROUP_BYTES)).await;
        assert!(whole.is_ok());

        let other = object(&headers, document_of(MAX_BODY_BYTES + 1)).await;
        let group = object_of_group(&headers, document_of(MAX_GROUP_BYTES + 1)).await;

        for refused in [other, group] {
            let answer = refused.unwrap_err().into_response();
            assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
    }

    #[tokio::test]
    async fn a_body_of_many_objects_in_each_other_is_refused() {
        let body = Body::from("{\"a\":".repeat(30_000));

        let refused = object(&HeaderMap::new(), body).await.unwrap_err();

        assert_eq!(refused.code().1, Some("invalidSyntax"));
    }
}
