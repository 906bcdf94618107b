//! A function as Lambda runs it, with `BECKON_LOG=trace`: this program begins itself once more as one,
//! hands it requests as the Runtime API does, and reads all that it writes. The Lambda runtime
//! prints whole requests at that level.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::collections::VecDeque;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use beckon_aws::{Table, clients};
use beckon_outgoing::HttpsClient;
use beckon_runtime::config::StoreConfig;
use beckon_runtime::start;
use beckon_tests::{Beckon, until};
use serde_json::{Value, json};

/// Set, this program is a function.
const AS_A_FUNCTION: &str = "BECKON_TEST_AS_A_FUNCTION";

/// The gateway's ids of its requests begin so.
const GATEWAY: &str = "gateway-";

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Who calls.
const SUBJECT: &str = "11111111-2222-4333-8444-555555555555";
const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example";
const EXPIRES: u64 = 4_102_444_800;

/// Their token, as the gateway has verified it.
fn token() -> String {
    let claims = json!({
        "iss": ISSUER,
        "sub": SUBJECT,
        "exp": EXPIRES,
        "token_use": "id",
        "email": "quincy.admin@example.com",
        "cognito:groups": ["inviter"],
    });
    format!(
        "e30.{}.signature",
        URL_SAFE_NO_PAD.encode(claims.to_string())
    )
}

/// What the Runtime API has to hand out, and what came back.
#[derive(Clone, Default)]
struct Runtime {
    requests: Arc<Mutex<VecDeque<Value>>>,
    answers: Arc<Mutex<Vec<Value>>>,
}

async fn next(State(runtime): State<Runtime>) -> (HeaderMap, Json<Value>) {
    let request = loop {
        let waiting = runtime.requests.lock().unwrap().pop_front();
        match waiting {
            Some(request) => break request,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "lambda-4711"),
        ("lambda-runtime-deadline-ms", "99999999999999"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:beckon",
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        ),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    (headers, Json(request))
}

async fn answered(
    State(runtime): State<Runtime>,
    Path(_): Path<String>,
    body: Bytes,
) -> StatusCode {
    let answer = serde_json::from_slice(&body).unwrap();
    runtime.answers.lock().unwrap().push(answer);
    StatusCode::ACCEPTED
}

impl Runtime {
    /// Serves it; gives where.
    async fn serve(&self) -> String {
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(answered),
            )
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    /// Hands a request out as API Gateway passes it on, in base64 where it says so, and gives what
    /// it was answered: status, headers and body.
    async fn ask(&self, path: &str, body: &Value, base64: bool) -> (u64, Value, Value) {
        let number = self.answers.lock().unwrap().len();
        let text = body.to_string();
        let request = json!({
            "version": "2.0",
            "routeKey": format!("POST {path}"),
            "rawPath": path,
            "rawQueryString": "",
            "headers": {
                "content-type": "application/json",
                "host": "beckon.example",
                "authorization": format!("Bearer {}", token()),
            },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "example",
                "domainName": "beckon.example",
                "domainPrefix": "example",
                "http": {
                    "method": "POST",
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.10",
                    "userAgent": "example",
                },
                "requestId": format!("{GATEWAY}{number}="),
                "routeKey": format!("POST {path}"),
                "stage": "$default",
                "time": "23/Nov/2026:10:00:00 +0000",
                "timeEpoch": 1_795_428_000_000_u64,
                "authorizer": { "jwt": {
                    "claims": {
                        "iss": ISSUER,
                        "sub": SUBJECT,
                        "exp": EXPIRES.to_string(),
                        "token_use": "id",
                        "email": "quincy.admin@example.com",
                        "cognito:groups": "[inviter]",
                    },
                    "scopes": null,
                } },
            },
            "body": if base64 { STANDARD.encode(&text) } else { text },
            "isBase64Encoded": base64,
        });
        self.requests.lock().unwrap().push_back(request);
        let answer = until("the function answers", async || {
            self.answers.lock().unwrap().get(number).cloned()
        })
        .await;
        let body = answer["body"].as_str().unwrap_or_default();
        (
            answer["statusCode"].as_u64().unwrap(),
            answer["headers"].clone(),
            serde_json::from_str(body).unwrap_or_default(),
        )
    }
}

/// Does nothing unless this program was begun as a function.
#[test]
fn as_a_function() {
    if std::env::var_os(AS_A_FUNCTION).is_none() {
        return;
    }
    let ended = start::http(StoreConfig::read, async |store: StoreConfig| {
        let aws = clients::load();
        let (table, keys) =
            Table::open_with_keys(&aws, &store.table, store.defaults(), "keys").await?;
        let limits = redeem::Limits {
            refuse_after: Duration::ZERO,
            wrong_tries_per_hour: 100,
        };
        let router = directory::Directory::new(table.clone(), keys.clone()).router();
        Ok(router.merge(
            redeem::Redemptions::new(table, keys, HttpsClient::on_one_machine(), limits).router(),
        ))
    });
    ended.unwrap();
}

#[tokio::test]
async fn a_function_at_its_finest_shows_no_address_no_name_and_no_secret() {
    let beckon = Beckon::start_with(|options| options.aws = true).await;
    let ada = beckon.invite("zephyrine.q@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;
    let runtime = Runtime::default();
    let environment = std::fs::read_to_string(beckon.folder().join("lambda.env")).unwrap();
    let written = beckon.folder().join("function.log");
    let file = std::fs::File::create(&written).unwrap();
    let function = Command::new(std::env::current_exe().unwrap())
        .args(["as_a_function", "--exact", "--nocapture"])
        .envs(environment.lines().filter_map(|line| line.split_once('=')))
        .env(AS_A_FUNCTION, "1")
        .env(
            "BECKON_LOG",
            "trace,lambda_runtime=trace,hyper=trace,aws_smithy_runtime=trace",
        )
        .env("BECKON_ROLE_CLAIM", "cognito:groups")
        .env("AWS_LAMBDA_RUNTIME_API", runtime.serve().await)
        .env("AWS_LAMBDA_FUNCTION_NAME", "beckon")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env_remove("BECKON_EVERYONE_MAY")
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    let function = Running(function);

    let new = json!({ "email": "quincy.new@example.com", "displayName": "Quincy Quillfeather" });
    let (added, headers, _) = runtime.ask("/v1/users", &new, false).await;
    let (twice, _, problem) = runtime.ask("/v1/users", &new, true).await;
    let shown = json!({ "email": ada.email, "pin": pin });
    let (redeemed, _, session) = runtime.ask("/v1/redemptions", &shown, true).await;
    drop(function);
    let log = std::fs::read_to_string(written).unwrap();

    assert_eq!((added, twice, redeemed), (201, 409, 200), "{log}");
    assert_eq!(headers["x-request-id"], "gateway-0=");
    assert_eq!(problem["requestId"], "gateway-1=");
    let secret = session["registrationId"].as_str().unwrap();
    for hidden in [
        "zephyrine.q",
        "quincy.new",
        "quincy.admin",
        "Quillfeather",
        &pin,
        &pin.replace(' ', ""),
        secret,
        &token(),
        &STANDARD.encode(shown.to_string())[..40],
        &STANDARD.encode(new.to_string())[..40],
    ] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
    let lines: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert!(lines.iter().any(|line| line["coldStart"] == true), "{log}");
    let changes: Vec<&Value> = lines
        .iter()
        .filter(|line| line["message"] == "changed")
        .collect();
    assert_eq!(changes.len(), 2, "{log}");
    assert_eq!(changes[0]["requestId"], "gateway-0=");
    assert_eq!(changes[0]["lambdaRequestId"], "lambda-4711");
    assert_eq!(changes[0]["actor"], SUBJECT);
}
