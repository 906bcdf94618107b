//! What goes into a letter: the one place where preview and postman put it together, so that
//! what was shown is what is sent.

use crate::enrolment::managed_at;
use crate::invitation::Invitation;
use crate::keys::SecretKey;
use crate::letter::{
    ConfirmationLetter, InvitationLetter, InvitationOccasion, LetterSecret, Reader,
};
use crate::pin::Pin;
use crate::registration::Registration;
use crate::settings::Settings;
use crate::token::{Token, TokenPurpose};
use crate::user::User;

/// Where links of mails lead. From configuration, never from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The enrolment page.
    pub enrolment_page: String,
}

/// Who reads a mail to this user: their language, then the settings'; their zone, or the
/// settings'.
#[must_use]
pub fn reader(user: &User, settings: &Settings) -> Reader {
    let mut locales: Vec<_> = user.locale.iter().cloned().collect();
    locales.push(settings.locale.clone());
    Reader {
        name: user.display_name.clone(),
        locales,
        time_zone: user
            .time_zone
            .clone()
            .unwrap_or_else(|| settings.time_zone.clone()),
    }
}

/// The secret of an invitation, derived for its mail.
#[must_use]
pub fn secret(user: &User, invitation: &Invitation, key: &SecretKey) -> LetterSecret {
    if invitation.method.uses_pin() {
        LetterSecret::Pin(Pin::derive(
            key,
            user.id,
            invitation.issue,
            &invitation.nonce,
            invitation.pin,
        ))
    } else if invitation.method.uses_token() {
        LetterSecret::Link(Token::derive(
            key,
            TokenPurpose::Redeem,
            user.id,
            invitation.issue,
            &invitation.nonce,
        ))
    } else {
        LetterSecret::None
    }
}

/// The letter of an invitation.
#[must_use]
pub fn invitation_letter(
    user: &User,
    invitation: &Invitation,
    settings: &Settings,
    links: &Links,
    secret: LetterSecret,
    (replaces_earlier, again): (bool, bool),
) -> InvitationLetter {
    InvitationLetter {
        head: settings.letterhead(),
        reader: reader(user, settings),
        occasion: if again {
            InvitationOccasion::Again
        } else {
            InvitationOccasion::First
        },
        invited_by: invitation.invited_by.clone(),
        method: invitation.method,
        secret,
        ownership: invitation.ownership,
        issued_at: invitation.issued_at,
        expires_at: invitation.expires_at,
        replaces_earlier,
        page_url: links.enrolment_page.clone(),
        // Whoever has a secret must show it first: only so is the registration known to be theirs.
        manage_url: if invitation.method.uses_pin() || invitation.method.uses_token() {
            None
        } else {
            managed_at(&settings.enrolment, user.email.as_str())
        },
        decline_url: None,
    }
}

/// The letter of a confirmation.
#[must_use]
pub fn confirmation_letter(
    user: &User,
    registration: &Registration,
    settings: &Settings,
) -> ConfirmationLetter {
    ConfirmationLetter {
        head: settings.letterhead(),
        reader: reader(user, settings),
        device_name: registration.device.name.clone(),
        platform: registration.device.platform.clone(),
        ownership: registration.decided.ownership,
        rule: registration.decided.rule,
        registered_at: registration.registered_at,
    }
}
