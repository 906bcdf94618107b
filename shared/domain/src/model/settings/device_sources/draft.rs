//! How sources are written in a document of settings, how they are parsed, and how they are written back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Algorithm, Authentication, DeviceSource, Encoding, SourceApi, SourceKind};
use crate::model::mapping::Mapping;
use crate::model::settings::fields::optional;
use crate::values::address::EmailAddress;
use crate::values::problem::{FieldProblem, Problems};
use crate::values::service_url::ServiceUrl;
use crate::values::source_name::SourceName;

/// The most sources.
const MAX_SOURCES: usize = 20;

/// Who signs the tokens of Google's accounts.
const GOOGLE: &str = "https://accounts.google.com";

/// See [`DeviceSource`].
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeviceSourceDraft {
    /// 1 to 32 lower-case letters, digits and hyphens. It stands in the address that the device management
    /// calls, and before the ids of its devices: one that is renamed is another source.
    pub name: String,
    /// Which system it is; `generic` for any other.
    pub kind: SourceKind,
    /// How it proves itself; default: as its kind usually does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<AuthenticationDraft>,
    /// What its messages mean. `generic` needs one; another kind takes it instead of the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// Where it is asked: for `intune`, `ivantineurons`, `ivantiepmm` and `kandji`, which tell of nothing by themselves; and
    /// for `fleet`, `jamf` and `simplemdm`, if they are to be asked whose a device is when a message names nobody who is known.
    /// `android` and `jamf` issue tokens there, which enrolment addresses carry as `{token}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<SourceApiDraft>,
}

/// Where a system is asked.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SourceApiDraft {
    /// The address of its API, with `https://`; default for `intune` `https://graph.microsoft.com`, for `simplemdm`
    /// `https://a.simplemdm.com`, for `android` `https://androidmanagement.googleapis.com`. Another address
    /// needs other credentials: those that were set are used no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `intune`: the tenant, as its id or its domain. `android`: the enterprise's id, like `LC012abc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// `intune`: the application's (client's) id. `jamf`: that of the API client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `ivantineurons`: the only partition that is asked for; default: all. `ivantiepmm`: the device space; default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub space: Option<u64>,
}

/// A way to prove who sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum AuthenticationType {
    /// A signature over the body.
    #[default]
    Hmac,
    /// User and password.
    Basic,
    /// A secret in a header.
    Header,
    /// A secret in the address.
    Query,
    /// A token that Google signed.
    Google,
    /// It sends nothing, and is asked.
    Nothing,
}

/// See [`Authentication`].
#[derive(Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuthenticationDraft {
    /// Which way.
    #[serde(rename = "type")]
    pub way: AuthenticationType,
    /// `hmac`, `header`: the header that holds the signature, or the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// `hmac`: how the signature is written; default `hex`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// `hmac`: what stands before the signature, like `sha256=`; default nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// `hmac`: what it is made with; default `sha256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
    /// `query`: the parameter that holds the secret; default `token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// `google`: for whom the tokens are, as it is set in the subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// `google`: the address of the service account that the tokens are made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `google`: who signs; default `https://accounts.google.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// It holds the address of an account.
impl std::fmt::Debug for AuthenticationDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthenticationDraft")
            .field("way", &self.way)
            .finish_non_exhaustive()
    }
}

pub(in crate::model::settings) fn parse(
    drafts: Vec<DeviceSourceDraft>,
    problems: &mut Problems,
) -> Option<Vec<DeviceSource>> {
    if drafts.len() > MAX_SOURCES {
        problems.add(
            FieldProblem::new(
                "deviceSources",
                "tooMany",
                format!("has {} entries; {MAX_SOURCES} is the most", drafts.len()),
            )
            .with("most", MAX_SOURCES),
        );
        return None;
    }
    let mut parsed = Vec::new();
    let mut names = BTreeSet::new();
    let mut whole = true;
    for (index, draft) in drafts.into_iter().enumerate() {
        let field = format!("deviceSources[{index}]");
        let Some(source) = draft.parse(&field, problems) else {
            whole = false;
            continue;
        };
        if !names.insert(source.name.clone()) {
            problems.add(FieldProblem::new(
                format!("{field}.name"),
                "taken",
                "is the name of another source, too",
            ));
        }
        parsed.push(source);
    }
    whole.then_some(parsed)
}

impl DeviceSourceDraft {
    fn parse(self, field: &str, problems: &mut Problems) -> Option<DeviceSource> {
        let under = |problem: FieldProblem| problem.under(field);
        let is_polled = self.kind.is_polled();
        let api = parsed_api(self.kind, self.api, &format!("{field}.api"), problems);
        let name = problems
            .check(SourceName::parse(&self.name).map_err(|problem| under(problem.under("name"))));
        let authentication = match (self.authentication, self.kind.usual()) {
            (Some(draft), _) => draft.parse(&format!("{field}.authentication"), problems),
            (None, Some(usual)) => Some(usual),
            (None, None) => {
                problems.add(FieldProblem::new(
                    format!("{field}.authentication"),
                    "missing",
                    "must say how this source proves itself",
                ));
                None
            }
        };
        let is_asked = authentication == Some(Authentication::Nothing);
        problems.ensure(authentication.is_none() || is_asked == is_polled, || {
            FieldProblem::new(
                format!("{field}.authentication.type"),
                "notForThisKind",
                "must be nothing for a system that is asked, and for no other: leave it out",
            )
        });
        let has_mapping = self.mapping.is_some() || self.kind != SourceKind::Generic;
        problems.ensure(has_mapping, || {
            FieldProblem::new(
                format!("{field}.mapping"),
                "missing",
                "must say what the messages of a generic source mean",
            )
        });
        let wrong = self
            .mapping
            .as_ref()
            .map(Mapping::check)
            .unwrap_or_default();
        let is_right = wrong.is_empty() && has_mapping;
        for problem in wrong {
            problems.add(under(problem.under("mapping")));
        }
        Some(DeviceSource {
            name: name?,
            kind: self.kind,
            authentication: authentication?,
            mapping: self.mapping,
            api: api?,
        })
        .filter(|_| is_right)
    }
}

/// Graph, as most tenants have it.
const GRAPH: &str = "https://graph.microsoft.com";

/// The only address that `SimpleMDM` has.
const SIMPLE_MDM: &str = "https://a.simplemdm.com";

/// The only address that the Android Management API has.
const ANDROID_MANAGEMENT: &str = "https://androidmanagement.googleapis.com";

/// Where a system of this kind is asked; `None` within, if it is not.
#[expect(
    clippy::option_option,
    reason = "nothing that is right is something else than nothing right"
)]
fn parsed_api(
    kind: SourceKind,
    draft: Option<SourceApiDraft>,
    field: &str,
    problems: &mut Problems,
) -> Option<Option<SourceApi>> {
    let is_polled = kind.is_polled();
    let may_be_asked = is_polled || kind.looks_people_up() || kind.issues_tokens();
    if !may_be_asked && draft.is_some() {
        let why = "is for systems that are asked; this kind sends messages by itself";
        problems.add(FieldProblem::new(field, "notForThisKind", why));
        return None;
    }
    if !is_polled && draft.is_none() {
        return Some(None);
    }
    let is_intune = kind == SourceKind::Intune;
    let draft = draft.unwrap_or_default();
    let usual = match kind {
        SourceKind::Intune => Some(GRAPH.to_owned()),
        SourceKind::SimpleMdm => Some(SIMPLE_MDM.to_owned()),
        SourceKind::Android => Some(ANDROID_MANAGEMENT.to_owned()),
        _ => None,
    };
    let address = if let Some(text) = draft.address.or(usual) {
        let parsed = ServiceUrl::parse(&text).and_then(of_an_api);
        problems.check(parsed.map_err(|problem| problem.under(&format!("{field}.address"))))
    } else {
        problems.add(FieldProblem::new(
            format!("{field}.address"),
            "missing",
            "must be the address of the system's API, like https://mdm.example.com",
        ));
        None
    };
    let mut word = |given: Option<String>, name: &str, is_needed: bool| {
        let field = format!("{field}.{name}");
        match (given, is_needed) {
            (Some(text), true) if is_word(&text) => Some(Some(text)),
            (None, false) => Some(None),
            (Some(_), true) => {
                let why = "must be letters, digits, dots and hyphens, as the portal shows it";
                problems.add(FieldProblem::new(field, "malformed", why));
                None
            }
            (None, true) => {
                let why = "must be given: tokens are asked for with it";
                problems.add(FieldProblem::new(field, "missing", why));
                None
            }
            (Some(_), false) => {
                problems.add(FieldProblem::new(
                    field,
                    "notForThisKind",
                    "is for intune alone, a client id for jamf, too, and a tenant for android",
                ));
                None
            }
        }
    };
    let has_tenant = is_intune || kind == SourceKind::Android;
    let tenant = word(draft.tenant, "tenant", has_tenant);
    let has_client = is_intune || kind == SourceKind::Jamf;
    let client_id = word(draft.client_id, "clientId", has_client);
    let has_spaces = matches!(kind, SourceKind::IvantiNeurons | SourceKind::IvantiEpmm);
    let space_fits = has_spaces || draft.space.is_none();
    problems.ensure(space_fits, || {
        let why = "is for the two systems of Ivanti alone";
        FieldProblem::new(format!("{field}.space"), "notForThisKind", why)
    });
    let api = SourceApi {
        address: address?,
        tenant: tenant?,
        client_id: client_id?,
        space: draft.space,
    };
    space_fits.then_some(Some(api))
}

/// The address of an API has a path at most, to which others are added.
fn of_an_api(url: ServiceUrl) -> Result<ServiceUrl, FieldProblem> {
    if url.as_str().contains('?') || url.as_str().len() > 512 {
        let why = "must be an address of at most 512 characters, without a question mark";
        return Err(FieldProblem::new("", "malformedUrl", why));
    }
    Ok(url)
}

/// An id or a domain, which stands in a path.
fn is_word(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (1..=128).contains(&text.len()) && text.bytes().all(allowed) && !text.contains("..")
}

impl AuthenticationDraft {
    fn parse(self, field: &str, problems: &mut Problems) -> Option<Authentication> {
        let header = |problems: &mut Problems| {
            required(
                self.header.clone(),
                &format!("{field}.header"),
                is_header,
                problems,
            )
        };
        match self.way {
            AuthenticationType::Hmac => Some(Authentication::Hmac {
                header: header(problems)?,
                encoding: self.encoding.unwrap_or(Encoding::Hex),
                prefix: self.prefix.unwrap_or_default(),
                algorithm: self.algorithm.unwrap_or(Algorithm::Sha256),
            }),
            AuthenticationType::Basic => Some(Authentication::Basic),
            AuthenticationType::Header => Some(Authentication::Header {
                header: header(problems)?,
            }),
            AuthenticationType::Query => {
                let parameter = self.parameter.unwrap_or_else(|| "token".to_owned());
                let field = format!("{field}.parameter");
                Some(Authentication::Query {
                    parameter: required(Some(parameter), &field, is_header, problems)?,
                })
            }
            AuthenticationType::Nothing => Some(Authentication::Nothing),
            AuthenticationType::Google => {
                let issuer = self.issuer.unwrap_or_else(|| GOOGLE.to_owned());
                let is_https = |text: &str| ServiceUrl::parse(text).is_ok();
                let is_short = |text: &str| (1..=512).contains(&text.len());
                let issuer = required(Some(issuer), &format!("{field}.issuer"), is_https, problems);
                let audience = format!("{field}.audience");
                let audience = required(self.audience, &audience, is_short, problems);
                let account = optional(
                    self.account,
                    &format!("{field}.account"),
                    EmailAddress::parse,
                    problems,
                )?;
                if account.is_none() {
                    problems.add(missing(&format!("{field}.account")));
                }
                Some(Authentication::Google {
                    issuer: issuer?,
                    audience: audience?,
                    account: account?.as_str().to_owned(),
                })
            }
        }
    }
}

/// The name of a header, or of a parameter.
fn is_header(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn required(
    given: Option<String>,
    field: &str,
    fits: impl Fn(&str) -> bool,
    problems: &mut Problems,
) -> Option<String> {
    let Some(text) = given else {
        problems.add(missing(field));
        return None;
    };
    if fits(&text) {
        return Some(text);
    }
    problems.add(FieldProblem::new(
        field,
        "malformed",
        "must be 1 to 64 letters, digits and hyphens; an issuer is an address that begins with https://",
    ));
    None
}

fn missing(field: &str) -> FieldProblem {
    FieldProblem::new(
        field,
        "missing",
        "must be given for this way to prove who sends",
    )
}

impl From<DeviceSource> for DeviceSourceDraft {
    fn from(source: DeviceSource) -> Self {
        Self {
            name: source.name.as_str().to_owned(),
            kind: source.kind,
            authentication: Some(source.authentication.into()),
            mapping: source.mapping,
            api: source.api.map(SourceApiDraft::from),
        }
    }
}

impl From<SourceApi> for SourceApiDraft {
    fn from(api: SourceApi) -> Self {
        Self {
            address: Some(api.address.as_str().to_owned()),
            tenant: api.tenant,
            client_id: api.client_id,
            space: api.space,
        }
    }
}

impl From<Authentication> for AuthenticationDraft {
    fn from(authentication: Authentication) -> Self {
        let nothing = Self::default();
        match authentication {
            Authentication::Hmac {
                header,
                encoding,
                prefix,
                algorithm,
            } => Self {
                way: AuthenticationType::Hmac,
                header: Some(header),
                encoding: Some(encoding),
                prefix: Some(prefix).filter(|prefix| !prefix.is_empty()),
                algorithm: Some(algorithm),
                ..nothing
            },
            Authentication::Basic => Self {
                way: AuthenticationType::Basic,
                ..nothing
            },
            Authentication::Nothing => Self {
                way: AuthenticationType::Nothing,
                ..nothing
            },
            Authentication::Header { header } => Self {
                way: AuthenticationType::Header,
                header: Some(header),
                ..nothing
            },
            Authentication::Query { parameter } => Self {
                way: AuthenticationType::Query,
                parameter: Some(parameter),
                ..nothing
            },
            Authentication::Google {
                issuer,
                audience,
                account,
            } => Self {
                way: AuthenticationType::Google,
                issuer: Some(issuer),
                audience: Some(audience),
                account: Some(account),
                ..nothing
            },
        }
    }
}

#[cfg(test)]
mod tests;
