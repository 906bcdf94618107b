//! The version that a caller expects to replace.

use beckon_domain::ids::Version;
use beckon_domain::problem::FieldProblem;
use beckon_runtime::Problem;
use http::{HeaderMap, StatusCode, header};

/// What `If-Match` says of `what`; `None` if anything may be replaced.
pub(crate) fn expected(headers: &HeaderMap, what: &str) -> Result<Option<Version>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if-match-required",
            "If-Match is required",
            format!(
                "Send If-Match with the ETag of the {what} you changed, so that nobody else's change is lost; If-Match: * replaces whatever there is."
            ),
        ));
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_start_matches("W/")
        .trim_matches('"')
        .parse()
        .map(|number| Some(Version::from_number(number)))
        .map_err(|_| {
            Problem::invalid_fields(vec![FieldProblem::new(
                "If-Match",
                "malformedETag",
                format!("is not an ETag of the {what}; copy it from GET /v1/{what}"),
            )])
        })
}
