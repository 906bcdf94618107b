//! The handout: the invitation as a page that is printed and given to the person.

use axum::response::{IntoResponse as _, Response};
use beckon_domain::model::mail_content::{InvitationContent, InvitationOccasion};
use beckon_domain::ports::composer::Composer as _;
use beckon_domain::ports::error::Unavailable;
use beckon_mail::Composer;
use beckon_runtime::Problem;
use http::{HeaderValue, header};

/// Pictures are in the page, and nothing is fetched or run.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Nobody presses a button on paper.
const ON_PAPER: &str = "<style>.button{display:none!important}</style></head>";

/// The page of a mail.
pub(crate) fn page(composer: &Composer, content: InvitationContent) -> Result<Response, Problem> {
    let content = InvitationContent {
        occasion: InvitationOccasion::Handout,
        // Who was given a handout at a desk was there.
        decline_url: None,
        ..content
    };
    let message = composer
        .compose_invitation(&content)
        .map_err(|error| Unavailable::new("the handout", error))?;
    let html = message
        .html_with_images()
        .replacen("</head>", ON_PAPER, 1);
    let mut response = html.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
