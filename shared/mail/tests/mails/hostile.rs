//! Names and reasons are people's input, and some of it was stored before there was a rule
//! against it. Wherever it ends up, it stays a name.

use beckon_domain::model::mail_content::Message;
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::values::method::Method;

use crate::contents::{
    PAGE, completed, confirmation, declined, hand_over, invitation, notice, stored,
};
use crate::{composer, invite, on_one_line, unescaped};

/// Languages of three kinds: Latin, without spaces, from right to left.
const LOCALES: [&str; 3] = ["en", "ja", "ar"];

/// Every kind of mail with this text wherever somebody's text can stand.
fn mails_with(locale: &str, text: &str) -> Vec<Message> {
    let mut invited = invitation(locale, Method::Pin);
    invited.reader.name = stored(text);
    invited.invited_by = stored(text);
    invited.head.organisation = stored(text);

    let mut confirmed = confirmation(locale, Ownership::NotSet, OwnershipRule::NotSet);
    confirmed.reader.name = stored(text);
    confirmed.device_name = stored(text);
    confirmed.platform = stored(text);
    confirmed.head.organisation = stored(text);

    let mut handed = hand_over(locale, Method::Pin);
    handed.reader.name = stored(text);
    handed.by = stored(text);
    handed.reason = stored(text);
    handed.head.organisation = stored(text);

    let mut refused = notice(locale, declined());
    refused.reader.name = stored(text);
    refused.person.name = stored(text);

    let mut done = notice(locale, completed(Ownership::NotSet, OwnershipRule::NotSet));
    done.person.name = stored(text);
    done.head.organisation = stored(text);

    vec![
        invite(&invited),
        composer().confirmation(&confirmed).unwrap(),
        composer().hand_over(&handed).unwrap(),
        composer().notice(&refused).unwrap(),
        composer().notice(&done).unwrap(),
    ]
}

#[test]
fn a_name_that_is_html_a_template_or_very_long_is_only_a_name() {
    let attack = r#"<script>alert("1")</script>{{ 7 * 191 }}{name}<a href='//evil.example'>"#;
    let long = "W".repeat(300);
    for name in [attack, &long] {
        for locale in LOCALES {
            for message in mails_with(locale, name) {
                assert!(!message.html.contains("<script") && !message.html.contains("<a href='//"));
                assert!(
                    !message.html.contains("1337"),
                    "a name is not run as a template"
                );
                assert!(on_one_line(&message.text).contains(name), "{locale}");
                assert!(
                    unescaped(&message.html)
                        .contains(&name.replace('<', "&lt;").replace('>', "&gt;"))
                );
            }
        }
    }
}

#[test]
fn a_name_in_the_subject_is_the_name_as_it_is_and_no_line_more() {
    let name = r#"<b>"Ada" & {person}"#;

    for message in mails_with("en", name) {
        // The hand-over's subject names nobody.
        if message.subject != "A PIN was given out in your name" {
            assert!(message.subject.ends_with(name), "{}", message.subject);
        }
        assert_eq!(message.subject.lines().count(), 1);
    }
}

#[test]
fn a_name_that_was_stored_with_line_breaks_splits_no_subject_and_no_line() {
    for locale in LOCALES {
        for message in mails_with(
            locale,
            "Ann\u{0}\r\nBcc: all@example.com\n\nYour PIN: 0000\u{2028}x",
        ) {
            assert!(!message.subject.contains(char::is_control));
            assert!(
                !message
                    .text
                    .lines()
                    .any(|line| line.starts_with("Your PIN: 0000") || line.starts_with("Bcc"))
            );
            for part in [&message.subject, &message.text, &message.html] {
                assert!(!part.contains(|c: char| c != '\n' && c.is_control() || c == '\u{2028}'));
            }
        }
    }
}

#[test]
fn a_name_that_turns_the_text_around_turns_nothing() {
    let turning = [
        '\u{061C}', '\u{200E}', '\u{200F}', '\u{202A}', '\u{202B}', '\u{202D}', '\u{202E}',
        '\u{2067}',
    ];
    let name: String = turning
        .iter()
        .flat_map(|c| [*c, 'x'])
        .chain(['\u{2069}'; 9])
        .collect();
    for locale in LOCALES {
        for message in mails_with(locale, &name) {
            for part in [&message.subject, &message.text, &message.html] {
                assert!(!part.contains(turning), "{locale}");
                let opened = part.matches(['\u{2066}', '\u{2068}']).count();
                assert_eq!(part.matches('\u{2069}').count(), opened, "{locale}");
            }
        }
    }
}

#[test]
fn an_address_in_a_name_becomes_no_link_of_ours() {
    for locale in LOCALES {
        for message in mails_with(locale, "Win at https://evil.example/?x=\"' now") {
            let html = unescaped(&message.html);
            for link in html.split("href=\"").skip(1) {
                let ours = [PAGE, "mailto:service@nordlicht.example"];
                assert!(ours.iter().any(|our| link.starts_with(our)), "{link}");
            }
        }
    }
}
