//! When somebody who has not answered is reminded. Nothing here writes a mail: it says when the
//! next one is due, and whether it is the last.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::values::problem::FieldProblem;

/// The most reminders of one issue.
pub const MAX_REMINDERS: u32 = 30;

/// A time of day: `20:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TimeOfDay(Time);

impl TimeOfDay {
    /// Parses hours and minutes: `08:00`, `20:30`.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let refused = || {
            FieldProblem::new(
                "",
                "malformedTime",
                "is not a time of day; write hours and minutes like 08:00 or 20:30",
            )
        };
        let (hour, minute) = crate::values::text::trimmed(text)
            .split_once(':')
            .ok_or_else(refused)?;
        let number = |digits: &str| {
            (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()))
                .then(|| digits.parse::<i8>().ok())
                .flatten()
                .ok_or_else(refused)
        };
        Time::new(number(hour)?, number(minute)?, 0, 0)
            .map(Self)
            .map_err(|_| refused())
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.0.hour(), time.0.minute())
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).map_err(|_| "a time of day is written like 08:00")
    }
}

/// When nobody is written to, in their own time zone. It may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuietHours {
    /// From this time of day …
    pub from: TimeOfDay,
    /// … until this one.
    pub to: TimeOfDay,
}

impl QuietHours {
    /// The moment itself, or the end of the quiet hours that it lies in.
    #[must_use]
    pub fn after(self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        let local = at.to_zoned(zone.clone());
        let (time, from, to) = (local.time(), self.from.0, self.to.0);
        let over_midnight = to < from;
        let quiet = if over_midnight {
            time >= from || time < to
        } else {
            from <= time && time < to
        };
        if !quiet {
            return at;
        }
        let day = if over_midnight && time >= from {
            local.date().saturating_add(1.day())
        } else {
            local.date()
        };
        // Where a clock change skips that time of day, the time after the gap is taken.
        day.to_datetime(to)
            .to_zoned(zone.clone())
            .map_or(at, |end| end.timestamp().max(at))
    }
}

/// Whether and when people are reminded, as the settings say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReminderPolicy {
    /// Days from the issue to the first reminder.
    pub start_after_days: u32,
    /// Days from one reminder to the next.
    pub every_days: u32,
    /// The most reminders of one issue.
    pub most: u32,
    /// When nobody is reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
}

/// The reminders of one issue: the policy it was issued under, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReminderPlan {
    /// As the settings were.
    pub policy: ReminderPolicy,
    /// How many were written.
    pub written: u32,
    /// When the next one is due; `None` if there will be none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

impl ReminderPlan {
    /// The plan of a new issue.
    #[must_use]
    pub fn new(
        policy: ReminderPolicy,
        issued_at: Timestamp,
        expires_at: Timestamp,
        zone: &TimeZone,
    ) -> Self {
        let first = days_after(issued_at, policy.start_after_days);
        Self {
            policy,
            written: 0,
            next_at: None,
        }
        .due(first, expires_at, zone)
    }

    /// The plan with its next reminder at a moment, or after the quiet hours that it lies in;
    /// without one where that would be too late, or more than the policy allows. A later moment
    /// never gives an earlier one, so what was the last stays the last.
    #[must_use]
    pub fn due(self, at: Timestamp, expires_at: Timestamp, zone: &TimeZone) -> Self {
        let at = self
            .policy
            .quiet_hours
            .map_or(at, |quiet| quiet.after(at, zone));
        Self {
            next_at: (self.written < self.policy.most && at < expires_at).then_some(at),
            ..self
        }
    }

    /// The plan after a reminder was written now. Counted from the reminder, not from the issue:
    /// a clock that stood still for a week does not make up for it with a reminder a minute.
    #[must_use]
    pub fn written(self, now: Timestamp, expires_at: Timestamp, zone: &TimeZone) -> Self {
        Self {
            written: self.written + 1,
            ..self
        }
        .due(days_after(now, self.policy.every_days), expires_at, zone)
    }

    /// The plan of an invitation that is given back now: counted anew, as from the issue or from
    /// the last reminder.
    #[must_use]
    pub fn resumed(self, now: Timestamp, expires_at: Timestamp, zone: &TimeZone) -> Self {
        let days = if self.written == 0 {
            self.policy.start_after_days
        } else {
            self.policy.every_days
        };
        self.due(days_after(now, days), expires_at, zone)
    }

    /// The plan of somebody whom mails reach again from now on: what is still to come comes as it
    /// was planned, and what fell due meanwhile is counted anew.
    #[must_use]
    pub fn reaching_again(self, now: Timestamp, expires_at: Timestamp, zone: &TimeZone) -> Self {
        match self.next_at {
            Some(next) if now < next => self,
            Some(_) | None => self.resumed(now, expires_at, zone),
        }
    }

    /// The plan without any further reminder.
    #[must_use]
    pub const fn ended(self) -> Self {
        Self {
            next_at: None,
            ..self
        }
    }
}

fn days_after(at: Timestamp, days: u32) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone that exists")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn quiet(from: &str, to: &str) -> QuietHours {
        QuietHours {
            from: TimeOfDay::parse(from).expect("a time"),
            to: TimeOfDay::parse(to).expect("a time"),
        }
    }

    fn policy(start_after_days: u32, every_days: u32, most: u32) -> ReminderPolicy {
        ReminderPolicy {
            start_after_days,
            every_days,
            most,
            quiet_hours: Some(quiet("20:00", "08:00")),
        }
    }

    #[test]
    fn quiet_hours_are_the_recipients_own() {
        let night = quiet("20:00", "08:00");
        let moment = at("2026-11-23T19:30:00Z");

        assert_eq!(
            night.after(moment, &zone("Europe/Berlin")),
            at("2026-11-24T07:00:00Z")
        );
        assert_eq!(night.after(moment, &zone("America/New_York")), moment);
        assert_eq!(
            night.after(moment, &zone("Asia/Tokyo")),
            at("2026-11-23T23:00:00Z")
        );
    }

    #[test]
    fn quiet_hours_end_at_the_clock_on_the_wall_across_a_clock_change() {
        let night = quiet("22:00", "07:00");
        let berlin = zone("Europe/Berlin");

        // Summer time begins on 29 March 2026 and ends on 25 October 2026.
        assert_eq!(
            night.after(at("2026-03-28T22:30:00Z"), &berlin),
            at("2026-03-29T05:00:00Z")
        );
        assert_eq!(
            night.after(at("2026-10-24T21:30:00Z"), &berlin),
            at("2026-10-25T06:00:00Z")
        );
        // 02:30 does not exist that night; the first moment after the gap does.
        assert_eq!(
            quiet("22:00", "02:30").after(at("2026-03-28T23:00:00Z"), &berlin),
            at("2026-03-29T01:30:00Z")
        );
    }

    #[test]
    fn a_plan_starts_repeats_and_ends_as_the_policy_says() {
        let (issued, expires) = (at("2026-11-02T09:00:00Z"), at("2026-11-09T09:00:00Z"));
        let utc = TimeZone::UTC;
        let mut plan = ReminderPlan::new(policy(2, 2, 5), issued, expires, &utc);
        let mut days = Vec::new();
        while let Some(next) = plan.next_at {
            days.push(next.to_zoned(utc.clone()).day());
            plan = plan.written(next, expires, &utc);
        }

        assert_eq!(days, [4, 6, 8]);
        assert_eq!(plan.written, 3);
    }

    #[test]
    fn maintenance_that_stood_still_does_not_make_up_for_it() {
        let (issued, expires) = (at("2026-11-01T09:00:00Z"), at("2026-12-01T09:00:00Z"));
        let plan = ReminderPlan::new(policy(1, 3, 9), issued, expires, &TimeZone::UTC);
        let late = at("2026-11-20T12:00:00Z");

        let after = plan.written(late, expires, &TimeZone::UTC);

        assert_eq!(after.next_at, Some(at("2026-11-23T12:00:00Z")));
    }

    #[test]
    fn what_is_still_to_come_stays_and_what_fell_due_meanwhile_is_counted_anew() {
        let (issued, expires) = (at("2026-11-02T09:00:00Z"), at("2026-11-09T09:00:00Z"));
        let utc = TimeZone::UTC;
        let plan = ReminderPlan::new(policy(2, 5, 5), issued, expires, &utc);
        let (early, late) = (at("2026-11-03T09:00:00Z"), at("2026-11-05T10:00:00Z"));

        for ended in [plan, plan.ended()] {
            let again = ended.reaching_again(late, expires, &utc);

            // None was written yet, so it is the first that is counted anew.
            assert_eq!(again.next_at, Some(at("2026-11-07T10:00:00Z")));
        }
        assert_eq!(plan.reaching_again(early, expires, &utc), plan);
        let falls_due = at("2026-11-04T09:00:00Z");
        assert_eq!(plan.next_at, Some(falls_due));
        let again = plan.reaching_again(falls_due, expires, &utc);
        assert_eq!(again.next_at, Some(at("2026-11-06T09:00:00Z")));
        let too_late = at("2026-11-07T10:00:00Z");
        assert_eq!(plan.reaching_again(too_late, expires, &utc).next_at, None);
    }

    #[test]
    fn a_time_of_day_is_two_digits_a_colon_and_two_digits() {
        for told in ["00:00", "08:00", " 20:30 ", "23:59"] {
            let time = TimeOfDay::parse(told).expect(told);
            assert_eq!(String::from(time), told.trim());
        }
        for told in [
            "", "08", "8:00", "008:00", "08:0", "+8:00", "-1:00", "a8:00", "24:00", "08:60",
        ] {
            let refused = TimeOfDay::parse(told).map_err(|problem| problem.code);
            assert_eq!(refused, Err("malformedTime"), "{told}");
        }
    }

    #[test]
    fn quiet_hours_within_a_day_begin_with_their_first_minute_and_end_before_their_last() {
        let noon = quiet("12:00", "14:00");
        for (asked, answered) in [
            ("11:59:59", "11:59:59"),
            ("12:00:00", "14:00:00"),
            ("13:59:59", "14:00:00"),
            ("14:00:00", "14:00:00"),
            ("20:00:00", "20:00:00"),
        ] {
            let on_monday = |time| at(&format!("2026-03-02T{time}Z"));
            let after = noon.after(on_monday(asked), &TimeZone::UTC);
            assert_eq!(after, on_monday(answered), "{asked}");
        }
    }

    #[test]
    fn quiet_hours_over_midnight_begin_with_their_first_minute_and_end_before_their_last() {
        let night = quiet("20:00", "08:00");
        for (asked, answered) in [
            ("02T19:59:59", "02T19:59:59"),
            ("02T20:00:00", "03T08:00:00"),
            ("03T00:00:00", "03T08:00:00"),
            ("03T07:59:59", "03T08:00:00"),
            ("03T08:00:00", "03T08:00:00"),
        ] {
            let in_march = |time| at(&format!("2026-03-{time}Z"));
            let after = night.after(in_march(asked), &TimeZone::UTC);
            assert_eq!(after, in_march(answered), "{asked}");
        }
    }

    #[test]
    fn quiet_hours_that_end_when_they_begin_are_none() {
        let none = quiet("12:00", "12:00");
        for moment in [
            "2026-03-02T11:00:00Z",
            "2026-03-02T12:00:00Z",
            "2026-03-02T13:00:00Z",
        ] {
            assert_eq!(none.after(at(moment), &TimeZone::UTC), at(moment));
        }
    }

    #[test]
    fn a_reminder_at_the_end_or_one_more_than_allowed_is_not_planned() {
        let (now, utc) = (at("2026-11-02T09:00:00Z"), TimeZone::UTC);
        let plan = ReminderPlan::new(policy(1, 1, 2), now, now, &utc);
        let a_second = SignedDuration::from_secs(1);

        assert_eq!(plan.due(now, now + a_second, &utc).next_at, Some(now));
        assert_eq!(plan.due(now, now, &utc).next_at, None);
        let written = |written| ReminderPlan { written, ..plan };
        assert_eq!(written(1).due(now, now + a_second, &utc).next_at, Some(now));
        assert_eq!(written(2).due(now, now + a_second, &utc).next_at, None);
        assert_eq!(plan.due(now, now + a_second, &utc).ended().next_at, None);
    }

    proptest! {
        #[test]
        fn nothing_comes_after_the_end_or_after_what_said_that_it_was_the_last(
            start in 1_u32..10, every in 1_u32..10, most in 1_u32..10, lifetime_hours in 24_i64..720,
            place in proptest::sample::select(vec!["UTC", "Europe/Berlin", "America/Los_Angeles"]),
            steps in proptest::collection::vec((1_i64..100, 0_u8..4), 1..40),
        ) {
            let zone = zone(place);
            let mut now = at("2026-01-01T00:00:00Z");
            let expires = now + SignedDuration::from_hours(lifetime_hours);
            let mut plan = ReminderPlan::new(policy(start, every, most), now, expires, &zone);
            let mut last = false;
            for (hours, what) in steps {
                now += SignedDuration::from_hours(hours);
                plan = match (what, plan.next_at) {
                    (0, Some(next)) if next <= now && now < expires => {
                        prop_assert!(!last);
                        let after = plan.written(now, expires, &zone);
                        last = after.next_at.is_none();
                        after
                    }
                    (1, _) => plan.ended(),
                    (2, _) => plan.resumed(now, expires, &zone),
                    _ => plan.reaching_again(now, expires, &zone),
                };
                prop_assert!(plan.next_at.is_none_or(|next| next < expires));
                prop_assert!(!(last && plan.next_at.is_some()));
            }
        }

        #[test]
        fn no_reminder_is_quiet_late_or_one_too_many(
            start in 1_u32..30, every in 1_u32..30, most in 1_u32..30, lifetime_hours in 1_i64..720,
            from in 0_i8..24, to in 0_i8..24, issued_minutes in 0_i64..525_600, delays in proptest::collection::vec(0_i64..4_000, 31),
        ) {
            prop_assume!(from != to);
            let berlin = zone("Europe/Berlin");
            let hours = quiet(&format!("{from:02}:00"), &format!("{to:02}:00"));
            let policy = ReminderPolicy { start_after_days: start, every_days: every, most, quiet_hours: Some(hours) };
            let issued = at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(issued_minutes);
            let expires = issued + SignedDuration::from_hours(lifetime_hours);
            let mut plan = ReminderPlan::new(policy, issued, expires, &berlin);
            let mut last = issued;
            let mut written = 0;
            for delay in delays {
                let Some(next) = plan.next_at else { break };
                prop_assert!(next < expires);
                prop_assert_eq!(hours.after(next, &berlin), next);
                prop_assert!(next.duration_since(last) >= SignedDuration::from_hours(24));
                last = next + SignedDuration::from_mins(delay);
                plan = plan.written(last, expires, &berlin);
                written += 1;
            }
            prop_assert!(written <= most);
            prop_assert!(plan.next_at.is_none() || written < most);
        }
    }
}
