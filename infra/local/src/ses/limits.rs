//! The account's sending limits: a rate, and a quota over the last 24 hours.
//!
//! Owns: the arithmetic. Must not know the clock, requests, or why anything is sent.
//!
//! Both count recipients, as SES does, and both let a message through while anything at all is left:
//! a mail to five may overdraw, and then nothing goes until the debt is paid.

use std::collections::VecDeque;

use jiff::Timestamp;

const MINUTES_A_DAY: i64 = 24 * 60;

/// A token bucket that holds one second's worth.
#[derive(Debug)]
pub(super) struct Rate {
    a_second: f64,
    tokens: f64,
    refilled: Timestamp,
}

impl Rate {
    /// A full bucket.
    pub(super) fn new(a_second: f64, now: Timestamp) -> Self {
        Self {
            a_second,
            tokens: a_second.max(1.0),
            refilled: now,
        }
    }

    /// Recipients a second.
    pub(super) fn a_second(&self) -> f64 {
        self.a_second
    }

    /// Changes the rate from now on; what was saved up is kept as far as the new bucket holds it.
    pub(super) fn change(&mut self, a_second: f64, now: Timestamp) {
        self.refill(now);
        self.a_second = a_second;
        self.tokens = self.tokens.min(a_second.max(1.0));
    }

    /// Whether anything is left at `now`.
    pub(super) fn allows(&mut self, now: Timestamp) -> bool {
        self.refill(now);
        self.tokens >= 1.0
    }

    /// Takes what was allowed.
    pub(super) fn take(&mut self, recipients: u32) {
        self.tokens -= f64::from(recipients);
    }

    fn refill(&mut self, now: Timestamp) {
        // A clock that was set back must not empty the bucket.
        if now <= self.refilled {
            return;
        }
        let elapsed = now.duration_since(self.refilled).as_secs_f64();
        // A sandbox account has a rate of 1, and a bucket below 1 could never be used.
        let capacity = self.a_second.max(1.0);
        self.tokens = (self.tokens + elapsed * self.a_second).min(capacity);
        self.refilled = now;
    }
}

/// Recipients of the last 24 hours, counted by the minute: exact enough for a quota, and never more
/// than a day's minutes to keep.
#[derive(Debug, Default)]
pub(super) struct LastDay {
    minutes: VecDeque<(i64, u32)>,
}

impl LastDay {
    /// Counts `recipients` at `when`; calls come in order of time.
    pub(super) fn add(&mut self, when: Timestamp, recipients: u32) {
        let minute = minute(when);
        match self.minutes.back_mut() {
            Some((last, count)) if *last >= minute => *count = count.saturating_add(recipients),
            _ => self.minutes.push_back((minute, recipients)),
        }
    }

    /// How many were sent in the 24 hours before `now`.
    pub(super) fn count(&mut self, now: Timestamp) -> u64 {
        let oldest = minute(now) - MINUTES_A_DAY;
        while self.minutes.front().is_some_and(|(at, _)| *at <= oldest) {
            self.minutes.pop_front();
        }
        self.minutes
            .iter()
            .map(|(_, count)| u64::from(*count))
            .sum()
    }

    /// The minutes and their counts, to be kept.
    pub(super) fn minutes(&self) -> Vec<(i64, u32)> {
        self.minutes.iter().copied().collect()
    }

    /// The reverse of [`LastDay::minutes`].
    pub(super) fn from_minutes(minutes: Vec<(i64, u32)>) -> Self {
        Self {
            minutes: minutes.into(),
        }
    }
}

fn minute(when: Timestamp) -> i64 {
    when.as_second().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn start() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn taken(rate: &mut Rate, now: Timestamp, tries: u32) -> u32 {
        (0..tries)
            .filter(|_| {
                let allowed = rate.allows(now);
                if allowed {
                    rate.take(1);
                }
                allowed
            })
            .count()
            .try_into()
            .unwrap()
    }

    #[test]
    fn one_second_of_burst_and_then_the_rate() {
        let mut rate = Rate::new(14.0, start());

        let at_once = taken(&mut rate, start(), 100);
        let half_a_second_later = taken(&mut rate, start() + SignedDuration::from_millis(500), 100);
        let an_hour_later = taken(&mut rate, start() + SignedDuration::from_hours(1), 100);

        assert_eq!((at_once, half_a_second_later, an_hour_later), (14, 7, 14));
    }

    #[test]
    fn a_mail_to_five_may_overdraw_and_is_paid_back() {
        let mut rate = Rate::new(1.0, start());

        assert!(rate.allows(start()));
        rate.take(5);

        assert!(!rate.allows(start() + SignedDuration::from_secs(4)));
        assert!(rate.allows(start() + SignedDuration::from_secs(5)));
    }

    #[test]
    fn a_lower_rate_holds_at_once() {
        let mut rate = Rate::new(500.0, start());

        rate.change(2.0, start());

        assert_eq!(taken(&mut rate, start(), 100), 2);
    }

    #[test]
    fn a_clock_set_back_gives_and_takes_nothing() {
        let mut rate = Rate::new(1.0, start());
        rate.take(1);

        assert!(!rate.allows(start() - SignedDuration::from_secs(60)));
        assert!(rate.allows(start() + SignedDuration::from_secs(1)));
    }

    #[test]
    fn the_quota_frees_up_a_day_later_minute_by_minute() {
        let mut day = LastDay::default();
        day.add(start(), 3);
        day.add(start() + SignedDuration::from_mins(10), 4);

        assert_eq!(day.count(start() + SignedDuration::from_mins(10)), 7);
        assert_eq!(day.count(start() + SignedDuration::from_hours(24)), 4);
        assert_eq!(day.count(start() + SignedDuration::from_hours(25)), 0);
    }
}
