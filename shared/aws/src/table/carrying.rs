//! What a later version wrote into a row beside what this one knows: taken from the item when it is
//! read, carried by the value, and put back when the row is written. At every depth of maps, and in the entries of the
//! lists that say which entry is which.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::model::stored::Carried;
use serde::{Deserialize, Serialize};

use super::keys;
use super::rows::Item;

/// Attributes that this version writes anew each time, whatever the row is.
const OURS: [&str; 9] = [
    keys::PK,
    keys::SK,
    keys::DUE_PK,
    keys::DUE_SK,
    keys::LIST_PK,
    keys::LIST_SK,
    keys::OPEN_UNTIL,
    keys::TTL,
    keys::SCHEMA,
];

/// By these a map within a row is known for the same thing: another issue's invitation is another
/// invitation, and what was said of the one does not hold of the other.
const SAMENESS: [&str; 3] = ["id", "issue", "type"];

/// Lists of maps, and what tells their entries apart. In other lists nobody can say which entry is which.
const ENTRIES: [(&str, &[&str]); 4] = [
    ("sessions", &["digest"]),
    ("groups", &["group"]),
    ("agreements", &["ownership", "locale"]),
    ("enrolment", &["platform", "ownership"]),
];

/// Attributes of which this version knows nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Beyond {
    /// Those that stand in no map that it knows.
    #[serde(default)]
    whole: serde_dynamo::Item,
    /// Those in maps that it knows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    within: BTreeMap<String, Within>,
    /// Those in entries of lists that it knows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    entries: BTreeMap<String, Vec<Within>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Within {
    /// Which thing the map is of.
    of: serde_dynamo::Item,
    beyond: Beyond,
}

/// What the item holds beyond what this version would write of it. `own` is that.
pub(super) fn beyond(item: &Item, own: &Item) -> Carried {
    let mut found = difference(item, own);
    for name in OURS.into_iter().chain([keys::SET_ASIDE]) {
        found.whole.remove(name);
    }
    if found.is_empty() {
        return Carried::default();
    }
    serde_json::to_string(&found).map_or_else(|_| Carried::default(), Carried::new)
}

/// Puts what was carried into an item that is to be written.
pub(super) fn put_back(carried: &Carried, item: &mut Item) {
    let read = carried
        .get()
        .and_then(|text| serde_json::from_str(text).ok());
    if let Some(beyond) = read {
        merge(beyond, item);
    }
}

impl Beyond {
    fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.within.is_empty() && self.entries.is_empty()
    }
}

fn difference(item: &Item, own: &Item) -> Beyond {
    let mut found = Beyond::default();
    for (name, value) in item {
        match (value, own.get(name)) {
            (_, None) => {
                found.whole.insert(name.clone(), value.clone().into());
            }
            (AttributeValue::M(map), Some(AttributeValue::M(own))) => {
                let beyond = difference(map, own);
                if !beyond.is_empty() {
                    let of = part(own, &SAMENESS);
                    found.within.insert(name.clone(), Within { of, beyond });
                }
            }
            (AttributeValue::L(list), Some(AttributeValue::L(own))) => {
                let within = beyond_entries(name, list, own);
                if !within.is_empty() {
                    found.entries.insert(name.clone(), within);
                }
            }
            (_, Some(_)) => {}
        }
    }
    found
}

/// What the entries of a list hold beyond what this version would write of them.
fn beyond_entries(name: &str, list: &[AttributeValue], own: &[AttributeValue]) -> Vec<Within> {
    let Some(names) = names_of_entries(name) else {
        return Vec::new();
    };
    let with_more = list.iter().filter_map(|entry| {
        let AttributeValue::M(entry) = entry else {
            return None;
        };
        let of = part(entry, names);
        let beyond = difference(entry, the_entry(own.iter(), names, &of)?);
        (!beyond.is_empty()).then_some(Within { of, beyond })
    });
    with_more.collect()
}

fn names_of_entries(list: &str) -> Option<&'static [&'static str]> {
    let mut all = ENTRIES.into_iter();
    all.find_map(|(name, names)| (name == list).then_some(names))
}

/// The entry that this part tells from all others.
fn the_entry<'a>(
    list: impl Iterator<Item = &'a AttributeValue>,
    names: &[&str],
    of: &serde_dynamo::Item,
) -> Option<&'a Item> {
    let mut same = list.filter_map(|entry| match entry {
        AttributeValue::M(map) if part(map, names) == *of => Some(map),
        _ => None,
    });
    let first = same.next()?;
    same.next().is_none().then_some(first)
}

/// Those attributes of a map that have these names.
fn part(map: &Item, names: &[&str]) -> serde_dynamo::Item {
    let of = names.iter().filter_map(|name| {
        let value = map.get(*name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    serde_dynamo::Item::from(of.collect::<HashMap<_, _>>())
}

fn merge(beyond: Beyond, item: &mut Item) {
    for (name, value) in beyond.whole.into_inner() {
        item.entry(name).or_insert_with(|| value.into());
    }
    for (name, Within { of, beyond }) in beyond.within {
        if let Some(AttributeValue::M(map)) = item.get_mut(&name)
            && part(map, &SAMENESS) == of
        {
            merge(beyond, map);
        }
    }
    for (name, entries) in beyond.entries {
        let Some((names, AttributeValue::L(list))) =
            names_of_entries(&name).zip(item.get_mut(&name))
        else {
            continue;
        };
        for Within { of, beyond } in entries {
            let mut same = list.iter_mut().filter_map(|entry| match entry {
                AttributeValue::M(map) if part(map, names) == of => Some(map),
                _ => None,
            });
            if let (Some(map), None) = (same.next(), same.next()) {
                merge(beyond, map);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{number, text};

    fn map(entries: &[(&str, AttributeValue)]) -> Item {
        let entries = entries.iter().cloned();
        entries
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    #[test]
    fn what_is_not_known_is_put_back_at_every_depth() {
        let nested = map(&[("issue", number(1)), ("news", text("of later"))]);
        let item = map(&[
            ("pk", text("user#1")),
            ("name", text("Ada")),
            ("colour", text("blue")),
            ("invitation", AttributeValue::M(nested)),
        ]);
        let own_nested = map(&[("issue", number(1)), ("state", text("pending"))]);
        let own = map(&[
            ("name", text("Ada")),
            ("invitation", AttributeValue::M(own_nested.clone())),
        ]);

        let mut written = own.clone();
        put_back(&beyond(&item, &own), &mut written);

        let mut expected_nested = own_nested;
        expected_nested.insert("news".to_owned(), text("of later"));
        let mut expected = own;
        expected.insert("colour".to_owned(), text("blue"));
        expected.insert("invitation".to_owned(), AttributeValue::M(expected_nested));
        assert_eq!(written, expected);
    }

    #[test]
    fn what_was_said_of_one_issue_is_not_said_of_the_next_nor_of_none() {
        let of_issue = |issue, more: &[(&str, AttributeValue)]| {
            let mut nested = map(&[("issue", number(issue))]);
            nested.extend(map(more));
            map(&[("invitation", AttributeValue::M(nested))])
        };
        let carried = beyond(
            &of_issue(1, &[("news", text("of later"))]),
            &of_issue(1, &[]),
        );

        for other in [of_issue(2, &[]), map(&[])] {
            let mut written = other.clone();
            put_back(&carried, &mut written);
            assert_eq!(written, other);
        }
    }

    #[test]
    fn what_an_entry_of_a_list_held_goes_back_to_that_entry() {
        let entry = |digest: &str, more: &[(&str, AttributeValue)]| {
            let mut entry = map(&[("digest", text(digest))]);
            entry.extend(map(more));
            AttributeValue::M(entry)
        };
        let list = |entries: Vec<AttributeValue>| map(&[("sessions", AttributeValue::L(entries))]);
        let news = [("news", text("of later"))];
        let before = list(vec![entry("a", &[]), entry("b", &news)]);
        let carried = beyond(&before, &list(vec![entry("a", &[]), entry("b", &[])]));

        let mut turned = list(vec![entry("b", &[]), entry("c", &[]), entry("a", &[])]);
        put_back(&carried, &mut turned);
        let mut without = list(vec![entry("a", &[])]);
        put_back(&carried, &mut without);
        let mut twice = list(vec![entry("b", &[]), entry("b", &[])]);
        put_back(&carried, &mut twice);

        let expected = vec![entry("b", &news), entry("c", &[]), entry("a", &[])];
        assert_eq!(turned, list(expected));
        assert_eq!(without, list(vec![entry("a", &[])]));
        assert_eq!(twice, list(vec![entry("b", &[]), entry("b", &[])]));
    }

    #[test]
    fn a_row_without_anything_unknown_carries_nothing() {
        let item = map(&[
            ("pk", text("user#1")),
            ("duePk", text("invitation#1")),
            ("schema", number(1)),
            ("name", text("Ada")),
        ]);

        let carried = beyond(&item, &map(&[("name", text("Ada"))]));

        assert_eq!(carried, Carried::default());
    }
}
