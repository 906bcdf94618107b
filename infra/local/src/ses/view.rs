//! A mail as its recipient sees it.
//!
//! Owns: turning stored HTML into a document that a browser can show by itself. Must not know routes
//! or where mail is kept.
//!
//! Mail is hostile input even here: the document is only ever served with [`POLICY`], under which no
//! script runs and nothing is fetched from anywhere.

use super::{captured::Mail, request::Attachment};

/// The content security policy of the document: pictures from `data:` only, inline styles because
/// mail has no others, and links that open outside the sandbox.
pub(super) const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
                                 base-uri 'none'; form-action 'none'; frame-ancestors 'self'; \
                                 sandbox allow-popups allow-popups-to-escape-sandbox";

/// The document.
pub(super) fn document(mail: &Mail) -> String {
    match &mail.html {
        Some(html) => open_links_outside(&inline_images(html, &mail.attachments)),
        None => text_document(mail.text.as_deref().unwrap_or_default()),
    }
}

fn text_document(text: &str) -> String {
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>Mail</title><style>:root \
         {{ color-scheme: light dark }} pre {{ white-space: pre-wrap; font: 1rem/1.5 \
         ui-monospace, monospace }}</style></head><body><pre>{}</pre></body></html>",
        escape(text)
    )
}

/// Replaces each `cid:` reference to an attachment by the attachment.
fn inline_images(html: &str, attachments: &[Attachment]) -> String {
    let mut document = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("cid:") {
        document.push_str(before);
        let end = after.find(ends_reference).unwrap_or(after.len());
        let (id, remaining) = after.split_at(end);
        if let Some(attachment) = attachments.iter().find(|attachment| names(attachment, id)) {
            push_data_uri(&mut document, attachment);
        } else {
            document.push_str("cid:");
            document.push_str(id);
        }
        rest = remaining;
    }
    document.push_str(rest);
    document
}

fn ends_reference(character: char) -> bool {
    matches!(character, '"' | '\'' | ')' | '>' | '<') || character.is_whitespace()
}

fn names(attachment: &Attachment, id: &str) -> bool {
    attachment
        .content_id
        .as_deref()
        .map(|own| own.trim_start_matches('<').trim_end_matches('>'))
        .is_some_and(|own| own == id)
}

fn push_data_uri(document: &mut String, attachment: &Attachment) {
    let plain = attachment
        .content_type
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'+' | b'.'));
    document.push_str("data:");
    document.push_str(if plain {
        &attachment.content_type
    } else {
        "application/octet-stream"
    });
    document.push_str(";base64,");
    document.push_str(&attachment.content_base64);
}

/// Makes links open in a tab of their own: the frame that shows the mail runs no scripts, so a page
/// opened inside it would not work.
fn open_links_outside(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    // Lowering ASCII letters keeps every byte where it is.
    let lower = html.to_ascii_lowercase();
    let after_head = lower
        .match_indices("<head")
        .find(|(at, tag)| {
            let next = lower
                .get(at + tag.len()..)
                .and_then(|rest| rest.chars().next());
            // Not `<header>`.
            next.is_some_and(|next| next == '>' || next.is_whitespace())
        })
        .and_then(|(at, _)| lower.get(at..)?.find('>').map(|end| at + end + 1));
    match after_head.and_then(|at| html.split_at_checked(at)) {
        Some((head, rest)) => format!("{head}{BASE}{rest}"),
        None => html.to_owned(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(id: &str, content_type: &str) -> Attachment {
        Attachment {
            content_id: Some(id.to_owned()),
            content_type: content_type.to_owned(),
            content_base64: "iVBORw0=".to_owned(),
            file_name: None,
            disposition: None,
            description: None,
        }
    }

    #[test]
    fn a_cid_reference_becomes_the_picture_itself() {
        let html = r#"<img src="cid:qr"><td background='cid:qr'><p style="x:url(cid:qr)">"#;

        let shown = inline_images(html, &[picture("<qr>", "image/png")]);

        assert_eq!(shown.matches("data:image/png;base64,iVBORw0=").count(), 3);
        assert!(!shown.contains("cid:"));
    }

    #[test]
    fn an_id_that_only_begins_alike_is_left_alone() {
        let html = r#"<img src="cid:qr2"><img src="cid:qr">"#;

        let shown = inline_images(html, &[picture("qr", "image/png")]);

        assert_eq!(
            shown,
            r#"<img src="cid:qr2"><img src="data:image/png;base64,iVBORw0=">"#
        );
    }

    #[test]
    fn a_content_type_cannot_break_out_of_the_attribute() {
        let shown = inline_images(
            r#"<img src="cid:qr">"#,
            &[picture("qr", r#"image/png" onerror="alert(1)"#)],
        );

        assert_eq!(
            shown,
            r#"<img src="data:application/octet-stream;base64,iVBORw0=">"#
        );
    }

    #[test]
    fn links_open_outside_the_frame() {
        let shown = open_links_outside("<!doctype html><HTML><Head lang=x><title>é</title></head>");

        assert!(
            shown.contains("<Head lang=x><base target=\"_blank\"><title>é"),
            "{shown}"
        );
        assert_eq!(
            open_links_outside("<header>x</header>"),
            "<header>x</header>"
        );
    }

    #[test]
    fn text_is_shown_as_text() {
        assert!(text_document("<b>&</b>").contains("<pre>&lt;b&gt;&amp;&lt;/b&gt;</pre>"));
    }
}
