//! The body of `SendEmail`, checked the way SES checks it.
//!
//! Owns: the request's shape and the rules a mail breaks before anything is sent. Must not know the
//! account, its limits, or where mail is kept.
//!
//! Limits are those of the SES v2 API reference: 50 recipients, 40 MB in all, headers of printable
//! ASCII up to 996 characters, tags of letters, digits, `_` and `-` up to 256. What SES sets itself
//! and what may stand once alone is in the developer guide, *Amazon SES header fields*.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail_parser::MessageParser;
use serde::{Deserialize, Serialize};

use super::answer::Refusal;

const MAX_RECIPIENTS: usize = 50;
const MAX_BYTES: usize = 40 * 1024 * 1024;
const MAX_HEADER_NAME_LENGTH: usize = 126;
const MAX_HEADER_VALUE_LENGTH: usize = 995;
const MAX_HEADER_LENGTH: usize = 996;
const MAX_TAG_LENGTH: usize = 256;
/// SES names this limit in its refusals alone.
const MAX_ADDRESS_LENGTH: usize = 320;
/// The longest encoded word of RFC 2047.
const MAX_ENCODED_WORD_LENGTH: usize = 75;
/// Headers that SES sets from the other fields of a request.
const SET_BY_SES: [&str; 12] = [
    "bcc",
    "cc",
    "content-disposition",
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "reply-to",
    "return-path",
    "subject",
    "to",
];
/// Of the headers that may stand once alone, those that a mail of ours could have.
const ONCE: [&str; 7] = [
    "auto-submitted",
    "importance",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "precedence",
    "priority",
    "sender",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    destination: Option<Destination>,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Option<Content>,
    #[serde(default)]
    email_tags: Vec<SentPair>,
    configuration_set_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Destination {
    #[serde(rename = "ToAddresses")]
    to: Vec<String>,
    #[serde(rename = "CcAddresses")]
    cc: Vec<String>,
    #[serde(rename = "BccAddresses")]
    bcc: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Option<Simple>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Option<Text>,
    body: Option<Body>,
    #[serde(default)]
    headers: Vec<SentPair>,
    #[serde(default)]
    attachments: Vec<SentAttachment>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentPair {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentAttachment {
    raw_content: String,
    file_name: Option<String>,
    content_disposition: Option<String>,
    content_description: Option<String>,
    content_id: Option<String>,
    content_type: Option<String>,
}

/// A header or a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
}

/// An attachment, as the mailbox shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attachment {
    pub(super) content_id: Option<String>,
    pub(super) content_type: String,
    pub(super) content_base64: String,
    pub(super) file_name: Option<String>,
    pub(super) disposition: Option<String>,
    pub(super) description: Option<String>,
}

/// A mail that SES would take.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) cc: Vec<String>,
    pub(super) bcc: Vec<String>,
    pub(super) reply_to: Vec<String>,
    pub(super) subject: String,
    pub(super) html: Option<String>,
    pub(super) text: Option<String>,
    pub(super) headers: Vec<Pair>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) tags: Vec<Pair>,
    pub(super) configuration_set: Option<String>,
}

impl Message {
    /// Every address the mail goes to, without display names, in the order To, Cc, Bcc.
    pub(super) fn recipients(&self) -> Vec<String> {
        [&self.to, &self.cc, &self.bcc]
            .into_iter()
            .flatten()
            .map(|typed| bare_address(typed).to_owned())
            .collect()
    }
}

/// Reads and checks the body of a `SendEmail` request.
///
/// # Errors
///
/// The refusal that the caller gets.
pub(super) fn parse(body: &[u8]) -> Result<Message, Refusal> {
    let sent: SendEmail = beckon_runtime::objects::from_slice(body)
        .map_err(|error| Refusal::serialization(format!("Not a SendEmail request: {error}.")))?;

    let from = required(sent.from_email_address, "FromEmailAddress")?;
    let Destination { to, cc, bcc } = sent.destination.unwrap_or_default();
    check_addresses(&from, [&to, &cc, &bcc], &sent.reply_to_addresses)?;

    let Some(simple) = sent.content.and_then(|content| content.simple) else {
        return Err(Refusal::bad_request(
            "The local SES takes Content.Simple only.",
        ));
    };
    let subject = simple
        .subject
        .ok_or_else(|| Refusal::bad_request("Missing required field: Subject."))?
        .data;
    let (html, text) = simple
        .body
        .map_or((None, None), |body| (body.html, body.text));
    if html.is_none() && text.is_none() {
        return Err(Refusal::bad_request(
            "The body must have Text, Html, or both.",
        ));
    }

    let message = Message {
        from,
        to,
        cc,
        bcc,
        reply_to: sent.reply_to_addresses,
        subject,
        html: html.map(|html| html.data),
        text: text.map(|text| text.data),
        headers: headers(simple.headers)?,
        attachments: simple
            .attachments
            .into_iter()
            .map(attachment)
            .collect::<Result<_, _>>()?,
        tags: sent
            .email_tags
            .into_iter()
            .map(tag)
            .collect::<Result<_, _>>()?,
        configuration_set: sent.configuration_set_name,
    };
    check_size(&message)?;
    Ok(message)
}

fn required(value: Option<String>, name: &str) -> Result<String, Refusal> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Refusal::bad_request(format!("Missing required field: {name}.")))
}

fn check_addresses(
    from: &str,
    destinations: [&Vec<String>; 3],
    reply_to: &[String],
) -> Result<(), Refusal> {
    let recipients: usize = destinations.iter().map(|list| list.len()).sum();
    if recipients == 0 {
        return Err(Refusal::bad_request("Missing required field: Destination."));
    }
    if recipients > MAX_RECIPIENTS {
        return Err(Refusal::bad_request("Recipient count exceeds 50."));
    }
    let all = destinations.into_iter().flatten().chain(reply_to);
    for typed in std::iter::once(from).chain(all.map(String::as_str)) {
        check_address(typed)?;
    }
    Ok(())
}

fn check_address(typed: &str) -> Result<(), Refusal> {
    if typed.chars().any(char::is_control) {
        return Err(Refusal::bad_request(
            "Control characters are not allowed in addresses.",
        ));
    }
    if !typed.is_ascii() {
        return Err(Refusal::bad_request(
            "Illegal address: it must be 7-bit ASCII, its domain in Punycode and its name in MIME \
             encoded words.",
        ));
    }
    if typed.len() > MAX_ADDRESS_LENGTH {
        return Err(Refusal::bad_request(format!(
            "Address length is more than {MAX_ADDRESS_LENGTH} characters long: '{typed}'."
        )));
    }
    let address = bare_address(typed);
    let well_formed = address
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    let name = typed.strip_suffix('>').map_or("", |rest| {
        rest.strip_suffix(address)
            .and_then(|rest| rest.trim_end().strip_suffix('<'))
            .unwrap_or_default()
    });
    let is_bare = !address.contains(['<', '>']);
    if well_formed && is_bare && is_name(name.trim()) {
        Ok(())
    } else {
        Err(Refusal::bad_request("Illegal address."))
    }
}

/// Whether a name may stand before an address: in quotes, or as words without signs that mean
/// something in a header.
fn is_name(name: &str) -> bool {
    if let Some(quoted) = name.strip_prefix('"') {
        let mut escaped = false;
        let mut closed_at = None;
        for (at, c) in quoted.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' if closed_at.is_none() => closed_at = Some(at),
                _ => {}
            }
        }
        return closed_at.is_some_and(|at| at + 1 == quoted.len());
    }
    name.split(' ').all(|word| {
        let is_encoded = word.starts_with("=?") && word.ends_with("?=");
        let is_too_long = is_encoded && word.len() > MAX_ENCODED_WORD_LENGTH;
        let has_specials = word.contains(|c| "()<>[]:;@\\,\"".contains(c));
        !is_too_long && !has_specials
    })
}

fn headers(sent: Vec<SentPair>) -> Result<Vec<Pair>, Refusal> {
    let mut seen = Vec::new();
    sent.into_iter()
        .map(|sent| {
            let name = sent.name.to_ascii_lowercase();
            if SET_BY_SES.contains(&name.as_str()) {
                return Err(Refusal::bad_request(format!(
                    "Header {name} is set by SES and not allowed."
                )));
            }
            if ONCE.contains(&name.as_str()) && seen.contains(&name) {
                return Err(Refusal::bad_request(format!("Duplicate header {name}.")));
            }
            seen.push(name);
            header(sent)
        })
        .collect()
}

fn header(sent: SentPair) -> Result<Pair, Refusal> {
    let SentPair { name, value } = sent;
    let name_fits = (1..=MAX_HEADER_NAME_LENGTH).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b':');
    let value_fits = value.len() <= MAX_HEADER_VALUE_LENGTH
        && name.len() + value.len() <= MAX_HEADER_LENGTH
        && value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if name_fits && value_fits {
        Ok(Pair { name, value })
    } else {
        Err(Refusal::bad_request("Invalid header name or value."))
    }
}

fn tag(sent: SentPair) -> Result<Pair, Refusal> {
    let fits = |part: &str| {
        (1..=MAX_TAG_LENGTH).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    if fits(&sent.name) && fits(&sent.value) {
        Ok(Pair {
            name: sent.name,
            value: sent.value,
        })
    } else {
        Err(Refusal::bad_request(
            "Invalid tag: only letters, digits, underscores and dashes are allowed.",
        ))
    }
}

fn attachment(sent: SentAttachment) -> Result<Attachment, Refusal> {
    let content = STANDARD
        .decode(&sent.raw_content)
        .map_err(|_| Refusal::serialization("RawContent is not base64."))?;
    Ok(Attachment {
        content_id: sent.content_id,
        content_type: sent
            .content_type
            .unwrap_or_else(|| "application/octet-stream".to_owned()),
        // Encoded again, so that what is shown in a page is base64 and nothing else.
        content_base64: STANDARD.encode(content),
        file_name: sent.file_name,
        disposition: sent.content_disposition,
        description: sent.content_description,
    })
}

fn check_size(message: &Message) -> Result<(), Refusal> {
    let attachments: usize = message
        .attachments
        .iter()
        .map(|attachment| attachment.content_base64.len())
        .sum();
    let bodies = [&message.html, &message.text]
        .into_iter()
        .flatten()
        .map(String::len)
        .sum::<usize>();
    if message.subject.len() + bodies + attachments > MAX_BYTES {
        return Err(too_large());
    }
    Ok(())
}

/// The refusal of a mail that is too large.
pub(super) fn too_large() -> Refusal {
    Refusal::bad_request(format!(
        "Message length is more than {MAX_BYTES} bytes long."
    ))
}

/// The address in `Name <address>`, or the whole when there are no angle brackets.
pub(super) fn bare_address(typed: &str) -> &str {
    typed
        .rsplit_once('<')
        .and_then(|(_, rest)| rest.trim_end().strip_suffix('>'))
        .unwrap_or(typed)
        .trim()
}

/// `Name <address>` as a mail program shows it, encoded words read.
pub(super) fn shown(typed: &str) -> String {
    let header = format!("From: {typed}\r\n\r\n");
    let name = MessageParser::new()
        .parse_headers(&header)
        .and_then(|message| Some(message.from()?.first()?.name()?.to_owned()));
    match name {
        Some(name) => format!("{name} <{}>", bare_address(typed)),
        None => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn mail() -> Value {
        json!({
            "FromEmailAddress": "Beckon <beckon@example.com>",
            "Destination": { "ToAddresses": ["A. User <a.user@example.com>"] },
            "Content": { "Simple": {
                "Subject": { "Data": "Hello" },
                "Body": { "Text": { "Data": "Hi", "Charset": "UTF-8" } },
            } },
        })
    }

    fn refused(pointer: &str, value: Value) -> String {
        let mut mail = mail();
        *mail.pointer_mut(pointer).unwrap() = value;
        let refusal = parse(mail.to_string().as_bytes()).unwrap_err();
        assert_eq!(refusal.status, 400);
        refusal.message
    }

    #[test]
    fn the_address_is_found_inside_a_display_name() {
        let message = parse(mail().to_string().as_bytes()).unwrap();

        assert_eq!(message.recipients(), ["a.user@example.com"]);
        assert_eq!(message.subject, "Hello");
    }

    #[test]
    fn mail_that_ses_would_not_take_is_refused_with_the_reason() {
        assert!(refused("/FromEmailAddress", json!("")).contains("FromEmailAddress"));
        assert!(refused("/Destination", json!({})).contains("Destination"));
        assert!(refused("/Destination/ToAddresses", json!(["nobody"])).contains("address"));
        assert!(
            refused(
                "/Destination/ToAddresses",
                json!(["a@example.com\r\nBcc: b@c.example"])
            )
            .contains("Control")
        );
        assert!(
            refused("/Destination/ToAddresses", json!(vec!["a@example.com"; 51])).contains("50")
        );
        assert!(refused("/Content/Simple/Body", json!({})).contains("body"));
        assert!(refused("/Content/Simple/Subject", Value::Null).contains("Subject"));
        assert!(refused("/Content", json!({ "Raw": { "Data": "" } })).contains("Simple"));
        assert!(refused("/Content", json!("text")).contains("SendEmail"));
    }

    #[test]
    fn a_header_that_could_split_the_mail_is_refused() {
        let mut mail = mail();
        mail["Content"]["Simple"]["Headers"] =
            json!([{ "Name": "X-One", "Value": "1\r\nX-Two: 2" }]);

        let refusal = parse(mail.to_string().as_bytes()).unwrap_err();

        assert!(refusal.message.contains("header"));
    }

    #[test]
    fn an_address_header_that_is_not_7_bit_ascii_is_refused() {
        let encoded = "=?UTF-8?B?TcO8bGxlciwgQsO8cm8gKElUKQ==?= <beckon@example.com>";
        for pointer in ["/FromEmailAddress", "/Destination/ToAddresses/0"] {
            for bad in [
                "Müller, Büro (IT) <beckon@example.com>",
                "\"Müller, Büro (IT)\" <beckon@example.com>",
                "beckon@bücher.example",
                "bückon@example.com",
                "管理 <beckon@example.com>",
            ] {
                assert!(refused(pointer, json!(bad)).contains("7-bit"), "{bad}");
            }
            let mut mail = mail();
            *mail.pointer_mut(pointer).unwrap() = json!(encoded);
            assert!(parse(mail.to_string().as_bytes()).is_ok());
        }
        let mut mail = mail();
        mail["ReplyToAddresses"] = json!(["Büro <it@example.com>"]);
        let refusal = parse(mail.to_string().as_bytes()).unwrap_err();
        assert!(refusal.message.contains("7-bit"), "{}", refusal.message);
    }

    #[test]
    fn a_name_that_means_something_else_in_a_header_or_is_too_long_is_refused() {
        for bad in [
            "Doe, John <a@example.com>".to_owned(),
            "IT (desk) <a@example.com>".to_owned(),
            "\"IT\" desk\" <a@example.com>".to_owned(),
            "\"IT <a@example.com>".to_owned(),
            "<a@example.com".to_owned(),
            "a@example.com>".to_owned(),
            "IT <<a@example.com>>".to_owned(),
            format!("=?UTF-8?B?{}?= <a@example.com>", "YWFh".repeat(16)),
        ] {
            assert!(
                refused("/FromEmailAddress", json!(bad)).contains("Illegal"),
                "{bad}"
            );
        }
        let long = format!("\"{}\" <a@example.com>", "x".repeat(320));
        assert!(refused("/FromEmailAddress", json!(long)).contains("320"));
    }

    #[test]
    fn a_header_that_ses_sets_itself_or_that_stands_there_already_is_refused() {
        for headers in [
            json!([{ "Name": "Reply-To", "Value": "a@example.com" }]),
            json!([{ "Name": "subject", "Value": "x" }]),
            json!([{ "Name": "Auto-Submitted", "Value": "no" }, { "Name": "auto-submitted", "Value": "no" }]),
            json!([{ "Name": "X-One", "Value": "é" }]),
            json!([{ "Name": "X-One", "Value": "x".repeat(992) }]),
        ] {
            let mut mail = mail();
            mail["Content"]["Simple"]["Headers"] = headers.clone();

            let refusal = parse(mail.to_string().as_bytes()).unwrap_err();

            assert!(refusal.message.contains("eader"), "{headers}");
        }
    }

    #[test]
    fn a_name_is_shown_as_a_mail_program_reads_it() {
        for (typed, expected) in [
            (
                "=?UTF-8?B?TcO8bGxlciwgQsO8cm8gKElUKQ==?= <beckon@example.com>",
                "Müller, Büro (IT) <beckon@example.com>",
            ),
            (
                "\"Doe, John\" <beckon@example.com>",
                "Doe, John <beckon@example.com>",
            ),
            ("beckon@example.com", "beckon@example.com"),
        ] {
            assert_eq!(shown(typed), expected);
        }
    }

    #[test]
    fn a_tag_with_an_address_in_it_is_refused() {
        let mut mail = mail();
        mail["EmailTags"] = json!([{ "Name": "who", "Value": "a@example.com" }]);

        let refusal = parse(mail.to_string().as_bytes()).unwrap_err();

        assert!(refusal.message.contains("tag"));
    }

    #[test]
    fn more_than_forty_megabytes_are_refused() {
        let text = "x".repeat(MAX_BYTES);

        assert!(refused("/Content/Simple/Body/Text/Data", json!(text)).contains("length"));
    }

    #[test]
    fn an_attachment_that_is_not_base64_is_refused() {
        let mut mail = mail();
        mail["Content"]["Simple"]["Attachments"] =
            json!([{ "RawContent": "not base64!", "FileName": "qr.png" }]);

        let refusal = parse(mail.to_string().as_bytes()).unwrap_err();

        assert_eq!(refusal.error_type, "SerializationException");
    }
}
