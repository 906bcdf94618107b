//! The levers of the local SES: faults, and the account's limits.
//!
//! Owns: the routes under `/local/ses/`. Must not know what a fault does.

use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{SesEndpoint, api::is_json, faults::Order};

/// An order is a few words.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The routes.
pub(super) fn router(endpoint: SesEndpoint) -> Router {
    Router::new()
        .route(
            "/local/ses/faults",
            post(order_fault).get(show_faults).delete(clear_faults),
        )
        .route("/local/ses/account", get(show_account).put(change_account))
        .with_state(endpoint)
}

async fn order_fault(State(endpoint): State<SesEndpoint>, request: Request) -> Response {
    let order: Order = match read(request).await {
        Ok(order) => order,
        Err(answer) => return answer,
    };
    let ordered = endpoint.account().order(&order);
    match ordered {
        Ok(()) => show_faults(State(endpoint)).await,
        Err(reason) => problem(StatusCode::BAD_REQUEST, &reason),
    }
}

async fn show_faults(State(endpoint): State<SesEndpoint>) -> Response {
    let faults = endpoint.account().faults();
    Json(faults).into_response()
}

async fn clear_faults(State(endpoint): State<SesEndpoint>) -> StatusCode {
    endpoint.account().clear_faults();
    StatusCode::NO_CONTENT
}

async fn change_account(State(endpoint): State<SesEndpoint>, request: Request) -> Response {
    let change = match read(request).await {
        Ok(change) => change,
        Err(answer) => return answer,
    };
    let now = endpoint.inner.clock.now();
    let changed = endpoint.account().change(&change, now);
    match changed {
        Ok(()) => show_account(State(endpoint)).await,
        Err(reason) => problem(StatusCode::BAD_REQUEST, &reason),
    }
}

async fn show_account(State(endpoint): State<SesEndpoint>) -> Response {
    let now = endpoint.inner.clock.now();
    let account = endpoint.account().view(now);
    Json(account).into_response()
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Response> {
    if !is_json(request.headers()) {
        return Err(problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type must be application/json",
        ));
    }
    let body = to_bytes(request.into_body(), MAX_BODY_BYTES)
        .await
        .map_err(|error| problem(StatusCode::BAD_REQUEST, &error.to_string()))?;
    beckon_runtime::objects::from_slice(&body)
        .map_err(|error| problem(StatusCode::BAD_REQUEST, &error.to_string()))
}

/// A refusal of the local routes, which are not AWS's and so need not look like them.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = json!({ "title": title, "status": status.as_u16(), "detail": detail });
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        axum::http::HeaderValue::from_static("application/problem+json"),
    );
    response
}
