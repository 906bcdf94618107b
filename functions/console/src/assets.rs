//! The files that the page loads, as the build packed them.

use axum::response::{IntoResponse as _, Response};
use beckon_runtime::{Path, Problem};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;

/// A file.
pub(crate) struct Asset {
    name: &'static str,
    media: &'static str,
    plain: &'static [u8],
    packed: &'static [u8],
}

#[cfg(test)]
impl Asset {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn plain(&self) -> &'static [u8] {
        self.plain
    }

    pub(crate) fn packed(&self) -> &'static [u8] {
        self.packed
    }
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// What is named by its content never changes.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    hash: String,
    file: String,
}

/// `GET /console/{hash}/{file}`. A page of another build asks for files that are gone; it is told so, and nobody keeps
/// that answer.
pub(crate) async fn asset(
    Path(named): Path<Named>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = (named.hash == HASH)
        .then(|| ASSETS.iter().find(|asset| asset.name == named.file))
        .flatten()
        .ok_or_else(|| Problem::not_found("file"))?;
    let packs = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .any(|value| value.to_str().is_ok_and(takes_gzip));
    let mut response = if packs { found.packed } else { found.plain }.into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(found.media));
    answer.insert(header::CACHE_CONTROL, FOREVER);
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packs {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// Whether `Accept-Encoding` takes gzip: named, and not with a weight of nothing.
fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = parts.any(|part| {
            let weight = part
                .strip_prefix("q=")
                .and_then(|weight| weight.parse::<f32>().ok());
            weight == Some(0.0)
        });
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (accepted, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("br", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(accepted), takes, "{accepted}");
        }
    }
}
