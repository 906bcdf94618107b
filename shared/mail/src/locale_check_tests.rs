//! The build's check of locales, shown to fail where it must.

use toml::{Table, Value};

use crate::locale_check::problems;

fn english() -> Table {
    include_str!("../locales/en/messages.toml").parse().unwrap()
}

fn german() -> Table {
    include_str!("../locales/de/messages.toml").parse().unwrap()
}

/// The table at a path of keys, for a test to break.
fn at<'a>(locale: &'a mut Table, path: &[&str]) -> &'a mut Table {
    path.iter()
        .fold(locale, |table, key| table[*key].as_table_mut().unwrap())
}

#[test]
fn the_locales_as_they_are_have_no_problem() {
    assert_eq!(problems("en", &english(), &english()), Vec::<String>::new());
    assert_eq!(problems("de", &german(), &english()), Vec::<String>::new());
}

#[test]
fn a_missing_key_is_named() {
    let mut locale = german();
    at(&mut locale, &["words", "invitation"]).remove("pin");
    at(&mut locale, &["words"]).remove("confirmation");
    at(&mut locale, &["spans", "days"]).remove("one");
    at(&mut locale, &["dates"]).remove("moment");

    let found = problems("de", &locale, &english());

    for key in [
        "words.invitation.pin",
        "words.confirmation",
        "words.confirmation.title",
        "spans.days.one",
        "dates.moment",
    ] {
        assert!(
            found.contains(&format!("locale de: the key {key} is missing")),
            "{key}: {found:#?}"
        );
    }
}

#[test]
fn an_unknown_key_is_named() {
    let mut locale = german();
    at(&mut locale, &["words", "common"]).insert("gretting".to_owned(), "Hallo".into());
    locale.insert("plural".to_owned(), "one".into());
    at(&mut locale, &["spans", "days"]).insert("few".to_owned(), "{count} Tage".into());

    assert_eq!(
        problems("de", &locale, &english()),
        [
            "locale de: the key plural is unknown",
            "locale de: the key spans.days.few is unknown",
            "locale de: the key words.common.gretting is unknown",
        ]
    );
}

#[test]
fn other_placeholders_than_those_of_english_are_named() {
    let mut locale = german();
    let words = at(&mut locale, &["words", "common"]);
    words.insert("greeting_named".to_owned(), "Guten Tag {nmae},".into());
    words.insert("greeting".to_owned(), "Guten Tag {name".into());
    at(&mut locale, &["spans", "days"]).insert("other".to_owned(), "viele Tage".into());
    at(&mut locale, &["dates"]).insert(
        "moment".to_owned(),
        "{day}. {mon} {year} {hour} ({zone})".into(),
    );

    assert_eq!(
        problems("de", &locale, &english()),
        [
            "locale de: dates.moment lacks {minute}",
            "locale de: dates.moment lacks {month} or {month_number}",
            "locale de: dates.moment uses {mon}, which is unknown there",
            "locale de: spans.days.other must use {count} and no other placeholder",
            "locale de: words.common.greeting opens a { that it does not close",
            "locale de: words.common.greeting_named lacks {name}, which English uses",
            "locale de: words.common.greeting_named uses {nmae}, which English does not",
        ]
    );
}

#[test]
fn a_value_that_is_no_line_of_text_or_no_choice_is_named() {
    let mut locale = german();
    at(&mut locale, &["words", "common"]).insert("footer".to_owned(), "zwei\nZeilen".into());
    at(&mut locale, &["words", "common"]).insert("help".to_owned(), " ".into());
    at(&mut locale, &["dates"]).insert("weekdays".to_owned(), Value::Array(vec!["Montag".into()]));
    locale.insert("direction".to_owned(), "up".into());

    assert_eq!(
        problems("de", &locale, &english()),
        [
            "locale de: direction must be one of: ltr, rtl",
            "locale de: dates.weekdays must list 7 names",
            "locale de: words.common.footer must be one line of text, and not empty",
            "locale de: words.common.help must be one line of text, and not empty",
        ]
    );
}

#[test]
fn a_language_must_bring_the_forms_that_its_plural_rule_asks_for() {
    let mut locale = german();
    locale.insert("plural_rule".to_owned(), "arabic".into());

    let found = problems("ar", &locale, &english());

    assert_eq!(
        found.len(),
        12,
        "four more forms for each of three units: {found:#?}"
    );
}
