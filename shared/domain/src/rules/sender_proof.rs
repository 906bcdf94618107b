//! Whether a message comes from whom it says: a signature over its body, or a secret that is shown. Every secret of
//! the source is tried, and no comparison tells by its time how far it got.

use std::future::Future;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq as _};

use crate::model::settings::device_sources::{Algorithm, Authentication, Encoding};
use crate::values::hex::hex;
use crate::values::sender_secrets::HeldSecret;

/// Who a token of an identity provider was given to, after its signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who gave it.
    pub issuer: String,
    /// For whom it is.
    pub audience: String,
    /// To whom: an account's address that the issuer has verified.
    pub account: String,
}

/// The keys that an issuer signs tokens with cannot be fetched now: whether a token counts is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys of the issuer of tokens cannot be fetched")]
pub struct KeysUnreachable;

/// What a sender shows.
pub trait Shown: Sync {
    /// The header of this name, in any case.
    fn header(&self, name: &str) -> Option<&str>;

    /// The parameter of the query with this name.
    fn parameter(&self, name: &str) -> Option<&str>;

    /// To whom this issuer gave the token that is shown, if one is that counts.
    fn identity(
        &self,
        issuer: &str,
    ) -> impl Future<Output = Result<Option<Identity>, KeysUnreachable>> + Send;

    /// Whether the body says that it is compressed.
    fn is_compressed(&self) -> bool;

    /// The body, as it came.
    fn body(&self) -> &[u8];
}

/// Whether a message is proven to come from its source. `identity` is to whom the token that is shown was given.
#[must_use]
pub fn is_proven(
    authentication: &Authentication,
    secrets: &[HeldSecret],
    shown: &impl Shown,
    identity: Option<&Identity>,
) -> bool {
    let expected: Vec<String> = secrets
        .iter()
        .map(|held| expected(authentication, held.secret.expose(), shown.body()))
        .collect();
    let presented = match authentication {
        Authentication::Hmac { header, prefix, .. } => shown
            .header(header)
            .and_then(|value| value.trim().strip_prefix(prefix.as_str()))
            .map(str::to_owned),
        Authentication::Header { header } => shown.header(header).map(str::to_owned),
        Authentication::Query { parameter } => shown.parameter(parameter).map(str::to_owned),
        Authentication::Basic => shown.header("authorization").and_then(user_and_password),
        Authentication::Nothing => None,
        Authentication::Google {
            issuer,
            audience,
            account,
        } => {
            return identity.is_some_and(|identity| {
                identity.issuer == *issuer
                    && identity.audience == *audience
                    && identity.account.eq_ignore_ascii_case(account)
            });
        }
    };
    let presented = match (authentication, presented) {
        // Either case of the digits is the same signature.
        (
            Authentication::Hmac {
                encoding: Encoding::Hex,
                ..
            },
            Some(signature),
        ) => Some(signature.to_ascii_lowercase()),
        (_, presented) => presented,
    };
    let Some(presented) = presented else {
        return false;
    };
    let fits = expected.iter().fold(Choice::from(0), |fits, expected| {
        fits | is_same(expected, &presented)
    });
    fits.into()
}

/// What must be shown by whoever has this secret.
fn expected(authentication: &Authentication, secret: &str, body: &[u8]) -> String {
    let Authentication::Hmac {
        encoding,
        algorithm,
        ..
    } = authentication
    else {
        return secret.to_owned();
    };
    let signature = match algorithm {
        Algorithm::Sha256 => signed::<Hmac<Sha256>>(secret, body),
        Algorithm::Sha512 => signed::<Hmac<Sha512>>(secret, body),
    };
    match encoding {
        Encoding::Hex => hex(&signature),
        Encoding::Base64 => STANDARD.encode(signature),
    }
}

fn signed<M: Mac + KeyInit>(secret: &str, body: &[u8]) -> Vec<u8> {
    // An HMAC takes a key of any length.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret.as_bytes()) else {
        return Vec::new();
    };
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

/// Digests are compared, so that the time does not even tell the length.
fn is_same(expected: &str, shown: &str) -> Choice {
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    digest(expected).as_slice().ct_eq(digest(shown).as_slice())
}

fn user_and_password(header: &str) -> Option<String> {
    let (scheme, credentials) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(credentials.trim()).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
