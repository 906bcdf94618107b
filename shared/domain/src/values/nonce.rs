//! Random bytes that go into a secret.

use serde::{Deserialize, Serialize};

/// Random bytes that go into the secret of an issue. They are stored, the secret is not: a table
/// restored from a backup does not bring a dead secret back to life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Nonce([u8; 16]);

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        crate::values::hex::hex(&nonce.0)
    }
}

impl TryFrom<String> for Nonce {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "a nonce is 32 hexadecimal digits";
        let digits = u128::from_str_radix(&text, 16).map_err(|_| wrong)?;
        if text.len() == 32 {
            Ok(Self(digits.to_be_bytes()))
        } else {
            Err(wrong)
        }
    }
}

impl Nonce {
    /// Takes sixteen random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}
