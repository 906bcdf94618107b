//! The settings: one versioned document. How it is parsed from what an administrator wrote stands
//! in `draft`, and what has a subject of its own beside it.

pub mod administrators;
pub mod agreements;
pub mod branding;
pub mod comparing;
pub mod device_sources;
pub mod directory;
mod draft;
pub mod enrolment;
mod fields;
pub mod groups;
pub mod help_desk;
mod registration;
pub mod reminders;
pub mod retention;
mod stored_drafts;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::mail_content::Letterhead;
use crate::model::settings::enrolment::EnrolmentAddress;
use crate::model::settings::help_desk::HelpDesk;
use crate::values::address::{EmailAddress, MailDomain};
use crate::values::ids::Version;
use crate::values::locale::{Locale, TRANSLATED, TimeZoneName};
use crate::values::mail_header;
use crate::values::method::Method;
use crate::values::names::{GroupName, Label};
use crate::values::pin::{PinAlphabet, PinPolicy};
use crate::values::source_name::SourceName;

use administrators::Administrators;
use agreements::AgreementWording;
use branding::Branding;
use device_sources::DeviceSource;
use directory::DirectorySettings;
use groups::GroupSettings;
use reminders::Reminders;
use retention::Retention;

pub use draft::{
    ConfirmationDraft, DistributionDraft, EnrolmentAddressDraft, EnrolmentDraft, HelpDeskDraft,
    OrganisationDraft, SenderDraft, SettingsDraft,
};
pub use registration::{PinDraft, RegistrationDraft, RegistrationSettings};

/// Who saved a version of the settings, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingsStamp {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
}

/// A version of the settings as it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSettings {
    /// The settings.
    pub saved: VersionedSettings,
    /// Who saved them; `None` for versions from before this was kept.
    pub stamp: Option<SettingsStamp>,
}

/// Who gets confirmations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Distribution {
    /// Everybody who registers a device.
    Everyone,
    /// Members of these groups.
    Groups(#[serde(serialize_with = "crate::values::names::in_written_order")] BTreeSet<GroupName>),
}

/// Confirmation mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confirmation {
    /// Whether there are any.
    pub enabled: bool,
    /// Who gets one.
    pub distribution: Distribution,
}

/// Who sends, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// The name beside the sending address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Label>,
    /// The address that mail comes from.
    pub from: EmailAddress,
    /// Where answers go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EmailAddress>,
    /// The domains whose addresses may be invited.
    pub recipient_domains: BTreeSet<MailDomain>,
}

impl Sender {
    /// The From header, in ASCII.
    #[must_use]
    pub fn from_header(&self) -> String {
        match &self.name {
            None => self.from.as_str().to_owned(),
            Some(name) => mail_header::mailbox(name.as_str(), &self.from),
        }
    }

    /// Whether an address may be invited.
    #[must_use]
    pub fn may_invite(&self, address: &EmailAddress) -> bool {
        self.recipient_domains
            .iter()
            .any(|domain| domain.holds(address))
    }
}

/// For whom Beckon speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organisation {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Label>,
    /// Whom people ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help_desk: Option<HelpDesk>,
}

/// The whole document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// How people register.
    pub registration: RegistrationSettings,
    /// Confirmation mails.
    pub confirmation: Confirmation,
    /// Reminder mails.
    #[serde(default)]
    pub reminders: Reminders,
    /// What is otherwise for members of a group, the first that fits first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupSettings>,
    /// What administrators are told.
    #[serde(default)]
    pub administrators: Administrators,
    /// How long personal data is kept.
    #[serde(default)]
    pub retention: Retention,
    /// What people agree to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agreements: Vec<AgreementWording>,
    /// Who sends.
    pub sender: Sender,
    /// For whom.
    #[serde(default)]
    pub organisation: Organisation,
    /// How mails and the enrolment page look.
    #[serde(default)]
    pub branding: Branding,
    /// Where people go on.
    #[serde(default)]
    pub enrolment: Vec<EnrolmentAddress>,
    /// Device managements that tell of devices by messages of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub device_sources: Vec<DeviceSource>,
    /// The directory that people come from.
    #[serde(default, skip_serializing_if = "DirectorySettings::is_default")]
    pub directory: DirectorySettings,
    /// The language of those whose own is not known.
    pub locale: Locale,
    /// The time zone of those whose own is not known.
    pub time_zone: TimeZoneName,
}

/// The version that a document has before anybody saved it.
pub const UNSAVED: Version = Version::from_number(0);

/// Settings as stored: which version, and what they say. Version 0 is what holds before anybody
/// has saved any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedSettings {
    /// Which version.
    pub version: Version,
    /// What they say.
    pub settings: Settings,
}

impl Settings {
    /// What the people who are invited will miss under these settings, in sentences.
    #[must_use]
    pub fn advice(&self) -> Vec<String> {
        let missing = [
            (
                self.enrolment.is_empty(),
                "enrolment.addresses is empty: whoever's secret was accepted is led nowhere, and told to go on in the device management's app. Give the address at which your device management enrols devices.",
            ),
            (
                self.organisation.name.is_none(),
                "organisation.name is missing: mails invite in the name of \"your organisation\", as a swindler's would.",
            ),
            (
                self.organisation.help_desk.is_none(),
                "organisation.helpDesk is missing: nobody who is stuck is told whom to ask.",
            ),
        ];
        let missing = missing.into_iter().filter(|(is_missing, _)| *is_missing);
        let missing = missing.map(|(_, sentence)| sentence.to_owned());
        missing.chain(self.untranslated()).collect()
    }

    /// A sentence for each language that is set and that there is no translation for.
    fn untranslated(&self) -> impl Iterator<Item = String> {
        let groups = self.groups.iter().enumerate().filter_map(|(index, entry)| {
            let locale = entry.locale.as_ref()?;
            Some((format!("groups[{index}].locale"), locale))
        });
        std::iter::once(("locale".to_owned(), &self.locale))
            .chain(groups)
            .filter(|(_, locale)| !locale.is_translated())
            .map(|(field, locale)| {
                format!(
                    "{field} is {locale}, a language that there is no translation for: mails and the enrolment page come in the next language that is known of a person, in the end in English, but for mails with a wording of your own in {locale}. There are translations for {}.",
                    TRANSLATED.join(", ")
                )
            })
    }

    /// What holds until somebody saves something: PIN only, eight digits, five tries, seven
    /// days, no confirmations; only the sender's own domain may be invited.
    #[must_use]
    pub fn default_from(from: EmailAddress) -> Self {
        let own_domain = MailDomain::parse(&from.domain()).ok();
        Self {
            registration: RegistrationSettings {
                method: Method::Pin,
                lifetime_hours: 168,
                pin: PinPolicy {
                    length: 8,
                    alphabet: PinAlphabet::Digits,
                    tries: 5,
                },
                allow_pin_request: true,
                device_limit: None,
                use_stated_ownership: false,
                person_may_choose: false,
            },
            confirmation: Confirmation {
                enabled: false,
                distribution: Distribution::Everyone,
            },
            reminders: Reminders::default(),
            groups: Vec::new(),
            administrators: Administrators::default(),
            retention: Retention::default(),
            agreements: Vec::new(),
            sender: Sender {
                name: None,
                from,
                reply_to: None,
                recipient_domains: own_domain.into_iter().collect(),
            },
            organisation: Organisation::default(),
            branding: Branding::default(),
            enrolment: Vec::new(),
            device_sources: Vec::new(),
            directory: DirectorySettings::default(),
            locale: Locale::english(),
            time_zone: TimeZoneName::utc(),
        }
    }

    /// The source of device events with this name.
    #[must_use]
    pub fn device_source(&self, name: &SourceName) -> Option<&DeviceSource> {
        self.device_sources
            .iter()
            .find(|source| source.name == *name)
    }

    /// Whether an enrolment address carries the reference of an issue, itself or in a token.
    #[must_use]
    pub fn carries_reference(&self) -> bool {
        let urls = self.enrolment.iter().filter_map(EnrolmentAddress::url);
        urls.flat_map(enrolment::variables_of)
            .any(|name| name == "reference" || name == enrolment::TOKEN)
    }

    /// The head of every mail.
    #[must_use]
    pub fn letterhead(&self) -> Letterhead {
        Letterhead {
            organisation: self.organisation.name.clone(),
            help_desk: self.organisation.help_desk.clone(),
            branding: self.branding.clone(),
        }
    }
}
