//! What the derived schemas do not say as clients need it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Puts the derived schemas into the form that validators and generators of clients agree on.
pub(super) fn settle(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else {
        return;
    };
    let before = schemas.clone();
    for schema in schemas.values_mut() {
        merge_parts(schema, &before);
        drop_defaults(schema);
        read_words_in_one_line(schema);
    }
    for (_, operation) in super::operations(document) {
        read_words_in_one_line(operation);
        if let Some(body) = operation.get_mut("requestBody") {
            take_files_as_they_are(body);
        }
    }
}

/// A structure that holds another's fields is one object. As `allOf`, the other's ban on further
/// fields would hold for all of it, and no answer could have the fields of both.
fn merge_parts(schema: &mut Value, all: &Map<String, Value>) {
    let Some(parts) = schema["allOf"].as_array().cloned() else {
        return;
    };
    let mut properties = Map::new();
    let mut required: BTreeSet<String> = BTreeSet::new();
    for part in &parts {
        let part = match part["$ref"]
            .as_str()
            .and_then(|name| name.rsplit('/').next())
        {
            Some(name) => all.get(name).unwrap_or(part),
            None => part,
        };
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        let names = part["required"].as_array().into_iter().flatten();
        required.extend(names.filter_map(|name| Some(name.as_str()?.to_owned())));
    }
    let mut whole = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        whole["required"] = json!(required);
    }
    if let Some(description) = schema.get("description") {
        whole["description"] = description.clone();
    }
    *schema = whole;
}

/// Derived defaults are those of the code's structures: null, an empty text, a name that no caller
/// may write. What holds where a field is left out, its description says.
fn drop_defaults(schema: &mut Value) {
    let properties = super::members(schema, "properties");
    for (_, property) in properties {
        if let Some(property) = property.as_object_mut() {
            property.remove("default");
        }
    }
}

/// A body that is not JSON is a file, byte by byte.
fn take_files_as_they_are(body: &mut Value) {
    for (media, content) in super::members(body, "content") {
        if !media.ends_with("json") {
            content["schema"] = json!({ "type": "string", "format": "binary" });
        }
    }
}

/// Lines of comments end where the source's lines do; paragraphs stay.
fn read_words_in_one_line(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => {
                        let paragraphs = text.split("\n\n").map(|words| words.replace('\n', " "));
                        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
                    }
                    _ => read_words_in_one_line(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(read_words_in_one_line),
        _ => {}
    }
}
