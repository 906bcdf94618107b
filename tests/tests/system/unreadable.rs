//! Rows that this version cannot read, seen from outside: nobody else notices, and an operator is told
//! once.
#![expect(
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use beckon_tests::{Beckon, Person, until};
use serde_json::{Value, json};

/// A waiting mail as a rollback leaves it: of a kind that only a later version knows, and due before all
/// others.
fn mail_of_a_later_kind(person: &Person) -> Value {
    json!({
        "pk": { "S": "mail#01KG4JZ3M0000000000000000B" }, "sk": { "S": "mail" },
        "id": { "S": "01KG4JZ3M0000000000000000B" }, "version": { "N": "1" },
        "kind": { "M": { "type": { "S": "weeklyDigest" } } }, "user": { "S": person.id },
        "settings": { "N": "0" }, "state": { "S": "waiting" }, "class": { "S": "small" },
        "dueAt": { "S": "2026-01-01T00:00:00Z" }, "attempts": { "N": "0" },
        "createdAt": { "S": "2026-01-01T00:00:00Z" },
        "duePk": { "S": "mail#small#b" }, "dueSk": { "S": "2026-01-01T00:00:00.000Z#0b" }
    })
}

async fn told_about(beckon: &Beckon, row: &str) -> Vec<Value> {
    let mut failures = beckon.failures().await;
    failures.retain(|failure| failure["event"].as_str().unwrap_or("").contains(row));
    failures
}

#[tokio::test]
async fn one_mail_of_a_later_kind_stops_no_other_mail_and_is_told_of_once() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon.put_item(mail_of_a_later_kind(&ada));

    beckon.invite("first@example.com").await;
    beckon.newest_mail("first@example.com").await;
    beckon.invite("second@example.com").await;
    beckon.newest_mail("second@example.com").await;

    let row = "mail#01KG4JZ3M0000000000000000B mail";
    until("the row is told of", async || {
        let told = told_about(&beckon, row).await;
        (!told.is_empty()).then_some(())
    })
    .await;
    let told = told_about(&beckon, row).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let event = told[0]["event"].as_str().unwrap();
    assert!(event.contains("weeklyDigest"), "{event}");
}

/// `groups` is a text.
async fn damaged(beckon: &Beckon, email: &str) -> Person {
    let not_a_list = json!({ "S": "not a list" });
    damaged_in(beckon, email, "groups", not_a_list).await
}

async fn damaged_in(beckon: &Beckon, email: &str, attribute: &str, value: Value) -> Person {
    let person = beckon.add_uninvited(email).await;
    let mut row = beckon.row_of(&person);
    row[attribute] = value;
    beckon.put_item(row);
    person
}

#[tokio::test]
async fn one_damaged_user_is_left_out_and_everybody_else_is_served() {
    let beckon = Beckon::start().await;
    let broken = damaged(&beckon, "broken@example.com").await;
    let good = beckon.add_uninvited("good@example.com").await;

    for path in ["/v1/users", "/v1/users?text=g", "/v1/users?state=none"] {
        let page = beckon.get(path).await.with_status(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{path}: {page}");
        assert_eq!(page["items"][0]["id"], good.id, "{path}");
        assert_eq!(page["unreadable"], 1, "{path}");
    }
    let counts = beckon.get("/v1/users/counts").await.with_status(200);
    assert_eq!(
        (&counts["users"], &counts["unreadable"]),
        (&json!(1), &json!(1))
    );
    let export = beckon.get("/v1/users/export").await;
    assert_eq!(export.status, 200);
    let selection = json!({ "selection": { "filter": {} } });
    let preview = beckon.post("/v1/invitations/preview", &selection).await;
    assert_eq!(preview.with_status(200)["counts"]["willSend"], 1);
    let sent = beckon.send(&[&broken, &good], None).await;
    assert_eq!(sent["batch"]["counts"]["skipped"], 1, "{sent}");
    beckon.newest_mail("good@example.com").await;
    let id = sent["batch"]["id"].as_str().unwrap();
    let recipients = beckon.get(&format!("/v1/batches/{id}/recipients")).await;
    let recipients = recipients.with_status(200);
    let of_broken = recipients["items"].as_array().unwrap().iter();
    let of_broken: Vec<&Value> = of_broken
        .filter(|item| item["userId"] == broken.id)
        .collect();
    assert_eq!(of_broken[0]["reason"], "unreadable", "{recipients}");

    let row = format!("user#{} user", broken.id);
    until("the row is told of", async || {
        let told = told_about(&beckon, &row).await;
        (!told.is_empty()).then_some(())
    })
    .await;
    assert_eq!(told_about(&beckon, &row).await.len(), 1);
}

/// Neither gone nor out of reach for ever.
#[tokio::test]
async fn who_asks_for_a_damaged_user_is_told_which_record_cannot_be_read() {
    let beckon = Beckon::start().await;
    let broken = damaged(&beckon, "broken@example.com").await;
    let user = format!("/v1/users/{}", broken.id);
    let patch = json!({ "displayName": "Ada" });

    let answers = [
        beckon.get(&user).await,
        beckon.call("PATCH", &user).json(&patch).answer().await,
        beckon.call("DELETE", &user).answer().await,
        beckon
            .get("/v1/users/lookup?email=broken@example.com")
            .await,
    ];

    for answer in answers {
        // The driver hides ids in problems.
        let names_the_record = answer.text.contains(&format!("user#{} user", broken.id));
        let problem = answer.problem(409);
        assert_eq!(problem["type"], "urn:beckon:problem:unreadable-record");
        assert!(names_the_record, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains("groups"),
            "{problem}"
        );
    }
    let history = beckon
        .get(&format!("{user}/history"))
        .await
        .with_status(200);
    assert_eq!(history["items"].as_array().unwrap().len(), 1);
}

/// The row of the user, or the one by which the address leads to them.
#[tokio::test]
async fn an_import_goes_around_whom_it_cannot_read_and_invites_the_others() {
    let beckon = Beckon::start().await;
    damaged(&beckon, "broken@example.com").await;
    let lost = beckon.add_uninvited("lost@example.com").await;
    beckon.put_item(json!({
        "pk": { "S": "address#lost@example.com" }, "sk": { "S": "address" },
        "user": { "M": { "id": { "S": lost.id } } }, "schema": { "N": "1" }
    }));
    let file = "email\nfirst@example.com\nbroken@example.com\nlost@example.com\nlast@example.com\n";

    let import = beckon.call("POST", "/v1/users/import?invite=true");
    let import = import.header("Content-Type", "text/csv").bare_body(file);
    let answer = import.answer().await.with_status(200);

    assert_eq!(answer["complete"], true, "{answer}");
    assert_eq!(answer["invited"], 2, "{answer}");
    for (row, record) in [(1, "user#"), (2, "address#(digest")] {
        let row = &answer["rows"][row];
        assert_eq!(row["outcome"], "invalid", "{row}");
        assert_eq!(row["errors"][0]["code"], "unreadable", "{row}");
        let detail = row["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(record), "{detail}");
    }
    for invited in ["first@example.com", "last@example.com"] {
        beckon.mail_number(1, invited).await;
    }
}

/// Whatever is wrong with their rows: what this version does not know, what is of another type, what is
/// no value of its field, what is missing.
#[tokio::test]
async fn lists_counts_files_and_previews_go_around_rows_that_are_damaged_in_any_way() {
    let beckon = Beckon::start().await;
    let state = json!({ "M": { "state": { "S": "waitlisted" } } });
    for (attribute, value) in [
        ("invitation", state),
        ("devices", json!({ "S": "many" })),
        ("enabled", json!({ "N": "1" })),
        ("groups", json!({ "L": [{ "N": "1" }] })),
        ("email", json!({ "NULL": true })),
        ("schema", json!({ "N": "2" })),
    ] {
        let email = format!("{attribute}@example.com");
        damaged_in(&beckon, &email, attribute, value).await;
    }
    beckon.add_uninvited("good@example.com").await;

    let all = beckon.get("/v1/users").await.with_status(200);
    let found = beckon.get("/v1/users?text=good").await.with_status(200);
    let counts = beckon.get("/v1/users/counts").await.with_status(200);
    let export = beckon.get("/v1/users/export").await;
    let selection = json!({ "selection": { "filter": {} } });
    let preview = beckon.post("/v1/invitations/preview", &selection).await;

    for page in [&all, &found] {
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
        assert_eq!(page["items"][0]["email"], "good@example.com");
        assert_eq!(page["unreadable"], 6, "{page}");
    }
    assert_eq!(
        (&counts["users"], &counts["unreadable"]),
        (&json!(1), &json!(6))
    );
    assert!(export.text.contains("good@example.com"), "{}", export.text);
    assert_eq!(export.text.trim().lines().count(), 2, "{}", export.text);
    assert_eq!(preview.with_status(200)["counts"]["willSend"], 1);
}

/// After a rollback: what is not known stays, in the row and in the invitation within it.
#[tokio::test]
async fn what_a_later_version_wrote_outlives_a_change_by_this_one() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    beckon.newest_mail("ada@example.com").await;
    beckon.quiet().await;
    let mut row = beckon.row_of(&ada);
    row["nickname"] = json!({ "S": "of later" });
    row["invitation"]["M"]["channel"] = json!({ "S": "sms" });
    beckon.put_item(row);

    let user = format!("/v1/users/{}", ada.id);
    let patch = json!({ "displayName": "Ada" });
    let changed = beckon.call("PATCH", &user).json(&patch).answer().await;
    changed.with_status(200);
    beckon.redeem(&ada).await;

    let row = beckon.row_of(&ada);
    assert_eq!(row["nickname"], json!({ "S": "of later" }));
    assert_eq!(row["invitation"]["M"]["channel"], json!({ "S": "sms" }));
    assert_eq!(row["displayName"], json!({ "S": "Ada" }));
    assert_eq!(row["schema"], json!({ "N": "1" }));
}

/// What delivery keeps for itself, as a version wrote it that was rolled back.
#[tokio::test]
async fn rows_of_a_later_schema_about_delivery_itself_stop_no_mail() {
    let beckon = Beckon::start().await;
    for (row, more) in [
        ("pace", json!({ "perSecond": { "S": "1" } })),
        ("lease", json!({ "until": { "S": "2026-01-01T00:00:00Z" } })),
        ("pause", json!({ "until": { "S": "2026-01-01T00:00:00Z" } })),
    ] {
        let mut item = more;
        item["pk"] = json!({ "S": "postman" });
        item["sk"] = json!({ "S": row });
        item["schema"] = json!({ "N": "2" });
        beckon.put_item(item);

        let email = format!("after-{row}@example.com");
        beckon.invite(&email).await;

        beckon.newest_mail(&email).await;
    }
}

/// It may mean something else by the same names.
#[tokio::test]
async fn a_user_of_a_later_schema_is_left_alone_and_others_are_served() {
    let beckon = Beckon::start().await;
    let later = beckon.add_uninvited("later@example.com").await;
    let mut row = beckon.row_of(&later);
    row["schema"] = json!({ "N": "2" });
    beckon.put_item(row.clone());
    let patch = json!({ "displayName": "Ada" });

    let user = format!("/v1/users/{}", later.id);
    let changed = beckon.call("PATCH", &user).json(&patch).answer().await;
    let problem = changed.problem(409);
    beckon.invite("other@example.com").await;
    beckon.newest_mail("other@example.com").await;

    assert_eq!(problem["type"], "urn:beckon:problem:unreadable-record");
    let mut kept = beckon.row_of(&later);
    for name in ["setAside", "duePk", "dueSk"] {
        kept.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(kept, row);
}
