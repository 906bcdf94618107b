//! Intune, by Microsoft Graph. Graph tells of changes of many things, but not of managed devices.
//!
//! The list: <https://learn.microsoft.com/graph/api/intune-devices-manageddevice-list>. Paging:
//! <https://learn.microsoft.com/graph/paging>. Throttling: <https://learn.microsoft.com/graph/throttling>. The token:
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>. National clouds:
//! <https://learn.microsoft.com/graph/deployments>.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CALL_TAKES, Page, PollFailed, called, succeeded, token_form};
use crate::model::outgoing_call::{OutgoingAnswer, OutgoingCall};
use crate::model::polling::Position;
use crate::model::settings::device_sources::SourceApi;
use crate::values::sender_secrets::SenderSecret;
use crate::values::service_url::ServiceUrl;

/// Where each Graph's tokens are given.
const SIGN_IN: [(&str, &str); 4] = [
    (
        "https://graph.microsoft.com",
        "https://login.microsoftonline.com",
    ),
    (
        "https://graph.microsoft.us",
        "https://login.microsoftonline.us",
    ),
    (
        "https://dod-graph.microsoft.us",
        "https://login.microsoftonline.us",
    ),
    (
        "https://microsoftgraph.chinacloudapi.cn",
        "https://login.partner.microsoftonline.cn",
    ),
];

pub(super) fn token_call(
    api: &SourceApi,
    secret: &SenderSecret,
) -> Result<OutgoingCall, PollFailed> {
    let graph = api.address.service();
    let known = SIGN_IN.iter().find(|(of, _)| *of == graph);
    // A system that somebody tries out on one machine gives its tokens itself.
    let sign_in = known.map_or(graph, |(_, sign_in)| sign_in);
    let (Some(tenant), Some(client)) = (&api.tenant, &api.client_id) else {
        return Err(PollFailed::NoCredentials);
    };
    let url = ServiceUrl::parse(&format!("{sign_in}/{tenant}/oauth2/v2.0/token"));
    let url = url.map_err(|_| PollFailed::NoCredentials)?;
    let scope = format!("{graph}/.default");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret.expose()),
        ("scope", &scope),
    ];
    Ok(token_form(url, &form, CALL_TAKES))
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

pub(super) fn token_in(answer: &OutgoingAnswer) -> Result<SenderSecret, PollFailed> {
    if matches!(answer.status, 400 | 401) {
        // One of the words of OAuth; what else stands there is not repeated.
        let refusal: Option<Refusal> = serde_json::from_slice(&answer.body).ok();
        let is_word = |word: &String| {
            word.len() <= 40 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        let word = refusal.map(|refusal| refusal.error).filter(is_word);
        return Err(PollFailed::NoToken {
            status: answer.status,
            word,
        });
    }
    succeeded(answer)?;
    let token: Token =
        serde_json::from_slice(&answer.body).map_err(|_| PollFailed::NotUnderstood)?;
    let is_token = |byte: u8| byte.is_ascii_graphic();
    if token.access_token.is_empty() || !token.access_token.bytes().all(is_token) {
        return Err(PollFailed::NotUnderstood);
    }
    Ok(SenderSecret::made(token.access_token))
}

pub(super) fn page(
    api: &SourceApi,
    from: Timestamp,
    position: Option<&Position>,
) -> Result<ServiceUrl, PollFailed> {
    if let Some(Position::Link(link)) = position {
        return Ok(link.clone());
    }
    let from = from.strftime("%Y-%m-%dT%H:%M:%SZ");
    called(
        api,
        &format!("/v1.0/deviceManagement/managedDevices?$filter=enrolledDateTime%20ge%20{from}"),
    )
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

pub(super) fn read<'a>(
    api: &SourceApi,
    body: &'a [u8],
    position: Option<&Position>,
) -> Result<Page<'a>, PollFailed> {
    let answer: Answer<'a> = serde_json::from_slice(body).map_err(|_| PollFailed::NotUnderstood)?;
    let next = match answer.next {
        None => None,
        Some(link) => {
            let link = ServiceUrl::parse(&link).map_err(|_| PollFailed::Elsewhere)?;
            if !link.is_of(&api.address) {
                return Err(PollFailed::Elsewhere);
            }
            let next = Position::Link(link);
            if position == Some(&next) {
                return Err(PollFailed::Endless);
            }
            Some(next)
        }
    };
    Ok(Page {
        rows: answer.value,
        next,
    })
}
