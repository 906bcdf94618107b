//! Who may talk to the local system: this machine, by its own name. A page of another site whose
//! name was made to point here (DNS rebinding) comes with that site's name.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use beckon_runtime::Problem;
use http::{StatusCode, header};

/// Refuses a request that names another host, or that a page of another site makes: a POST without
/// a body needs no permission from us to be sent.
pub(crate) async fn only_loopback(request: Request, next: Next) -> Response {
    if is_ours(&request) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "foreign-host",
        "Foreign host",
        "The local system answers to 127.0.0.1 and localhost only, and to its own pages.",
    )
    .into_response()
}

fn is_ours(request: &Request) -> bool {
    let text = |name| {
        let value = request.headers().get(name)?;
        value.to_str().ok()
    };
    let named = text(header::HOST).or_else(|| request.uri().host());
    let page = text(header::ORIGIN).map(|origin| origin.trim_start_matches("http://"));
    named.is_some_and(is_loopback) && page.is_none_or(|page| Some(page) == named)
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
