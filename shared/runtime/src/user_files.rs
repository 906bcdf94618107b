//! Files of users, as requests carry them.

use axum::extract::Request;
use beckon_domain::rules::csv_users::MAX_ROWS;
use http::{HeaderMap, StatusCode, header};

use crate::Problem;

/// The largest file, in bytes. Lambda takes 6 MB, in which a file that is no plain text is a
/// third longer than it is. Ten thousand rows are 1 MB as a rule.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// What Lambda takes of a request in all, and what beside the body is left of it for what the gateway tells.
const LAMBDA_TAKES: usize = 6 * 1024 * 1024;
const LEFT_FOR_THE_REST: usize = 64 * 1024;

// A body that is too large is refused here, and not by Lambda, which would not say why. In base64 a body is a third
// longer. Text comes as a JSON string, in which a quotation mark or the end of a line takes two bytes: of a JSON
// body that may be every byte, and of a file of users it is rarely one in ten.
const _: () = {
    let room = LAMBDA_TAKES - LEFT_FOR_THE_REST;
    assert!(
        MAX_FILE_BYTES.div_ceil(3) * 4 <= room,
        "a file in base64 reaches the function"
    );
    assert!(
        crate::body::MAX_BODY_BYTES * 2 <= room,
        "a body as a JSON string reaches the function"
    );
};

/// The charset that a file was declared to have.
#[must_use]
pub fn charset_in(headers: &HeaderMap) -> Option<String> {
    let media = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    media.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_owned())
    })
}

/// The file in a request, as it was sent.
pub async fn file_of(request: Request) -> Result<axum::body::Bytes, Problem> {
    let is_file = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| {
            ["text/csv", "application/octet-stream"]
                .iter()
                .any(|taken| media.trim().eq_ignore_ascii_case(taken))
        });
    if !is_file {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-csv",
            "Not CSV",
            "Send the file as it is, with the header Content-Type: text/csv.",
        ));
    }
    axum::body::to_bytes(request.into_body(), MAX_FILE_BYTES)
        .await
        .map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The file is too large",
                format!(
                    "A file may have at most {MAX_FILE_BYTES} bytes and {MAX_ROWS} rows; split it, and give each part the line with the columns."
                ),
            )
        })
}
