//! Mails that look like the organisation's: its logo above them, its colour on their buttons.

use beckon_domain::model::mail_content::Message;
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::model::settings::branding::{Branding, MAX_LOGO_BYTES};
use beckon_domain::model::template::{MailContent, TemplateKind, TemplateName};
use beckon_domain::ports::composer::Composer as _;
use beckon_domain::values::method::Method;
use serde_json::json;

use crate::composer;
use crate::contents::{confirmation, invitation};

/// A picture of one colour.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    let points = [0x5b, 0x21, 0xb6, 0xff].repeat((width * height) as usize);
    writer.write_image_data(&points).unwrap();
    writer.finish().unwrap();
    file
}

/// As the settings hold it.
pub(crate) fn branding(colour: &str, logo: &[u8], alt: Option<&str>) -> Branding {
    use base64::Engine as _;
    let content = base64::engine::general_purpose::STANDARD.encode(logo);
    let draft = json!({ "branding": {
        "accentColour": colour,
        "logo": { "contentType": "image/png", "contentBase64": content, "alt": alt },
    } });
    let draft: beckon_domain::model::settings::SettingsDraft =
        serde_json::from_value(draft).unwrap();
    let from = beckon_domain::values::address::EmailAddress::parse("beckon@example.com").unwrap();
    draft.parse(&from).unwrap().branding
}

fn shows_the_logo(message: &Message, file: &[u8]) {
    let logos: Vec<_> = message
        .inline
        .iter()
        .filter(|image| image.content_id == "logo")
        .collect();
    assert_eq!(logos.len(), 1);
    assert_eq!(logos[0].bytes, file);
    assert_eq!(logos[0].content_type, "image/png");
    assert_eq!(message.html.matches("cid:logo").count(), 1);
}

#[test]
fn every_mail_has_the_logo_above_it_once() {
    let file = png(440, 120);
    let branding = branding("#5b21b6", &file, None);
    let mut by_code = invitation("en", Method::QrCode);
    by_code.head.branding = branding.clone();
    let mut done = confirmation("en", Ownership::CompanyOwned, OwnershipRule::Invitation);
    done.head.branding = branding.clone();
    let ours = composer().our_wording(&TemplateName {
        kind: TemplateKind::Invitation,
        locale: by_code.reader.locales[0].clone(),
    });
    let own = MailContent::Invitation(by_code.clone());
    let own = composer().compose_own(&by_code.reader.locales[0], &ours, &own);

    let messages = [
        composer().compose_invitation(&by_code).unwrap(),
        composer().compose_confirmation(&done).unwrap(),
        own.unwrap(),
    ];

    for message in &messages {
        shows_the_logo(message, &file);
        // 440 by 120, no wider than 220.
        assert!(message.html.contains("width=\"220\" height=\"60\""));
        assert!(message.html.contains("alt=\"Nordlicht Werke\""));
    }
    assert_eq!(messages[0].inline.len(), 2, "beside the QR code");
}

#[test]
fn a_button_has_the_colour_of_the_organisation_and_a_text_that_can_be_read_on_it() {
    for (colour, text) in [("#5b21b6", "#ffffff"), ("#ffd400", "#000000")] {
        let mut content = invitation("en", Method::Pin);
        content.head.branding = branding(colour, &png(64, 64), Some("Nordlicht"));
        let ours = composer().compose_invitation(&content).unwrap();
        let wording = composer().our_wording(&TemplateName {
            kind: TemplateKind::Invitation,
            locale: content.reader.locales[0].clone(),
        });
        let own = MailContent::Invitation(content.clone());
        let own = composer().compose_own(&content.reader.locales[0], &wording, &own);

        for html in [ours.html, own.unwrap().html] {
            let button = html.split("class=\"button").nth(1).unwrap();
            let link = button.split("</a>").next().unwrap();
            assert!(link.contains(&format!("color:{text}")), "{link}");
            assert!(link.contains(colour), "{link}");
            assert!(html.contains("alt=\"Nordlicht\""));
            // In dark mode, too.
            assert!(html.contains(&format!("background-color: {colour} !important")));
            assert!(!html.contains("#2c6fc7"));
        }
    }
}

#[test]
fn a_hostile_alternative_text_stays_a_text() {
    let mut content = invitation("en", Method::Pin);
    let branding = branding("#5b21b6", &png(64, 64), Some("\"><script>x</script>"));
    content.head.branding = branding;

    let message = composer().compose_invitation(&content).unwrap();

    assert!(!message.html.contains("<script"));
}

#[test]
fn a_real_picture_of_the_largest_size_can_be_a_logo() {
    let file = png(2000, 100);
    assert!(file.len() < MAX_LOGO_BYTES);

    let logo = branding("#000", &file, None).logo.unwrap();

    assert_eq!(logo.shown_size(), (220, 11));
}
