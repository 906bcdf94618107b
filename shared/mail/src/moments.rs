//! Times and spans as people read them: in the reader's zone and language, the zone named. The
//! formats are the locale's; nothing here knows a mail, nor what time it is now.

use beckon_domain::values::locale::TimeZoneName;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::catalogue::Catalogue;

const MINUTES_PER_HOUR: u64 = 60;
const MINUTES_PER_DAY: u64 = 24 * MINUTES_PER_HOUR;

/// A point in time: `Sunday, 29 November 2026, 14:30 (Europe/Berlin, UTC+1)`. The offset is the
/// one that holds at that time, not today's.
pub(crate) fn moment(language: &Catalogue, at: Timestamp, zone: &TimeZoneName) -> String {
    let at = at.to_zoned(zone.zone());
    let weekday = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or_default();
    let month = usize::try_from(at.month() - 1).unwrap_or_default();
    let day = at.day();
    let day = if day == 1 {
        language.first.to_owned()
    } else {
        day.to_string()
    };
    Catalogue::put(
        language.moment,
        &[
            (
                "weekday",
                language.weekdays.get(weekday).copied().unwrap_or_default(),
            ),
            ("day", &day),
            (
                "month",
                language.months.get(month).copied().unwrap_or_default(),
            ),
            ("month_number", &at.month().to_string()),
            ("year", &at.year().to_string()),
            ("hour", &format!("{:02}", at.hour())),
            ("minute", &format!("{:02}", at.minute())),
            (
                "zone",
                &language.isolated(&zone_text(at.time_zone(), at.offset())),
            ),
        ],
    )
}

/// How long something lasts: in days where they come out even, else in hours, and in minutes
/// only where it is no whole number of hours and shorter than a day.
pub(crate) fn span(language: &Catalogue, from: Timestamp, until: Timestamp) -> String {
    let minutes = u64::try_from(until.duration_since(from).as_mins()).unwrap_or_default();
    if minutes >= MINUTES_PER_DAY && minutes.is_multiple_of(MINUTES_PER_DAY) {
        language.count(&language.days, minutes / MINUTES_PER_DAY)
    } else if minutes >= MINUTES_PER_DAY
        || minutes >= MINUTES_PER_HOUR && minutes.is_multiple_of(MINUTES_PER_HOUR)
    {
        language.count(&language.hours, minutes / MINUTES_PER_HOUR)
    } else {
        language.count(&language.minutes, minutes)
    }
}

/// The zone's own name is the same in every language, and people in it know it; a city cut out
/// of it would be English in all of them.
fn zone_text(zone: &TimeZone, offset: Offset) -> String {
    match zone.iana_name() {
        None | Some("UTC" | "Etc/UTC") => "UTC".to_owned(),
        Some(name) => format!("{name}, {}", offset_text(offset)),
    }
}

fn offset_text(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '\u{2212}' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    if minutes == 0 {
        format!("UTC{sign}{hours}")
    } else {
        format!("UTC{sign}{hours}:{minutes:02}")
    }
}

#[cfg(test)]
mod tests {
    use beckon_domain::values::locale::Locale;

    use super::*;

    fn language(tag: &str) -> &'static Catalogue {
        Catalogue::for_chain(&[Locale::parse(tag).unwrap()])
    }

    fn written(tag: &str, at: &str, zone: &str) -> String {
        moment(
            language(tag),
            at.parse().unwrap(),
            &TimeZoneName::parse(zone).unwrap(),
        )
    }

    fn lasting(tag: &str, seconds: i64) -> String {
        let from = Timestamp::from_second(1_792_000_000).unwrap();
        span(
            language(tag),
            from,
            Timestamp::from_second(from.as_second() + seconds).unwrap(),
        )
    }

    #[test]
    fn a_moment_is_told_in_the_zone_and_the_language_of_its_reader() {
        let at = "2026-11-29T13:30:59Z";

        assert_eq!(
            written("en", at, "Europe/Berlin"),
            "Sunday, 29 November 2026, 14:30 (Europe/Berlin, UTC+1)"
        );
        assert_eq!(
            written("de", at, "Europe/Berlin"),
            "Sonntag, 29. November 2026, 14:30 Uhr (Europe/Berlin, UTC+1)"
        );
        assert_eq!(
            written("en", at, "UTC"),
            "Sunday, 29 November 2026, 13:30 (UTC)"
        );
        assert_eq!(
            written("en", at, "Europe/London"),
            "Sunday, 29 November 2026, 13:30 (Europe/London, UTC+0)"
        );
        assert_eq!(
            written("en", at, "America/New_York"),
            "Sunday, 29 November 2026, 08:30 (America/New_York, UTC−5)"
        );
        assert_eq!(
            written("en", at, "Asia/Kathmandu"),
            "Sunday, 29 November 2026, 19:15 (Asia/Kathmandu, UTC+5:45)"
        );
        assert_eq!(
            written("en", at, "America/St_Johns"),
            "Sunday, 29 November 2026, 10:00 (America/St_Johns, UTC−3:30)"
        );
        assert_eq!(
            written("en", at, "Pacific/Auckland"),
            "Monday, 30 November 2026, 02:30 (Pacific/Auckland, UTC+13)"
        );
    }

    #[test]
    fn the_offset_is_the_one_of_that_moment_when_clocks_change_before_it() {
        // Clocks in Berlin go back at 01:00 UTC on 25 October 2026: 02:30 comes twice there.
        assert_eq!(
            written("en", "2026-10-22T12:30:00Z", "Europe/Berlin"),
            "Thursday, 22 October 2026, 14:30 (Europe/Berlin, UTC+2)"
        );
        assert_eq!(
            written("en", "2026-10-29T12:30:00Z", "Europe/Berlin"),
            "Thursday, 29 October 2026, 13:30 (Europe/Berlin, UTC+1)"
        );
        assert_eq!(
            written("de", "2026-10-25T00:30:00Z", "Europe/Berlin"),
            "Sonntag, 25. Oktober 2026, 02:30 Uhr (Europe/Berlin, UTC+2)"
        );
        assert_eq!(
            written("de", "2026-10-25T01:30:00Z", "Europe/Berlin"),
            "Sonntag, 25. Oktober 2026, 02:30 Uhr (Europe/Berlin, UTC+1)"
        );
    }

    #[test]
    fn a_span_is_told_in_the_unit_in_which_it_comes_out_even() {
        let hour = 3_600;

        assert_eq!(lasting("en", 7 * 24 * hour), "7 days");
        assert_eq!(lasting("en", 24 * hour), "1 day");
        assert_eq!(lasting("en", 36 * hour), "36 hours");
        assert_eq!(lasting("en", hour), "1 hour");
        assert_eq!(lasting("en", 90 * 60), "90 minutes");
        assert_eq!(lasting("en", 60), "1 minute");
        assert_eq!(lasting("en", 25 * hour + 90), "25 hours");
        assert_eq!(lasting("en", -hour), "0 minutes");
        assert_eq!(lasting("de", 30 * 24 * hour), "30 Tage");
        assert_eq!(lasting("de", hour), "1 Stunde");
    }
}
