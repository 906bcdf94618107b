//! Issuers of tokens, and the keys by which their tokens are known. Keys are fetched when a token needs them and kept for a
//! while: a token of somebody who makes issuers or keys up costs no call more than one in a while.

use std::collections::HashMap;
use std::time::Duration;

use beckon_domain::model::outgoing_call::OutgoingCall;
use beckon_domain::ports::outgoing::Outgoing;
use beckon_domain::rules::sender_proof::{Identity, KeysUnreachable};
use beckon_domain::values::service_url::ServiceUrl;
use jiff::SignedDuration;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header,
    get_current_timestamp,
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::signatures;

/// The longest token that is looked at, in bytes. Google's have less than 2,000.
const MAX_TOKEN: usize = 16 * 1024;

/// How far the issuer's clock may be off, in seconds.
const LEEWAY_SECONDS: u64 = 60;

/// How long keys are kept, whatever the issuer says of them. Google's say some hours.
const MIN_TTL: Duration = Duration::from_mins(5);
const MAX_TTL: Duration = Duration::from_hours(24);

/// How long they are kept where the issuer says nothing.
const USUAL_TTL: Duration = Duration::from_hours(1);

/// How soon keys are fetched again when a token names one that is not known, or when they could not be fetched:
/// issuers change keys, and anybody can make a token up.
const NEXT_FETCH: Duration = Duration::from_secs(10);

/// How long an issuer may take to answer, and how much it may answer.
const ANSWER_TIMEOUT: SignedDuration = SignedDuration::from_secs(3);
const MAX_ANSWER: usize = 256 * 1024;

/// The most issuers whose keys are kept: the settings name fewer.
const MAX_ISSUERS: usize = 32;

/// The keys of one issuer.
struct Keys {
    by_id: HashMap<String, DecodingKey>,
    good_until: Instant,
    /// When they were asked for last.
    asked_at: Instant,
    /// Whether they came then.
    came: bool,
}

impl Keys {
    /// What is known of a key without asking for it: the key, that there is none, or that nobody can tell now. `None` if
    /// it is to be asked for.
    fn answer(
        &self,
        id: &str,
        now: Instant,
    ) -> Option<Result<Option<DecodingKey>, KeysUnreachable>> {
        if let Some(key) = self.by_id.get(id).filter(|_| now < self.good_until) {
            return Some(Ok(Some(key.clone())));
        }
        let was_asked_lately = now < self.asked_at + NEXT_FETCH;
        was_asked_lately.then_some(if self.came {
            Ok(None)
        } else {
            Err(KeysUnreachable)
        })
    }
}

/// What a token says.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: Option<f64>,
    email: Option<String>,
    email_verified: Option<Value>,
}

/// Knows the tokens of issuers.
pub struct Issuers<O> {
    outgoing: O,
    keys: Mutex<HashMap<String, Keys>>,
}

/// Keys are of no use to a reader.
impl<O> std::fmt::Debug for Issuers<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuers").finish_non_exhaustive()
    }
}

impl<O: Outgoing> Issuers<O> {
    /// Issuers whose keys are fetched by these calls.
    #[must_use]
    pub fn new(outgoing: O) -> Self {
        signatures::install();
        Self {
            outgoing,
            keys: Mutex::default(),
        }
    }

    /// To whom an issuer gave a token: an account whose address it has verified. `None` of a token that does not count.
    pub async fn identity(
        &self,
        issuer: &str,
        token: &str,
    ) -> Result<Option<Identity>, KeysUnreachable> {
        if token.len() > MAX_TOKEN {
            return Ok(None);
        }
        let head = decode_header(token).ok();
        let head = head.filter(|head| head.alg == Algorithm::RS256);
        let Some(id) = head.and_then(|head| head.kid) else {
            return Ok(None);
        };
        // Nobody's token has the keys of somebody fetched.
        let said = jsonwebtoken::dangerous::insecure_decode::<Claims>(token).ok();
        if said.is_none_or(|said| said.claims.iss != issuer) {
            return Ok(None);
        }
        let Some(key) = self.key(issuer, &id).await? else {
            return Ok(None);
        };
        Ok(verified(issuer, token, &key))
    }

    /// The key of an issuer with this id.
    async fn key(&self, issuer: &str, id: &str) -> Result<Option<DecodingKey>, KeysUnreachable> {
        let mut all = self.keys.lock().await;
        let now = Instant::now();
        if let Some(answer) = all.get(issuer).and_then(|keys| keys.answer(id, now)) {
            return answer;
        }
        let keys = match self.fetch(issuer).await {
            Ok((by_id, ttl)) => Keys {
                by_id,
                good_until: now + ttl,
                asked_at: now,
                came: true,
            },
            Err(why) => {
                tracing::warn!(why, "the keys of an issuer of tokens cannot be fetched");
                // Those that are known are good for as long as they were to be.
                let known = all.remove(issuer);
                Keys {
                    good_until: known.as_ref().map_or(now, |keys| keys.good_until),
                    by_id: known.map(|keys| keys.by_id).unwrap_or_default(),
                    asked_at: now,
                    came: false,
                }
            }
        };
        let answer = keys.answer(id, now).unwrap_or(Err(KeysUnreachable));
        if all.len() >= MAX_ISSUERS && !all.contains_key(issuer) {
            all.clear();
        }
        all.insert(issuer.to_owned(), keys);
        answer
    }

    /// The RSA keys of an issuer by their ids, and how long they may be kept; or why not, without anything of the answer.
    async fn fetch(
        &self,
        issuer: &str,
    ) -> Result<(HashMap<String, DecodingKey>, Duration), &'static str> {
        let address = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let (document, _) = self.read(&address).await?;
        if document.get("issuer").and_then(Value::as_str) != Some(issuer) {
            return Err("the issuer calls itself otherwise");
        }
        let address = document.get("jwks_uri").and_then(Value::as_str);
        let address = address.ok_or("the issuer names no keys")?;
        let (document, max_age) = self.read(address).await?;
        let keys = document.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or("what the issuer names as its keys holds none")?;
        let readable = keys
            .iter()
            .filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
        let by_id = readable.filter(is_for_tokens).filter_map(|key| {
            let of_rsa = DecodingKey::from_jwk(&key).ok();
            let of_rsa = of_rsa.filter(|key| key.family() == AlgorithmFamily::Rsa)?;
            Some((key.common.key_id?, of_rsa))
        });
        let ttl = max_age.map_or(USUAL_TTL, Duration::from_secs);
        Ok((by_id.collect(), ttl.clamp(MIN_TTL, MAX_TTL)))
    }

    async fn read(&self, address: &str) -> Result<(Value, Option<u64>), &'static str> {
        let url = ServiceUrl::parse(address).map_err(|_| "the address is not https")?;
        let call = OutgoingCall::get(url, MAX_ANSWER, ANSWER_TIMEOUT);
        let answer = self.outgoing.call(&call).await;
        let answer = answer.map_err(|_| "there was no answer")?;
        if answer.status != 200 {
            return Err("the answer was a refusal");
        }
        let document = serde_json::from_slice(&answer.body);
        let document = document.map_err(|_| "the answer is no JSON")?;
        Ok((document, answer.max_age_seconds))
    }
}

/// Whether a key is for signatures of tokens: issuers publish others beside them.
fn is_for_tokens(key: &Jwk) -> bool {
    let signs = |of: &PublicKeyUse| *of == PublicKeyUse::Signature;
    let is_rs256 = |of: KeyAlgorithm| of == KeyAlgorithm::RS256;
    key.common.public_key_use.as_ref().is_none_or(signs)
        && key.common.key_algorithm.is_none_or(is_rs256)
}

/// To whom a token was given, if it is signed with this key, and counts now.
fn verified(issuer: &str, token: &str, key: &DecodingKey) -> Option<Identity> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    // For whom it must be, the source of the settings says.
    validation.validate_aud = false;
    let claims = decode::<Claims>(token, key, &validation).ok()?.claims;
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds since 1970 are far below 2^53"
    )]
    let latest = (get_current_timestamp() + LEEWAY_SECONDS) as f64;
    let was_issued = claims.iat.is_some_and(|iat| iat <= latest);
    let is_verified = match claims.email_verified {
        Some(Value::Bool(truth)) => truth,
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    Some(Identity {
        issuer: claims.iss,
        audience: claims.aud,
        account: claims.email.filter(|_| was_issued && is_verified)?,
    })
}
