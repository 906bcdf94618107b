//! Device managements whose messages name a device and no person: each is asked whose it is, at a server that answers as
//! its documents say, and now and then does not.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_domain::model::device_event::DeviceEvent;
use beckon_domain::model::outgoing_call::OutgoingAnswer;
use beckon_domain::model::settings::device_sources::{
    Authentication, DeviceSource, SourceApi, SourceKind,
};
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::devices::Devices as _;
use beckon_domain::values::ids::EventId;
use beckon_domain::values::service_url::ServiceUrl;
use beckon_domain::values::source_name::SourceName;
use beckon_testkit::World;
use beckon_testkit::builders::settings;
use beckon_tests::{Beckon, Person, until};
use expand::Expand;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const KINDS: [&str; 3] = ["fleet", "simplemdm", "jamf"];
const SECRET: &str = "beckon:the-secret-of-the-source";
const CREDENTIALS: &str = "the-credentials";
const SERIAL: &str = "C02FAKE00001";

/// What a server does once instead of answering.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Throttle,
    Break,
    Nonsense,
}

/// A device management that knows one device, and that it is Ada's.
struct Mdm {
    kind: &'static str,
    faults: Mutex<VecDeque<Fault>>,
    asked: Mutex<Vec<String>>,
}

impl Mdm {
    async fn start(kind: &'static str) -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mdm = Arc::new(Self {
            kind,
            faults: Mutex::default(),
            asked: Mutex::default(),
        });
        let router = Router::new().fallback(serve).with_state(Arc::clone(&mdm));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (mdm, address)
    }

    fn known(&self, uri: &Uri) -> Option<Value> {
        let path = uri.path();
        match self.kind {
            "fleet" => {
                let users = json!([{ "idp_username": "ada@example.com", "idp_groups": ["Staff"] }]);
                let host = json!({ "id": 42, "hardware_serial": SERIAL, "end_users": users });
                (path == format!("/api/v1/fleet/hosts/identifier/{SERIAL}"))
                    .then(|| json!({ "host": host }))
            }
            "simplemdm" => {
                assert_eq!(path, "/api/v1/devices");
                let email = json!({
                    "type": "custom_attribute_value", "id": "email",
                    "attributes": { "secret": false, "value": "ada@example.com" },
                });
                let device = json!({
                    "type": "device", "id": 7, "attributes": { "name": "Mac", "serial_number": SERIAL },
                    "relationships": { "custom_attribute_values": { "data": [email] } },
                });
                let is_it = uri.query().unwrap().contains(&format!("search={SERIAL}&"));
                let found = if is_it { vec![device] } else { Vec::new() };
                Some(json!({ "data": found, "has_more": false }))
            }
            _ => {
                let location = json!({ "username": "ada.l", "email_address": "ada@example.com" });
                let device = json!({
                    "general": { "id": 7, "serial_number": SERIAL }, "location": location,
                });
                let expected = format!(
                    "/JSSResource/mobiledevices/serialnumber/{SERIAL}/subset/General&Location"
                );
                (path == expected).then(|| json!({ "mobile_device": device }))
            }
        }
    }
}

async fn serve(
    State(mdm): State<Arc<Mdm>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    mdm.asked.lock().unwrap().push(uri.to_string());
    if uri.path() == "/api/oauth/token" {
        assert_eq!((mdm.kind, method), ("jamf", Method::POST));
        let expected = format!(
            "grant_type=client_credentials&client_id=the-client&client_secret={CREDENTIALS}"
        );
        assert_eq!(body, expected.as_bytes());
        let token =
            json!({ "access_token": "the-token", "expires_in": 60, "token_type": "Bearer" });
        return axum::Json(token).into_response();
    }
    let expected = match mdm.kind {
        "fleet" => format!("Bearer {CREDENTIALS}"),
        "simplemdm" => format!("Basic {}", STANDARD.encode(format!("{CREDENTIALS}:"))),
        _ => "Bearer the-token".to_owned(),
    };
    if headers.get("authorization").unwrap().to_str().unwrap() != expected {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let fault = mdm.faults.lock().unwrap().pop_front();
    match fault {
        Some(Fault::Throttle) => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1200")]).into_response()
        }
        Some(Fault::Break) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::Nonsense) => axum::Json(json!({ "unexpected": true })).into_response(),
        None => match mdm.known(&uri) {
            Some(known) => axum::Json(known).into_response(),
            None => (StatusCode::NOT_FOUND, "<html>not found</html>").into_response(),
        },
    }
}

/// A Beckon that this device management tells of devices, as `source`, and that may ask it.
async fn asking(kind: &str, address: &str) -> Beckon {
    let beckon = Beckon::start_with(|options| {
        options.maintenance_every = Duration::from_millis(200);
    })
    .await;
    let mut api = json!({ "address": address });
    if kind == "jamf" {
        api["clientId"] = "the-client".into();
    }
    let authentication = json!({ "type": "query" });
    let source = json!({
        "name": "source", "kind": kind, "authentication": authentication, "api": api,
    });
    let settings = json!({ "confirmation": { "enabled": true }, "deviceSources": [source] });
    beckon.settings(&settings).await;
    let path = "/v1/device-event-sources/source/secrets";
    let added = beckon.post(path, &json!({ "secret": SECRET })).await;
    added.with_status(201);
    set_credentials(&beckon).await;
    beckon
}

/// Sets the credentials: the source is asked from now on, however long it was to be left alone.
async fn set_credentials(beckon: &Beckon) {
    let path = "/v1/device-event-sources/source/credentials";
    let call = beckon.call("PUT", path);
    let set = call.json(&json!({ "secret": CREDENTIALS }));
    assert_eq!(set.answer().await.status, 204);
}

/// What the system tells of a device that enrolled now.
fn enrolled(kind: &str, serial: &str) -> Value {
    let now = Timestamp::now();
    match kind {
        "fleet" => json!({
            "timestamp": now.to_string(), "type": "mdm_enrolled",
            "details": { "host_serial": serial, "host_display_name": "Mac", "platform": "darwin" },
        }),
        "simplemdm" => json!({
            "type": "device.enrolled", "at": now.to_string(),
            "data": { "device": { "id": 7, "udid": serial, "serial_number": serial } },
        }),
        _ => json!({
            "webhook": { "webhookEvent": "MobileDeviceEnrolled", "eventTimestamp": now.as_millisecond() },
            "event": { "udid": serial, "serialNumber": serial, "model": "iPhone", "username": "" },
        }),
    }
}

async fn tell(beckon: &Beckon, message: &Value) {
    let path = format!("/v1/device-events/source?token={SECRET}");
    let answer = beckon.call("POST", &path).json(message).answer().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn asked(beckon: &Beckon) -> Value {
    let list = beckon.get("/v1/device-event-sources").await;
    let list = list.with_status(200);
    assert!(!list.to_string().contains(CREDENTIALS));
    list["items"][0]["asked"].clone()
}

async fn unassigned(beckon: &Beckon) -> Vec<Value> {
    let page = beckon.get("/v1/unassigned-devices").await.with_status(200);
    page["items"].as_array().unwrap().clone()
}

async fn completes(beckon: &Beckon, person: &Person, kind: &str) {
    until(&format!("{kind} completes the invitation"), async || {
        let user = beckon.user(person).await;
        (user["invitation"]["state"] == "completed").then_some(())
    })
    .await;
    beckon.mail_number(2, &person.email).await;
    beckon.quiet().await;
    assert_eq!(beckon.mailbox_of(&person.email).await.len(), 2, "{kind}");
    let devices = format!("/v1/users/{}/devices", person.id);
    let devices = beckon.get(&devices).await.with_status(200);
    assert_eq!(devices["items"].as_array().unwrap().len(), 1, "{kind}");
}

#[tokio::test]
async fn each_system_is_asked_whose_a_device_is_that_its_message_names_without_a_person() {
    for kind in KINDS {
        let (mdm, address) = Mdm::start(kind).await;
        let beckon = asking(kind, &address).await;
        let ada = beckon.invite("ada@example.com").await;

        // One that the system does not know, and Ada's, twice.
        tell(&beckon, &enrolled(kind, "UNKNOWN1")).await;
        let message = enrolled(kind, SERIAL);
        tell(&beckon, &message).await;
        tell(&beckon, &message).await;

        completes(&beckon, &ada, kind).await;
        let nobodys = until("nobody's device is listed", async || {
            let listed = unassigned(&beckon).await;
            (listed.len() == 1).then_some(listed)
        })
        .await;
        assert_eq!(nobodys[0]["id"], "source:UNKNOWN1", "{kind}");
        let asked = asked(&beckon).await;
        assert!(asked["lastSuccessAt"].is_string(), "{kind}: {asked}");
        let calls = mdm.asked.lock().unwrap().clone();
        assert!(calls.iter().all(|call| !call.contains(CREDENTIALS)));
    }
}

#[tokio::test]
async fn while_a_system_fails_the_device_is_listed_and_why_is_told_and_later_it_finds_its_person() {
    for kind in KINDS {
        let (mdm, address) = Mdm::start(kind).await;
        let beckon = asking(kind, &address).await;
        let ada = beckon.invite("ada@example.com").await;

        for (fault, said, code) in [
            (Fault::Nonsense, "documentation", "notUnderstood"),
            (Fault::Break, "500", "status"),
            (Fault::Throttle, "429", "tooMany"),
        ] {
            mdm.faults.lock().unwrap().push_back(fault);
            set_credentials(&beckon).await;
            tell(&beckon, &enrolled(kind, SERIAL)).await;
            let told = until(&format!("{kind} fails: {said}"), async || {
                let asked = asked(&beckon).await;
                let error = asked["lastError"].as_str().unwrap_or_default();
                error.contains(said).then_some(asked)
            })
            .await;
            assert_eq!(told["lastFailure"]["code"], code, "{kind}: {told}");
            if matches!(fault, Fault::Throttle) {
                let at = |field: &str| told[field].as_str().unwrap().parse::<Timestamp>().unwrap();
                let pause = at("nextRoundAt").duration_since(at("lastRoundAt"));
                assert_eq!(pause.as_mins(), 20, "{kind}: {told}");
            }
        }
        assert_eq!(unassigned(&beckon).await.len(), 1, "{kind}");
        let user = beckon.user(&ada).await;
        assert_eq!(user["invitation"]["state"], "pending", "{kind}");

        set_credentials(&beckon).await;
        tell(&beckon, &enrolled(kind, SERIAL)).await;

        completes(&beckon, &ada, kind).await;
        let asked = asked(&beckon).await;
        assert_eq!(asked["lastError"], Value::Null, "{kind}");
        assert_eq!(asked["lastFailure"], Value::Null, "{kind}");
    }
}

#[tokio::test]
async fn credentials_are_dropped_with_the_address_that_they_were_given_for() {
    let (mdm, address) = Mdm::start("fleet").await;
    let beckon = asking("fleet", &address).await;
    assert!(asked(&beckon).await["credentialsSince"].is_string());
    let (other, elsewhere) = Mdm::start("fleet").await;
    let source = json!({ "name": "source", "kind": "fleet", "api": { "address": elsewhere } });
    beckon.settings(&json!({ "deviceSources": [source] })).await;

    tell(&beckon, &enrolled("fleet", SERIAL)).await;

    until("the source is not asked", async || {
        let asked = asked(&beckon).await;
        let error = asked["lastError"].as_str().unwrap_or_default();
        error.contains("no credentials").then_some(())
    })
    .await;
    assert_eq!(asked(&beckon).await["credentialsSince"], Value::Null);
    assert!(other.asked.lock().unwrap().is_empty());
    assert!(mdm.asked.lock().unwrap().is_empty());
}

/// What the stream says of a row that waits.
fn record(number: usize, key: (&str, &str)) -> Value {
    let key = json!({ "pk": { "S": key.0 }, "sk": { "S": key.1 } });
    let mut row = key.clone();
    row["state"] = json!({ "S": "waiting" });
    json!({
        "eventID": number.to_string(), "eventName": "INSERT", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/beckon/stream/2026-11-23T00:00:00.000",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_428_000, "Keys": key, "NewImage": row,
            "SequenceNumber": number.to_string(), "SizeBytes": 200, "StreamViewType": "NEW_IMAGE",
        },
    })
}

#[tokio::test]
async fn a_source_that_takes_its_time_keeps_neither_mail_nor_the_stream_waiting() {
    let name = SourceName::parse("fleet").unwrap();
    let mut settings = settings().build();
    settings.device_sources = vec![DeviceSource {
        name: name.clone(),
        kind: SourceKind::Fleet,
        authentication: Authentication::Query {
            parameter: "token".to_owned(),
        },
        mapping: None,
        api: Some(SourceApi {
            address: ServiceUrl::parse("https://fleet.example.com").unwrap(),
            tenant: None,
            client_id: None,
            space: None,
        }),
    }];
    let world = World::under(&settings);
    world
        .keys
        .give_credentials(&name, "https://fleet.example.com", CREDENTIALS);
    let (clock, wake_up) = (world.clock.clone(), world.wake_up.clone());
    world.outgoing.answer(move |_| {
        assert_eq!(wake_up.count(), 1, "mail waits for a source");
        clock.advance(SignedDuration::from_secs(4));
        Ok(OutgoingAnswer {
            status: 404,
            ..OutgoingAnswer::default()
        })
    });
    let mut records = Vec::new();
    for number in 0..20 {
        let now = world.clock.now();
        let body = json!({
            "type": "mdm_enrolled", "timestamp": now.to_string(),
            "details": { "host_serial": format!("SERIAL{number}"), "platform": "darwin" },
        });
        let id: EventId = format!("01KG4JZ3M00000000000000{number:03}")
            .parse()
            .unwrap();
        let event = DeviceEvent::received(id, name.clone(), body.to_string().into_bytes(), now);
        world.store.save_device_event(&event).await.unwrap();
        records.push(record(
            records.len(),
            (&format!("deviceEvent#{id}"), "deviceEvent"),
        ));
    }
    let mail = ("mail#01KG4JZ3M0000000000000000A", "mail");
    records.push(record(records.len(), mail));
    let event = serde_json::from_value(json!({ "Records": records })).unwrap();

    let answer = Expand { env: &world }.handle(event).await;

    // Twenty seconds are for messages; the rest is for maintenance, which takes as long.
    assert!(answer.batch_item_failures.is_empty());
    assert_eq!(world.outgoing.calls().len(), 5);
    world.clock.advance(SignedDuration::from_hours(1));
    let mut rounds = 0;
    while maintenance::carry(&world).await.unwrap().settled > 0 {
        rounds += 1;
    }
    assert_eq!((world.outgoing.calls().len(), rounds), (20, 3));
}
