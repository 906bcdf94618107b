//! What fields hold: formats, patterns, bounds, and the names of what is one of a few. `fields.json`
//! says it by the name of a field, for every schema or for one; `tests/tests/openapi.rs` tries
//! each bound on the running system.

use serde_json::{Value, json};

/// By schema and field. In a schema's entry, `""` names the fields that must be given and
/// `not null` those that are never null, whatever the code's structure takes before it is checked.
const FIELDS: &str = include_str!("fields.json");

/// Ids of ours, and how they are spoken of.
const IDS: [(&str, &str, &str); 4] = [
    ("/v1/users/", "The user's id", "01KG4JZ3M0000000000000000A"),
    (
        "/v1/batches/",
        "The batch's id",
        "01KG4JZ3M0000000000000000B",
    ),
    ("/v1/jobs/", "The job's id", "01KG4JZ3M0000000000000000C"),
    (
        "/v1/registrations/",
        "The `registrationId` that redeeming answered",
        "0123456789abcdef0123456789abcdef",
    ),
];

/// Says of every field and parameter what it holds.
pub(super) fn describe(document: &mut Value) {
    let known: Value = serde_json::from_str(FIELDS).unwrap_or_default();
    let schemas = document["components"]["schemas"].as_object_mut();
    for (name, schema) in schemas.into_iter().flatten() {
        describe_schema(schema, &known["everywhere"], &known["schemas"][name]);
    }
    for (route, operation) in super::operations(document) {
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let parameters = operation.get_mut("parameters");
        let parameters = parameters.and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            describe_parameter(&route, parameter, &known["parameters"]);
            let name = parameter["name"].as_str().unwrap_or_default();
            let own = known["operations"][&id][name].clone();
            state_parameter(parameter, &own);
        }
        if route.starts_with("PATCH ") {
            say_merge_patch(&mut operation["requestBody"]["content"]);
        }
    }
}

fn describe_schema(schema: &mut Value, everywhere: &Value, own: &Value) {
    let must = own[""].as_array().cloned().unwrap_or_default();
    if !must.is_empty() {
        schema["required"] = json!(must);
    }
    let never_null = own["not null"].as_array().cloned().unwrap_or_default();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    let Some(properties) = properties else {
        return;
    };
    for (field, facts) in own.as_object().into_iter().flatten() {
        if let Some(whole) = facts.get("add") {
            properties.insert(field.clone(), whole.clone());
        }
    }
    for (field, property) in properties.iter_mut() {
        if never_null.iter().any(|name| name == field) || must.iter().any(|name| name == field) {
            never_be_null(property);
        }
        let is_text = property["type"] == "string" || property["type"] == json!(["string", "null"]);
        if is_text {
            state(property, &everywhere[field]);
        }
        state(property, &own[field]);
    }
}

/// Adds what is known of a field to its schema; of a list, `items` is added to that of its items. Null
/// takes something back.
fn state(schema: &mut Value, facts: &Value) {
    let (Some(schema), Some(facts)) = (schema.as_object_mut(), facts.as_object()) else {
        return;
    };
    for (keyword, value) in facts {
        match value {
            Value::Null => {
                schema.remove(keyword);
            }
            Value::Object(_) if keyword == "items" => {
                state(schema.entry("items").or_insert(json!({})), value);
            }
            _ if keyword == "add" => {}
            _ => {
                schema.insert(keyword.clone(), value.clone());
            }
        }
    }
}

fn never_be_null(property: &mut Value) {
    if let Some(types) = property["type"].as_array() {
        let mut types: Vec<Value> = types
            .iter()
            .filter(|name| *name != "null")
            .cloned()
            .collect();
        property["type"] = match types.len() {
            1 => types.swap_remove(0),
            _ => json!(types),
        };
    }
    let choices = property["oneOf"].as_array().into_iter().flatten();
    let real: Vec<Value> = choices
        .filter(|choice| choice["type"] != "null")
        .cloned()
        .collect();
    if let [only] = real.as_slice() {
        *property = only.clone();
    }
}

fn describe_parameter(route: &str, parameter: &mut Value, known: &Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    if parameter["in"] == "path" && name == "id" {
        let of = IDS.iter().find(|(path, _, _)| route.contains(path));
        if let Some((path, description, example)) = of {
            parameter["description"] = json!(description);
            parameter["example"] = json!(example);
            parameter["schema"]["pattern"] = match *path {
                "/v1/registrations/" => json!("^[0-9A-Fa-f]{32}$"),
                _ => json!("^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$"),
            };
        }
        return;
    }
    // A parameter that is left out is not there; null is no text.
    never_be_null(&mut parameter["schema"]);
    let mut facts = known[&name].clone();
    let is_said = parameter["description"]
        .as_str()
        .is_some_and(|text| !text.is_empty());
    if let (Some(facts), true) = (facts.as_object_mut(), is_said) {
        facts.remove("description");
    }
    state_parameter(parameter, &facts);
    take_one_of_several(parameter);
}

/// The table's example is of the parameter that may be given several times; another route takes it once.
fn take_one_of_several(parameter: &mut Value) {
    if parameter["schema"]["type"] != "array"
        && let Some([first, ..]) = parameter["example"].as_array().map(Vec::as_slice)
    {
        parameter["example"] = first.clone();
    }
}

fn state_parameter(parameter: &mut Value, facts: &Value) {
    state(&mut parameter["schema"], &facts["schema"]);
    for keyword in ["description", "example"] {
        if let Some(value) = facts.get(keyword) {
            parameter[keyword] = value.clone();
        }
    }
}

/// A change is a JSON merge patch. It may be called JSON as well; but of an operation that takes its body
/// under two names, openapi-python-client makes a module that cannot be imported.
fn say_merge_patch(content: &mut Value) {
    let Some(content) = content.as_object_mut() else {
        return;
    };
    if let Some(json) = content.remove("application/json") {
        content.insert("application/merge-patch+json".to_owned(), json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_names_fields() {
        let known: Value = serde_json::from_str(FIELDS).unwrap();

        for (part, at_least) in [("everywhere", 10), ("schemas", 20), ("parameters", 10)] {
            assert!(known[part].as_object().unwrap().len() > at_least, "{part}");
        }
    }
}
