//! The rules of the delivery worker: which mail is still wanted, how fast to go, and what each answer of
//! the mail service means. Nothing here sends.

use jiff::{SignedDuration, Timestamp};

use crate::model::invitation::InvitationState;
use crate::model::mail::{ADDRESS_MARKED, BATCH_STOPPED, DOMAIN_NOT_ALLOWED, Mail, MailKind};
use crate::model::user::User;

/// A token bucket: one token a mail, refilled at the account's rate, holding a fifth of a second's worth.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    per_second: f64,
    tokens: f64,
    filled_at: Timestamp,
}

impl TokenBucket {
    /// An empty bucket: a run that begins where another has just ended must not add a mail to
    /// its rate.
    #[must_use]
    pub fn new(per_second: f64, now: Timestamp) -> Self {
        Self {
            per_second: per_second.max(0.01),
            tokens: 0.0,
            filled_at: now,
        }
    }

    /// Goes at this rate from now on; gives whether it is another one.
    pub fn set_rate(&mut self, per_second: f64, now: Timestamp) -> bool {
        let rate = per_second.max(0.01);
        if rate.total_cmp(&self.per_second).is_eq() {
            return false;
        }
        self.fill(now);
        self.per_second = rate;
        self.tokens = self.tokens.min(self.capacity());
        true
    }

    /// Takes a token, or says how long to wait for the next.
    pub fn take(&mut self, now: Timestamp) -> Result<(), SignedDuration> {
        self.fill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            Ok(())
        } else {
            // A microsecond more than it takes, so that rounding leaves nothing missing.
            let seconds = (1.0 - self.tokens) / self.per_second + 1e-6;
            Err(SignedDuration::from_secs_f64(seconds.clamp(0.001, 60.0)))
        }
    }

    /// Empties the bucket: the service said we were too fast.
    pub fn drain(&mut self, now: Timestamp) {
        self.fill(now);
        self.tokens = 0.0;
    }

    /// A fifth of a second's worth bounds the burst and is enough to keep the rate.
    fn capacity(&self) -> f64 {
        (self.per_second / 5.0).max(1.0)
    }

    fn fill(&mut self, now: Timestamp) {
        let passed = now.duration_since(self.filled_at).as_secs_f64().max(0.0);
        self.tokens = passed
            .mul_add(self.per_second, self.tokens)
            .min(self.capacity());
        self.filled_at = self.filled_at.max(now);
    }
}

/// Why a mail no longer goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// The user was deleted or disabled.
    NoUser,
    /// The user was deleted whom an administrator was to be told of.
    UserDeleted,
    /// A newer issue replaced this one.
    Superseded,
    /// The invitation has ended: completed, cancelled, declined or expired.
    InvitationEnded,
    /// The address takes no mail.
    AddressMarked,
    /// Its batch was stopped.
    BatchStopped,
    /// The address is of a domain that may not be invited, or not any more.
    DomainNotAllowed,
}

impl DropReason {
    /// A stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoUser => "noUser",
            Self::UserDeleted => "userDeleted",
            Self::Superseded => "superseded",
            Self::InvitationEnded => "invitationEnded",
            Self::AddressMarked => ADDRESS_MARKED,
            Self::BatchStopped => BATCH_STOPPED,
            Self::DomainNotAllowed => DOMAIN_NOT_ALLOWED,
        }
    }

    /// The same in words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::NoUser => "the user was deleted or disabled before it went",
            Self::UserDeleted => "the user whom it tells of was deleted before it went",
            Self::Superseded => "a newer invitation replaced it before it went",
            Self::InvitationEnded => "the invitation had ended before it went",
            Self::AddressMarked => "the address took no mail any more when its turn came",
            Self::BatchStopped => "the batch was stopped before it went",
            Self::DomainNotAllowed => "the domain of the address may not be invited",
        }
    }
}

/// Whether a mail is still wanted, judged on the user as stored now.
pub fn should_send(mail: &Mail, user: Option<&User>, now: Timestamp) -> Result<(), DropReason> {
    if let MailKind::Test(_) = mail.kind {
        // It belongs to nobody, and whoever asked for it waits for it.
        return Ok(());
    }
    if !mail.kind.goes_to_the_user() {
        // An administrator hears of it whatever became of the user since, but nothing of whom nothing is left.
        return user.map(|_| ()).ok_or(DropReason::UserDeleted);
    }
    let user = user.ok_or(DropReason::NoUser)?;
    if !user.enabled {
        return Err(DropReason::NoUser);
    }
    if user.address_mark.is_some() {
        return Err(DropReason::AddressMarked);
    }
    match &mail.kind {
        MailKind::Confirmation { .. }
        | MailKind::HandOver { .. }
        | MailKind::Notice { .. }
        | MailKind::Test(_) => Ok(()),
        MailKind::Invitation { issue, .. } | MailKind::Reminder { issue, .. } => {
            let invitation = user.invitation.as_ref().ok_or(DropReason::Superseded)?;
            if invitation.issue != *issue {
                return Err(DropReason::Superseded);
            }
            match invitation.state_at(now) {
                InvitationState::Pending => Ok(()),
                // Who is reminded of a PIN that opens nothing any more is misled.
                InvitationState::Locked => match mail.kind {
                    MailKind::Reminder { .. } => Err(DropReason::InvitationEnded),
                    MailKind::Invitation { .. }
                    | MailKind::Confirmation { .. }
                    | MailKind::HandOver { .. }
                    | MailKind::Notice { .. }
                    | MailKind::Test(_) => Ok(()),
                },
                InvitationState::None
                | InvitationState::Completed
                | InvitationState::Expired
                | InvitationState::Cancelled
                | InvitationState::Declined => Err(DropReason::InvitationEnded),
            }
        }
    }
}

/// When a mail that the service deferred is due again: two seconds, then twice as long each time,
/// a quarter of an hour at most.
#[must_use]
pub fn retry_at(attempts: u32, now: Timestamp) -> Timestamp {
    let seconds = 2_i64.saturating_pow(attempts.clamp(1, 10)).min(900);
    now.saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_bucket_never_lets_more_through_than_the_rate_and_one_burst(
            rate in 1.0_f64..600.0, gaps in proptest::collection::vec(0_i64..40, 1..400),
        ) {
            let start = Timestamp::UNIX_EPOCH;
            let mut now = start;
            let mut bucket = TokenBucket::new(rate, start);
            let mut taken = 0_u32;
            for gap in gaps {
                now += SignedDuration::from_millis(gap);
                while bucket.take(now).is_ok() {
                    taken += 1;
                }
            }

            let passed = now.duration_since(start).as_secs_f64();
            prop_assert!(f64::from(taken) <= passed * rate + (rate / 5.0).max(1.0) + 1e-6);
        }
    }

    #[test]
    fn a_bucket_that_is_half_full_is_waited_for_half_as_long() {
        let start = Timestamp::UNIX_EPOCH;
        let mut bucket = TokenBucket::new(2.0, start);
        bucket.drain(start);

        let wait = bucket
            .take(start + SignedDuration::from_millis(250))
            .unwrap_err();

        assert!((250..=251).contains(&wait.as_millis()), "{wait:?}");
    }

    #[test]
    fn who_waits_as_long_as_told_gets_a_token() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut bucket = TokenBucket::new(14.0, now);
        for _ in 0..100 {
            if let Err(wait) = bucket.take(now) {
                now += wait;
                bucket.take(now).expect("the wait was as long as told");
            }
        }

        // A hundred at 14 a second.
        let seconds = now.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64();
        assert!((seconds - 100.0 / 14.0).abs() < 0.2, "{seconds}");
    }

    #[test]
    fn a_lowered_rate_holds_at_once() {
        let now = Timestamp::UNIX_EPOCH;
        let mut bucket = TokenBucket::new(500.0, now);
        let later = now + SignedDuration::from_secs(5);
        bucket.set_rate(1.0, later);

        assert!(bucket.take(later).is_ok());
        assert!(bucket.take(later).is_err());
    }

    #[test]
    fn a_bucket_knows_whether_a_rate_is_another_and_lets_nothing_below_a_hundredth() {
        let now = Timestamp::UNIX_EPOCH;
        let mut bucket = TokenBucket::new(14.0, now);

        assert!(!bucket.set_rate(14.0, now));
        assert!(bucket.set_rate(14.5, now));
        assert!(bucket.set_rate(0.0, now));
        assert!(!bucket.set_rate(0.01, now));
    }

    #[test]
    fn after_a_pause_a_fifth_of_a_second_s_worth_goes_at_once_or_one() {
        let start = Timestamp::UNIX_EPOCH;
        let later = start + SignedDuration::from_secs(60);
        for (rate, at_once) in [(50.0, 10), (7.0, 1), (2.0, 1)] {
            let mut bucket = TokenBucket::new(rate, start);
            let taken = (0..100).filter(|_| bucket.take(later).is_ok()).count();
            assert_eq!(taken, at_once, "{rate}");
        }
    }

    #[test]
    fn a_drained_bucket_holds_nothing() {
        let start = Timestamp::UNIX_EPOCH;
        let later = start + SignedDuration::from_secs(60);
        let mut bucket = TokenBucket::new(50.0, start);

        bucket.drain(later);

        assert!(bucket.take(later).is_err());
        assert!(bucket.take(later + SignedDuration::from_millis(25)).is_ok());
    }

    #[test]
    fn each_reason_has_a_name_and_a_sentence_of_its_own() {
        const REASONS: [DropReason; 7] = [
            DropReason::NoUser,
            DropReason::UserDeleted,
            DropReason::Superseded,
            DropReason::InvitationEnded,
            DropReason::AddressMarked,
            DropReason::BatchStopped,
            DropReason::DomainNotAllowed,
        ];
        let codes: BTreeSet<_> = REASONS.map(DropReason::code).into();
        let sentences: BTreeSet<_> = REASONS.map(DropReason::in_words).into();

        assert_eq!((codes.len(), sentences.len()), (7, 7));
    }
}
