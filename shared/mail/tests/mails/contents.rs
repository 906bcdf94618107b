//! Mail contents with fixed data, for tests to vary.

use beckon_domain::model::mail_content::{
    Agreement, ConfirmationContent, ContentSecret, HandOverContent, InvitationContent,
    InvitationOccasion, Letterhead, NoticeAbout, NoticeContent, PersonName, Reader,
};
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::model::settings::branding::Branding;
use beckon_domain::model::settings::help_desk::HelpDesk;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{IssueNumber, UserId};
use beckon_domain::values::keys::SecretKey;
use beckon_domain::values::locale::{Locale, TimeZoneName};
use beckon_domain::values::method::Method;
use beckon_domain::values::names::{DisplayName, Label};
use beckon_domain::values::nonce::Nonce;
use beckon_domain::values::pin::Pin;
use beckon_domain::values::token::{Token, TokenPurpose};

pub(crate) const PAGE: &str = "https://beckon.example.com/enroll";
pub(crate) const MANAGED: &str = "https://mdm.example.com/enrol?u=ada%40example.com";
pub(crate) const DECLINE: &str = "https://beckon.example.com/enroll#decline=decline-token";

/// One of these addresses as it stands in a mail of this language.
pub(crate) fn spoken(address: &str, language: &str) -> String {
    let (page, fragment) = address.split_at(PAGE.len());
    format!("{page}?lang={language}{fragment}")
}

pub(crate) const METHODS: [(&str, Method); 4] = [
    ("pin", Method::Pin),
    ("password_and_pin", Method::PasswordAndPin),
    ("password", Method::Password),
    ("qr_code", Method::QrCode),
];

pub(crate) const OCCASIONS: [(&str, InvitationOccasion); 4] = [
    ("first", InvitationOccasion::First),
    ("again", InvitationOccasion::Again),
    ("reminder", InvitationOccasion::Reminder { last: false }),
    ("last_reminder", InvitationOccasion::Reminder { last: true }),
];

pub(crate) fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

/// A text that was stored before there was a rule against it.
pub(crate) fn stored<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(text.into()).unwrap()
}

pub(crate) fn pin() -> Pin {
    Pin::from_typed("48150623")
}

pub(crate) fn token() -> Token {
    Token::derive(
        &SecretKey::from_bytes(vec![7; 32]).unwrap(),
        TokenPurpose::Redeem,
        UserId::from_bytes([1; 16]),
        IssueNumber::from_number(3),
        &Nonce::from_bytes([9; 16]),
    )
}

pub(crate) fn secret(method: Method) -> ContentSecret {
    match method {
        Method::Pin | Method::PasswordAndPin => ContentSecret::Pin(pin()),
        Method::QrCode => ContentSecret::Link(token()),
        Method::Password => ContentSecret::None,
    }
}

pub(crate) fn head() -> Letterhead {
    Letterhead {
        organisation: Some(label("Nordlicht Werke")),
        help_desk: Some(HelpDesk {
            name: Some(label("Service Desk")),
            email: Some(EmailAddress::parse("service@nordlicht.example").unwrap()),
            phone: Some(label("+49 30 555 0100")),
        }),
        branding: Branding::default(),
    }
}

pub(crate) fn reader(locale: &str) -> Reader {
    Reader {
        name: Some(DisplayName::parse("Ada Lindqvist").unwrap()),
        locales: vec![Locale::parse(locale).unwrap()],
        time_zone: TimeZoneName::parse("Europe/Berlin").unwrap(),
        facts: std::collections::BTreeMap::new(),
    }
}

pub(crate) fn invitation(locale: &str, method: Method) -> InvitationContent {
    InvitationContent {
        head: head(),
        reader: reader(locale),
        invited: beckon_domain::values::address::EmailAddress::parse("ada@example.com").ok(),
        occasion: InvitationOccasion::First,
        invited_by: Some(label("Jonas Brandt")),
        method,
        secret: secret(method),
        ownership: if method.uses_pin() {
            Ownership::CompanyOwned
        } else {
            Ownership::NotSet
        },
        issued_at: "2026-11-22T13:30:00Z".parse().unwrap(),
        expires_at: "2026-11-29T13:30:00Z".parse().unwrap(),
        replaces_earlier: false,
        page_url: PAGE.to_owned(),
        manage_url: None,
        decline_url: Some(DECLINE.to_owned()),
        agreement: None,
    }
}

pub(crate) fn confirmation(
    locale: &str,
    ownership: Ownership,
    rule: OwnershipRule,
) -> ConfirmationContent {
    ConfirmationContent {
        head: head(),
        reader: reader(locale),
        device_name: Some(label("Ada's iPhone")),
        platform: Some(label("iOS 26.1")),
        ownership,
        rule,
        registered_at: "2026-11-24T08:05:00Z".parse().unwrap(),
    }
}

pub(crate) const POLICY: &str = "https://intranet.example.com/devices?for=own&lang=en";

/// Two paragraphs, the first of two lines.
pub(crate) fn agreement() -> Agreement {
    Agreement {
        text: "We see: model, system version, installed apps of ours.\n\
               We never see: photos, messages, private apps.\n\n\
               If the device is lost, we can erase it."
            .to_owned(),
        url: Some(POLICY.to_owned()),
    }
}

pub(crate) fn hand_over(locale: &str, method: Method) -> HandOverContent {
    HandOverContent {
        head: head(),
        reader: reader(locale),
        by: Some(label("Mara Okafor")),
        reason: label("New starter without a mailbox, at the desk"),
        method,
        at: "2026-11-22T13:30:00Z".parse().unwrap(),
        expires_at: "2026-11-29T13:30:00Z".parse().unwrap(),
        decline_url: Some(DECLINE.to_owned()),
    }
}

pub(crate) fn declined() -> NoticeAbout {
    NoticeAbout::Declined {
        issued_at: "2026-11-22T13:30:00Z".parse().unwrap(),
        invited_by: Some(label("Jonas Brandt")),
    }
}

pub(crate) fn completed(ownership: Ownership, rule: OwnershipRule) -> NoticeAbout {
    NoticeAbout::Completed {
        device_name: Some(label("Ada's iPhone")),
        platform: Some(label("iOS 26.1")),
        ownership,
        rule,
    }
}

/// To the administrator, about somebody else.
pub(crate) fn notice(locale: &str, about: NoticeAbout) -> NoticeContent {
    let mut reader = reader(locale);
    reader.name = Some(DisplayName::parse("Jonas Brandt").unwrap());
    NoticeContent {
        head: head(),
        reader,
        about,
        person: PersonName {
            name: Some(DisplayName::parse("Ada Lindqvist").unwrap()),
            email: EmailAddress::parse("ada@nordlicht.example").unwrap(),
        },
        at: "2026-11-24T08:05:00Z".parse().unwrap(),
    }
}
