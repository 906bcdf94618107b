//! What an issuer says of itself, and the keys by which its tokens are known.
#![expect(
    clippy::indexing_slicing,
    reason = "to index JSON gives null for what is not there"
)]

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use http::Uri;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::is_loopback;

/// As long as API Gateway keeps keys.
const KEYS_TTL: Duration = Duration::from_hours(2);

/// How soon keys are asked for again when a token names one that is not known: providers change keys, and anybody
/// can make such a token up.
const UNKNOWN_KEY_WAIT: Duration = Duration::from_secs(5);

/// How long an issuer may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The most that is read of an answer, in bytes.
const MAX_ANSWER: u64 = 1_000_000;

/// An issuer that has answered once.
pub(crate) struct Issuer {
    jwks_uri: String,
    endpoints: Vec<String>,
    keys: Mutex<Keys>,
}

/// What a page asks of an issuer, besides the document that names it.
const ASKED_BY_PAGES: [&str; 2] = ["token_endpoint", "revocation_endpoint"];

struct Keys {
    by_id: HashMap<String, DecodingKey>,
    read_at: Instant,
}

impl Issuer {
    /// Asks an issuer what it says of itself, and for its keys.
    pub(crate) async fn discover(issuer: &str) -> anyhow::Result<Self> {
        let address = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let discovered = read(address.clone()).await.with_context(|| {
            format!("the issuer does not answer at {address}: check --issuer, and start the provider first if it runs on this machine")
        })?;
        let named = discovered["issuer"].as_str().unwrap_or_default();
        if named != issuer {
            bail!("the issuer calls itself {named}, and so will its tokens: give --issuer {named}");
        }
        let Some(jwks_uri) = discovered["jwks_uri"].as_str().map(str::to_owned) else {
            bail!("{address} names no jwks_uri, so tokens of this issuer cannot be checked");
        };
        let keys = Keys {
            by_id: keys_at(&jwks_uri).await?,
            read_at: Instant::now(),
        };
        let endpoints = ASKED_BY_PAGES
            .iter()
            .filter_map(|name| discovered[*name].as_str().map(str::to_owned));
        Ok(Self {
            endpoints: endpoints.collect(),
            jwks_uri,
            keys: Mutex::new(keys),
        })
    }

    /// The addresses that a page asks for tokens at.
    pub(crate) fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// The key of this id. One that is not known is asked for, and so are all when they are old.
    pub(super) async fn key(&self, id: &str) -> Option<DecodingKey> {
        let mut keys = self.keys.lock().await;
        let age = keys.read_at.elapsed();
        let is_unknown = !keys.by_id.contains_key(id);
        if age > KEYS_TTL || (is_unknown && age > UNKNOWN_KEY_WAIT) {
            keys.read_at = Instant::now();
            match keys_at(&self.jwks_uri).await {
                Ok(read) => keys.by_id = read,
                Err(error) => {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "the issuer's keys cannot be read; those that are known count"
                    );
                }
            }
        }
        keys.by_id.get(id).cloned()
    }
}

/// The RSA keys at an address, by their ids. Others are left out: nothing here could use them.
async fn keys_at(address: &str) -> anyhow::Result<HashMap<String, DecodingKey>> {
    let document = read(address.to_owned())
        .await
        .with_context(|| format!("the issuer's keys cannot be read at {address}"))?;
    let keys = document["keys"].as_array().into_iter().flatten();
    let readable = keys.filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
    let by_id = readable.filter_map(|key| {
        let of_rsa = DecodingKey::from_jwk(&key)
            .ok()
            .filter(|key| key.family() == jsonwebtoken::AlgorithmFamily::Rsa)?;
        Some((key.common.key_id?, of_rsa))
    });
    Ok(by_id.collect())
}

/// Reads a JSON document of the issuer.
async fn read(address: String) -> anyhow::Result<Value> {
    let uri: Uri = address.parse()?;
    let is_here = is_loopback(uri.host().unwrap_or_default());
    if uri.scheme_str() != Some("https") && !is_here {
        bail!("{address} is without TLS");
    }
    tokio::task::spawn_blocking(move || {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER_TIMEOUT))
            .https_only(!is_here)
            .build()
            .new_agent();
        let mut answer = agent.get(&address).call()?;
        let text = answer
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER)
            .read_to_string()?;
        serde_json::from_str(&text).with_context(|| format!("{address} answered no JSON"))
    })
    .await?
}
