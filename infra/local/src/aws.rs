//! AWS's own APIs on loopback, as far as Beckon's functions call them: what `cargo lambda` needs to
//! run a function against this machine's table, mails and keys. Off unless asked for.
//!
//! Owns: which request goes to which part of the local system. Must not know what any part does.

use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use beckon_domain::ports::dead_letters::DeadLetters as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::dead_letters::DeadLetterFile;
use crate::engine::Caller;
use crate::host;
use crate::keys;
use crate::published::PublishedEvents;

/// What the environment of the functions says, in the data folder.
const ENVIRONMENT: &str = "lambda.env";

/// Where `cargo lambda watch` takes invocations, unless it was told otherwise.
const CARGO_LAMBDA: &str = "http://127.0.0.1:9000";

/// The parts that requests go to.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) engine: Caller,
    pub(crate) failures: DeadLetterFile,
    pub(crate) published: PublishedEvents,
    pub(crate) data: std::path::PathBuf,
}

/// What the functions are told.
pub(crate) struct Names<'a> {
    pub(crate) table: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) enrolment_page: &'a str,
}

/// The routes; `mail` are those of the mail service.
pub(crate) fn router(services: Services, mail: Router) -> Router {
    Router::new()
        .route("/", post(call))
        .with_state(services)
        .merge(mail)
        .layer(from_fn(host::only_loopback))
}

/// Writes the functions' environment for `cargo lambda watch --env-file`.
pub(crate) fn write_environment(
    data: &Path,
    listener: &TcpListener,
    names: &Names<'_>,
) -> std::io::Result<()> {
    let here = format!("http://{}", listener.local_addr()?);
    let lines = [
        ("AWS_ENDPOINT_URL", here.as_str()),
        ("AWS_ENDPOINT_URL_LAMBDA", CARGO_LAMBDA),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("BECKON_TABLE", names.table),
        ("BECKON_SENDER", names.sender),
        ("BECKON_ENROLMENT_PAGE", names.enrolment_page),
        ("BECKON_KEY_SECRET", "keys"),
        ("BECKON_DELIVER_FUNCTION", "deliver"),
        ("BECKON_POLL_FUNCTION", "poll"),
        ("BECKON_BUS", PublishedEvents::BUS),
        ("BECKON_DEAD_LETTER_QUEUE_URL", &format!("{here}/failures")),
        ("BECKON_EVERYONE_MAY", "yes"),
    ];
    let text: String = lines
        .map(|(name, value)| format!("{name}={value}\n"))
        .concat();
    std::fs::write(data.join(ENVIRONMENT), text)
}

/// The services that are called with a target in a header: DynamoDB, Secrets Manager, SQS and
/// EventBridge.
async fn call(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    match target.split_once('.') {
        Some(("DynamoDB_20120810", operation)) => {
            let (status, answer) = services.engine.ask(operation, body.to_vec()).await;
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            amazon_json(status, answer)
        }
        Some(("secretsmanager", "GetSecretValue")) => match keys::document(&services.data) {
            Ok(text) => amazon_json(
                StatusCode::OK,
                json!({ "Name": "keys", "SecretString": text }).to_string(),
            ),
            Err(error) => failed(&error.to_string()),
        },
        Some(("AWSEvents", "PutEvents")) => {
            let (status, answer) = services.published.put(&body);
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            amazon_json(status, answer)
        }
        Some(("AmazonSQS", "SendMessage")) => keep(&services.failures, &body).await,
        _ => amazon_json(
            StatusCode::BAD_REQUEST,
            json!({
                "__type": "UnknownOperationException",
                "message": format!("the local system does not know {target:?}"),
            })
            .to_string(),
        ),
    }
}

/// A message for the dead-letter queue, as `beckon_aws::SqsDeadLetters` writes it.
async fn keep(failures: &DeadLetterFile, body: &[u8]) -> Response {
    let message = serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|request| {
            serde_json::from_str::<Value>(request.get("MessageBody")?.as_str()?).ok()
        });
    let text = |name: &str| Some(message.as_ref()?.get(name)?.as_str()?.to_owned());
    let (Some(event), Some(reason)) = (text("event"), text("reason")) else {
        return failed("the message is not one of Beckon's");
    };
    match failures.keep_dead_letter(&event, &reason).await {
        Ok(()) => amazon_json(StatusCode::OK, json!({ "MessageId": "local" }).to_string()),
        Err(error) => failed(&error.to_string()),
    }
}

fn failed(reason: &str) -> Response {
    let body = json!({ "__type": "InternalServerError", "message": reason });
    amazon_json(StatusCode::INTERNAL_SERVER_ERROR, body.to_string())
}

fn amazon_json(status: StatusCode, body: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
    (status, kind, body).into_response()
}
