//! The `Idempotency-Key` header.

use beckon_domain::usecases::idempotency::RepeatableRequest;
use beckon_domain::values::problem::FieldProblem;
use http::HeaderMap;

use crate::{Authorised, Problem};

/// What makes this request repeatable, if it came with a key.
pub fn repeatable(
    headers: &HeaderMap,
    caller: &Authorised,
    route: &str,
    body: &[u8],
) -> Result<Option<RepeatableRequest>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > 255 {
        return Err(Problem::invalid_fields(vec![FieldProblem::new(
            "Idempotency-Key",
            "malformedKey",
            "must be 1 to 255 visible ASCII characters",
        )]));
    }
    Ok(Some(RepeatableRequest::new(
        &caller.0.name,
        route,
        key,
        body,
    )))
}
