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
    Ok(to_print(html(composer, content)?.into_response()))
}

/// The page as text, its pictures in it.
pub(crate) fn html(composer: &Composer, content: InvitationContent) -> Result<String, Problem> {
    let content = InvitationContent {
        occasion: InvitationOccasion::Handout,
        // Who was given a handout at a desk was there.
        decline_url: None,
        ..content
    };
    let message = composer
        .compose_invitation(&content)
        .map_err(|error| Unavailable::new("the handout", error))?;
    Ok(message.html_with_images().replacen("</head>", ON_PAPER, 1))
}

/// A page as a part of another one. It keeps its language and direction, and its look to itself.
pub(crate) fn as_part(html: &str) -> String {
    let of_root = between(html, "<html", ">").unwrap_or_default();
    let head = between(html, "</title>", "</head>").unwrap_or_default();
    let body = html
        .split_once("<body")
        .and_then(|(_, rest)| rest.split_once('>'));
    let body = body.map_or(html, |(_, body)| body);
    let body = body.split_once("</body>").map_or(body, |(body, _)| body);
    format!("<article{of_root}><template shadowrootmode=\"open\">{head}{body}</template></article>")
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(between, _)| between)
}

/// A page that is printed and kept nowhere.
pub(crate) fn to_print(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
