//! The mails as people get them: every method, occasion and language with fixed data.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the functions beside the tests fail the tests, as they should"
)]

mod letters;

use beckon_domain::letter::{InvitationOccasion, LetterSecret, Message};
use beckon_domain::locale::{Locale, TimeZoneName};
use beckon_domain::method::Method;
use beckon_domain::names::{DisplayName, Label};
use beckon_domain::ownership::{Ownership, OwnershipRule};
use beckon_mail::{ComposeError, Composer, link_of};
use letters::{
    DECLINE, MANAGED, METHODS, OCCASIONS, PAGE, POLICY, agreement, completed, confirmation,
    declined, hand_over, invitation, notice, pin, stored, token,
};

fn composer() -> Composer {
    Composer::new().unwrap()
}

fn invite(letter: &beckon_domain::letter::InvitationLetter) -> Message {
    composer().invitation(letter).unwrap()
}

/// What a snapshot holds of a mail.
fn plain(message: &Message) -> String {
    format!("Subject: {}\n\n{}", message.subject, message.text)
}

/// The HTML as a browser would hold it in its text: the engine escapes slashes and quotes too.
fn unescaped(html: &str) -> String {
    html.replace("&#x2f;", "/")
        .replace("&#x27;", "'")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

/// Reads the QR code of a message as a camera would.
fn scanned(message: &Message) -> String {
    let [image] = message.inline.as_slice() else {
        panic!("one image expected")
    };
    let mut decoder = png::Decoder::new(std::io::Cursor::new(&image.bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut points = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut points).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);

    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| points[y * width + x]);
    let codes = picture.detect_grids();

    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}

#[test]
fn invitations_read_well_in_every_language_method_and_occasion() {
    for locale in Composer::locales() {
        for (method_name, method) in METHODS {
            for (occasion_name, occasion) in OCCASIONS {
                let mut letter = invitation(locale, method);
                letter.occasion = occasion;

                insta::assert_snapshot!(
                    format!("invitation_{locale}_{method_name}_{occasion_name}"),
                    plain(&invite(&letter))
                );
            }
        }
    }
}

#[test]
fn an_invitation_with_nothing_but_what_it_must_have_reads_well() {
    for locale in Composer::locales() {
        let mut letter = invitation(locale, Method::Pin);
        letter.head.organisation = None;
        letter.head.help_desk = None;
        letter.reader.name = None;
        letter.invited_by = None;
        letter.decline_url = None;
        letter.ownership = Ownership::NotSet;

        insta::assert_snapshot!(format!("invitation_{locale}_bare"), plain(&invite(&letter)));
    }
}

#[test]
fn an_invitation_to_ones_own_device_that_replaces_another_reads_well() {
    for locale in Composer::locales() {
        let mut letter = invitation(locale, Method::Pin);
        letter.ownership = Ownership::UserOwned;
        letter.replaces_earlier = true;
        letter.decline_url = None;

        insta::assert_snapshot!(
            format!("invitation_{locale}_replacing"),
            plain(&invite(&letter))
        );
    }
}

#[test]
fn an_invitation_that_leads_to_the_device_management_reads_well() {
    for locale in Composer::locales() {
        let mut letter = invitation(locale, Method::Password);
        letter.manage_url = Some(MANAGED.to_owned());

        let message = invite(&letter);

        assert!(unescaped(&message.html).contains(&format!("href=\"{MANAGED}\"")));
        insta::assert_snapshot!(
            format!("invitation_{locale}_password_managed"),
            plain(&message)
        );
    }
}

#[test]
fn previews_with_a_masked_secret_read_well() {
    for (method_name, method) in METHODS {
        let mut letter = invitation("en", method);
        letter.secret = LetterSecret::Masked;

        insta::assert_snapshot!(
            format!("invitation_en_{method_name}_masked"),
            plain(&invite(&letter))
        );
    }
}

#[test]
fn confirmations_read_well_for_every_rule() {
    for locale in Composer::locales() {
        for (name, ownership, rule) in [
            (
                "supervised",
                Ownership::CompanyOwned,
                OwnershipRule::Supervised,
            ),
            (
                "user_enrollment",
                Ownership::UserOwned,
                OwnershipRule::UserEnrollment,
            ),
            (
                "invitation",
                Ownership::CompanyOwned,
                OwnershipRule::Invitation,
            ),
            ("not_set", Ownership::NotSet, OwnershipRule::NotSet),
        ] {
            let message = composer()
                .confirmation(&confirmation(locale, ownership, rule))
                .unwrap();

            insta::assert_snapshot!(format!("confirmation_{locale}_{name}"), plain(&message));
        }

        let mut bare = confirmation(locale, Ownership::NotSet, OwnershipRule::NotSet);
        bare.head.organisation = None;
        bare.head.help_desk = None;
        bare.reader.name = None;
        bare.device_name = None;
        bare.platform = None;

        let message = composer().confirmation(&bare).unwrap();

        insta::assert_snapshot!(format!("confirmation_{locale}_bare"), plain(&message));
    }
}

#[test]
fn an_invitation_with_an_agreement_says_it_and_links_to_it() {
    for locale in Composer::locales() {
        let mut letter = invitation(locale, Method::Pin);
        letter.agreement = Some(agreement());

        let message = invite(&letter);

        assert!(unescaped(&message.html).contains(&format!("href=\"{POLICY}\"")));
        assert!(
            message
                .html
                .contains("of ours.<br />We never see: photos, messages, private apps.</p>")
        );
        insta::assert_snapshot!(format!("invitation_{locale}_agreement"), plain(&message));
    }
}

#[test]
fn what_was_given_out_without_a_mail_is_told_with_who_when_and_why() {
    for locale in Composer::locales() {
        for (name, method) in [("pin", Method::Pin), ("qr_code", Method::QrCode)] {
            let message = composer().hand_over(&hand_over(locale, method)).unwrap();

            assert!(unescaped(&message.html).contains(&format!("href=\"{DECLINE}\"")));
            insta::assert_snapshot!(format!("hand_over_{locale}_{name}"), plain(&message));
        }

        let mut bare = hand_over(locale, Method::PasswordAndPin);
        bare.head.organisation = None;
        bare.head.help_desk = None;
        bare.reader.name = None;
        bare.by = None;
        bare.decline_url = None;

        let message = composer().hand_over(&bare).unwrap();

        insta::assert_snapshot!(format!("hand_over_{locale}_bare"), plain(&message));
    }
}

#[test]
fn a_method_without_a_secret_has_nothing_that_could_be_given_out() {
    let error = composer()
        .hand_over(&hand_over("en", Method::Password))
        .unwrap_err();

    assert!(matches!(
        error,
        ComposeError::SecretDoesNotFit(Method::Password)
    ));
}

#[test]
fn administrators_are_told_what_became_of_an_invitation_and_what_to_do() {
    for locale in Composer::locales() {
        for (name, about) in [
            ("declined", declined()),
            (
                "completed",
                completed(Ownership::CompanyOwned, OwnershipRule::Invitation),
            ),
        ] {
            let message = composer().notice(&notice(locale, about)).unwrap();

            insta::assert_snapshot!(format!("notice_{locale}_{name}"), plain(&message));
        }

        let mut bare = notice(locale, completed(Ownership::NotSet, OwnershipRule::NotSet));
        bare.person.name = None;

        let message = composer().notice(&bare).unwrap();

        assert!(message.subject.contains("ada@nordlicht.example"));
        insta::assert_snapshot!(format!("notice_{locale}_nameless"), plain(&message));
    }
}

#[test]
fn the_html_of_one_mail_of_each_kind_is_as_it_was_looked_at() {
    let pin = invitation("en", Method::Pin);
    let qr = invitation("de", Method::QrCode);
    let confirmation = confirmation("en", Ownership::CompanyOwned, OwnershipRule::Supervised);

    insta::assert_snapshot!("html_invitation_en_pin", invite(&pin).html);
    insta::assert_snapshot!("html_invitation_de_qr_code", invite(&qr).html);
    insta::assert_snapshot!(
        "html_confirmation_en",
        composer().confirmation(&confirmation).unwrap().html
    );
}

#[test]
fn text_and_html_hold_the_same_facts() {
    for locale in Composer::locales() {
        for (_, method) in METHODS {
            let mut letter = invitation(locale, method);
            letter.replaces_earlier = true;

            let message = invite(&letter);

            let text = message.text.replace('\n', " ");
            let html = unescaped(&message.html);
            let mut facts = vec![
                "Ada Lindqvist",
                "Nordlicht Werke",
                "Jonas Brandt",
                "Service Desk",
                "service@nordlicht.example",
                "+49 30 555 0100",
                "2026, 14:30",
                "(Europe/Berlin, UTC+1)",
                DECLINE,
            ];
            let link = link_of(PAGE, &token());
            facts.push(match method {
                Method::Pin | Method::PasswordAndPin => "4815 0623",
                Method::QrCode => &link,
                Method::Password => PAGE,
            });
            for fact in facts {
                assert!(text.contains(fact), "{locale} {method:?} text: {fact}");
                assert!(html.contains(fact), "{locale} {method:?} HTML: {fact}");
            }
        }
    }
}

#[test]
fn the_link_stands_on_a_line_of_its_own() {
    for (method, link) in [
        (Method::Pin, PAGE.to_owned()),
        (Method::QrCode, link_of(PAGE, &token())),
    ] {
        let message = invite(&invitation("en", method));

        assert!(message.text.lines().any(|line| line == link), "{method:?}");
        assert!(
            message.text.lines().any(|line| line == DECLINE),
            "{method:?}"
        );
    }
}

#[test]
fn lines_of_text_fit_unless_they_are_links() {
    for locale in Composer::locales() {
        for (_, method) in METHODS {
            let message = invite(&invitation(locale, method));

            for line in message.text.lines() {
                assert!(
                    line.chars().count() <= 72 || line.starts_with("https://"),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn a_camera_reads_the_very_link_that_the_text_holds() {
    let message = invite(&invitation("en", Method::QrCode));

    let link = link_of(PAGE, &token());
    assert_eq!(scanned(&message), link);
    assert!(message.text.contains(&link));
    assert!(unescaped(&message.html).contains(&format!("href=\"{link}\"")));
    let [image] = message.inline.as_slice() else {
        panic!("one image expected")
    };
    assert!(
        message
            .html
            .contains(&format!("src=\"cid:{}\"", image.content_id))
    );
    assert_eq!(image.content_type, "image/png");
}

#[test]
fn the_link_carries_the_token_in_its_fragment() {
    assert_eq!(
        link_of(PAGE, &token()),
        format!("{PAGE}#t={}", token().expose())
    );
}

#[test]
fn a_preview_shows_the_shape_of_the_secret_and_no_secret() {
    let mut letter = invitation("en", Method::QrCode);
    letter.secret = LetterSecret::Masked;

    let message = invite(&letter);

    assert_eq!(scanned(&message), PAGE);
    assert!(message.text.contains(&format!("{PAGE}#t=…")));
    assert!(!unescaped(&message.html).contains(&format!("href=\"{PAGE}#t=")));

    let mut letter = invitation("en", Method::Pin);
    letter.secret = LetterSecret::Masked;

    let message = invite(&letter);

    assert!(message.text.contains("•••• ••••"));
    assert!(message.html.contains("•••• ••••"));
    assert!(message.inline.is_empty());
}

#[test]
fn neither_the_subject_nor_the_preheader_holds_a_secret() {
    for (_, method) in METHODS {
        let message = invite(&invitation("en", method));

        let preheader = message
            .html
            .split("</head>")
            .nth(1)
            .unwrap()
            .split("</div>")
            .next()
            .unwrap();
        assert!(preheader.contains("Inside: "), "{preheader}");
        for secret in [pin().expose(), &pin().expose_grouped(), token().expose()] {
            assert!(!message.subject.contains(secret));
            assert!(!preheader.contains(secret));
            assert!(
                !message
                    .html
                    .split("</head>")
                    .next()
                    .unwrap()
                    .contains(secret)
            );
        }
    }
}

#[test]
fn a_secret_that_does_not_fit_the_method_is_refused_without_showing_it() {
    for (method, secret) in [
        (Method::Pin, LetterSecret::None),
        (Method::Pin, LetterSecret::Link(token())),
        (Method::PasswordAndPin, LetterSecret::None),
        (Method::QrCode, LetterSecret::Pin(pin())),
        (Method::Password, LetterSecret::Pin(pin())),
    ] {
        let mut letter = invitation("en", method);
        letter.secret = secret;

        let error = composer().invitation(&letter).unwrap_err();

        assert!(matches!(error, ComposeError::SecretDoesNotFit(refused) if refused == method));
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(pin().expose()) && !shown.contains(token().expose()));
    }
}

#[test]
fn a_link_that_is_no_web_address_is_refused() {
    let mut letter = invitation("en", Method::Pin);
    letter.page_url = "javascript:alert(1)".to_owned();

    assert!(matches!(
        composer().invitation(&letter),
        Err(ComposeError::NotAWebAddress)
    ));

    let mut letter = invitation("en", Method::Password);
    letter.manage_url = Some("awagent://enroll".to_owned());

    assert!(matches!(
        composer().invitation(&letter),
        Err(ComposeError::NotAWebAddress)
    ));

    let mut letter = invitation("en", Method::Pin);
    letter.decline_url = Some("data:text/html,hello".to_owned());

    assert!(matches!(
        composer().invitation(&letter),
        Err(ComposeError::NotAWebAddress)
    ));
}

#[test]
fn a_link_with_quotes_cannot_leave_its_attribute() {
    let mut letter = invitation("en", Method::Pin);
    letter.page_url = "https://example.com/\" onclick=\"x".to_owned();

    assert!(!invite(&letter).html.contains("\" onclick=\""));
}

#[test]
fn a_name_that_is_html_a_template_or_very_long_is_only_a_name() {
    let attack = r#"<script>alert("1")</script>{{ 7 * 191 }}{name}<a href='//evil.example'>"#;
    let long = "W".repeat(300);
    for name in [attack, &long] {
        let mut letter = invitation("en", Method::Pin);
        letter.reader.name = Some(stored::<DisplayName>(name));
        letter.invited_by = Some(stored::<Label>(name));
        letter.head.organisation = Some(stored::<Label>(name));

        let message = invite(&letter);

        assert!(!message.html.contains("<script") && !message.html.contains("<a href='//"));
        assert!(
            !message.html.contains("1337"),
            "a name is not run as a template"
        );
        assert!(message.text.replace('\n', " ").contains(name));
        assert!(message.subject.ends_with(name));
    }
}

#[test]
fn a_name_that_was_stored_with_line_breaks_splits_no_subject_and_no_line() {
    let mut letter = invitation("en", Method::Pin);
    letter.head.organisation = Some(stored("Acme\r\nBcc: all@example.com"));
    letter.reader.name = Some(stored("Ann\u{0}\n\nYour PIN: 0000\u{202E}"));

    let message = invite(&letter);

    assert!(!message.subject.contains(char::is_control));
    assert!(
        !message
            .text
            .lines()
            .any(|line| line.starts_with("Your PIN: 0000") || line.starts_with("Bcc"))
    );
    assert!(
        !message
            .text
            .contains(|c: char| c != '\n' && c.is_control() || c == '\u{202E}')
    );
    assert!(!message.html.contains('\u{202E}') && !message.html.contains('\u{0}'));
}

#[test]
fn no_placeholder_is_left_over_and_nothing_is_fetched() {
    for locale in Composer::locales() {
        for (_, method) in METHODS {
            let message = invite(&invitation(locale, method));

            assert!(!message.text.contains(['{', '}']) && !message.subject.contains(['{', '}']));
            assert!(!message.html.contains("{{") && !message.html.contains("{%"));
            for fetched in [
                "<script",
                "<link",
                "@import",
                "url(",
                "src=\"http",
                "fonts.googleapis",
            ] {
                assert!(!message.html.contains(fetched), "{fetched}");
            }
        }
    }
}

#[test]
fn the_first_language_of_the_chain_that_there_is_speaks_in_subject_text_and_html_alike() {
    let mut letter = invitation("en", Method::Pin);
    letter.reader.locales = ["fr-CA", "de-AT", "en"]
        .map(|tag| Locale::parse(tag).unwrap())
        .to_vec();

    let message = invite(&letter);

    assert_eq!(message.locale.as_str(), "de");
    assert!(message.subject.starts_with("Registrieren Sie"));
    assert!(message.text.contains("Guten Tag Ada Lindqvist,"));
    assert!(message.html.contains("Guten Tag Ada Lindqvist,"));
    assert!(message.html.contains("<html lang=\"de\" dir=\"ltr\""));

    letter.reader.locales = vec![Locale::parse("fr").unwrap()];

    assert_eq!(invite(&letter).locale.as_str(), "en");
}

#[test]
fn an_invitation_that_ends_after_the_clocks_change_tells_the_new_time_and_the_same_span() {
    let mut letter = invitation("en", Method::Pin);
    letter.issued_at = "2026-10-22T12:30:00Z".parse().unwrap();
    letter.expires_at = "2026-10-29T12:30:00Z".parse().unwrap();

    let message = invite(&letter);

    // Issued at 14:30 summer time; seven days of 24 hours later it is 13:30 by the clock.
    assert!(message.text.contains("Thursday, 29 October 2026, 13:30"));
    assert!(message.text.contains("(Europe/Berlin, UTC+1)"));
    assert!(message.text.contains("(7 days after it was issued)"));
}

#[test]
fn times_are_told_in_the_zone_of_the_reader() {
    let mut letter = invitation("en", Method::Pin);
    letter.reader.time_zone = TimeZoneName::parse("Asia/Tokyo").unwrap();

    assert!(invite(&letter).text.contains("29 November 2026, 22:30"));
}

#[test]
fn only_the_password_and_pin_method_speaks_of_a_password_beside_the_pin() {
    let says = |method| {
        invite(&invitation("en", method))
            .text
            .contains("work password")
    };

    assert_eq!(
        METHODS.map(|(_, method)| says(method)),
        [false, true, true, false]
    );
}

#[test]
fn the_last_reminder_says_that_it_is_the_last() {
    let mut letter = invitation("en", Method::Pin);
    letter.occasion = InvitationOccasion::Reminder { last: true };

    let message = invite(&letter);

    assert!(message.subject.starts_with("Last reminder: "));
    assert!(message.text.contains("This is the last reminder"));
}
