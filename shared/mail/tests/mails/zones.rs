//! When an invitation ends, told in its reader's zone: right on both sides of every change of the
//! clocks.

use beckon_domain::values::locale::TimeZoneName;
use beckon_domain::values::method::Method;
use beckon_mail::Composer;

use crate::contents::{hand_over, invitation};
use crate::{composer, invite, on_one_line, unescaped};

/// Zone, issued, the end seven times 24 hours later, and what a clock there shows then.
const ENDS: [(&str, &str, &str, (&str, &str)); 9] = [
    // Berlin's clocks go forward at 01:00 UTC on 29 March 2026 …
    (
        "Europe/Berlin",
        "2026-03-26T12:30:00Z",
        "2026-04-02T12:30:00Z",
        ("14:30", "Europe/Berlin, UTC+2"),
    ),
    (
        "Europe/Berlin",
        "2026-03-21T12:30:00Z",
        "2026-03-28T12:30:00Z",
        ("13:30", "Europe/Berlin, UTC+1"),
    ),
    // … and back at 01:00 UTC on 25 October.
    (
        "Europe/Berlin",
        "2026-10-22T12:30:00Z",
        "2026-10-29T12:30:00Z",
        ("13:30", "Europe/Berlin, UTC+1"),
    ),
    (
        "Europe/Berlin",
        "2026-10-17T12:30:00Z",
        "2026-10-24T12:30:00Z",
        ("14:30", "Europe/Berlin, UTC+2"),
    ),
    // New York's go forward on 8 March and back on 1 November, at 02:00 there.
    (
        "America/New_York",
        "2026-03-05T15:05:00Z",
        "2026-03-12T15:05:00Z",
        ("11:05", "America/New_York, UTC−4"),
    ),
    (
        "America/New_York",
        "2026-10-29T15:05:00Z",
        "2026-11-05T15:05:00Z",
        ("10:05", "America/New_York, UTC−5"),
    ),
    // It is 01:30 twice that night; the offset says which.
    (
        "America/New_York",
        "2026-10-25T06:30:00Z",
        "2026-11-01T06:30:00Z",
        ("01:30", "America/New_York, UTC−5"),
    ),
    // Sydney's go the other way: back on 5 April.
    (
        "Australia/Sydney",
        "2026-04-01T02:00:00Z",
        "2026-04-08T02:00:00Z",
        ("12:00", "Australia/Sydney, UTC+10"),
    ),
    // In Lagos they never change.
    (
        "Africa/Lagos",
        "2026-03-26T12:30:00Z",
        "2026-04-02T12:30:00Z",
        ("13:30", "Africa/Lagos, UTC+1"),
    ),
];

#[test]
fn the_end_is_told_as_the_readers_clock_will_show_it_in_every_language() {
    for locale in Composer::locales() {
        for (zone, issued, expires, (clock, named)) in ENDS {
            let zone = TimeZoneName::parse(zone).unwrap();
            let mut invited = invitation(locale, Method::Pin);
            invited.issued_at = issued.parse().unwrap();
            invited.expires_at = expires.parse().unwrap();
            invited.reader.time_zone = zone.clone();
            let mut handed = hand_over(locale, Method::Pin);
            handed.at = issued.parse().unwrap();
            handed.expires_at = expires.parse().unwrap();
            handed.reader.time_zone = zone;

            for message in [invite(&invited), composer().hand_over(&handed).unwrap()] {
                // Finnish writes a full stop.
                let clock = if *locale == "fi" {
                    clock.replace(':', ".")
                } else {
                    clock.to_owned()
                };
                for part in [on_one_line(&message.text), unescaped(&message.html)] {
                    let told = part.match_indices(named).filter(|(at, _)| {
                        part[..*at]
                            .trim_end_matches(['U', 'h', 'r', ' ', '(', '（', '\u{2068}'])
                            .ends_with(&clock)
                    });
                    assert!(told.count() > 0, "{locale} {clock} {named}: {part}");
                }
            }
        }
    }
}

#[test]
fn seven_days_are_seven_days_whatever_the_clocks_do_meanwhile() {
    let mut content = invitation("en", Method::Pin);
    content.issued_at = "2026-10-22T12:30:00Z".parse().unwrap();
    content.expires_at = "2026-10-29T12:30:00Z".parse().unwrap();

    let message = invite(&content);

    // Issued at 14:30 summer time; seven days of 24 hours later it is 13:30 by the clock.
    assert!(message.text.contains("Thursday, 29 October 2026, 13:30"));
    assert!(message.text.contains("(Europe/Berlin, UTC+1)"));
    assert!(message.text.contains("(7 days after it was issued)"));
}

#[test]
fn a_date_is_written_as_its_language_writes_it() {
    for (locale, written) in [
        (
            "en",
            "Tuesday, 1 December 2026, 09:05 (Europe/Berlin, UTC+1)",
        ),
        (
            "de",
            "Dienstag, 1. Dezember 2026, 09:05 Uhr (Europe/Berlin, UTC+1)",
        ),
        (
            "fr",
            "mardi 1er décembre 2026 à 09:05 (Europe/Berlin, UTC+1)",
        ),
        (
            "es",
            "martes, 1 de diciembre de 2026, 09:05 (Europe/Berlin, UTC+1)",
        ),
        (
            "it",
            "martedì 1º dicembre 2026, ore 09:05 (Europe/Berlin, UTC+1)",
        ),
        (
            "pt-BR",
            "terça-feira, 1º de dezembro de 2026, 09:05 (Europe/Berlin, UTC+1)",
        ),
        (
            "fi",
            "tiistaina 1. joulukuuta 2026 klo 09.05 (Europe/Berlin, UTC+1)",
        ),
        ("ja", "2026年12月1日（火）09:05（Europe/Berlin, UTC+1）"),
        ("ko", "2026년 12월 1일 화요일 09:05 (Europe/Berlin, UTC+1)"),
        (
            "zh-Hans",
            "2026年12月1日星期二 09:05（Europe/Berlin, UTC+1）",
        ),
        (
            "zh-Hant",
            "2026年12月1日星期二 09:05（Europe/Berlin, UTC+1）",
        ),
        (
            "ar",
            "الثلاثاء، 1 ديسمبر 2026، الساعة 09:05 (\u{2068}Europe/Berlin, UTC+1\u{2069})",
        ),
    ] {
        let mut content = invitation(locale, Method::Pin);
        content.expires_at = "2026-12-01T08:05:00Z".parse().unwrap();

        assert!(
            unescaped(&invite(&content).html).contains(written),
            "{locale}"
        );
    }
}

#[test]
fn times_are_told_in_the_zone_of_the_reader() {
    let mut content = invitation("en", Method::Pin);
    content.reader.time_zone = TimeZoneName::parse("Asia/Tokyo").unwrap();

    assert!(invite(&content).text.contains("29 November 2026, 22:30"));
}
