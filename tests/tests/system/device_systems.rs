//! Each device management that is built in, as its documents show its messages: with its way to prove itself, in its
//! order and in others, once and more than once. What ties a device to a person differs, and what decides whose it is;
//! the end is the same. More of `NanoMDM`, whose three messages come in any order, is in `device_events.rs`.
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

const SECRET: &str = "beckon:the-secret-of-all";

const SOURCES: [&str; 7] = ["nano", "jamf", "micro", "fleet", "simple", "uem", "android"];

/// The sources, each with the proof that its system can give.
async fn with_sources() -> Beckon {
    registering(json!({})).await
}

/// The sources, with settings of how people register.
async fn registering(registration: Value) -> Beckon {
    let beckon = Beckon::start().await;
    let in_the_address = json!({ "type": "query", "parameter": "token" });
    beckon
        .settings(&json!({
            "confirmation": { "enabled": true },
            "registration": registration,
            "enrolment": { "addresses": [{ "url": "https://mdm.example.com/enroll?beckon={reference}" }] },
            "deviceSources": [
                { "name": "nano", "kind": "nanomdm" },
                { "name": "jamf", "kind": "jamf" },
                { "name": "micro", "kind": "micromdm" },
                { "name": "fleet", "kind": "fleet" },
                { "name": "simple", "kind": "simplemdm" },
                { "name": "uem", "kind": "workspaceone" },
                { "name": "android", "kind": "android", "authentication": in_the_address },
            ],
        }))
        .await;
    for source in SOURCES {
        let path = format!("/v1/device-event-sources/{source}/secrets");
        let added = beckon.post(&path, &json!({ "secret": SECRET })).await;
        added.with_status(201);
    }
    beckon
}

/// Sends a message with the proof that its system gives.
async fn send(beckon: &Beckon, source: &str, secret: &str, message: &Value) -> Answer {
    let path = format!("/v1/device-events/{source}");
    let body = message.to_string();
    let call = match source {
        "nano" => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let signature = STANDARD.encode(hmac::sign(&key, body.as_bytes()));
            let call = beckon.call("POST", &path);
            call.header("X-Hmac-Signature", &signature)
        }
        "jamf" | "uem" => {
            let credentials = STANDARD.encode(secret);
            let call = beckon.call("POST", &path);
            call.header("Authorization", &format!("Basic {credentials}"))
        }
        _ => beckon.call("POST", &format!("{path}?token={secret}")),
    };
    call.body(body).answer().await
}

/// Sends these messages in this order.
async fn tell(beckon: &Beckon, source: &str, messages: &[Value], order: &[usize]) {
    for index in order {
        let answer = send(beckon, source, SECRET, &messages[*index]).await;
        assert_eq!(answer.status, 200, "{source}: {}", answer.text);
    }
}

/// Somebody who was invited as owner of a device of the company, and the reference in their enrolment address.
async fn invited(beckon: &Beckon, email: &str) -> (Person, String) {
    let person = beckon.add_uninvited(email).await;
    beckon.send(&[&person], Some("companyOwned")).await;
    let pin = beckon.newest_pin(email).await;
    let opened = beckon.show_pin(email, &pin).await.with_status(200);
    let address = opened["continueUrl"].as_str().unwrap();
    let (_, reference) = address.split_once("beckon=").unwrap();
    (person, reference.to_owned())
}

async fn devices(beckon: &Beckon, person: &Person) -> Vec<Value> {
    let path = format!("/v1/users/{}/devices", person.id);
    let page = beckon.get(&path).await.with_status(200);
    page["items"].as_array().unwrap().clone()
}

async fn unassigned(beckon: &Beckon) -> Vec<Value> {
    let page = beckon.get("/v1/unassigned-devices").await.with_status(200);
    page["items"].as_array().unwrap().clone()
}

/// Assigns the only device of nobody as soon as it is listed.
async fn assign(beckon: &Beckon, person: &Person) {
    let device = until("the device is listed", async || {
        unassigned(beckon).await.pop()
    })
    .await;
    let order = json!({ "deviceId": device["id"], "userId": person.id });
    let assigned = beckon.post("/v1/device-assignments", &order).await;
    assert_eq!(assigned.with_status(200)["issue"], 1, "{device}");
}

/// Waits for the end that is the same for all: one device, decided by this rule, one invitation completed, and one
/// confirmation; and nobody's device is left.
async fn ends(beckon: &Beckon, person: &Person, id: &str, decided: (&str, &str)) {
    until(&format!("{id} is decided"), async || {
        let devices = devices(beckon, person).await;
        let is_so =
            |device: &&Value| device["ownership"] == decided.0 && device["rule"] == decided.1;
        devices.iter().find(is_so).cloned()
    })
    .await;
    let own = devices(beckon, person).await;
    let ids: Vec<&str> = own.iter().map(|own| own["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [id]);
    beckon.completed_once(person, id).await;
    assert_eq!(unassigned(beckon).await, [json!(null); 0], "{id}");
}

fn plist(inside: &str) -> String {
    STANDARD.encode(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><plist version=\"1.0\"><dict>{inside}</dict></plist>"
    ))
}

fn of_micromdm(udid: &str, reference: Option<&str>) -> [Value; 2] {
    let message = |topic: &str, inside: &str| {
        json!({
            "topic": topic, "event_id": "5ee634b5", "created_at": Timestamp::now(),
            "checkin_event": {
                "udid": udid,
                "url_params": reference.map(|reference| json!({ "beckon": reference })),
                "raw_payload": plist(inside),
            },
        })
    };
    let facts = "<key>SerialNumber</key><string>FAKE0001</string><key>ProductName</key><string>iPhone14,5</string>";
    [
        message("mdm.Authenticate", facts),
        message(
            "mdm.TokenUpdate",
            "<key>AwaitingConfiguration</key><false/>",
        ),
    ]
}

#[tokio::test]
async fn micromdm_names_a_person_only_by_a_profile_of_ones_own() {
    let beckon = with_sources().await;
    let by_invitation = ("companyOwned", "invitation");

    let (person, reference) = invited(&beckon, "own@example.com").await;
    let messages = of_micromdm("OWN", Some(&reference));
    tell(&beckon, "micro", &messages, &[1, 0, 1, 0]).await;
    ends(&beckon, &person, "micro:OWN", by_invitation).await;

    let (other, _) = invited(&beckon, "one@example.com").await;
    let messages = of_micromdm("ONE", None);
    tell(&beckon, "micro", &messages, &[0, 1]).await;
    assign(&beckon, &other).await;
    ends(&beckon, &other, "micro:ONE", by_invitation).await;
}

/// The messages of `NanoMDM` about the enrolment of a phone that no profile of one's own ties to anybody.
fn of_nanomdm(udid: &str) -> [Value; 3] {
    let of_udid = json!({ "id": udid, "type": "Device" });
    let checkin = |topic: &str, tally: Option<u32>, inside: &str| {
        json!({
            "topic": topic, "event_id": "1", "created_at": Timestamp::now(),
            "checkin_event": {
                "udid": udid, "ids": of_udid, "url_params": null, "token_update_tally": tally,
                "raw_payload": plist(inside),
            },
        })
    };
    let answer = "<key>QueryResponses</key><dict><key>IsSupervised</key><true/></dict>";
    [
        checkin(
            "mdm.Authenticate",
            None,
            "<key>SerialNumber</key><string>FAKE0005</string>",
        ),
        checkin("mdm.TokenUpdate", Some(1), ""),
        json!({
            "topic": "mdm.Connect", "created_at": Timestamp::now(),
            "acknowledge_event": { "udid": udid, "status": "Acknowledged", "raw_payload": plist(answer) },
        }),
    ]
}

#[tokio::test]
async fn nanomdm_names_nobody_where_the_profile_carries_no_reference() {
    let beckon = with_sources().await;
    let (person, _) = invited(&beckon, "ada@example.com").await;
    let messages = of_nanomdm("N-1");
    tell(&beckon, "nano", &messages, &[1, 0, 1]).await;
    assign(&beckon, &person).await;
    // What is told after that finds the person, too.
    tell(&beckon, "nano", &messages, &[2, 2, 0]).await;
    ends(&beckon, &person, "nano:N-1", ("companyOwned", "supervised")).await;
}

/// What Jamf Pro tells of a device.
fn of_jamf(event: &str, udid: &str, person: &Value) -> Value {
    let mut of = json!({
        "udid": udid, "deviceName": "A device", "model": "iPhone14,5", "osVersion": "18.1",
        "serialNumber": "FAKE0006", "jssID": 456, "userDirectoryID": "-1",
    });
    of.as_object_mut()
        .unwrap()
        .extend(person.as_object().unwrap().clone());
    let now = Timestamp::now().as_millisecond();
    json!({
        "webhook": { "id": 3, "name": "Beckon", "webhookEvent": event, "eventTimestamp": now },
        "event": of,
    })
}

#[tokio::test]
async fn jamf_names_the_person_of_a_phone_by_user_name_and_that_of_a_computer_by_address() {
    let beckon = with_sources().await;
    let by_invitation = ("companyOwned", "invitation");
    let new = json!({ "email": "ada@example.com", "externalId": "ada", "invite": false });
    let ada = beckon.add_user(&new).await;
    beckon.send(&[&ada], Some("companyOwned")).await;
    let phone = of_jamf("MobileDeviceEnrolled", "J-1", &json!({ "username": "ada" }));
    tell(&beckon, "jamf", &[phone], &[0, 0]).await;
    ends(&beckon, &ada, "jamf:J-1", by_invitation).await;

    // A user name counts whatever its case, and one that is an address names whoever has that.
    let new = json!({ "email": "cleo@example.com", "userName": "cleo", "invite": false });
    let cleo = beckon.add_user(&new).await;
    let dan = beckon.add_uninvited("dan@example.com").await;
    beckon.send(&[&cleo, &dan], Some("companyOwned")).await;
    for (person, udid, called) in [(&cleo, "J-3", "CLEO"), (&dan, "J-4", "dan@example.com")] {
        let phone = of_jamf("MobileDeviceEnrolled", udid, &json!({ "username": called }));
        tell(&beckon, "jamf", &[phone], &[0, 0]).await;
        ends(&beckon, person, &format!("jamf:{udid}"), by_invitation).await;
    }

    let bob = beckon.add_uninvited("bob@example.com").await;
    beckon.send(&[&bob], Some("companyOwned")).await;
    let of_bob = json!({ "emailAddress": "Bob@example.com", "username": "", "realName": "Bob" });
    let computer = of_jamf("ComputerAdded", "J-2", &of_bob);
    tell(&beckon, "jamf", &[computer], &[0, 0]).await;
    ends(&beckon, &bob, "jamf:J-2", by_invitation).await;
}

#[tokio::test]
async fn a_phone_that_names_somebody_by_user_name_is_theirs_when_they_are_added() {
    let beckon = with_sources().await;
    let phone = of_jamf("MobileDeviceEnrolled", "J-1", &json!({ "username": "eve" }));
    tell(&beckon, "jamf", &[phone], &[0]).await;
    until("the phone is listed", async || {
        unassigned(&beckon).await.pop()
    })
    .await;

    let new = json!({ "email": "eve@example.com", "userName": "Eve", "invite": false });
    let eve = beckon.add_user(&new).await;

    let phone = until("the phone is theirs", async || {
        devices(&beckon, &eve).await.pop()
    })
    .await;
    assert_eq!(phone["id"], "jamf:J-1");
    assert_eq!(unassigned(&beckon).await, [json!(null); 0]);
}

#[tokio::test]
async fn fleet_names_nobody_and_says_what_is_the_company_s_and_what_is_not() {
    let beckon = with_sources().await;
    let enrolled = |serial: Value, by_enrolment: Value, from_dep: bool| {
        json!({
            "timestamp": Timestamp::now(), "actor_full_name": null, "actor_id": null, "actor_email": null,
            "type": "mdm_enrolled",
            "details": {
                "host_serial": serial, "host_display_name": "iPhone", "installed_from_dep": from_dep,
                "mdm_platform": "apple", "enrollment_id": by_enrolment, "platform": "ios",
            },
        })
    };
    let company = enrolled(json!("FAKE0002"), Value::Null, true);
    let own = enrolled(Value::Null, json!("0A1B2C3D"), false);
    for (message, id, decided) in [
        (company, "fleet:FAKE0002", ("companyOwned", "supervised")),
        (own, "fleet:0A1B2C3D", ("userOwned", "userEnrollment")),
    ] {
        let (person, _) = invited(&beckon, &format!("{}@example.com", decided.1)).await;
        tell(&beckon, "fleet", &[message], &[0, 0]).await;
        assign(&beckon, &person).await;
        ends(&beckon, &person, id, decided).await;
    }
    let mut windows = enrolled(json!(""), Value::Null, false);
    windows["details"]["platform"] = json!("windows");
    tell(&beckon, "fleet", &[windows], &[0]).await;
    beckon.quiet().await;
    let failures = beckon.get("/v1/device-event-sources/failures").await;
    assert_eq!(failures.with_status(200)["items"], json!([]));
    assert_eq!(unassigned(&beckon).await, [json!(null); 0]);
}

#[tokio::test]
async fn simplemdm_names_nobody_and_tells_that_a_device_left() {
    let beckon = with_sources().await;
    let message = |says: &str, udid: &str, at: Timestamp| {
        json!({
            "type": says, "at": at,
            "data": { "device": { "id": 123_456, "udid": udid, "serial_number": "FAKE0003" } },
        })
    };
    let now = Timestamp::now();
    let (person, _) = invited(&beckon, "ada@example.com").await;
    let enrolled = [message("device.enrolled", "S-1", now)];
    tell(&beckon, "simple", &enrolled, &[0, 0]).await;
    assign(&beckon, &person).await;
    ends(
        &beckon,
        &person,
        "simple:S-1",
        ("companyOwned", "invitation"),
    )
    .await;

    let later = now + jiff::SignedDuration::from_secs(1);
    let gone = [message("device.unenrolled", "S-1", later)];
    tell(&beckon, "simple", &gone, &[0, 0]).await;
    until("the device left", async || {
        let devices = devices(&beckon, &person).await;
        (devices[0]["unenrolledAt"] == json!(later)).then_some(())
    })
    .await;
    let left = [
        message("device.unenrolled", "S-2", later),
        message("device.enrolled", "S-2", now),
    ];
    tell(&beckon, "simple", &left, &[0, 1, 0]).await;
    beckon.quiet().await;
    assert_eq!(unassigned(&beckon).await, [json!(null); 0]);
}

#[tokio::test]
async fn workspace_one_names_the_person_by_address() {
    let beckon = with_sources().await;
    let (person, _) = invited(&beckon, "ada@example.com").await;
    let message = |uuid: &str, address: &str| {
        json!({
            "EventId": 148, "EventType": "MDM Enrollment Complete", "DeviceId": 10_000, "DeviceUUID": uuid,
            "DeviceFriendlyName": "ada iPhone iOS 18.1 0001", "EnrollmentEmailAddress": address,
            "EnrollmentUserName": "ada", "EventTime": Timestamp::now(), "Platform": "Apple",
            "OperatingSystem": "18.1.0", "SerialNumber": "FAKE0004", "PhoneNumber": "",
            "Ownership": "CorporateDedicated",
        })
    };
    let messages = [message("U-1", "Ada@Example.com")];
    tell(&beckon, "uem", &messages, &[0, 0]).await;
    ends(&beckon, &person, "uem:U-1", ("companyOwned", "invitation")).await;

    let (other, _) = invited(&beckon, "bob@example.com").await;
    let messages = [message("U-2", "nobody@example.com")];
    tell(&beckon, "uem", &messages, &[0, 0]).await;
    assign(&beckon, &other).await;
    ends(&beckon, &other, "uem:U-2", ("companyOwned", "invitation")).await;
}

#[tokio::test]
async fn whose_a_device_is_by_its_system_decides_before_the_invitation_where_the_settings_let_it() {
    let beckon = registering(json!({ "useStatedOwnership": true })).await;
    for (ownership, decided) in [
        ("EmployeeOwned", ("userOwned", "stated")),
        ("CorporateShared", ("companyOwned", "stated")),
        ("Undefined", ("companyOwned", "invitation")),
    ] {
        let address = format!("{ownership}@example.com");
        let (person, _) = invited(&beckon, &address).await;
        let message = json!({
            "EventId": 148, "DeviceUUID": ownership, "EnrollmentEmailAddress": address,
            "EventTime": Timestamp::now(), "Platform": "Apple", "Ownership": ownership,
        });
        tell(&beckon, "uem", &[message], &[0, 0]).await;
        ends(&beckon, &person, &format!("uem:{ownership}"), decided).await;
    }
}

/// What Pub/Sub pushes about a device.
fn of_android(notice: &str, name: &str, mode: &str, reference: Option<&str>) -> Value {
    let device = json!({
        "name": name, "managementMode": mode, "state": "ACTIVE", "appliedState": "ACTIVE",
        "enrollmentTime": Timestamp::now(), "apiLevel": 35,
        "enrollmentTokenData": reference.map(|reference| json!({ "beckon": reference }).to_string()),
        "hardwareInfo": { "manufacturer": "Google", "model": "Pixel 8" },
    });
    json!({
        "message": {
            "attributes": { "notificationType": notice },
            "data": STANDARD.encode(device.to_string()), "messageId": "2070443601311540",
        },
        "subscription": "projects/example/subscriptions/beckon",
    })
}

#[tokio::test]
async fn android_gives_the_reference_back_that_its_token_carried() {
    let beckon = with_sources().await;
    for (mode, order, decided) in [
        ("PROFILE_OWNER", &[0, 1][..], ("companyOwned", "invitation")),
        (
            "DEVICE_OWNER",
            &[1, 0, 1, 0],
            ("companyOwned", "supervised"),
        ),
    ] {
        let (person, reference) = invited(&beckon, &format!("{}@example.com", decided.1)).await;
        let name = format!("enterprises/e/devices/{mode}");
        let messages = [
            of_android("ENROLLMENT", &name, mode, Some(&reference)),
            of_android("STATUS_REPORT", &name, mode, None),
        ];
        tell(&beckon, "android", &messages, order).await;
        ends(&beckon, &person, &format!("android:{name}"), decided).await;
    }
    let (other, _) = invited(&beckon, "other@example.com").await;
    let name = "enterprises/e/devices/of-nobody";
    let message = of_android("ENROLLMENT", name, "PROFILE_OWNER", None);
    tell(&beckon, "android", &[message], &[0]).await;
    assign(&beckon, &other).await;
    let id = format!("android:{name}");
    ends(&beckon, &other, &id, ("companyOwned", "invitation")).await;
}

#[tokio::test]
async fn each_system_is_asked_for_its_own_proof() {
    let beckon = with_sources().await;
    let message = of_android(
        "ENROLLMENT",
        "enterprises/e/devices/1",
        "PROFILE_OWNER",
        None,
    );
    for source in SOURCES {
        let guessed = send(&beckon, source, "beckon:another-secret-of-all", &message).await;
        assert_eq!(guessed.status, 401, "{source}: {}", guessed.text);
        let bare = beckon.call("POST", &format!("/v1/device-events/{source}"));
        let unproven = bare.json(&message).answer().await;
        assert_eq!(unproven.status, 401, "{source}: {}", unproven.text);
    }
    beckon.quiet().await;
    assert_eq!(unassigned(&beckon).await, [json!(null); 0]);
}
