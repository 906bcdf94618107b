//! The buckets in which times are counted, so that a median can be told without keeping every time.

use jiff::SignedDuration;

/// A bucket of times. Bucket 0 ends at a second; each further one ends at √2 times the end of the one
/// before; the last has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket(u8);

/// Bucket 46 ends at 2²³ seconds, which are 97 days; an invitation lives for 30 at most.
const LAST: u8 = 47;

/// Between which times a time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// It is not shorter, in seconds.
    pub from_seconds: u64,
    /// It is not longer; `None`: it may be.
    pub to_seconds: Option<u64>,
}

impl Bucket {
    /// The bucket of this number; `None` if there is none.
    #[must_use]
    pub fn numbered(number: u8) -> Option<Self> {
        (number <= LAST).then_some(Self(number))
    }

    /// Which.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The bucket of a time. Clocks differ a little: less than nothing counts as nothing.
    #[must_use]
    pub fn of(took: SignedDuration) -> Self {
        let numbers = 0..LAST;
        let fits = |number: &u8| took.as_secs_f64() <= end(*number);
        Self(numbers.into_iter().find(fits).unwrap_or(LAST))
    }

    /// Between which times its times are, in whole seconds.
    #[must_use]
    pub fn range(self) -> Range {
        let before = self.0.checked_sub(1);
        Range {
            from_seconds: before.map_or(0, |number| whole(end(number))),
            to_seconds: (self.0 < LAST).then(|| whole(end(self.0))),
        }
    }
}

fn end(number: u8) -> f64 {
    2_f64.powf(f64::from(number) / 2.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 1 to some millions of seconds"
)]
fn whole(seconds: f64) -> u64 {
    seconds.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> Bucket {
        Bucket::of(SignedDuration::from_secs(seconds))
    }

    #[test]
    fn each_bucket_begins_where_the_one_before_ends_and_the_last_is_open() {
        let ranges: Vec<Range> = (0..=LAST).map(|number| Bucket(number).range()).collect();

        assert_eq!(ranges[0].from_seconds, 0);
        for pair in ranges.windows(2) {
            assert_eq!(pair[0].to_seconds, Some(pair[1].from_seconds));
        }
        assert_eq!(ranges.last().unwrap().to_seconds, None);
        assert_eq!(Bucket::numbered(LAST + 1), None);
    }

    #[test]
    fn a_time_lies_within_the_range_of_its_bucket() {
        for time in [-5, 0, 1, 2, 3, 59, 60, 3_600, 86_400, 2_592_000, 1 << 30] {
            let Range {
                from_seconds,
                to_seconds,
            } = seconds(time).range();

            let time = u64::try_from(time).unwrap_or(0);
            assert!(from_seconds <= time, "{time}");
            assert!(to_seconds.is_none_or(|to| time <= to), "{time}");
        }
    }
}
