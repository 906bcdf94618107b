//! The document of the API: the one that AWS serves is the one that the code has, it says what
//! clients need, and what it says is so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use std::collections::BTreeSet;

use beckon_domain::values::permission::{Caller, CallerKind, Permission};
use beckon_runtime::edge::KNOWN_ROUTES;
use beckon_tests::document::{document, resolved, validator};
use beckon_tests::{Beckon, Call};
use serde_json::{Value, json};

/// Set, the test writes the document instead of comparing it.
const WRITE: &str = "BECKON_WRITE_OPENAPI";

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../functions/directory/src/openapi.json"
);

const ROUTES_FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/runtime/src/edge/routes.txt"
);

/// Every role, and what the least of those who may do something has for it.
const ROLES: [(&str, Permission); 6] = [
    ("viewer", Permission::View),
    ("helpdesk", Permission::AssistUsers),
    ("inviter", Permission::Invite),
    ("pindesk", Permission::HandOver),
    ("settings", Permission::Configure),
    ("mdm", Permission::ManageDevices),
];

/// What a role named in the document stands for.
fn permission_of(role: &str) -> Option<Permission> {
    let known = ROLES.iter().find(|(name, _)| *name == role);
    known.map(|(_, permission)| *permission)
}

/// Every path with its methods, as the edge knows them.
fn routes_of(document: &Value) -> String {
    let mut lines = vec!["/openapi.json GET".to_owned()];
    for (path, operations) in document["paths"].as_object().unwrap() {
        let methods = operations.as_object().unwrap().keys();
        let methods: BTreeSet<String> = methods.map(|name| name.to_uppercase()).collect();
        let methods: Vec<String> = methods.into_iter().collect();
        lines.push(format!("{path} {}", methods.join(" ")));
    }
    // A path by its name stands before one with a parameter in the same place: `{` is after letters.
    lines.sort_unstable();
    lines.join("\n") + "\n"
}

#[tokio::test]
async fn the_document_that_is_served_is_that_of_the_routes() {
    let beckon = Beckon::start().await;
    let of_the_code = beckon.openapi();
    if std::env::var_os(WRITE).is_some() {
        let text = serde_json::to_string_pretty(of_the_code).unwrap();
        std::fs::write(FILE, text + "\n").unwrap();
        std::fs::write(ROUTES_FILE, routes_of(of_the_code)).unwrap();
        return;
    }

    let served = beckon.get("/openapi.json").await.with_status(200);

    // Part by part, since the whole is too long to read.
    for (part, of_the_code) in of_the_code.as_object().unwrap() {
        assert_eq!(
            &served[part], of_the_code,
            "{part} is out of date: {WRITE}=1 cargo test -p beckon-tests --test openapi"
        );
    }
    assert_eq!(&served, of_the_code);
    assert_eq!(KNOWN_ROUTES, routes_of(of_the_code), "{ROUTES_FILE}");
}

struct Operation {
    method: String,
    path: &'static str,
    said: &'static Value,
}

impl Operation {
    fn id(&self) -> &'static str {
        self.said["operationId"].as_str().unwrap_or_default()
    }

    /// The example of its body, with the media type; the first if it takes several.
    fn body(&self) -> Option<(&'static str, &'static Value)> {
        let content = self.said["requestBody"]["content"].as_object()?;
        let (media, said) = content.iter().next()?;
        Some((media, &said["example"]))
    }

    /// Its path with these ids, and what its query must have.
    fn address(&self, id: &str) -> String {
        let path = self.path.replace("{id}", id);
        let path = path.replace("{kind}", "invitation");
        let path = path.replace("{locale}", "de");
        let parameters = self.said["parameters"].as_array().into_iter().flatten();
        let query: Vec<String> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .filter(|parameter| parameter["required"] == true || self.id() == "lookUpUser")
            // One of its four is enough.
            .filter(|parameter| {
                let others = ["externalId", "userName", "registrationId"];
                others.iter().all(|other| parameter["name"] != *other)
            })
            .map(|parameter| {
                let example = &parameter["example"];
                let value = example.as_str().map_or(example.to_string(), str::to_owned);
                format!("{}={value}", parameter["name"].as_str().unwrap())
            })
            .collect();
        if query.is_empty() {
            path
        } else {
            format!("{path}?{}", query.join("&"))
        }
    }

    fn call(&self, beckon: &Beckon, id: &str, body: Option<Value>) -> Call {
        let call = beckon.call(&self.method, &self.address(id));
        let call = call.header("If-Match", "*");
        match (body, self.body()) {
            (Some(body), _) => call.json(&body),
            (None, Some((media, example))) if media.ends_with("json") => call.json(example),
            (None, Some((media, example))) => {
                let text = example.as_str().unwrap();
                call.header("Content-Type", media).bare_body(text)
            }
            (None, None) => call,
        }
    }
}

fn operations() -> Vec<Operation> {
    let paths = document()["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap().iter();
        operations.map(move |(method, said)| Operation {
            method: method.to_uppercase(),
            path,
            said,
        })
    });
    all.collect()
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "a table: one entry for each thing that a client needs"
)]
fn every_operation_is_described_as_a_client_needs_it() {
    let is_said = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let tags = document()["tags"].as_array().unwrap();
    assert!(tags.iter().all(|tag| is_said(&tag["description"])));
    let tags: BTreeSet<&str> = tags
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut ids = BTreeSet::new();
    let mut missing = Vec::new();

    for operation in operations() {
        let said = operation.said;
        let name = format!("{} {}", operation.method, operation.path);
        let mut need = |what: &str, there: bool| {
            if !there {
                missing.push(format!("{name}: {what}"));
            }
        };
        let is_a_name = operation.id().starts_with(|c: char| c.is_ascii_lowercase())
            && operation.id().chars().all(|c| c.is_ascii_alphabetic())
            && operation.id().chars().any(|c| c.is_ascii_uppercase());
        need("an operationId of two words or more", is_a_name);
        need("an operationId of its own", ids.insert(operation.id()));
        need("a summary", is_said(&said["summary"]));
        let tag = said["tags"][0].as_str().unwrap_or_default();
        need("a tag with a description", tags.contains(tag));
        let role = said["security"][0]["bearer"][0].as_str();
        let is_public = said["security"] == json!([]);
        let is_for_any_token = said["security"] == json!([{ "bearer": [] }]);
        let is_for_a_role = role.and_then(permission_of).is_some();
        need("security", is_public || is_for_any_token || is_for_a_role);

        let responses = said["responses"].as_object().unwrap();
        let mut statuses = vec!["429", "503"];
        if !is_public {
            statuses.push("401");
        }
        if is_for_a_role {
            statuses.push("403");
        }
        if let Some(content) = said["requestBody"]["content"].as_object() {
            statuses.extend(["413", "415", "422"]);
            if content.keys().any(|media| media.ends_with("json")) {
                statuses.push("400");
            }
            for (media, content) in content {
                need(
                    &format!("an example of its {media}"),
                    !content["example"].is_null(),
                );
            }
        }
        // A source that is not known is answered as a sender that is not.
        let hides_what_is_there = operation.path.starts_with("/v1/device-events/");
        if operation.path.contains('{') && !hides_what_is_there {
            statuses.push("404");
        }
        for status in statuses {
            need(status, responses.contains_key(status));
        }
        need(
            "success",
            responses.keys().any(|status| status.starts_with('2')),
        );
        for (status, response) in responses {
            let response = resolved(response);
            need(
                &format!("what {status} means"),
                is_said(&response["description"]),
            );
            let content = response["content"].as_object();
            for (media, content) in content.into_iter().flatten() {
                let is_refusal = !status.starts_with('2');
                let fits = is_refusal == (media == "application/problem+json");
                need(&format!("{status} as a problem document, or none"), fits);
                need(
                    &format!("an example of {status}"),
                    !content["example"].is_null(),
                );
            }
        }
        for parameter in said["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            need(
                &format!("what {name} means"),
                is_said(&parameter["description"]),
            );
            need(
                &format!("an example of {name}"),
                !parameter["example"].is_null() || parameter["schema"]["$ref"].is_string(),
            );
        }
    }

    assert!(ids.len() > 35, "{ids:?}");
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
}

#[test]
fn every_field_of_a_schema_says_what_it_is() {
    let mut silent = Vec::new();

    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let says_nothing = property.as_object().unwrap().is_empty();
            if says_nothing || property["default"].is_null() && property.get("default").is_some() {
                silent.push(format!("{name}.{field}"));
            }
            let is_a_moment = field.ends_with("At") || field == "at" || field == "until";
            if is_a_moment && property["format"] != "date-time" {
                silent.push(format!("{name}.{field} is a time"));
            }
        }
    }

    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn every_example_fits_its_schema() {
    let mut wrong = Vec::new();
    let mut check = |what: String, media: &str, content: &Value| {
        if media.ends_with("json") {
            let errors: Vec<String> = validator(&content["schema"])
                .iter_errors(&content["example"])
                .map(|error| format!("{} {error}", error.instance_path()))
                .collect();
            if !errors.is_empty() {
                wrong.push(format!("{what}: {errors:?}"));
            }
        }
    };

    for operation in operations() {
        let parameters = operation.said["parameters"].as_array();
        for parameter in parameters
            .into_iter()
            .flatten()
            .filter(|said| said.get("example").is_some())
        {
            let what = format!("{} {}", operation.id(), parameter["name"]);
            check(what, "json", parameter);
        }
        let requests = operation.said["requestBody"]["content"].as_object();
        for (media, content) in requests.into_iter().flatten() {
            check(format!("{} takes", operation.id()), media, content);
        }
        for (status, response) in operation.said["responses"].as_object().unwrap() {
            let content = resolved(response)["content"].as_object();
            for (media, content) in content.into_iter().flatten() {
                check(format!("{} {status}", operation.id()), media, content);
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// With a token of each role, every operation is refused exactly where the document says that the
/// token must carry another.
#[tokio::test]
async fn the_role_that_an_operation_names_is_the_least_that_it_asks_for() {
    for (role, _) in ROLES {
        let caller = Caller::with_roles(CallerKind::Machine, "somebody", [role]);
        let beckon = Beckon::start_with(|options| options.caller = caller.clone()).await;
        for operation in operations() {
            let Some(needed) = operation.said["security"][0]["bearer"][0].as_str() else {
                continue;
            };
            let may = caller.may(permission_of(needed).unwrap());

            let answer = operation.call(&beckon, "01KG4JZ3M0000000000000000A", None);
            let answer = answer.answer().await;

            let is_refused = answer.status == 403 && answer.text.contains("not-permitted");
            let invites_as_well = operation.id() == "addUser" && role == "helpdesk";
            assert_eq!(
                is_refused,
                !may || invites_as_well,
                "{} as {role}: {}",
                operation.id(),
                answer.text
            );
        }
    }
}

/// Every place in a body whose schema has bounds, with values just inside and just outside.
fn bounds(schema: &Value, path: &str, found: &mut Vec<(String, Value, bool)>) {
    let schema = resolved(schema);
    let text = |length: u64| {
        let length = usize::try_from(length).unwrap();
        Value::from("a".repeat(length))
    };
    let number = |name: &str| schema[name].as_i64();
    let mut add = |value: Value, fits: bool| found.push((path.to_owned(), value, fits));
    if schema["format"].is_null() && schema["pattern"].is_null() && schema["enum"].is_null() {
        if let Some(most) = schema["maxLength"].as_u64() {
            add(text(most), true);
            add(text(most + 1), false);
        }
        if schema["minLength"].as_u64() == Some(1) {
            add(text(0), false);
        }
    }
    if let Some(most) = number("maximum") {
        add(json!(most), true);
        add(json!(most + 1), false);
    }
    if let Some(least) = number("minimum") {
        add(json!(least), true);
        add(json!(least - 1), false);
    }
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        bounds(choice, path, found);
    }
    for (field, property) in schema["properties"].as_object().into_iter().flatten() {
        bounds(property, &format!("{path}/{field}"), found);
    }
}

/// Puts a value where a path leads, and makes what is on the way.
fn put(document: &mut Value, path: &str, value: Value) {
    let mut place = document;
    for name in path.split('/').skip(1) {
        place = &mut place[name];
    }
    *place = value;
}

#[tokio::test]
async fn the_bounds_that_bodies_have_in_the_document_are_those_that_are_kept() {
    let beckon = Beckon::start().await;
    let mut tried = 0;
    let mut wrong = Vec::new();

    for operation in operations() {
        let Some((media, example)) = operation
            .body()
            .filter(|(media, _)| media.ends_with("json"))
        else {
            continue;
        };
        let schema = &operation.said["requestBody"]["content"][media]["schema"];
        let mut all = Vec::new();
        bounds(schema, "", &mut all);
        for (path, value, fits) in all {
            // What would stand alone in an object that the example does not have lacks the rest of it.
            let (parent, _) = path.rsplit_once('/').unwrap();
            if !example.pointer(parent).is_some_and(Value::is_object) {
                continue;
            }
            let mut body = example.clone();
            put(&mut body, &path, value);
            let id = "01KG4JZ3M0000000000000000A";
            let answer = operation
                .call(&beckon, id, Some(body.clone()))
                .answer()
                .await;

            // An id that nobody has is found out before the fields of some bodies are read.
            if answer.status == 404 {
                continue;
            }
            tried += 1;
            let field = path.rsplit('/').next().unwrap();
            let is_json = answer.text.starts_with('{');
            let errors = is_json.then(|| answer.json()["errors"].take());
            let errors = errors.and_then(|errors| errors.as_array().cloned());
            // Inside its bounds a value may still be no language, or not go with another field.
            let named = errors.into_iter().flatten().any(|error| {
                let code = error["code"].as_str().unwrap();
                let is_of_bounds = ["tooLong", "outOfRange", "empty", "wrongType"].contains(&code);
                error["field"].as_str().unwrap().ends_with(field) && (is_of_bounds || !fits)
            });
            if named == fits {
                wrong.push(format!(
                    "{} {path} {:.60}: {:.300}",
                    operation.id(),
                    body.pointer(&path).unwrap(),
                    answer.text
                ));
            }
        }
    }

    assert!(tried > 40, "{tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
