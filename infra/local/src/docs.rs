//! `/docs`: the API's document as a page to read and to try. The page's files are in the binary, so
//! it asks no other server for anything.

use std::io::Read as _;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use beckon_runtime::Problem;
use flate2::bufread::DeflateDecoder;
use http::{HeaderValue, header};
use rawzip::{CompressionMethod, ZipArchive};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

/// What is taken of Swagger UI, by the names it has there.
const OF_SWAGGER_UI: [(&str, &str); 2] = [
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
];

/// Where its archive keeps what a page needs.
const BUILT: &str = "/dist/";

/// Its script writes styles into the page, and its pictures stand in its style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /docs` and what belongs to it.
pub(crate) fn router() -> Router {
    let page = async || file("text/html; charset=utf-8", include_str!("pages/docs.html"));
    let script = async || {
        let script = include_str!("pages/docs.js");
        file("text/javascript; charset=utf-8", script)
    };
    Router::new()
        .route("/docs", get(page))
        .route("/docs/", get(page))
        .route("/docs/docs.js", get(script))
        .route("/docs/{file}", get(of_swagger_ui))
}

async fn of_swagger_ui(Path(name): Path<String>) -> Response {
    let known = OF_SWAGGER_UI.iter().find(|(known, _)| *known == name);
    let found = known.and_then(|(name, media)| Some((media, unpacked(name)?)));
    match found {
        Some((media, bytes)) => file(media, bytes),
        None => Problem::not_found("file").into_response(),
    }
}

/// A file of Swagger UI.
fn unpacked(name: &str) -> Option<Vec<u8>> {
    let archive = ZipArchive::from_slice(SWAGGER_UI_VENDORED).ok()?;
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().ok()? {
        let path = entry.file_path().try_normalize().ok()?;
        let is_it = path
            .as_ref()
            .strip_suffix(name)
            .is_some_and(|folder| folder.ends_with(BUILT) && folder.matches('/').count() == 2);
        if !is_it || entry.compression_method() != CompressionMethod::DEFLATE {
            continue;
        }
        let found = archive.get_entry(entry.wayfinder()).ok()?;
        let mut bytes = Vec::new();
        let reader = DeflateDecoder::new(found.data());
        found
            .verifying_reader(reader)
            .read_to_end(&mut bytes)
            .ok()?;
        return Some(bytes);
    }
    None
}

fn file(media: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let mut response = body.into().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    async fn asked(path: &str) -> (StatusCode, String, String) {
        let request = http::Request::get(path).body(axum::body::Body::empty());
        let response = router().oneshot(request.unwrap()).await.unwrap();
        let media = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
        let (status, media) = (response.status(), media.to_owned());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
        (status, media, body)
    }

    #[tokio::test]
    async fn the_page_and_every_file_it_names_come_from_here() {
        let (status, media, page) = asked("/docs").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(media, "text/html; charset=utf-8");

        let files: Vec<&str> = page.split("=\"/docs/").skip(1).collect();
        assert_eq!(files.len(), 3);
        assert!(!page.contains("//"), "something is asked elsewhere");
        for file in files {
            let name = file.split('"').next().unwrap();
            let (status, _, body) = asked(&format!("/docs/{name}")).await;
            assert_eq!(status, StatusCode::OK, "{name}");
            assert!(body.len() > 100, "{name}");
        }
        let (_, _, bundle) = asked("/docs/swagger-ui-bundle.js").await;
        assert!(bundle.contains("SwaggerUIBundle"));
    }

    #[tokio::test]
    async fn what_is_no_file_of_the_page_is_not_found() {
        for name in ["other.js", "index.html", "..%2Fdocs.js"] {
            let (status, _, _) = asked(&format!("/docs/{name}")).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
        }
    }
}
