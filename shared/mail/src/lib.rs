//! Beckon's mails: a mail's content in, a finished message out.
//!
//! This crate owns every word that people read in a mail, in all languages, and how a mail
//! looks. It is pure: it sends nothing, reads no clock, and takes each secret only to show it to
//! its owner. What a mail says is the domain's ([`beckon_domain::model::mail_content`]); where a mail goes
//! and when is nobody's business here.
//!
//! The build compiles the MJML in `templates/` to HTML and the words in `locales/` to Rust, and
//! fails on a locale that lacks one.

mod catalogue;
mod composer;
mod confirmation;
mod hand_over;
mod invitation;
#[cfg(test)]
mod locale_check;
#[cfg(test)]
mod locale_check_tests;
mod moments;
mod notice;
mod own;
mod port;
pub mod qr;
mod text_part;
mod view;

use beckon_domain::values::token::Token;
pub use composer::{ComposeError, Composer};

/// The link that a token is handed out in. The token is in the fragment, which browsers keep to
/// themselves: no server log and no `Referer` ever holds it.
#[must_use]
pub fn link_of(page_url: &str, token: &Token) -> String {
    link_with(page_url, token.expose())
}

/// The address with the language of the mail that it stands in, so that the page speaks as the mail does.
fn in_language(url: &str, language: &str) -> String {
    let (page, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let mark = if page.contains('?') { '&' } else { '?' };
    format!("{page}{mark}lang={language}{fragment}")
}

/// The same link with something shown in the token's place.
fn link_with(page_url: &str, token: &str) -> String {
    format!("{page_url}#t={token}")
}
