//! `/v1/device-event-sources`: the sources of the settings, with what is known of their secrets, which are set here and
//! shown once, when one is made.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use beckon_domain::model::device_event::{DeviceEventState, LatestEvent};
use beckon_domain::model::mapping::Mapping;
use beckon_domain::model::polling::PollFailure;
use beckon_domain::model::settings::device_sources::{DeviceSource, SourceKind};
use beckon_domain::rules::mapping::built_in;
use beckon_domain::usecases::manage_device_sources::{ManageRefused, SourceReport};
use beckon_domain::values::permission::Permission;
use beckon_domain::values::sender_secrets::HeldSecret;
use beckon_domain::values::source_name::SourceName;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::{Authorised, JsonBody, Path, Problem};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::SettingsRoutes;

pub(crate) fn router<R: Routes<SettingsRoutes>>() -> R {
    R::new()
        .routes(routes!(list))
        .routes(routes!(add_secret))
        .routes(routes!(remove_secret))
        .routes(routes!(set_credentials, remove_credentials))
}

/// Every source.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct DeviceSourceList {
    items: Vec<DeviceSourceView>,
    /// Every kind that a source may be of.
    kinds: Vec<SourceKindView>,
}

/// A kind of source.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct SourceKindView {
    /// Its name in the settings.
    kind: SourceKind,
    /// Whether a source of it must say how it proves itself.
    needs_authentication: bool,
    /// The mapping that is built in for it; null: a source must bring its own.
    mapping: Option<Mapping>,
    /// Where the format of its messages is documented.
    documentation: Vec<String>,
}

impl From<SourceKind> for SourceKindView {
    fn from(kind: SourceKind) -> Self {
        Self {
            kind,
            needs_authentication: kind.usual().is_none(),
            mapping: built_in::mapping(kind),
            documentation: built_in::documented_at(kind),
        }
    }
}

/// A source of device events.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeviceSourceView {
    /// Its name.
    name: String,
    /// Which system it is.
    kind: SourceKind,
    /// The path to give to the system, behind the address of the API.
    path: String,
    /// The secrets that are valid; what they are is never shown again.
    secrets: Vec<SecretView>,
    /// Whether it needs a secret before its messages are taken.
    needs_secret: bool,
    /// Whether its messages are read by a mapping of its own.
    own_mapping: bool,
    /// Where the format of its messages is documented, of a kind that is built in.
    documentation: Vec<String>,
    /// How it is asked: for its devices, or whose a device is that it told of; null if it is not.
    asked: Option<AskedView>,
    /// Its latest message that was carried on, or failed; null if there was none within 90 days.
    latest: Option<LatestMessage>,
}

/// How a source is asked: for its devices if it sends nothing by itself, else whose a device is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct AskedView {
    /// At which address.
    address: String,
    /// Since when there are credentials for this address; null if there are none, and nothing is asked.
    #[schema(value_type = Option<String>)]
    credentials_since: Option<Timestamp>,
    /// When it was last asked, whatever came of it; null if it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_round_at: Option<Timestamp>,
    /// When that last went well.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_success_at: Option<Timestamp>,
    /// From when on it is asked again.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_round_at: Option<Timestamp>,
    /// Why it last went wrong, and what to do about it; null if it went well.
    last_error: Option<String>,
    /// The same for programs, so that it can be said in any language; null if it went well, or where a version noted it
    /// that knew no codes.
    last_failure: Option<AskFailureView>,
}

/// Why a source could not be asked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct AskFailureView {
    /// A stable name: `noCredentials`, `unauthorised`, `forbidden`, `mayNotIssue`, `notIssued`, `notSigned`, `noToken`,
    /// `tooMany`, `redirected`, `status`, `notUnderstood`, `elsewhere`, `endless`; and where there was no answer, `notPublic`, `tooLarge`, `tooLate`,
    /// `noCertificates`, `notSendable`, `notTrusted`, `notListening` or `brokeOff`.
    code: String,
    /// What the sentence says in numbers and names: `status`, and of `noToken` the `word` by which the system refused.
    parameters: BTreeMap<String, String>,
}

impl From<PollFailure> for AskFailureView {
    fn from(PollFailure { code, parameters }: PollFailure) -> Self {
        Self { code, parameters }
    }
}

/// The latest message of a source.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct LatestMessage {
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// Whether it failed.
    failed: bool,
    /// What became of it, as a stable name: `recorded`, `unassigned`, `passedOver` and so on; of one that failed, why.
    code: Option<String>,
    /// Why it failed, in words; null if it did not.
    reason: Option<String>,
}

impl From<LatestEvent> for LatestMessage {
    fn from(latest: LatestEvent) -> Self {
        let failed = latest.state == DeviceEventState::Failed;
        let (code, reason) = if failed {
            (latest.failure, latest.outcome)
        } else {
            (latest.outcome, None)
        };
        Self {
            received_at: latest.received_at,
            failed,
            code,
            reason,
        }
    }
}

/// A secret that is valid.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SecretView {
    /// By which it is taken away.
    id: u32,
    /// Since when.
    #[schema(value_type = String)]
    since: Timestamp,
}

impl From<&HeldSecret> for SecretView {
    fn from(held: &HeldSecret) -> Self {
        Self {
            id: held.id,
            since: held.since,
        }
    }
}

impl From<SourceReport> for DeviceSourceView {
    fn from(report: SourceReport) -> Self {
        let DeviceSource {
            name,
            kind,
            authentication,
            mapping,
            api,
        } = report.source;
        let poll = report.poll;
        // A version that knows no codes leaves one where it was when it notes that all went well.
        let failed = poll.as_ref().filter(|poll| poll.last_error.is_some());
        let last_failure = failed.and_then(|poll| poll.last_failure.clone());
        let asked = api.map(|api| AskedView {
            address: api.address.as_str().to_owned(),
            credentials_since: report.credentials_since,
            last_round_at: poll.as_ref().and_then(|poll| poll.last_round_at),
            last_success_at: poll.as_ref().and_then(|poll| poll.last_success_at),
            next_round_at: poll.as_ref().map(|poll| poll.due_at),
            last_failure: last_failure.map(AskFailureView::from),
            last_error: poll.and_then(|poll| poll.last_error),
        });
        Self {
            path: format!("/v1/device-events/{name}"),
            name: name.as_str().to_owned(),
            kind,
            needs_secret: report.secrets.is_empty() && authentication.has_secret(),
            secrets: report.secrets.iter().map(SecretView::from).collect(),
            own_mapping: mapping.is_some(),
            asked,
            documentation: built_in::documented_at(kind),
            latest: report.latest.map(LatestMessage::from),
        }
    }
}

/// List the sources of device events
///
/// The sources that `deviceSources` of the settings names, with the path to give to each system.
#[utoipa::path(
    get, path = "/v1/device-event-sources", operation_id = "listDeviceEventSources",
    security(("bearer" = ["settings"])), tag = "Device management",
    responses((status = 200, body = DeviceSourceList))
)]
async fn list(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
) -> Result<Json<DeviceSourceList>, Problem> {
    caller.to(Permission::Configure)?;
    let sources = routes.sources.list().await?;
    Ok(Json(DeviceSourceList {
        items: sources.into_iter().map(DeviceSourceView::from).collect(),
        kinds: SourceKind::ALL.map(SourceKindView::from).into(),
    }))
}

/// A secret, or none.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct NewSecret {
    /// 16 to 512 ASCII characters; left out, one is made. For `basic` it is `user:password`; the user of one that is made
    /// is `beckon`.
    secret: Option<String>,
}

/// A secret that was added.
#[derive(Serialize, utoipa::ToSchema)]
struct AddedSecret {
    /// By which it is taken away.
    id: u32,
    /// Since when it is valid.
    #[schema(value_type = String)]
    since: Timestamp,
    /// The secret, if it was made here: it is shown this once. Null if you gave it.
    secret: Option<String>,
}

/// Add a secret of a source
///
/// It is valid within half a minute, beside the one there is; a source has two at most. To replace one: add another,
/// give it to the system, take the first away.
#[utoipa::path(
    post, path = "/v1/device-event-sources/{name}/secrets", operation_id = "addDeviceEventSecret",
    security(("bearer" = ["settings"])), tag = "Device management", request_body = NewSecret,
    params(("name" = String, Path, description = "The name of a source")),
    responses(
        (status = 201, body = AddedSecret),
        (status = 404, description = "There is no such source in the settings", body = Problem),
        (status = 409, description = "It has two secrets, or needs none", body = Problem),
        (status = 422, description = "Fields are wrong", body = Problem),
    )
)]
async fn add_secret(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path(name): Path<String>,
    body: JsonBody<NewSecret>,
) -> Result<(StatusCode, Json<AddedSecret>), Problem> {
    caller.to(Permission::Configure)?;
    let name = SourceName::parse(&name).map_err(|_| Problem::not_found("source"))?;
    let given = body.value.secret;
    let added = routes.sources.add_secret(&name, given.as_deref()).await;
    let added = added.map_err(refused)?;
    log_change("senderSecretAdded", &name, added.id);
    let shown = given.is_none().then(|| added.secret.expose().to_owned());
    let view = AddedSecret {
        id: added.id,
        since: added.since,
        secret: shown,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Take a secret of a source away
///
/// Within half a minute it is valid no longer.
#[utoipa::path(
    delete, path = "/v1/device-event-sources/{name}/secrets/{id}", operation_id = "removeDeviceEventSecret",
    security(("bearer" = ["settings"])), tag = "Device management",
    params(
        ("name" = String, Path, description = "The name of a source"),
        ("id" = u32, Path, description = "The id of one of its secrets"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such secret", body = Problem),
    )
)]
async fn remove_secret(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.to(Permission::Configure)?;
    let named = SourceName::parse(&name).ok().zip(id.parse().ok());
    let (name, id) = named.ok_or_else(|| Problem::not_found("secret"))?;
    routes
        .sources
        .remove_secret(&name, id)
        .await
        .map_err(refused)?;
    log_change("senderSecretRemoved", &name, id);
    Ok(StatusCode::NO_CONTENT)
}

/// What a source is asked with.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCredentials {
    /// `intune`, `jamf`: the client secret. `fleet`: the token of an API-only user. `simplemdm`: the API key. `ivantineurons`, `ivantiepmm`: `user:password`. `kandji`: the API token. `android`: the whole key file of a service account, as text.
    secret: String,
}

/// Set the credentials by which a source is asked
///
/// They take the place of those that there are, are shown nowhere, and are for the address that the source has in the
/// settings now: give it another address, and they are used no longer. The source is asked within a minute or two.
#[utoipa::path(
    put, path = "/v1/device-event-sources/{name}/credentials", operation_id = "setDeviceSourceCredentials",
    security(("bearer" = ["settings"])), tag = "Device management", request_body = NewCredentials,
    params(("name" = String, Path, description = "The name of a source that is asked")),
    responses(
        (status = 204, description = "They are set"),
        (status = 404, description = "There is no such source in the settings", body = Problem),
        (status = 409, description = "It is not asked: the settings name no address of its API", body = Problem),
        (status = 422, description = "Fields are wrong", body = Problem),
    )
)]
async fn set_credentials(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path(name): Path<String>,
    body: JsonBody<NewCredentials>,
) -> Result<StatusCode, Problem> {
    caller.to(Permission::Configure)?;
    let name = SourceName::parse(&name).map_err(|_| Problem::not_found("source"))?;
    let set = routes.sources.set_credentials(&name, &body.value.secret);
    set.await.map_err(refused)?;
    log_change("sourceCredentialsSet", &name, 1);
    Ok(StatusCode::NO_CONTENT)
}

/// Take the credentials of a source away
///
/// Within half a minute it is asked no longer.
#[utoipa::path(
    delete, path = "/v1/device-event-sources/{name}/credentials", operation_id = "removeDeviceSourceCredentials",
    security(("bearer" = ["settings"])), tag = "Device management",
    params(("name" = String, Path, description = "The name of a source that is asked")),
    responses(
        (status = 204, description = "They are gone"),
        (status = 404, description = "There are none", body = Problem),
    )
)]
async fn remove_credentials(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.to(Permission::Configure)?;
    let name = SourceName::parse(&name).map_err(|_| Problem::not_found("credentials"))?;
    let removed = routes.sources.remove_credentials(&name).await;
    removed.map_err(refused)?;
    log_change("sourceCredentialsRemoved", &name, 1);
    Ok(StatusCode::NO_CONTENT)
}

/// No row is written, so the table logs nothing of it.
fn log_change(what: &str, source: &SourceName, id: u32) {
    tracing::info!(
        what,
        who = "caller",
        source = source.as_str(),
        id,
        "changed"
    );
}

pub(crate) fn refused(refusal: ManageRefused) -> Problem {
    match refusal {
        ManageRefused::UnknownSource => Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            "There is no source of this name in the settings. Add it to deviceSources first.",
        ),
        ManageRefused::UnknownId => Problem::not_found("entry"),
        ManageRefused::NoSecret => Problem::new(
            StatusCode::CONFLICT,
            "no-secret",
            "No secret needed",
            "This source proves itself by tokens of its provider, or is asked with credentials: it needs no secret.",
        ),
        ManageRefused::NotAsked => Problem::new(
            StatusCode::CONFLICT,
            "not-asked",
            "Not asked",
            "This source is not asked, so it needs no credentials. If it is to be asked whose a device is, give it the address of its API in the settings first.",
        ),
        ManageRefused::TwoSecrets => Problem::new(
            StatusCode::CONFLICT,
            "two-secrets",
            "Two secrets already",
            "A source has two secrets at most. Take away the one that is no longer in use.",
        ),
        ManageRefused::Invalid(problems) => Problem::invalid_fields(problems),
        ManageRefused::Unavailable(error) => error.into(),
    }
}
