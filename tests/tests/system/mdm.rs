//! What a device management does over HTTP for people: showing the PIN they typed into it, and
//! reporting their devices.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use beckon_tests::{Answer, Beckon, Person};
use serde_json::{Value, json};

async fn show_for_somebody(beckon: &Beckon, shown: Value) -> Answer {
    beckon.post("/v1/mdm/redemptions", &shown).await
}

/// Shows a wrong PIN as typed at this address.
async fn type_wrongly(beckon: &Beckon, person: &Person, at: Option<&str>) -> Answer {
    let mut shown = json!({ "email": person.email, "pin": "not-a-pin" });
    if let Some(address) = at {
        shown["clientAddress"] = json!(address);
    }
    show_for_somebody(beckon, shown).await
}

fn device(id: &str) -> Value {
    json!({ "id": id, "platform": "ios" })
}

#[tokio::test]
async fn a_device_management_redeems_a_pin_and_reports_the_device_without_the_bus() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon.send(&[&ada], Some("companyOwned")).await;
    let pin = beckon.newest_pin(&ada.email).await;

    let shown = json!({ "email": ada.email, "pin": pin, "device": device("adas-phone") });
    let opened = show_for_somebody(&beckon, shown).await.with_status(200);
    assert_eq!(opened["ownership"], "companyOwned");
    let report = json!({
        "registrationId": opened["registrationId"],
        "device": device("adas-phone"),
        "registeredAt": "2026-01-31T09:30:00Z",
        "tenant": "what others are told is let be",
    });
    let reported = beckon.post("/v1/mdm/registrations", &report).await;

    assert_eq!(
        reported.with_status(200),
        json!({
            "outcome": "recorded", "ownership": "companyOwned", "rule": "invitation", "issue": 1,
            "notCompleted": null, "afterEnd": false, "timeUnknown": false, "ignored": [],
        })
    );
    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "completed");
    let id = opened["registrationId"].as_str().unwrap();
    assert_eq!(beckon.registration(id).await["state"], "confirmed");
}

#[tokio::test]
async fn what_came_of_a_report_is_answered_each_time() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let report = |supervised: Option<bool>| {
        let mut device = device("adas-phone");
        if let Some(supervised) = supervised {
            device["supervised"] = json!(supervised);
        }
        json!({ "userId": ada.id, "device": device, "registeredAt": "2026-01-31T09:30:00Z" })
    };

    let mut outcomes = Vec::new();
    for supervised in [None, None, Some(true)] {
        let answer = beckon
            .post("/v1/mdm/registrations", &report(supervised))
            .await
            .with_status(200);
        outcomes.push((answer["outcome"].clone(), answer["ownership"].clone()));
    }

    let expected = [
        ("recorded", "notSet"),
        ("knownBefore", "notSet"),
        ("decidedAgain", "companyOwned"),
    ];
    assert_eq!(
        outcomes,
        expected.map(|(outcome, ownership)| (json!(outcome), json!(ownership)))
    );
    let registered = beckon.history_events(&ada).await;
    let times = |what: &str| registered.iter().filter(|row| *row == what).count();
    assert_eq!(times("registrationConfirmed"), 1, "{registered:?}");
}

#[tokio::test]
async fn a_report_that_names_nobody_or_is_wrong_is_refused_and_says_what_to_do() {
    let beckon = Beckon::start().await;

    let unknown = json!({
        "email": "nobody@example.com",
        "device": device("a-phone"),
        "registeredAt": "2026-01-31T09:30:00Z",
    });
    let unknown = beckon.post("/v1/mdm/registrations", &unknown).await;
    let wrong = json!({ "userId": "nobody", "device": { "supervised": "perhaps" } });
    let wrong = beckon.post("/v1/mdm/registrations", &wrong).await;
    let bare = beckon.post("/v1/mdm/registrations", &json!({})).await;

    let unknown = unknown.problem(404);
    assert_eq!(unknown["type"], "urn:beckon:problem:nobody-known");
    let fields = |problem: Value| {
        let errors = problem["errors"].as_array().unwrap().clone();
        let fields = errors
            .iter()
            .map(|error| error["field"].as_str().unwrap().to_owned());
        fields.collect::<Vec<_>>()
    };
    assert_eq!(fields(wrong.problem(422)), ["userId", "device.id"]);
    assert_eq!(fields(bare.problem(422)), ["", "device"]);
    assert!(beckon.failures().await.is_empty());
}

/// All people whose PIN a device management shows come from one address, its own; their typing
/// errors count where they were made.
#[tokio::test]
async fn wrong_tries_count_against_whoever_typed_and_not_against_the_device_management() {
    let beckon = Beckon::start_with(|options| options.wrong_tries_per_hour = 3).await;
    let mut people = Vec::new();
    for n in 0..5 {
        people.push(beckon.invite(&format!("p{n}@example.com")).await);
    }

    for person in &people {
        assert_eq!(type_wrongly(&beckon, person, None).await.status, 403);
    }
    for person in &people[..3] {
        let typed = type_wrongly(&beckon, person, Some("203.0.113.7")).await;
        assert_eq!(typed.status, 403);
    }
    let spent = type_wrongly(&beckon, &people[3], Some("203.0.113.7")).await;
    let elsewhere = type_wrongly(&beckon, &people[3], Some("203.0.113.8")).await;

    assert_eq!(spent.status, 429, "{}", spent.text);
    assert_eq!(elsewhere.status, 403);
    // Whoever has typed no wrong one themselves gets in, from an address that nobody has tried.
    let pin = beckon.newest_pin(&people[4].email).await;
    let shown = json!({ "email": people[4].email, "pin": pin, "clientAddress": "2001:db8::1" });
    show_for_somebody(&beckon, shown).await.with_status(200);
    // And the public route, from this machine, has all its tries.
    assert_eq!(beckon.show_pin("p4@example.com", &pin).await.status, 200);
}

#[tokio::test]
async fn an_address_that_is_none_is_named() {
    let beckon = Beckon::start().await;

    let shown = json!({ "email": "a@example.com", "pin": "1", "clientAddress": "the lobby" });
    let problem = show_for_somebody(&beckon, shown).await.problem(422);

    assert_eq!(problem["errors"][0]["field"], "clientAddress");
}

/// Reports a device over HTTP, and gives what came of it.
async fn reported(beckon: &Beckon, report: &Value) -> Value {
    let answer = beckon.post("/v1/mdm/registrations", report).await;
    answer.with_status(200)
}

fn now() -> Value {
    json!(jiff::Timestamp::now().to_string())
}

fn ignored(answer: &Value) -> Vec<(&str, &str)> {
    let entries = answer["ignored"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            (
                entry["field"].as_str().unwrap(),
                entry["code"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_report_that_completes_nothing_says_why_and_the_invitation_goes_on() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({ "confirmation": { "enabled": true } }))
        .await;
    let ada = beckon.invite("ada@example.com").await;

    for (id, registered_at, why) in [
        ("old", json!("2019-05-06T07:08:09Z"), "enrolledBefore"),
        ("no-date", json!("0001-01-01T00:00:00Z"), "timeUnknown"),
        ("ahead", json!("2099-01-01T00:00:00Z"), "timeUnknown"),
        ("malformed", json!("last week"), "timeUnknown"),
        ("missing", Value::Null, "timeUnknown"),
    ] {
        let report =
            json!({ "email": ada.email, "device": device(id), "registeredAt": registered_at });
        let answer = reported(&beckon, &report).await;

        let unknown = why == "timeUnknown";
        assert_eq!(answer["outcome"], "recorded", "{id}");
        assert_eq!(answer["issue"], Value::Null, "{id}");
        assert_eq!(answer["notCompleted"]["issue"], 1, "{id}");
        assert_eq!(answer["notCompleted"]["why"], why, "{id}");
        assert_eq!(answer["timeUnknown"], unknown, "{id}");
        let code = match id {
            "old" | "missing" => None,
            "malformed" => Some(("registeredAt", "malformedTime")),
            _ => Some(("registeredAt", "impossibleTime")),
        };
        assert_eq!(ignored(&answer), Vec::from_iter(code), "{id}");
    }
    beckon.quiet().await;

    let user = beckon.user(&ada).await;
    assert_eq!(
        (&user["devices"], &user["invitation"]["state"]),
        (&json!(5), &json!("pending"))
    );
    assert_eq!(beckon.mailbox_of(&ada.email).await.len(), 1);
    let texts: Vec<String> = beckon
        .history(&ada)
        .await
        .into_iter()
        .map(|row| row.text)
        .collect();
    let told = |text: &str| texts.iter().any(|one| one == text);
    assert!(
        told(
            "Device old was registered: not set, because nothing decides it; issue 1 was not completed by it, because the device was enrolled before that invitation was made."
        ),
        "{texts:#?}"
    );
    assert!(
        told(
            "Device ahead was registered: not set, because nothing decides it; issue 1 was not completed by it, because it is unknown when the device was enrolled."
        ),
        "{texts:#?}"
    );

    let anew = json!({ "email": ada.email, "device": device("ahead"), "registeredAt": now() });
    let answer = reported(&beckon, &anew).await;
    assert_eq!(
        (&answer["outcome"], &answer["issue"]),
        (&json!("recorded"), &json!(1))
    );
    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "completed");
}

#[tokio::test]
async fn a_device_of_an_earlier_issue_is_not_the_newer_one_s() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon.send(&[&ada], Some("userOwned")).await;
    let first = beckon.redeem(&ada).await;
    beckon.send(&[&ada], Some("companyOwned")).await;

    let report = json!({ "registrationId": first, "device": device("d-1"), "registeredAt": now() });
    let answer = reported(&beckon, &report).await;

    assert_eq!(answer["ownership"], "userOwned");
    assert_eq!(answer["rule"], "invitation");
    assert_eq!(answer["notCompleted"]["why"], "earlierIssue");
    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "pending");
    let session = beckon.registration(&first).await;
    assert_eq!(
        (&session["state"], &session["ownership"]),
        (&json!("confirmed"), &json!("userOwned"))
    );
    let second = beckon.redeem(&ada).await;
    let report =
        json!({ "registrationId": second, "device": device("d-2"), "registeredAt": now() });
    assert_eq!(
        reported(&beckon, &report).await["ownership"],
        "companyOwned"
    );
}

#[tokio::test]
async fn a_stranger_at_a_wrong_address_completes_nothing_once_it_is_corrected() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({ "confirmation": { "enabled": true } }))
        .await;
    let ada = beckon.invite("adda@example.com").await;
    let stranger = beckon.redeem(&ada).await;
    let path = format!("/v1/users/{}", ada.id);
    let correction = json!({ "email": "ada@example.com" });
    let _ = beckon
        .call("PATCH", &path)
        .json(&correction)
        .answer()
        .await
        .with_status(200);
    beckon.mail_number(1, "ada@example.com").await;

    let report =
        json!({ "registrationId": stranger, "device": device("strangers"), "registeredAt": now() });
    let answer = reported(&beckon, &report).await;
    beckon.quiet().await;

    assert_eq!(answer["notCompleted"]["why"], "formerAddress");
    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "pending");
    assert_eq!(beckon.mailbox_of("ada@example.com").await.len(), 1);
}

#[tokio::test]
async fn facts_that_are_not_understood_are_let_be_and_named() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon.send(&[&ada], Some("companyOwned")).await;

    let private = json!({
        "registrationId": "", "externalId": "-1", "email": ada.email, "registeredAt": now(),
        "device": {
            "id": 42, "name": "n".repeat(101), "platform": ["iPhone"], "osVersion": 18, "supervised": "perhaps",
            "enrollmentType": "appleUserEnrollment",
        },
    });
    let answer = reported(&beckon, &private).await;

    assert_eq!(answer["ownership"], "userOwned");
    assert_eq!(answer["rule"], "userEnrollment");
    assert_eq!(
        ignored(&answer),
        [
            ("device.name", "tooLong"),
            ("device.supervised", "wrongType"),
            ("externalId", "unknown"),
        ]
    );
    let devices = beckon
        .get(&format!("/v1/users/{}/devices", ada.id))
        .await
        .with_status(200);
    let device = &devices["items"][0];
    assert_eq!(
        (&device["id"], &device["platform"]),
        (&json!("42"), &json!("ios"))
    );
    assert_eq!(
        (&device["osVersion"], &device["name"]),
        (&json!("18"), &Value::Null)
    );
}

#[tokio::test]
async fn an_event_with_facts_that_are_not_understood_is_recorded_and_on_no_dead_letter_queue() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;

    let detail = json!({
        "email": ada.email, "device": { "id": "d-1", "supervised": "TRUE", "osVersion": [18, 1] },
        "registeredAt": jiff::Timestamp::now().as_millisecond(),
    });
    let taken = beckon.report(&detail).await.with_status(200);

    assert_eq!(taken["FailedEntryCount"], 0);
    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "completed");
    assert!(beckon.failures().await.is_empty());
}

/// Serde would take the elements for the fields, in the order in which our source names them.
#[tokio::test]
async fn a_list_is_taken_for_an_object_by_no_route() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    for (path, body, field) in [
        (
            "/v1/mdm/registrations",
            json!({ "email": ada.email, "device": ["a", "b"] }),
            "device",
        ),
        (
            "/v1/mdm/registrations",
            json!({ "email": ada.email, "device": [{ "id": "a" }] }),
            "device",
        ),
        (
            "/v1/mdm/redemptions",
            json!({ "email": ada.email, "pin": pin, "device": ["a", "ios"] }),
            "device",
        ),
        (
            "/v1/redemptions",
            json!({ "email": ada.email, "pin": pin, "device": ["a", "ios"] }),
            "device",
        ),
        ("/v1/redemptions", json!([ada.email, pin]), ""),
        ("/v1/declines", json!(["token"]), ""),
        (
            "/v1/invitations",
            json!({ "selection": [[ada.id]] }),
            "selection",
        ),
        (
            "/v1/invitations/preview",
            json!({ "selection": { "filter": [["none"]] } }),
            "selection.filter",
        ),
        (
            "/local/events",
            json!({ "Entries": [["mdm", "Device Registered", "{}"]] }),
            "Entries[0]",
        ),
    ] {
        let problem = beckon.post(path, &body).await.problem(422);

        assert_eq!(problem["errors"][0]["field"], field, "{path} {body}");
        assert_eq!(problem["errors"][0]["code"], "wrongType", "{path} {body}");
    }
    let settings = json!({ "registration": ["pin", 24], "sender": { "replyTo": [] }, "enrolment": { "addresses": [["ios"]] } });
    let put = beckon
        .call("PUT", "/v1/settings")
        .header("If-Match", "*")
        .json(&settings);
    let problem = put.answer().await.problem(422);
    let fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    assert!(
        fields.contains(&"registration") && fields.contains(&"enrolment.addresses[0]"),
        "{fields:?}"
    );
    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "pending");
}

#[tokio::test]
async fn an_ipad_and_every_name_of_a_platform_find_their_enrolment_address() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({ "enrolment": { "addresses": [
            { "platform": "iOS", "url": "https://mdm.example.com/ios" },
            { "platform": "Mac", "url": "https://mdm.example.com/mac" },
            { "url": "https://mdm.example.com/any" },
        ] } }))
        .await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    let mut led = Vec::new();
    for platform in [json!("iPad"), json!("Darwin"), json!(["iPhone"])] {
        let shown =
            json!({ "email": ada.email, "pin": pin, "device": { "id": 7, "platform": platform } });
        led.push(show_for_somebody(&beckon, shown).await.with_status(200)["continueUrl"].take());
    }

    let ends = ["ios", "mac", "ios"].map(|end| json!(format!("https://mdm.example.com/{end}")));
    assert_eq!(led, ends);
    let written = beckon.get("/v1/settings").await.with_status(200);
    assert_eq!(written["enrolment"]["addresses"][1]["platform"], "macos");
}
