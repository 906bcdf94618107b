//! What goes into a mail: the one place where preview and delivery worker put it together, so that
//! what was shown is what is sent.

use std::collections::BTreeMap;

use crate::model::directory::DirectoryAttribute;
use crate::model::invitation::Invitation;
use crate::model::mail_content::{
    Agreement, ConfirmationContent, ContentSecret, HandOverContent, InvitationContent,
    InvitationOccasion, NoticeAbout, NoticeContent, PersonName, Reader,
};
use crate::model::ownership::Ownership;
use crate::model::registration::Registration;
use crate::model::settings::Settings;
use crate::model::settings::agreements::wording;
use crate::model::user::User;
use crate::rules::enrolment::managed_at;
use crate::values::keys::SecretKey;
use crate::values::locale::Locale;
use crate::values::method::Method;
use crate::values::names::{DisplayName, Label};
use crate::values::pin::{Pin, PinPolicy};
use crate::values::platform;
use crate::values::text::is_blank;
use crate::values::token::{Token, TokenPurpose};
use jiff::Timestamp;

/// Where links of mails lead. From configuration or from the gateway, never from what a caller sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The enrolment page.
    pub enrolment_page: String,
}

/// Who reads a mail to this user: their language, then their group's, then the settings'; their
/// zone, or the settings'.
#[must_use]
pub fn reader(user: &User, settings: &Settings) -> Reader {
    let mut locales: Vec<_> = user.locale.iter().cloned().collect();
    locales.extend(settings.for_user(user).locale.cloned());
    locales.push(settings.locale.clone());
    Reader {
        name: name_of(user),
        locales,
        time_zone: user
            .time_zone
            .clone()
            .unwrap_or_else(|| settings.time_zone.clone()),
        facts: facts_of(user, settings),
    }
}

/// What the directory says of somebody that the settings let mails use. What may not stand in a mail, such as a web
/// address, is left out.
fn facts_of(user: &User, settings: &Settings) -> BTreeMap<DirectoryAttribute, Label> {
    let Some(profile) = user.directory.as_deref() else {
        return BTreeMap::new();
    };
    let taken = settings.directory.attributes.iter();
    let said = |attribute: &DirectoryAttribute| {
        let said = profile.facts.get(*attribute)?;
        Some((*attribute, Label::parse(said.as_str()).ok()?))
    };
    taken.filter_map(said).collect()
}

/// What of a mail is derived from the key: the secret, and the token of "this was not me".
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The secret.
    pub secret: ContentSecret,
    /// The token that declines; `None` in a preview.
    pub decline: Option<Token>,
}

impl Sealed {
    /// Derives both for an invitation.
    #[must_use]
    pub fn derive(user: &User, invitation: &Invitation, key: &SecretKey) -> Self {
        let (id, issue, nonce) = (user.id, invitation.issue, &invitation.nonce);
        let secret = if invitation.method.uses_pin() {
            ContentSecret::Pin(Pin::derive(key, id, issue, nonce, invitation.pin))
        } else if invitation.method.uses_token() {
            ContentSecret::Link(Token::derive(key, TokenPurpose::Redeem, id, issue, nonce))
        } else {
            ContentSecret::None
        };
        Self {
            secret,
            decline: Some(Token::derive(key, TokenPurpose::Decline, id, issue, nonce)),
        }
    }

    /// Something of the same shape that opens and declines nothing.
    #[must_use]
    pub const fn masked(method: Method, pin: PinPolicy) -> Self {
        Self {
            secret: match method {
                Method::Password => ContentSecret::None,
                Method::Pin | Method::PasswordAndPin | Method::QrCode => ContentSecret::Masked {
                    pin_length: pin.length,
                },
            },
            decline: None,
        }
    }
}

impl Links {
    /// Where to say "this was not me": a view of the page, with the token in the fragment.
    #[must_use]
    pub fn decline(&self, token: Option<&Token>) -> String {
        format!(
            "{}#decline={}",
            self.enrolment_page,
            token.map_or("", Token::expose)
        )
    }
}

/// What the company can see and erase, as the settings word it for this ownership and the first
/// of these languages.
#[must_use]
pub fn agreement(
    settings: &Settings,
    ownership: Ownership,
    locales: &[Locale],
) -> Option<Agreement> {
    wording(&settings.agreements, ownership, locales).map(|wording| Agreement {
        text: wording.text.clone(),
        url: wording.url.clone(),
    })
}

/// The content of an invitation.
#[must_use]
pub fn invitation_content(
    user: &User,
    invitation: &Invitation,
    settings: &Settings,
    links: &Links,
    sealed: Sealed,
    occasion: InvitationOccasion,
    replaces_earlier: bool,
) -> InvitationContent {
    InvitationContent {
        head: settings.letterhead(),
        reader: reader(user, settings),
        invited: Some(user.email.clone()),
        occasion,
        invited_by: invitation.invited_by.clone(),
        method: invitation.method,
        decline_url: Some(links.decline(sealed.decline.as_ref())),
        secret: sealed.secret,
        ownership: invitation.ownership,
        issued_at: invitation.issued_at,
        expires_at: invitation.expires_at,
        replaces_earlier,
        page_url: links.enrolment_page.clone(),
        // Whoever has a secret must show it first: only so is the registration known to be theirs.
        manage_url: if invitation.method.uses_pin() || invitation.method.uses_token() {
            None
        } else {
            managed_at(&settings.enrolment, user.email.as_str(), &user.all_groups())
        },
        agreement: agreement(
            settings,
            invitation.ownership,
            &reader(user, settings).locales,
        ),
    }
}

/// The content of the mail that tells a person that their secret was given out without a mail.
#[must_use]
pub fn hand_over_content(
    user: &User,
    invitation: Option<(&Invitation, &SecretKey)>,
    given: GivenOut,
    settings: &Settings,
    links: &Links,
) -> HandOverContent {
    HandOverContent {
        head: settings.letterhead(),
        reader: reader(user, settings),
        by: given.by,
        reason: given.reason,
        method: given.method,
        at: given.at,
        expires_at: given.expires_at,
        decline_url: invitation.map(|(invitation, key)| {
            links.decline(Sealed::derive(user, invitation, key).decline.as_ref())
        }),
    }
}

/// A secret that was given out without a mail.
#[derive(Debug, Clone)]
pub struct GivenOut {
    /// Who gave it out, as mails name them.
    pub by: Option<Label>,
    /// Why.
    pub reason: Label,
    /// Of which method.
    pub method: Method,
    /// When.
    pub at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// The content of the mail that tells an administrator what became of somebody's invitation.
#[must_use]
pub fn notice_content(
    user: &User,
    about: NoticeAbout,
    settings: &Settings,
    at: Timestamp,
) -> NoticeContent {
    NoticeContent {
        head: settings.letterhead(),
        reader: Reader {
            name: None,
            locales: vec![settings.locale.clone()],
            time_zone: settings.time_zone.clone(),
            facts: BTreeMap::new(),
        },
        about,
        person: PersonName {
            name: name_of(user),
            email: user.email.clone(),
        },
        at,
    }
}

/// The content of a confirmation.
#[must_use]
pub fn confirmation_content(
    user: &User,
    registration: &Registration,
    settings: &Settings,
) -> ConfirmationContent {
    ConfirmationContent {
        head: settings.letterhead(),
        reader: reader(user, settings),
        device_name: registration.device.name.clone(),
        platform: registration.device.platform.as_ref().map(platform::shown),
        ownership: registration.decided.ownership,
        rule: registration.decided.rule,
        registered_at: registration.registered_at,
    }
}

/// What somebody is called. Names that nobody can see were once accepted; nobody is greeted by one.
fn name_of(user: &User) -> Option<DisplayName> {
    let name = user.display_name.as_ref();
    name.filter(|name| !is_blank(name.as_str())).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::examples::{invitation_of, invited, settings, with_invitation};
    use crate::model::settings::agreements::AgreementWording;
    use crate::model::settings::enrolment::{EnrolmentAddress, EnrolmentStep, EnrolmentUrl};

    fn links() -> Links {
        Links {
            enrolment_page: "https://beckon.example.com/enroll".to_owned(),
        }
    }

    fn content(user: &User, settings: &Settings, key: &SecretKey) -> InvitationContent {
        let invitation = invitation_of(user);
        let sealed = Sealed::derive(user, invitation, key);
        let first = InvitationOccasion::First;
        invitation_content(user, invitation, settings, &links(), sealed, first, false)
    }

    #[test]
    fn the_link_that_declines_leads_to_the_page_and_holds_the_token() {
        let key = SecretKey::from_bytes(vec![7; 32]).unwrap();
        let user = invited();
        let token = Sealed::derive(&user, invitation_of(&user), &key).decline;
        let token = token.expect("a token");

        let expected = format!(
            "https://beckon.example.com/enroll#decline={}",
            token.expose()
        );
        assert_eq!(links().decline(Some(&token)), expected);
        let content = content(&user, &settings().settings, &key);
        assert_eq!(content.decline_url, Some(expected));
        let without = "https://beckon.example.com/enroll#decline=";
        assert_eq!(links().decline(None), without);
    }

    #[test]
    fn an_invitation_without_a_secret_alone_leads_to_the_device_management_at_once() {
        let key = SecretKey::from_bytes(vec![7; 32]).unwrap();
        let mut settings = settings().settings;
        settings.enrolment.push(EnrolmentAddress {
            platform: None,
            ownership: None,
            group: None,
            token: None,
            step: EnrolmentStep::Url(EnrolmentUrl::parse("https://mdm.example.com/enrol").unwrap()),
        });
        for (method, leads) in [
            (Method::Password, Some("https://mdm.example.com/enrol")),
            (Method::Pin, None),
            (Method::PasswordAndPin, None),
            (Method::QrCode, None),
        ] {
            let user = with_invitation(&invited(), |invitation| invitation.method = method);
            let content = content(&user, &settings, &key);
            assert_eq!(content.manage_url.as_deref(), leads, "{method:?}");
        }
    }

    #[test]
    fn an_invitation_says_what_people_agree_to_by_its_ownership_and_their_language() {
        let key = SecretKey::from_bytes(vec![7; 32]).unwrap();
        let wording = |ownership, text: &str| AgreementWording {
            ownership: Some(ownership),
            locale: None,
            text: text.to_owned(),
            url: Some(format!("https://example.com/{text}")),
        };
        let mut settings = settings().settings;
        settings.agreements = vec![
            wording(Ownership::UserOwned, "own"),
            wording(Ownership::CompanyOwned, "company"),
        ];

        let agreement = content(&invited(), &settings, &key).agreement;
        let agreement = agreement.expect("a wording");
        assert_eq!(agreement.text, "company");
        assert_eq!(
            agreement.url.as_deref(),
            Some("https://example.com/company")
        );
        settings.agreements.clear();
        assert!(content(&invited(), &settings, &key).agreement.is_none());
    }
}
