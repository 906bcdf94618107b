//! Mails in Arabic: what is read from left to right in every language stays so inside them.

use beckon_domain::model::mail_content::Message;
use beckon_domain::values::method::Method;

use crate::composer;
use crate::contents::{DECLINE, declined, hand_over, invitation, notice, spoken};
use crate::samples::samples;

fn arabic(method: Method) -> Message {
    crate::invite(&invitation("ar", method))
}

#[test]
fn the_html_runs_from_right_to_left_and_its_secrets_and_links_from_left_to_right() {
    let pin = arabic(Method::Pin).html;
    let qr = arabic(Method::QrCode).html;

    assert!(pin.contains("<html lang=\"ar\" dir=\"rtl\""));
    assert!(pin.contains("direction:rtl"));
    assert!(!pin.contains("direction:ltr"));
    assert!(pin.contains("<div class=\"pin\" dir=\"ltr\""));
    assert!(qr.contains("<a class=\"url\" dir=\"ltr\""));
    for ltr in ["service@nordlicht.example", "+49 30 555 0100"] {
        assert!(
            pin.contains(&format!("<bdi dir=\"ltr\">{ltr}</bdi>")),
            "{ltr}"
        );
    }
}

#[test]
fn the_text_keeps_pins_addresses_and_names_apart_and_leaves_links_as_they_are() {
    let text = arabic(Method::Pin).text;

    // Without, `4815 0623` in a line from right to left shows as `0623 4815`.
    assert!(text.contains("\u{2066}4815 0623\u{2069}"));
    assert!(text.contains("\u{2066}service@nordlicht.example\u{2069}"));
    assert!(text.contains("\u{2066}+49 30 555 0100\u{2069}"));
    assert!(text.contains("\u{2068}Jonas Brandt\u{2069}"));
    assert!(text.contains("\u{2068}Europe/Berlin, UTC+1\u{2069}"));
    // A mark at a link's end would become a part of it where mail programs make links of text.
    assert!(text.lines().any(|line| line == spoken(DECLINE, "ar")));
}

#[test]
fn the_time_of_day_is_one_piece() {
    // Its two numbers, each kept apart, would change places.
    let text = arabic(Method::Pin).text;

    assert!(text.contains("14:30"));
}

#[test]
fn what_is_kept_apart_ends_before_the_line_does() {
    let ours = ['\u{2066}', '\u{2068}'];
    for sample in samples("ar") {
        let paragraphs = sample.message.text.split("\n\n");
        for text in paragraphs.chain([sample.message.subject.as_str()]) {
            let mut open = 0;
            for c in text.chars() {
                open += i32::from(ours.contains(&c)) - i32::from(c == '\u{2069}');
                assert!(open >= 0, "{text}");
            }
            assert_eq!(open, 0, "{text}");
        }
    }
}

#[test]
fn mails_from_left_to_right_carry_no_invisible_marks() {
    for locale in beckon_mail::Composer::locales() {
        if *locale == "ar" {
            continue;
        }
        for sample in samples(locale) {
            let Message {
                subject,
                text,
                html,
                ..
            } = &sample.message;
            for part in [subject, text, html] {
                assert!(
                    !part.contains(['\u{2066}', '\u{2068}', '\u{2069}']),
                    "{locale}"
                );
            }
        }
    }
}

#[test]
fn a_name_cannot_end_its_own_isolation() {
    let mut content = hand_over("ar", Method::Pin);
    content.by = Some(crate::contents::stored("Mara\u{2069}\u{202E}evil"));
    let mut about = notice("ar", declined());
    about.person.name = Some(crate::contents::stored("Ada\u{2069}\u{202E}evil"));

    let hand_over = composer().hand_over(&content).unwrap();
    let notice = composer().notice(&about).unwrap();

    assert!(hand_over.text.contains("\u{2068}Mara evil\u{2069}"));
    assert!(notice.subject.contains("\u{2068}Ada  evil\u{2069}"));
    for part in [hand_over.text, hand_over.html, notice.subject, notice.html] {
        assert!(!part.contains('\u{202E}'));
    }
}
