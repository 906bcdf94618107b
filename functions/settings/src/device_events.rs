//! Messages of device managements that could not be carried on, to be seen and replayed; and a mapping that is tried on
//! a body before it is saved.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::device_event::DeviceEvent;
use beckon_domain::model::mapping::{Mapping, Said};
use beckon_domain::model::ownership::EnrollmentType;
use beckon_domain::model::reported_device::{Claimant, DeviceMessage};
use beckon_domain::model::settings::device_sources::SourceKind;
use beckon_domain::rules::mapping::{NotRead, Traced};
use beckon_domain::usecases::manage_device_sources::try_mapping;
use beckon_domain::values::ids::EventId;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::FieldProblem;
use beckon_domain::values::source_name::SourceName;
use beckon_runtime::parameters::PageQuery;
use beckon_runtime::problem::FieldError;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::{Authorised, JsonBody, Pages, Path, Problem, Query};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::SettingsRoutes;
use crate::device_sources::refused;

/// How many failures are on a page.
const PAGE_SIZE: usize = 20;

pub(crate) fn router<R: Routes<SettingsRoutes>>() -> R {
    R::new()
        .routes(routes!(failures))
        .routes(routes!(replay))
        .routes(routes!(try_out))
}

/// A page of messages that failed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct FailedDeviceEvents {
    items: Vec<FailedDeviceEvent>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
    /// How many were left out since this version of Beckon cannot read them.
    unreadable: usize,
}

/// A message that could not be carried on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct FailedDeviceEvent {
    id: String,
    /// The name of its source.
    source: String,
    #[schema(value_type = String)]
    received_at: Timestamp,
    /// Why it could not be carried on.
    reason: String,
    /// The same, as a stable name; null for messages that failed before there were such names.
    code: Option<String>,
    /// The message as it came, where it is text; null otherwise.
    body: Option<String>,
}

impl From<DeviceEvent> for FailedDeviceEvent {
    fn from(event: DeviceEvent) -> Self {
        Self {
            id: event.id.to_string(),
            source: event.source.as_str().to_owned(),
            received_at: event.received_at,
            reason: event.outcome.unwrap_or_default(),
            code: event.failure,
            body: String::from_utf8(event.body).ok(),
        }
    }
}

/// List the messages that failed
///
/// Messages of known senders that could not be carried on, of every source, newest first, with the reason and the
/// message. They are kept for 90 days. Correct the mapping of the source, then replay them. A page has at most 20.
#[utoipa::path(
    get, path = "/v1/device-event-sources/failures", operation_id = "listFailedDeviceEvents",
    security(("bearer" = ["settings"])), tag = "Device management", params(PageQuery<PAGE_SIZE>),
    responses((status = 200, body = FailedDeviceEvents), (status = 422, body = Problem))
)]
async fn failures(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Query(query): Query<PageQuery<PAGE_SIZE>>,
) -> Result<Json<FailedDeviceEvents>, Problem> {
    caller.to(Permission::Configure)?;
    let pages = Pages::of("device-event-sources/failures");
    let position = pages.position(query.cursor.as_deref())?;
    let page = routes
        .sources
        .failed(position.as_deref(), query.limit())
        .await?;
    Ok(Json(FailedDeviceEvents {
        items: page
            .items
            .into_iter()
            .map(FailedDeviceEvent::from)
            .collect(),
        next: page.next.map(|position| pages.cursor(&position)),
        unreadable: page.unreadable,
    }))
}

/// Replay a message that failed
///
/// It is carried on again, by the mapping that its source has now. What comes of it is seen in the list of failures: it
/// stands there again if it failed again.
#[utoipa::path(
    post, path = "/v1/device-event-sources/failures/{id}/replay", operation_id = "replayDeviceEvent",
    security(("bearer" = ["settings"])), tag = "Device management",
    params(("id" = String, Path, description = "The id of a message that failed")),
    responses(
        (status = 202, description = "It is carried on again"),
        (status = 404, description = "There is no such message that failed", body = Problem),
    )
)]
async fn replay(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.to(Permission::Configure)?;
    let id: EventId = id.parse().map_err(|_| Problem::not_found("message"))?;
    routes.sources.replay(id).await.map_err(refused)?;
    Ok(StatusCode::ACCEPTED)
}

/// A body, and a mapping to read it by.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MappingTrial {
    /// The kind of the source; default `generic`.
    kind: Option<SourceKind>,
    /// The mapping; left out, what is built in for the kind.
    mapping: Option<Mapping>,
    /// The message, as text.
    body: String,
}

/// What a body would say.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct MappingResult {
    /// `enrolled`, `facts` or `unenrolled`; null if the message says nothing of a device.
    says: Option<Said>,
    /// Why it says nothing; null if it says something.
    reason: Option<String>,
    /// The same, as a stable name.
    code: Option<&'static str>,
    /// The device, with `source:` before its id; null if the message says nothing.
    device: Option<MappedDevice>,
    /// How the message names a person, the most certain first: `reference`, `email`, `externalId`, `userName`.
    person: Vec<&'static str>,
    /// When it happened; null if that is not said.
    #[schema(value_type = Option<String>)]
    at: Option<Timestamp>,
    /// What of the message was not understood and let be.
    #[schema(value_type = Vec<FieldError>)]
    ignored: Vec<FieldProblem>,
    /// Where the mapping looked for each of its fields, and what it found. Empty if the message cannot be unpacked.
    fields: Vec<TracedField>,
}

/// Where a mapping looked for a field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct TracedField {
    /// The field: `device.serial`, `person.email`, `time`.
    field: String,
    /// The JSON pointers at which it was looked for, in this order.
    pointers: Vec<String>,
    /// The one at which something stands; null: at none of them does anything.
    found_by: Option<String>,
    /// What the mapping makes of it; null: nothing.
    value: Option<String>,
}

impl From<Traced> for TracedField {
    fn from(traced: Traced) -> Self {
        let Traced {
            field,
            pointers,
            found_by,
            value,
        } = traced;
        Self {
            field,
            pointers,
            found_by,
            value,
        }
    }
}

/// A device as a mapping reads it. What is null is not said.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct MappedDevice {
    id: String,
    name: Option<String>,
    platform: Option<String>,
    os_version: Option<String>,
    serial: Option<String>,
    supervised: Option<bool>,
    enrollment_type: Option<EnrollmentType>,
}

impl From<DeviceMessage> for MappingResult {
    fn from(message: DeviceMessage) -> Self {
        let device = message.device;
        let named = |claimant: &Claimant| match claimant {
            Claimant::Reference(_) => "reference",
            Claimant::Address(_) => "email",
            Claimant::External(_) => "externalId",
            Claimant::UserName(_) => "userName",
        };
        Self {
            says: Some(message.says),
            reason: None,
            code: None,
            device: Some(MappedDevice {
                id: device.id.as_str().to_owned(),
                name: device.name.map(String::from),
                platform: device.platform.map(String::from),
                os_version: device.os_version.map(String::from),
                serial: device.serial.map(String::from),
                supervised: device.supervised,
                enrollment_type: device.enrollment_type,
            }),
            person: message.claimants.iter().map(named).collect(),
            at: message.at,
            ignored: message.ignored,
            fields: Vec::new(),
        }
    }
}

impl From<NotRead> for MappingResult {
    fn from(why: NotRead) -> Self {
        Self {
            says: None,
            code: Some(why.code()),
            reason: Some(why.to_string()),
            device: None,
            person: Vec::new(),
            at: None,
            ignored: Vec::new(),
            fields: Vec::new(),
        }
    }
}

/// Try a mapping
///
/// Says what a message would mean by a mapping, before the mapping is saved, and where the mapping looked. Nothing is kept, and nobody is looked up.
#[utoipa::path(
    post, path = "/v1/device-event-sources/try", operation_id = "tryDeviceEventMapping",
    security(("bearer" = ["settings"])), tag = "Device management", request_body = MappingTrial,
    responses((status = 200, body = MappingResult), (status = 422, description = "Fields are wrong", body = Problem))
)]
async fn try_out(
    caller: Authorised,
    body: JsonBody<MappingTrial>,
) -> Result<Json<MappingResult>, Problem> {
    caller.to(Permission::Configure)?;
    let trial = body.value;
    let kind = trial.kind.unwrap_or(SourceKind::Generic);
    let source =
        SourceName::parse("source").map_err(|problem| Problem::invalid_fields(vec![problem]))?;
    let tried = try_mapping(kind, trial.mapping.as_ref(), &source, trial.body.as_bytes());
    let tried = tried.map_err(Problem::invalid_fields)?;
    let result: MappingResult = match tried.read {
        Ok(message) => message.into(),
        Err(why) => why.into(),
    };
    Ok(Json(MappingResult {
        fields: tried.looked.into_iter().map(TracedField::from).collect(),
        ..result
    }))
}
