//! The page that the invited see. Opening it changes nothing and sends nothing: mail scanners and
//! previews open links too.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use utoipa_axum::router::OpenApiRouter;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> OpenApiRouter {
    Router::new()
        .route(
            "/enroll",
            get(async || file("text/html; charset=utf-8", include_str!("page/enroll.html"))),
        )
        .route(
            "/enroll/enroll.css",
            get(async || file("text/css; charset=utf-8", include_str!("page/enroll.css"))),
        )
        .route(
            "/enroll/enroll.js",
            get(async || {
                file(
                    "text/javascript; charset=utf-8",
                    include_str!("page/enroll.js"),
                )
            }),
        )
        .into()
}

fn file(media: &'static str, body: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
