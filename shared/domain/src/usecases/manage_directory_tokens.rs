//! The tokens by which the directory proves itself: two at most, so that one can be replaced while the other is in use.

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::Unavailable;
use crate::ports::keys::Keys;
use crate::values::hex::hex;
use crate::values::sender_secrets::{HeldSecret, SenderSecret};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefused {
    /// There are two already.
    #[error("there are two tokens already")]
    TwoTokens,
    /// There is no token with this id.
    #[error("there is no such token")]
    UnknownToken,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Manages the tokens of the directory.
#[derive(Debug, Clone)]
pub struct ManageDirectoryTokens<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env + WithKeys> ManageDirectoryTokens<E> {
    /// The tokens that are valid, the oldest first; whoever reports on them leaves the tokens themselves out.
    pub async fn list(&self) -> Result<Vec<HeldSecret>, Unavailable> {
        let held = self.env.keys().latest_sender_secrets().await?;
        Ok(held.of_directory().to_vec())
    }

    /// Makes a token, which is valid beside the one there is.
    pub async fn add(&self) -> Result<HeldSecret, TokenRefused> {
        let (one, other) = (self.env.entropy().nonce(), self.env.entropy().nonce());
        let token = SenderSecret::made(hex(one.as_bytes()) + &hex(other.as_bytes()));
        let held = self.env.keys().latest_sender_secrets().await?;
        let (held, added) = held
            .with_token(token, self.env.clock().now())
            .ok_or(TokenRefused::TwoTokens)?;
        self.env.keys().save_sender_secrets(&held).await?;
        Ok(added)
    }

    /// Takes a token away: it is valid no longer.
    pub async fn remove(&self, id: u32) -> Result<(), TokenRefused> {
        let held = self.env.keys().latest_sender_secrets().await?;
        let left = held.without_token(id).ok_or(TokenRefused::UnknownToken)?;
        Ok(self.env.keys().save_sender_secrets(&left).await?)
    }

    /// Whether this is one of the tokens. Both are compared, by their digests, so that the time tells nothing.
    pub async fn is_valid(&self, shown: &str) -> Result<bool, Unavailable> {
        let held = self.env.keys().sender_secrets().await?;
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        let shown = digest(shown);
        let same = |held: &HeldSecret| {
            digest(held.secret.expose())
                .as_slice()
                .ct_eq(shown.as_slice())
        };
        let valid = held
            .of_directory()
            .iter()
            .fold(Choice::from(0), |valid, held| valid | same(held));
        Ok(valid.into())
    }
}
