//! What a locale's folder must hold before a mail can be written in it. The build script runs
//! this and fails on what it finds; so it knows TOML, and nothing of mail contents or templates.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use toml::{Table, Value};

/// The plural rules, and the forms that each of them asks for (Unicode CLDR's categories).
pub(crate) const PLURAL_RULES: [(&str, &[&str]); 4] = [
    ("other", &["other"]),
    ("one", &["one", "other"]),
    ("zero-one", &["one", "other"]),
    ("arabic", &["zero", "one", "two", "few", "many", "other"]),
];

const SPANS: [&str; 3] = ["days", "hours", "minutes"];
const TOP_LEVEL: [&str; 5] = ["direction", "plural_rule", "dates", "spans", "words"];
const DATES: [&str; 4] = ["weekdays", "months", "first", "moment"];
const MOMENT_NEEDS: [&str; 5] = ["day", "year", "hour", "minute", "zone"];
const MOMENT_KNOWS: [&str; 8] = [
    "weekday",
    "day",
    "month",
    "month_number",
    "year",
    "hour",
    "minute",
    "zone",
];

/// Everything that is wrong with a locale, one sentence each; `english` is the measure.
pub(crate) fn problems(tag: &str, locale: &Table, english: &Table) -> Vec<String> {
    let mut found = Vec::new();
    check_keys("", &TOP_LEVEL.into(), locale, &mut found);
    check_choice("direction", &["ltr", "rtl"], locale, &mut found);
    check_choice(
        "plural_rule",
        &PLURAL_RULES.map(|(rule, _)| rule),
        locale,
        &mut found,
    );
    check_dates(table(locale, "dates"), &mut found);
    check_spans(locale, &mut found);
    check_words(table(locale, "words"), table(english, "words"), &mut found);
    found
        .iter()
        .map(|problem| format!("locale {tag}: {problem}"))
        .collect()
}

fn check_dates(dates: &Table, found: &mut Vec<String>) {
    check_keys("dates.", &DATES.into(), dates, found);
    for (key, count) in [("weekdays", 7), ("months", 12)] {
        let names = dates
            .get(key)
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        if names.len() != count || !names.iter().all(|name| is_line(Some(name))) {
            found.push(format!("dates.{key} must list {count} names"));
        }
    }
    if !placeholders_of("dates.first", dates.get("first"), found).is_empty() {
        found.push("dates.first must have no placeholder".to_owned());
    }
    let used = placeholders_of("dates.moment", dates.get("moment"), found);
    for needed in MOMENT_NEEDS.iter().filter(|name| !used.contains(**name)) {
        found.push(format!("dates.moment lacks {{{needed}}}"));
    }
    if !used.contains("month") && !used.contains("month_number") {
        found.push("dates.moment lacks {month} or {month_number}".to_owned());
    }
    for unknown in used
        .iter()
        .filter(|name| !MOMENT_KNOWS.contains(&name.as_str()))
    {
        found.push(format!(
            "dates.moment uses {{{unknown}}}, which is unknown there"
        ));
    }
}

fn check_spans(locale: &Table, found: &mut Vec<String>) {
    let spans = table(locale, "spans");
    check_keys("spans.", &SPANS.into(), spans, found);
    let rule = locale.get("plural_rule").and_then(Value::as_str);
    let forms = PLURAL_RULES
        .iter()
        .find_map(|(name, forms)| (Some(*name) == rule).then_some(*forms))
        .unwrap_or_default();
    for unit in SPANS {
        let plural = table(spans, unit);
        check_keys(
            &format!("spans.{unit}."),
            &forms.iter().copied().collect(),
            plural,
            found,
        );
        for form in forms {
            let key = format!("spans.{unit}.{form}");
            let used = placeholders_of(&key, plural.get(*form), found);
            // A form for a single number may spell it out; the form for all others cannot.
            if used.iter().any(|name| name != "count") || *form == "other" && used.is_empty() {
                found.push(format!("{key} must use {{count}} and no other placeholder"));
            }
        }
    }
}

fn check_words(words: &Table, english: &Table, found: &mut Vec<String>) {
    check_keys(
        "words.",
        &english.keys().map(String::as_str).collect(),
        words,
        found,
    );
    for (group, wanted) in english {
        let Some(wanted) = wanted.as_table() else {
            found.push(format!("words.{group} must be a table"));
            continue;
        };
        let given = table(words, group);
        let prefix = format!("words.{group}.");
        check_keys(
            &prefix,
            &wanted.keys().map(String::as_str).collect(),
            given,
            found,
        );
        for (key, text) in given {
            let key_path = format!("{prefix}{key}");
            let used = placeholders_of(&key_path, Some(text), found);
            let meant = placeholders_of(&key_path, wanted.get(key), &mut Vec::new());
            for name in meant.difference(&used) {
                found.push(format!("{key_path} lacks {{{name}}}, which English uses"));
            }
            for name in used.difference(&meant) {
                found.push(format!(
                    "{key_path} uses {{{name}}}, which English does not"
                ));
            }
        }
    }
}

fn check_keys(prefix: &str, wanted: &BTreeSet<&str>, given: &Table, found: &mut Vec<String>) {
    for key in wanted.iter().filter(|key| !given.contains_key(**key)) {
        found.push(format!("the key {prefix}{key} is missing"));
    }
    for key in given.keys().filter(|key| !wanted.contains(key.as_str())) {
        found.push(format!("the key {prefix}{key} is unknown"));
    }
}

fn check_choice(key: &str, allowed: &[&str], locale: &Table, found: &mut Vec<String>) {
    if let Some(value) = locale.get(key)
        && !value.as_str().is_some_and(|value| allowed.contains(&value))
    {
        found.push(format!("{key} must be one of: {}", allowed.join(", ")));
    }
}

/// The placeholders of a text. A key that is missing has been reported already, and has none.
fn placeholders_of(key: &str, text: Option<&Value>, found: &mut Vec<String>) -> BTreeSet<String> {
    if text.is_some() && !is_line(text) {
        found.push(format!("{key} must be one line of text, and not empty"));
    }
    let mut names = BTreeSet::new();
    let mut rest = text.and_then(Value::as_str).unwrap_or_default();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            found.push(format!("{key} opens a {{ that it does not close"));
            break;
        };
        if before.contains('}') || !is_name(name) {
            found.push(format!(
                "{key} has braces that hold no name of a placeholder"
            ));
        }
        names.insert(name.to_owned());
        rest = after;
    }
    names
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Subjects are made of these, so a line break or another control character is out of place.
fn is_line(text: Option<&Value>) -> bool {
    text.and_then(Value::as_str)
        .is_some_and(|text| !text.trim().is_empty() && !text.chars().any(char::is_control))
}

fn table<'a>(parent: &'a Table, key: &str) -> &'a Table {
    static EMPTY: LazyLock<Table> = LazyLock::new(Table::new);
    parent.get(key).and_then(Value::as_table).unwrap_or(&EMPTY)
}
