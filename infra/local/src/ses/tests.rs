//! The room as a whole, asked over HTTP.

mod accepting;
mod faults;
mod mailbox_pages;
mod restarting;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tower::ServiceExt as _;

use super::*;

/// An endpoint with a directory of its own and a clock that stands still.
struct Room {
    directory: TempDir,
    clock: Clock,
    endpoint: SesEndpoint,
    events: UnboundedReceiver<Value>,
}

impl Room {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(configure: impl FnOnce(&mut SesConfig)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut config = SesConfig::new(directory.path());
        configure(&mut config);
        let clock = Clock::manual("2026-01-02T03:04:05.6Z");
        let (sink, events) = unbounded_channel();
        let endpoint = SesEndpoint::open_at(config, Some(sink), clock.clone()).unwrap();
        Self {
            directory,
            clock,
            endpoint,
            events,
        }
    }

    /// The same directory in another process, as it were.
    fn reopened(self) -> Self {
        let Self {
            directory, clock, ..
        } = self;
        let (sink, events) = unbounded_channel();
        let config = SesConfig::new(directory.path());
        let endpoint = SesEndpoint::open_at(config, Some(sink), clock.clone()).unwrap();
        Self {
            directory,
            clock,
            endpoint,
            events,
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let router = self
            .endpoint
            .api_router()
            .merge(self.endpoint.control_router())
            .merge(self.endpoint.mailbox_router());
        let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(text.to_vec()).unwrap(),
        }
    }

    async fn send(&self, mail: Value) -> Answer {
        self.ask("POST", "/v2/email/outbound-emails", Some(mail))
            .await
    }

    async fn send_to(&self, address: &str) -> Answer {
        self.send(mail_to(address)).await
    }

    async fn mailbox(&self) -> Vec<Value> {
        let answer = self.ask("GET", "/local/mailbox", None).await;
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// The events since the last call.
    fn events(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    fn event_types(&mut self) -> Vec<String> {
        self.events()
            .iter()
            .map(|event| event["detail-type"].as_str().unwrap().to_owned())
            .collect()
    }
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    /// Status, error type and message, as an AWS SDK reads them.
    fn refusal(&self) -> (u16, String, String) {
        (
            self.status.as_u16(),
            self.header("x-amzn-errortype").to_owned(),
            self.json()["message"].as_str().unwrap().to_owned(),
        )
    }

    fn message_id(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()["MessageId"].as_str().unwrap().to_owned()
    }
}

/// A mail with all that Beckon's mails have.
fn mail_to(address: &str) -> Value {
    json!({
        "FromEmailAddress": "Beckon <beckon@example.com>",
        "Destination": { "ToAddresses": [address] },
        "ReplyToAddresses": ["help@example.com"],
        "Content": { "Simple": {
            "Subject": { "Data": "Register your device", "Charset": "UTF-8" },
            "Body": {
                "Text": { "Data": "Your PIN: 1234 5678", "Charset": "UTF-8" },
                "Html": {
                    "Data": "<html><head></head><body><img src=\"cid:qr\"></body></html>",
                    "Charset": "UTF-8",
                },
            },
            "Headers": [{ "Name": "Auto-Submitted", "Value": "auto-generated" }],
            "Attachments": [{
                "RawContent": "iVBORw==",
                "ContentDisposition": "INLINE",
                "FileName": "qr.png",
                "ContentId": "qr",
                "ContentTransferEncoding": "BASE64",
                "ContentType": "image/png",
            }],
        } },
        "EmailTags": [
            { "Name": "beckon-mail", "Value": "01ARZ3NDEKTSV4RRFFQ69G5FAV" },
            { "Name": "beckon-kind", "Value": "invitation" },
        ],
        "ConfigurationSetName": "beckon",
    })
}
