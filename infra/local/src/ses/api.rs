//! The REST API of SES v2, as `aws-sdk-sesv2` calls it.
//!
//! Owns: routes, and the translation between HTTP and the endpoint. Must not know how a decision is
//! made or a mail kept.

use axum::{
    Json, Router,
    body::to_bytes,
    extract::{ConnectInfo, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{any, delete, get, post},
};
use serde_json::json;

use super::{
    Connection, SesEndpoint,
    answer::{Refusal, with_request_id},
    faults::Effect,
    request,
};

/// 40 MB of mail with every character escaped in JSON stays below this in practice, and a body beyond
/// it is too large whatever it holds.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// The routes under `/v2/email/`.
pub(super) fn router(endpoint: SesEndpoint) -> Router {
    Router::new()
        .route(
            "/v2/email/outbound-emails",
            post(send_email).fallback(unknown),
        )
        .route("/v2/email/account", get(get_account).fallback(unknown))
        .route(
            "/v2/email/suppression/addresses/{address}",
            delete(delete_suppressed_destination).fallback(unknown),
        )
        .route("/v2/email/{*operation}", any(unknown))
        .layer(middleware::from_fn(refuse_foreign_hosts))
        .with_state(endpoint)
}

/// A page of another site can make a browser call loopback, but not under a loopback name.
async fn refuse_foreign_hosts(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .map(|host| host.to_str().unwrap_or_default());
    if host.is_none_or(is_loopback) {
        next.run(request).await
    } else {
        (
            StatusCode::MISDIRECTED_REQUEST,
            "The local SES answers on loopback names only.",
        )
            .into_response()
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

async fn send_email(State(endpoint): State<SesEndpoint>, request: Request) -> Response {
    let connection = request
        .extensions()
        .get::<ConnectInfo<Connection>>()
        .map(|ConnectInfo(connection)| connection.clone());
    let message = match read_message(request).await {
        Ok(message) => message,
        Err(refusal) => return refusal.into_response(),
    };

    let effect = endpoint.account().next_fault();
    match effect {
        None => accept(endpoint, message).await,
        Some(Effect::Refuse(refusal)) => refusal.into_response(),
        Some(Effect::Cut) => cut(connection.as_ref()),
        Some(Effect::Stall(time)) => {
            tokio::time::sleep(time).await;
            Refusal::unavailable().into_response()
        }
        Some(Effect::AcceptThenCut) => {
            let answer = accept(endpoint, message).await;
            if answer.status() == StatusCode::OK {
                cut(connection.as_ref())
            } else {
                answer
            }
        }
    }
}

async fn read_message(request: Request) -> Result<request::Message, Refusal> {
    // A form on another site can post text to loopback without asking, but not JSON.
    if !is_json(request.headers()) {
        return Err(Refusal::serialization(
            "The content type must be application/json.",
        ));
    }
    let body = to_bytes(request.into_body(), MAX_BODY_BYTES)
        .await
        .map_err(|_| request::too_large())?;
    request::parse(&body)
}

/// Whether a request says that its body is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| {
            let kind = kind.trim();
            kind.eq_ignore_ascii_case("application/json")
                || kind.eq_ignore_ascii_case("application/x-amz-json-1.1")
        })
}

async fn accept(endpoint: SesEndpoint, message: request::Message) -> Response {
    let accepted = tokio::task::spawn_blocking(move || endpoint.accept(message))
        .await
        .unwrap_or_else(|error| Err(Refusal::internal(&error.into())));
    match accepted {
        Ok(id) => with_request_id(Json(json!({ "MessageId": id })).into_response()),
        Err(refusal) => refusal.into_response(),
    }
}

/// Closes the connection. The answer that is returned is never written, unless the server runs on a
/// listener whose connections cannot be cut.
fn cut(connection: Option<&Connection>) -> Response {
    if let Some(connection) = connection {
        connection.cut();
    } else {
        tracing::warn!("a connection was to be cut, but this server cannot do it: 500 instead");
    }
    Refusal::server_error().into_response()
}

async fn get_account(State(endpoint): State<SesEndpoint>) -> Response {
    let now = endpoint.inner.clock.now();
    let account = endpoint.account().get_account(now);
    with_request_id(Json(account).into_response())
}

async fn delete_suppressed_destination(
    State(endpoint): State<SesEndpoint>,
    Path(address): Path<String>,
) -> Response {
    let removed = tokio::task::spawn_blocking(move || endpoint.account().unsuppress(&address))
        .await
        .unwrap_or(false);
    if removed {
        with_request_id(Json(json!({})).into_response())
    } else {
        Refusal::not_found("Email address does not exist on your suppression list.").into_response()
    }
}

async fn unknown(request: Request) -> Response {
    Refusal::unknown_operation(format!(
        "The local SES does not know {} {}.",
        request.method(),
        request.uri().path()
    ))
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_answered() {
        for host in [
            "localhost",
            "127.0.0.1:4579",
            "localhost:8080",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:80",
            "127.0.0.1.evil",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
