//! The page that the invited see. Opening it changes nothing and sends nothing: mail scanners and
//! previews open links too. The page itself is kept nowhere, since what is typed into it may be kept
//! with it; its style and script hold nothing of anybody.

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
            get(async || {
                file(
                    "text/html; charset=utf-8",
                    "no-store",
                    include_str!("page/enroll.html"),
                )
            }),
        )
        .route(
            "/enroll/enroll.css",
            get(async || {
                file(
                    "text/css; charset=utf-8",
                    "no-cache",
                    include_str!("page/enroll.css"),
                )
            }),
        )
        .route(
            "/enroll/enroll.js",
            get(async || {
                file(
                    "text/javascript; charset=utf-8",
                    "no-cache",
                    include_str!("page/enroll.js"),
                )
            }),
        )
        .into()
}

fn file(media: &'static str, keeping: &'static str, body: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping));
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    const PAGE: &str = include_str!("page/enroll.html");
    const SCRIPT: &str = include_str!("page/enroll.js");

    /// What stands in quotes behind each of these.
    fn quoted<'a>(text: &'a str, before: &str) -> BTreeSet<&'a str> {
        text.split(before)
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect()
    }

    #[test]
    fn every_word_of_the_page_is_there_in_every_language() {
        let words = quoted(PAGE, "data-text=\"");
        let languages = SCRIPT.matches("\n    dir: \"").count();

        assert!(words.len() > 40 && languages >= 2);
        for word in words {
            let entries = SCRIPT.matches(&format!("\n    {word}: \"")).count();
            assert_eq!(entries, languages, "{word}");
        }
    }

    #[test]
    fn what_the_script_looks_for_is_on_the_page_once() {
        let ids = quoted(SCRIPT, "element(\"");

        assert!(ids.len() > 20);
        for id in ids {
            assert_eq!(PAGE.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
        }
    }
}
