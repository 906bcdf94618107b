//! Messages of a source that proves itself by a token that an issuer such as Google signed. The issuer here answers what
//! Google answers, and signs with keys that were made for these tests.
#![expect(
    clippy::unwrap_used,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use beckon_tests::{Beckon, until};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const AUDIENCE: &str = "https://beckon.example.com/push";
const ACCOUNT: &str = "push@example.iam.gserviceaccount.com";

/// An issuer on loopback.
struct Issuer {
    name: String,
    state: Arc<IssuerState>,
}

struct IssuerState {
    is_down: AtomicBool,
    asked: AtomicUsize,
}

fn first() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(include_bytes!("sign_in/first.pkcs8")).unwrap()
}

fn second() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(include_bytes!("sign_in/second.pkcs8")).unwrap()
}

async fn keys(State(state): State<Arc<IssuerState>>) -> Result<Json<Value>, StatusCode> {
    state.asked.fetch_add(1, Ordering::SeqCst);
    if state.is_down.load(Ordering::SeqCst) {
        return Err(StatusCode::BAD_GATEWAY);
    }
    let public: PublicKeyComponents<Vec<u8>> = first().public().into();
    Ok(Json(json!({ "keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "first",
        "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
    }] })))
}

impl Issuer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        let said = json!({ "issuer": name, "jwks_uri": format!("{name}/keys") });
        let state = Arc::new(IssuerState {
            is_down: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async || Json(said)),
            )
            .route("/keys", get(keys))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { name, state }
    }

    /// What a token of Pub/Sub says, with others put over it; null takes one away.
    fn claims(&self, others: &Value) -> Value {
        let now = Timestamp::now().as_second();
        let mut claims = json!({
            "iss": self.name, "aud": AUDIENCE, "azp": "1", "sub": "1", "iat": now - 10, "exp": now + 600,
            "email": ACCOUNT, "email_verified": true,
        });
        for (name, value) in others.as_object().unwrap() {
            let all = claims.as_object_mut().unwrap();
            if value.is_null() {
                all.remove(name);
            } else {
                all.insert(name.clone(), value.clone());
            }
        }
        claims
    }

    fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    async fn beckon(&self) -> Beckon {
        let beckon = Beckon::start().await;
        let google = json!({
            "type": "google", "issuer": self.name, "audience": AUDIENCE, "account": ACCOUNT,
        });
        let source = json!({ "name": "android", "kind": "android", "authentication": google });
        let settings = json!({ "deviceSources": [source] });
        beckon.settings(&settings).await;
        beckon
    }
}

fn signed(key: &RsaKeyPair, head: &Value, claims: &Value, how: &'static dyn RsaEncoding) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(head), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    let random = SystemRandom::new();
    key.sign(how, &random, message.as_bytes(), &mut signature)
        .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn token(claims: &Value) -> String {
    let head = json!({ "alg": "RS256", "kid": "first", "typ": "JWT" });
    signed(&first(), &head, claims, &RSA_PKCS1_SHA256)
}

/// What Pub/Sub pushes about a device of nobody; the status of the answer.
async fn push(beckon: &Beckon, token: Option<&str>) -> u16 {
    let device = json!({
        "name": "enterprises/e/devices/1", "managementMode": "PROFILE_OWNER",
        "enrollmentTime": Timestamp::now(),
    });
    let message = json!({ "message": {
        "attributes": { "notificationType": "ENROLLMENT" },
        "data": STANDARD.encode(device.to_string()), "messageId": "1",
    } });
    let call = beckon.call("POST", "/v1/device-events/android");
    let call = match token {
        Some(token) => call.header("Authorization", &format!("Bearer {token}")),
        None => call,
    };
    call.json(&message).answer().await.status
}

#[tokio::test]
async fn a_token_that_the_issuer_signed_for_the_account_proves_a_message() {
    let issuer = Issuer::start().await;
    let beckon = issuer.beckon().await;

    for _ in 0..3 {
        let token = token(&issuer.claims(&json!({})));
        assert_eq!(push(&beckon, Some(&token)).await, 200);
    }

    assert_eq!(issuer.asked(), 1, "keys are kept");
    let listed = until("the device is listed", async || {
        let page = beckon.get("/v1/unassigned-devices").await.json();
        page.pointer("/items/0/id").cloned()
    })
    .await;
    assert_eq!(listed, "android:enterprises/e/devices/1");
}

#[tokio::test]
async fn a_token_that_says_anything_else_proves_nothing() {
    let issuer = Issuer::start().await;
    let beckon = issuer.beckon().await;
    let now = Timestamp::now().as_second();

    for others in [
        json!({ "iss": "https://accounts.google.com" }),
        json!({ "aud": "https://another.example.com" }),
        json!({ "aud": null }),
        json!({ "email": "another@example.iam.gserviceaccount.com" }),
        json!({ "email": null }),
        json!({ "email_verified": false }),
        json!({ "email_verified": null }),
        json!({ "exp": now - 120 }),
        json!({ "exp": null }),
        json!({ "iat": now + 120 }),
        json!({ "iat": null }),
    ] {
        let token = token(&issuer.claims(&others));
        assert_eq!(push(&beckon, Some(&token)).await, 401, "{others}");
    }
    let claims = issuer.claims(&json!({}));
    let head = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid });
    let forged = [
        signed(
            &second(),
            &head("RS256", "first"),
            &claims,
            &RSA_PKCS1_SHA256,
        ),
        signed(
            &first(),
            &head("RS256", "unknown"),
            &claims,
            &RSA_PKCS1_SHA256,
        ),
        signed(
            &first(),
            &head("RS512", "first"),
            &claims,
            &RSA_PKCS1_SHA512,
        ),
        signed(
            &first(),
            &json!({ "alg": "RS256" }),
            &claims,
            &RSA_PKCS1_SHA256,
        ),
        signed(&first(), &head("none", "first"), &claims, &RSA_PKCS1_SHA256),
        "a.b.c".to_owned(),
        "x".repeat(20_000),
    ];
    for token in &forged {
        assert_eq!(push(&beckon, Some(token)).await, 401, "{token:.80}");
    }
    assert_eq!(push(&beckon, None).await, 401);
    assert!(issuer.asked() <= 2, "{} times", issuer.asked());
    // Within what clocks may differ by.
    let late = issuer.claims(&json!({ "exp": now - 20, "iat": now + 20 }));
    assert_eq!(push(&beckon, Some(&token(&late))).await, 200);
}

#[tokio::test]
async fn while_the_issuer_cannot_be_reached_a_message_is_to_be_sent_again() {
    let issuer = Issuer::start().await;
    issuer.state.is_down.store(true, Ordering::SeqCst);
    let beckon = issuer.beckon().await;
    let token = token(&issuer.claims(&json!({})));

    assert_eq!(push(&beckon, Some(&token)).await, 503);
    assert_eq!(push(&beckon, Some(&token)).await, 503);

    assert_eq!(issuer.asked(), 1, "it is not asked for each message");
    // Whose issuer is another is refused without asking anybody.
    assert_eq!(push(&beckon, Some("a.b.c")).await, 401);
}
