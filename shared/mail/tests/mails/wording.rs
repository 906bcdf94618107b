//! What the mails say, in every language: snapshots to be read by people who speak it, and what
//! must hold of every mail whatever its words are.

use beckon_mail::Composer;
use std::fmt::Write as _;
use std::path::PathBuf;

use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::values::method::Method;

use crate::contents::{
    DECLINE, PAGE, POLICY, agreement, confirmation, declined, hand_over, invitation, notice,
    spoken, token,
};
use crate::samples::{Sample, invitations_by_subject, samples};
use crate::{METHODS, columns, composer, invite, link_of, on_one_line, unescaped};

/// Text as a snapshot shows it: what is invisible would else be missed in a review.
fn visible(text: &str) -> String {
    text.replace('\u{2066}', "<LRI>")
        .replace('\u{2068}', "<FSI>")
        .replace('\u{2069}', "<PDI>")
}

fn preheader(html: &str) -> String {
    let body = html.split("<body").nth(1).unwrap();
    let shown = body.split("display:none").nth(1).unwrap();
    let text = shown.split('>').nth(1).unwrap().split('<').next().unwrap();
    unescaped(text.trim())
}

#[test]
fn every_mail_reads_well_in_every_language() {
    for locale in Composer::locales() {
        for kind in ["invitation", "confirmation", "hand_over", "notice"] {
            let mut shown = String::new();
            for sample in samples(locale).iter().filter(|sample| sample.kind == kind) {
                let Sample { name, message, .. } = sample;
                let (subject, text) = (visible(&message.subject), visible(&message.text));
                writeln!(shown, "======== {name}\n\nSubject: {subject}\n\n{text}").unwrap();
            }

            insta::assert_snapshot!(format!("{kind}_{locale}"), shown);
        }
    }
}

#[test]
fn every_subject_and_preheader_reads_well_in_every_language() {
    for locale in Composer::locales() {
        let mut shown = String::new();
        let all = samples(locale).into_iter().map(|sample| sample.message);
        let mut seen = std::collections::BTreeSet::new();
        for message in invitations_by_subject(locale).into_iter().chain(all) {
            let line = format!("{}\n  {}\n", message.subject, preheader(&message.html));
            if seen.insert(line.clone()) {
                shown.push_str(&visible(&line));
            }
        }

        insta::assert_snapshot!(format!("subjects_{locale}"), shown);
    }
}

#[test]
fn the_html_of_one_mail_of_each_kind_is_as_it_was_looked_at() {
    let pin = invitation("en", Method::Pin);
    let qr = invitation("de", Method::QrCode);
    let mut arabic = invitation("ar", Method::Pin);
    arabic.agreement = Some(agreement());
    let confirmation = confirmation("en", Ownership::CompanyOwned, OwnershipRule::Supervised);

    insta::assert_snapshot!("html_invitation_en_pin", invite(&pin).html);
    insta::assert_snapshot!("html_invitation_de_qr_code", invite(&qr).html);
    insta::assert_snapshot!("html_invitation_ar_pin_agreement", invite(&arabic).html);
    insta::assert_snapshot!(
        "html_confirmation_en",
        composer().confirmation(&confirmation).unwrap().html
    );
    insta::assert_snapshot!(
        "html_hand_over_fr",
        composer()
            .hand_over(&hand_over("fr", Method::Pin))
            .unwrap()
            .html
    );
    insta::assert_snapshot!(
        "html_notice_ja",
        composer().notice(&notice("ja", declined())).unwrap().html
    );
}

#[test]
fn the_html_names_its_language_and_direction_holds_the_links_and_has_nothing_left_to_fill() {
    for locale in Composer::locales() {
        let (dir, start, end) = if *locale == "ar" {
            ("rtl", "right", "left")
        } else {
            ("ltr", "left", "right")
        };
        for Sample {
            name,
            message,
            can_be_declined,
            ..
        } in samples(locale)
        {
            let html = &message.html;
            let declines =
                unescaped(html).contains(&format!("href=\"{}\"", spoken(DECLINE, locale)));

            assert_eq!(message.locale.as_str(), *locale);
            assert!(
                html.contains(&format!("<html lang=\"{locale}\" dir=\"{dir}\"")),
                "{locale} {name}"
            );
            assert!(
                html.contains(&format!("<td align=\"{start}\"")),
                "{locale} {name}"
            );
            assert!(
                !html.contains(&format!("<td align=\"{end}\"")),
                "{locale} {name}"
            );
            assert_eq!(declines, can_be_declined, "{locale} {name}");
            assert!(!html.contains("{{") && !html.contains("{%"));
            assert!(!message.text.contains(['{', '}']) && !message.subject.contains(['{', '}']));
            for fetched in [
                "<script",
                "<link",
                "@import",
                "url(",
                "src=\"http",
                "fonts.googleapis",
            ] {
                assert!(!html.contains(fetched), "{locale} {name}: {fetched}");
            }
        }
    }
}

#[test]
fn no_language_says_a_sentence_of_another() {
    // A sentence that somebody forgot to translate is the English one; so is one that was pasted.
    let english: Vec<String> = samples("en")
        .into_iter()
        .flat_map(|sample| {
            sample
                .message
                .text
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|line| line.split(' ').count() > 5)
        .collect();
    for locale in Composer::locales().iter().filter(|locale| **locale != "en") {
        for sample in samples(locale) {
            for line in sample.message.text.lines() {
                let agreed = agreement().text.contains(line);
                assert!(
                    agreed || !english.iter().any(|said| said == line),
                    "{locale}: {line}"
                );
            }
        }
    }
}

#[test]
fn text_and_html_hold_the_same_facts() {
    for locale in Composer::locales() {
        for (_, method) in METHODS {
            let mut content = invitation(locale, method);
            content.replaces_earlier = true;
            content.agreement = Some(agreement());

            let message = invite(&content);

            let text = on_one_line(&message.text);
            let html = unescaped(&message.html);
            let declines = spoken(DECLINE, locale);
            let page = spoken(PAGE, locale);
            let mut facts = vec![
                "Ada Lindqvist",
                "Nordlicht Werke",
                "Jonas Brandt",
                "Service Desk",
                "service@nordlicht.example",
                "+49 30 555 0100",
                if *locale == "fi" { "14.30" } else { "14:30" },
                "Europe/Berlin, UTC+1",
                "If the device is lost, we can erase it.",
                POLICY,
                &declines,
            ];
            let link = link_of(&page, &token());
            facts.push(match method {
                Method::Pin | Method::PasswordAndPin => "4815 0623",
                Method::QrCode => &link,
                Method::Password => &page,
            });
            for fact in facts {
                assert!(text.contains(fact), "{locale} {method:?} text: {fact}");
                assert!(html.contains(fact), "{locale} {method:?} HTML: {fact}");
            }
        }
    }
}

#[test]
fn lines_of_text_fit_unless_they_are_links() {
    for locale in Composer::locales() {
        for sample in samples(locale) {
            for line in sample.message.text.lines() {
                assert!(
                    columns(line) <= 72 || line.starts_with("https://"),
                    "{locale}: {line}"
                );
            }
        }
    }
}

/// `BECKON_MAILS=DIR cargo test -p beckon-mail every_picture` also writes every mail as a page that a
/// browser shows, for whoever changes how mails look.
#[test]
fn every_picture_that_a_mail_shows_comes_with_it_and_none_besides() {
    let folder = std::env::var_os("BECKON_MAILS").map(PathBuf::from);
    for locale in Composer::locales() {
        for (number, sample) in samples(locale).into_iter().enumerate() {
            let mut page = sample.message.html;
            let mut files = Vec::new();
            for image in &sample.message.inline {
                let cid = format!("cid:{}", image.content_id);
                let file = format!("{number}-{}", image.file_name);
                assert!(page.contains(&cid), "{locale} {}: {cid}", sample.kind);
                page = page.replace(&cid, &file);
                files.push((file, image.bytes.clone()));
            }
            assert!(!page.contains("cid:"), "{locale} {}", sample.kind);
            files.push((format!("{number}-{}.html", sample.kind), page.into_bytes()));
            if let Some(folder) = &folder {
                let folder = folder.join(locale);
                std::fs::create_dir_all(&folder).unwrap();
                for (file, bytes) in files {
                    std::fs::write(folder.join(file), bytes).unwrap();
                }
            }
        }
    }
}
