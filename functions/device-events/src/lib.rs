//! Device events: what a device management tells of devices by messages of its own. Who sends is checked, and the
//! message is kept as it came; `expand` carries it on. Nothing is read here but who sends: most systems send once.

mod shown;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, Request, State};
use axum::response::{IntoResponse as _, Response};
use beckon_aws::{KeySource, Table};
use beckon_domain::model::device_event::MAX_BODY_BYTES;
use beckon_domain::usecases::receive_device_event::{ReceiveDeviceEvent, ReceiveRefused};
use beckon_outgoing::HttpsClient;
use beckon_runtime::metrics::{self, Metric};
use beckon_runtime::routes;
use beckon_runtime::routes::{OpenApiRouter, Routes};
use beckon_runtime::{FunctionEnv, Problem};
use beckon_tokens::Issuers;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use shown::ShownByRequest;

/// What the use case runs in.
type EventsEnv = Arc<FunctionEnv<Table, KeySource>>;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct DeviceEvents {
    receive: ReceiveDeviceEvent<EventsEnv>,
    issuers: Arc<Issuers<HttpsClient>>,
}

impl DeviceEvents {
    /// Events kept in this table, of senders whose secrets are with these keys, or whose tokens are signed with keys that
    /// this client fetches.
    #[must_use]
    pub fn new(table: Table, keys: KeySource, outgoing: HttpsClient) -> Self {
        let env = Arc::new(FunctionEnv::over(table).with_keys(keys));
        Self {
            receive: ReceiveDeviceEvent { env },
            issuers: Arc::new(Issuers::new(outgoing)),
        }
    }

    /// The routes, with their part of the OpenAPI document.
    #[must_use]
    pub fn routes(self) -> OpenApiRouter {
        all::<OpenApiRouter<_>>().with_state(self)
    }

    /// The routes alone.
    pub fn router(self) -> Router {
        all::<Router<_>>().with_state(self)
    }
}

fn all<R: Routes<DeviceEvents>>() -> R {
    R::new().routes(routes!(receive, answer))
}

/// Tell of a device
///
/// For the messages that a device management sends by itself: its webhook. The path names a source of the settings, and
/// the request proves itself as that source does: by a signature, a password, a secret, or a token that Google signed. The body is kept as it
/// came and answered at once; what it says is worked out afterwards, and `GET /v1/device-event-sources/failures` shows
/// what could not be understood. A source that is not known is answered as one that is not proven.
#[utoipa::path(
    post, path = "/v1/device-events/{source}", operation_id = "tellOfDevice", tag = "Device management", security(()),
    params(("source" = String, Path, description = "The name of a source of the settings")),
    request_body(content = String, content_type = "application/octet-stream", description = "Whatever the system sends; at most 256 KiB"),
    responses(
        (status = 200, description = "It is kept"),
        (status = 401, description = "The sender is not known", body = Problem),
        (status = 413, description = "The body is larger than 256 KiB", body = Problem),
        (status = 415, description = "The body is compressed", body = Problem),
        (status = 503, description = "Whether the sender's token counts cannot be told now; send again", body = Problem),
    )
)]
async fn receive(
    State(events): State<DeviceEvents>,
    path: RawPathParams,
    request: Request,
) -> Result<Response, Problem> {
    let source = source_in(&path);
    let (parts, body) = request.into_parts();
    let body = read(&parts.headers, body).await?;
    let query = parts.uri.query().unwrap_or_default();
    let shown = ShownByRequest::new(&events.issuers, &parts.headers, query, &body);
    match events.receive.run(&source, &shown).await {
        Ok(_) => Ok(StatusCode::OK.into_response()),
        Err(ReceiveRefused::Unproven) => {
            metrics::record(&[(Metric::UnprovenDeviceEvents, 1)]);
            Err(unproven())
        }
        Err(ReceiveRefused::TooLarge) => Err(too_large()),
        Err(ReceiveRefused::Compressed) => Err(compressed()),
        Err(ReceiveRefused::KeysUnreachable(error)) => {
            metrics::record(&[(Metric::UnreachableIssuers, 1)]);
            Err(Problem::unavailable(&error))
        }
        Err(ReceiveRefused::Unavailable(error)) => Err(error.into()),
    }
}

/// Answer a test of the connection
///
/// Some systems ask with `GET` or `HEAD` whether anybody is there before they send. It says nothing of the source.
#[utoipa::path(
    get, path = "/v1/device-events/{source}", operation_id = "testDeviceEvents", tag = "Device management", security(()),
    params(("source" = String, Path, description = "Any name")),
    responses((status = 200, description = "Events are taken here"))
)]
async fn answer() -> StatusCode {
    StatusCode::OK
}

fn source_in(path: &RawPathParams) -> String {
    let mut named = path.iter().filter(|(name, _)| *name == "source");
    named
        .next()
        .map_or_else(String::new, |(_, value)| value.to_owned())
}

/// The body, if it is not larger than it may be. One that says so beforehand is not read.
async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let said = headers.get(header::CONTENT_LENGTH).map(HeaderValue::to_str);
    let said = said.and_then(|text| text.ok()?.parse::<usize>().ok());
    if said.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(too_large());
    }
    match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(bytes) => Ok(bytes.to_vec()),
        // Whatever else goes wrong at reading goes wrong for the sender, too.
        Err(_) => Err(too_large()),
    }
}

fn unproven() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "sender-unknown",
        "Sender unknown",
        "This address takes messages of a known sender alone. Check the name at its end, and the secret or the signature that the system sends.",
    )
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        "Body too large",
        "A message may have 256 KiB. Have the system leave out what Beckon does not read, such as lists of installed apps.",
    )
}

fn compressed() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "compressed",
        "Body compressed",
        "Compressed bodies are not taken. Have the system send without a Content-Encoding.",
    )
}
