//! The start page of the local system.

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderValue, header};

/// The start page.
pub(crate) struct StartPage;

impl StartPage {
    /// `GET /`, with the address at which the system answers filled in.
    pub(crate) fn router(address: &str) -> Router {
        let html = include_str!("pages/start.html").replace("http://127.0.0.1:8080", address);
        Router::new()
            .route(
                "/",
                get(move || async move { page("text/html; charset=utf-8", html) }),
            )
            .route(
                "/start.css",
                get(|| async {
                    page(
                        "text/css; charset=utf-8",
                        include_str!("pages/start.css").to_owned(),
                    )
                }),
            )
    }
}

fn page(media: &'static str, body: String) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    );
    response
}
