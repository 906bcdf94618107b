//! The key file of a service account of Google Cloud: whose it is, the private key, and where Google gives tokens for it.
//! <https://developers.google.com/identity/protocols/oauth2/service-account>

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::values::problem::FieldProblem;
use crate::values::sender_secrets::SenderSecret;
use crate::values::service_url::ServiceUrl;

/// The longest key file, in bytes: Google's have less than 2,500.
const MAX_FILE: usize = 16 * 1024;

/// A service account and its key.
#[derive(Clone, Serialize, Deserialize)]
pub struct ServiceAccount {
    /// Its address.
    #[serde(rename = "client_email")]
    pub address: String,
    /// Which of its keys this is.
    #[serde(rename = "private_key_id")]
    pub key_id: String,
    /// The private key: in a file PKCS#8 as PEM, here without its first and last line.
    private_key: String,
    /// Where a token is given for it.
    #[serde(rename = "token_uri")]
    pub tokens_at: ServiceUrl,
}

/// The key opens a company's device management.
impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("tokens_at", &self.tokens_at)
            .finish_non_exhaustive()
    }
}

impl ServiceAccount {
    /// Reads a key file as Google gives it.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let malformed = || {
            FieldProblem::new(
                "secret",
                "malformed",
                "must be the key file of a service account, whole, as Google Cloud gives it in JSON",
            )
        };
        if text.len() > MAX_FILE {
            return Err(malformed());
        }
        let read: Self = serde_json::from_str(text).map_err(|_| malformed())?;
        let tokens_at = ServiceUrl::parse(read.tokens_at.as_str()).map_err(|_| malformed())?;
        let lines = read.private_key.lines().map(str::trim);
        let account = Self {
            private_key: lines.filter(|line| !line.starts_with("-----")).collect(),
            tokens_at,
            ..read
        };
        let is_plain = |text: &String| {
            (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let is_whole = is_plain(&account.address)
            && account.address.contains('@')
            && is_plain(&account.key_id)
            && account.key().is_some_and(|key| !key.is_empty());
        is_whole.then_some(account).ok_or_else(malformed)
    }

    /// What is kept of it: as short as it can be, since all secrets share one place.
    pub fn kept(&self) -> Result<SenderSecret, FieldProblem> {
        let text = serde_json::to_string(self).unwrap_or_default();
        SenderSecret::parse_credentials(&text)
    }

    /// Reads what was kept of it.
    #[must_use]
    pub fn of(kept: &SenderSecret) -> Option<Self> {
        serde_json::from_str(kept.expose()).ok()
    }

    /// The private key, as PKCS#8. Each call is a place where it leaves.
    #[must_use]
    pub fn key(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.private_key).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(key: &str, tokens_at: &str) -> String {
        serde_json::json!({
            "type": "service_account", "project_id": "beckon", "private_key_id": "key-1",
            "private_key": key, "client_email": "tokens@beckon.iam.gserviceaccount.com",
            "client_id": "1", "token_uri": tokens_at,
        })
        .to_string()
    }

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nc29t\nZWJvZHk=\n-----END PRIVATE KEY-----\n";

    #[test]
    fn of_a_key_file_what_is_needed_is_kept_and_shown_nowhere() {
        let account = ServiceAccount::parse(&file(PEM, "https://oauth2.googleapis.com/token"));

        let kept = account.unwrap().kept().unwrap();

        let account = ServiceAccount::of(&kept).unwrap();
        assert_eq!(account.address, "tokens@beckon.iam.gserviceaccount.com");
        assert_eq!(account.key_id, "key-1");
        assert_eq!(account.key().unwrap(), b"somebody");
        assert!(!format!("{account:?}").contains("c29t"));
        assert!(!kept.expose().contains("project_id"));
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let google = "https://oauth2.googleapis.com/token";
        for text in [
            "the-key".to_owned(),
            "{}".to_owned(),
            file("", google),
            file("-----BEGIN PRIVATE KEY-----\n!\n", google),
            file(PEM, "http://oauth2.example.com/token"),
            file(PEM, google).replace('@', " "),
            format!("{}{}", file(PEM, google), " ".repeat(MAX_FILE)),
        ] {
            let refused = ServiceAccount::parse(&text).unwrap_err();
            assert_eq!(
                (refused.field.as_str(), refused.code),
                ("secret", "malformed")
            );
        }
    }
}
