//! What lies around every router: answers for what no route takes, and headers for all.

mod address;
mod nowhere;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::{HeaderValue, header};

use crate::identity_provider::IdentityProvider;

pub use address::in_lambda_at;
pub use nowhere::KNOWN_ROUTES;

/// Puts the edge around a router. Once, after the routers of several functions were merged.
pub fn around(router: Router) -> Router {
    router
        .fallback(nowhere::no_route)
        .method_not_allowed_fallback(nowhere::no_method)
        .layer(from_fn(headers))
        .layer(from_fn(crate::request::identified))
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
