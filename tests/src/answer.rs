//! What an HTTP request was answered.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// A header; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The body less the id of its request: what two requests may be answered alike.
    #[must_use]
    pub fn said(&self) -> String {
        match self.header("x-request-id") {
            "" => self.text.clone(),
            id => self.text.replace(id, ""),
        }
    }

    /// The body, which must be JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in {} {:.500?}", self.status, self.text))
    }

    /// The body of an answer that must have this status.
    #[expect(
        clippy::must_use_candidate,
        reason = "the status alone is often what is asked"
    )]
    pub fn with_status(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The problem document of a refusal with this status: it says it is one, agrees with its
    /// status, and is kept by nobody on the way, and names its request. Ids are replaced, for a snapshot.
    #[must_use]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        let document = self.json();
        assert_eq!(document["status"], status);
        let kind = document["type"].as_str().unwrap();
        assert!(kind.starts_with("urn:beckon:problem:"), "{kind}");
        let request = document["requestId"].as_str().unwrap_or_default();
        assert_eq!(request, self.header("x-request-id"));
        let mut document: Value = serde_json::from_str(&without_ids(&self.text)).unwrap();
        if let Some(fields) = document.as_object_mut() {
            fields.remove("requestId");
        }
        document
    }
}

/// The text with every ULID replaced by `[id]`.
fn without_ids(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        let is_id = word.len() == 26
            && word
                .bytes()
                .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        kept.push_str(if is_id { "[id]" } else { &word });
        word.clear();
        kept.push(c);
    }
    kept
}
