//! Settings as administrators write them: the document that `PUT` takes and `GET` shows, and how
//! it is parsed.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::administrators::AdministratorsDraft;
use super::agreements::{self, AgreementDraft};
use super::branding::BrandingDraft;
use super::device_sources::{self, DeviceSourceDraft};
use super::directory::DirectoryDraft;
use super::fields::{MAX_LIST_LENGTH, list, optional};
use super::groups::{self, GroupDraft};
use super::registration::RegistrationDraft;
use super::reminders::RemindersDraft;
use super::retention::RetentionDraft;
use super::{Confirmation, Distribution, Organisation, Sender, Settings};
use crate::model::ownership::Ownership;
use crate::model::settings::enrolment::{
    self, EnrolmentAddress, EnrolmentStep, EnrolmentUrl, MAX_TEXT, TokenIssuer,
};
use crate::model::settings::help_desk::HelpDesk;
use crate::values::address::{EmailAddress, MailDomain};
use crate::values::locale::{Locale, TimeZoneName};
use crate::values::names::{GroupName, Label};
use crate::values::problem::{FieldProblem, Problems};
use crate::values::source_name::SourceName;
use crate::values::{mail_header, platform};

/// Settings as an administrator writes them: nothing is checked yet. What is left out takes its
/// default.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SettingsDraft {
    /// How people register.
    pub registration: RegistrationDraft,
    /// Confirmation mails.
    pub confirmation: ConfirmationDraft,
    /// Reminder mails.
    pub reminders: RemindersDraft,
    /// What is otherwise for members of a group. The first entry whose group a person belongs to
    /// holds for them.
    pub groups: Vec<GroupDraft>,
    /// What administrators are told by mail.
    pub administrators: AdministratorsDraft,
    /// How long personal data is kept.
    pub retention: RetentionDraft,
    /// What people agree to, by ownership and language: what the company can see and erase. The
    /// first that fits is shown in the invitation and on the enrolment page.
    pub agreements: Vec<AgreementDraft>,
    /// Who sends.
    pub sender: SenderDraft,
    /// For whom.
    pub organisation: OrganisationDraft,
    /// How mails look.
    pub branding: BrandingDraft,
    /// Where people go on.
    pub enrolment: EnrolmentDraft,
    /// Device managements that tell of devices by messages of their own; their secrets are set beside the settings.
    pub device_sources: Vec<DeviceSourceDraft>,
    /// The directory that people come from; its tokens are set beside the settings.
    pub directory: DirectoryDraft,
    /// A language tag; default `en`.
    pub locale: Option<String>,
    /// An IANA time zone; default `UTC`.
    pub time_zone: Option<String>,
    /// What was read is sent back whole; what only answers carry is passed over.
    #[serde(skip_serializing)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub version: IgnoredAny,
    /// The same.
    #[serde(skip_serializing)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub guessing: IgnoredAny,
    /// The same.
    #[serde(skip_serializing)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub advice: IgnoredAny,
}

/// See [`Confirmation`].
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConfirmationDraft {
    /// Default false.
    pub enabled: Option<bool>,
    /// Who gets one.
    pub distribution: DistributionDraft,
}

/// Either everyone or named groups; default everyone.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DistributionDraft {
    /// Everybody who registers a device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub everyone: Option<bool>,
    /// Members of these groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
}

/// See [`Sender`].
#[derive(Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SenderDraft {
    /// The name beside the sending address.
    pub name: Option<String>,
    /// The address that mail comes from; default: the one Beckon was deployed with.
    pub from: Option<String>,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// Domains that may be invited; default: the sender's own.
    pub recipient_domains: Option<Vec<String>>,
}

/// It holds addresses.
impl std::fmt::Debug for SenderDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SenderDraft").finish_non_exhaustive()
    }
}

/// See [`Organisation`].
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OrganisationDraft {
    /// Its name.
    pub name: Option<String>,
    /// Whom people ask.
    pub help_desk: Option<HelpDeskDraft>,
}

/// See [`HelpDesk`].
#[derive(Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HelpDeskDraft {
    /// What it is called.
    pub name: Option<String>,
    /// Its mail address.
    pub email: Option<String>,
    /// Its telephone number.
    pub phone: Option<String>,
}

/// It holds addresses.
impl std::fmt::Debug for HelpDeskDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HelpDeskDraft").finish_non_exhaustive()
    }
}

/// Where people go on after the secret was accepted.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EnrolmentDraft {
    /// The first that fits is taken.
    pub addresses: Vec<EnrolmentAddressDraft>,
}

/// See [`EnrolmentAddress`].
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EnrolmentAddressDraft {
    /// Only for this platform: `ios` (iPads too, unless `ipados` is named), `ipados`, `macos`,
    /// `tvos`, `watchos`, `visionos`, `android`, `windows`, `chromeos` or `linux`, by any of their
    /// usual names, or another one.
    pub platform: Option<String>,
    /// Only for this ownership.
    pub ownership: Option<Ownership>,
    /// Only for who is in this group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Where to: `https://mdm.example.com/enrol?session={registrationId}`, or an app:
    /// `ms-device-enrollment:?mode=mdm&username={email}`. Variables:
    /// `{registrationId}`, `{reference}` (what a device management may keep: it opens nothing), `{email}`,
    /// `{platform}`, `{ownership}`, and `{token}`, which the source that `token` names issues for the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who issues the `{token}` of the address. The person gets the address when they go on: see `continueOnRequest` of a
    /// redemption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenIssuerDraft>,
    /// What to do instead, where there is nothing to open: `Settings > General > VPN & Device Management > Sign In`.
    /// At most 1,000 characters; line breaks part paragraphs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// See [`TokenIssuer`].
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TokenIssuerDraft {
    /// The name of a source of `deviceSources`, of the kind `android` or `jamf`, with an `api`.
    pub source: Option<String>,
    /// `android`: the policy that the device is enrolled under, by its name in the enterprise; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

impl SettingsDraft {
    /// Checks everything and names all that is wrong. `deployed_from` is the sender that holds
    /// where none is written.
    pub fn parse(self, deployed_from: &EmailAddress) -> Result<Settings, Vec<FieldProblem>> {
        let defaults = Settings::default_from(deployed_from.clone());
        let mut problems = Problems::default();

        let registration =
            self.registration
                .parse(&defaults.registration, "registration", &mut problems);
        let confirmation = self.confirmation.parse(&mut problems);
        let lifetime = registration.as_ref().map(|own| own.lifetime_hours);
        let reminders =
            self.reminders
                .parse(&defaults.reminders, "reminders", lifetime, &mut problems);
        let directory = self.directory.parse(&mut problems);
        let groups = groups::parse(
            self.groups,
            registration.as_ref(),
            reminders.as_ref(),
            &mut problems,
        );
        let administrators = self.administrators.parse(&mut problems);
        let retention = self.retention.parse(&mut problems);
        let agreements = agreements::parse(self.agreements, &mut problems);
        let sender = self.sender.parse(&defaults.sender, &mut problems);
        let organisation = self.organisation.parse(&mut problems);
        let branding = self.branding.parse(&mut problems);
        let enrolment = self.enrolment.parse(&mut problems);
        let device_sources = device_sources::parse(self.device_sources, &mut problems);
        if let (Some(addresses), Some(sources)) = (&enrolment, &device_sources) {
            enrolment::check_tokens(addresses, sources, &mut problems);
        }
        let locale = match self.locale {
            None => Some(defaults.locale),
            Some(text) => problems.check(Locale::parse(&text).map_err(|p| p.under("locale"))),
        };
        let time_zone = match self.time_zone {
            None => Some(defaults.time_zone),
            Some(text) => {
                problems.check(TimeZoneName::parse(&text).map_err(|p| p.under("timeZone")))
            }
        };

        let whole = || {
            Some(Settings {
                registration: registration?,
                confirmation: confirmation?,
                reminders: reminders?,
                groups: groups?,
                administrators: administrators?,
                retention: retention?,
                agreements: agreements?,
                sender: sender?,
                organisation: organisation?,
                branding: branding?,
                enrolment: enrolment?,
                device_sources: device_sources?,
                directory: directory?,
                locale: locale?,
                time_zone: time_zone?,
            })
        };
        match whole() {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(problems.into_vec()),
        }
    }
}

/// The document that says these settings: what `GET` shows and `PUT` takes back.
impl From<Settings> for SettingsDraft {
    fn from(settings: Settings) -> Self {
        let text = |label: Label| label.as_str().to_owned();
        Self {
            registration: settings.registration.into(),
            confirmation: ConfirmationDraft {
                enabled: Some(settings.confirmation.enabled),
                distribution: match settings.confirmation.distribution {
                    Distribution::Everyone => DistributionDraft {
                        everyone: Some(true),
                        groups: None,
                    },
                    Distribution::Groups(groups) => DistributionDraft {
                        everyone: None,
                        groups: Some(groups.iter().map(|g| g.as_str().to_owned()).collect()),
                    },
                },
            },
            reminders: settings.reminders.into(),
            groups: settings.groups.into_iter().map(GroupDraft::from).collect(),
            administrators: settings.administrators.into(),
            retention: settings.retention.into(),
            agreements: settings
                .agreements
                .into_iter()
                .map(AgreementDraft::from)
                .collect(),
            sender: SenderDraft {
                name: settings.sender.name.map(text),
                from: Some(settings.sender.from.as_str().to_owned()),
                reply_to: settings.sender.reply_to.map(|a| a.as_str().to_owned()),
                recipient_domains: Some(
                    settings
                        .sender
                        .recipient_domains
                        .iter()
                        .map(|d| d.as_str().to_owned())
                        .collect(),
                ),
            },
            organisation: OrganisationDraft {
                name: settings.organisation.name.map(text),
                help_desk: settings.organisation.help_desk.map(|desk| HelpDeskDraft {
                    name: desk.name.map(text),
                    email: desk.email.map(|a| a.as_str().to_owned()),
                    phone: desk.phone.map(text),
                }),
            },
            branding: settings.branding.into(),
            enrolment: EnrolmentDraft {
                addresses: settings
                    .enrolment
                    .into_iter()
                    .map(|address| EnrolmentAddressDraft {
                        url: address.url().map(str::to_owned),
                        platform: address.platform,
                        ownership: address.ownership,
                        group: address.group.map(|group| group.as_str().to_owned()),
                        token: address.token.map(|issuer| TokenIssuerDraft {
                            source: Some(issuer.source.as_str().to_owned()),
                            policy: issuer.policy,
                        }),
                        text: match address.step {
                            EnrolmentStep::Url(_) => None,
                            EnrolmentStep::Text(text) => Some(text),
                        },
                    })
                    .collect(),
            },
            directory: settings.directory.into(),
            device_sources: settings
                .device_sources
                .into_iter()
                .map(DeviceSourceDraft::from)
                .collect(),
            locale: Some(settings.locale.as_str().to_owned()),
            time_zone: Some(settings.time_zone.as_str().to_owned()),
            version: IgnoredAny,
            guessing: IgnoredAny,
            advice: IgnoredAny,
        }
    }
}

impl ConfirmationDraft {
    fn parse(self, problems: &mut Problems) -> Option<Confirmation> {
        const FIELD: &str = "confirmation.distribution";
        let distribution = match (self.distribution.everyone, self.distribution.groups) {
            (Some(true), Some(_)) => {
                problems.add(FieldProblem::new(
                    FIELD,
                    "ambiguous",
                    "names both everyone and groups; keep one of them",
                ));
                None
            }
            (Some(false), None) => {
                problems.add(FieldProblem::new(
                    FIELD,
                    "nobody",
                    "reaches nobody; name groups, or switch confirmation.enabled off",
                ));
                None
            }
            (_, None) => Some(Distribution::Everyone),
            (_, Some(groups)) => {
                let groups = list(
                    &groups,
                    &format!("{FIELD}.groups"),
                    GroupName::parse,
                    problems,
                );
                if groups.as_ref().is_some_and(BTreeSet::is_empty) {
                    problems.add(FieldProblem::new(
                        format!("{FIELD}.groups"),
                        "nobody",
                        "reaches nobody; name a group, or switch confirmation.enabled off",
                    ));
                }
                groups.map(Distribution::Groups)
            }
        }?;
        Some(Confirmation {
            enabled: self.enabled.unwrap_or(false),
            distribution,
        })
    }
}

/// Mails go out only as the domain that Beckon was deployed for: the mail service takes no other, and
/// what it refuses would stop them all.
fn parse_from(text: &str, deployed: &EmailAddress) -> Result<EmailAddress, FieldProblem> {
    let from = EmailAddress::parse(text).map_err(|problem| problem.under("sender.from"))?;
    if from.domain() == deployed.domain() {
        return Ok(from);
    }
    Err(FieldProblem::new(
        "sender.from",
        "domainNotDeployed",
        format!(
            "must be an address at {}: Beckon was deployed to send as that domain alone",
            deployed.domain()
        ),
    )
    .with("domain", deployed.domain()))
}

impl SenderDraft {
    fn parse(self, default: &Sender, problems: &mut Problems) -> Option<Sender> {
        let name = optional(self.name, "sender.name", Label::parse, problems);
        let from = match self.from {
            None => Some(default.from.clone()),
            Some(text) => problems.check(parse_from(&text, &default.from)),
        };
        let reply_to = optional(
            self.reply_to,
            "sender.replyTo",
            EmailAddress::parse,
            problems,
        );
        let domains = match self.recipient_domains {
            // A wrong From has been named; the domain it would have brought is not wrong as well.
            None => from
                .as_ref()
                .map(|from| MailDomain::parse(&from.domain()).ok().into_iter().collect()),
            Some(texts) => list(
                &texts,
                "sender.recipientDomains",
                MailDomain::parse,
                problems,
            ),
        };
        if let (Some(Some(name)), Some(from)) = (&name, &from)
            && !mail_header::fits(name.as_str(), from)
        {
            problems.add(FieldProblem::new(
                "sender.name",
                "tooLong",
                "is too long for the header of a mail, where it stands encoded beside the address; shorten it",
            ));
        }
        if domains.as_ref().is_some_and(BTreeSet::is_empty) {
            problems.add(FieldProblem::new(
                "sender.recipientDomains",
                "nobody",
                "allows nobody to be invited; name at least one domain",
            ));
        }
        Some(Sender {
            name: name?,
            from: from?,
            reply_to: reply_to?,
            recipient_domains: domains?,
        })
    }
}

impl OrganisationDraft {
    fn parse(self, problems: &mut Problems) -> Option<Organisation> {
        let name = optional(self.name, "organisation.name", Label::parse, problems);
        let help_desk = match self.help_desk {
            None => Some(None),
            Some(desk) => {
                let name = optional(
                    desk.name,
                    "organisation.helpDesk.name",
                    Label::parse,
                    problems,
                );
                let email = optional(
                    desk.email,
                    "organisation.helpDesk.email",
                    EmailAddress::parse,
                    problems,
                );
                let phone = optional(
                    desk.phone,
                    "organisation.helpDesk.phone",
                    Label::parse,
                    problems,
                );
                match (name, email, phone) {
                    (Some(None), Some(None), Some(None)) => Some(None),
                    (Some(name), Some(email), Some(phone)) => {
                        Some(Some(HelpDesk { name, email, phone }))
                    }
                    _ => None,
                }
            }
        };
        Some(Organisation {
            name: name?,
            help_desk: help_desk?,
        })
    }
}

impl EnrolmentDraft {
    fn parse(self, problems: &mut Problems) -> Option<Vec<EnrolmentAddress>> {
        if self.addresses.len() > MAX_LIST_LENGTH {
            problems.add(
                FieldProblem::new(
                    "enrolment.addresses",
                    "tooMany",
                    format!(
                        "has {} entries; {MAX_LIST_LENGTH} is the most",
                        self.addresses.len()
                    ),
                )
                .with("most", MAX_LIST_LENGTH),
            );
            return None;
        }
        let mut parsed = Vec::new();
        let mut whole = true;
        for (index, address) in self.addresses.into_iter().enumerate() {
            let field = format!("enrolment.addresses[{index}]");
            let step = problems
                .check(step(address.url, address.text).map_err(|problem| problem.under(&field)));
            let group = optional(
                address.group,
                &format!("{field}.group"),
                GroupName::parse,
                problems,
            );
            let platform = optional(
                address.platform,
                &format!("{field}.platform"),
                platform::parse,
                problems,
            );
            let token = match address.token {
                None => Some(None),
                Some(draft) => problems.check(
                    issuer(draft).map_err(|problem| problem.under(&format!("{field}.token"))),
                ),
            };
            match (step, platform, group, token) {
                (Some(step), Some(platform), Some(group), Some(token)) => {
                    parsed.push(EnrolmentAddress {
                        platform,
                        ownership: address.ownership,
                        group,
                        token,
                        step,
                    });
                }
                _ => whole = false,
            }
        }
        whole.then_some(parsed)
    }
}

/// Who issues a token, if anybody is named.
fn issuer(draft: TokenIssuerDraft) -> Result<Option<TokenIssuer>, FieldProblem> {
    let written = |text: &String| !crate::values::text::trimmed(text).is_empty();
    let policy = draft.policy.filter(written);
    let source = match (draft.source.filter(written), &policy) {
        (Some(name), _) => SourceName::parse(&name).map_err(|problem| problem.under("source"))?,
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            let why = "must name the source that issues the token";
            return Err(FieldProblem::new("source", "missing", why));
        }
    };
    if policy.as_deref().is_some_and(|name| !is_policy(name)) {
        let why = "must be the name of a policy: letters, digits, dots, hyphens and underscores";
        return Err(FieldProblem::new("policy", "malformed", why));
    }
    Ok(Some(TokenIssuer { source, policy }))
}

/// The name of a policy, which stands in the name of a resource.
fn is_policy(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}

/// An address to open or an instruction to follow: one of the two.
fn step(url: Option<String>, text: Option<String>) -> Result<EnrolmentStep, FieldProblem> {
    let written = |text: &String| !crate::values::text::trimmed(text).is_empty();
    match (url.filter(written), text.filter(written)) {
        (Some(url), None) => EnrolmentUrl::parse(&url)
            .map(EnrolmentStep::Url)
            .map_err(|problem| problem.under("url")),
        (None, Some(text)) => agreements::parse_text(&text, MAX_TEXT)
            .map(EnrolmentStep::Text)
            .map_err(|problem| problem.under("text")),
        (None, None) => Err(FieldProblem::new(
            "url",
            "empty",
            "must not be empty; give an https:// address, an app's own scheme, or a text that says what to do",
        )),
        (Some(_), Some(_)) => Err(FieldProblem::new(
            "text",
            "ambiguous",
            "stands beside an address; keep one of them",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::values::method::Method;

    fn from() -> EmailAddress {
        EmailAddress::parse("beckon@example.com").unwrap()
    }

    fn parse(json: &str) -> Result<Settings, Vec<FieldProblem>> {
        serde_json::from_str::<SettingsDraft>(json)
            .unwrap()
            .parse(&from())
    }

    fn codes(json: &str) -> Vec<(String, &'static str)> {
        parse(json)
            .unwrap_err()
            .into_iter()
            .map(|p| (p.field, p.code))
            .collect()
    }

    #[test]
    fn an_empty_document_is_the_defaults() {
        assert_eq!(parse("{}").unwrap(), Settings::default_from(from()));
    }

    #[test]
    fn what_is_shown_can_be_saved_again_unchanged() {
        let settings = parse(
            r#"{"registration":{"method":"qrCode","lifetimeHours":25,"pin":{"length":10,"alphabet":"unambiguous","tries":3},"deviceLimit":3},
                "confirmation":{"enabled":true,"distribution":{"groups":["staff","it"]}},
                "reminders":{"enabled":true,"startAfterDays":1,"most":1,"quietHours":{"from":"00:00","to":"00:00"}},
                "groups":[{"group":"field","registration":{"method":"qrCode","lifetimeHours":720},"reminders":{"enabled":false},"locale":"fr"},
                          {"group":"office","registration":{"method":"pin"},"ownership":"companyOwned"}],
                "administrators":{"addresses":["it@example.com"],"onDecline":false,"onCompletion":true},
                "agreements":[{"ownership":"userOwned","locale":"de","text":"Zeile\nZeile","url":"https://example.com/a"}],
                "sender":{"name":"Device team","replyTo":"help@example.com","recipientDomains":["example.org"]},
                "organisation":{"name":"Example","helpDesk":{"phone":"+49 30 1234"}},
                "enrolment":{"addresses":[{"platform":"iOS","url":"https://mdm.example.com/{registrationId}"},
                    {"group":"Staff","ownership":"userOwned","text":"Open Settings.\n\nSign in."}]},
                "locale":"de","timeZone":"Europe/Berlin"}"#,
        )
        .unwrap();

        let again = SettingsDraft::from(settings.clone())
            .parse(&from())
            .unwrap();

        assert_eq!(again, settings);
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let found = codes(
            r#"{"registration":{"lifetimeHours":721,"pin":{"length":3,"tries":0},"deviceLimit":-1},
                "confirmation":{"enabled":true,"distribution":{"groups":[]}},
                "sender":{"from":"nobody","recipientDomains":[]},"locale":"english","timeZone":"Mars/One",
                "reminders":{"enabled":true,"everyDays":0,"quietHours":{"from":"8 pm","to":"08:00"}},
                "groups":[{"group":""},{"group":"field","registration":{"lifetimeHours":0}}],
                "administrators":{"addresses":["nobody"]},"agreements":[{"text":""}]}"#,
        );

        let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "registration.lifetimeHours",
                "registration.pin.length",
                "registration.pin.tries",
                "registration.deviceLimit",
                "confirmation.distribution.groups",
                "reminders.everyDays",
                "reminders.quietHours.from",
                "administrators.addresses[0]",
                "agreements[0].text",
                "sender.from",
                "sender.recipientDomains",
                "locale",
                "timeZone",
            ]
        );
    }

    #[test]
    fn who_goes_on_opens_an_address_or_follows_an_instruction_and_not_both() {
        let long = "x".repeat(MAX_TEXT + 1);
        let found = codes(
            &serde_json::json!({"enrolment": {"addresses": [
                {"url": "https://mdm.example.com/", "text": "Open Settings."},
                {"url": " ", "text": "\n"},
                {"platform": "ios"},
                {"text": long},
                {"text": "Sign\u{202e} in"},
                {"url": "mdm.example.com", "group": "a\nb"},
                {"url": "", "text": "Open Settings."},
            ]}})
            .to_string(),
        );

        let expected = [
            ("[0].text", "ambiguous"),
            ("[1].url", "empty"),
            ("[2].url", "empty"),
            ("[3].text", "tooLong"),
            ("[4].text", "controlCharacter"),
            ("[5].url", "malformedUrl"),
            ("[5].group", "controlCharacter"),
        ];
        let expected = expected.map(|(field, code)| (format!("enrolment.addresses{field}"), code));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_pin_that_is_guessed_more_often_than_once_in_a_thousand_is_refused_with_the_chance() {
        let problems = parse(r#"{"registration":{"pin":{"length":4,"tries":10}}}"#).unwrap_err();

        assert_eq!(problems[0].code, "guessable");
        assert!(
            problems[0].detail.contains("1 in 250"),
            "{}",
            problems[0].detail
        );
        assert!(
            parse(r#"{"registration":{"pin":{"length":4,"tries":10},"allowPinRequest":false}}"#)
                .is_ok()
        );
        assert!(
            parse(r#"{"registration":{"method":"qrCode","pin":{"length":4,"tries":10}}}"#).is_ok()
        );
    }

    #[test]
    fn a_groups_settings_are_those_of_everybody_else_but_for_what_they_say() {
        let settings = parse(
            r#"{"registration":{"lifetimeHours":48,"pin":{"length":10},"deviceLimit":2},"reminders":{"enabled":true,"startAfterDays":1},
                "groups":[{"group":"vip","registration":{"pin":{"tries":3},"deviceLimit":0}},{"group":"field","reminders":{"enabled":false}},
                          {"group":"staff","registration":{"method":"qrCode"}}]}"#,
        )
        .unwrap();

        let vip = settings.groups[0].registration.as_ref().unwrap();
        assert_eq!(
            (vip.lifetime_hours, vip.pin.length, vip.pin.tries),
            (48, 10, 3)
        );
        assert_eq!(vip.device_limit, None);
        assert_eq!(
            settings.registration.device_limit.map(NonZeroU32::get),
            Some(2)
        );
        assert!(!settings.groups[1].reminders.as_ref().unwrap().enabled);
        assert_eq!(settings.registrations().count(), 3);
    }

    /// Read, changed in one place and saved, as everybody does it.
    #[test]
    fn a_group_does_not_keep_what_is_changed_for_everybody() {
        let saved = parse(
            r#"{"reminders":{"enabled":true},
                "groups":[{"group":"vip","registration":{"method":"qrCode"},"reminders":{"most":1}},
                          {"group":"field","registration":{"pin":{"tries":3}}},
                          {"group":"same","registration":{"method":"pin"},"reminders":{"quietHours":{"from":"00:00","to":"00:00"}}}]}"#,
        )
        .unwrap();
        let mut read = serde_json::to_value(SettingsDraft::from(saved)).unwrap();
        assert_eq!(
            read["groups"],
            serde_json::json!([
                { "group": "vip", "registration": { "method": "qrCode" }, "reminders": { "most": 1 } },
                { "group": "field", "registration": { "pin": { "tries": 3 } } },
                { "group": "same", "registration": { "method": "pin" },
                  "reminders": { "quietHours": { "from": "00:00", "to": "00:00" } } },
            ])
        );

        read["registration"]["method"] = "qrCode".into();
        read["registration"]["lifetimeHours"] = 240.into();
        read["registration"]["pin"]["length"] = 10.into();
        read["reminders"]["everyDays"] = 5.into();
        let saved = parse(&read.to_string()).unwrap();

        let field = saved.groups[1].registration.as_ref().unwrap();
        assert_eq!(
            (field.lifetime_hours, field.pin.length, field.pin.tries),
            (240, 10, 3)
        );
        let vip = &saved.groups[0];
        assert_eq!(vip.registration.as_ref().unwrap().lifetime_hours, 240);
        let policy = vip.reminders.unwrap().policy;
        assert_eq!((policy.every_days, policy.most), (5, 1));
        assert_eq!(saved.groups[2].reminders.unwrap().policy.quiet_hours, None);
        // What was said of a group holds, though it was what everybody had.
        let same = saved.groups[2].registration.as_ref().unwrap();
        assert_eq!(same.method, Method::Pin);
    }

    #[test]
    fn what_people_will_miss_is_said_until_it_is_there() {
        let advice = |json: &str| parse(json).unwrap().advice().len();
        let whole = r#"{"organisation":{"name":"Example","helpDesk":{"phone":"1"}},
            "enrolment":{"addresses":[{"url":"https://mdm.example.com/enroll"}]},"locale":"deu",
            "groups":[{"group":"a","locale":"jpn"}]}"#;
        let untranslated = whole.replace("deu", "nld").replace("jpn", "sv-SE");
        assert_eq!(advice(whole), 0);
        let told = parse(&untranslated).unwrap().advice();
        assert!(told[0].starts_with("locale is nl, a language"), "{told:?}");
        assert!(told[1].starts_with("groups[0].locale is sv-SE"), "{told:?}");

        assert_eq!(advice("{}"), 3);
        assert_eq!(
            advice(
                r#"{"organisation":{"name":"Example","helpDesk":{"email":"help@example.com"}}}"#
            ),
            1
        );
        assert_eq!(
            advice(
                r#"{"organisation":{"name":"Example","helpDesk":{"phone":"1"}},
                    "enrolment":{"addresses":[{"url":"https://mdm.example.com/enroll"}]},"advice":["read and sent back"]}"#
            ),
            0
        );
    }

    #[test]
    fn what_would_have_no_effect_in_a_group_is_named() {
        for (json, field, code) in [
            (
                r#"{"groups":[{"group":"a"},{"group":"a"}]}"#,
                "groups[1].group",
                "twice",
            ),
            (
                r#"{"groups":[{"group":"a","registration":{"method":"qrCode"},"ownership":"userOwned"}]}"#,
                "groups[0].ownership",
                "doesNotApply",
            ),
            (
                r#"{"groups":[{"group":"a","registration":{"lifetimeHours":24},"reminders":{"enabled":true}}]}"#,
                "groups[0].reminders.startAfterDays",
                "afterTheEnd",
            ),
            (
                r#"{"groups":[{"group":"a","registration":{"pin":{"length":4}}}]}"#,
                "groups[0].registration.pin",
                "guessable",
            ),
            (
                r#"{"administrators":{"onCompletion":true}}"#,
                "administrators.addresses",
                "nobody",
            ),
        ] {
            assert_eq!(codes(json), [(field.to_owned(), code)], "{json}");
        }
    }

    #[test]
    fn a_sender_whose_name_would_not_fit_beside_the_address_is_refused() {
        let name = |name: &str| format!(r#"{{"sender":{{"name":"{name}"}}}}"#);

        assert_eq!(
            codes(&name(&"管".repeat(100))),
            [("sender.name".to_owned(), "tooLong")]
        );
        assert!(parse(&name(&"管".repeat(50))).is_ok());
    }

    #[test]
    fn the_from_header_cannot_be_broken_out_of() {
        let mut sender = Settings::default_from(from()).sender;
        sender.name = Some(Label::parse(r#"IT" <evil@example.org>, "\"#).unwrap());

        assert_eq!(
            sender.from_header(),
            r#""IT\" <evil@example.org>, \"\\" <beckon@example.com>"#
        );
    }
}
