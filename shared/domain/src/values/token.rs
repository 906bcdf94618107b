//! Tokens: what a link carries instead of a PIN. User, issue and a MAC of 128 bits; which purpose
//! a token serves is part of the MAC, so that one that declines cannot redeem.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::values::ids::{IssueNumber, UserId};
use crate::values::keys::SecretKey;
use crate::values::nonce::Nonce;
use crate::values::pin::mac;

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPurpose {
    /// Opening a registration session.
    Redeem,
    /// Saying "this was not me".
    Decline,
}

impl TokenPurpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Redeem => "beckon link",
            Self::Decline => "beckon decline",
        }
    }
}

/// A token as it stands in a link.
#[derive(Clone)]
pub struct Token(String);

/// What a token claims before anybody has checked it.
#[derive(Clone)]
pub struct TokenClaim {
    /// Whose it says it is.
    pub user: UserId,
    /// Of which issue.
    pub issue: IssueNumber,
    mac: [u8; 16],
}

const CLAIM_BYTES: usize = 16 + 4 + 16;

impl Token {
    /// Derives the token of an issue for one purpose.
    #[must_use]
    pub fn derive(
        key: &SecretKey,
        purpose: TokenPurpose,
        user: UserId,
        issue: IssueNumber,
        nonce: &Nonce,
    ) -> Self {
        let mut bytes = Vec::with_capacity(CLAIM_BYTES);
        bytes.extend(user.to_bytes());
        bytes.extend(issue.get().to_be_bytes());
        bytes.extend(short_mac(key, purpose, user, issue, nonce));
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The text. Each call is a place where a secret leaves.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl TokenClaim {
    /// Reads what a token claims; `None` if it was never one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; CLAIM_BYTES] = URL_SAFE_NO_PAD
            .decode(crate::values::text::trimmed(text))
            .ok()?
            .try_into()
            .ok()?;
        let (user, rest) = bytes.split_first_chunk::<16>()?;
        let (issue, mac) = rest.split_first_chunk::<4>()?;
        Some(Self {
            user: UserId::from_bytes(*user),
            issue: IssueNumber::from_number(u32::from_be_bytes(*issue)),
            mac: mac.try_into().ok()?,
        })
    }

    /// Whether the claim is true, in a time that does not tell where it is not.
    #[must_use]
    pub fn holds(&self, key: &SecretKey, purpose: TokenPurpose, nonce: &Nonce) -> bool {
        short_mac(key, purpose, self.user, self.issue, nonce)
            .ct_eq(&self.mac)
            .into()
    }
}

fn short_mac(
    key: &SecretKey,
    purpose: TokenPurpose,
    user: UserId,
    issue: IssueNumber,
    nonce: &Nonce,
) -> [u8; 16] {
    let whole = mac(key, purpose.label(), user, issue, nonce, 0);
    whole.first_chunk::<16>().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    fn key() -> SecretKey {
        SecretKey::from_bytes(vec![3; 32]).unwrap()
    }

    proptest! {
        #[test]
        fn a_token_is_true_for_its_own_issue_purpose_and_nonce_alone(user: u128, issue: u32, flip in 0_usize..36) {
            let user = UserId::new(Ulid(user));
            let issue = IssueNumber::from_number(issue);
            let nonce = Nonce::from_bytes([1; 16]);
            let token = Token::derive(&key(), TokenPurpose::Redeem, user, issue, &nonce);
            let claim = TokenClaim::parse(token.expose()).unwrap();

            prop_assert_eq!(claim.user, user);
            prop_assert_eq!(claim.issue, issue);
            prop_assert!(claim.holds(&key(), TokenPurpose::Redeem, &nonce));
            prop_assert!(!claim.holds(&key(), TokenPurpose::Decline, &nonce));
            prop_assert!(!claim.holds(&key(), TokenPurpose::Redeem, &Nonce::from_bytes([2; 16])));

            let mut bytes = URL_SAFE_NO_PAD.decode(token.expose()).unwrap();
            bytes[flip] ^= 1;
            let forged = TokenClaim::parse(&URL_SAFE_NO_PAD.encode(bytes)).unwrap();
            prop_assert!(!forged.holds(&key(), TokenPurpose::Redeem, &nonce));
        }

        #[test]
        fn text_that_was_never_a_token_is_no_claim(text in ".{0,60}") {
            prop_assume!(URL_SAFE_NO_PAD.decode(text.trim()).map_or(0, |bytes| bytes.len()) != CLAIM_BYTES);

            prop_assert!(TokenClaim::parse(&text).is_none());
        }
    }
}
