//! What lies around every router: answers for what no route takes, and headers for all.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::Problem;
use crate::identity_provider::IdentityProvider;

/// Puts the edge around a router. Once, after the routers of several functions were merged.
pub fn around(router: Router) -> Router {
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn(headers))
}

/// The same in Lambda, where the caller is in the token that the authorizer has verified.
pub fn in_lambda(router: Router) -> Router {
    let provider = Arc::new(IdentityProvider::from_environment(
        &crate::config::environment,
    ));
    around(router).layer(from_fn(move |request, next| {
        crate::caller::from_token(Arc::clone(&provider), request, next)
    }))
}

async fn no_route() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-such-route",
        "No such route",
        "Nothing answers at this path; /openapi.json lists what does.",
    )
}

async fn no_method() -> Response {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Method not allowed",
        "This path does not take this method; /openapi.json lists what it takes.",
    )
    .into_response()
}

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    // What the API answers is personal, and some of it secret.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
