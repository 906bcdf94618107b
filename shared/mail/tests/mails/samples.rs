//! Mails of every kind, chosen so that together they hold every sentence that a language has.

use beckon_domain::model::mail_content::{ContentSecret, InvitationOccasion, Letterhead, Message};
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::values::method::Method;

use crate::composer;
use crate::contents::{
    MANAGED, METHODS, OCCASIONS, agreement, completed, confirmation, declined, hand_over,
    invitation, notice,
};

/// A mail, and what it is an example of.
pub(crate) struct Sample {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) message: Message,
    /// Whether it offers to say "this was not me".
    pub(crate) can_be_declined: bool,
}

/// Mails of every kind in one language.
pub(crate) fn samples(locale: &str) -> Vec<Sample> {
    let mut all = invitations(locale);
    all.extend(confirmations(locale));
    all.extend(hand_overs(locale));
    all.extend(notices(locale));
    all
}

/// Every subject with its preheader: each method and occasion, with an organisation and without.
pub(crate) fn invitations_by_subject(locale: &str) -> Vec<Message> {
    let mut all = Vec::new();
    for organisation in [true, false] {
        for (_, occasion) in OCCASIONS {
            for (_, method) in METHODS {
                let mut content = invitation(locale, method);
                content.occasion = occasion;
                if !organisation {
                    content.head.organisation = None;
                }
                all.push(composer().invitation(&content).unwrap());
            }
        }
    }
    all
}

fn invitations(locale: &str) -> Vec<Sample> {
    let pin = invitation(locale, Method::Pin);

    let mut own_device = invitation(locale, Method::PasswordAndPin);
    own_device.occasion = InvitationOccasion::Again;
    own_device.ownership = Ownership::UserOwned;
    own_device.replaces_earlier = true;
    own_device.agreement = Some(agreement());

    let mut password = invitation(locale, Method::Password);
    password.occasion = InvitationOccasion::Reminder { last: false };
    password.replaces_earlier = true;

    let mut managed = invitation(locale, Method::Password);
    managed.occasion = InvitationOccasion::Reminder { last: true };
    managed.manage_url = Some(MANAGED.to_owned());
    managed.decline_url = None;

    let mut qr_code = invitation(locale, Method::QrCode);
    qr_code.replaces_earlier = true;

    let mut masked = invitation(locale, Method::QrCode);
    masked.secret = ContentSecret::Masked { pin_length: 8 };

    let mut bare = invitation(locale, Method::Pin);
    bare.head = nobody();
    bare.reader.name = None;
    bare.invited_by = None;
    bare.decline_url = None;
    bare.ownership = Ownership::NotSet;
    bare.secret = ContentSecret::Masked { pin_length: 8 };

    let mut handout = invitation(locale, Method::PasswordAndPin);
    handout.occasion = InvitationOccasion::Handout;
    handout.decline_url = None;

    let mut qr_handout = invitation(locale, Method::QrCode);
    qr_handout.occasion = InvitationOccasion::Handout;
    qr_handout.decline_url = None;

    [
        ("PIN", pin),
        (
            "password and PIN, own device, agreement, again, replacing",
            own_device,
        ),
        ("password alone, reminder, replacing", password),
        (
            "password alone, the management known, last reminder",
            managed,
        ),
        ("QR code, replacing", qr_code),
        ("QR code, masked", masked),
        ("PIN, masked, nothing else known", bare),
        ("password and PIN, printed", handout),
        ("QR code, printed", qr_handout),
    ]
    .map(|(name, content)| Sample {
        kind: "invitation",
        name: name.to_owned(),
        message: composer().invitation(&content).unwrap(),
        can_be_declined: content.decline_url.is_some(),
    })
    .into()
}

fn confirmations(locale: &str) -> Vec<Sample> {
    let mut contents: Vec<_> = rules()
        .map(|(ownership, rule)| (format!("{rule:?}"), confirmation(locale, ownership, rule)))
        .into();
    let mut bare = confirmation(locale, Ownership::NotSet, OwnershipRule::NotSet);
    bare.head = nobody();
    bare.reader.name = None;
    bare.device_name = None;
    bare.platform = None;
    contents.push(("nothing else known".to_owned(), bare));
    contents
        .into_iter()
        .map(|(name, content)| Sample {
            kind: "confirmation",
            name,
            message: composer().confirmation(&content).unwrap(),
            can_be_declined: false,
        })
        .collect()
}

fn hand_overs(locale: &str) -> Vec<Sample> {
    let pin = hand_over(locale, Method::Pin);

    let qr_code = hand_over(locale, Method::QrCode);

    let mut to_help_desk = hand_over(locale, Method::PasswordAndPin);
    to_help_desk.decline_url = None;

    let mut bare = hand_over(locale, Method::QrCode);
    bare.head = nobody();
    bare.reader.name = None;
    bare.by = None;
    bare.decline_url = None;

    [
        ("PIN", pin),
        ("QR code", qr_code),
        ("PIN, to be told to the help desk", to_help_desk),
        ("QR code, nothing else known", bare),
    ]
    .map(|(name, content)| Sample {
        kind: "hand_over",
        name: name.to_owned(),
        message: composer().hand_over(&content).unwrap(),
        can_be_declined: content.decline_url.is_some(),
    })
    .into()
}

fn notices(locale: &str) -> Vec<Sample> {
    let mut contents = vec![("declined".to_owned(), notice(locale, declined()))];
    contents.extend(rules().map(|(ownership, rule)| {
        let about = completed(ownership, rule);
        (format!("completed, {rule:?}"), notice(locale, about))
    }));
    let mut nameless = notice(locale, declined());
    nameless.head = nobody();
    nameless.reader.name = None;
    nameless.person.name = None;
    contents.push(("declined, nothing else known".to_owned(), nameless));
    contents
        .into_iter()
        .map(|(name, content)| Sample {
            kind: "notice",
            name,
            message: composer().notice(&content).unwrap(),
            can_be_declined: false,
        })
        .collect()
}

fn rules() -> [(Ownership, OwnershipRule); 6] {
    [
        (Ownership::CompanyOwned, OwnershipRule::Supervised),
        (Ownership::UserOwned, OwnershipRule::UserEnrollment),
        (Ownership::CompanyOwned, OwnershipRule::Stated),
        (Ownership::CompanyOwned, OwnershipRule::Person),
        (Ownership::CompanyOwned, OwnershipRule::Invitation),
        (Ownership::NotSet, OwnershipRule::NotSet),
    ]
}

fn nobody() -> Letterhead {
    Letterhead {
        organisation: None,
        help_desk: None,
        branding: beckon_domain::model::settings::branding::Branding::default(),
    }
}
