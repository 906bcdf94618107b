//! What differs between two versions of the settings, field by field, as the API writes them.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Settings, SettingsDraft};
use crate::values::hex::hex;

/// A text longer than this, such as a logo, is told by its length and digest.
const MAX_TEXT_LENGTH: usize = 2_000;

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// Where it stands, like `registration.pin.length` or `groups[staff].lifetimeHours`.
    pub field: String,
    /// What it was; null if it was not there. A text of more than 2,000 characters is told by its
    /// length and digest.
    pub before: Value,
    /// What it is; null if it is not there any more.
    pub after: Value,
}

/// Every field that differs, in the order of their names.
#[must_use]
pub fn changes(before: &Settings, after: &Settings) -> Vec<FieldChange> {
    let written = |settings: &Settings| {
        serde_json::to_value(SettingsDraft::from(settings.clone())).unwrap_or_default()
    };
    let mut found = Vec::new();
    compare("", &written(before), &written(after), &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let inner = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                let value =
                    |of: &serde_json::Map<String, Value>| of.get(name).cloned().unwrap_or_default();
                compare(&inner, &value(old), &value(new), found);
            }
        }
        (Value::Array(old), Value::Array(new)) if path == "groups" => {
            compare_groups(path, old, new, found);
        }
        // What was not there at all is compared field by field too.
        (Value::Object(_), Value::Null) => {
            compare(path, before, &Value::Object(serde_json::Map::new()), found);
        }
        (Value::Null, Value::Object(_)) => {
            compare(path, &Value::Object(serde_json::Map::new()), after, found);
        }
        _ => found.push(FieldChange {
            field: path.to_owned(),
            before: shortened(before.clone()),
            after: shortened(after.clone()),
        }),
    }
}

/// Entries for groups are told apart by their group, so that one that is added changes no other;
/// their order, which decides whose entry holds, is told by itself.
fn compare_groups(path: &str, old: &[Value], new: &[Value], found: &mut Vec<FieldChange>) {
    let name = |entry: &Value| {
        entry
            .get("group")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let order = |entries: &[Value]| -> Vec<String> { entries.iter().filter_map(name).collect() };
    let (before, after) = (order(old), order(new));
    let entry = |entries: &[Value], group: &str| {
        let found = entries
            .iter()
            .find(|entry| name(entry).as_deref() == Some(group));
        found.cloned().unwrap_or_default()
    };
    let groups: BTreeSet<&String> = before.iter().chain(&after).collect();
    for group in groups {
        let inner = format!("{path}[{group}]");
        compare(&inner, &entry(old, group), &entry(new, group), found);
    }
    let kept = |of: &[String], others: &[String]| -> Vec<String> {
        of.iter()
            .filter(|one| others.contains(one))
            .cloned()
            .collect()
    };
    if kept(&before, &after) != kept(&after, &before) {
        found.push(FieldChange {
            field: format!("{path} (order)"),
            before: before.into(),
            after: after.into(),
        });
    }
}

fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > MAX_TEXT_LENGTH => Value::String(format!(
            "({} characters, SHA-256 {})",
            text.chars().count(),
            hex(&Sha256::digest(text.as_bytes()))
        )),
        Value::Array(items) => Value::Array(items.into_iter().map(shortened).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, shortened(value)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
        let mut found = Vec::new();
        compare("", before, after, &mut found);
        found
            .into_iter()
            .map(|change| (change.field, change.before, change.after))
            .collect()
    }

    #[test]
    fn only_what_differs_is_told_with_its_path() {
        let before =
            json!({ "registration": { "pin": { "length": 8 }, "method": "pin" }, "locale": "en" });
        let after = json!({ "registration": { "pin": { "length": 6 }, "method": "pin" }, "timeZone": "UTC" });

        assert_eq!(
            changes(&before, &after),
            [
                ("locale".to_owned(), json!("en"), Value::Null),
                ("registration.pin.length".to_owned(), json!(8), json!(6)),
                ("timeZone".to_owned(), Value::Null, json!("UTC")),
            ]
        );
        assert_eq!(changes(&before, &before), []);
    }

    #[test]
    fn an_entry_for_a_group_that_comes_first_changes_no_other() {
        let before = json!({ "groups": [{ "group": "b", "lifetimeHours": 1 }] });
        let after = json!({ "groups": [{ "group": "a" }, { "group": "b", "lifetimeHours": 2 }] });

        assert_eq!(
            changes(&before, &after),
            [
                ("groups[a].group".to_owned(), Value::Null, json!("a")),
                ("groups[b].lifetimeHours".to_owned(), json!(1), json!(2)),
            ]
        );
    }

    #[test]
    fn that_two_groups_changed_places_is_told() {
        let before = json!({ "groups": [{ "group": "a" }, { "group": "b" }] });
        let after = json!({ "groups": [{ "group": "b" }, { "group": "a" }] });

        assert_eq!(
            changes(&before, &after),
            [(
                "groups (order)".to_owned(),
                json!(["a", "b"]),
                json!(["b", "a"])
            )]
        );
    }

    #[test]
    fn a_logo_is_told_by_its_length_and_digest() {
        let before = json!({ "branding": {} });
        let after = json!({ "branding": { "logo": "A".repeat(40_000) } });

        let found = changes(&before, &after);

        let text = found[0].2.as_str().unwrap();
        assert!(text.starts_with("(40000 characters, SHA-256 "), "{text}");
        assert!(text.len() < 120);
    }
}
