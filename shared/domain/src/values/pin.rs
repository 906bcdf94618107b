//! PINs: derived, never stored; forgiving to type, exact to compare.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::values::ids::{IssueNumber, UserId};
use crate::values::keys::SecretKey;
use crate::values::nonce::Nonce;

/// The symbols a PIN is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum PinAlphabet {
    /// 0 to 9.
    Digits,
    /// Letters and digits, without those that are taken for one another.
    Unambiguous,
}

impl PinAlphabet {
    /// The symbols. The unambiguous ones leave out 0/O, 1/I/L, 5/S, 8/B and 2/Z on the letters'
    /// side or on both.
    #[must_use]
    pub const fn symbols(self) -> &'static [u8] {
        match self {
            Self::Digits => b"0123456789",
            Self::Unambiguous => b"23456789ACDEFGHJKMNPQRTUVWXY",
        }
    }
}

/// What PINs look like, and how often one may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PinPolicy {
    /// 4 to 12 symbols.
    pub length: u8,
    /// Of these.
    pub alphabet: PinAlphabet,
    /// 1 to 10 wrong ones before the issue is locked.
    pub tries: u8,
}

/// A PIN, in the form in which it is compared: upper case, nothing between the symbols.
#[derive(Clone)]
pub struct Pin(String);

impl Pin {
    /// Derives the PIN of an issue. Bytes of HMAC-SHA256 are mapped onto the alphabet by
    /// rejection, so that every PIN is as likely as every other.
    #[must_use]
    pub fn derive(
        key: &SecretKey,
        user: UserId,
        issue: IssueNumber,
        nonce: &Nonce,
        policy: PinPolicy,
    ) -> Self {
        let symbols = policy.alphabet.symbols();
        let fair = 256 - 256 % symbols.len();
        let wanted = usize::from(policy.length);
        let mut pin = String::with_capacity(wanted);
        for block in 0_u32.. {
            let bytes = mac(key, "beckon pin", user, issue, nonce, block);
            for byte in bytes {
                let byte = usize::from(byte);
                if byte < fair
                    && let Some(symbol) = symbols.get(byte % symbols.len())
                {
                    pin.push(char::from(*symbol));
                }
                if pin.len() == wanted {
                    return Self(pin);
                }
            }
        }
        Self(pin)
    }

    /// Reads what a person typed. Grouping, white space, hyphens and case do not matter, nor
    /// does the script in which the digits were typed.
    #[must_use]
    pub fn from_typed(typed: &str) -> Self {
        let kept = typed
            .chars()
            .filter(|c| {
                !c.is_whitespace()
                    && !is_dash(*c)
                    && crate::values::names::is_plain(*c)
                    && !crate::values::text::is_invisible(*c)
            })
            .map(to_ascii_digit)
            .flat_map(char::to_uppercase)
            // Longer than any PIN: enough to be wrong, not enough to be a burden.
            .take(64)
            .collect();
        Self(kept)
    }

    /// Whether two PINs are the same, in a time that does not tell where they differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    /// Whether it has as many symbols as a PIN of this policy. One that has not is none.
    #[must_use]
    pub fn is_as_long_as(&self, policy: PinPolicy) -> bool {
        self.0.chars().count() == usize::from(policy.length)
    }

    /// The PIN in groups, as people read it out: `1234 5678`.
    #[must_use]
    pub fn expose_grouped(&self) -> String {
        group(&self.0)
    }

    /// The PIN itself. Each call is a place where a secret leaves.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// Splits into groups of four, or of three where that comes out even.
#[must_use]
pub fn group(symbols: &str) -> String {
    let count = symbols.chars().count();
    let size = if count <= 5 {
        count.max(1)
    } else if count.is_multiple_of(4) || !count.is_multiple_of(3) {
        4
    } else {
        3
    };
    symbols
        .chars()
        .collect::<Vec<_>>()
        .chunks(size)
        .map(|chunk| chunk.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The message authentication code that PINs and tokens are made of. `purpose` keeps a code made
/// for one thing from being taken for another.
pub(crate) fn mac(
    key: &SecretKey,
    purpose: &str,
    user: UserId,
    issue: IssueNumber,
    nonce: &Nonce,
    block: u32,
) -> [u8; 32] {
    // HMAC takes keys of every length, so the only error of this constructor cannot occur.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose()) else {
        return [0; 32];
    };
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(&user.to_bytes());
    mac.update(&issue.get().to_be_bytes());
    mac.update(nonce.as_bytes());
    mac.update(&block.to_be_bytes());
    mac.finalize().into_bytes().into()
}

fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '_' | '.' | '·' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' | '\u{30FC}'
    )
}

/// Digits of other scripts that keyboards produce: full width, Arabic-Indic, Persian, Devanagari.
fn to_ascii_digit(c: char) -> char {
    for zero in ['\u{FF10}', '\u{0660}', '\u{06F0}', '\u{0966}'] {
        let distance = u32::from(c).checked_sub(u32::from(zero));
        if let Some(digit) = distance.and_then(|distance| char::from_digit(distance, 10)) {
            return digit;
        }
    }
    // Full-width Latin letters.
    match c {
        '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' => {
            char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c)
        }
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    fn key() -> SecretKey {
        SecretKey::from_bytes(vec![7; 32]).unwrap()
    }

    #[test]
    fn a_pin_has_as_many_symbols_as_its_policy_says_or_is_none() {
        let read = Pin::from_typed("1234 5678");

        assert!(read.is_as_long_as(digits(8)));
        assert!(!read.is_as_long_as(digits(7)));
        assert!(!read.is_as_long_as(digits(9)));
    }

    fn digits(length: u8) -> PinPolicy {
        PinPolicy {
            length,
            alphabet: PinAlphabet::Digits,
            tries: 5,
        }
    }

    fn derive(user: u128, issue: u32, nonce: u8, policy: PinPolicy) -> Pin {
        Pin::derive(
            &key(),
            UserId::new(Ulid(user)),
            IssueNumber::from_number(issue),
            &Nonce::from_bytes([nonce; 16]),
            policy,
        )
    }

    proptest! {
        #[test]
        fn a_pin_has_the_length_and_the_symbols_of_its_policy(
            user: u128, issue: u32, nonce: u8, length in 4_u8..=12, letters: bool,
        ) {
            let alphabet = if letters { PinAlphabet::Unambiguous } else { PinAlphabet::Digits };
            let pin = derive(user, issue, nonce, PinPolicy { length, alphabet, tries: 5 });

            prop_assert_eq!(pin.expose().len(), usize::from(length));
            prop_assert!(pin.expose().bytes().all(|b| alphabet.symbols().contains(&b)));
        }

        #[test]
        fn however_it_is_grouped_or_cased_a_typed_pin_is_the_same(
            user: u128, separator in "[ \\-\u{2011}\u{00A0}\t]{0,2}", upper: bool,
        ) {
            let policy = PinPolicy { length: 8, alphabet: PinAlphabet::Unambiguous, tries: 5 };
            let pin = derive(user, 1, 1, policy);
            let symbols: Vec<String> = pin.expose().chars().map(String::from).collect();
            let typed = symbols.join(&separator);
            let typed = if upper { typed } else { typed.to_lowercase() };

            prop_assert!(Pin::from_typed(&typed).matches(&pin));
        }
    }

    #[test]
    fn the_same_issue_always_has_the_same_pin_and_another_user_issue_nonce_or_key_another() {
        let pin = derive(1, 1, 1, digits(12));
        let other_key = Pin::derive(
            &SecretKey::from_bytes(vec![8; 32]).unwrap(),
            UserId::new(Ulid(1)),
            IssueNumber::from_number(1),
            &Nonce::from_bytes([1; 16]),
            digits(12),
        );

        assert!(pin.matches(&derive(1, 1, 1, digits(12))));
        for other in [
            derive(2, 1, 1, digits(12)),
            derive(1, 2, 1, digits(12)),
            derive(1, 1, 2, digits(12)),
            other_key,
        ] {
            assert!(!pin.matches(&other));
        }
    }

    /// The PINs of open invitations must be the same in every version. In each of these, one byte is
    /// the first that is rejected: 250 of ten digits, 252 of 28 symbols.
    #[test]
    fn a_pin_is_what_it_was_in_the_first_version() {
        let unambiguous = PinPolicy {
            alphabet: PinAlphabet::Unambiguous,
            ..digits(12)
        };

        assert_eq!(derive(2, 1, 1, digits(12)).expose(), "698155066885");
        assert_eq!(derive(72, 1, 1, unambiguous).expose(), "K77QKWFR3A89");
    }

    #[test]
    fn every_symbol_is_about_equally_frequent() {
        let policy = PinPolicy {
            length: 12,
            alphabet: PinAlphabet::Unambiguous,
            tries: 5,
        };
        let mut seen: HashMap<char, u32> = HashMap::new();
        for user in 0..4_000 {
            for symbol in derive(user, 1, 1, policy).expose().chars() {
                *seen.entry(symbol).or_default() += 1;
            }
        }

        // 48,000 draws from 28 symbols: 1,714 each, standard deviation 41. A modulo bias of
        // 256 mod 28 would put four symbols 11 % above the rest, more than four deviations.
        assert_eq!(seen.len(), 28);
        for (symbol, count) in seen {
            assert!(
                (1_714_i64 - i64::from(count)).abs() < 165,
                "{symbol}: {count}"
            );
        }
    }

    #[test]
    fn digits_typed_on_other_keyboards_count() {
        let pin = Pin("12345678".to_owned());

        for typed in [
            "1234 5678",
            "１２３４５６７８",
            "١٢٣٤٥٦٧٨",
            "۱۲۳۴-۵۶۷۸",
            "1234–5678",
            "1234.5678",
            "\u{FEFF}1234\u{200B}5678\u{202C}",
            "\u{3164}12\u{AD}34 5678\u{2800}",
        ] {
            assert!(Pin::from_typed(typed).matches(&pin), "{typed}");
        }
        for typed in ["1234 5679", "1234567", "123456789", ""] {
            assert!(!Pin::from_typed(typed).matches(&pin), "{typed}");
        }
    }

    #[test]
    fn letters_typed_in_full_width_count() {
        let pin = Pin("ACYX2349".to_owned());

        for typed in ["ＡＣＹＸ２３４９", "ａｃｙｘ　２３４９", "ａＣyX-23４9"]
        {
            assert!(Pin::from_typed(typed).matches(&pin), "{typed}");
        }
    }

    #[test]
    fn groups_are_read_out_in_fours_or_threes() {
        for (pin, read) in [
            ("1234", "1234"),
            ("12345", "12345"),
            ("123456", "123 456"),
            ("1234567", "1234 567"),
            ("12345678", "1234 5678"),
            ("123456789", "123 456 789"),
            ("1234567890", "1234 5678 90"),
            ("12345678901", "1234 5678 901"),
            ("123456789012", "1234 5678 9012"),
        ] {
            assert_eq!(group(pin), read);
            assert_eq!(Pin(pin.to_owned()).expose_grouped(), read);
        }
    }

    #[test]
    fn debug_output_does_not_hold_the_pin() {
        assert_eq!(format!("{:?}", Pin("12345678".to_owned())), "Pin(…)");
    }
}
