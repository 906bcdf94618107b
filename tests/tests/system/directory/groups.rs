//! Groups of a directory: requests in the forms that Entra ID and Okta document.

use super::*;

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

impl Directory {
    async fn person(&self, name: &str) -> Person {
        let address = format!("{name}@example.com");
        let person = json!({ "schemas": [USER], "userName": address, "displayName": name,
            "emails": [{ "value": address, "type": "work", "primary": true }] });
        person_of(&self.add(&person).await)
    }

    async fn add_group(&self, group: &Value) -> Value {
        self.ask("POST", "Groups", Some(group))
            .await
            .with_status(201)
    }

    async fn patch_group(&self, id: &str, operations: &Value) {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
        });
        let path = format!("Groups/{id}");
        assert_eq!(self.ask("PATCH", &path, Some(&body)).await.status, 204);
    }

    async fn groups_found(&self, query: &str) -> Vec<Value> {
        let list = self.get(&format!("Groups?{query}")).await;
        list["Resources"].as_array().unwrap().clone()
    }

    async fn members(&self, id: &str) -> Vec<String> {
        let group = self.get(&format!("Groups/{id}")).await;
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<String> = members
            .iter()
            .map(|member| member["value"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    }
}

fn ids(people: &[&Person]) -> Vec<String> {
    let mut ids: Vec<String> = people.iter().map(|person| person.id.clone()).collect();
    ids.sort();
    ids
}

fn id_of(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_group_comes_is_filled_renamed_and_deleted_as_entra_says_it() {
    let entra = Directory::inviting_members_of("Device users").await;
    let beckon = &entra.beckon;
    let (ada, ben) = (entra.person("ada").await, entra.person("ben").await);
    let query = format!(
        "excludedAttributes=members&filter={}",
        encoded("displayName eq \"Device users\"")
    );
    assert!(entra.groups_found(&query).await.is_empty());

    let group = entra
        .add_group(&json!({
            "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": "Device users",
            "meta": { "resourceType": "Group" },
        }))
        .await;
    let id = id_of(&group);
    assert_eq!(group["meta"]["resourceType"], "Group");
    assert_eq!(group.get("members"), None);
    assert_eq!(entra.groups_found(&query).await.len(), 1);

    entra
        .patch_group(
            &id,
            &json!([{ "op": "Add", "path": "members", "value": [
                { "$ref": null, "value": ada.id }, { "$ref": null, "value": ben.id },
            ]}]),
        )
        .await;
    assert_eq!(entra.members(&id).await, ids(&[&ada, &ben]));
    assert_eq!(beckon.user(&ada).await["groups"], json!(["Device users"]));
    beckon.mail_number(1, "ada@example.com").await;
    beckon.mail_number(1, "ben@example.com").await;
    let member = format!(
        "filter={}",
        encoded(&format!("id eq \"{id}\" and members eq \"{}\"", ada.id))
    );
    assert_eq!(entra.groups_found(&member).await.len(), 1);

    entra
        .patch_group(
            &id,
            &json!([{ "op": "Replace", "path": "displayName", "value": "1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName" }]),
        )
        .await;
    let renamed = json!(["1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName"]);
    assert_eq!(beckon.user(&ada).await["groups"], renamed);

    entra
        .patch_group(
            &id,
            &json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": ada.id }] }]),
        )
        .await;
    assert_eq!(entra.members(&id).await, ids(&[&ben]));
    assert!(entra.groups_found(&member).await.is_empty());
    let user = beckon.user(&ada).await;
    assert_eq!(
        (&user["groups"], &user["invitation"]["state"]),
        (&json!([]), &json!("pending"))
    );

    let path = format!("Groups/{id}");
    assert_eq!(entra.ask("DELETE", &path, None).await.status, 204);
    assert_eq!(entra.refused("DELETE", &path, &Value::Null).await.0, 404);
    assert_eq!(entra.refused("GET", &path, &Value::Null).await.0, 404);
    assert_eq!(beckon.user(&ben).await["groups"], json!([]));
}

#[tokio::test]
async fn a_group_is_pushed_replaced_and_its_people_leave_as_okta_says_it() {
    let okta = Directory::inviting("nobody").await;
    let beckon = &okta.beckon;
    let (ada, ben) = (okta.person("ada").await, okta.person("ben").await);
    let eve = okta.person("eve").await;

    let group = okta
        .add_group(&json!({
            "schemas": [GROUP], "displayName": "Test SCIMv2",
            "members": [{ "value": ada.id, "display": "ada@example.com" }],
        }))
        .await;
    let id = id_of(&group);
    assert_eq!(group["members"][0]["value"], ada.id);
    okta.patch_group(
        &id,
        &json!([{ "op": "replace", "value": { "id": id, "displayName": "Test SCIMv2 renamed" } }]),
    )
    .await;
    okta.patch_group(
        &id,
        &json!([
            { "op": "remove", "path": format!("members[value eq \"{}\"]", ada.id) },
            { "op": "add", "path": "members", "value": [{ "value": ben.id, "display": "ben@example.com" }] },
        ]),
    )
    .await;
    assert_eq!(okta.members(&id).await, ids(&[&ben]));
    okta.patch_group(
        &id,
        &json!([{ "op": "replace", "path": "members", "value": [{ "value": eve.id }, { "value": ben.id }] }]),
    )
    .await;
    assert_eq!(okta.members(&id).await, ids(&[&ben, &eve]));
    let put = json!({
        "schemas": [GROUP], "id": id, "displayName": "Test SCIMv2",
        "members": [{ "value": ada.id }],
    });
    let path = format!("Groups/{id}");
    let put = okta.ask("PUT", &path, Some(&put)).await.with_status(200);
    assert_eq!(put["members"][0]["value"], ada.id);
    assert_eq!(okta.members(&id).await, ids(&[&ada]));

    let read = okta.get(&format!("Users/{}", ada.id)).await;
    assert_eq!(
        read["groups"],
        json!([{ "value": id, "display": "Test SCIMv2", "type": "direct" }])
    );
    let path = format!("Users/{}", ada.id);
    assert_eq!(okta.ask("DELETE", &path, None).await.status, 204);
    assert!(okta.members(&id).await.is_empty());
    assert!(beckon.mailbox_of("ben@example.com").await.is_empty());
}

#[tokio::test]
async fn groups_are_listed_paged_and_filtered_and_show_what_is_wanted() {
    let directory = Directory::inviting("nobody").await;
    let ada = directory.person("ada").await;
    let members = json!([{ "value": ada.id }]);
    for (number, members) in [(0, json!([])), (1, members.clone()), (2, members)] {
        directory
            .add_group(&json!({ "displayName": format!("Group {number}"),
                "externalId": format!("e{number}"), "members": members }))
            .await;
    }
    // Lists may be a moment behind.
    until("three groups are listed", async || {
        let list = directory.get("Groups?count=0").await;
        (list["totalResults"] == 3 && list["Resources"] == json!([])).then_some(())
    })
    .await;

    let page = directory.get("Groups?startIndex=2&count=1").await;
    let second = &page["Resources"][0];
    assert_eq!(
        (&second["displayName"], &page["totalResults"]),
        (&json!("Group 1"), &json!(3))
    );
    assert_eq!(second["members"][0]["value"], ada.id);
    let without = directory
        .get("Groups?startIndex=2&count=1&excludedAttributes=members")
        .await;
    assert_eq!(without["Resources"][0].get("members"), None);
    let only = directory.get("Groups?count=1&attributes=displayName").await;
    assert_eq!(only["Resources"][0].get("externalId"), None);
    for (filter, count) in [
        ("displayName eq \"group 1\"".to_owned(), 1),
        ("externalId eq \"e2\"".to_owned(), 1),
        ("externalId eq \"E2\"".to_owned(), 0),
        (format!("id eq \"{}\"", id_of(second)), 1),
        (format!("members.value eq \"{}\"", ada.id), 2),
        (format!("members[value eq \"{}\"]", ada.id), 2),
        (
            format!("members eq \"{}\" and displayName eq \"Group 2\"", ada.id),
            1,
        ),
        (
            format!("displayName eq \"Group 0\" and members eq \"{}\"", ada.id),
            0,
        ),
        ("members eq \"nobody\"".to_owned(), 0),
        ("id eq \"nobody\"".to_owned(), 0),
    ] {
        let found = directory
            .groups_found(&format!("filter={}", encoded(&filter)))
            .await;
        assert_eq!(found.len(), count, "{filter}");
    }
    let search = json!({ "filter": "displayName eq \"Group 1\"", "attributes": ["displayName"] });
    let found = directory
        .ask("POST", "Groups/.search", Some(&search))
        .await
        .with_status(200);
    assert_eq!(found["Resources"].as_array().unwrap().len(), 1);
    for filter in [
        "displayName sw \"G\"",
        "meta.resourceType eq \"Group\"",
        "displayName",
    ] {
        let path = format!("Groups?filter={}", encoded(filter));
        let refused = directory.refused("GET", &path, &Value::Null).await;
        assert_eq!(refused, (400, "invalidFilter".to_owned()), "{filter}");
    }
}

#[tokio::test]
async fn a_group_of_many_members_is_put_whole_and_its_adding_can_be_repeated() {
    let directory = Directory::inviting("nobody").await;
    let ada = directory.person("ada").await;
    let member = json!({ "value": ada.id, "display": "x".repeat(200), "type": "User" });
    let staff = |times: usize| {
        json!({ "schemas": [GROUP], "displayName": "Staff", "externalId": "1",
            "members": vec![member.clone(); times] })
    };

    let group = directory.add_group(&staff(1)).await;
    let again = directory.add_group(&staff(1)).await;
    let path = format!("Groups/{}", id_of(&group));
    let put = directory.ask("PUT", &path, Some(&staff(10_000))).await;
    let too_large = directory.refused("PUT", &path, &staff(20_000)).await;

    assert_eq!(again, group);
    assert_eq!(put.with_status(200), group);
    assert_eq!(too_large, (413, String::new()));
    assert_eq!(directory.members(&id_of(&group)).await, ids(&[&ada]));
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table: one entry for each request")]
async fn each_wrong_request_about_a_group_is_refused_as_scim_has_it_and_changes_nothing() {
    let directory = Directory::inviting("nobody").await;
    let ada = directory.person("ada").await;
    let group = directory
        .add_group(&json!({ "displayName": "Staff", "externalId": "1" }))
        .await;
    let path = format!("Groups/{}", id_of(&group));
    let unknown = "01J00000000000000000000000";
    let add = |id: &str| {
        json!({ "Operations": [{ "op": "add", "path": "members",
            "value": [{ "value": ada.id }, { "value": id }] }] })
    };
    let too_many: Vec<Value> = (0..1_001)
        .map(|number| json!({ "value": format!("01J0000000000000000000{number:04}") }))
        .collect();
    let too_many = json!({ "Operations": [{ "op": "add", "path": "members", "value": too_many }] });
    for (method, path, body, status, keyword) in [
        (
            "POST",
            "Groups",
            json!({ "displayName": "STAFF" }),
            409,
            "uniqueness",
        ),
        (
            "POST",
            "Groups",
            json!({ "displayName": "Crew", "externalId": "1" }),
            409,
            "uniqueness",
        ),
        (
            "POST",
            "Groups",
            json!({ "externalId": "2" }),
            400,
            "invalidValue",
        ),
        (
            "POST",
            "Groups",
            json!({ "displayName": "see https://evil.example" }),
            400,
            "invalidValue",
        ),
        (
            "POST",
            "Groups",
            json!({ "displayName": "Crew", "members": [{ "value": unknown }] }),
            400,
            "invalidValue",
        ),
        ("PATCH", &path, add(unknown), 400, "invalidValue"),
        ("PATCH", &path, add("nobody"), 400, "invalidValue"),
        ("PATCH", &path, add(&id_of(&group)), 400, "invalidValue"),
        ("PATCH", &path, too_many, 400, "invalidValue"),
        (
            "PATCH",
            &path,
            json!({ "Operations": [{ "op": "remove", "path": "displayName" }] }),
            400,
            "mutability",
        ),
        ("PATCH", &path, json!({}), 400, "invalidSyntax"),
        (
            "PATCH",
            "Groups/nothing",
            json!({ "Operations": [] }),
            404,
            "",
        ),
        (
            "PUT",
            "Groups/01J00000000000000000000000",
            json!({ "displayName": "Crew" }),
            404,
            "",
        ),
        ("POST", &path, json!({}), 405, ""),
    ] {
        let refused = directory.refused(method, path, &body).await;
        assert_eq!(
            refused,
            (status, keyword.to_owned()),
            "{method} {path} {body}"
        );
    }
    assert_eq!(directory.get(&path).await, group);
    assert_eq!(directory.beckon.user(&ada).await["groups"], json!([]));
}

#[tokio::test]
async fn a_group_of_the_directory_is_its_own_and_what_is_by_hand_stays_by_hand() {
    let directory = Directory::inviting("nobody").await;
    let beckon = &directory.beckon;
    let ada = directory.person("ada").await;
    directory
        .add_group(&json!({ "displayName": "Staff", "members": [{ "value": ada.id }] }))
        .await;
    let path = format!("/v1/users/{}", ada.id);
    let set = async |groups: Value| {
        let call = beckon.call("PATCH", &path);
        call.json(&json!({ "groups": groups })).answer().await
    };

    let refused = set(json!(["local"])).await.problem(422);
    assert_eq!(
        (
            &refused["errors"][0]["field"],
            &refused["errors"][0]["code"]
        ),
        (&json!("groups"), &json!("ownedByDirectory"))
    );
    let set = set(json!(["staff", "local"])).await.with_status(200);

    assert_eq!(set["groups"], json!(["local", "Staff"]));
}

#[tokio::test]
async fn a_person_who_becomes_active_later_is_invited_then() {
    let directory = Directory::inviting("everybody").await;
    let person = json!({ "userName": "kim@example.com", "active": false });
    let kim = directory.add(&person).await;
    assert!(
        directory
            .beckon
            .mailbox_of("kim@example.com")
            .await
            .is_empty()
    );

    directory
        .patch(
            &id_of(&kim),
            &json!([{ "op": "Replace", "path": "active", "value": "True" }]),
        )
        .await;

    directory.beckon.mail_number(1, "kim@example.com").await;
}
