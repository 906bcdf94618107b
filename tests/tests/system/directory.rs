//! A directory over SCIM: requests in the forms that the documentation of Entra ID
//! (<https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups>) and of Okta
//! (<https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20>) shows for somebody who joins, moves and
//! leaves.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the functions beside the tests fail the tests, as they should"
)]

mod groups;

use beckon_tests::{Answer, Beckon, Person, until};
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A directory with a token.
struct Directory {
    beckon: Beckon,
    token: String,
}

impl Directory {
    /// One by whose people these are invited.
    async fn inviting(invites: &str) -> Self {
        Self::under(&json!({ "invites": invites })).await
    }

    async fn inviting_members_of(group: &str) -> Self {
        Self::under(&json!({ "invites": "groups", "groups": [group] })).await
    }

    async fn under(directory: &Value) -> Self {
        let beckon = Beckon::start().await;
        let settings = json!({ "directory": directory });
        beckon.settings(&settings).await;
        let token = beckon.post("/v1/directory/tokens", &Value::Null).await;
        let token = token.with_status(201)["token"].as_str().unwrap().to_owned();
        Self { beckon, token }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let call = self
            .beckon
            .call(method, &format!("/scim/v2/{path}"))
            .header("Authorization", &format!("Bearer {}", self.token));
        match body {
            None => call.answer().await,
            Some(body) => {
                let call = call.header("Content-Type", "application/scim+json");
                call.bare_body(body.to_string()).answer().await
            }
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await.with_status(200)
    }

    async fn found(&self, filter: &str) -> Vec<Value> {
        let list = self.get(&format!("Users?filter={}", encoded(filter))).await;
        let found = list["Resources"].as_array().unwrap().clone();
        assert_eq!(list["totalResults"], found.len());
        found
    }

    async fn add(&self, person: &Value) -> Value {
        self.ask("POST", "Users", Some(person))
            .await
            .with_status(201)
    }

    async fn patch(&self, id: &str, operations: &Value) -> Value {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
        });
        let path = format!("Users/{id}");
        self.ask("PATCH", &path, Some(&body)).await.with_status(200)
    }

    /// What a refusal says: its status and its keyword.
    async fn refused(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let answer = self.ask(method, path, Some(body)).await;
        let error = answer.json();
        assert_eq!(answer.header("content-type"), "application/scim+json");
        assert_eq!(
            error["schemas"][0],
            "urn:ietf:params:scim:api:messages:2.0:Error"
        );
        assert_eq!(error["status"], answer.status.to_string());
        assert!(error["detail"].is_string());
        let keyword = error["scimType"].as_str().unwrap_or_default();
        (answer.status, keyword.to_owned())
    }
}

fn encoded(text: &str) -> String {
    let escaped = text.bytes().map(|byte| format!("%{byte:02X}"));
    escaped.collect()
}

fn person_of(resource: &Value) -> Person {
    Person {
        id: resource["id"].as_str().unwrap().to_owned(),
        email: resource["emails"][0]["value"].as_str().unwrap().to_owned(),
    }
}

/// As Entra ID adds somebody.
fn of_entra() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Ada.Lovelace@example.com",
        "active": true,
        "emails": [{ "primary": true, "type": "work", "value": "ada@example.com" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada" },
        "preferredLanguage": "de",
        "title": "Analyst",
        "phoneNumbers": [{ "type": "mobile", "value": "+44 1" }],
        ENTERPRISE: { "department": "Engines" },
        "roles": [],
    })
}

/// As Okta adds somebody.
fn of_okta() -> Value {
    json!({
        "schemas": [USER],
        "userName": "ben@example.com",
        "name": { "givenName": "Ben", "familyName": "Bell" },
        "emails": [{ "primary": true, "value": "ben@example.com", "type": "work" }],
        "displayName": "Ben Bell",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    })
}

#[tokio::test]
async fn somebody_joins_moves_and_leaves_as_entra_says_it() {
    let entra = Directory::inviting("everybody").await;
    let beckon = &entra.beckon;
    assert!(
        entra
            .found("userName eq \"Ada.Lovelace@example.com\"")
            .await
            .is_empty()
    );

    let joined = entra.add(&of_entra()).await;
    let ada = person_of(&joined);
    assert_eq!(joined["meta"]["resourceType"], "User");
    assert!(
        joined["meta"]["location"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/scim/v2/Users/{}", ada.id))
    );
    let mail = beckon.mail_number(1, "ada@example.com").await;
    beckon.arrived(&mail).await;
    let user = beckon.user(&ada).await;
    assert_eq!(
        (&user["displayName"], &user["locale"]),
        (&json!("Ada Lovelace"), &json!("de"))
    );
    assert_eq!(user["fromDirectory"], true);

    entra
        .patch(&ada.id, &json!([
            { "op": "Replace", "path": "userName", "value": "ada.king@example.com" },
            { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "ada.king@example.com" },
            { "op": "Replace", "path": "name.formatted", "value": "Ada King" },
            { "op": "Replace", "path": "title", "value": "Countess" },
        ]))
        .await;
    let user = beckon.user(&ada).await;
    assert_eq!(
        (&user["email"], &user["displayName"]),
        (&json!("ada.king@example.com"), &json!("Ada King"))
    );
    assert_eq!(user["userName"], "ada.king@example.com");
    beckon.mail_number(1, "ada.king@example.com").await;
    let pin = beckon.newest_pin("ada.king@example.com").await;

    let left = entra
        .patch(
            &ada.id,
            &json!([{ "op": "Replace", "path": "active", "value": "False" }]),
        )
        .await;
    assert_eq!(left["active"], false);
    assert_eq!(beckon.user(&ada).await["enabled"], false);
    let _ = beckon
        .show_pin("ada.king@example.com", &pin)
        .await
        .problem(403);
    assert_eq!(
        entra
            .found("externalId eq \"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef\"")
            .await
            .len(),
        1
    );

    let path = format!("Users/{}", ada.id);
    assert_eq!(entra.ask("DELETE", &path, None).await.status, 204);
    assert_eq!(entra.refused("DELETE", &path, &Value::Null).await.0, 404);
    assert_eq!(entra.refused("GET", &path, &Value::Null).await.0, 404);
    let history = beckon.history_events(&ada).await;
    assert!(
        history.iter().any(|what| what.contains("Deleted")),
        "{history:?}"
    );
}

#[tokio::test]
async fn somebody_joins_moves_and_leaves_as_okta_says_it() {
    let okta = Directory::inviting("nobody").await;
    let beckon = &okta.beckon;
    assert_eq!(
        okta.get("Users?startIndex=1&count=2").await["totalResults"],
        0
    );
    assert!(
        okta.found("userName eq \"ben@example.com\"")
            .await
            .is_empty()
    );

    let joined = okta.add(&of_okta()).await;
    let ben = person_of(&joined);
    assert_eq!(beckon.user(&ben).await["invitation"]["state"], "none");

    let mut moved = joined.clone();
    moved["name"]["familyName"] = json!("Bellamy");
    moved["displayName"] = json!("Ben Bellamy");
    moved["groups"] = json!([{ "value": "7", "display": "Staff" }]);
    let path = format!("Users/{}", ben.id);
    let after = okta.ask("PUT", &path, Some(&moved)).await.with_status(200);
    assert_eq!(after["name"]["familyName"], "Bellamy");
    assert_eq!(beckon.user(&ben).await["displayName"], "Ben Bellamy");

    okta.patch(
        &ben.id,
        &json!([{ "op": "replace", "value": { "active": false } }]),
    )
    .await;
    assert_eq!(beckon.user(&ben).await["enabled"], false);
    okta.patch(
        &ben.id,
        &json!([{ "op": "replace", "value": { "active": true } }]),
    )
    .await;
    assert_eq!(beckon.user(&ben).await["enabled"], true);
    assert!(beckon.mailbox_of("ben@example.com").await.is_empty());
}

#[tokio::test]
async fn whoever_was_added_by_hand_is_found_and_is_the_directory_s_from_then_on() {
    let directory = Directory::inviting("everybody").await;
    let beckon = &directory.beckon;
    let by_name = beckon
        .add_user(&json!({ "email": "ada@example.com", "userName": "ada.lovelace@example.com", "invite": false, "groups": ["staff"] }))
        .await;
    let by_address = beckon.add_uninvited("ben@example.com").await;

    let [found] = &directory
        .found("userName eq \"BEN@example.com\" and active eq true")
        .await[..]
    else {
        panic!("Ben is not found by his address")
    };
    assert_eq!(found["id"], by_address.id);
    directory
        .patch(
            &by_address.id,
            &json!([{ "op": "add", "value": { "externalId": "7" } }]),
        )
        .await;
    let adopted = directory.add(&of_entra()).await;

    assert_eq!(adopted["id"], by_name.id);
    let ada = beckon.user(&by_name).await;
    assert_eq!(
        (&ada["groups"], &ada["invitation"]["state"]),
        (&json!(["staff"]), &json!("none"))
    );
    for user in [&by_name, &by_address] {
        assert_eq!(beckon.user(user).await["fromDirectory"], true);
        let change = json!({ "email": "another@example.com" });
        let path = format!("/v1/users/{}", user.id);
        let refused = beckon
            .call("PATCH", &path)
            .json(&change)
            .answer()
            .await
            .problem(422);
        assert_eq!(refused["errors"][0]["code"], "ownedByDirectory");
        let change = json!({ "groups": ["guests"] });
        beckon
            .call("PATCH", &path)
            .json(&change)
            .answer()
            .await
            .with_status(200);
    }
    assert_eq!(
        directory.refused("POST", "Users", &of_entra()).await,
        (409, "uniqueness".to_owned())
    );
}

#[tokio::test]
async fn a_list_is_paged_and_filtered_and_shows_what_is_wanted() {
    let directory = Directory::inviting("nobody").await;
    for number in 0..5 {
        let person = json!({ "schemas": [USER], "userName": format!("p{number}@example.com"), "displayName": "P" });
        directory.add(&person).await;
    }

    // Lists may be a moment behind.
    until("five people are listed", async || {
        let list = directory.get("Users?count=0").await;
        (list["totalResults"] == 5 && list["Resources"] == json!([])).then_some(())
    })
    .await;
    let page = directory
        .get("Users?startIndex=4&count=3&attributes=userName")
        .await;
    assert_eq!(
        (&page["startIndex"], &page["itemsPerPage"]),
        (&json!(4), &json!(2))
    );
    let third = &page["Resources"][0];
    assert_eq!(third["userName"], "p3@example.com");
    assert_eq!(third.get("emails"), None);
    assert_eq!(
        directory.get("Users?startIndex=-3&count=-1").await["itemsPerPage"],
        0
    );
    let without = directory
        .get("Users?excludedAttributes=displayName,meta&count=1")
        .await;
    assert_eq!(without["Resources"][0].get("displayName"), None);
    let id = third["id"].as_str().unwrap();
    for (filter, count) in [
        (format!("id eq \"{id}\""), 1),
        ("emails.value eq \"P3@EXAMPLE.com\"".to_owned(), 1),
        (
            "userName eq \"p3@example.com\" and displayName eq \"p\"".to_owned(),
            1,
        ),
        (
            "userName eq \"p3@example.com\" and active eq false".to_owned(),
            0,
        ),
        ("externalId eq \"nobody\"".to_owned(), 0),
    ] {
        assert_eq!(directory.found(&filter).await.len(), count, "{filter}");
    }
    for filter in ["userName sw \"p\"", "active eq true", "userName eq p3", ")"] {
        let path = format!("Users?filter={}", encoded(filter));
        let refused = directory.refused("GET", &path, &Value::Null).await;
        assert_eq!(refused, (400, "invalidFilter".to_owned()), "{filter}");
    }
}

#[tokio::test]
async fn what_cannot_be_used_of_somebody_is_passed_over_and_a_name_is_read_as_it_was_written() {
    let directory = Directory::inviting("nobody").await;
    let mut person = of_entra();
    person["displayName"] = json!("see https://evil.example");
    person["name"] = Value::Null;
    let others = [
        json!({ "type": "other", "value": "ü@example.com" }),
        json!({ "type": "home", "value": "" }),
    ];
    person["emails"].as_array_mut().unwrap().extend(others);

    let ada = directory.add(&person).await;

    assert_eq!(ada["displayName"], "see https://evil.example");
    assert_eq!(ada["emails"].as_array().unwrap().len(), 1);
    let user = directory.beckon.user(&person_of(&ada)).await;
    assert_eq!(user["email"], "ada@example.com");
    assert_eq!(user["displayName"], Value::Null);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table: one line for each refusal")]
async fn each_wrong_request_is_refused_as_scim_has_it_and_changes_nothing() {
    let directory = Directory::inviting("nobody").await;
    let ada = directory.add(&of_entra()).await;
    let path = format!("Users/{}", ada["id"].as_str().unwrap());
    let of_one = |operation: Value| json!({ "Operations": [operation] });
    for (method, path, body, status, keyword) in [
        (
            "POST",
            "Users",
            json!({ "userName": "nobody" }),
            400,
            "invalidValue",
        ),
        (
            "POST",
            "Users",
            json!({ "emails": [{ "value": "x@example.com" }] }),
            400,
            "invalidValue",
        ),
        (
            "POST",
            "Users",
            json!({ "userName": 7 }),
            400,
            "invalidValue",
        ),
        ("POST", "Users", json!([]), 400, "invalidSyntax"),
        (
            "PUT",
            &path,
            json!({ "userName": "ada@example.com", "active": "perhaps" }),
            400,
            "invalidValue",
        ),
        ("PATCH", &path, json!({}), 400, "invalidSyntax"),
        (
            "PATCH",
            &path,
            of_one(json!({ "op": "move", "path": "title", "value": "x" })),
            400,
            "invalidSyntax",
        ),
        (
            "PATCH",
            &path,
            of_one(json!({ "op": "remove" })),
            400,
            "noTarget",
        ),
        (
            "PATCH",
            &path,
            of_one(json!({ "op": "add", "path": "colour", "value": "x" })),
            400,
            "invalidPath",
        ),
        (
            "PATCH",
            &path,
            of_one(json!({ "op": "replace", "path": "id", "value": "x" })),
            400,
            "mutability",
        ),
        (
            "PATCH",
            &path,
            of_one(json!({ "op": "replace", "path": "displayName", "value": "x".repeat(257) })),
            400,
            "invalidValue",
        ),
        (
            "POST",
            "Users",
            json!({ "userName": "각".repeat(200), "emails": [{ "value": "x@example.com" }] }),
            400,
            "invalidValue",
        ),
        (
            "POST",
            "Users/.search",
            json!({ "filter": "[".repeat(200_000) }),
            400,
            "invalidFilter",
        ),
        (
            "POST",
            "Users",
            json!({ "userName": "x".repeat(256 * 1024) }),
            413,
            "",
        ),
        (
            "PATCH",
            "Users/nobody",
            of_one(json!({ "op": "replace", "path": "active", "value": false })),
            404,
            "",
        ),
        ("GET", "Devices", Value::Null, 404, ""),
        ("PUT", "Schemas", json!({}), 405, ""),
    ] {
        let refused = directory.refused(method, path, &body).await;
        assert_eq!(
            refused,
            (status, keyword.to_owned()),
            "{method} {path} {body}"
        );
    }
    assert_eq!(directory.get(&path).await, ada);
    let stale = directory
        .beckon
        .call("PATCH", &format!("/scim/v2/{path}"))
        .header("Authorization", &format!("bearer {}", directory.token))
        .header("If-Match", "W/\"99\"")
        .json(&of_one(
            json!({ "op": "replace", "path": "active", "value": false }),
        ))
        .answer()
        .await;
    assert_eq!(stale.status, 412);
}

#[tokio::test]
async fn two_tokens_are_valid_at_a_time_and_none_is_shown_again() {
    let directory = Directory::inviting("nobody").await;
    let beckon = &directory.beckon;
    let other = beckon
        .post("/v1/directory/tokens", &Value::Null)
        .await
        .with_status(201);
    let with = async |token: &str| {
        let call = beckon.call("GET", "/scim/v2/ServiceProviderConfig");
        let answer = call
            .header("Authorization", &format!("Bearer {token}"))
            .answer()
            .await;
        answer.status
    };

    let _ = beckon
        .post("/v1/directory/tokens", &Value::Null)
        .await
        .problem(409);
    let shown = beckon.get("/v1/directory").await;
    assert_eq!(shown.json()["tokens"].as_array().unwrap().len(), 2);
    assert!(!shown.text.contains(&directory.token));
    let second = other["token"].as_str().unwrap();
    assert_eq!(
        (with(&directory.token).await, with(second).await),
        (200, 200)
    );
    let taken = beckon
        .call("DELETE", "/v1/directory/tokens/1")
        .answer()
        .await;

    assert_eq!(taken.status, 204);
    assert_eq!(
        (with(&directory.token).await, with(second).await),
        (401, 200)
    );
    assert_eq!((with("").await, with("another").await), (401, 401));
    let _ = beckon
        .call("DELETE", "/v1/directory/tokens/1")
        .answer()
        .await
        .problem(404);
}
