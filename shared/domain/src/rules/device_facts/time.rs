//! Times as device managements write them. What can mean one moment alone is read; everything else
//! is let be and named, and the time is unknown.

use crate::values::problem::FieldProblem;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use super::{single, text};

/// Up to so many it can only be seconds since 1970, and the year 5138.
const MAX_SECONDS: f64 = 1e11;

/// Up to so many it can only be milliseconds.
const MAX_MILLISECONDS: f64 = 1e14;

/// Up to so many it can only be microseconds; beyond, it is nanoseconds.
const MAX_MICROSECONDS: f64 = 1e17;

/// The time in a field; `None` if there is none, or none that is understood.
pub fn read(value: &Value, field: &str, ignored: &mut Vec<FieldProblem>) -> Option<Timestamp> {
    let told = match text(single(value)) {
        Ok(told) => told?,
        Err(_) => String::new(),
    };
    let moment = moment(told.trim());
    if moment.is_none() {
        ignored.push(FieldProblem::new(
            field,
            "malformedTime",
            "must be a time with its offset, like 2026-01-31T09:30:00Z, or the seconds or milliseconds since 1970; the time counts as unknown",
        ));
    }
    moment
}

fn moment(told: &str) -> Option<Timestamp> {
    if let Ok(number) = told.parse::<f64>() {
        return since_1970(number);
    }
    if let Some(milliseconds) = dotnet(told) {
        return Timestamp::from_millisecond(milliseconds).ok();
    }
    shortened(told)
        .parse()
        .ok()
        .or_else(|| rfc2822::parse(told).ok().map(|zoned| zoned.timestamp()))
}

/// The unit shows by the size: no device was enrolled before 1973, nor will be after 5138.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a number within the bounds has its place in 64 bits"
)]
fn since_1970(number: f64) -> Option<Timestamp> {
    let size = number.abs();
    let seconds = if size < MAX_SECONDS {
        number
    } else if size < MAX_MILLISECONDS {
        number / 1e3
    } else if size < MAX_MICROSECONDS {
        number / 1e6
    } else {
        number / 1e9
    };
    if !seconds.is_finite() || seconds.abs() >= MAX_SECONDS {
        return None;
    }
    // A 64-bit float holds milliseconds of these years exactly, and nothing finer.
    Timestamp::from_millisecond((seconds * 1e3).round() as i64).ok()
}

/// `/Date(1795784662123)/`, also with an offset, which changes nothing: the number counts in UTC.
fn dotnet(told: &str) -> Option<i64> {
    let inside = told.trim_matches(['/', '\\']).strip_prefix("Date(")?;
    let number = inside.strip_suffix(')')?;
    let offset = number
        .char_indices()
        .skip(1)
        .find(|(_, c)| matches!(c, '+' | '-'))
        .map_or(number.len(), |(at, _)| at);
    number.get(..offset)?.parse().ok()
}

/// The same time with at most nine digits of a second.
fn shortened(told: &str) -> String {
    let Some((whole, rest)) = told.split_once('.') else {
        return told.to_owned();
    };
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (fraction, offset) = rest.split_at(digits);
    let fraction = fraction.get(..9).unwrap_or(fraction);
    format!("{whole}.{fraction}{offset}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_alone(value: &Value) -> (Option<Timestamp>, usize) {
        let mut ignored = Vec::new();
        let read = read(value, "registeredAt", &mut ignored);
        (read, ignored.len())
    }

    #[test]
    fn every_way_to_write_one_moment_is_read() {
        let moment: Timestamp = "2026-11-27T13:04:22Z".parse().unwrap();

        for told in [
            json!("2026-11-27T13:04:22Z"),
            json!("2026-11-27T13:04:22.000+00:00"),
            json!("2026-11-27t13:04:22z"),
            json!("2026-11-27 13:04:22.000000+00:00"),
            json!("2026-11-27T05:04:22-08:00"),
            json!("2026-11-27T13:04:22+0000"),
            json!("2026-11-27T13:04:22.000000000000Z"),
            json!(" 2026-11-27T13:04:22Z "),
            json!(["2026-11-27T13:04:22Z"]),
            json!(1_795_784_662),
            json!("1795784662"),
            json!(1_795_784_662.0),
            json!(1_795_784_662_000_u64),
            json!("1795784662000"),
            json!(1_795_784_662_000_000_u64),
            json!("/Date(1795784662000)/"),
            json!("/Date(1795784662000+0100)/"),
            json!("Fri, 27 Nov 2026 13:04:22 GMT"),
            json!("Fri, 27 Nov 2026 14:04:22 +0100"),
        ] {
            assert_eq!(read_alone(&told), (Some(moment), 0), "{told}");
        }
    }

    #[test]
    fn what_may_mean_several_moments_or_none_is_unknown_and_named() {
        for told in [
            json!("2026-11-27T13:04:22"),
            json!("2026-11-27"),
            json!("11/27/2026 13:04"),
            json!("yesterday"),
            json!("NaN"),
            json!("inf"),
            json!("1e300"),
            json!("/Date()/"),
            json!(true),
            json!({ "seconds": 1 }),
            json!([1_795_784_662, 1_795_784_663]),
        ] {
            assert_eq!(read_alone(&told), (None, 1), "{told}");
        }
    }

    #[test]
    fn what_is_left_out_is_unknown() {
        for told in [json!(null), json!(""), json!("  "), json!([])] {
            assert_eq!(read_alone(&told), (None, 0), "{told}");
        }
    }

    #[test]
    fn the_size_of_a_number_says_whether_it_counts_seconds_or_parts_of_them() {
        let at = |number: f64| read_alone(&json!(number)).0.unwrap().to_string();

        // The last second, the first millisecond, and so on: each unit ends where the next begins.
        assert_eq!(at(1e11 - 1.0), "5138-11-16T09:46:39Z");
        assert_eq!(at(1e11), "1973-03-03T09:46:40Z");
        assert_eq!(at(1e14), "1973-03-03T09:46:40Z");
        assert_eq!(at(1e17), "1973-03-03T09:46:40Z");
        assert_eq!(at(1_795_784_662_000_000_000.0), "2026-11-27T13:04:22Z");
    }
}
