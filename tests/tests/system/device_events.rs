//! What device managements tell of devices by messages of their own: sent here as the systems send them, with their
//! headers and signatures, in their order and in any other.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_tests::{Answer, Beckon, Person, until};
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

const SECRET: &str = "the-secret-of-nanomdm";

/// A Beckon that `NanoMDM` tells of devices, as `phones`.
async fn with_nanomdm() -> Beckon {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({
            "confirmation": { "enabled": true },
            "enrolment": { "addresses": [{ "url": "https://mdm.example.com/enroll?beckon={reference}" }] },
            "deviceSources": [{ "name": "phones", "kind": "nanomdm" }],
        }))
        .await;
    let added = beckon
        .post(
            "/v1/device-event-sources/phones/secrets",
            &json!({ "secret": SECRET }),
        )
        .await
        .with_status(201);
    assert_eq!(added["secret"], Value::Null);
    beckon
}

fn plist(inside: &str) -> String {
    STANDARD.encode(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><plist version=\"1.0\"><dict>{inside}</dict></plist>"
    ))
}

/// The messages of `NanoMDM` about the enrolment of one phone, in their order.
fn messages_of(udid: &str, reference: &str) -> [Value; 3] {
    let now = Timestamp::now().to_string();
    let checkin = |topic: &str, payload: &str| {
        json!({
            "topic": topic, "event_id": "1", "created_at": now,
            "checkin_event": {
                "udid": udid, "ids": { "id": udid, "type": "Device" },
                "url_params": { "beckon": reference },
                "token_update_tally": (topic == "mdm.TokenUpdate").then_some(1),
                "raw_payload": plist(payload),
            },
        })
    };
    let facts = "<key>SerialNumber</key><string>FAKE0001</string><key>OSVersion</key><string>18.1</string><key>DeviceName</key><string>Ada’s iPhone</string><key>ProductName</key><string>iPhone14,5</string>";
    let answer = "<key>QueryResponses</key><dict><key>IsSupervised</key><true/></dict>";
    [
        checkin("mdm.Authenticate", facts),
        checkin("mdm.TokenUpdate", ""),
        json!({
            "topic": "mdm.Connect", "created_at": now,
            "acknowledge_event": { "udid": udid, "status": "Acknowledged", "raw_payload": plist(answer) },
        }),
    ]
}

/// Sends a body as `NanoMDM` does.
async fn send(beckon: &Beckon, source: &str, body: &str, secret: &str) -> Answer {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = STANDARD.encode(hmac::sign(&key, body.as_bytes()));
    beckon
        .call("POST", &format!("/v1/device-events/{source}"))
        .header("X-Hmac-Signature", &signature)
        .body(body)
        .answer()
        .await
}

async fn tell(beckon: &Beckon, message: &Value) {
    let answer = send(beckon, "phones", &message.to_string(), SECRET).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Redeems somebody's PIN; the reference that the enrolment address carries.
async fn reference_of(beckon: &Beckon, person: &Person) -> String {
    let pin = beckon.newest_pin(&person.email).await;
    let opened = beckon.show_pin(&person.email, &pin).await.with_status(200);
    let address = opened["continueUrl"].as_str().unwrap();
    let (_, reference) = address.split_once("beckon=").unwrap();
    assert_ne!(opened["registrationId"], reference);
    reference.to_owned()
}

async fn devices(beckon: &Beckon, person: &Person) -> Vec<Value> {
    let path = format!("/v1/users/{}/devices", person.id);
    let answer = beckon.get(&path).await.with_status(200);
    answer["items"].as_array().unwrap().clone()
}

/// Waits until a device of somebody is as it is when all was told.
async fn supervised_device(beckon: &Beckon, person: &Person) -> Value {
    until("the device is known as supervised", async || {
        let devices = devices(beckon, person).await;
        devices
            .into_iter()
            .find(|device| device["ownership"] == "companyOwned" && device["serial"] == "FAKE0001")
    })
    .await
}

#[tokio::test]
async fn nanomdm_completes_the_invitation_in_whatever_order_it_tells() {
    let beckon = with_nanomdm().await;
    let orders: [&[usize]; 3] = [&[0, 1, 2], &[2, 1, 0, 1], &[1, 1, 0, 2, 0]];
    for (number, order) in orders.into_iter().enumerate() {
        let person = beckon.invite(&format!("user{number}@example.com")).await;
        let reference = reference_of(&beckon, &person).await;
        let messages = messages_of(&format!("UDID-{number}"), &reference);

        for index in order {
            tell(&beckon, &messages[*index]).await;
        }

        let device = supervised_device(&beckon, &person).await;
        assert_eq!(device["id"], format!("phones:UDID-{number}"), "{device}");
        assert_eq!(device["rule"], "supervised");
        assert_eq!(
            beckon.user(&person).await["invitation"]["state"],
            "completed"
        );
        // The invitation, and one confirmation.
        beckon.mail_number(2, &person.email).await;
        assert_eq!(beckon.mailbox_of(&person.email).await.len(), 2);
        assert_eq!(devices(&beckon, &person).await.len(), 1);
    }
}

#[tokio::test]
async fn a_reference_opens_nothing() {
    let beckon = with_nanomdm().await;
    let ada = beckon.invite("ada@example.com").await;
    let reference = reference_of(&beckon, &ada).await;

    let shown = beckon.get(&format!("/v1/registrations/{reference}")).await;

    assert_eq!(shown.status, 404, "{}", shown.text);
    let token = beckon.show_token(&reference).await;
    assert_eq!(token.status, 403, "{}", token.text);
}

#[tokio::test]
async fn who_is_not_known_and_who_is_not_proven_are_told_the_same() {
    let beckon = with_nanomdm().await;
    let [message, ..] = messages_of("UDID-1", "x");
    let body = message.to_string();

    let wrong = send(&beckon, "phones", &body, "another-secret-of-nanomdm").await;
    let unknown = send(&beckon, "tablets", &body, SECRET).await;
    let unsigned = beckon
        .call("POST", "/v1/device-events/phones")
        .body(body.clone())
        .answer()
        .await;

    let said = |answer: &Answer| {
        let mut problem = answer.problem(401);
        problem.as_object_mut().unwrap().remove("requestId");
        problem
    };
    assert_eq!(said(&wrong), said(&unknown));
    assert_eq!(said(&wrong), said(&unsigned));
    for method in ["GET", "HEAD"] {
        let answer = beckon
            .call(method, "/v1/device-events/tablets")
            .answer()
            .await;
        assert_eq!(answer.status, 200, "{method}");
    }
}

#[tokio::test]
async fn what_is_too_large_or_compressed_is_refused_as_its_protocol_says() {
    let beckon = with_nanomdm().await;

    let large = send(&beckon, "phones", &"x".repeat(256 * 1024 + 1), SECRET).await;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = STANDARD.encode(hmac::sign(&key, b"{}"));
    let compressed = beckon
        .call("POST", "/v1/device-events/phones")
        .header("X-Hmac-Signature", &signature)
        .header("Content-Encoding", "gzip")
        .body("{}")
        .answer()
        .await;

    assert_eq!(large.problem(413)["status"], 413);
    assert_eq!(compressed.problem(415)["status"], 415);
}

#[tokio::test]
async fn two_secrets_are_valid_until_one_is_taken_away_and_none_is_shown_again() {
    let beckon = with_nanomdm().await;
    let path = "/v1/device-event-sources/phones/secrets";
    let made = beckon.post(path, &json!({})).await.with_status(201);
    let second = made["secret"].as_str().unwrap().to_owned();
    let [message, ..] = messages_of("UDID-1", "x");
    let body = message.to_string();

    for secret in [SECRET, &second] {
        assert_eq!(send(&beckon, "phones", &body, secret).await.status, 200);
    }
    assert_eq!(beckon.post(path, &json!({})).await.status, 409);
    let gone = beckon.call("DELETE", &format!("{path}/1")).answer().await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    assert_eq!(send(&beckon, "phones", &body, SECRET).await.status, 401);
    assert_eq!(send(&beckon, "phones", &body, &second).await.status, 200);
    let listed = beckon.get("/v1/device-event-sources").await;
    assert_eq!(listed.with_status(200)["items"][0]["secrets"][0]["id"], 2);
    assert!(!listed.text.contains(&second));
}

#[tokio::test]
async fn a_message_that_fails_is_kept_with_its_reason_and_replayed_by_a_better_mapping() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let mapping = |id: &str| {
        json!({
            "rules": [{ "says": "enrolled", "when": [{ "of": "/event", "in": ["added"] }] }],
            "person": { "email": { "from": ["/who"] } },
            "device": { "id": { "from": [id] } },
            "time": { "from": ["/when"] },
        })
    };
    let sources = |mapping: &Value| {
        json!({ "deviceSources": [{
            "name": "ours", "kind": "generic", "mapping": mapping,
            "authentication": { "type": "header", "header": "X-Token" },
        }] })
    };
    beckon.settings(&sources(&mapping("/identifier"))).await;
    let secret = json!({ "secret": "a-token-of-our-own" });
    let path = "/v1/device-event-sources/ours/secrets";
    beckon.post(path, &secret).await.with_status(201);
    let body = json!({ "event": "added", "who": ada.email, "udid": "U-1", "when": Timestamp::now().to_string() });
    let sent = beckon
        .call("POST", "/v1/device-events/ours")
        .header("X-Token", "a-token-of-our-own")
        .body(body.to_string())
        .answer()
        .await;
    assert_eq!(sent.status, 200);

    let failed = until("the message failed", async || {
        let page = beckon
            .get("/v1/device-event-sources/failures")
            .await
            .with_status(200);
        page["items"].get(0).cloned()
    })
    .await;
    assert_eq!(failed["source"], "ours");
    assert!(
        failed["reason"].as_str().unwrap().contains("id"),
        "{failed}"
    );
    assert_eq!(failed["body"], body.to_string());
    let trial = json!({ "mapping": mapping("/udid"), "body": failed["body"] });
    let tried = beckon
        .post("/v1/device-event-sources/try", &trial)
        .await
        .with_status(200);
    assert_eq!(
        (&tried["says"], &tried["person"]),
        (&json!("enrolled"), &json!(["email"]))
    );
    beckon.settings(&sources(&mapping("/udid"))).await;
    let id = failed["id"].as_str().unwrap();
    let replay = format!("/v1/device-event-sources/failures/{id}/replay");
    let answer = beckon.post(&replay, &json!({})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);

    until("the invitation is completed", async || {
        let user = beckon.user(&ada).await;
        (user["invitation"]["state"] == "completed").then_some(())
    })
    .await;
    let page = beckon
        .get("/v1/device-event-sources/failures")
        .await
        .with_status(200);
    assert_eq!(page["items"], json!([]));
    assert_eq!(beckon.post(&replay, &json!({})).await.status, 404);
}

/// Jamf's message about somebody's computer.
fn of_jamf(udid: &str, address: &str) -> Value {
    json!({
        "webhook": { "webhookEvent": "ComputerAdded", "eventTimestamp": Timestamp::now().as_millisecond() },
        "event": {
            "udid": udid, "deviceName": "Mac", "model": "MacBookPro18,3", "osVersion": "15.1",
            "serialNumber": "C0002", "emailAddress": address, "username": "",
        },
    })
}

async fn with_jamf() -> Beckon {
    let beckon = Beckon::start().await;
    let sources = json!({ "deviceSources": [{ "name": "macs", "kind": "jamf" }] });
    beckon.settings(&sources).await;
    let secret = json!({ "secret": "beckon:a-password-for-jamf" });
    let path = "/v1/device-event-sources/macs/secrets";
    beckon.post(path, &secret).await.with_status(201);
    beckon
}

async fn tell_as_jamf(beckon: &Beckon, message: &Value) {
    let credentials = STANDARD.encode("beckon:a-password-for-jamf");
    let answer = beckon
        .call("POST", "/v1/device-events/macs")
        .header("Authorization", &format!("Basic {credentials}"))
        .body(message.to_string())
        .answer()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn unassigned(beckon: &Beckon) -> Vec<Value> {
    let page = beckon.get("/v1/unassigned-devices").await.with_status(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_device_of_nobody_is_listed_and_assigned_and_completes_what_it_may() {
    let beckon = with_jamf().await;
    let ada = beckon.invite("ada@example.com").await;
    tell_as_jamf(&beckon, &of_jamf("U-1", "nobody@example.com")).await;

    let device = until("the device is listed", async || {
        unassigned(&beckon).await.pop()
    })
    .await;
    assert_eq!(
        (&device["id"], &device["email"]),
        (&json!("macs:U-1"), &json!("nobody@example.com"))
    );
    assert_eq!(
        (&device["platform"], &device["serial"]),
        (&json!("macos"), &json!("C0002"))
    );
    let order = json!({ "deviceId": device["id"], "userId": ada.id });
    for _ in 0..2 {
        let assigned = beckon.post("/v1/device-assignments", &order).await;
        assert_eq!(assigned.with_status(200)["issue"], 1);
    }

    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "completed");
    assert_eq!(unassigned(&beckon).await, [json!(null); 0]);
    let history = beckon.history(&ada).await;
    let who = |what: &str| {
        let row = history.iter().find(|row| row.what == what).unwrap();
        row.who.clone()
    };
    assert_eq!(who("registrationConfirmed"), who("userAdded"));
    assert_eq!(who("invitationCompleted"), who("userAdded"));
    let bob = beckon.add_uninvited("bob@example.com").await;
    let other = json!({ "deviceId": device["id"], "userId": bob.id });
    let taken = beckon.post("/v1/device-assignments", &other).await;
    assert_eq!(taken.status, 409, "{}", taken.text);
}

#[tokio::test]
async fn the_device_of_somebody_who_is_disabled_is_flagged_and_completes_and_mails_nothing() {
    let beckon = with_jamf().await;
    let ada = beckon.invite("ada@example.com").await;
    beckon.quiet().await;
    let disabled = json!({ "enabled": false });
    let call = beckon.call("PATCH", &format!("/v1/users/{}", ada.id));
    call.json(&disabled).answer().await.with_status(200);

    tell_as_jamf(&beckon, &of_jamf("U-3", "ada@example.com")).await;

    let device = until("the device is recorded", async || {
        devices(&beckon, &ada).await.pop()
    })
    .await;
    assert_eq!(device["flags"], json!(["userDisabled"]));
    assert_eq!(device["notCompleted"]["why"], "userDisabled");
    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "pending");
    beckon.quiet().await;
    assert_eq!(beckon.mailbox_of("ada@example.com").await.len(), 1);

    // Enabled again, they have a device like any other; why it completed nothing is still told.
    let call = beckon.call("PATCH", &format!("/v1/users/{}", ada.id));
    let enabled = json!({ "enabled": true });
    call.json(&enabled).answer().await.with_status(200);
    let device = devices(&beckon, &ada).await.pop().unwrap();
    assert_eq!(device["flags"], json!([]));
    assert_eq!(device["notCompleted"]["why"], "userDisabled");
}

#[tokio::test]
async fn a_device_beyond_the_limit_is_flagged_and_completes_and_mails_nothing() {
    let beckon = Beckon::start().await;
    let settings =
        json!({ "confirmation": { "enabled": true }, "registration": { "deviceLimit": 1 } });
    beckon.settings(&settings).await;
    let ada = beckon.invite("ada@example.com").await;
    let report = async |id: &str| {
        let report = json!({
            "email": "ada@example.com", "device": { "id": id }, "registeredAt": Timestamp::now(),
        });
        let answer = beckon.post("/v1/mdm/registrations", &report).await;
        answer.with_status(200)
    };
    report("phone").await;
    beckon.send(&[&ada], None).await;
    beckon.quiet().await;
    let mails = beckon.mailbox_of("ada@example.com").await.len();

    let second = report("tablet").await;

    assert_eq!(second["notCompleted"]["why"], "beyondDeviceLimit");
    let all = devices(&beckon, &ada).await;
    let tablet = all.iter().find(|one| one["id"] == "tablet").unwrap();
    assert_eq!(tablet["flags"], json!(["beyondDeviceLimit"]));
    assert_eq!(beckon.user(&ada).await["devices"], 2);
    assert_eq!(beckon.user(&ada).await["invitation"]["state"], "pending");
    beckon.quiet().await;
    assert_eq!(beckon.mailbox_of("ada@example.com").await.len(), mails);
}

#[tokio::test]
async fn somebody_who_is_added_later_has_the_device_and_keeps_an_open_invitation() {
    let beckon = with_jamf().await;
    let mut message = of_jamf("U-2", "Carol@example.com");
    let an_hour_ago = Timestamp::now().as_millisecond() - 3_600_000;
    message["webhook"]["eventTimestamp"] = json!(an_hour_ago);
    tell_as_jamf(&beckon, &message).await;
    until("the device is listed", async || {
        unassigned(&beckon).await.pop()
    })
    .await;

    let carol = beckon.invite("carol@example.com").await;

    let device = until("the device is hers", async || {
        devices(&beckon, &carol).await.pop()
    })
    .await;
    assert_eq!(device["id"], "macs:U-2");
    let preview = beckon.preview(&[&carol], None).await;
    assert_eq!(preview["recipients"][0]["devices"], 1, "{preview}");
    assert_eq!(unassigned(&beckon).await, [json!(null); 0]);
    assert_eq!(beckon.user(&carol).await["invitation"]["state"], "pending");
}
