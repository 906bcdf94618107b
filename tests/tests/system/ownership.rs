//! Who owns a device, over HTTP: the table of methods and choices, the order of the rules, and
//! what is decided again when more becomes known.

#![expect(
    clippy::unwrap_used,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use beckon_tests::{Beckon, Person};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Every cell of the table: method, choice, what invitations carry. `None` where the choice
/// applies to nobody and is refused.
const TABLE: [(&str, Option<&str>, Option<&str>); 12] = [
    ("pin", None, Some("notSet")),
    ("pin", Some("userOwned"), Some("userOwned")),
    ("pin", Some("companyOwned"), Some("companyOwned")),
    ("passwordAndPin", None, Some("notSet")),
    ("passwordAndPin", Some("userOwned"), Some("userOwned")),
    ("passwordAndPin", Some("companyOwned"), Some("companyOwned")),
    ("password", None, Some("notSet")),
    ("password", Some("userOwned"), None),
    ("password", Some("companyOwned"), None),
    ("qrCode", None, Some("notSet")),
    ("qrCode", Some("userOwned"), None),
    ("qrCode", Some("companyOwned"), None),
];

/// A selection of people whose groups have other methods and presets: groups, method, and what
/// the invitation carries where the switch is left to the presets, off, on user owned, and on
/// company owned.
const MIXED: [(&[&str], &str, [&str; 4]); 6] = [
    (
        &[],
        "pin",
        ["notSet", "notSet", "userOwned", "companyOwned"],
    ),
    (
        &["field"],
        "pin",
        ["companyOwned", "notSet", "userOwned", "companyOwned"],
    ),
    (
        &["guests"],
        "passwordAndPin",
        ["userOwned", "notSet", "userOwned", "companyOwned"],
    ),
    (&["links"], "qrCode", ["notSet"; 4]),
    (&["accounts"], "password", ["notSet"; 4]),
    // The first entry of the settings that fits holds.
    (&["field", "links"], "qrCode", ["notSet"; 4]),
];

/// The registration of a device that is reported for somebody, as their history tells it.
async fn decided(beckon: &Beckon, person: &Person, device: &Value) -> String {
    beckon
        .report_device(&json!({ "userId": person.id }), device)
        .await;
    let history = beckon.history(person).await;
    history
        .into_iter()
        .rev()
        .find(|entry| entry.what == "registrationConfirmed")
        .unwrap()
        .text
}

#[tokio::test]
async fn an_invitation_carries_what_the_table_says_and_a_choice_that_reaches_nobody_is_refused() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;

    for (method, choice, carried) in TABLE {
        beckon.method(method).await;
        let order = json!({ "selection": { "userIds": [ada.id] }, "ownership": choice });
        let preview = beckon.post("/v1/invitations/preview", &order).await;
        let sent = beckon.post("/v1/invitations", &order).await;

        let cell = format!("{method}, {choice:?}");
        let Some(carried) = carried else {
            for refused in [preview, sent] {
                let problem = refused.problem(422);
                assert_eq!(problem["errors"][0]["field"], "ownership", "{cell}");
                assert_eq!(problem["errors"][0]["code"], "doesNotApply", "{cell}");
            }
            continue;
        };
        let preview = preview.with_status(200);
        assert_eq!(preview["ownership"]["result"], carried, "{cell}");
        assert_eq!(preview["recipients"][0]["ownership"], carried, "{cell}");
        let applies = method == "pin" || method == "passwordAndPin";
        assert_eq!(preview["ownership"]["applies"], applies, "{cell}");
        let sent = sent.with_status(202);
        beckon
            .delivered(sent["batch"]["id"].as_str().unwrap())
            .await;
        let invitation = beckon.user(&ada).await["invitation"].take();
        assert_eq!(invitation["method"], method, "{cell}");
        assert_eq!(invitation["ownership"], carried, "{cell}");
    }
}

#[tokio::test]
async fn in_a_mixed_selection_everybody_gets_what_the_preview_shows_of_them_and_the_table_says() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({ "groups": [
            { "group": "links", "registration": { "method": "qrCode" } },
            { "group": "accounts", "registration": { "method": "password" } },
            { "group": "guests", "registration": { "method": "passwordAndPin" }, "ownership": "userOwned" },
            { "group": "field", "ownership": "companyOwned" },
        ] }))
        .await;
    let switches = [
        json!({}),
        json!({ "ownership": null }),
        json!({ "ownership": "userOwned" }),
        json!({ "ownership": "companyOwned" }),
    ];

    for (place, mut order) in switches.into_iter().enumerate() {
        let mut people = Vec::new();
        for (number, (groups, _, _)) in MIXED.iter().enumerate() {
            let email = format!("p{number}-{place}@example.com");
            let user = json!({ "email": email, "groups": groups, "invite": false });
            people.push(beckon.add_user(&user).await);
        }
        let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
        order["selection"] = json!({ "userIds": ids });

        let preview = beckon.post("/v1/invitations/preview", &order).await;
        let preview = preview.with_status(200);
        order["settingsVersion"] = preview["settingsVersion"].clone();
        let sent = beckon.post("/v1/invitations", &order).await;
        let sent = sent.with_status(202);
        beckon
            .delivered(sent["batch"]["id"].as_str().unwrap())
            .await;

        let table: Vec<Value> = MIXED
            .iter()
            .zip(&people)
            .map(|((_, method, carried), person)| json!([person.id, method, carried[place]]))
            .collect();
        let shown: Vec<Value> = preview["recipients"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| json!([one["userId"], one["method"], one["ownership"]]))
            .collect();
        let mut carried = Vec::new();
        for person in &people {
            let invitation = beckon.user(person).await["invitation"].take();
            let (method, ownership) = (&invitation["method"], &invitation["ownership"]);
            carried.push(json!([person.id, method, ownership]));
        }
        assert_eq!(shown, table, "the preview, {order}");
        assert_eq!(carried, table, "what is carried, {order}");
        let mut reached = preview["recipients"].as_array().unwrap().iter();
        assert!(reached.all(|one| one["ownershipReason"].is_null()
            == matches!(one["method"].as_str(), Some("pin" | "passwordAndPin"))));
    }
}

#[tokio::test]
async fn supervised_comes_before_user_enrollment_before_the_invitation_before_not_set() {
    let beckon = Beckon::start().await;
    let facts = [
        (json!({}), "nothing"),
        (json!({ "enrollmentType": "user" }), "user enrollment"),
        (json!({ "enrollmentType": "device" }), "device enrollment"),
        (json!({ "supervised": false }), "not supervised"),
        (json!({ "supervised": true }), "supervised"),
        (
            json!({ "supervised": true, "enrollmentType": "user" }),
            "both",
        ),
    ];
    let supervised = "company owned, because it is supervised.";
    let enrolled = "user owned, because it came through Apple User Enrollment.";
    let expected = [
        ("notSet", "not set, because nothing decides it."),
        ("userOwned", "user owned, as the invitation says."),
        ("companyOwned", "company owned, as the invitation says."),
    ];

    for (choice, by_the_invitation) in expected {
        let mut people = Vec::new();
        for number in 0..facts.len() {
            let email = format!("{choice}-{number}@example.com");
            people.push(beckon.add_uninvited(&email).await);
        }
        let everyone: Vec<&Person> = people.iter().collect();
        let setting = (choice != "notSet").then_some(choice);
        beckon.send(&everyone, setting).await;

        for (person, (fact, name)) in people.iter().zip(&facts) {
            let mut device = fact.clone();
            device["id"] = json!("d-1");
            let text = decided(&beckon, person, &device).await;

            let ending = match *name {
                "supervised" | "both" => supervised,
                "user enrollment" => enrolled,
                _ => by_the_invitation,
            };
            assert_eq!(
                text,
                format!("Device d-1 was registered: {ending}"),
                "{choice}, {name}"
            );
        }
    }
}

#[tokio::test]
async fn a_device_that_nobody_was_invited_to_register_is_recorded_as_not_set() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;

    let text = decided(&beckon, &ada, &json!({ "id": "d-1" })).await;

    assert_eq!(
        text,
        "Device d-1 was registered: not set, because nothing decides it."
    );
    let user = beckon.user(&ada).await;
    assert_eq!(user["devices"], 1);
    assert_eq!(user["invitation"]["state"], "none");
}

#[tokio::test]
async fn late_supervision_decides_again_and_the_history_keeps_both() {
    let beckon = Beckon::start().await;
    let ada = beckon
        .add_user(&json!({ "email": "ada@example.com", "ownership": "userOwned" }))
        .await;
    let session = beckon.redeem(&ada).await;
    let by_session = json!({ "registrationId": session });
    beckon
        .report_device(&by_session, &json!({ "id": "d-1", "name": "Phone" }))
        .await;
    let at_first = beckon.registration(&session).await;
    let user_before = beckon.user(&ada).await;

    beckon
        .report_device(&by_session, &json!({ "id": "d-1", "supervised": true }))
        .await;

    assert_eq!(at_first["ownership"], "userOwned");
    assert_eq!(at_first["rule"], "invitation");
    let now = beckon.registration(&session).await;
    assert_eq!(now["ownership"], "companyOwned");
    assert_eq!(now["rule"], "supervised");
    assert_eq!(now["device"]["name"], "Phone");
    assert_eq!(beckon.user(&ada).await, user_before);
    let history = beckon.history(&ada).await;
    let texts: Vec<&str> = history.iter().map(|entry| entry.text.as_str()).collect();
    assert!(texts.contains(&"Device d-1 was registered: user owned, as the invitation says."));
    assert_eq!(
        texts.last().unwrap(),
        &"More became known of device d-1: it was user owned, it is company owned, because it is supervised."
    );
}

#[tokio::test]
async fn somebody_s_devices_are_listed_with_whose_they_are_and_why() {
    let beckon = Beckon::start().await;
    let ada = beckon
        .add_user(&json!({ "email": "ada@example.com", "ownership": "userOwned" }))
        .await;
    let devices_of = async |person: &Person| {
        let path = format!("/v1/users/{}/devices", person.id);
        beckon.get(&path).await.with_status(200)["items"].take()
    };
    let before = devices_of(&ada).await;
    let by_id = json!({ "userId": ada.id });
    let phone = json!({
        "id": "d-1", "name": "Phone", "platform": "ios", "osVersion": "19.1", "serial": "C02",
        "enrollmentType": "device",
    });
    // The invitation was made in the minute before.
    let minutes_ago = |minutes| Timestamp::now() - SignedDuration::from_mins(minutes);
    let (first, second) = (minutes_ago(8), minutes_ago(4));
    let long_ago = "2019-05-06T07:08:09Z";

    beckon
        .report_device_at(&by_id, &json!({ "id": "d-2" }), long_ago.parse().unwrap())
        .await;
    beckon.report_device_at(&by_id, &phone, first).await;
    let after_one = beckon.user(&ada).await;
    beckon.send(&[&ada], None).await;
    beckon.cancel(&ada).await;
    beckon
        .report_device_at(&by_id, &json!({ "id": "d-0", "supervised": true }), second)
        .await;

    assert_eq!(before, json!([]));
    assert!(after_one["invitation"]["endedAt"].is_string());
    assert_eq!(
        devices_of(&ada).await,
        json!([
            {
                "id": "d-0", "name": null, "platform": null, "osVersion": null, "serial": null,
                "supervised": true, "enrollmentType": null, "ownership": "companyOwned",
                "rule": "supervised", "issue": null, "registeredAt": second.to_string(),
                "timeUnknown": false, "afterEnd": true, "sessionIssue": null, "notCompleted": null, "flags": [], "unenrolledAt": null,
            },
            {
                "id": "d-1", "name": "Phone", "platform": "ios", "osVersion": "19.1",
                "serial": "C02", "supervised": null, "enrollmentType": "device",
                "ownership": "userOwned", "rule": "invitation", "issue": 1,
                "registeredAt": first.to_string(), "timeUnknown": false, "afterEnd": false,
                "sessionIssue": null, "notCompleted": null, "flags": [], "unenrolledAt": null,
            },
            {
                "id": "d-2", "name": null, "platform": null, "osVersion": null, "serial": null,
                "supervised": null, "enrollmentType": null, "ownership": "notSet",
                "rule": "notSet", "issue": null, "registeredAt": long_ago, "timeUnknown": false,
                "afterEnd": false, "sessionIssue": null, "flags": [], "unenrolledAt": null,
                "notCompleted": {
                    "issue": 1, "why": "enrolledBefore",
                    "detail": "Issue 1 was not completed, because the device was enrolled before that invitation was made.",
                },
            },
        ])
    );
}

#[tokio::test]
async fn a_device_once_supervised_stays_so_whatever_a_late_report_says() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let session = beckon.redeem(&ada).await;
    let by_session = json!({ "registrationId": session });
    beckon
        .report_device(&by_session, &json!({ "id": "d-1", "supervised": true }))
        .await;
    let history = beckon.history(&ada).await;

    beckon
        .report_device(
            &by_session,
            &json!({ "id": "d-1", "supervised": false, "enrollmentType": "user" }),
        )
        .await;

    let now = beckon.registration(&session).await;
    assert_eq!(now["ownership"], "companyOwned");
    assert_eq!(now["rule"], "supervised");
    assert_eq!(beckon.history(&ada).await, history);
}

#[tokio::test]
async fn each_invitation_keeps_the_ownership_it_was_issued_with_whatever_is_set_later() {
    let beckon = Beckon::start().await;
    let ada = beckon
        .add_user(&json!({ "email": "ada@example.com", "ownership": "companyOwned" }))
        .await;
    beckon.method("qrCode").await;
    let bob = beckon.invite("bob@example.com").await;

    let of_ada = decided(&beckon, &ada, &json!({ "id": "d-1" })).await;
    let of_bob = decided(&beckon, &bob, &json!({ "id": "d-2" })).await;

    assert_eq!(
        of_ada,
        "Device d-1 was registered: company owned, as the invitation says."
    );
    assert_eq!(
        of_bob,
        "Device d-2 was registered: not set, because nothing decides it."
    );
}

#[tokio::test]
async fn a_batch_shows_where_the_device_owner_settings_stood() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;

    for (given, shown) in [
        (json!({}), json!("preset")),
        (json!({ "ownership": null }), Value::Null),
        (json!({ "ownership": "userOwned" }), json!("userOwned")),
        (
            json!({ "ownership": "companyOwned" }),
            json!("companyOwned"),
        ),
    ] {
        let mut order = given.clone();
        order["selection"] = json!({ "userIds": [ada.id] });

        let sent = beckon.post("/v1/invitations", &order).await;
        let sent = sent.with_status(202);
        let batch = &sent["batch"];
        let read = beckon.batch(batch["id"].as_str().unwrap()).await;

        for answer in [&sent, &read] {
            assert!(answer["batch"].get("ownership").is_some());
            assert_eq!(answer["batch"]["ownership"], shown, "{given}");
        }
    }
}
