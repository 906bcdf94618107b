//! Who may talk to the local system: this machine, by its own name. A page of another site whose
//! name was made to point here (DNS rebinding) comes with that site's name.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use beckon_runtime::Problem;
use http::{StatusCode, header};

/// Refuses a request that names another host.
pub(crate) async fn only_loopback(request: Request, next: Next) -> Response {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or_else(|| request.uri().host());
    if named.is_some_and(is_loopback) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "foreign-host",
        "Foreign host",
        "The local system answers to 127.0.0.1 and localhost only.",
    )
    .into_response()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    matches!(name, "127.0.0.1" | "localhost" | "::1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_are_answered() {
        for own in ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "[::1]:8080"] {
            assert!(is_loopback(own), "{own}");
        }
        for foreign in [
            "evil.example",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example",
            "",
            "10.0.0.1",
        ] {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }
}
