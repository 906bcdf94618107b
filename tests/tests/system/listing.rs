//! Lists of users over HTTP: by the state of their invitation, and by where its mail stands.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use beckon_tests::{Beckon, until};
use serde_json::json;

/// The addresses on a list, in its order.
async fn listed(beckon: &Beckon, parameters: &str) -> Vec<String> {
    let page = beckon.get(&format!("/v1/users?{parameters}")).await;
    let page = page.with_status(200);
    assert!(page["next"].is_null(), "{page}");
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|user| user["email"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn everybody_is_listed_by_the_state_of_their_invitation_and_by_no_other() {
    let beckon = Beckon::start().await;
    let states = [
        "none",
        "pending",
        "expired",
        "completed",
        "cancelled",
        "declined",
        "locked",
    ];
    beckon.add_uninvited("none@example.com").await;
    beckon.invite("pending@example.com").await;
    let expired = beckon.invite("expired@example.com").await;
    beckon.let_time_run_out(&expired).await;
    let completed = beckon.invite("completed@example.com").await;
    let session = beckon.redeem(&completed).await;
    let registrant = json!({ "registrationId": session });
    beckon
        .report_device(&registrant, &json!({ "id": "d-1" }))
        .await;
    let cancelled = beckon.invite("cancelled@example.com").await;
    beckon.cancel(&cancelled).await;
    let declined = beckon.invite("declined@example.com").await;
    beckon.decline(&declined).await;
    let locked = beckon.invite("locked@example.com").await;
    let pin = beckon.newest_pin(&locked.email).await.replace(' ', "");
    let wrong = if pin == "00000000" {
        "00000001"
    } else {
        "00000000"
    };
    for _ in 0..5 {
        let refused = beckon.show_pin(&locked.email, wrong).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
    }

    for state in states {
        let found = listed(&beckon, &format!("state={state}")).await;

        assert_eq!(found, [format!("{state}@example.com")]);
    }
    let mut all: Vec<String> = states.map(|state| format!("{state}@example.com")).into();
    all.sort();
    assert_eq!(listed(&beckon, "").await, all);
    assert_eq!(
        listed(&beckon, &format!("state={}", states.join(","))).await,
        all
    );
    assert_eq!(
        listed(&beckon, "state=locked,none&text=lo").await,
        ["locked@example.com"]
    );
}

#[tokio::test]
async fn everybody_is_listed_by_where_the_mail_of_their_invitation_stands() {
    let beckon = Beckon::start().await;
    let mut people = Vec::new();
    for name in ["ada", "bounce", "complaint", "softbounce"] {
        let email = format!("{name}@example.com");
        people.push(beckon.add_uninvited(&email).await);
    }
    beckon.add_uninvited("never@example.com").await;
    beckon.begin_batch(&people.iter().collect::<Vec<_>>()).await;
    let deliveries = ["delivered", "hardBounced", "complained", "softBounced"];
    for (person, delivery) in people.iter().zip(deliveries) {
        beckon.delivery(person, delivery).await;
    }
    beckon
        .break_mail_service(&json!({ "fault": "throttle" }))
        .await;
    let waiting = beckon.add_uninvited("waiting@example.com").await;
    beckon.begin_batch(&[&waiting]).await;
    until("the mail is written", async || {
        let user = beckon.user(&waiting).await;
        user["invitation"].is_object().then_some(())
    })
    .await;

    for (person, delivery) in people.iter().zip(deliveries) {
        let found = listed(&beckon, &format!("delivery={delivery}")).await;

        assert_eq!(found, [person.email.as_str()]);
    }
    assert_eq!(
        listed(&beckon, "delivery=waiting,sending").await,
        ["waiting@example.com"]
    );
    assert_eq!(
        listed(&beckon, "delivery=hardBounced,softBounced,complained").await,
        [
            "bounce@example.com",
            "complaint@example.com",
            "softbounce@example.com"
        ]
    );
    assert_eq!(
        listed(&beckon, "state=pending&delivery=delivered").await,
        ["ada@example.com"]
    );
    assert!(listed(&beckon, "delivery=failed").await.is_empty());
    assert!(
        listed(&beckon, "state=none&delivery=delivered")
            .await
            .is_empty()
    );
}

/// In a list of a hundred thousand, whoever is looked for by their whole address may be pages away.
#[tokio::test]
async fn one_person_is_looked_up_by_address_or_external_id() {
    let beckon = Beckon::start().await;
    for (email, id) in [("zoe@example.com", "HR-1"), ("zoe@example.com.au", "HR-11")] {
        let user = json!({ "email": email, "externalId": id, "invite": false });
        let _ = beckon.post("/v1/users", &user).await.with_status(201);
    }
    let look_up = async |by: &str| beckon.get(&format!("/v1/users/lookup?{by}")).await;

    for (by, email) in [
        ("email=ZOE@example.com", "zoe@example.com"),
        ("externalId=HR-1", "zoe@example.com"),
        ("externalId=HR-11", "zoe@example.com.au"),
    ] {
        assert_eq!(look_up(by).await.with_status(200)["email"], email, "{by}");
    }
    for by in ["email=zoe@example.org", "externalId=hr-1"] {
        let _ = look_up(by).await.problem(404);
    }
    for by in ["", "email=zoe", "email=zoe@example.com&externalId=HR-1"] {
        let _ = look_up(by).await.problem(422);
    }
}

#[tokio::test]
async fn groups_are_found_in_every_case_by_repetition_and_with_commas_in_their_names() {
    let beckon = Beckon::start().await;
    for (email, groups) in [
        ("ann@example.com", json!(["Staff"])),
        ("bea@example.com", json!(["staff", "STAFF"])),
        ("cem@example.com", json!(["Sales, EMEA"])),
        ("dan@example.com", json!(["Sales"])),
        ("eve@example.com", json!(["Cafe\u{301}"])),
    ] {
        let user = json!({ "email": email, "groups": groups, "displayName": "Zoë Müller", "invite": false });
        let added = beckon.post("/v1/users", &user).await.with_status(201);
        assert_eq!(added["user"]["groups"].as_array().unwrap().len(), 1);
    }

    for (parameters, found) in [
        ("group=STAFF", "ann bea"),
        ("group=staff&group=SALES", "ann bea dan"),
        ("group=staff,sales", "ann bea dan"),
        ("group=Caf%C3%A9", "eve"),
        ("group=Sales%2C%20EMEA", "cem dan"),
        ("group=Sales%5C%2C%20EMEA", "cem"),
        ("group=Sales,%20EMEA&group=caf%C3%A9", "cem eve"),
        ("group=%E2%80%8Bstaff%EF%BB%BF", "ann bea"),
        ("text=muller%20ZOE&group=staff", "ann bea"),
        ("text=mull%20zz", ""),
    ] {
        let listed = listed(&beckon, parameters).await.join(" ");
        assert_eq!(listed.replace("@example.com", ""), found, "{parameters}");
        let counts = beckon.get(&format!("/v1/users/counts?{parameters}")).await;
        let expected = found.split_whitespace().count();
        assert_eq!(counts.with_status(200)["users"], expected, "{parameters}");
        let export = beckon.get(&format!("/v1/users/export?{parameters}")).await;
        assert_eq!(export.text.lines().count(), expected + 1, "{parameters}");
    }
    let preview = beckon
        .post(
            "/v1/invitations/preview",
            &json!({ "selection": { "filter": { "groups": ["sTAFF"], "text": "zoe mull" } } }),
        )
        .await
        .with_status(200);
    assert_eq!(preview["counts"]["selected"], 2);
    for parameters in ["group=a%07b", "text=a&text=b"] {
        let _ = beckon
            .get(&format!("/v1/users?{parameters}"))
            .await
            .problem(422);
    }
}

#[tokio::test]
async fn people_are_counted_by_how_they_stand() {
    let beckon = Beckon::start().await;
    beckon.add_uninvited("ann@example.com").await;
    let user = json!({ "email": "bob@example.com", "groups": ["staff"], "invite": false });
    let bob = beckon.add_user(&user).await;
    let cid = beckon.invite("cid@example.com").await;
    beckon.delivery(&cid, "delivered").await;
    let dan = beckon.invite("dan@example.com").await;
    beckon.delivery(&dan, "delivered").await;
    for id in ["d-1", "d-2"] {
        let registrant = json!({ "userId": dan.id });
        beckon
            .report_device(&registrant, &json!({ "id": id }))
            .await;
    }
    beckon.send(&[&bob], None).await;
    beckon.cancel(&bob).await;

    let counts = async |parameters: &str| {
        let answer = beckon.get(&format!("/v1/users/counts{parameters}")).await;
        answer.with_status(200)
    };
    let all = counts("").await;
    assert_eq!(
        all["states"],
        json!({ "none": 1, "pending": 1, "expired": 0, "completed": 1, "cancelled": 1, "declined": 0, "locked": 0 })
    );
    assert_eq!(all["deliveries"]["delivered"], 3, "{all}");
    assert_eq!(
        (&all["users"], &all["registered"], &all["devices"]),
        (&json!(4), &json!(1), &json!(2))
    );
    assert_eq!(all["next"], json!(null));
    let staff = counts("?group=staff").await;
    assert_eq!(
        (&staff["users"], &staff["states"]["cancelled"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(counts("?state=completed").await["users"], 1);
}

#[tokio::test]
async fn the_list_is_read_from_its_end_page_by_page_and_each_order_has_its_own_cursors() {
    let beckon = Beckon::start().await;
    for name in ["bob", "ann", "eve", "cid", "dan"] {
        beckon.add_uninvited(&format!("{name}@example.com")).await;
    }

    let mut found = Vec::new();
    let mut query = "order=descending&limit=2".to_owned();
    loop {
        let page = beckon.get(&format!("/v1/users?{query}")).await;
        let page = page.with_status(200);
        for user in page["items"].as_array().unwrap() {
            found.push(user["email"].as_str().unwrap().replace("@example.com", ""));
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        let other_order = beckon.get(&format!("/v1/users?cursor={next}")).await;
        assert_eq!(other_order.status, 422, "{}", other_order.text);
        query = format!("order=descending&limit=2&cursor={next}");
    }

    assert_eq!(found, ["eve", "dan", "cid", "bob", "ann"]);
    let refused = beckon.get("/v1/users?order=upwards").await;
    assert_eq!(refused.with_status(422)["errors"][0]["field"], "order");
}

/// What the help desk looks for: who has begun and not finished, who is disabled, and whose device reads this id aloud.
#[tokio::test]
async fn who_has_begun_who_is_disabled_and_whose_registration_id_it_is_are_found() {
    let beckon = Beckon::start().await;
    let begun = beckon.invite("begun@example.com").await;
    let waiting = beckon.invite("waiting@example.com").await;
    let disabled = beckon.add_uninvited("disabled@example.com").await;
    beckon.disable(&disabled).await;
    let session = beckon.redeem(&begun).await;

    let found = async |query: &str| -> String {
        let page = beckon.get(&format!("/v1/users?{query}")).await.json();
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|user| user["email"].as_str().unwrap().split('@').next().unwrap())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(found("state=begun").await, "begun");
    assert_eq!(found("state=pending").await, "begun waiting");
    assert_eq!(found("state=begun,none").await, "begun disabled");
    assert_eq!(found("enabled=false").await, "disabled");
    assert_eq!(found("enabled=true&state=pending").await, "begun waiting");
    assert!(beckon.user(&begun).await["invitation"]["begunAt"].is_string());
    assert!(beckon.user(&waiting).await["invitation"]["begunAt"].is_null());
    let problem = beckon.get("/v1/users?enabled=no").await.problem(422);
    assert_eq!(problem["errors"][0]["field"], "enabled");

    let read_aloud = format!("{} {}", session[..16].to_uppercase(), &session[16..]);
    let lookup = format!(
        "/v1/users/lookup?registrationId={}",
        read_aloud.replace(' ', "%20")
    );
    assert_eq!(
        beckon.get(&lookup).await.with_status(200)["email"],
        "begun@example.com"
    );
    let another = "0".repeat(32);
    let lookup = format!("/v1/users/lookup?registrationId={another}");
    assert_eq!(beckon.get(&lookup).await.status, 404);
    let problem = beckon
        .get("/v1/users/lookup?registrationId=12")
        .await
        .problem(422);
    assert_eq!(problem["errors"][0]["field"], "registrationId");

    beckon
        .report_device(
            &json!({ "registrationId": session }),
            &json!({ "id": "d-1" }),
        )
        .await;
    assert_eq!(found("state=begun").await, "");
}

#[tokio::test]
async fn of_two_who_change_a_user_the_second_is_told() {
    let beckon = Beckon::start().await;
    let person = beckon.add_uninvited("ada@example.com").await;
    let path = format!("/v1/users/{}", person.id);
    let read = beckon.get(&path).await;
    let tag = read.header("etag").to_owned();
    let change = async |tag: &str, name: &str| {
        beckon
            .call("PATCH", &path)
            .header("If-Match", tag)
            .json(&json!({ "displayName": name }))
            .answer()
            .await
    };

    let first = change(&tag, "First").await;
    assert_eq!(first.with_status(200)["displayName"], "First");
    let problem = change(&tag, "Second").await.problem(412);
    assert_eq!(problem["type"], "urn:beckon:problem:stale-user");
    assert_eq!(beckon.user(&person).await["displayName"], "First");

    let now = first.header("etag").to_owned();
    assert_eq!(
        change(&format!("{tag}, {now}"), "Third")
            .await
            .with_status(200)["displayName"],
        "Third"
    );
    assert_eq!(change("nonsense", "Fourth").await.status, 422);
    let anyway = beckon
        .call("PATCH", &path)
        .json(&json!({ "displayName": "Last" }))
        .answer()
        .await;
    assert_eq!(anyway.with_status(200)["displayName"], "Last");
}

/// So that a console can say it in any language.
#[tokio::test]
async fn a_history_tells_its_facts_beside_its_sentences() {
    let beckon = Beckon::start().await;
    let person = beckon.invite("ada@example.com").await;
    let session = beckon.redeem(&person).await;
    beckon
        .report_device(
            &json!({ "registrationId": session }),
            &json!({ "id": "d-1", "supervised": true }),
        )
        .await;
    let history = beckon
        .get(&format!("/v1/users/{}/history", person.id))
        .await
        .json();

    let facts = |what: &str| {
        let items = history["items"].as_array().unwrap();
        let found = items.iter().find(|entry| entry["what"] == what);
        found.unwrap_or_else(|| panic!("no {what}"))["facts"].clone()
    };
    assert_eq!(facts("userAdded"), json!({}));
    assert_eq!(
        facts("invitationIssued"),
        json!({ "issue": 1, "ownership": "notSet", "method": "pin" })
    );
    assert_eq!(facts("invitationRedeemed"), json!({ "issue": 1 }));
    assert_eq!(
        facts("registrationConfirmed"),
        json!({ "device": "d-1", "ownership": "companyOwned", "rule": "supervised" })
    );
    assert_eq!(
        facts("invitationCompleted"),
        json!({ "issue": 1, "device": "d-1" })
    );
}
