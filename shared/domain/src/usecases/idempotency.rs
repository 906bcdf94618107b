//! Requests that may be repeated: the same key and body answer the same, the same key with
//! another body is refused.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::model::idempotency::IdempotencyRecord;
use crate::ports::error::Unavailable;
use crate::ports::idempotency::Idempotency;
use crate::values::hex::hex;

/// How long an answer is kept.
pub const IDEMPOTENCY_TTL: SignedDuration = SignedDuration::from_hours(24);

/// A request that came with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatableRequest {
    key: String,
    fingerprint: String,
}

impl RepeatableRequest {
    /// Of this caller, to this route, with this key and body.
    #[must_use]
    pub fn new(caller: &str, route: &str, key: &str, body: &[u8]) -> Self {
        let mut digest = Sha256::new();
        for part in [caller, route, key] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        Self {
            key: hex(&digest.finalize()),
            fingerprint: hex(&Sha256::digest(body)),
        }
    }

    /// What to keep for it.
    pub fn remember<T: Serialize>(
        &self,
        answer: &T,
        now: Timestamp,
    ) -> Result<IdempotencyRecord, Unavailable> {
        Ok(IdempotencyRecord {
            key: self.key.clone(),
            fingerprint: self.fingerprint.clone(),
            answer: serde_json::to_string(answer)
                .map_err(|error| Unavailable::new("the answer's encoding", error))?,
            until: now
                .saturating_add(IDEMPOTENCY_TTL)
                .unwrap_or(Timestamp::MAX),
        })
    }
}

/// What is known of a repeatable request.
#[derive(Debug)]
pub enum Recalled<T> {
    /// Nothing: carry it out.
    New,
    /// It was carried out; this was the answer.
    Answered(T),
    /// The key came with another body.
    OtherBody,
}

/// Looks a request up.
pub async fn recall<T: DeserializeOwned>(
    store: &impl Idempotency,
    request: Option<&RepeatableRequest>,
    now: Timestamp,
) -> Result<Recalled<T>, Unavailable> {
    let Some(request) = request else {
        return Ok(Recalled::New);
    };
    let Some(kept) = store.recall_answer(&request.key, now).await? else {
        return Ok(Recalled::New);
    };
    if kept.fingerprint != request.fingerprint {
        return Ok(Recalled::OtherBody);
    }
    serde_json::from_str(&kept.answer)
        .map(Recalled::Answered)
        .map_err(|error| Unavailable::new("the idempotency record", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caller_route_and_key_cannot_be_shifted_into_one_another() {
        let request = RepeatableRequest::new("ab", "c", "k", b"");

        assert_ne!(request.key, RepeatableRequest::new("a", "bc", "k", b"").key);
        assert_ne!(request.key, RepeatableRequest::new("ab", "ck", "", b"").key);
        assert_eq!(request, RepeatableRequest::new("ab", "c", "k", b""));
    }
}
