//! Paths and methods that no route takes. People who came to a wrong address get a page, and those
//! who meant the enrolment page are led there; programs get a problem document.

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use beckon_domain::values::text::trimmed;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;

use crate::Problem;

/// Every path of the API with its methods, a line each: `/v1/users/{id} DELETE GET PATCH`. API Gateway
/// gives what none of its routes takes to one function, which knows the others' routes from here.
/// `tests/tests/openapi.rs` writes it, and holds it against the routes.
pub const KNOWN_ROUTES: &str = include_str!("routes.txt");

const ENROLMENT_PAGE: &str = "/enroll";

/// How the enrolment page is spelt by people who type its address.
const MEANT_ENROLMENT: [&str; 4] = ["enroll", "enrol", "enrollment", "enrolment"];

/// What stands behind an address in a sentence, and is copied with it.
const PUNCTUATION: [char; 11] = ['.', ',', ';', ':', '!', '?', ')', ']', '>', '"', '\''];

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn no_route(request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads && means_enrolment(request.uri()) {
        // A link's token stands after the `#`, which browsers keep; what else stood there does not go on.
        return (
            StatusCode::PERMANENT_REDIRECT,
            [(header::LOCATION, ENROLMENT_PAGE)],
        )
            .into_response();
    }
    if let Some(methods) = methods_of(request.uri().path(), request.method()) {
        let mut response = no_method(request).await;
        if let Ok(methods) = HeaderValue::from_str(&methods) {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        return response;
    }
    if reads && wants_a_page(request.headers()) {
        return page();
    }
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-such-route",
        "No such route",
        "Nothing answers at this path; /openapi.json lists what does.",
    )
    .into_response()
}

/// The router adds the header `Allow`.
pub(super) async fn no_method(request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Method not allowed",
        "This path does not take this method; the header Allow lists what it takes, as does /openapi.json.",
    )
    .into_response()
}

/// Whether somebody meant the enrolment page: in any case, with slashes too many, or with what stood
/// behind the address where they copied it.
fn means_enrolment(uri: &Uri) -> bool {
    let path = uri.path();
    let Ok(read) = percent_decode_str(path).decode_utf8() else {
        return false;
    };
    let mut parts = read.split('/').map(name_in).filter(|part| !part.is_empty());
    let only = parts.next().filter(|_| parts.next().is_none());
    // The page's own address is no misspelling of it, wherever this runs.
    path != ENROLMENT_PAGE
        && only.is_some_and(|name| {
            MEANT_ENROLMENT
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
        })
}

fn name_in(part: &str) -> &str {
    trimmed(trimmed(part).trim_end_matches(PUNCTUATION))
}

/// The methods of a path that another function answers, unless this one is among them.
fn methods_of(path: &str, method: &Method) -> Option<String> {
    let mut lines = KNOWN_ROUTES.lines().filter_map(|line| line.split_once(' '));
    // A route by its name stands before one with a parameter in the same place: `counts`, then `{id}`.
    let (_, methods) = lines.find(|(pattern, _)| fits(pattern, path))?;
    let mut methods: Vec<&str> = methods.split(' ').collect();
    (!methods.contains(&method.as_str())).then(|| {
        methods.sort_unstable();
        methods.join(",")
    })
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut names, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (names.next(), parts.next()) {
            (None, None) => return true,
            (Some(name), Some(part)) if name == part => {}
            (Some(name), Some(part)) if name.starts_with('{') && !part.is_empty() => {}
            _ => return false,
        }
    }
}

/// Whether a person's browser asks: it names HTML, and wants it no less than JSON.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let ranges = accepted.unwrap_or_default();
    let html = weight(ranges, "text/html");
    html > 0.0
        && html
            >= weight(ranges, "application/json").max(weight(ranges, "application/problem+json"))
}

/// How much a media type is wanted, from 0 to 1, where it is named itself.
fn weight(ranges: &str, media: &str) -> f32 {
    let mut ranges = ranges.split(',').map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
        (name, weight.unwrap_or(1.0))
    });
    let named = ranges.find(|(name, _)| name.eq_ignore_ascii_case(media));
    named.map_or(0.0, |(_, weight)| weight)
}

fn page() -> Response {
    let html = include_str!("nowhere.html");
    let mut response = (StatusCode::NOT_FOUND, html).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(method: &str, path: &str, accept: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, accept)
            .body(axum::body::Body::empty())
            .unwrap();
        no_route(request).await
    }

    fn header_of<'a>(response: &'a Response, name: &str) -> &'a str {
        let value = response.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    #[tokio::test]
    async fn who_means_the_enrolment_page_is_led_there_without_what_stood_in_the_query() {
        for path in [
            "/enroll/",
            "/Enroll",
            "/ENROLL/",
            "//enroll",
            "/enrol",
            "/Enrol/?token=abc",
            "/Enrollment",
            "/enroll.",
            "/enroll%20",
            "/Enroll)%2C",
            "/enroll%E2%80%8B/",
            "/%65nroll",
        ] {
            for accept in [BROWSER, "*/*"] {
                let answer = asked("GET", path, accept).await;

                assert_eq!(answer.status(), 308, "{path}");
                assert_eq!(header_of(&answer, "location"), "/enroll", "{path}");
            }
        }
    }

    #[tokio::test]
    async fn what_only_looks_like_the_enrolment_page_does_not_lead_there() {
        for path in [
            "/enroll/x",
            "/enrolls",
            "/v1/enroll",
            "/",
            "/enroll%FF",
            "/enroll.html",
            "/...",
        ] {
            let answer = asked("GET", path, "*/*").await;

            assert_eq!(answer.status(), 404, "{path}");
        }
        // A function without the page must not send people in circles.
        assert_eq!(asked("GET", "/enroll", "*/*").await.status(), 404);
        assert_eq!(asked("POST", "/Enroll", "*/*").await.status(), 404);
    }

    #[tokio::test]
    async fn a_browser_gets_a_page_and_a_program_a_problem() {
        for (accept, media) in [
            (BROWSER, "text/html; charset=utf-8"),
            ("*/*", "application/problem+json"),
            ("", "application/problem+json"),
            ("application/json", "application/problem+json"),
            (
                "application/json, text/html;q=0.9",
                "application/problem+json",
            ),
            ("text/html;q=0", "application/problem+json"),
            ("TEXT/HTML; q=0.5", "text/html; charset=utf-8"),
        ] {
            let answer = asked("GET", "/nothing/here", accept).await;

            assert_eq!(answer.status(), 404);
            assert_eq!(header_of(&answer, "content-type"), media, "{accept}");
        }
    }

    #[tokio::test]
    async fn a_method_that_a_path_of_another_function_does_not_take_is_named_with_those_it_takes() {
        for (method, path, allow) in [
            ("PUT", "/v1/users", "GET,POST"),
            ("POST", "/v1/users/abc", "DELETE,GET,PATCH"),
            ("DELETE", "/v1/users/counts", "GET"),
            ("GET", "/v1/invitations", "POST"),
        ] {
            let answer = asked(method, path, "*/*").await;

            assert_eq!(answer.status(), 405, "{method} {path}");
            assert_eq!(header_of(&answer, "allow"), allow, "{method} {path}");
        }
        let asked_what = asked("OPTIONS", "/v1/settings", "*/*").await;
        assert_eq!(asked_what.status(), 204);
        assert_eq!(header_of(&asked_what, "allow"), "GET,PUT");
    }
}
