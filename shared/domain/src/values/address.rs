//! Mail addresses: kept as typed, compared in one normal form.

mod domain_name;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::values::problem::FieldProblem;
use crate::values::text;

/// A mail address that mail can be sent to: one mailbox, ASCII, no display name, no comments.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// An address in the form in which two are the same mailbox: lower case. Matches are exact on
/// this form, so that `ice@` is never taken for `alice@`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NormalisedAddress(String);

impl EmailAddress {
    /// Parses an address as a person typed it; white space and invisible characters around it do
    /// not matter. A domain in other letters than ASCII's is kept in its `xn--` form.
    pub fn parse(typed: &str) -> Result<Self, FieldProblem> {
        let text = text::trimmed(typed);
        let malformed = |why: &str| {
            FieldProblem::new(
                "",
                "malformedAddress",
                format!("is not a mail address we can send to: {why}"),
            )
        };
        if text.is_empty() {
            return Err(malformed("it is empty"));
        }
        // RFC 5321 section 4.5.3.1.3: a path of 256 octets, less its angle brackets.
        if text.len() > 254 {
            return Err(malformed("it is longer than 254 characters"));
        }
        if let Some(place) = text::place_of(text, text::is_invisible) {
            return Err(malformed(&format!(
                "it contains an invisible character {place}; remove it"
            )));
        }
        let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
        if let Some(c) = local.chars().find(|c| !c.is_ascii()) {
            return Err(malformed(&format!(
                "it contains the character '{c}' ({}) before the @, outside ASCII, which many mail servers do not take",
                text::code_point(c)
            )));
        }
        let domain = domain_name::in_ascii(domain)
            .map_err(|why| malformed(&format!("the part after the @ {why}")))?;
        let address = if domain.is_empty() {
            text.to_owned()
        } else {
            format!("{local}@{domain}")
        };
        let text = address.as_str();
        if text.len() > 254 {
            return Err(malformed("it is longer than 254 characters"));
        }
        // A quoted local part is legal and no real mailbox; it would let spaces and brackets in.
        if text.contains(['"', '<', '>', '(', ')', ',', ';', ':', '\\', '[', ']'])
            || text.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(malformed("give one plain address like name@example.com"));
        }
        if !email_address::EmailAddress::is_valid(text) {
            return Err(malformed("give one plain address like name@example.com"));
        }
        let domain = text.rsplit_once('@').map_or("", |(_, domain)| domain);
        if !domain.contains('.') || domain.starts_with('.') || domain.ends_with('.') {
            return Err(malformed("the part after the @ is not a full domain name"));
        }
        Ok(Self(address))
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form to compare by.
    #[must_use]
    pub fn normalised(&self) -> NormalisedAddress {
        NormalisedAddress(self.0.to_lowercase())
    }

    /// The domain, in lower case.
    #[must_use]
    pub fn domain(&self) -> String {
        self.0
            .rsplit_once('@')
            .map_or_else(String::new, |(_, domain)| domain.to_lowercase())
    }
}

/// An address is personal: logs that print a structure do not get it.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

/// As [`EmailAddress`].
impl fmt::Debug for NormalisedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NormalisedAddress(…)")
    }
}

impl NormalisedAddress {
    /// The text, for a key of a table.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A domain whose addresses may be invited.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailDomain(String);

impl MailDomain {
    /// Parses a domain name, in lower case; a leading `@` is taken off. One in other letters than
    /// ASCII's is kept in its `xn--` form, as mail servers know it.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let malformed = |why: &str| FieldProblem::new("", "malformedDomain", why);
        let name = text::trimmed(text).trim_start_matches('@').to_lowercase();
        if let Some(place) = text::place_of(&name, text::is_invisible) {
            return Err(malformed(&format!(
                "contains an invisible character {place}; remove it"
            )));
        }
        let name = domain_name::in_ascii(&name).map_err(|why| malformed(&why))?;
        let labels_hold = name.split('.').count() >= 2
            && name.len() <= 253
            && name.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
        if labels_hold {
            Ok(Self(name))
        } else {
            Err(malformed("is not a domain name; give one like example.com"))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an address is of this domain itself; a subdomain is another domain.
    #[must_use]
    pub fn holds(&self, address: &EmailAddress) -> bool {
        address.domain() == self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_surrounding_space_do_not_make_another_mailbox() {
        let typed = EmailAddress::parse("  A.User@Example.COM ").unwrap();

        assert_eq!(typed.as_str(), "A.User@Example.COM");
        assert_eq!(typed.normalised().as_str(), "a.user@example.com");
        assert_eq!(typed.domain(), "example.com");
    }

    #[test]
    fn what_is_no_single_plain_mailbox_is_refused() {
        for text in [
            "",
            "a",
            "@example.com",
            "a@",
            "a@localhost",
            "a b@example.com",
            "a@exa mple.com",
            "Ann <a@example.com>",
            "a@example.com,b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "\"a b\"@example.com",
            "a@.example.com",
            "a@example.com.",
            "ü@example.com",
        ] {
            let problem = EmailAddress::parse(text).unwrap_err();
            assert_eq!(problem.code, "malformedAddress", "{text:?}");
        }
    }

    #[test]
    fn invisible_characters_around_an_address_are_taken_off() {
        for typed in [
            "\u{FEFF}ada@example.com",
            "\u{202A}ada@example.com\u{202C}",
            "ada@example.com\u{200B} ",
            "\u{A0}ada@example.com\u{3164}",
            "\u{2068}ada@example.com\u{2069}",
        ] {
            assert_eq!(
                EmailAddress::parse(typed).unwrap().as_str(),
                "ada@example.com"
            );
        }
        assert_eq!(
            MailDomain::parse("\u{200B}@Example.com\u{FEFF}")
                .unwrap()
                .as_str(),
            "example.com"
        );
    }

    #[test]
    fn an_invisible_character_inside_an_address_is_named_with_its_place() {
        for (typed, told) in [
            (
                "ada\u{200B}@example.com",
                "an invisible character (U+200B) after 'ada'",
            ),
            (
                "a\u{AD}da@example.com",
                "an invisible character (U+00AD) after 'a'",
            ),
            (
                "ada@ex\u{202E}ample.com",
                "an invisible character (U+202E) after 'ada@ex'",
            ),
            (
                "a\u{200D}@bücher.example",
                "an invisible character (U+200D) after 'a'",
            ),
        ] {
            let problem = EmailAddress::parse(typed).unwrap_err();

            assert_eq!(problem.code, "malformedAddress");
            assert!(problem.detail.contains(told), "{}", problem.detail);
        }
        let problem = MailDomain::parse("exa\u{200B}mple.com").unwrap_err();
        assert!(
            problem.detail.contains("(U+200B) after 'exa'"),
            "{}",
            problem.detail
        );
    }

    #[test]
    fn a_domain_in_other_letters_is_kept_as_mail_servers_know_it() {
        let domain = MailDomain::parse("@Bücher.Example").unwrap();
        let address = EmailAddress::parse("Ada@BU\u{308}CHER.example").unwrap();

        assert_eq!(domain.as_str(), "xn--bcher-kva.example");
        assert_eq!(MailDomain::parse(domain.as_str()).unwrap(), domain);
        assert_eq!(address.as_str(), "Ada@xn--bcher-kva.example");
        assert!(domain.holds(&address));
        assert_eq!(
            EmailAddress::parse("ada@xn--bcher-kva.example")
                .unwrap()
                .normalised(),
            address.normalised()
        );
        for (typed, told) in [
            ("ü@example.com", "'ü' (U+00FC) before the @"),
            ("ada＠example.com", "(U+FF20)"),
            ("ada@p\u{430}ypal.example", "U+0430"),
            ("ada@bücher", "not a full domain name"),
        ] {
            let problem = EmailAddress::parse(typed).unwrap_err();
            assert!(problem.detail.contains(told), "{}", problem.detail);
        }
        let problem = MailDomain::parse("p\u{430}ypal.example").unwrap_err();
        assert_eq!(problem.code, "malformedDomain");
        assert!(problem.detail.contains("look-alike"), "{}", problem.detail);
    }

    #[test]
    fn a_domain_is_matched_whole() {
        let domain = MailDomain::parse("@Example.com").unwrap();

        assert!(domain.holds(&EmailAddress::parse("a@EXAMPLE.com").unwrap()));
        assert!(!domain.holds(&EmailAddress::parse("a@sub.example.com").unwrap()));
        assert!(!domain.holds(&EmailAddress::parse("a@notexample.com").unwrap()));
    }

    #[test]
    fn debug_output_does_not_hold_the_address() {
        let address = EmailAddress::parse("secret.person@example.com").unwrap();

        assert!(!format!("{address:?}").contains("secret"));
    }
}
