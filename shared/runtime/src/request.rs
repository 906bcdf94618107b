//! One id for a request, by which it is followed from the gateway's access log through the lines
//! of each function to the batch and the mails that came of it: API Gateway's own where it called,
//! else Lambda's, else one made here. It names nobody and opens nothing.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use beckon_domain::ports::entropy::Entropy as _;
use beckon_domain::values::ids::RequestId;
use http::{HeaderName, HeaderValue};
use lambda_http::request::RequestContext;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use crate::{Authorised, SystemEntropy};

/// Where an answer says which request it answers.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The request that is being answered by this task.
#[must_use]
pub fn current() -> Option<RequestId> {
    CURRENT.try_with(Clone::clone).ok()
}

/// A layer that gives each request its id: its log lines carry it, and so does the answer.
pub(crate) async fn identified(request: Request, next: Next) -> Response {
    let id = id_of(&request);
    let span = if let Some(actor) = actor_of(&request) {
        tracing::info_span!("request", requestId = id.as_str(), actor)
    } else {
        tracing::info_span!("request", requestId = id.as_str())
    };
    let answered = next.run(request).instrument(span);
    let mut response = CURRENT.scope(id.clone(), answered).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

fn id_of(request: &Request) -> RequestId {
    let by_gateway = || match request.extensions().get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => RequestId::parse(context.request_id.as_deref()?),
        _ => None,
    };
    let by_lambda = || {
        let context = request.extensions().get::<lambda_http::Context>()?;
        RequestId::parse(&context.request_id)
    };
    by_gateway()
        .or_else(by_lambda)
        .unwrap_or_else(|| RequestId::new(SystemEntropy::new().ulid()))
}

/// Who calls, as logs name them: by the subject of their token. Nobody is named on public routes.
fn actor_of(request: &Request) -> Option<String> {
    request.extensions().get::<Authorised>()?;
    let by_token = || match request.extensions().get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => {
            let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
            ["sub", "client_id", "cid"]
                .iter()
                .find_map(|name| claims.get(*name).filter(|value| !value.is_empty()))
                .map(|subject| nameless(subject))
        }
        _ => None,
    };
    Some(by_token().unwrap_or_else(|| "local".to_owned()))
}

/// A subject that could be an address or a name of somebody is logged as a digest, by which lines
/// of the same caller still find each other. Ids have digits; Auth0 writes a machine's with `@clients`.
fn nameless(subject: &str) -> String {
    let id = subject.strip_suffix("@clients").unwrap_or(subject);
    let opaque = id.len() <= 128
        && id.chars().any(|c| c.is_ascii_digit())
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_|.:".contains(c));
    if opaque {
        return id.to_owned();
    }
    let digest = Sha256::digest(subject.as_bytes());
    let first = digest.first_chunk().copied().unwrap_or_default();
    format!("sha256-{:016x}", u64::from_be_bytes(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_providers_are_logged_as_they_are_and_addresses_and_names_are_not() {
        for id in [
            "f4b8e4a8-1061-70c1-d9a3-0f8b5a0e7c11",
            "auth0|507f1f77bcf86cd799439020",
            "00u1a2b3c4D5e6F7g8h9",
            "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ1",
        ] {
            assert_eq!(nameless(id), id);
        }
        assert_eq!(nameless("abcDEF123@clients"), "abcDEF123");
        for personal in [
            "ada@example.com",
            "ada",
            "Ada Lovelace",
            "ada.l@example.com@clients",
        ] {
            let logged = nameless(personal);
            assert!(logged.starts_with("sha256-"), "{logged}");
            assert_eq!(logged, nameless(personal));
        }
    }
}
