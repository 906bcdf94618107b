//! What a device management does over HTTP for people: showing the PIN they typed into it, and
//! reporting their devices.
#![expect(
    clippy::indexing_slicing,
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

    let decided =
        json!({ "outcome": "recorded", "ownership": "companyOwned", "rule": "invitation" });
    assert_eq!(reported.with_status(200), decided);
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
    let registered = beckon.happenings(&ada).await;
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
    let wrong = json!({ "device": { "supervised": "yes" }, "registeredAt": "yesterday" });
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
    assert_eq!(fields(wrong.problem(422)), ["device.supervised"]);
    assert_eq!(fields(bare.problem(422)), ["", "device", "registeredAt"]);
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
