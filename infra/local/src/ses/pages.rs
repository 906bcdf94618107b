//! The mailbox over HTTP: JSON for tests and tools, and a page for people.
//!
//! Owns: the routes under `/local/mailbox` and `/mailbox`. Must not know how mail is accepted.

mod listing;

use std::fs::File;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    SesEndpoint,
    captured::{self, Mail, Summary},
    control::problem,
    view,
};

const PAGE: &str = include_str!("../pages/mailbox.html");
const SCRIPT: &str = include_str!("../pages/mailbox.js");
const STYLE: &str = include_str!("../pages/mailbox.css");

/// The page fetches its list, shows a mail in a frame, and needs nothing from elsewhere.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                           connect-src 'self'; frame-src 'self'; img-src data:; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How many summaries the page gets at a time.
const LIST_PAGE_SIZE: usize = 200;

/// The routes.
pub(super) fn router(endpoint: SesEndpoint) -> Router {
    Router::new()
        .route("/local/mailbox", get(list).delete(empty))
        .route("/local/mailbox/{id}", get(one))
        .route("/local/mailbox/{id}/view", get(shown))
        .route("/mailbox", get(page))
        .route("/mailbox/mailbox.js", get(script))
        .route("/mailbox/mailbox.css", get(style))
        .route("/mailbox/list", get(summaries))
        .with_state(endpoint)
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    to: Option<String>,
    limit: Option<usize>,
}

async fn list(State(endpoint): State<SesEndpoint>, Query(query): Query<ListQuery>) -> Response {
    let (path, places) = {
        let mailbox = endpoint.mailbox();
        (
            mailbox.path().to_owned(),
            mailbox.places(query.to.as_deref(), query.limit),
        )
    };
    (
        [(header::CONTENT_TYPE, "application/json")],
        listing::body(path, &places),
    )
        .into_response()
}

async fn empty(State(endpoint): State<SesEndpoint>) -> Response {
    let emptied = tokio::task::spawn_blocking(move || {
        let now = endpoint.inner.clock.now();
        endpoint.account().before_emptying(now)?;
        endpoint.mailbox().empty()
    })
    .await
    .unwrap_or_else(|error| Err(error.into()));
    match emptied {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failed(&error),
    }
}

async fn one(State(endpoint): State<SesEndpoint>, Path(id): Path<String>) -> Response {
    match stored(endpoint, &id).await {
        Ok(Some(bytes)) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Ok(None) => missing(),
        Err(error) => failed(&error),
    }
}

async fn shown(State(endpoint): State<SesEndpoint>, Path(id): Path<String>) -> Response {
    let mail: Mail = match stored(endpoint, &id).await {
        Ok(Some(bytes)) => match serde_json::from_slice(&bytes) {
            Ok(mail) => mail,
            Err(error) => return failed(&error.into()),
        },
        Ok(None) => return missing(),
        Err(error) => return failed(&error),
    };
    document(
        "text/html; charset=utf-8",
        view::POLICY,
        view::document(&mail),
    )
}

/// The bytes of one mail, which are JSON.
async fn stored(endpoint: SesEndpoint, id: &str) -> std::io::Result<Option<Vec<u8>>> {
    let (path, place) = {
        let mailbox = endpoint.mailbox();
        (mailbox.path().to_owned(), mailbox.place(id))
    };
    let Some(place) = place else {
        return Ok(None);
    };
    tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        captured::read(&mut File::open(path)?, place, &mut bytes)?;
        Ok(Some(bytes))
    })
    .await?
}

#[derive(Debug, Deserialize)]
struct SummariesQuery {
    after: Option<String>,
    before: Option<String>,
    #[serde(default)]
    q: String,
}

/// The page's own list: summaries, newest first, at most [`LIST_PAGE_SIZE`] of them.
async fn summaries(
    State(endpoint): State<SesEndpoint>,
    Query(query): Query<SummariesQuery>,
) -> Response {
    let wanted = query.q.to_lowercase();
    let matches = |summary: &&Summary| {
        wanted.is_empty()
            || summary.to.to_lowercase().contains(&wanted)
            || summary.subject.to_lowercase().contains(&wanted)
    };
    let mailbox = endpoint.mailbox();
    let mut items: Vec<Summary> = match (&query.after, &query.before) {
        (Some(after), _) => newest(mailbox.after(after).filter(matches)),
        (None, Some(before)) => newest(mailbox.before(before).filter(matches)),
        (None, None) => newest(mailbox.summaries().filter(matches)),
    };
    let more = items.len() > LIST_PAGE_SIZE;
    items.truncate(LIST_PAGE_SIZE);
    Json(json!({
        "items": items,
        "more": more,
        "total": mailbox.summaries().len(),
        "timesEmptied": mailbox.times_emptied(),
    }))
    .into_response()
}

/// One more than fits, so that it shows whether there is more.
fn newest<'a>(summaries: impl DoubleEndedIterator<Item = &'a Summary>) -> Vec<Summary> {
    summaries.rev().take(LIST_PAGE_SIZE + 1).cloned().collect()
}

async fn page() -> Response {
    document("text/html; charset=utf-8", PAGE_POLICY, PAGE)
}

async fn script() -> Response {
    document("text/javascript; charset=utf-8", PAGE_POLICY, SCRIPT)
}

async fn style() -> Response {
    document("text/css; charset=utf-8", PAGE_POLICY, STYLE)
}

fn document(
    content_type: &'static str,
    policy: &'static str,
    content: impl Into<axum::body::Body>,
) -> Response {
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, content.into()).into_response()
}

fn missing() -> Response {
    problem(StatusCode::NOT_FOUND, "no mail in the mailbox has this id")
}

fn failed(error: &std::io::Error) -> Response {
    tracing::error!(error = %error, "the local mailbox cannot be used");
    problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
}
