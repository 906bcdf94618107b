//! What a JSON body says that it is.

use http::{HeaderMap, Method, StatusCode, header};

use crate::Problem;

/// Formats of changes: lists of operations, and merge patches. What they say is no document.
const PATCHES: [&str; 2] = ["json-patch+json", "merge-patch+json"];

/// The mark that some editors put at the beginning of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What the header says about how the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// UTF-8, which JSON is written in, or nothing.
    Utf8,
    /// Another one, in which ASCII is as in UTF-8.
    AnotherThanUtf8,
}

/// Whether a body is JSON by what its header says: `application/json`, a format on top of it like
/// `application/vnd.example+json`, and in a PATCH a merge patch, which a change of ours is.
pub(super) fn json(method: &Method, headers: &HeaderMap) -> Result<Charset, Problem> {
    let text = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let mut parts = text.unwrap_or_default().split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_ascii_lowercase();
    let subtype = media.strip_prefix("application/").unwrap_or_default();
    let is_patch = PATCHES.contains(&subtype);
    let is_json = match subtype {
        "json" => true,
        "merge-patch+json" => *method == Method::PATCH,
        other => {
            !is_patch
                && other
                    .strip_suffix("+json")
                    .is_some_and(|name| !name.is_empty())
        }
    };
    if !is_json {
        return Err(not_json(method));
    }
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    });
    match charset.as_deref() {
        None | Some("" | "utf-8" | "utf8" | "us-ascii" | "ascii") => Ok(Charset::Utf8),
        Some(wide) if wide.starts_with("utf-16") || wide.starts_with("utf-32") => Err(not_utf8()),
        Some(_) => Ok(Charset::AnotherThanUtf8),
    }
}

/// The text of a body, without the mark before it. Says what to do where it is not UTF-8.
pub(super) fn text(bytes: &[u8], charset: Charset) -> Result<&[u8], Problem> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if charset == Charset::AnotherThanUtf8 && !bytes.is_ascii() {
        return Err(not_utf8());
    }
    Ok(bytes)
}

fn not_json(method: &Method) -> Problem {
    let other = if *method == Method::PATCH {
        " or application/merge-patch+json"
    } else {
        ""
    };
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not-json",
        "Not JSON",
        format!("Send the body as JSON, with the header Content-Type: application/json{other}."),
    )
}

fn not_utf8() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not-utf-8",
        "Not UTF-8",
        "Write the body in UTF-8, and leave the charset out of Content-Type or name utf-8 there.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(method: &Method, media: &str) -> Result<Charset, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, media.parse().unwrap());
        json(method, &headers).map_err(|problem| problem.status)
    }

    #[test]
    fn json_and_formats_on_top_of_it_are_taken_and_patches_where_they_mean_something() {
        for media in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"; profile=x",
            "application/vnd.example+json",
            "application/cloudevents+json; charset=utf8",
        ] {
            assert_eq!(says(&Method::POST, media), Ok(Charset::Utf8), "{media}");
            assert_eq!(says(&Method::PATCH, media), Ok(Charset::Utf8), "{media}");
        }
        let merge = "application/merge-patch+json; charset=utf-8";
        assert_eq!(says(&Method::PATCH, merge), Ok(Charset::Utf8));
        assert_eq!(says(&Method::POST, merge), Err(415));
        assert_eq!(
            says(&Method::PATCH, "application/json-patch+json"),
            Err(415)
        );
    }

    #[test]
    fn what_is_not_said_to_be_json_is_refused() {
        for media in [
            "text/plain",
            "application/jsonx",
            "application/+json",
            "application/json-patch+json",
            "application/x-www-form-urlencoded",
            "application/",
            "json",
        ] {
            assert_eq!(says(&Method::POST, media), Err(415), "{media}");
        }
        assert!(json(&Method::POST, &HeaderMap::new()).is_err());
    }

    #[test]
    fn another_charset_is_taken_while_it_makes_no_difference() {
        let latin = says(&Method::POST, "application/json; charset=ISO-8859-1");

        assert_eq!(latin, Ok(Charset::AnotherThanUtf8));
        assert_eq!(
            text(b"{\"a\": 1}", Charset::AnotherThanUtf8).unwrap(),
            b"{\"a\": 1}"
        );
        assert_eq!(
            text("é".as_bytes(), Charset::AnotherThanUtf8)
                .unwrap_err()
                .status,
            415
        );
        assert_eq!(
            says(&Method::POST, "application/json; charset=utf-16le"),
            Err(415)
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(text(b"\xEF\xBB\xBF{}", Charset::Utf8).unwrap(), b"{}");
        assert_eq!(text(b"{}", Charset::Utf8).unwrap(), b"{}");
    }
}
