//! Rows as files: the attributes of an item of DynamoDB as its own JSON spells them, in the order of
//! their names.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A row.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The folder of the rows that this version of Beckon wrote.
pub(crate) fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/rows")
        .join(version)
}

/// The rows in a folder, by the names of their files.
pub(crate) fn read_folder(folder: &Path) -> BTreeMap<String, Value> {
    let entries = std::fs::read_dir(folder).expect("the folder of rows");
    entries
        .map(|entry| {
            let path = entry.expect("a file").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("a file of text");
            let row = serde_json::from_str(&text).expect("a file of JSON");
            (name.into_owned(), row)
        })
        .collect()
}

/// Writes rows in the place of all that a folder held.
pub(crate) fn write_folder(folder: &Path, rows: &BTreeMap<String, Value>) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).expect("the old files go");
    }
    std::fs::create_dir_all(folder).expect("a folder");
    for (name, row) in rows {
        let text = serde_json::to_string_pretty(row).expect("a row is JSON");
        std::fs::write(folder.join(format!("{name}.json")), text + "\n").expect("a file");
    }
}

/// An item as JSON.
pub(crate) fn to_json(item: &Item) -> Value {
    let map = item
        .iter()
        .map(|(name, value)| (name.clone(), spell(value)));
    Value::Object(map.collect())
}

fn spell(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(is) => json!({ "BOOL": is }),
        AttributeValue::Null(is) => json!({ "NULL": is }),
        AttributeValue::B(bytes) => json!({ "B": STANDARD.encode(bytes.as_ref()) }),
        AttributeValue::Bs(set) => {
            let mut set: Vec<String> = set.iter().map(|one| STANDARD.encode(one)).collect();
            set.sort();
            json!({ "BS": set })
        }
        AttributeValue::L(items) => json!({ "L": items.iter().map(spell).collect::<Vec<_>>() }),
        AttributeValue::M(map) => json!({ "M": to_json(map) }),
        other => panic!("no row of ours has an attribute like {other:?}"),
    }
}

/// An item from its JSON.
pub(crate) fn from_json(row: &Value) -> Item {
    let map = row.as_object().expect("an item is an object");
    map.iter()
        .map(|(name, value)| (name.clone(), parse(value)))
        .collect()
}

fn parse(value: &Value) -> AttributeValue {
    let (kind, value) = value
        .as_object()
        .and_then(|map| map.iter().next())
        .expect("an attribute has a type and a value");
    let text = || value.as_str().expect("a text").to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "BOOL" => AttributeValue::Bool(value.as_bool().expect("a boolean")),
        "NULL" => AttributeValue::Null(true),
        "B" => AttributeValue::B(Blob::new(STANDARD.decode(text()).expect("Base64"))),
        "BS" => {
            let set = value.as_array().expect("a set").iter();
            let bytes = set.map(|one| STANDARD.decode(one.as_str().expect("a text")));
            AttributeValue::Bs(bytes.map(|one| Blob::new(one.expect("Base64"))).collect())
        }
        "L" => AttributeValue::L(
            value
                .as_array()
                .expect("a list")
                .iter()
                .map(parse)
                .collect(),
        ),
        "M" => AttributeValue::M(from_json(value)),
        other => panic!("no row of ours has an attribute of type {other}"),
    }
}
