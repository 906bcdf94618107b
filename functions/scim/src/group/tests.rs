use serde_json::json;

use super::*;

const ADA: &str = "01J0000000000000000000000A";
const BEN: &str = "01J0000000000000000000000B";

fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

fn said(operations: Value) -> Result<Said, Refusal> {
    let mut body = serde_json::Map::new();
    body.insert("Operations".to_owned(), operations);
    Said::by(&Patch::parse(&body)?)
}

fn members(others_leave: bool, are_members: &[(&str, bool)]) -> MembersSaid {
    let are_members = are_members.iter();
    MembersSaid {
        others_leave,
        are_members: are_members.map(|(id, is)| (user(id), *is)).collect(),
    }
}

#[test]
fn members_are_added_and_removed_in_every_form_of_entra_and_okta() {
    for (operations, expected) in [
        (
            json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": ADA }] }]),
            members(false, &[(ADA, true)]),
        ),
        (
            json!([{ "op": "add", "value": { "members": [{ "value": ADA, "display": "Ada" }] } }]),
            members(false, &[(ADA, true)]),
        ),
        (
            json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": ADA }, { "value": BEN }] }]),
            members(false, &[(ADA, false), (BEN, false)]),
        ),
        (
            json!([{ "op": "remove", "path": format!("members[value eq \"{ADA}\"]") }]),
            members(false, &[(ADA, false)]),
        ),
        (
            json!([{ "op": "remove", "path": format!("urn:ietf:params:scim:schemas:core:2.0:Group:members[value eq \"{ADA}\"]") }]),
            members(false, &[(ADA, false)]),
        ),
        (
            json!([{ "op": "remove", "path": "members" }]),
            members(true, &[]),
        ),
        (
            json!([{ "op": "replace", "path": "members", "value": [{ "value": ADA }] }]),
            members(true, &[(ADA, true)]),
        ),
        (
            json!([{ "op": "replace", "value": { "id": "7", "members": [] } }]),
            members(true, &[]),
        ),
        (
            json!([
                { "op": "replace", "path": "members", "value": [{ "value": ADA }, { "value": BEN }] },
                { "op": "remove", "path": format!("members[value eq \"{BEN}\"]") },
            ]),
            members(true, &[(ADA, true)]),
        ),
        (
            json!([
                { "op": "add", "path": "members", "value": [{ "value": ADA }] },
                { "op": "remove", "path": "members", "value": [{ "value": ADA }] },
                { "op": "remove", "path": "members", "value": [{ "value": "nobody" }] },
            ]),
            members(false, &[(ADA, false)]),
        ),
    ] {
        let said = said(operations.clone()).unwrap();

        assert_eq!(said.members, expected, "{operations}");
        assert!(said.name.is_none() && said.external_id.is_none());
    }
}

#[test]
fn a_group_is_renamed_in_every_form_and_its_external_id_goes_with_an_empty_one() {
    let group = || DirectoryGroup {
        name: GroupName::parse("Staff").unwrap(),
        external_id: ExternalId::parse("1").ok(),
    };
    for operations in [
        json!([{ "op": "Replace", "path": "displayName", "value": "Crew" }]),
        json!([{ "op": "replace", "value": { "id": "7", "displayName": "Crew" } }]),
        json!([{ "op": "add", "value": { "urn:ietf:params:scim:schemas:core:2.0:Group:displayName": "Crew" } }]),
        json!([{ "op": "replace", "value": { "urn:ietf:params:scim:schemas:core:2.0:Group": { "DISPLAYNAME": "Crew" } } }]),
        json!([{ "op": "replace", "path": GROUP, "value": { "displayName": "Crew" } }]),
    ] {
        let after = said(operations.clone()).unwrap().applied_to(group());

        assert_eq!(after.name.as_str(), "Crew", "{operations}");
        assert_eq!(after.external_id, group().external_id);
    }
    for operations in [
        json!([{ "op": "remove", "path": "externalId" }]),
        json!([{ "op": "replace", "path": "externalId", "value": " " }]),
    ] {
        let after = said(operations).unwrap().applied_to(group());

        assert_eq!((after.name.as_str(), after.external_id), ("Staff", None));
    }
}

#[test]
fn what_a_group_cannot_become_is_refused_with_scims_keyword() {
    for (operations, keyword) in [
        (
            json!([{ "op": "remove", "path": "displayName" }]),
            "mutability",
        ),
        (
            json!([{ "op": "replace", "path": "id", "value": "7" }]),
            "mutability",
        ),
        (
            json!([{ "op": "replace", "path": "displayName", "value": 7 }]),
            "invalidValue",
        ),
        (
            json!([{ "op": "replace", "path": "displayName", "value": "" }]),
            "invalidValue",
        ),
        (
            json!([{ "op": "replace", "path": "colour", "value": "red" }]),
            "invalidPath",
        ),
        (
            json!([{ "op": "replace", "path": "displayName.first", "value": "a" }]),
            "invalidPath",
        ),
        (
            json!([{ "op": "add", "path": format!("members[value eq \"{ADA}\"]"), "value": "x" }]),
            "invalidPath",
        ),
        (
            json!([{ "op": "remove", "path": "members[display eq \"Ada\"]" }]),
            "invalidPath",
        ),
        (
            json!([{ "op": "remove", "path": "members.display" }]),
            "invalidPath",
        ),
        (
            json!([{ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }]),
            "invalidValue",
        ),
        (
            json!([{ "op": "add", "path": "members", "value": [{ "display": "Ada" }] }]),
            "invalidValue",
        ),
        (
            json!([{ "op": "add", "path": "members", "value": [7] }]),
            "invalidValue",
        ),
        (
            json!([{ "op": "add", "path": "members", "value": [{ "value": ADA, "type": "Group" }] }]),
            "invalidValue",
        ),
        (
            json!([{ "op": "replace", "value": "Crew" }]),
            "invalidValue",
        ),
    ] {
        let refused = said(operations.clone()).unwrap_err();

        let told = format!("{refused:?}");
        assert!(told.contains(keyword), "{operations}: {told}");
    }
}

#[test]
fn a_document_that_does_not_name_members_says_nothing_of_them() {
    let parsed = |document: Value| parse(document.as_object().unwrap());

    let (group, without) = parsed(json!({ "displayName": "Crew", "title": "x" })).unwrap();
    let (_, empty) = parsed(json!({ "displayname": "Crew", "members": [] })).unwrap();

    assert_eq!((group.name.as_str(), group.external_id), ("Crew", None));
    assert_eq!(without, MembersSaid::default());
    assert_eq!(empty, members(true, &[]));
    assert!(parsed(json!({ "members": [] })).is_err());
}

#[test]
fn a_key_of_a_hundred_thousand_brackets_is_refused() {
    for piece in ["[", "members["] {
        let key = format!("{}]", piece.repeat(100_000));
        let mut document = Map::new();
        document.insert("displayName".to_owned(), json!("Staff"));
        document.insert(key, json!([]));

        assert_eq!(parse(&document).unwrap_err().code().0, 400, "{piece}");
    }
}
