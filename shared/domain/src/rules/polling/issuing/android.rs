//! The Android Management API. An enrolment token carries `additionalData`, which comes back as `enrollmentTokenData` of the
//! device: <https://developers.google.com/android/management/reference/rest/v1/enterprises.enrollmentTokens>. One that is good
//! still is shown with its value:
//! <https://developers.google.com/android/management/reference/rest/v1/enterprises.enrollmentTokens/get>. A service account
//! shows who it is by an assertion that it signs:
//! <https://developers.google.com/identity/protocols/oauth2/service-account>.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::token_form;
use super::{CALL_TAKES, Issued, Issuing, MAX_TOKEN_ANSWER, PollFailed, called, percent_encoded};
use crate::model::enrolment_token::TOKEN_TTL;
use crate::model::outgoing_call::{CallMethod, OutgoingCall};
use crate::model::ownership::Ownership;
use crate::values::sender_secrets::SenderSecret;
use crate::values::service_account::ServiceAccount;

/// What the token that authorises the calls is good for.
const SCOPE: &str = "https://www.googleapis.com/auth/androidmanagement";

/// For how many seconds an assertion is good. Google takes an hour at most; it is used at once.
const ASSERTION_SECONDS: i64 = 5 * 60;

/// What the API takes for a policy where none is named.
const USUAL_POLICY: &str = "default";

/// What a service account says of itself, to be signed by its key with RS256.
#[derive(Debug)]
pub struct Assertion {
    account: ServiceAccount,
    said: String,
}

impl Assertion {
    pub(super) fn new(credentials: &SenderSecret, now: Timestamp) -> Result<Self, PollFailed> {
        let account = ServiceAccount::of(credentials).ok_or(PollFailed::NoCredentials)?;
        let now = now.as_second();
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": account.key_id });
        let claims = json!({
            "iss": account.address,
            "scope": SCOPE,
            "aud": account.tokens_at.as_str(),
            "iat": now,
            "exp": now.saturating_add(ASSERTION_SECONDS),
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        Ok(Self {
            said: format!("{}.{}", part(&head), part(&claims)),
            account,
        })
    }

    /// What is signed.
    #[must_use]
    pub fn said(&self) -> &[u8] {
        self.said.as_bytes()
    }

    /// The key that signs it, as PKCS#8.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        self.account.key().unwrap_or_default()
    }

    /// The call by which a token is given for it.
    #[must_use]
    pub fn call(&self, signature: &[u8]) -> OutgoingCall {
        let assertion = format!("{}.{}", self.said, URL_SAFE_NO_PAD.encode(signature));
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", &assertion),
        ];
        token_form(self.account.tokens_at.clone(), &form, CALL_TAKES)
    }
}

pub(super) fn making(of: Issuing<'_>) -> Result<OutgoingCall, PollFailed> {
    let enterprise = of.api.tenant.as_deref().ok_or(PollFailed::NoCredentials)?;
    let enterprise = percent_encoded(enterprise);
    let policy = of.issuer.policy.as_deref().unwrap_or(USUAL_POLICY);
    let data = json!({ "beckon": of.reference.as_str() }).to_string();
    let mut token = json!({
        "additionalData": data,
        "policyName": format!("enterprises/{enterprise}/policies/{policy}"),
        "duration": format!("{}s", TOKEN_TTL.as_secs()),
        "oneTimeOnly": true,
    });
    // Where nobody said whose the device is, the policy decides.
    let personal_usage = match of.ownership {
        Ownership::NotSet => None,
        Ownership::UserOwned => Some("PERSONAL_USAGE_ALLOWED"),
        Ownership::CompanyOwned => Some("PERSONAL_USAGE_DISALLOWED"),
    };
    if let (Some(usage), Some(fields)) = (personal_usage, token.as_object_mut()) {
        fields.insert("allowPersonalUsage".to_owned(), usage.into());
    }
    let url = called(
        of.api,
        &format!("/v1/enterprises/{enterprise}/enrollmentTokens"),
    )?;
    let call = OutgoingCall {
        method: CallMethod::Post,
        body: token.to_string().into_bytes(),
        ..OutgoingCall::get(url, MAX_TOKEN_ANSWER, CALL_TAKES)
    };
    Ok(call.with_header("content-type", "application/json".to_owned()))
}

#[derive(Deserialize)]
struct Token {
    name: String,
    value: String,
}

fn token_in(body: &[u8]) -> Result<Token, PollFailed> {
    let token: Token = serde_json::from_slice(body).map_err(|_| PollFailed::NotIssued)?;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let is_name = token.name.len() <= 512
        && token.name.starts_with("enterprises/")
        && token
            .name
            .split('/')
            .all(|part| !part.is_empty() && !part.contains("..") && part.bytes().all(is_word));
    let is_token = (1..=1_024).contains(&token.value.len())
        && token.value.bytes().all(|byte| byte.is_ascii_graphic());
    (is_name && is_token)
        .then_some(token)
        .ok_or(PollFailed::NotIssued)
}

pub(super) fn made_in(body: &[u8]) -> Result<Issued, PollFailed> {
    let token = token_in(body)?;
    Ok(Issued {
        name: token.name,
        token: Some(SenderSecret::made(token.value)),
    })
}

/// A name is `enterprises/…/enrollmentTokens/…`, of signs that need no encoding.
pub(super) fn path_of(name: &str) -> String {
    format!("/v1/{name}")
}

pub(super) fn shown_in(body: &[u8]) -> Result<SenderSecret, PollFailed> {
    token_in(body).map(|token| SenderSecret::made(token.value))
}
