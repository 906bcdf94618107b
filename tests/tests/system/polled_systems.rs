//! Device managements that tell of nothing and are asked: each against a server that lists devices as its documents say,
//! page by page, and that now and then throttles, refuses, breaks off or answers what nobody can use.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_tests::{Beckon, Person, until};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const CREDENTIALS: &str = "api:the-secret";

/// Which system a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Intune,
    Neurons,
    Epmm,
    Kandji,
}

const KINDS: [Kind; 4] = [Kind::Intune, Kind::Neurons, Kind::Epmm, Kind::Kandji];

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Intune => "intune",
            Self::Neurons => "ivantineurons",
            Self::Epmm => "ivantiepmm",
            Self::Kandji => "kandji",
        }
    }

    /// A device as the system lists it.
    fn device(self, id: &str, email: &str, at: Timestamp) -> Value {
        match self {
            Self::Intune => json!({
                "id": id, "userId": "", "deviceName": "Ada’s iPhone", "managedDeviceOwnerType": "personal",
                "enrolledDateTime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "operatingSystem": "iOS",
                "osVersion": "18.1", "deviceEnrollmentType": "userEnrollment", "isSupervised": false,
                "emailAddress": email, "userPrincipalName": email, "serialNumber": format!("SER{id}"),
            }),
            Self::Neurons => json!({
                "id": 123, "guid": id, "deviceName": "Ada’s iPad", "platformType": "IOS", "platformVersion": "18.1",
                "registrationState": "ACTIVE", "uid": email, "emailAddress": email, "serialNumber": format!("SER{id}"),
                "ownershipType": "UNKNOWN", "supervised": null, "lastRegistrationTime": at.as_millisecond(),
            }),
            Self::Epmm => json!({
                "common.uuid": id, "common.id": 1, "common.status": "ACTIVE", "common.model": "Pixel 8",
                "common.platform": "Android", "common.os_version": "15.0", "common.owner": "COMPANY",
                "common.registration_date": at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
                "user.email_address": email, "user.user_id": "ada", "user.display_name": "Ada Example",
            }),
            Self::Kandji => json!({
                "device_id": id, "device_name": "Ada’s MacBook Pro", "platform": "Mac", "os_version": "15.1",
                "serial_number": format!("SER{id}"), "is_removed": false,
                "user": if email.is_empty() { json!("") } else { json!({ "email": email, "id": 42 }) },
                "last_enrollment": at.strftime("%Y-%m-%d %H:%M:%S.000000+00:00").to_string(),
            }),
        }
    }
}

/// What a server does once instead of answering.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Throttle,
    Break,
    Refuse,
    Forbid,
    CutOff,
    Huge,
    Redirect,
    /// The token that was given is valid no longer.
    Expire,
    /// Nothing is wrong with this answer.
    Pass,
}

#[derive(Debug)]
struct Listed {
    kind: Kind,
    devices: Vec<Value>,
    faults: VecDeque<Fault>,
    token: u32,
    /// What was asked for, by path and query.
    asked: Vec<String>,
}

/// A server that lists devices.
struct Mdm {
    address: String,
    listed: Arc<Mutex<Listed>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Mdm {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Mdm {
    async fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let listed = Arc::new(Mutex::new(Listed {
            kind,
            devices: Vec::new(),
            faults: VecDeque::new(),
            token: 0,
            asked: Vec::new(),
        }));
        let router = Router::new().fallback(serve);
        let router = router.with_state((address.clone(), Arc::clone(&listed)));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            listed,
            task,
        }
    }

    fn lists(&self, device: Value) {
        self.listed.lock().unwrap().devices.push(device);
    }

    /// Devices that enrolled long ago, so that what is new is on a later page.
    fn lists_old_ones(&self, count: usize) {
        let mut listed = self.listed.lock().unwrap();
        let kind = listed.kind;
        let long_ago = Timestamp::now() - SignedDuration::from_hours(24 * 60);
        let old = |n: usize| kind.device(&format!("old-{n}"), "old@example.com", long_ago);
        listed.devices.extend((0..count).map(old));
    }

    fn fails(&self, fault: Fault) {
        self.listed.lock().unwrap().faults.push_back(fault);
    }

    fn asked(&self) -> Vec<String> {
        self.listed.lock().unwrap().asked.clone()
    }
}

type Shared = (String, Arc<Mutex<Listed>>);

async fn serve(
    State((address, listed)): State<Shared>,
    method: Method,
    uri: axum::http::Uri,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Response {
    let mut listed = listed.lock().unwrap();
    listed.asked.push(uri.to_string());
    let url = Url::parse(&format!("{address}{uri}")).unwrap();
    let is_token = url.path().ends_with("/oauth2/v2.0/token");
    if is_token {
        return token(&mut listed, &method, &url, &body);
    }
    let expected = match listed.kind {
        Kind::Intune => format!("Bearer token-{}", listed.token),
        Kind::Kandji => format!("Bearer {CREDENTIALS}"),
        Kind::Neurons | Kind::Epmm => format!("Basic {}", STANDARD.encode(CREDENTIALS)),
    };
    let shown = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap());
    if shown != Some(expected.as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match listed.faults.pop_front() {
        Some(Fault::Throttle) => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1200")]).into_response()
        }
        Some(Fault::Break) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::Refuse) => StatusCode::UNAUTHORIZED.into_response(),
        Some(Fault::Forbid) => StatusCode::FORBIDDEN.into_response(),
        Some(Fault::Redirect) => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
        Some(Fault::CutOff) => {
            let whole = page(&listed, &address, &url).to_string();
            let half: String = whole.chars().take(whole.len() / 3).collect();
            half.into_response()
        }
        Some(Fault::Huge) => " ".repeat(9 * 1024 * 1024).into_response(),
        Some(Fault::Expire) => {
            listed.token += 1;
            StatusCode::UNAUTHORIZED.into_response()
        }
        Some(Fault::Pass) | None => axum::Json(page(&listed, &address, &url)).into_response(),
    }
}

fn token(listed: &mut Listed, method: &Method, url: &Url, body: &Bytes) -> Response {
    let form: BTreeMap<String, String> = Url::parse(&format!(
        "http://form/?{}",
        std::str::from_utf8(body).unwrap()
    ))
    .unwrap()
    .query_pairs()
    .into_owned()
    .collect();
    assert_eq!(
        (method, url.path()),
        (&Method::POST, "/contoso.example/oauth2/v2.0/token")
    );
    assert_eq!(form["grant_type"], "client_credentials");
    assert_eq!(form["client_id"], "11111111-2222-3333-4444-555555555555");
    if form["client_secret"] != CREDENTIALS {
        let refusal = json!({ "error": "invalid_client", "error_description": "no" });
        return (StatusCode::UNAUTHORIZED, axum::Json(refusal)).into_response();
    }
    listed.token += 1;
    let token = format!("token-{}", listed.token);
    axum::Json(json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token }))
        .into_response()
}

/// What the system answers to this call.
fn page(listed: &Listed, address: &str, url: &Url) -> Value {
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let number =
        |name: &str, usual: usize| query.get(name).map_or(usual, |text| text.parse().unwrap());
    let from = |offset: usize, limit: usize| -> Vec<&Value> {
        listed.devices.iter().skip(offset).take(limit).collect()
    };
    match listed.kind {
        Kind::Intune => {
            assert_eq!(url.path(), "/v1.0/deviceManagement/managedDevices");
            let filter = query["$filter"]
                .strip_prefix("enrolledDateTime ge ")
                .unwrap();
            let since: Timestamp = filter.parse().unwrap();
            let enrolled = |device: &&Value| {
                device["enrolledDateTime"]
                    .as_str()
                    .unwrap()
                    .parse::<Timestamp>()
                    .unwrap()
                    >= since
            };
            let found: Vec<&Value> = listed.devices.iter().filter(enrolled).collect();
            let offset = number("$skiptoken", 0);
            let rows: Vec<&&Value> = found.iter().skip(offset).take(2).collect();
            let mut answer = json!({ "@odata.count": rows.len(), "value": rows });
            if found.len() > offset + 2 {
                let path = url.path();
                let next = format!(
                    "{address}{path}?$filter=enrolledDateTime%20ge%20{since}&$skiptoken={}",
                    offset + 2
                );
                answer["@odata.nextLink"] = next.into();
            }
            answer
        }
        Kind::Neurons if url.path() == "/api/v1/tenant/partition/device" => json!({
            "errors": null,
            "result": {
                "searchResults": [{ "id": 33_532, "name": "Other" }, { "id": 33_533, "name": "Default", "defaultPartition": true }],
                "totalCount": 2, "offset": 0, "limit": 200,
            },
        }),
        Kind::Neurons => {
            assert_eq!(url.path(), "/api/v1/device");
            let rows = number("rows", 50);
            assert!(rows <= 500, "the system refuses more than 500 rows");
            let (start, has_any) = (number("start", 0), query["dmPartitionId"] == "33533");
            let found = if has_any {
                from(start, rows)
            } else {
                Vec::new()
            };
            let total = if has_any { listed.devices.len() } else { 0 };
            json!({
                "errors": null,
                "result": { "searchResults": found, "totalCount": total, "offset": 0, "limit": rows },
            })
        }
        Kind::Epmm => {
            assert_eq!(url.path(), "/api/v2/devices");
            assert_eq!(query["adminDeviceSpaceId"], "1");
            assert!(query["fields"].contains("common.registration_date"));
            assert_eq!(query["query"], "common.status = \"ACTIVE\"");
            let (offset, limit) = (number("offset", 0), number("limit", 50));
            let rows = from(offset, limit);
            let total = listed.devices.len();
            json!({
                "resultCount": rows.len(), "totalCount": total, "hasMore": offset + rows.len() < total, "results": rows,
            })
        }
        Kind::Kandji => {
            assert_eq!(url.path(), "/api/v1/devices");
            let limit = number("limit", 300);
            assert!(limit <= 300, "the system gives at most 300");
            json!(from(number("offset", 0), limit))
        }
    }
}

/// A Beckon that asks this server, as `asked`, as soon as it has credentials.
async fn asking(mdm: &Mdm) -> Beckon {
    let beckon = Beckon::start_with(|options| {
        options.maintenance_every = Duration::from_millis(100);
    })
    .await;
    let kind = mdm.listed.lock().unwrap().kind;
    let mut api = json!({ "address": mdm.address });
    if kind == Kind::Intune {
        api["tenant"] = "contoso.example".into();
        api["clientId"] = "11111111-2222-3333-4444-555555555555".into();
    }
    beckon
        .settings(&json!({
            "confirmation": { "enabled": true },
            "deviceSources": [{ "name": "asked", "kind": kind.name(), "api": api }],
        }))
        .await;
    // Without credentials the first round ends before it asks.
    until("the round without credentials ends", async || {
        let asked = asked(&beckon).await;
        asked["lastError"].is_string().then_some(())
    })
    .await;
    beckon
}

/// Sets the credentials: the next round begins at once.
async fn ask_now(beckon: &Beckon) {
    let path = "/v1/device-event-sources/asked/credentials";
    let set = beckon
        .call("PUT", path)
        .json(&json!({ "secret": CREDENTIALS }));
    assert_eq!(set.answer().await.status, 204);
}

async fn asked(beckon: &Beckon) -> Value {
    let list = beckon
        .get("/v1/device-event-sources")
        .await
        .with_status(200);
    list["items"][0]["asked"].clone()
}

/// Waits for the end of a round that begins now.
async fn round(beckon: &Beckon) -> Value {
    let before = asked(beckon).await["lastRoundAt"].clone();
    ask_now(beckon).await;
    until("a round ends", async || {
        let asked = asked(beckon).await;
        (!asked["lastRoundAt"].is_null() && asked["lastRoundAt"] != before).then_some(asked)
    })
    .await
}

async fn devices(beckon: &Beckon, person: &Person) -> Vec<Value> {
    let path = format!("/v1/users/{}/devices", person.id);
    let page = beckon.get(&path).await.with_status(200);
    page["items"].as_array().unwrap().clone()
}

/// The person's only device is recorded, the invitation completed and confirmed once.
async fn completed_once(beckon: &Beckon, person: &Person, id: &str) {
    until(&format!("{id} is recorded"), async || {
        let own = devices(beckon, person).await;
        own.iter().any(|device| device["id"] == id).then_some(())
    })
    .await;
    let own = devices(beckon, person).await;
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(
        (&own[0]["ownership"], &own[0]["rule"]),
        (&json!("companyOwned"), &json!("invitation"))
    );
    beckon.completed_once(person, id).await;
}

async fn invited(beckon: &Beckon, email: &str) -> Person {
    let person = beckon.add_uninvited(email).await;
    beckon.send(&[&person], Some("companyOwned")).await;
    beckon.newest_pin(email).await;
    person
}

#[tokio::test]
async fn each_system_is_read_page_by_page_and_completes_an_invitation_once() {
    for kind in KINDS {
        let mdm = Mdm::start(kind).await;
        let beckon = asking(&mdm).await;
        let person = invited(&beckon, "ada@example.com").await;
        mdm.lists_old_ones(650);
        for n in 0..5 {
            mdm.lists(kind.device(&format!("nobodys-{n}"), "", Timestamp::now()));
        }
        mdm.lists(kind.device("1d71e131", "Ada@Example.com", Timestamp::now()));

        let first = round(&beckon).await;
        assert_eq!(first["lastError"], Value::Null, "{kind:?}: {first}");
        completed_once(&beckon, &person, "asked:1d71e131").await;
        let calls = mdm.asked().len();
        assert!(calls >= 3, "{kind:?} has pages: {:?}", mdm.asked());
        let again = round(&beckon).await;
        assert_eq!(again["lastError"], Value::Null, "{kind:?}: {again}");
        completed_once(&beckon, &person, "asked:1d71e131").await;

        let nobodys = until("nobody's devices are listed", async || {
            let page = beckon.get("/v1/unassigned-devices").await.with_status(200);
            let items = page["items"].as_array().unwrap().clone();
            (items.len() == 5).then_some(items)
        })
        .await;
        assert!(
            nobodys
                .iter()
                .all(|device| device["id"].as_str().unwrap().starts_with("asked:nobodys-"))
        );
    }
}

#[tokio::test]
async fn whatever_a_system_answers_instead_is_told_and_nobody_is_lost_by_it() {
    for kind in KINDS {
        let mdm = Mdm::start(kind).await;
        let beckon = asking(&mdm).await;
        let person = invited(&beckon, "ada@example.com").await;
        mdm.lists(kind.device("1d71e131", "ada@example.com", Timestamp::now()));

        for (fault, said, code, status) in [
            (Fault::Throttle, "429", "tooMany", Some("429")),
            (Fault::Break, "500", "status", Some("500")),
            (Fault::Refuse, "401", "unauthorised", Some("401")),
            (Fault::Forbid, "403", "forbidden", Some("403")),
            (Fault::CutOff, "no list of devices", "notUnderstood", None),
            (Fault::Huge, "larger", "tooLarge", None),
            (Fault::Redirect, "302", "redirected", Some("302")),
        ] {
            mdm.fails(fault);
            let ended = round(&beckon).await;
            let error = ended["lastError"].as_str().unwrap_or_default();
            assert!(error.contains(said), "{kind:?} {fault:?}: {ended}");
            assert!(!error.contains("the-secret"), "{error}");
            let failure = &ended["lastFailure"];
            assert_eq!(failure["code"], code, "{kind:?} {fault:?}: {ended}");
            let told = failure["parameters"]["status"].as_str();
            assert_eq!(told, status, "{kind:?} {fault:?}: {ended}");
            if matches!(fault, Fault::Throttle) {
                let moment =
                    |field: &str| ended[field].as_str().unwrap().parse::<Timestamp>().unwrap();
                let pause = moment("nextRoundAt").duration_since(moment("lastRoundAt"));
                assert_eq!(pause, SignedDuration::from_mins(20), "{kind:?}");
            }
        }
        assert_eq!(devices(&beckon, &person).await.len(), 0);
        let well = round(&beckon).await;

        assert_eq!(well["lastError"], Value::Null, "{kind:?}: {well}");
        assert_eq!(well["lastFailure"], Value::Null, "{kind:?}: {well}");
        completed_once(&beckon, &person, "asked:1d71e131").await;
        assert!(mdm.asked().iter().all(|asked| !asked.contains("elsewhere")));
    }
}

#[tokio::test]
async fn a_token_of_intune_that_ran_out_is_replaced_in_the_same_round() {
    let mdm = Mdm::start(Kind::Intune).await;
    let beckon = asking(&mdm).await;
    let person = invited(&beckon, "ada@example.com").await;
    for n in 0..3 {
        mdm.lists(Kind::Intune.device(&format!("nobodys-{n}"), "", Timestamp::now()));
    }
    mdm.lists(Kind::Intune.device("705c034c", "ada@example.com", Timestamp::now()));
    mdm.fails(Fault::Pass);
    mdm.fails(Fault::Expire);

    let ended = round(&beckon).await;

    assert_eq!(ended["lastError"], Value::Null);
    completed_once(&beckon, &person, "asked:705c034c").await;
    let tokens = mdm
        .asked()
        .iter()
        .filter(|asked| asked.ends_with("/token"))
        .count();
    assert_eq!(tokens, 2, "one at the begin, and one in its place");
}

#[tokio::test]
async fn credentials_are_never_shown_and_go_when_the_address_changes() {
    let mdm = Mdm::start(Kind::Kandji).await;
    let beckon = asking(&mdm).await;
    round(&beckon).await;
    let other = Mdm::start(Kind::Kandji).await;
    let list = beckon.get("/v1/device-event-sources").await;
    assert!(!list.text.contains("the-secret"), "{}", list.text);
    let settings = beckon.get("/v1/settings").await;
    assert!(!settings.text.contains("the-secret"), "{}", settings.text);

    beckon
        .settings(&json!({
            "deviceSources": [{ "name": "asked", "kind": "kandji", "api": { "address": other.address } }],
        }))
        .await;

    let without = until("the round without credentials ends", async || {
        let asked = asked(&beckon).await;
        let error = asked["lastError"].as_str().unwrap_or_default();
        error.contains("no credentials").then_some(asked)
    })
    .await;
    assert_eq!(without["credentialsSince"], Value::Null);
    assert_eq!(without["address"], other.address.as_str());
    assert_eq!(
        other.asked().len(),
        0,
        "nothing was shown to another address"
    );
    let senders = beckon.folder().join("senders.json");
    let kept = std::fs::read_to_string(senders).unwrap_or_default();
    assert!(!kept.contains("the-secret"), "they are thrown away, too");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table: one entry for each fault")]
async fn settings_of_a_system_that_cannot_be_asked_are_refused_with_what_to_do() {
    let beckon = Beckon::start().await;
    let refused = async |source: Value, field: &str, code: &str| {
        let body = json!({ "deviceSources": [source] });
        let call = beckon.call("PUT", "/v1/settings").header("If-Match", "*");
        let answer = call.json(&body).answer().await.with_status(422);
        let errors = answer["errors"].as_array().unwrap().clone();
        let named = |error: &Value| error["field"] == field && error["code"] == code;
        assert!(errors.iter().any(named), "{source}: {errors:?}");
    };
    let of = |kind: &str, api: Value| json!({ "name": "asked", "kind": kind, "api": api });
    let field = |name: &str| format!("deviceSources[0].api.{name}");

    refused(
        json!({ "name": "asked", "kind": "kandji" }),
        &field("address"),
        "missing",
    )
    .await;
    for address in [
        "mdm.example.com",
        "http://mdm.example.com",
        "https://a:b@mdm.example.com",
        "https://mdm.example.com/?x",
    ] {
        let code = if address.starts_with("http:") {
            "notHttps"
        } else {
            "malformedUrl"
        };
        refused(
            of("kandji", json!({ "address": address })),
            &field("address"),
            code,
        )
        .await;
    }
    refused(of("intune", json!({})), &field("tenant"), "missing").await;
    refused(
        of("intune", json!({ "tenant": "a/../b", "clientId": "x" })),
        &field("tenant"),
        "malformed",
    )
    .await;
    let address = "https://mdm.example.com";
    refused(
        of("kandji", json!({ "address": address, "tenant": "x" })),
        &field("tenant"),
        "notForThisKind",
    )
    .await;
    refused(
        of("kandji", json!({ "address": address, "space": 1 })),
        &field("space"),
        "notForThisKind",
    )
    .await;
    refused(
        of("nanomdm", json!({ "address": address })),
        "deviceSources[0].api",
        "notForThisKind",
    )
    .await;
    // Those that can be asked whose a device is.
    refused(
        of("jamf", json!({ "address": address })),
        &field("clientId"),
        "missing",
    )
    .await;
    refused(of("fleet", json!({})), &field("address"), "missing").await;
    refused(
        of("fleet", json!({ "address": address, "clientId": "x" })),
        &field("clientId"),
        "notForThisKind",
    )
    .await;
    let proven = json!({ "name": "asked", "kind": "kandji", "api": { "address": address }, "authentication": { "type": "basic" } });
    refused(
        proven,
        "deviceSources[0].authentication.type",
        "notForThisKind",
    )
    .await;
    let credentials = |name: &str| format!("/v1/device-event-sources/{name}/credentials");
    let body = json!({ "secret": "x" });
    let unknown = beckon
        .call("PUT", &credentials("asked"))
        .json(&body)
        .answer()
        .await;
    assert_eq!(unknown.status, 404);
    beckon
        .settings(&json!({ "deviceSources": [{ "name": "jamf", "kind": "jamf" }] }))
        .await;
    let not_asked = beckon
        .call("PUT", &credentials("jamf"))
        .json(&body)
        .answer()
        .await;
    assert_eq!(not_asked.status, 409);
    let none = beckon.call("DELETE", &credentials("jamf")).answer().await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn nobody_can_send_messages_as_a_system_that_is_asked() {
    let mdm = Mdm::start(Kind::Kandji).await;
    let beckon = asking(&mdm).await;

    let sent = beckon
        .post("/v1/device-events/asked", &json!({ "device_id": "1" }))
        .await;

    assert_eq!(sent.status, 401);
}
