//! The mails as people get them: every method, occasion and language with fixed data.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the functions beside the tests fail the tests, as they should"
)]

mod branding;
mod contents;
mod hostile;
mod own;
mod right_to_left;
mod samples;
mod second_opinion;
mod wording;
mod zones;

use std::sync::LazyLock;

use beckon_domain::model::mail_content::{ContentSecret, InvitationOccasion, Message};
use beckon_domain::values::locale::Locale;
use beckon_domain::values::method::Method;
use beckon_mail::{ComposeError, Composer, link_of};
use contents::{
    DECLINE, MANAGED, METHODS, PAGE, agreement, hand_over, invitation, pin, spoken, token,
};

fn composer() -> &'static Composer {
    static COMPOSER: LazyLock<Composer> = LazyLock::new(|| Composer::new().unwrap());
    &COMPOSER
}

fn invite(content: &beckon_domain::model::mail_content::InvitationContent) -> Message {
    composer().invitation(content).unwrap()
}

/// The text as if it had never been wrapped. Where Chinese and Japanese break there is no space,
/// where others break there is one.
fn on_one_line(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines() {
        let spaced = |c: char| c.is_ascii() || !is_wide(c);
        if joined.ends_with(spaced) && line.starts_with(spaced) {
            joined.push(' ');
        }
        joined.push_str(line.trim_start());
    }
    joined
}

/// Whether a character of these mails takes two columns.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{FF01}'..='\u{FF60}')
}

fn columns(line: &str) -> usize {
    line.chars()
        .filter(|c| !matches!(c, '\u{2066}'..='\u{2069}'))
        .map(|c| 1 + usize::from(is_wide(c)))
        .sum()
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
fn the_link_stands_on_a_line_of_its_own() {
    for (method, link) in [
        (Method::Pin, spoken(PAGE, "en")),
        (Method::QrCode, link_of(&spoken(PAGE, "en"), &token())),
    ] {
        let message = invite(&invitation("en", method));

        assert!(message.text.lines().any(|line| line == link), "{method:?}");
        assert!(
            message
                .text
                .lines()
                .any(|line| line == spoken(DECLINE, "en")),
            "{method:?}"
        );
    }
}

#[test]
fn a_camera_reads_the_very_link_that_the_text_holds() {
    let message = invite(&invitation("en", Method::QrCode));

    let link = link_of(&spoken(PAGE, "en"), &token());
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
    let mut content = invitation("en", Method::QrCode);
    content.secret = ContentSecret::Masked { pin_length: 8 };

    let message = invite(&content);

    let page = spoken(PAGE, "en");
    assert_eq!(scanned(&message), page);
    assert!(message.text.contains(&format!("{page}#t=…")));
    assert!(!unescaped(&message.html).contains(&format!("href=\"{page}#t=")));

    let mut content = invitation("en", Method::Pin);
    content.secret = ContentSecret::Masked { pin_length: 8 };

    let message = invite(&content);

    assert!(message.text.contains("•••• ••••"));
    assert!(message.html.contains("•••• ••••"));
    assert!(message.inline.is_empty());

    for (pin_length, shown) in [(4, "••••"), (6, "••• •••"), (10, "•••• •••• ••")]
    {
        content.secret = ContentSecret::Masked { pin_length };

        let text = invite(&content).text;

        assert!(text.contains(&format!("PIN: {shown}\n")), "{text}");
    }
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
        (Method::Pin, ContentSecret::None),
        (Method::Pin, ContentSecret::Link(token())),
        (Method::PasswordAndPin, ContentSecret::None),
        (Method::QrCode, ContentSecret::Pin(pin())),
        (Method::Password, ContentSecret::Pin(pin())),
    ] {
        let mut content = invitation("en", method);
        content.secret = secret;

        let error = composer().invitation(&content).unwrap_err();

        assert!(matches!(error, ComposeError::SecretDoesNotFit(refused) if refused == method));
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(pin().expose()) && !shown.contains(token().expose()));
    }
}

#[test]
fn a_link_that_is_no_web_address_is_refused() {
    let mut content = invitation("en", Method::Pin);
    content.page_url = "javascript:alert(1)".to_owned();

    assert!(matches!(
        composer().invitation(&content),
        Err(ComposeError::NotAWebAddress)
    ));

    let mut content = invitation("en", Method::Password);
    content.manage_url = Some("awagent://enroll".to_owned());

    assert!(matches!(
        composer().invitation(&content),
        Err(ComposeError::NotAWebAddress)
    ));

    let mut content = invitation("en", Method::Pin);
    content.decline_url = Some("data:text/html,hello".to_owned());

    assert!(matches!(
        composer().invitation(&content),
        Err(ComposeError::NotAWebAddress)
    ));
}

#[test]
fn a_link_with_quotes_cannot_leave_its_attribute() {
    let mut content = invitation("en", Method::Pin);
    content.page_url = "https://example.com/\" onclick=\"x".to_owned();

    assert!(!invite(&content).html.contains("\" onclick=\""));
}

#[test]
fn the_first_language_of_the_chain_that_there_is_speaks_in_subject_text_and_html_alike() {
    let mut content = invitation("en", Method::Pin);
    content.reader.locales = ["nl-BE", "de-AT", "en"]
        .map(|tag| Locale::parse(tag).unwrap())
        .to_vec();

    let message = invite(&content);

    assert_eq!(message.locale.as_str(), "de");
    assert!(message.subject.starts_with("Registrieren Sie"));
    assert!(message.text.contains("Guten Tag Ada Lindqvist,"));
    assert!(message.html.contains("Guten Tag Ada Lindqvist,"));
    assert!(message.html.contains("<html lang=\"de\" dir=\"ltr\""));

    content.reader.locales = vec![Locale::parse("nl").unwrap()];

    assert_eq!(invite(&content).locale.as_str(), "en");
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
    let mut content = invitation("en", Method::Pin);
    content.occasion = InvitationOccasion::Reminder { last: true };

    let message = invite(&content);

    assert!(message.subject.starts_with("Last reminder: "));
    assert!(message.text.contains("This is the last reminder"));
}

#[test]
fn an_agreement_keeps_its_lines_and_paragraphs_and_nothing_else() {
    let mut content = invitation("en", Method::Pin);
    let mut agreed = agreement();
    agreed.text = "\n\n<b>One\ntwo\n \n\nthree\u{202E}\n".to_owned();
    content.agreement = Some(agreed);

    let message = invite(&content);

    assert!(
        message
            .html
            .contains("<p dir=\"auto\" style=\"text-align:start;\">&lt;b&gt;One<br />two</p>")
    );
    assert!(
        message
            .html
            .contains("<p dir=\"auto\" style=\"text-align:start;\">three</p>")
    );
    assert!(message.text.contains("\n\n<b>One\ntwo\n\nthree\n\n"));

    content.agreement.as_mut().unwrap().url = Some("javascript:alert(1)".to_owned());

    assert!(matches!(
        composer().invitation(&content),
        Err(ComposeError::NotAWebAddress)
    ));
}

#[test]
fn an_invitation_that_leads_to_the_device_management_has_its_address_in_the_button() {
    let mut content = invitation("en", Method::Password);
    content.manage_url = Some(MANAGED.to_owned());

    assert!(unescaped(&invite(&content).html).contains(&format!("href=\"{MANAGED}\"")));
}

#[test]
fn what_tells_of_a_secret_given_out_holds_no_link_but_the_one_that_declines() {
    let message = composer()
        .hand_over(&hand_over("en", Method::QrCode))
        .unwrap();

    let html = unescaped(&message.html);
    let links: Vec<&str> = html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(
        links,
        [
            spoken(DECLINE, "en").as_str(),
            "mailto:service@nordlicht.example"
        ]
    );
    assert!(message.inline.is_empty());

    let mut content = hand_over("en", Method::Pin);
    content.decline_url = Some("data:text/html,hello".to_owned());

    assert!(matches!(
        composer().hand_over(&content),
        Err(ComposeError::NotAWebAddress)
    ));
}
