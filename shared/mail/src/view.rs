//! What templates are filled with: sentences and links, ready to be shown. The HTML and the
//! text part are filled from the same view, so they cannot say different things.

use beckon_domain::model::mail_content::{InlineImage, Letterhead, Reader};
use beckon_domain::model::ownership::Ownership;
use beckon_domain::model::settings::branding::{Colour, Logo, LogoType};
use beckon_domain::model::settings::help_desk::HelpDesk;
use serde::Serialize;

use crate::catalogue::{Catalogue, one_line};

/// What every mail has around its content.
#[derive(Serialize)]
pub(crate) struct Frame {
    pub(crate) lang: &'static str,
    pub(crate) dir: &'static str,
    pub(crate) start: &'static str,
    /// Between a label and its value, spaces included.
    pub(crate) colon: &'static str,
    /// What keeps a value apart in the text part; empty where nothing needs to.
    pub(crate) apart: &'static str,
    /// The same for what is read from left to right in every language, such as a PIN.
    pub(crate) ltr: &'static str,
    /// The end of both.
    pub(crate) end: &'static str,
    pub(crate) subject: String,
    /// What lists of mails show beside the subject. Never a secret: it shows on lock screens.
    pub(crate) preheader: String,
    pub(crate) organisation: Option<String>,
    pub(crate) title: String,
    pub(crate) help: Option<Help>,
    pub(crate) footer: String,
    pub(crate) logo: Option<LogoView>,
    pub(crate) button: ButtonColours,
}

/// The picture that says who writes.
#[derive(Serialize)]
pub(crate) struct LogoView {
    content_id: &'static str,
    alt: String,
    width: u32,
    height: u32,
    /// The file, which hangs on the mail.
    #[serde(skip)]
    pub(crate) image: InlineImage,
}

/// The colours of buttons, in light and in dark mode.
#[derive(Serialize)]
pub(crate) struct ButtonColours {
    fill: String,
    text: String,
    fill_dark: String,
    text_dark: String,
}

/// A mail that tells what happened: its facts, and what to do about it.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) frame: Frame,
    pub(crate) greeting: String,
    pub(crate) lead: String,
    pub(crate) facts: Vec<Fact>,
    pub(crate) advice: Vec<Paragraph>,
}

/// Whom to ask.
#[derive(Serialize)]
pub(crate) struct Help {
    lead: String,
    email_label: &'static str,
    email: Option<String>,
    email_href: Option<String>,
    phone_label: &'static str,
    phone: Option<String>,
}

/// One thing to know, under its label.
#[derive(Serialize)]
pub(crate) struct Fact {
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) note: Option<String>,
}

/// A link: where it goes, and what stands there.
#[derive(Serialize)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) shown: String,
}

/// A text that may end in a link.
#[derive(Serialize)]
pub(crate) struct Paragraph {
    pub(crate) text: String,
    pub(crate) link: Option<Link>,
}

/// The words of a mail as a whole.
pub(crate) struct Headline {
    pub(crate) title: &'static str,
    pub(crate) subject: String,
    pub(crate) preheader: String,
}

impl Frame {
    pub(crate) fn new(language: &Catalogue, head: &Letterhead, headline: Headline) -> Self {
        let words = &language.words.common;
        let organisation = organisation(head);
        let [apart, ltr, end] = language.direction.isolates();
        Self {
            colon: words.colon,
            apart,
            ltr,
            end,
            lang: language.tag,
            dir: language.direction.html(),
            start: language.direction.start(),
            subject: headline.subject,
            preheader: headline.preheader,
            title: headline.title.to_owned(),
            help: head
                .help_desk
                .as_ref()
                .map(|desk| Help::new(language, desk)),
            footer: with_organisation(language, head, words.footer, words.footer_organisation),
            logo: head
                .branding
                .logo
                .as_ref()
                .map(|logo| LogoView::new(logo, organisation.as_deref())),
            button: ButtonColours::of(head.branding.accent_colour),
            organisation,
        }
    }
}

/// What `cid:` refers to.
const LOGO: &str = "logo";

impl LogoView {
    fn new(logo: &Logo, organisation: Option<&str>) -> Self {
        let (width, height) = logo.shown_size();
        let alt = logo.alt.as_ref().map(|alt| one_line(alt.as_str()));
        let file_name = match logo.content_type {
            LogoType::Png => "logo.png",
            LogoType::Jpeg => "logo.jpg",
        };
        Self {
            content_id: LOGO,
            alt: alt
                .or_else(|| organisation.map(str::to_owned))
                .unwrap_or_default(),
            width,
            height,
            image: InlineImage {
                content_id: LOGO.to_owned(),
                file_name: file_name.to_owned(),
                content_type: logo.content_type.media_type().to_owned(),
                bytes: logo.bytes(),
            },
        }
    }
}

impl ButtonColours {
    /// An accent holds in both modes; ours is a little lighter on a dark ground.
    fn of(accent: Option<Colour>) -> Self {
        match accent {
            None => Self {
                fill: "#1f5fae".to_owned(),
                text: "#ffffff".to_owned(),
                fill_dark: "#2c6fc7".to_owned(),
                text_dark: "#ffffff".to_owned(),
            },
            Some(accent) => {
                let (fill, text) = (accent.to_string(), accent.text_on_it().to_string());
                Self {
                    fill_dark: fill.clone(),
                    text_dark: text.clone(),
                    fill,
                    text,
                }
            }
        }
    }
}

impl Help {
    fn new(language: &Catalogue, desk: &HelpDesk) -> Self {
        let words = &language.words.common;
        let email = desk.email.as_ref().map(|email| one_line(email.as_str()));
        Self {
            lead: desk.name.as_ref().map_or_else(
                || words.help.to_owned(),
                |name| language.fill(words.help_named, &[("help_desk", name.as_str())]),
            ),
            email_label: words.help_email,
            email_href: email.as_deref().map(mailto),
            email,
            phone_label: words.help_phone,
            phone: desk.phone.as_ref().map(|phone| one_line(phone.as_str())),
        }
    }
}

/// The line that greets the reader.
pub(crate) fn greeting(language: &Catalogue, reader: &Reader) -> String {
    let words = &language.words.common;
    reader.name.as_ref().map_or_else(
        || words.greeting.to_owned(),
        |name| language.fill(words.greeting_named, &[("name", name.as_str())]),
    )
}

/// The sentence that names the organisation, or the one that does without.
pub(crate) fn with_organisation(
    language: &Catalogue,
    head: &Letterhead,
    without: &str,
    with: &str,
) -> String {
    organisation(head).map_or_else(
        || without.to_owned(),
        |organisation| language.fill(with, &[("organisation", &organisation)]),
    )
}

/// What an ownership is called; `None` where there is none.
pub(crate) fn ownership_name(language: &Catalogue, ownership: Ownership) -> Option<&'static str> {
    match ownership {
        Ownership::NotSet => None,
        Ownership::UserOwned => Some(language.words.common.user_owned),
        Ownership::CompanyOwned => Some(language.words.common.company_owned),
    }
}

fn organisation(head: &Letterhead) -> Option<String> {
    head.organisation
        .as_ref()
        .map(|name| one_line(name.as_str()))
}

/// RFC 6068: what could end the address and begin a header of its own is percent-encoded.
fn mailto(address: &str) -> String {
    let encoded: String = address
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"@.-_~+".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    format!("mailto:{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_add_recipients_to_the_mail_that_it_opens() {
        assert_eq!(mailto("help+it@example.com"), "mailto:help+it@example.com");
        assert_eq!(
            mailto("a?cc=b&x%@example.com"),
            "mailto:a%3Fcc%3Db%26x%25@example.com"
        );
    }
}
