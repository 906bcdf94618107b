//! `--issuer` and `--role`: whose tokens count on one machine, and what their roles permit. The issuer here answers
//! what a provider answers, and signs with keys of its own; `tests/console` signs in at a real one.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beckon_domain::values::permission::{Caller, CallerKind};
use beckon_local::{Options, SignIn, System};
use beckon_tests::Beckon;
use jiff::Timestamp;
use reqwest::Response;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const AUDIENCE: &str = "api://beckon";

/// A key of the issuer. Those here were made for these tests and open nothing else.
struct Key {
    id: &'static str,
    pair: RsaKeyPair,
}

impl Key {
    fn first() -> Self {
        Self::read("first", include_bytes!("sign_in/first.pkcs8"))
    }

    fn second() -> Self {
        Self::read("second", include_bytes!("sign_in/second.pkcs8"))
    }

    fn read(id: &'static str, bytes: &[u8]) -> Self {
        let pair = RsaKeyPair::from_pkcs8(bytes).unwrap();
        Self { id, pair }
    }

    fn public(&self) -> Value {
        let public: PublicKeyComponents<Vec<u8>> = self.pair.public().into();
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id,
            "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
        })
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as(
            &json!({"alg": "RS256", "kid": self.id}),
            claims,
            &RSA_PKCS1_SHA256,
        )
    }

    fn sign_as(&self, head: &Value, claims: &Value, how: &'static dyn RsaEncoding) -> String {
        let message = format!("{}.{}", part(head), part(claims));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(how, &random, message.as_bytes(), &mut signature)
            .unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// An issuer on loopback, whose keys can change.
struct Issuer {
    name: String,
    keys: Arc<Mutex<Vec<Value>>>,
}

impl Issuer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        // Among the keys of a provider are some that cannot be used here.
        let of_another_kind =
            json!({"kty": "EC", "crv": "P-256", "kid": "ec", "x": "AA", "y": "AA"});
        let keys = Arc::new(Mutex::new(vec![of_another_kind, Key::first().public()]));
        let said = json!({ "issuer": name, "jwks_uri": format!("{name}/keys") });
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async || Json(said)),
            )
            .route("/keys", get(read_keys))
            .with_state(Arc::clone(&keys));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { name, keys }
    }

    /// What a person's token says.
    fn claims(&self) -> Value {
        let now = Timestamp::now().as_second();
        json!({
            "iss": self.name, "sub": "u-1", "aud": AUDIENCE, "iat": now - 10, "exp": now + 600,
            "email": "ann@example.com", "cognito:groups": ["viewer"],
        })
    }

    /// The same with others put over them; null takes one away.
    fn claims_with(&self, others: &Value) -> Value {
        let mut claims = self.claims();
        for (name, value) in others.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }

    /// A Beckon that takes its tokens.
    async fn beckon(&self) -> Beckon {
        let sign_in = SignIn::of(&self.name, &["other".to_owned(), AUDIENCE.to_owned()]).unwrap();
        Beckon::start_with(|options| options.sign_in = Some(sign_in)).await
    }
}

async fn read_keys(State(keys): State<Arc<Mutex<Vec<Value>>>>) -> Json<Value> {
    Json(json!({ "keys": *keys.lock().unwrap() }))
}

/// Asks with this header, as any client would: what a gateway refuses, no document of ours describes.
async fn asked(beckon: &Beckon, method: &str, path: &str, authorization: Option<&str>) -> Response {
    let address = format!("{}{path}", beckon.address());
    let request = reqwest::Client::new().request(method.parse().unwrap(), address);
    let request = match authorization {
        Some(value) => request.header("Authorization", value),
        None => request,
    };
    request.send().await.unwrap()
}

/// The name and the roles that `/v1/me` answers to a token.
async fn me(beckon: &Beckon, token: &str) -> Result<Value, String> {
    let answer = asked(beckon, "GET", "/v1/me", Some(&format!("Bearer {token}"))).await;
    let status = answer.status().as_u16();
    let how = answer.headers().get("www-authenticate").cloned();
    let body: Value = answer.json().await.unwrap();
    if status == 200 {
        return Ok(body);
    }
    assert_eq!((status, body), (401, json!({"message": "Unauthorized"})));
    Err(how.unwrap().to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_token_of_the_issuer_says_who_calls_and_what_they_may_do() {
    let issuer = Issuer::start().await;
    let beckon = issuer.beckon().await;
    let token = Key::first().sign(&issuer.claims());

    let answer = me(&beckon, &token).await.unwrap();

    let expected = json!({
        "name": "ann@example.com", "kind": "person", "roles": ["viewer"], "mayActAs": ["viewer"],
    });
    assert_eq!(answer, expected);
    // With and without the word before it, and in another way to sign with RSA.
    let other = Key::first().sign_as(
        &json!({"alg": "RS512", "kid": "first"}),
        &issuer.claims(),
        &RSA_PKCS1_SHA512,
    );
    for header in [format!("bearer {token}"), token, format!("Bearer {other}")] {
        let answer = asked(&beckon, "GET", "/v1/users", Some(&header)).await;
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn what_api_gateway_refuses_is_refused_in_its_words() {
    let issuer = Issuer::start().await;
    let beckon = issuer.beckon().await;
    let now = Timestamp::now().as_second();
    let audience = "does not have a valid audience";
    for (others, said) in [
        (json!({"aud": "else"}), audience),
        (json!({"aud": ["else", "api://beckon2"]}), audience),
        (json!({"aud": null}), audience),
        (json!({"aud": null, "client_id": "else"}), audience),
        // Where there is an `aud`, it alone counts.
        (json!({"aud": "else", "client_id": AUDIENCE}), audience),
        (json!({"iss": "http://127.0.0.1:1"}), "issuer"),
        (json!({"iss": format!("{}/", issuer.name)}), "issuer"),
        (json!({"iss": null}), "issued"),
        (json!({"exp": now - 1}), "expired"),
        (json!({"exp": null}), "until when"),
        (json!({"exp": "soon"}), "until when"),
        (json!({"nbf": now + 60}), "not valid yet"),
        (json!({"iat": now + 60}), "in the future"),
    ] {
        let token = Key::first().sign(&issuer.claims_with(&others));

        let refused = me(&beckon, &token).await.unwrap_err();

        assert!(
            refused.contains("error=\"invalid_token\""),
            "{others}: {refused}"
        );
        assert!(refused.contains(said), "{others}: {refused}");
    }
    for others in [
        json!({"aud": ["else", AUDIENCE]}),
        json!({"aud": null, "client_id": AUDIENCE}),
        json!({"nbf": now - 60}),
        json!({"iat": null}),
    ] {
        let token = Key::first().sign(&issuer.claims_with(&others));

        assert!(me(&beckon, &token).await.is_ok(), "{others}");
    }
}

#[tokio::test]
async fn a_token_that_the_issuer_has_not_signed_opens_nothing() {
    let issuer = Issuer::start().await;
    let beckon = issuer.beckon().await;
    let (first, second) = (Key::first(), Key::second());
    let claims = issuer.claims();
    let good = first.sign(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let more = part(&issuer.claims_with(&json!({"cognito:groups": ["settings"]})));
    let public = first.public()["n"].to_string();
    for (what, token) in [
        (
            "another key under the same name",
            second.sign_as(
                &json!({"alg": "RS256", "kid": "first"}),
                &claims,
                &RSA_PKCS1_SHA256,
            ),
        ),
        (
            "a key of no name",
            first.sign_as(&json!({"alg": "RS256"}), &claims, &RSA_PKCS1_SHA256),
        ),
        ("a key that is not there", second.sign(&claims)),
        (
            "a key of another kind",
            first.sign_as(
                &json!({"alg": "RS256", "kid": "ec"}),
                &claims,
                &RSA_PKCS1_SHA256,
            ),
        ),
        ("other claims", format!("{head}.{more}.{signature}")),
        ("no signature", format!("{message}.")),
        (
            "none",
            format!(
                "{}.{}.",
                part(&json!({"alg": "none", "kid": "first"})),
                part(&claims)
            ),
        ),
        (
            "a secret that everybody knows",
            first.sign_as(
                &json!({"alg": "HS256", "kid": "first"}),
                &claims,
                &RSA_PKCS1_SHA256,
            ),
        ),
        ("the public key", public),
        ("no token", "a.b.c".to_owned()),
    ] {
        assert!(me(&beckon, &token).await.is_err(), "{what}");
    }
}

#[tokio::test]
async fn without_a_token_only_what_is_public_is_answered() {
    let issuer = Issuer::start().await;
    let beckon = issuer.beckon().await;
    let good = Key::first().sign(&issuer.claims());
    for header in [None, Some("Basic YTpi"), Some("Bearer"), Some("Bearer ")] {
        for (method, path) in [
            ("GET", "/v1/me"),
            ("GET", "/v1/users"),
            ("HEAD", "/v1/users"),
            ("GET", "/v1/users/counts"),
            ("DELETE", "/v1/users/01KG4JZ3M0000000000000000A"),
            ("POST", "/v1/mdm/registrations"),
        ] {
            let answer = asked(&beckon, method, path, header).await;

            assert_eq!(answer.status(), 401, "{method} {path}");
        }
    }
    for (path, status) in [
        ("/enroll", 200),
        ("/openapi.json", 200),
        ("/v1/nothing", 404),
        ("/mailbox", 200),
    ] {
        let answer = asked(&beckon, "GET", path, None).await;

        assert_eq!(answer.status(), status, "{path}");
    }
    // Two headers are one in API Gateway, and no token.
    let address = format!("{}/v1/me", beckon.address());
    let twice = reqwest::Client::new()
        .get(address)
        .bearer_auth(&good)
        .header("Authorization", "Bearer a");
    assert_eq!(twice.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn roles_are_those_of_the_token_and_may_be_none() {
    let issuer = Issuer::start().await;
    let beckon = issuer.beckon().await;
    for (groups, roles, may_act_as, settings) in [
        (
            json!(["settings", "old inviter"]),
            json!(["settings"]),
            json!(["viewer", "settings"]),
            200,
        ),
        (
            json!(["inviter"]),
            json!(["inviter"]),
            json!(["viewer", "helpdesk", "inviter"]),
            200,
        ),
        (json!(["mdm"]), json!([]), json!([]), 403),
        (json!([]), json!([]), json!([]), 403),
    ] {
        let claims = issuer.claims_with(&json!({"cognito:groups": groups}));
        let token = Key::first().sign(&claims);

        let answer = me(&beckon, &token).await.unwrap();
        let read = asked(&beckon, "GET", "/v1/settings", Some(&token)).await;

        assert_eq!(
            (&answer["roles"], &answer["mayActAs"]),
            (&roles, &may_act_as),
            "{groups}"
        );
        assert_eq!(read.status(), settings, "{groups}");
    }
}

#[tokio::test]
async fn a_key_that_the_issuer_has_changed_to_is_found() {
    let issuer = Issuer::start().await;
    let beckon = issuer.beckon().await;
    let token = Key::second().sign(&issuer.claims());
    assert!(me(&beckon, &token).await.is_err());

    issuer.keys.lock().unwrap().push(Key::second().public());

    // Who makes names of keys up has them asked for only every few seconds.
    beckon_tests::until("the new key is known", async || {
        me(&beckon, &token).await.ok()
    })
    .await;
}

#[tokio::test]
async fn an_issuer_that_cannot_be_used_is_said_at_the_start() {
    let issuer = Issuer::start().await;
    let with_a_slash = format!("{}/", issuer.name);
    for (name, said) in [
        ("http://127.0.0.1:1", "start the provider first"),
        (with_a_slash.as_str(), "calls itself"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            sign_in: Some(SignIn::of(name, &[AUDIENCE.to_owned()]).unwrap()),
            ..Options::new(folder.path().to_owned(), 0)
        };

        let refused = System::start(options).await.unwrap_err();

        assert!(format!("{refused:#}").contains(said), "{refused:#}");
    }
}

#[tokio::test]
async fn whoever_plays_a_role_may_do_what_it_permits_and_no_more() {
    let roles: BTreeSet<&str> = ["viewer", "pindesk"].into();
    let caller = Caller::with_roles(CallerKind::Person, "Local administrator", roles);
    let beckon = Beckon::start_with(|options| options.caller = caller).await;

    let answer = beckon.get("/v1/me").await.with_status(200);
    assert_eq!(answer["roles"], json!(["viewer", "pindesk"]));
    assert_eq!(answer["mayActAs"], json!(["viewer", "pindesk"]));
    beckon.get("/v1/users").await.with_status(200);
    let refused = beckon
        .post("/v1/users", &json!({"email": "ada@example.com"}))
        .await;
    assert_eq!(refused.status, 403, "{}", refused.text);
}

#[tokio::test]
async fn where_nobody_signs_in_the_caller_may_do_everything() {
    let beckon = Beckon::start().await;

    let answer = beckon.get("/v1/me").await.with_status(200);

    assert_eq!(answer["name"], "Local administrator");
    let all = json!([
        "viewer", "helpdesk", "inviter", "pindesk", "settings", "mdm"
    ]);
    assert_eq!(answer["mayActAs"], all);
}
