//! An address with a name, as a header of a mail holds it. Headers are 7-bit ASCII: mail services
//! refuse anything else, or pass it on for each mail program to read as it likes. Other characters
//! are written as encoded words (RFC 2047).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::values::address::EmailAddress;

/// The most bytes of an address with its name. SES names this in its refusals alone: "Address length
/// is more than 320 characters long".
const MAX_LENGTH: usize = 320;
/// The most bytes of text in one encoded word: 60 characters of base64, which with what stands
/// around them stay under the 75 that RFC 2047 allows.
const MAX_WORD_LENGTH: usize = 45;

/// `Name <address>`. A name that does not fit is shortened.
#[must_use]
pub fn mailbox(name: &str, address: &EmailAddress) -> String {
    let name = one_line(name);
    if let Some(whole) = fitting(&name, address) {
        return whole;
    }
    let mut shorter: Vec<char> = name.chars().collect();
    while shorter.pop().is_some() {
        let shortened = format!("{}…", shorter.iter().collect::<String>().trim_end());
        if let Some(mailbox) = fitting(&shortened, address).filter(|_| !shorter.is_empty()) {
            return mailbox;
        }
    }
    address.as_str().to_owned()
}

/// Whether a name stands beside an address as it is.
#[must_use]
pub fn fits(name: &str, address: &EmailAddress) -> bool {
    fitting(&one_line(name), address).is_some()
}

fn fitting(name: &str, address: &EmailAddress) -> Option<String> {
    let mailbox = format!("{} <{}>", phrase(name), address.as_str());
    (mailbox.len() <= MAX_LENGTH).then_some(mailbox)
}

/// A line break would end the header.
fn one_line(name: &str) -> String {
    name.replace(char::is_control, " ")
}

fn phrase(name: &str) -> String {
    // Written as it is, `=?` would be read as the beginning of an encoded word, in quotes too.
    if name.is_ascii() && !name.contains("=?") {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("\"{quoted}\"");
    }
    let mut words: Vec<String> = vec![String::new()];
    for c in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= MAX_WORD_LENGTH => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    // Between two encoded words a space is no part of the text.
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)))
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;
    use proptest::prelude::*;

    use super::*;

    fn address() -> EmailAddress {
        EmailAddress::parse("beckon@example.com").unwrap()
    }

    /// The name and the address that a mail program reads.
    fn read(mailbox: &str) -> (Option<String>, String) {
        let header = format!("From: {mailbox}\r\n\r\n");
        let message = MessageParser::new().parse_headers(&header).unwrap();
        let from = message.from().unwrap();
        assert_eq!(from.iter().count(), 1, "{mailbox}");
        let first = from.first().unwrap();
        (
            first.name().map(str::to_owned),
            first.address().unwrap().to_owned(),
        )
    }

    #[test]
    fn a_name_is_read_as_it_was_written_whatever_stands_in_it() {
        for name in [
            "Müller, Büro (IT)",
            "Device team",
            "Doe, John (IT); \"Desk\" <x>",
            r"back\slash",
            "情報システム部、デバイス管理",
            "📱 Geräte 👩🏽‍💻",
            "=?utf-8?q?x?=",
            "Team =?UTF-8?B?eA==?= of ours",
            "evil@example.org",
            "عمر",
            "a",
            "?= =?",
        ] {
            let written = mailbox(name, &address());

            assert!(
                written.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                "{written}"
            );
            assert_eq!(
                read(&written),
                (Some(name.to_owned()), "beckon@example.com".to_owned()),
                "{written}"
            );
        }
    }

    #[test]
    fn umlauts_commas_and_parentheses_are_in_encoded_words() {
        assert_eq!(
            mailbox("Müller, Büro (IT)", &address()),
            "=?UTF-8?B?TcO8bGxlciwgQsO8cm8gKElUKQ==?= <beckon@example.com>"
        );
        assert_eq!(
            mailbox("=?utf-8?q?x?=", &address()),
            "=?UTF-8?B?PT91dGYtOD9xP3g/PQ==?= <beckon@example.com>"
        );
        assert_eq!(
            mailbox(r#"IT" <evil@example.org>, "\"#, &address()),
            r#""IT\" <evil@example.org>, \"\\" <beckon@example.com>"#
        );
    }

    #[test]
    fn a_name_that_is_too_long_for_the_mail_service_is_shortened() {
        let long_address = EmailAddress::parse(&format!(
            "beckon@{}.example.com",
            ["a".repeat(60), "b".repeat(60), "c".repeat(60)].join(".")
        ))
        .unwrap();
        for (name, address) in [
            ("管".repeat(100), address()),
            ("👩🏽‍💻".repeat(25), address()),
            ("ü".repeat(100), long_address.clone()),
            ("\"".repeat(100), long_address),
        ] {
            let written = mailbox(&name, &address);

            assert!(!fits(&name, &address), "{name}");
            assert!(written.len() <= 320 && written.is_ascii(), "{written}");
            let (shown, at) = read(&written);
            assert_eq!(at, address.as_str());
            let shown = shown.unwrap();
            let kept = shown.strip_suffix('…').unwrap();
            assert!(
                name.starts_with(kept) && kept.chars().count() > 5,
                "{shown}"
            );
        }
    }

    #[test]
    fn no_line_break_reaches_the_header() {
        let written = mailbox("Ann\r\nBcc: x@example.com\u{85}", &address());

        assert_eq!(written, "\"Ann  Bcc: x@example.com \" <beckon@example.com>");
    }

    proptest! {
        #[test]
        fn no_name_breaks_the_header(name in "\\PC{1,100}") {
            let written = mailbox(&name, &address());

            prop_assert!(written.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert!(written.len() <= 320);
            prop_assert!(written.ends_with(" <beckon@example.com>"));
            for word in written.split(' ').filter(|word| word.starts_with("=?")) {
                prop_assert!(word.len() <= 75, "{}", word);
            }
            if fits(&name, &address()) && name.trim() == name {
                prop_assert_eq!(read(&written).0, Some(name));
            }
        }
    }
}
