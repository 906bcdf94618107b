//! Where devices are enrolled: addresses of the device management, or instructions, by platform, ownership and group.

use serde::{Deserialize, Serialize};

use crate::model::ownership::Ownership;
use crate::model::settings::device_sources::{DeviceSource, SourceKind};
use crate::values::names::GroupName;
use crate::values::problem::{FieldProblem, Problems};
use crate::values::source_name::SourceName;

/// How devices are enrolled, and which devices so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentAddress {
    /// Only for this platform, by its name in [`crate::values::platform`]; absent: for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Only for this ownership; absent: for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// Only for who is in this group; absent: for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
    /// Who issues the token that the address carries; absent: it carries none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenIssuer>,
    /// What to do.
    #[serde(flatten)]
    pub step: EnrolmentStep,
}

/// Who issues a token for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenIssuer {
    /// The source.
    pub source: SourceName,
    /// The policy that a device is enrolled under, where a source has policies; absent: its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// What a person does to enrol a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EnrolmentStep {
    /// Opens an address of the device management; may contain variables in braces.
    Url(EnrolmentUrl),
    /// Follows an instruction, where there is nothing to open. Line breaks part paragraphs.
    Text(String),
}

impl EnrolmentAddress {
    /// The address as it was written, with its variables; `None` for an instruction.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &self.step {
            EnrolmentStep::Url(url) => Some(url.as_str()),
            EnrolmentStep::Text(_) => None,
        }
    }
}

/// Whether each address that carries a token names a source that can issue it.
pub(super) fn check_tokens(
    addresses: &[EnrolmentAddress],
    sources: &[DeviceSource],
    problems: &mut Problems,
) {
    for (index, address) in addresses.iter().enumerate() {
        let problem = match (carries_token(address), &address.token) {
            (false, None) => None,
            (true, None) => Some((
                "token",
                "missing",
                "must name the source that issues the {token} of the address",
            )),
            (false, Some(_)) => Some((
                "token",
                "doesNotApply",
                "names who issues a token, but the address holds no {token}",
            )),
            (true, Some(issuer)) => cannot_issue(issuer, sources),
        };
        if let Some((field, code, why)) = problem {
            let field = format!("enrolment.addresses[{index}].{field}");
            problems.add(FieldProblem::new(field, code, why));
        }
    }
}

fn carries_token(address: &EnrolmentAddress) -> bool {
    match &address.step {
        EnrolmentStep::Url(url) => url.has(TOKEN),
        EnrolmentStep::Text(_) => false,
    }
}

/// Why a source cannot issue a token, if so: the field, the code, the sentence.
fn cannot_issue(
    issuer: &TokenIssuer,
    sources: &[DeviceSource],
) -> Option<(&'static str, &'static str, &'static str)> {
    let source = sources.iter().find(|source| source.name == issuer.source);
    let Some(source) = source else {
        let why =
            "is the name of no source in deviceSources; add the source that issues the tokens";
        return Some(("token.source", "unknownSource", why));
    };
    if !source.kind.issues_tokens() {
        let why = "is a source that issues no tokens; those of the kinds android and jamf do";
        return Some(("token.source", "issuesNoTokens", why));
    }
    if source.issues_tokens_at().is_none() {
        let why =
            "is a source that cannot be asked for tokens; give it the address of its API as api";
        return Some(("token.source", "issuesNoTokens", why));
    }
    let has_policies = source.kind == SourceKind::Android;
    let why = "is for sources of the kind android alone";
    (issuer.policy.is_some() && !has_policies).then_some(("token.policy", "doesNotApply", why))
}

/// The longest instruction, in characters.
pub(super) const MAX_TEXT: usize = 1_000;

/// A web address with variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnrolmentUrl(String);

/// The variable for the token that a source issues for a person.
pub(crate) const TOKEN: &str = "token";

/// Schemes that are no app's: a browser would run what they hold, or send it unprotected.
const HARMFUL: [&str; 12] = [
    "about",
    "blob",
    "data",
    "file",
    "filesystem",
    "ftp",
    "http",
    "javascript",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

const VARIABLES: [&str; 6] = [
    "registrationId",
    "reference",
    TOKEN,
    "email",
    "platform",
    "ownership",
];

impl EnrolmentUrl {
    /// Parses an `https` address (or an app's own scheme, with or without `//`) whose variables exist.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let text = crate::values::text::trimmed(text);
        let (scheme, rest) = text.split_once(':').unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        let is_web = scheme == "https" || scheme == "http";
        let host = text
            .split_once("://")
            .and_then(|(_, rest)| rest.split(['/', '?', '#']).next())
            .unwrap_or_default();
        let loopback = scheme == "http" && {
            let name = host.split_once(':').map_or(host, |(name, _)| name);
            matches!(name, "127.0.0.1" | "localhost")
        };
        // What stands before the sign is no host, and what a variable holds is nobody's choice.
        let hides_its_host = is_web && host.contains(['@', '{', '}']);
        let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            && (rest.starts_with("//") || is_apps_own(&scheme, rest))
            && !rest.trim_start_matches('/').is_empty()
            && text.len() <= 2_000
            && !text.chars().any(|c| {
                c.is_whitespace()
                    || !crate::values::names::is_plain(c)
                    || matches!(c, '"' | '<' | '>' | '\\')
            });
        let harmful = HARMFUL.contains(&&*scheme) && !loopback;
        if !well_formed || harmful || hides_its_host {
            return Err(FieldProblem::new(
                "",
                "malformedUrl",
                "is not an address people can be sent to; give an https:// address or an app's own scheme",
            ));
        }
        for variable in variables_of(text) {
            if !VARIABLES.contains(&variable) {
                return Err(FieldProblem::new(
                    "",
                    "unknownVariable",
                    format!(
                        "has the variable {{{variable}}}, which does not exist; there are {{{}}}",
                        VARIABLES.join("}, {")
                    ),
                )
                .with("variable", variable));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether it has this variable.
    #[must_use]
    pub fn has(&self, variable: &str) -> bool {
        variables_of(&self.0).contains(&variable)
    }

    /// As written, variables and all.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this is an address without `//`, as Windows's `ms-device-enrollment:?mode=mdm`, and not a host
/// with its port.
fn is_apps_own(scheme: &str, rest: &str) -> bool {
    !matches!(scheme, "http" | "https")
        && !scheme.contains('.')
        && !rest.starts_with(|c: char| c.is_ascii_digit())
}

pub(crate) fn variables_of(text: &str) -> Vec<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_could_run_or_leak_something_is_refused() {
        for url in [
            "javascript://x/%0aalert(1)",
            "http://mdm.example.com",
            "http://127.0.0.1.evil.example/",
            "http://localhost@evil.example/",
            "mdm.example.com",
            "https://a b",
            "https://x/{secret}",
        ] {
            assert!(EnrolmentUrl::parse(url).is_err(), "{url}");
        }
        for url in [
            "awagent://enroll?e={email}",
            "ms-device-enrollment:?mode=mdm&username={email}&servername=https://mdm.example.com",
        ] {
            assert!(EnrolmentUrl::parse(url).is_ok(), "{url}");
        }
        assert!(EnrolmentUrl::parse("http://127.0.0.1:9000/enrol").is_ok());
    }

    #[test]
    fn an_address_that_hides_where_it_leads_or_that_runs_something_is_refused() {
        for url in [
            "http://mdm.example.com/",
            "http://127.0.0.1:80@evil.example/e",
            "http://localhost:x@evil.example/",
            "https://mdm.example.com@evil.example/",
            "https://{email}@evil.example/",
            "https://{platform}.evil.example/",
            "javascript://%0aalert(1)",
            "BLOB://x",
            "ftp://example.com/",
            "data://x",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:mdm.example.com",
            "http:/127.0.0.1/",
            "https://",
            "awagent:",
            "awagent://",
            "mdm.example.com:443/enrol",
            "localhost:8080/enrol",
        ] {
            assert!(EnrolmentUrl::parse(url).is_err(), "{url}");
        }
        for url in [
            "http://127.0.0.1:8080/e?u={email}",
            "http://localhost/e",
            "https://mdm.example.com/@me?u={email}",
            "awagent://enroll?u={email}",
            "intent://{registrationId}",
        ] {
            assert!(EnrolmentUrl::parse(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn an_address_is_stored_as_it_always_was_and_an_instruction_beside_it() {
        let mut address = EnrolmentAddress {
            platform: Some("ios".to_owned()),
            ownership: None,
            group: None,
            token: None,
            step: EnrolmentStep::Url(EnrolmentUrl::parse("https://mdm.example.com/").unwrap()),
        };
        let before = r#"{"platform":"ios","url":"https://mdm.example.com/"}"#;
        assert_eq!(serde_json::to_string(&address).unwrap(), before);
        assert_eq!(
            serde_json::from_str::<EnrolmentAddress>(before).unwrap(),
            address
        );

        address.group = Some(GroupName::parse("Staff").unwrap());
        address.step = EnrolmentStep::Text("Open Settings.".to_owned());
        let stored = r#"{"platform":"ios","group":"Staff","text":"Open Settings."}"#;
        assert_eq!(serde_json::to_string(&address).unwrap(), stored);
        assert_eq!(
            serde_json::from_str::<EnrolmentAddress>(stored).unwrap(),
            address
        );
    }
}
