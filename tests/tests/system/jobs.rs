//! Jobs over HTTP: an action for many people, carried out while nobody waits for it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::fmt::Write as _;

use beckon_domain::values::permission::{Caller, CallerKind};
use beckon_tests::{Beckon, Person, until};
use serde_json::{Value, json};

async fn start(beckon: &Beckon, body: &Value) -> String {
    let job = beckon.post("/v1/jobs", body).await.with_status(202);
    job["id"].as_str().unwrap().to_owned()
}

async fn job(beckon: &Beckon, id: &str) -> Value {
    beckon.get(&format!("/v1/jobs/{id}")).await.with_status(200)
}

async fn ended(beckon: &Beckon, id: &str) -> Value {
    until("the job is over", async || {
        let job = job(beckon, id).await;
        (!job["endedAt"].is_null()).then_some(job)
    })
    .await
}

/// Every outcome, by the end of the id, with its reason.
async fn outcomes(beckon: &Beckon, id: &str, query: &str) -> Vec<Value> {
    let path = format!("/v1/jobs/{id}/outcomes{query}");
    let page = beckon.get(&path).await.with_status(200);
    page["items"].as_array().unwrap().clone()
}

fn ids(people: &[&Person]) -> Value {
    json!({ "userIds": people.iter().map(|person| &*person.id).collect::<Vec<_>>() })
}

fn caller(role: &str) -> Caller {
    Caller::with_roles(CallerKind::Person, "somebody", [role])
}

#[tokio::test]
async fn a_job_cancels_what_is_open_and_says_of_everybody_else_why_not() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let ben = beckon.invite("ben@example.com").await;
    let off = beckon.add_uninvited("off@example.com").await;
    beckon.cancel(&ben).await;

    let order = json!({ "action": "cancel", "selection": ids(&[&ada, &ben, &off]) });
    let id = start(&beckon, &order).await;
    let over = ended(&beckon, &id).await;

    assert_eq!(over["state"], "done");
    assert_eq!(over["selected"], 3);
    assert_eq!(over["progress"], 1.0);
    assert_eq!(
        over["counts"],
        json!({ "done": 1, "unchanged": 0, "refused": 2, "unreadable": 0, "gone": 0 })
    );
    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "cancelled");
    let all = outcomes(&beckon, &id, "").await;
    let said: Vec<(&str, &Value)> = all
        .iter()
        .map(|one| (one["email"].as_str().unwrap(), &one["reason"]))
        .collect();
    assert_eq!(
        said,
        [
            ("ada@example.com", &Value::Null),
            ("ben@example.com", &json!("notOpen")),
            ("off@example.com", &json!("noInvitation")),
        ]
    );
    // The sentence of the route that does it to one.
    let single = format!("/v1/users/{}/invitation/cancel", ben.id);
    let refusal = beckon.post(&single, &Value::Null).await.problem(409);
    assert_eq!(all[1]["detail"], refusal["detail"]);
    let refused = outcomes(&beckon, &id, "?outcome=refused&limit=1").await;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["email"], "ben@example.com");
}

#[tokio::test]
async fn a_repeated_request_is_the_same_job_and_mails_nobody_twice() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    beckon.mail_number(1, "ada@example.com").await;
    let order = json!({ "action": "resend", "selection": ids(&[&ada]) });
    let call = async || {
        let call = beckon.call("POST", "/v1/jobs").key("again-1").json(&order);
        call.answer().await
    };

    let first = call().await.with_status(202);
    let second = call().await.with_status(202);
    ended(&beckon, first["id"].as_str().unwrap()).await;
    beckon.quiet().await;

    assert_eq!(first, second);
    assert_eq!(beckon.mailbox_of("ada@example.com").await.len(), 2);
}

#[tokio::test]
async fn a_filter_is_gone_through_and_an_exception_is_not_touched() {
    let beckon = Beckon::start().await;
    let mut people = Vec::new();
    for number in 0..60 {
        let email = format!("p{number}@example.com");
        people.push(beckon.add_uninvited(&email).await);
    }

    let except = people[7].id.clone();
    let selection = json!({ "filter": { "text": "p" }, "except": [except] });
    let id = start(
        &beckon,
        &json!({ "action": "disable", "selection": selection }),
    )
    .await;
    let over = ended(&beckon, &id).await;

    assert_eq!(over["selected"], 59);
    assert_eq!(over["counts"]["done"], 59);
    let enabled: Vec<Value> = beckon.users().await;
    let enabled = enabled.iter().filter(|user| user["enabled"] == true);
    let enabled: Vec<&Value> = enabled.map(|user| &user["id"]).collect();
    assert_eq!(enabled, [&json!(except)]);
    let events = beckon.history_events(&people[0]).await;
    assert!(events.contains(&"userChanged".to_owned()), "{events:?}");
}

#[tokio::test]
async fn people_who_are_deleted_by_a_job_are_gone_and_their_outcome_names_nobody() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let ben = beckon.invite("ben@example.com").await;

    let order = json!({ "action": "delete", "selection": ids(&[&ada, &ben]) });
    // At the same time: once the first is through, there is nobody left whom a second could name.
    let (id, again) = tokio::join!(start(&beckon, &order), start(&beckon, &order));
    let over = ended(&beckon, &id).await;
    let late = ended(&beckon, &again).await;

    // The two jobs are for the same people; each was deleted once.
    let done = |job: &Value| job["counts"]["done"].as_u64().unwrap();
    let gone = |job: &Value| job["counts"]["gone"].as_u64().unwrap();
    assert_eq!(done(&over) + done(&late), 2);
    assert_eq!(gone(&over) + gone(&late), 2);
    assert_eq!(beckon.users().await, Vec::<Value>::new());
    let all = outcomes(&beckon, &id, "").await;
    assert_eq!(all[0]["email"], Value::Null);
}

#[tokio::test]
async fn pins_that_a_job_generates_are_mailed_to_nobody_and_can_be_handed_over() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let ben = beckon.invite("ben@example.com").await;
    let before = beckon.mailbox_of("ada@example.com").await.len();

    let id = start(
        &beckon,
        &json!({
            "action": "generatePins", "selection": ids(&[&ada, &ben]),
            "ownership": "companyOwned", "reason": "First day",
        }),
    )
    .await;
    let over = ended(&beckon, &id).await;
    beckon.quiet().await;

    assert_eq!(over["counts"]["done"], 1);
    assert_eq!(over["counts"]["unchanged"], 1);
    assert_eq!(over["ownership"], "companyOwned");
    let invitation = beckon.user(&ada).await["invitation"].clone();
    assert_eq!(invitation["state"], "pending");
    assert_eq!(invitation["ownership"], "companyOwned");
    assert_eq!(beckon.mailbox_of("ada@example.com").await.len(), before);
    let path = format!("/v1/users/{}/invitation/pin", ada.id);
    let handed = beckon.post(&path, &json!({ "reason": "First day" })).await;
    let handed = handed.with_status(200);
    assert_eq!(handed["issued"], false);
    let pin = handed["pin"].as_str().unwrap();
    beckon
        .show_pin("ada@example.com", pin)
        .await
        .with_status(200);
    let unchanged = outcomes(&beckon, &id, "?outcome=unchanged").await;
    assert_eq!(unchanged[0]["reason"], "openAlready");
}

#[tokio::test]
async fn groups_are_added_and_taken_away_and_who_had_them_is_left_as_they_were() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let groups = async || beckon.user(&ada).await["groups"].clone();
    let act = async |action: &str, groups: Value| {
        let order = json!({ "action": action, "groups": groups, "selection": ids(&[&ada]) });
        let id = start(&beckon, &order).await;
        ended(&beckon, &id).await["counts"].clone()
    };

    act("addGroups", json!(["Staff", "Field"])).await;
    assert_eq!(groups().await, json!(["Field", "Staff"]));
    let again = act("addGroups", json!(["staff"])).await;
    assert_eq!(
        (&again["done"], &again["unchanged"]),
        (&json!(0), &json!(1))
    );
    act("removeGroups", json!(["field"])).await;
    assert_eq!(groups().await, json!(["Staff"]));
    act("setGroups", json!([])).await;
    assert_eq!(groups().await, json!([]));
}

#[tokio::test]
async fn a_job_needs_the_role_of_its_action() {
    for (role, action, may) in [
        ("helpdesk", "resend", true),
        ("helpdesk", "cancel", false),
        ("inviter", "delete", true),
        ("inviter", "generatePins", false),
        ("pindesk", "generatePins", true),
        ("pindesk", "disable", false),
        ("viewer", "enable", false),
    ] {
        let beckon = Beckon::start_with(|options| options.caller = caller(role)).await;
        let mut order = json!({ "action": action, "selection": { "filter": {} } });
        if action == "generatePins" {
            order["reason"] = json!("First day");
        }

        let answer = beckon.post("/v1/jobs", &order).await;

        let status = if may { 202 } else { 403 };
        assert_eq!(answer.status, status, "{role} {action}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_wrong_order_is_told_each_of_its_fields_and_does_nothing() {
    let beckon = Beckon::start().await;
    let nobody = "01KG4JZ3M0000000000000000A";
    for (order, field, code) in [
        (json!({ "action": "cancel" }), "selection", "missing"),
        (
            json!({ "action": "cancel", "selection": { "userIds": [] } }),
            "selection.userIds",
            "empty",
        ),
        (
            json!({ "action": "cancel", "selection": { "userIds": [nobody] } }),
            "selection.userIds[0]",
            "unknownUser",
        ),
        (
            json!({ "action": "cancel", "groups": ["a"], "selection": { "filter": {} } }),
            "groups",
            "doesNotApply",
        ),
        (
            json!({ "action": "addGroups", "groups": [], "selection": { "filter": {} } }),
            "groups",
            "missing",
        ),
        (
            json!({ "action": "generatePins", "selection": { "filter": {} } }),
            "reason",
            "empty",
        ),
        (
            json!({ "action": "resend", "ownership": null, "selection": { "filter": {} } }),
            "ownership",
            "doesNotApply",
        ),
    ] {
        let problem = beckon.post("/v1/jobs", &order).await.problem(422);

        let errors = problem["errors"].as_array().unwrap();
        let named = errors
            .iter()
            .any(|error| error["field"] == field && error["code"] == code);
        assert!(named, "{order}: {problem}");
    }
    let listed = beckon.get("/v1/jobs").await.with_status(200);
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn a_job_tells_of_its_beginning_and_its_end_and_is_listed() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let id = start(
        &beckon,
        &json!({ "action": "cancel", "selection": ids(&[&ada]) }),
    )
    .await;
    ended(&beckon, &id).await;

    // One that is over stays as it is.
    let stopped = beckon
        .post(&format!("/v1/jobs/{id}/stop"), &Value::Null)
        .await;
    assert_eq!(stopped.with_status(200)["state"], "done");
    let history = beckon.get(&format!("/v1/jobs/{id}/history")).await;
    let items = history.with_status(200)["items"].clone();
    let told: Vec<(&str, &str)> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["what"].as_str().unwrap(),
                item["text"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("done", "Everyone selected has an outcome: 1 done."),
            ("started", "Cancel the invitation: one user."),
        ]
    );
    let listed = beckon.get("/v1/jobs").await.with_status(200);
    assert_eq!(listed["items"][0]["id"], json!(id));
    assert_eq!(listed["items"][0]["startedBy"], "Local administrator");
    let unknown = beckon.get("/v1/jobs/unknown").await.problem(404);
    assert_eq!(unknown["type"], "urn:beckon:problem:not-found");
}

async fn import(beckon: &Beckon, invite: bool, file: &str) -> String {
    let path = format!("/v1/jobs/import?invite={invite}");
    let call = beckon
        .call("POST", &path)
        .header("Content-Type", "text/csv");
    let job = call.bare_body(file).answer().await.with_status(202);
    assert_eq!(job["action"], "import");
    job["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_is_imported_as_a_job_and_whoever_was_never_invited_is() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let mut file = "email,name,department\nada@example.com,Ada,X\nnobody,Y,X\n".to_owned();
    for number in 0..60 {
        writeln!(file, "p{number}@example.com,P,X").unwrap();
    }

    let id = import(&beckon, true, &file).await;
    let over = ended(&beckon, &id).await;

    assert_eq!(
        over["rows"],
        json!({ "added": 60, "updated": 1, "unchanged": 0, "invalid": 1 })
    );
    assert_eq!(over["counts"], Value::Null);
    assert_eq!(over["ignoredColumns"], json!(["department"]));
    let batch = over["batchId"].as_str().unwrap();
    assert_eq!(beckon.batch(batch).await["batch"]["counts"]["selected"], 61);
    let all = outcomes(&beckon, &id, "?outcome=updated,invalid").await;
    assert_eq!(all[0]["line"], 2);
    assert_eq!(all[0]["userId"], json!(ada.id));
    assert_eq!(all[0]["changes"], json!(["name"]));
    assert_eq!(all[1]["line"], 3);
    assert_eq!(all[1]["errors"][0]["field"], "email");
    // The same file once more changes nothing and invites nobody.
    let again = import(&beckon, true, &file).await;
    let over = ended(&beckon, &again).await;
    assert_eq!(over["rows"]["unchanged"], 61);
    assert_eq!(over["batchId"], Value::Null);
}

#[tokio::test]
async fn what_is_no_list_of_users_starts_no_job() {
    let beckon = Beckon::start().await;
    let call = beckon
        .call("POST", "/v1/jobs/import?invite=false")
        .header("Content-Type", "text/csv");

    let problem = call.bare_body("colour\nred\n").answer().await.problem(422);

    assert_eq!(problem["type"], "urn:beckon:problem:invalid-file");
    let call = beckon.call("POST", "/v1/jobs/import");
    let call = call.header("Content-Type", "text/csv");
    let problem = call.bare_body("email\n").answer().await.problem(422);
    assert_eq!(problem["errors"][0]["field"], "invite");
}

#[tokio::test]
async fn a_file_that_cannot_be_stored_as_a_whole_is_refused_and_says_what_to_do() {
    let beckon = Beckon::start().await;
    // Within the limits of a file, and nothing that packs well.
    let mut file = b"email,notes".to_vec();
    let mut state = 1_u64;
    while file.len() < 4_100_000 {
        file.extend(b"\na@example.com,");
        for _ in 0..900 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let [letter, ..] = state.to_be_bytes();
            // Nothing that ends a cell, and nothing of a character that somebody lost.
            let is_letter = letter >= b' ' && !matches!(letter, b'"' | b',' | 0x7F | 0xEF);
            file.push(if is_letter { letter } else { b'a' });
        }
    }
    let call = beckon.call("POST", "/v1/jobs/import?invite=false").header(
        "Content-Type",
        "application/octet-stream; charset=windows-1252",
    );

    let problem = call.bare_body(file).answer().await.problem(413);

    assert_eq!(problem["type"], "urn:beckon:problem:too-large");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("3584000 bytes; split it"), "{detail}");
    let listed = beckon.get("/v1/jobs").await.with_status(200);
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn sheets_for_several_people_are_one_page_with_a_pin_for_each() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let ben = beckon.add_uninvited("ben@example.com").await;
    let off = beckon.add_uninvited("off@example.com").await;
    beckon.disable(&off).await;
    let people = [&ada, &ben, &off].map(|person| person.id.clone());

    let order = json!({ "userIds": people, "reason": "First day" });
    let page = beckon.post("/v1/sheets", &order).await;

    assert_eq!(page.status, 200);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.text.matches("<article").count(), 2);
    assert!(
        page.text
            .contains(&format!("{}: The user is disabled", off.id))
    );
    for person in [&ada, &ben] {
        let events = beckon.history_events(person).await;
        assert!(
            events.contains(&"secretHandedOver".to_owned()),
            "{events:?}"
        );
    }
    let none = json!({ "userIds": [], "reason": "" });
    let problem = beckon.post("/v1/sheets", &none).await.problem(422);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
}
