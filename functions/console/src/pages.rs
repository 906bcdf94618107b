//! The documents: the page itself, how it is set up, and the frame for mails; each with its policy.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderValue, header};
use serde::Serialize;

use crate::assets::{HASH, asset};
use crate::{Console, Setup, SignIn};

const PAGE: &str = include_str!(concat!(env!("OUT_DIR"), "/index.html"));
const FRAME: &str = include_str!("../page/frame.html");
const PAGE_POLICY: &str = include_str!("../policy/page.csp");
const FRAME_POLICY: &str = include_str!("../policy/frame.csp");

pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(page))
        .route("/console/config", get(config))
        .route("/console/frame", get(frame))
        .route("/console/{hash}/{*file}", get(asset))
}

/// The page. It is kept nowhere, so that a new version is there with the next reload.
async fn page(State(console): State<Console>) -> Response {
    let sign_in = console.setup.sign_in.as_ref();
    let provider = sign_in.map(SignIn::connected).unwrap_or_default();
    document(PAGE, &policy(PAGE_POLICY, &provider))
}

/// The frame in which a mail is shown: mails bring their styles with them, so this one document allows such styles;
/// it runs no script and fetches nothing.
async fn frame() -> Response {
    document(FRAME, &policy(FRAME_POLICY, ""))
}

#[derive(Serialize)]
struct Config {
    #[serde(flatten)]
    setup: Setup,
    /// Which build serves the page now.
    version: &'static str,
}

async fn config(State(console): State<Console>) -> Response {
    Json(Config {
        setup: console.setup,
        version: HASH,
    })
    .into_response()
}

fn document(html: &'static str, policy: &str) -> Response {
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // What is no header's text came from the setup; without a policy nothing may be shown.
    let policy =
        HeaderValue::from_str(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// A directive stands on each line of the file.
fn policy(lines: &str, provider: &str) -> String {
    let directives: Vec<String> = lines
        .lines()
        .map(|line| line.replace("{provider}", provider).trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    directives.join("; ")
}

#[cfg(test)]
mod tests;
