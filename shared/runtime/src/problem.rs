//! Refusals as RFC 9457 problem documents.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use beckon_domain::model::job::JobReason;
use beckon_domain::model::stored::Unreadable;
use beckon_domain::values::problem::FieldProblem;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// A problem document. `type` is stable: programs may rely on it, people read `detail`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:beckon:problem:` and a name.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of thing went wrong.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong here, and what to do.
    pub detail: String,
    /// One entry for each field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<FieldError>)]
    pub errors: Vec<FieldProblem>,
    /// Why something is `not-possible-now`, by the names that outcomes of jobs have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<JobReason>,
    /// Of what is `not-permitted`, the role that it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// What became of an invitation that has ended: `expired`, `used` or `cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<&'static str>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<jiff::Timestamp>,
    /// In how many seconds to try again: the header `Retry-After`.
    #[serde(skip)]
    #[schema(ignore)]
    pub retry_after: Option<i64>,
    /// The request that was refused, as the log of the deployment names it: tell it to whoever helps you.
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// A field that is wrong, or was let be.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where it stands.
    pub field: String,
    /// A stable name.
    pub code: String,
    /// What is wrong, or what to do.
    pub detail: String,
    /// What the sentence says in numbers and names, for whoever says it in another language: `least`, `most`,
    /// `domain`. Absent if there is nothing such.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    pub parameters: BTreeMap<String, String>,
}

/// For whoever puts an address where an id belongs.
const FINDING_PEOPLE: &str = " GET /v1/users/lookup finds people by their address or external id, GET /v1/users?text= by name, too.";

impl Problem {
    /// A problem.
    pub fn new(
        status: StatusCode,
        name: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:beckon:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            reason: None,
            role: None,
            ended: None,
            until: None,
            retry_after: None,
            request_id: None,
        }
    }

    /// Fields are wrong.
    #[must_use]
    pub fn invalid_fields(errors: Vec<FieldProblem>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.field.is_empty() => format!("The request {}.", one.detail),
            [one] => format!("{} {}.", one.field, one.detail),
            several => format!("{} fields must be put right; see errors.", several.len()),
        };
        Self {
            errors,
            ..Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-fields",
                "Fields are not acceptable",
                detail,
            )
        }
    }

    /// There is nothing at this address.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            format!(
                "There is no {what} at this address; check the id, it may have been deleted.{}",
                if what == "user" { FINDING_PEOPLE } else { "" }
            ),
        )
    }

    /// A record that the request needs cannot be read by this version. Repeating the request does
    /// not help, and the record is not gone.
    pub fn unreadable(row: &Unreadable) -> Self {
        tracing::error!(
            row = row.row,
            reason = row.reason,
            "a request needs a row that this version cannot read"
        );
        Self::new(
            StatusCode::CONFLICT,
            "unreadable-record",
            "A record cannot be read",
            format!(
                "The record {} is there, and this version of Beckon cannot read it: {}. It is left as it is; the operators have been told. Repeating the request does not help before they repair or release it.",
                row.row, row.reason
            ),
        )
    }

    /// Something behind us does not answer. The cause is logged here, once, and not shown.
    pub fn unavailable(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %chain(error), "a request could not be carried out");
        Self {
            retry_after: Some(1),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Try again in a moment",
                "Something this needs does not answer at the moment. Repeat the request, with the same Idempotency-Key if it had one.",
            )
        }
    }

    /// What `Retry-After` says, if anything: until a moment that is known, at least a second.
    fn seconds_to_wait(&self) -> Option<i64> {
        let until = self.until.map(|until| {
            let wait = until.duration_since(jiff::Timestamp::now());
            wait.as_secs().saturating_add(1).max(1)
        });
        until.or(self.retry_after)
    }
}

/// An error with everything that caused it.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let current = || crate::request::current().map(|id| id.as_str().to_owned());
        self.request_id = self.request_id.or_else(current);
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.seconds_to_wait() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
