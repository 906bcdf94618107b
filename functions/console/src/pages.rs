//! The documents: the page itself, which holds how the deployment is set up, and the frame for mails; each with its
//! policy.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderValue, header};

use crate::assets::asset;
use crate::{Console, Setup, SignIn};

const PAGE: &str = include_str!(concat!(env!("OUT_DIR"), "/index.html"));
const FRAME: &str = include_str!("../page/frame.html");
const PAGE_POLICY: &str = include_str!("../policy/page.csp");
const FRAME_POLICY: &str = include_str!("../policy/frame.csp");

pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(page))
        .route("/console/frame", get(frame))
        .route("/console/{hash}/{*file}", get(asset))
}

/// The page. It is kept nowhere, so that a new version is there with the next reload.
async fn page(State(console): State<Console>) -> Response {
    let sign_in = console.setup.sign_in.as_ref();
    let provider = sign_in.map(SignIn::connected).unwrap_or_default();
    let html = PAGE.replace("{setup}", &attribute(&console.setup));
    document(html, &policy(PAGE_POLICY, &provider))
}

/// The setup as the value of an attribute. The page has it at once, without a request that everything else would wait for.
fn attribute(setup: &Setup) -> String {
    let json = serde_json::to_string(setup).unwrap_or_default();
    json.replace('&', "&amp;").replace('"', "&quot;")
}

/// The frame in which a mail is shown: mails bring their styles with them, so this one document allows such styles;
/// it runs no script and fetches nothing.
async fn frame() -> Response {
    document(FRAME.to_owned(), &policy(FRAME_POLICY, ""))
}

fn document(html: String, policy: &str) -> Response {
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
