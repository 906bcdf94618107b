#![expect(
    clippy::needless_pass_by_value,
    reason = "what json! makes is given away"
)]

use serde_json::json;

use super::*;
use crate::attributes::GROUP;

fn ada() -> Map<String, Value> {
    object(json!({
        "userName": "ada@example.com",
        "displayName": "Ada",
        "name": { "givenName": "Ada", "familyName": "Lovelace" },
        "emails": [
            { "value": "ada@example.com", "type": "work", "primary": true },
            { "value": "ada@example.org", "type": "home" },
        ],
        "active": true,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn patched(operations: Value) -> Result<Value, Refusal> {
    let body = object(json!({ "Operations": operations }));
    Ok(Value::Object(Patch::parse(&body)?.applied_to(ada())?))
}

fn changed(operations: Value) -> Value {
    patched(operations).unwrap()
}

#[test]
fn entra_names_operations_with_a_capital_and_addresses_by_a_filter() {
    let after = changed(json!([
        { "op": "Replace", "path": "displayName", "value": "Countess" },
        { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "countess@example.com" },
        { "op": "Replace", "path": "name.familyName", "value": "King" },
        { "op": "Replace", "path": "active", "value": "False" },
    ]));

    assert_eq!(after["displayName"], "Countess");
    assert_eq!(
        after["emails"][0],
        json!({ "value": "countess@example.com", "type": "work", "primary": true })
    );
    assert_eq!(after["emails"][1]["value"], "ada@example.org");
    assert_eq!(
        after["name"],
        json!({ "givenName": "Ada", "familyName": "King" })
    );
    assert_eq!(after["active"], "False");
}

#[test]
fn a_value_without_a_path_may_have_paths_as_keys_and_the_id_along() {
    let after = changed(json!([
        { "op": "replace", "value": {
            "id": "7", "active": false, "name.givenName": "Augusta",
            "emails[type eq \"other\"].value": "other@example.com",
            "urn:ietf:params:scim:schemas:core:2.0:User": { "locale": "de" },
        } },
    ]));

    assert_eq!(after["active"], false);
    assert_eq!(after["name"]["givenName"], "Augusta");
    assert_eq!(
        after["emails"][2],
        json!({ "type": "other", "value": "other@example.com" })
    );
    assert_eq!(after["locale"], "de");
    assert_eq!(after.get("id"), None);
}

#[test]
fn a_list_is_added_to_once_and_replaced_whole_and_has_one_primary_address() {
    let new = json!({ "value": "new@example.com", "primary": true });
    let added = changed(json!([
        { "op": "add", "path": "emails", "value": [new] },
        { "op": "add", "path": "emails", "value": new },
    ]));
    let replaced = changed(json!([{ "op": "replace", "path": "emails", "value": [new] }]));
    let moved = changed(json!([
        { "op": "replace", "path": "emails[type eq \"home\"].primary", "value": true },
    ]));

    assert_eq!(added["emails"].as_array().unwrap().len(), 3);
    assert_eq!(added["emails"][0]["primary"], false);
    assert_eq!(replaced["emails"], json!([new]));
    assert_eq!(moved["emails"][0]["primary"], false);
    assert_eq!(moved["emails"][1]["primary"], true);
}

#[test]
fn what_is_removed_is_gone_and_nothing_else() {
    let after = changed(json!([
        { "op": "remove", "path": "displayName" },
        { "op": "remove", "path": "name.givenName" },
        { "op": "remove", "path": "emails[type eq \"home\"]" },
        { "op": "remove", "path": "emails[type eq \"nowhere\"].value" },
    ]));
    let named = changed(json!([
        { "op": "remove", "path": "emails", "value": [{ "value": "ada@example.com" }] },
    ]));

    assert_eq!(after.get("displayName"), None);
    assert_eq!(after["name"], json!({ "familyName": "Lovelace" }));
    assert_eq!(after["emails"].as_array().unwrap().len(), 1);
    assert_eq!(
        named["emails"],
        json!([{ "value": "ada@example.org", "type": "home" }])
    );
}

#[test]
fn the_schema_alone_as_a_path_is_as_good_as_no_path() {
    for schema in [USER.to_owned(), USER.to_uppercase()] {
        let after = changed(json!([
            { "op": "replace", "path": schema, "value": { "active": false } },
        ]));
        let removed = patched(json!([{ "op": "remove", "path": schema }]));

        assert_eq!(after["active"], false);
        assert_eq!(removed.unwrap_err().code().1, Some("noTarget"));
    }
}

#[test]
fn a_path_with_a_schema_and_no_attribute_behind_it_is_refused_and_changes_nothing_in_silence() {
    for path in [
        format!("{USER}.active"),
        format!("{USER}:"),
        format!("{USER}s:active"),
        format!("{USER}:{USER}:active"),
        GROUP.to_owned(),
    ] {
        let by_path = json!([{ "op": "replace", "path": path, "value": false }]);
        let mut value = Map::new();
        value.insert(path.clone(), json!(false));
        let by_key = json!([{ "op": "replace", "value": value }]);

        for operations in [by_path, by_key] {
            let refused = patched(operations).unwrap_err();

            assert_eq!(refused.code().1, Some("invalidPath"), "{path}");
        }
    }
}

#[test]
fn a_name_and_an_enterprise_object_that_are_null_are_removed() {
    let department =
        json!([{ "op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Engines" }]);
    let in_a_department = changed(department);
    for operation in [
        json!({ "op": "replace", "value": { "name": null, ENTERPRISE: null } }),
        json!({ "op": "add", "value": { "name": null, ENTERPRISE: null } }),
    ] {
        let patch = Patch::parse(&object(json!({ "Operations": [operation] }))).unwrap();
        let after = patch.applied_to(object(in_a_department.clone())).unwrap();

        assert_eq!(after["name"], json!({}));
        assert!(!after.contains_key(ENTERPRISE));
    }
    let by_path = changed(json!([
        { "op": "replace", "path": "name", "value": null },
        { "op": "replace", "path": ENTERPRISE, "value": null },
    ]));
    assert_eq!(by_path["name"], json!({}));
}

#[test]
fn what_beckon_does_not_keep_is_passed_over() {
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    let after = changed(json!([
        { "op": "Add", "path": "nickName", "value": "Countess" },
        { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "1" },
        { "op": "Replace", "path": manager, "value": "8" },
        { "op": "Replace", "value": { "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "organization": "x" } } },
    ]));

    assert_eq!(after, Value::Object(ada()));
}

#[test]
fn each_wrong_operation_is_refused_with_its_keyword() {
    for (operation, keyword) in [
        (
            json!({ "op": "move", "path": "displayName", "value": "x" }),
            "invalidSyntax",
        ),
        (
            json!({ "path": "displayName", "value": "x" }),
            "invalidSyntax",
        ),
        (json!("add"), "invalidSyntax"),
        (json!({ "op": "remove" }), "noTarget"),
        (
            json!({ "op": "add", "path": "displayName" }),
            "invalidValue",
        ),
        (json!({ "op": "add", "value": "x" }), "invalidValue"),
        (
            json!({ "op": "add", "path": "favouriteColour", "value": "x" }),
            "invalidPath",
        ),
        (
            json!({ "op": "add", "path": "emails[type eq \"work\"", "value": "x" }),
            "invalidPath",
        ),
        (
            json!({ "op": "add", "path": "emails[type gt 1].value", "value": "x" }),
            "invalidFilter",
        ),
        (
            json!({ "op": "replace", "path": "displayName[a eq 1]", "value": "x" }),
            "invalidPath",
        ),
        (
            json!({ "op": "replace", "path": "id", "value": "x" }),
            "mutability",
        ),
        (json!({ "op": "remove", "path": "userName" }), "mutability"),
    ] {
        let refused = format!("{:?}", patched(json!([operation])).unwrap_err());

        assert!(refused.contains(keyword), "{operation}: {refused}");
    }
    let body = object(json!({ "operations": [] }));
    assert!(Patch::parse(&body).is_ok());
    assert!(Patch::parse(&Map::new()).is_err());
}

#[test]
fn a_path_of_a_hundred_thousand_brackets_is_refused_wherever_a_path_can_stand() {
    for piece in ["[", "a[", "emails[", "emails[type eq "] {
        let path = format!("{}]", piece.repeat(100_000));
        let by_path = json!([{ "op": "add", "path": path, "value": "x" }]);
        let mut value = Map::new();
        value.insert(path, json!("x"));
        let by_key = json!([{ "op": "add", "value": value }]);

        for operations in [by_path, by_key] {
            let (status, keyword) = patched(operations).unwrap_err().code();

            assert_eq!(status, 400);
            assert!(
                matches!(keyword, Some("invalidPath" | "invalidFilter")),
                "{piece}: {keyword:?}"
            );
        }
    }
}

#[test]
fn a_path_has_brackets_once_and_behind_the_attribute() {
    for path in [
        "[type eq \"work\"]",
        "emails[type eq \"work\"].",
        "emails[type eq \"work\"].va]lue",
        "emails[emails[type eq \"work\"]].value",
    ] {
        let operation = json!({ "op": "add", "path": path, "value": "x" });

        assert!(patched(json!([operation])).is_err(), "{path}");
    }
}
