//! Mails to nobody, by which a wording is shown and tried before anybody gets it.

use jiff::{SignedDuration, Timestamp};

use crate::model::mail_content::{
    ConfirmationContent, ContentSecret, InvitationContent, InvitationOccasion, Letterhead, Reader,
};
use crate::model::ownership::{Ownership, OwnershipRule};
use crate::model::settings::Settings;
use crate::model::template::{MailContent, TemplateKind};
use crate::rules::content::Links;
use crate::values::locale::{Locale, TimeZoneName};
use crate::values::method::{Method, choice_applies};
use crate::values::names::{DisplayName, Label};

/// What a sample is made of, besides invented names.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Who sends.
    pub head: Letterhead,
    /// The language it is read in.
    pub locale: Locale,
    /// The zone in which its times are told.
    pub time_zone: TimeZoneName,
    /// How the invented person registers.
    pub method: Method,
    /// What the invented device is.
    pub ownership: Ownership,
    /// How long its PIN is.
    pub pin_length: u8,
    /// How long the invented invitation is good for.
    pub lifetime: SignedDuration,
    /// The enrolment page.
    pub page_url: String,
    /// When it is written.
    pub now: Timestamp,
}

impl Sample {
    /// What somebody would get under these settings.
    #[must_use]
    pub fn under(settings: &Settings, links: &Links, locale: Locale, now: Timestamp) -> Self {
        let method = settings.registration.method;
        Self {
            head: settings.letterhead(),
            locale,
            time_zone: settings.time_zone.clone(),
            method,
            ownership: if choice_applies(method) {
                Ownership::CompanyOwned
            } else {
                Ownership::NotSet
            },
            pin_length: settings.registration.pin.length,
            lifetime: settings.registration.lifetime(),
            page_url: links.enrolment_page.clone(),
            now,
        }
    }

    /// Mail content of this kind to an invented person. Its secret is masked: it opens nothing.
    #[must_use]
    pub fn content(self, kind: TemplateKind) -> MailContent {
        let reader = Reader {
            name: DisplayName::parse("Alex Example").ok(),
            locales: vec![self.locale],
            time_zone: self.time_zone,
            facts: std::collections::BTreeMap::new(),
        };
        let occasion = match kind {
            TemplateKind::Invitation => InvitationOccasion::First,
            TemplateKind::Reminder => InvitationOccasion::Reminder { last: false },
            TemplateKind::Confirmation => {
                return MailContent::Confirmation(ConfirmationContent {
                    head: self.head,
                    reader,
                    device_name: Label::parse("Alex's phone").ok(),
                    platform: Label::parse("iOS").ok(),
                    ownership: self.ownership,
                    rule: match self.ownership {
                        Ownership::NotSet => OwnershipRule::NotSet,
                        Ownership::UserOwned | Ownership::CompanyOwned => OwnershipRule::Invitation,
                    },
                    registered_at: self.now,
                });
            }
        };
        MailContent::Invitation(InvitationContent {
            head: self.head,
            reader,
            invited: None,
            occasion,
            invited_by: Label::parse("Robin Example").ok(),
            method: self.method,
            secret: ContentSecret::Masked {
                pin_length: self.pin_length,
            },
            ownership: self.ownership,
            issued_at: self.now,
            expires_at: self
                .now
                .saturating_add(self.lifetime)
                .unwrap_or(Timestamp::MAX),
            replaces_earlier: false,
            page_url: self.page_url,
            manage_url: None,
            decline_url: None,
            agreement: None,
        })
    }
}
