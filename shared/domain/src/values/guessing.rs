//! How likely somebody who guesses hits an invitation, as a number.

use serde::{Deserialize, Serialize};

use crate::values::pin::PinPolicy;

/// How often an expired or locked invitation may be renewed on the person's own request. The
/// chance counts these issues, since each brings its own tries.
pub const MAX_RENEWALS: u32 = 3;

/// Above this chance for one invitation the settings are refused.
pub const MAX_CHANCE: f64 = 1.0 / 1_000.0;

/// Above this many expected hits over all open invitations the settings carry a warning.
pub const MAX_EXPECTED_HITS: f64 = 1.0 / 100.0;

/// NIST SP 800-63A: an enrolment code that goes by mail has at least this much entropy…
pub const NIST_BITS: f64 = 20.0;

/// … and is good for at most this long.
pub const NIST_HOURS: u32 = 24;

/// What can be said about a policy against guessing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GuessingReport {
    /// The chance that somebody who uses up every try hits one given invitation.
    pub chance_per_invitation: f64,
    /// How many invitations are open.
    pub open_invitations: u64,
    /// How many hits to expect if somebody uses up every try of all of them.
    pub expected_hits: f64,
    /// The entropy of a PIN.
    pub entropy_bits: f64,
    /// What to know about it, in sentences.
    pub warnings: Vec<String>,
}

/// The chance that every try of one invitation, its renewals included, hits its PIN.
#[must_use]
pub fn chance_per_invitation(pin: PinPolicy, renewable: bool) -> f64 {
    let space = symbols(pin).powi(i32::from(pin.length));
    let issues = if renewable { 1 + MAX_RENEWALS } else { 1 };
    // Within an issue, tries are without repetition: five of a hundred million are exactly
    // five hundred-millionths. Issues are independent.
    let per_issue = (f64::from(pin.tries) / space).min(1.0);
    1.0 - (1.0 - per_issue).powi(i32::try_from(issues).unwrap_or(i32::MAX))
}

/// The whole report.
#[must_use]
pub fn report(pin: PinPolicy, renewable: bool, lifetime_hours: u32, open: u64) -> GuessingReport {
    let chance = chance_per_invitation(pin, renewable);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of invitations, used as an estimate"
    )]
    let expected = chance * open as f64;
    let bits = f64::from(pin.length) * symbols(pin).log2();
    let mut warnings = Vec::new();
    if expected > MAX_EXPECTED_HITS {
        warnings.push(format!(
            "Somebody who tries every open invitation can expect {expected:.2} hits; make the PIN longer or allow fewer tries."
        ));
    }
    if bits < NIST_BITS {
        warnings.push(format!(
            "A PIN has {bits:.1} bits; NIST SP 800-63A advises at least {NIST_BITS:.0} for a code that goes by mail."
        ));
    }
    if lifetime_hours > NIST_HOURS {
        warnings.push(format!(
            "An invitation lives {lifetime_hours} hours; NIST SP 800-63A advises at most {NIST_HOURS} for a code that goes by mail."
        ));
    }
    GuessingReport {
        chance_per_invitation: chance,
        open_invitations: open,
        expected_hits: expected,
        entropy_bits: bits,
        warnings,
    }
}

fn symbols(pin: PinPolicy) -> f64 {
    u32::try_from(pin.alphabet.symbols().len()).map_or(1.0, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::pin::PinAlphabet;

    fn policy(length: u8, tries: u8) -> PinPolicy {
        PinPolicy {
            length,
            alphabet: PinAlphabet::Digits,
            tries,
        }
    }

    #[test]
    fn the_chance_is_tries_over_possibilities_counting_renewals() {
        assert!((chance_per_invitation(policy(8, 5), false) - 5e-8).abs() < 1e-15);
        assert!((chance_per_invitation(policy(8, 5), true) - 2e-7).abs() < 1e-13);
        assert!((chance_per_invitation(policy(4, 10), false) - 1e-3).abs() < 1e-12);
    }

    #[test]
    fn six_digits_over_a_hundred_thousand_invitations_are_half_a_hit_and_are_warned_of() {
        let report = report(policy(6, 5), false, 24, 100_000);

        assert!((report.expected_hits - 0.5).abs() < 1e-6);
        assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
    }

    #[test]
    fn a_report_states_the_bits_of_a_pin_and_warns_of_what_lives_longer_than_a_day() {
        let day = report(policy(8, 5), false, NIST_HOURS, 1);
        assert!((day.entropy_bits - 26.575_424_759).abs() < 1e-6, "{day:?}");
        assert_eq!(day.warnings, Vec::<String>::new());

        let longer = report(policy(8, 5), false, NIST_HOURS + 1, 1).warnings;
        assert_eq!(longer.len(), 1, "{longer:?}");
        assert!(longer[0].starts_with("An invitation lives 25 hours"));
    }

    #[test]
    fn a_hit_in_a_thousand_is_the_most_for_one_invitation_and_in_a_hundred_for_all() {
        assert!((MAX_CHANCE - 0.001).abs() < 1e-12);
        assert!((MAX_EXPECTED_HITS - 0.01).abs() < 1e-12);
    }

    /// A guesser who never repeats a guess within an issue and has every issue renewed, against
    /// PINs as they are really derived; one symbol, so that hits are frequent enough to count.
    #[test]
    fn a_guesser_who_uses_every_try_reaches_the_stated_chance() {
        use crate::values::ids::{IssueNumber, UserId};
        use crate::values::keys::SecretKey;
        use crate::values::nonce::Nonce;
        use crate::values::pin::Pin;

        let key = SecretKey::from_bytes(vec![5; 32]).unwrap();
        let people = 4_000_u32;
        for (tries, renewable) in [(1, false), (3, false), (1, true), (3, true)] {
            let policy = policy(1, tries);
            let issues = if renewable { 1 + MAX_RENEWALS } else { 1 };
            let hit = |person: u32| {
                (1..=issues).any(|issue| {
                    let user = UserId::new(ulid::Ulid(u128::from(person)));
                    let number = IssueNumber::from_number(issue);
                    let nonce = Nonce::from_bytes([u8::try_from(issue).unwrap(); 16]);
                    let pin = Pin::derive(&key, user, number, &nonce, policy);
                    (0..tries).any(|guess| pin.matches(&Pin::from_typed(&guess.to_string())))
                })
            };
            let hits = (0..people).filter(|person| hit(*person)).count();

            let stated = chance_per_invitation(policy, renewable);
            let reached = f64::from(u32::try_from(hits).unwrap()) / f64::from(people);
            // Four standard deviations of a share of 4,000.
            let slack = 4.0 * (stated * (1.0 - stated) / f64::from(people)).sqrt();
            assert!(
                (reached - stated).abs() < slack,
                "{tries} tries, renewable {renewable}: stated {stated}, reached {reached}"
            );
        }
    }
}
