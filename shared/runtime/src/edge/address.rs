//! Where the API answers, for functions whose links lead there.
//!
//! The deployment cannot tell them: an API comes after its functions. The gateway says it with each
//! request, in the context that it writes itself. No header is believed.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use lambda_http::request::RequestContext;
use thiserror::Error;
use tower::ServiceExt as _;

use crate::problem::Problem;

#[derive(Debug, Error)]
#[error("the gateway has not said under which domain name it took a request")]
struct NoDomain;

/// The routes of a function that names the enrolment page, in Lambda.
///
/// `routes` gets the address of that page: `given` where a configuration names one, as under
/// `cargo lambda watch`, and else the one at which the gateway took the request.
pub fn in_lambda_at<F>(given: Option<String>, routes: F) -> Router
where
    F: Fn(String) -> Router + Send + Sync + 'static,
{
    if let Some(page) = given {
        return super::in_lambda(routes(page));
    }
    let at = Arc::new(At {
        routes: move |page| super::in_lambda(routes(page)),
        first: OnceLock::new(),
    });
    Router::new().fallback(move |request| {
        let at = Arc::clone(&at);
        async move { at.answer(request).await }
    })
}

struct At<F> {
    routes: F,
    /// The page at the address of the first request, and its routes. An API has one address, so
    /// there is hardly ever another.
    first: OnceLock<(String, Router)>,
}

impl<F: Fn(String) -> Router> At<F> {
    async fn answer(&self, request: Request) -> Response {
        let Some(domain) = domain_of(&request) else {
            return Problem::unavailable(&NoDomain).into_response();
        };
        let page = format!("https://{domain}/enroll");
        let (known, router) = self
            .first
            .get_or_init(|| (page.clone(), (self.routes)(page.clone())));
        let router = if *known == page {
            router.clone()
        } else {
            (self.routes)(page)
        };
        match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// The domain name at which the gateway took a request: its own, or the one that is mapped to the API.
fn domain_of(request: &Request) -> Option<&str> {
    let RequestContext::ApiGatewayV2(context) = request.extensions().get()? else {
        return None;
    };
    let domain = context.domain_name.as_deref()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (!domain.is_empty() && domain.bytes().all(plain)).then_some(domain)
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::routing::get;
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    async fn asked(router: &Router, path: &str, domain: Option<&str>) -> (StatusCode, String) {
        let mut event = json!({
            "version": "2.0", "routeKey": format!("GET {path}"), "rawPath": path, "rawQueryString": "",
            "headers": { "host": "elsewhere.example", "x-forwarded-host": "elsewhere.example" },
            "requestContext": {
                "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "r", "timeEpoch": 0,
                "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.10" },
            },
            "isBase64Encoded": false,
        });
        if let Some(domain) = domain {
            event["requestContext"]["domainName"] = json!(domain);
        }
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn router(given: Option<&str>) -> Router {
        in_lambda_at(given.map(ToOwned::to_owned), |page| {
            Router::new().route(
                "/page/{id}",
                get(async move |_: axum::extract::Path<String>| page),
            )
        })
    }

    #[tokio::test]
    async fn links_lead_to_the_domain_name_that_the_gateway_says_and_to_no_header() {
        let router = router(None);

        for domain in [
            "a1b2.execute-api.eu-west-1.amazonaws.com",
            "enroll.example.com",
        ] {
            let answer = asked(&router, "/page/1", Some(domain)).await;

            assert_eq!(answer, (StatusCode::OK, format!("https://{domain}/enroll")));
        }
    }

    #[tokio::test]
    async fn without_a_plain_domain_name_nothing_is_answered() {
        for domain in [
            None,
            Some(""),
            Some("evil.example/path"),
            Some("user@evil.example"),
        ] {
            let (status, _) = asked(&router(None), "/page/1", domain).await;

            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{domain:?}");
        }
    }

    #[tokio::test]
    async fn an_address_from_the_configuration_comes_first() {
        let (_, page) = asked(
            &router(Some("http://127.0.0.1:8080/enroll")),
            "/page/1",
            Some("a1b2.execute-api.eu-west-1.amazonaws.com"),
        )
        .await;

        assert_eq!(page, "http://127.0.0.1:8080/enroll");
    }

    #[tokio::test]
    async fn what_no_route_takes_is_answered_as_everywhere() {
        let (status, body) = asked(&router(None), "/nothing", Some("enroll.example.com")).await;

        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains("no-such-route"), "{body}");
    }
}
