//! Device managements that issue a token for each person: the address at which somebody goes on carries one, and the device
//! that enrols with it finds its person. Each is a server that answers as its documents say, and now and then does not.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use beckon_tests::{Answer, Beckon, Person, until};
use jiff::Timestamp;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const KEY: &[u8] = include_bytes!("sign_in/first.pkcs8");
const SECRET: &str = "beckon:the-secret-of-the-source";
const CREDENTIALS: &str = "the-credentials";
const ACCOUNT: &str = "tokens@beckon.iam.gserviceaccount.com";
const NUMBER: &str = "957265384823673745958372626273892726191";

/// A device management that issues tokens.
struct Mdm {
    address: String,
    /// With which statuses it answers once each instead of issuing.
    faults: Mutex<VecDeque<u16>>,
    /// What was to be issued, as it was asked for.
    issued: Mutex<Vec<String>>,
}

impl Mdm {
    async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mdm = Arc::new(Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            faults: Mutex::default(),
            issued: Mutex::default(),
        });
        let router = Router::new().fallback(serve).with_state(Arc::clone(&mdm));
        tokio::spawn(async move { axum::serve(listener, router).await });
        mdm
    }

    fn issued(&self) -> Vec<String> {
        self.issued.lock().unwrap().clone()
    }

    /// Whether this is what the service account says of itself, signed by its key.
    fn knows(&self, form: &str) -> bool {
        let before = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
        let assertion = form.strip_prefix(before).unwrap();
        let (said, signature) = assertion.rsplit_once('.').unwrap();
        let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let claims: Value =
            serde_json::from_slice(&decoded(said.split_once('.').unwrap().1)).unwrap();
        let pair = RsaKeyPair::from_pkcs8(KEY).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
        let now = Timestamp::now().as_second();
        public.verify(said.as_bytes(), &decoded(signature)).is_ok()
            && claims["iss"] == ACCOUNT
            && claims["aud"] == format!("{}/token", self.address)
            && claims["scope"] == "https://www.googleapis.com/auth/androidmanagement"
            && claims["exp"].as_i64().unwrap() > now
            && claims["iat"].as_i64().unwrap() <= now
    }
}

async fn serve(
    State(mdm): State<Arc<Mdm>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let access =
        json!({ "access_token": "the-access", "expires_in": 3599, "token_type": "Bearer" });
    match uri.path() {
        "/token" if mdm.knows(&body) => return axum::Json(access).into_response(),
        "/api/oauth/token" => {
            assert!(body.ends_with(&format!("&client_secret={CREDENTIALS}")));
            return axum::Json(access).into_response();
        }
        _ => {}
    }
    if headers
        .get("authorization")
        .is_none_or(|shown| shown != "Bearer the-access")
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let fault = mdm.faults.lock().unwrap().pop_front();
    if let Some(status) = fault {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if method == Method::POST {
        mdm.issued.lock().unwrap().push(body);
    }
    let token = |number: &str| {
        let name = format!("enterprises/LC012abc/enrollmentTokens/t{number}");
        json!({ "name": name, "value": format!("TOKEN{number}"), "oneTimeOnly": true })
    };
    let known = mdm.issued().len();
    match (method.as_str(), uri.path()) {
        ("POST", "/v1/enterprises/LC012abc/enrollmentTokens") => {
            axum::Json(token(&known.to_string())).into_response()
        }
        ("POST", "/JSSResource/mobiledeviceinvitations/id/0") => {
            let id =
                format!("<mobile_device_invitation><id>{known}</id></mobile_device_invitation>");
            (StatusCode::CREATED, id).into_response()
        }
        ("GET", "/JSSResource/mobiledeviceinvitations/id/1") => {
            format!(r#"{{"mobile_device_invitation":{{"id":1,"invitation":{NUMBER}}}}}"#)
                .into_response()
        }
        ("GET", path) => {
            let before = "/v1/enterprises/LC012abc/enrollmentTokens/t";
            axum::Json(token(path.strip_prefix(before).unwrap())).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The settings by which people go on with a token of this source.
fn settings(kind: &str, address: &str) -> Value {
    let (api, url) = match kind {
        "android" => (
            json!({ "address": address, "tenant": "LC012abc" }),
            "https://enterprise.google.com/android/enroll?et={token}",
        ),
        _ => (
            json!({ "address": address, "clientId": "the-client" }),
            "https://jamf.example.com/enroll?invitation={token}",
        ),
    };
    let policy = (kind == "android").then_some("work");
    let source = json!({
        "name": "source", "kind": kind, "authentication": { "type": "query" }, "api": api,
    });
    let entry = json!({ "url": url, "token": { "source": "source", "policy": policy } });
    json!({
        "confirmation": { "enabled": true },
        "deviceSources": [source], "enrolment": { "addresses": [entry] },
    })
}

/// The key file of the service account, or the secret of the client.
fn credentials(kind: &str, address: &str) -> String {
    if kind != "android" {
        return CREDENTIALS.to_owned();
    }
    let key = STANDARD.encode(KEY);
    let file = json!({
        "type": "service_account", "project_id": "beckon", "private_key_id": "key-1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"),
        "client_email": ACCOUNT, "token_uri": format!("{address}/token"),
    });
    serde_json::to_string_pretty(&file).unwrap()
}

async fn set_credentials(beckon: &Beckon, secret: &str) -> Answer {
    let path = "/v1/device-event-sources/source/credentials";
    let call = beckon.call("PUT", path);
    call.json(&json!({ "secret": secret })).answer().await
}

/// A Beckon whose people go on with a token of this device management.
async fn issuing(kind: &str, mdm: &Mdm) -> Beckon {
    let beckon = Beckon::start().await;
    beckon.settings(&settings(kind, &mdm.address)).await;
    let path = "/v1/device-event-sources/source/secrets";
    let added = beckon.post(path, &json!({ "secret": SECRET })).await;
    added.with_status(201);
    let set = set_credentials(&beckon, &credentials(kind, &mdm.address)).await;
    assert_eq!(set.status, 204, "{}", set.text);
    beckon
}

/// The id of a session whose address is made on request.
async fn session(beckon: &Beckon, person: &Person) -> String {
    let pin = beckon.newest_pin(&person.email).await;
    let opened = beckon.show_pin(&person.email, &pin).await.with_status(200);
    assert_eq!(opened["continueUrl"], Value::Null);
    assert_eq!(opened["continueOnRequest"], true);
    opened["registrationId"].as_str().unwrap().to_owned()
}

async fn go_on(beckon: &Beckon, id: &str) -> Answer {
    let path = format!("/v1/registrations/{id}/address");
    beckon.post(&path, &json!({})).await
}

async fn asked(beckon: &Beckon) -> Value {
    let list = beckon.get("/v1/device-event-sources").await;
    let list = list.with_status(200);
    assert!(!list.to_string().contains(CREDENTIALS));
    list["items"][0]["asked"].clone()
}

#[tokio::test]
async fn an_android_device_that_enrols_with_its_persons_token_completes_the_invitation() {
    let mdm = Mdm::start().await;
    let beckon = issuing("android", &mdm).await;
    let ada = beckon.invite("ada@example.com").await;
    let id = session(&beckon, &ada).await;

    let first = go_on(&beckon, &id).await.with_status(200);
    let again = go_on(&beckon, &id).await.with_status(200);

    let expected = "https://enterprise.google.com/android/enroll?et=TOKEN1";
    assert_eq!(first["continueUrl"], expected);
    assert_eq!(again["continueUrl"], expected);
    let issued = mdm.issued();
    assert_eq!(issued.len(), 1);
    let issued: Value = serde_json::from_str(&issued[0]).unwrap();
    assert_eq!(issued["policyName"], "enterprises/LC012abc/policies/work");
    // What the token carried comes back with the device.
    let device = json!({
        "name": "enterprises/LC012abc/devices/1", "managementMode": "PROFILE_OWNER",
        "enrollmentTime": Timestamp::now(), "enrollmentTokenData": issued["additionalData"],
    });
    let message = json!({ "message": {
        "attributes": { "notificationType": "ENROLLMENT" },
        "data": STANDARD.encode(device.to_string()), "messageId": "1",
    } });
    let path = format!("/v1/device-events/source?token={SECRET}");
    let told = beckon.call("POST", &path).json(&message).answer().await;
    assert_eq!(told.status, 200, "{}", told.text);
    until("the invitation is completed", async || {
        let user = beckon.user(&ada).await;
        (user["invitation"]["state"] == "completed").then_some(())
    })
    .await;
    assert_eq!(go_on(&beckon, &id).await.status, 410);
}

#[tokio::test]
async fn the_address_of_jamf_carries_an_invitation_for_the_persons_user_name() {
    let mdm = Mdm::start().await;
    let beckon = issuing("jamf", &mdm).await;
    let ada = beckon
        .add_user(&json!({ "email": "ada@example.com", "userName": "ada.l" }))
        .await;
    let id = session(&beckon, &ada).await;

    let first = go_on(&beckon, &id).await.with_status(200);
    let again = go_on(&beckon, &id).await.with_status(200);

    let expected = format!("https://jamf.example.com/enroll?invitation={NUMBER}");
    assert_eq!(first["continueUrl"], expected);
    assert_eq!(again["continueUrl"], expected);
    let issued = mdm.issued();
    assert_eq!(issued.len(), 1);
    assert!(
        issued[0].contains("<username>ada.l</username>"),
        "{}",
        issued[0]
    );
}

#[tokio::test]
async fn while_a_system_issues_no_token_the_person_tries_again_and_administrators_see_why() {
    for kind in ["android", "jamf"] {
        let mdm = Mdm::start().await;
        let beckon = issuing(kind, &mdm).await;
        let ada = beckon.invite("ada@example.com").await;
        let id = session(&beckon, &ada).await;

        for (status, said) in [
            (503, "503"),
            (403, "may not make"),
            (302, "another address"),
        ] {
            mdm.faults.lock().unwrap().push_back(status);
            let refused = go_on(&beckon, &id).await;
            assert_eq!(refused.status, 503, "{kind}: {}", refused.text);
            assert!(refused.text.contains("urn:beckon:problem:no-token-now"));
            let error = asked(&beckon).await["lastError"].clone();
            assert!(error.as_str().unwrap().contains(said), "{kind}: {error}");
        }
        let state = beckon.registration(&id).await["state"].clone();
        assert_eq!(state, "open", "{kind}");

        go_on(&beckon, &id).await.with_status(200);
        let asked = asked(&beckon).await;
        assert_eq!(asked["lastError"], Value::Null, "{kind}");
        assert!(asked["lastSuccessAt"].is_string(), "{kind}");
    }
}

#[tokio::test]
async fn credentials_of_another_address_are_dropped_and_what_is_no_key_file_is_refused() {
    let mdm = Mdm::start().await;
    let beckon = issuing("android", &mdm).await;
    let ada = beckon.invite("ada@example.com").await;
    let id = session(&beckon, &ada).await;
    let wrong = set_credentials(&beckon, CREDENTIALS).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(!wrong.text.contains(CREDENTIALS));

    let elsewhere = Mdm::start().await;
    beckon
        .settings(&settings("android", &elsewhere.address))
        .await;

    assert_eq!(go_on(&beckon, &id).await.status, 503);
    let asked = asked(&beckon).await;
    assert_eq!(asked["credentialsSince"], Value::Null);
    assert!(
        asked["lastError"]
            .as_str()
            .unwrap()
            .contains("no credentials")
    );
    assert!(elsewhere.issued().is_empty() && mdm.issued().is_empty());
}

#[tokio::test]
async fn an_address_with_a_token_needs_a_source_that_issues_it() {
    let beckon = Beckon::start().await;
    let source = |kind: &str, api: Value| json!({ "name": "source", "kind": kind, "authentication": { "type": "query" }, "api": api });
    let android = source("android", json!({ "tenant": "LC012abc" }));
    let jamf = source(
        "jamf",
        json!({ "address": "https://jamf.example.com", "clientId": "c" }),
    );
    let with_token = "https://mdm.example.com/?t={token}";
    let token = |policy: Option<&str>| json!({ "source": "source", "policy": policy });
    for (sources, url, token, field, code) in [
        (
            json!([android]),
            with_token,
            Value::Null,
            "token",
            "missing",
        ),
        (
            json!([android]),
            "https://mdm.example.com/",
            token(None),
            "token",
            "doesNotApply",
        ),
        (
            json!([]),
            with_token,
            token(None),
            "token.source",
            "unknownSource",
        ),
        (
            json!([source("fleet", Value::Null)]),
            with_token,
            token(None),
            "token.source",
            "issuesNoTokens",
        ),
        (
            json!([source("android", Value::Null)]),
            with_token,
            token(None),
            "token.source",
            "issuesNoTokens",
        ),
        (
            json!([jamf]),
            with_token,
            token(Some("work")),
            "token.policy",
            "doesNotApply",
        ),
        (
            json!([android]),
            with_token,
            token(Some("../work")),
            "token.policy",
            "malformed",
        ),
    ] {
        let settings = json!({
            "deviceSources": sources,
            "enrolment": { "addresses": [{ "url": url, "token": token }] },
        });
        let call = beckon.call("PUT", "/v1/settings").header("If-Match", "*");
        let refused = call.json(&settings).answer().await.with_status(422);
        let error = &refused["errors"][0];
        assert_eq!(
            error["field"],
            format!("enrolment.addresses[0].{field}"),
            "{refused}"
        );
        assert_eq!(error["code"], code, "{refused}");
    }
}
