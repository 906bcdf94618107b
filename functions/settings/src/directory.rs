//! `/v1/directory`: the directory that people come from, and the tokens by which it proves itself. A token is made here,
//! and shown once.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::directory::DirectoryRefusal;
use beckon_domain::model::settings::directory::DirectoryInvites;
use beckon_domain::ports::env::Env as _;
use beckon_domain::ports::settings::SettingsStore as _;
use beckon_domain::usecases::manage_directory_tokens::TokenRefused;
use beckon_domain::usecases::watch_directory::Counted;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::sender_secrets::HeldSecret;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::{Authorised, Path, Problem};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use crate::SettingsRoutes;

pub(crate) fn router<R: Routes<SettingsRoutes>>() -> R {
    R::new()
        .routes(routes!(show))
        .routes(routes!(add_token))
        .routes(routes!(remove_token))
}

/// The directory that people and groups come from.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct DirectoryView {
    /// The path to give to the directory, behind the address of the API.
    path: &'static str,
    /// Who is invited when the directory adds them, by the settings.
    invites: DirectoryInvites,
    /// Whose members are invited, where `invites` is `groups`.
    groups_invited: Vec<String>,
    /// The tokens that are valid; what they are is never shown again.
    tokens: Vec<TokenView>,
    /// Users whom the directory has, as far as the first 1,000 of the list.
    people: CountedView,
    /// Its groups, up to 1,000.
    groups: CountedView,
    /// When it made a request last that had a token, up to a minute behind; null: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_request_at: Option<Timestamp>,
    /// Which of those was refused last; null: none. That somebody is not there is no refusal.
    last_refusal: Option<RefusalView>,
}

/// How many there are, as far as was looked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct CountedView {
    /// How many were found.
    number: usize,
    /// Whether that is all of them.
    is_all: bool,
}

impl From<Counted> for CountedView {
    fn from(counted: Counted) -> Self {
        Self {
            number: counted.number,
            is_all: counted.is_all,
        }
    }
}

/// A request of the directory that was refused.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct RefusalView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Which request: method and kind of resource.
    request: String,
    /// The status that it was answered with.
    status: u16,
    /// The keyword of SCIM (RFC 7644, table 9), like `invalidValue` or `uniqueness`; null where there is none.
    code: Option<String>,
}

impl From<DirectoryRefusal> for RefusalView {
    fn from(refusal: DirectoryRefusal) -> Self {
        Self {
            at: refusal.at,
            request: refusal.request,
            status: refusal.status,
            code: refusal.kind,
        }
    }
}

/// A token that is valid.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TokenView {
    /// By which it is taken away.
    id: u32,
    /// Since when.
    #[schema(value_type = String)]
    since: Timestamp,
}

impl From<&HeldSecret> for TokenView {
    fn from(held: &HeldSecret) -> Self {
        Self {
            id: held.id,
            since: held.since,
        }
    }
}

/// Show the directory
///
/// Where a directory such as Entra ID or Okta reaches Beckon by SCIM, since when it has which token, who comes from it,
/// and what it asked for last.
#[utoipa::path(
    get, path = "/v1/directory", operation_id = "getDirectory",
    security(("bearer" = ["settings"])), tag = "Settings",
    responses((status = 200, body = DirectoryView))
)]
async fn show(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
) -> Result<Json<DirectoryView>, Problem> {
    caller.to(Permission::Configure)?;
    let tokens = routes.tokens.list().await?;
    let settings = routes.tokens.env.store().current_settings().await?.settings;
    let report = routes.directory.report().await?;
    let groups = settings.directory.groups.iter();
    Ok(Json(DirectoryView {
        path: "/scim/v2",
        invites: settings.directory.invites,
        groups_invited: groups.map(|group| group.as_str().to_owned()).collect(),
        tokens: tokens.iter().map(TokenView::from).collect(),
        people: report.people.into(),
        groups: report.groups.into(),
        last_request_at: report.news.last_request_at,
        last_refusal: report.news.last_refusal.map(RefusalView::from),
    }))
}

/// A token that was made.
#[derive(Serialize, utoipa::ToSchema)]
struct AddedToken {
    /// By which it is taken away.
    id: u32,
    /// Since when it is valid.
    #[schema(value_type = String)]
    since: Timestamp,
    /// The token: it is shown this once.
    token: String,
}

/// Make a token for the directory
///
/// It is valid within half a minute, beside the one there is; there are two at most. To replace one: make another, give
/// it to the directory, take the first away.
#[utoipa::path(
    post, path = "/v1/directory/tokens", operation_id = "addDirectoryToken",
    security(("bearer" = ["settings"])), tag = "Settings",
    responses(
        (status = 201, body = AddedToken),
        (status = 409, description = "There are two tokens", body = Problem),
    )
)]
async fn add_token(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
) -> Result<(StatusCode, Json<AddedToken>), Problem> {
    caller.to(Permission::Configure)?;
    let added = routes.tokens.add().await.map_err(refused)?;
    log_change("directoryTokenAdded", added.id);
    let view = AddedToken {
        id: added.id,
        since: added.since,
        token: added.secret.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Take a token of the directory away
///
/// Within half a minute it is valid no longer. Without any token SCIM answers nobody.
#[utoipa::path(
    delete, path = "/v1/directory/tokens/{id}", operation_id = "removeDirectoryToken",
    security(("bearer" = ["settings"])), tag = "Settings",
    params(("id" = u32, Path, description = "The id of a token")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such token", body = Problem),
    )
)]
async fn remove_token(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.to(Permission::Configure)?;
    let id = id.parse().map_err(|_| Problem::not_found("token"))?;
    routes.tokens.remove(id).await.map_err(refused)?;
    log_change("directoryTokenRemoved", id);
    Ok(StatusCode::NO_CONTENT)
}

/// No row is written, so the table logs nothing of it.
fn log_change(what: &str, id: u32) {
    tracing::info!(what, who = "caller", id, "changed");
}

fn refused(refusal: TokenRefused) -> Problem {
    match refusal {
        TokenRefused::UnknownToken => Problem::not_found("token"),
        TokenRefused::TwoTokens => Problem::new(
            StatusCode::CONFLICT,
            "two-tokens",
            "Two tokens already",
            "The directory has two tokens at most. Take away the one that is no longer in use.",
        ),
        TokenRefused::Unavailable(error) => error.into(),
    }
}
