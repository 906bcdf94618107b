//! What an invitation says: which sentences, in which order, for which method. The words are
//! the catalogue's, the looks the templates'.

use beckon_domain::model::mail_content::{
    Agreement, ContentSecret, InlineImage, InvitationContent, InvitationOccasion,
};
use beckon_domain::model::ownership::Ownership;
use beckon_domain::values::method::Method;
use beckon_domain::values::pin;
use serde::Serialize;

use crate::catalogue::{Catalogue, InvitationWords, one_line};
use crate::composer::ComposeError;
use crate::moments::{moment, span};
use crate::view::{
    Fact, Frame, Headline, Link, Paragraph, greeting, ownership_name, with_organisation,
};
use crate::{in_language, link_of, link_with, qr};

/// What `cid:` refers to.
const CONTENT_ID: &str = "registration-code";
/// Tells the page that there is nothing to enter; it knows no invitation.
const PASSWORD_ONLY: &str = "#password";
/// Stands for a symbol of a PIN.
const MASKED_SYMBOL: &str = "•";
/// Stands for a token.
const MASKED_TOKEN: &str = "…";

/// What fills the invitation's templates.
#[derive(Serialize)]
pub(crate) struct InvitationView {
    pub(crate) frame: Frame,
    pub(crate) greeting: String,
    pub(crate) occasion: Option<&'static str>,
    lead: String,
    purpose: &'static str,
    pin: Option<PinView>,
    qr: Option<QrView>,
    pub(crate) validity: Fact,
    /// Its note, as it stands in running text.
    validity_aside: String,
    pub(crate) button: Link,
    steps_title: &'static str,
    pub(crate) steps: Vec<Paragraph>,
    facts_title: &'static str,
    facts: Vec<Fact>,
    agreement: Option<AgreementView>,
    notes: Vec<&'static str>,
    pub(crate) unexpected: Option<Paragraph>,
}

/// What an administrator says that registering means.
#[derive(Serialize)]
struct AgreementView {
    title: &'static str,
    /// The lines of each paragraph.
    paragraphs: Vec<Vec<String>>,
    link: Option<Link>,
}

#[derive(Serialize)]
struct PinView {
    label: &'static str,
    symbols: String,
}

#[derive(Serialize)]
struct QrView {
    content_id: &'static str,
    alt: &'static str,
    width: usize,
}

/// What the mail hands its reader.
enum Offer {
    /// A PIN, in groups.
    Pin(String),
    /// A link, and what of it is shown; the QR code says where it goes.
    Link(Link),
    /// Nothing but where to go on.
    Place(Place),
}

/// Where somebody goes on who has nothing to enter.
enum Place {
    /// Where the device is managed.
    Management(String),
    /// Our page, which says what to do.
    Page(String),
}

impl Place {
    fn url(&self) -> &str {
        match self {
            Self::Management(url) | Self::Page(url) => url,
        }
    }
}

impl Offer {
    /// A method and a secret that do not belong together would make a mail that nobody can use.
    fn of(language: &Catalogue, content: &InvitationContent) -> Result<Self, ComposeError> {
        let page = page_in(language, content);
        match (content.method, &content.secret) {
            (Method::Pin | Method::PasswordAndPin, ContentSecret::Pin(pin)) => {
                Ok(Self::Pin(pin.expose_grouped()))
            }
            (Method::Pin | Method::PasswordAndPin, ContentSecret::Masked { pin_length }) => Ok(
                Self::Pin(pin::group(&MASKED_SYMBOL.repeat(usize::from(*pin_length)))),
            ),
            (Method::QrCode, ContentSecret::Link(token)) => {
                let link = link_of(&page, token);
                Ok(Self::Link(Link {
                    href: link.clone(),
                    shown: link,
                }))
            }
            (Method::QrCode, ContentSecret::Masked { .. }) => Ok(Self::Link(Link {
                shown: link_with(&page, MASKED_TOKEN),
                href: page,
            })),
            (Method::Password, ContentSecret::None | ContentSecret::Masked { .. }) => {
                Ok(Self::Place(match &content.manage_url {
                    Some(url) => Place::Management(url.clone()),
                    None => Place::Page(format!("{page}{PASSWORD_ONLY}")),
                }))
            }
            (
                Method::Pin | Method::PasswordAndPin,
                ContentSecret::Link(_) | ContentSecret::None,
            )
            | (Method::QrCode, ContentSecret::Pin(_) | ContentSecret::None)
            | (Method::Password, ContentSecret::Pin(_) | ContentSecret::Link(_)) => {
                Err(ComposeError::SecretDoesNotFit(content.method))
            }
        }
    }

    /// The one of three sentences that is about what is offered.
    const fn choose<'a>(&self, pin: &'a str, link: &'a str, page: &'a str) -> &'a str {
        match self {
            Self::Pin(_) => pin,
            Self::Link(_) => link,
            Self::Place(_) => page,
        }
    }
}

/// Puts an invitation into words.
pub(crate) fn view(
    language: &Catalogue,
    content: &InvitationContent,
) -> Result<(InvitationView, Vec<InlineImage>), ComposeError> {
    let words = &language.words.invitation;
    let offer = Offer::of(language, content)?;
    let expires = moment(language, content.expires_at, &content.reader.time_zone);
    let preheader = offer.choose(
        words.preheader_pin,
        words.preheader_link,
        words.preheader_page,
    );
    let headline = Headline {
        title: words.title,
        subject: subject(language, content),
        preheader: language.put_in(preheader, "moment", &expires),
    };
    let lasts = span(language, content.issued_at, content.expires_at);
    let lasts = language.put_in(words.valid_for, "span", &lasts);
    let (qr, inline) = match &offer {
        Offer::Link(link) => {
            let picture = qr::draw(&link.href)?;
            let shown = QrView {
                content_id: CONTENT_ID,
                alt: words.qr_alt,
                width: picture.edge,
            };
            (Some(shown), vec![attached(picture)])
        }
        Offer::Pin(_) | Offer::Place(_) => (None, Vec::new()),
    };

    let mut frame = Frame::new(language, &content.head, headline);
    if content.occasion == InvitationOccasion::Handout {
        // Nobody has sent it.
        frame.footer = frame.organisation.clone().unwrap_or_default();
    }
    let view = InvitationView {
        frame,
        greeting: greeting(language, &content.reader),
        occasion: occasion(words, content.occasion),
        lead: with_organisation(language, &content.head, words.lead, words.lead_organisation),
        purpose: words.purpose,
        qr,
        validity: Fact {
            label: words.valid_until,
            value: expires,
            note: Some(lasts.clone()),
        },
        validity_aside: Catalogue::put(language.words.common.aside, &[("text", &lasts)]),
        button: button(language, content, &offer),
        steps_title: words.steps,
        steps: steps(language, content, &offer),
        facts_title: words.facts,
        facts: facts(language, content),
        agreement: content
            .agreement
            .as_ref()
            .map(|agreement| agreed(words, agreement)),
        notes: notes(words, content, &offer),
        // Who is given a handout expects it.
        unexpected: (content.occasion != InvitationOccasion::Handout)
            .then(|| unexpected(language, content, &offer)),
        pin: match offer {
            Offer::Pin(symbols) => Some(PinView {
                label: words.pin,
                symbols,
            }),
            Offer::Link(_) | Offer::Place(_) => None,
        },
    };
    Ok((view, inline))
}

fn subject(language: &Catalogue, content: &InvitationContent) -> String {
    let words = &language.words.invitation;
    let (without, with) = match content.occasion {
        InvitationOccasion::First | InvitationOccasion::Handout => {
            (words.subject, words.subject_organisation)
        }
        InvitationOccasion::Again => (words.subject_again, words.subject_again_organisation),
        InvitationOccasion::Reminder { last: false } => {
            (words.subject_reminder, words.subject_reminder_organisation)
        }
        InvitationOccasion::Reminder { last: true } => (
            words.subject_last_reminder,
            words.subject_last_reminder_organisation,
        ),
    };
    with_organisation(language, &content.head, without, with)
}

const fn occasion(
    words: &'static InvitationWords,
    occasion: InvitationOccasion,
) -> Option<&'static str> {
    match occasion {
        InvitationOccasion::First | InvitationOccasion::Handout => None,
        InvitationOccasion::Again => Some(words.occasion_again),
        InvitationOccasion::Reminder { last: false } => Some(words.occasion_reminder),
        InvitationOccasion::Reminder { last: true } => Some(words.occasion_last_reminder),
    }
}

fn button(language: &Catalogue, content: &InvitationContent, offer: &Offer) -> Link {
    let words = &language.words.invitation;
    let page = page_in(language, content);
    let (href, shown) = match offer {
        Offer::Pin(_) => (page.as_str(), words.button_pin),
        Offer::Link(link) => (link.href.as_str(), words.button_link),
        Offer::Place(Place::Page(url)) => (url.as_str(), words.button_page),
        Offer::Place(Place::Management(url)) => (url.as_str(), words.button_manage),
    };
    Link {
        href: href.to_owned(),
        shown: shown.to_owned(),
    }
}

/// The enrolment page, in the language of the mail.
fn page_in(language: &Catalogue, content: &InvitationContent) -> String {
    in_language(&content.page_url, language.tag)
}

fn steps(language: &Catalogue, content: &InvitationContent, offer: &Offer) -> Vec<Paragraph> {
    let words = &language.words.invitation;
    let plain = |text: &str| Paragraph {
        text: text.to_owned(),
        link: None,
    };
    let linked = |text: &str, href: &str, shown: &str| Paragraph {
        text: text.to_owned(),
        link: Some(Link {
            href: href.to_owned(),
            shown: shown.to_owned(),
        }),
    };
    let mut steps = Vec::new();
    let printed = content.occasion == InvitationOccasion::Handout;
    match offer {
        Offer::Pin(_) => {
            let (open, enter) = if printed {
                (words.step_open_handout, words.step_pin_handout)
            } else {
                (words.step_open, words.step_pin)
            };
            let page = page_in(language, content);
            // From paper it is typed.
            let shown = if printed { &content.page_url } else { &page };
            steps.push(linked(open, &page, shown));
            steps.push(plain(enter));
        }
        Offer::Link(link) => {
            let scan = if printed {
                words.step_scan_handout
            } else {
                words.step_scan
            };
            steps.push(linked(scan, &link.href, &link.shown));
        }
        Offer::Place(place) => {
            let open = match place {
                Place::Management(_) => words.step_manage,
                Place::Page(_) => words.step_open,
            };
            steps.push(linked(open, place.url(), place.url()));
        }
    }
    if content.method.asks_for_password() {
        steps.push(plain(match offer {
            Offer::Place(Place::Management(_)) => words.step_password_managed,
            Offer::Pin(_) | Offer::Link(_) | Offer::Place(Place::Page(_)) => words.step_password,
        }));
    }
    steps.push(plain(words.step_follow));
    steps
}

fn facts(language: &Catalogue, content: &InvitationContent) -> Vec<Fact> {
    let words = &language.words.invitation;
    let ownership = ownership_name(language, content.ownership).map(|name| Fact {
        label: language.words.common.ownership,
        value: name.to_owned(),
        note: match content.ownership {
            Ownership::NotSet => None,
            Ownership::UserOwned => Some(words.user_owned_means.to_owned()),
            Ownership::CompanyOwned => Some(words.company_owned_means.to_owned()),
        },
    });
    let inviter = content.invited_by.as_ref().map(|inviter| Fact {
        label: words.invited_by,
        value: one_line(inviter.as_str()),
        note: None,
    });
    // Whoever has a mail knows where it came; on paper it may be what went wrong.
    let on_paper = content.occasion == InvitationOccasion::Handout && content.method.uses_pin();
    let address = content
        .invited
        .as_ref()
        .filter(|_| on_paper)
        .map(|address| Fact {
            label: language.words.common.help_email,
            value: address.as_str().to_owned(),
            note: None,
        });
    address
        .into_iter()
        .chain(inviter)
        .chain(ownership)
        .collect()
}

fn agreed(words: &InvitationWords, agreement: &Agreement) -> AgreementView {
    let mut paragraphs = vec![Vec::new()];
    for line in agreement.text.lines().map(one_line) {
        match paragraphs.last_mut() {
            Some(lines) if !line.is_empty() => lines.push(line),
            _ => paragraphs.push(Vec::new()),
        }
    }
    paragraphs.retain(|lines| !lines.is_empty());
    AgreementView {
        title: words.agreement,
        paragraphs,
        link: agreement.url.as_ref().map(|url| Link {
            href: url.clone(),
            shown: words.agreement_link.to_owned(),
        }),
    }
}

fn notes(
    words: &'static InvitationWords,
    content: &InvitationContent,
    offer: &Offer,
) -> Vec<&'static str> {
    let replaces = content
        .replaces_earlier
        .then(|| offer.choose(words.replaces_pin, words.replaces_link, words.replaces_page));
    let keep = match offer {
        Offer::Pin(_) => Some(words.keep_pin),
        Offer::Link(_) => Some(words.keep_link),
        Offer::Place(_) => None,
    };
    replaces.into_iter().chain(keep).collect()
}

fn unexpected(language: &Catalogue, content: &InvitationContent, offer: &Offer) -> Paragraph {
    let words = &language.words.invitation;
    let nothing = offer.choose(words.nothing_pin, words.nothing_link, words.nothing_page);
    let what_to_do = match (&content.decline_url, &content.head.help_desk) {
        (Some(_), _) => words.tell_us,
        (None, Some(_)) => words.ask,
        (None, None) => words.ignore,
    };
    Paragraph {
        text: Catalogue::put(
            language.words.common.sentences,
            &[
                ("first", words.unexpected),
                ("second", nothing),
                ("third", what_to_do),
            ],
        ),
        link: content.decline_url.as_ref().map(|url| Link {
            href: in_language(url, language.tag),
            shown: words.decline.to_owned(),
        }),
    }
}

fn attached(picture: qr::Picture) -> InlineImage {
    InlineImage {
        content_id: CONTENT_ID.to_owned(),
        file_name: "qr-code.png".to_owned(),
        content_type: "image/png".to_owned(),
        bytes: picture.png,
    }
}
