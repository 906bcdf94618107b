//! The settings: read and replaced as one document, by version. Own wordings of mails: each read,
//! kept, taken back, shown and tried by itself. Sources of device events: their secrets, the messages that could not be
//! carried on, and mappings that are tried.

mod device_events;
mod device_sources;
mod directory;
mod history;
mod templates;

use std::sync::Arc;

use axum::extract::State;
use axum::{Json, Router};
use beckon_aws::{KeySource, Table};
use beckon_domain::model::settings::SettingsDraft;
use beckon_domain::ports::env::Env as _;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::settings::SettingsStore as _;
use beckon_domain::rules::content::Links;
use beckon_domain::usecases::change_settings::{ChangeSettings, SettingsView};
use beckon_domain::usecases::manage_device_sources::ManageDeviceSources;
use beckon_domain::usecases::manage_directory_tokens::ManageDirectoryTokens;
use beckon_domain::usecases::watch_directory::WatchDirectory;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::guessing::GuessingReport;
use beckon_domain::values::permission::Permission;
use beckon_mail::Composer;
use beckon_runtime::routes;
use beckon_runtime::routes::{OpenApiRouter, Routes};
use beckon_runtime::{Authorised, FunctionEnv, JsonBody, Problem, etag};
use http::{HeaderMap, header};
use serde::Serialize;

use templates::TemplateUses;

/// What the use cases run in.
pub(crate) type SettingsEnv = FunctionEnv<Table, KeySource, Composer>;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct SettingsRoutes {
    settings: Arc<ChangeSettings<SettingsEnv>>,
    sources: Arc<ManageDeviceSources<SettingsEnv>>,
    templates: TemplateUses,
    tokens: Arc<ManageDirectoryTokens<SettingsEnv>>,
    directory: Arc<WatchDirectory<SettingsEnv>>,
}

impl SettingsRoutes {
    /// Settings and wordings kept in this table.
    #[must_use]
    pub fn new(
        table: Table,
        keys: KeySource,
        deployed_from: EmailAddress,
        composer: Composer,
        links: Links,
    ) -> Self {
        let env = FunctionEnv::over(table)
            .with_keys(keys)
            .with_composer(composer);
        Self {
            sources: Arc::new(ManageDeviceSources { env: env.clone() }),
            tokens: Arc::new(ManageDirectoryTokens { env: env.clone() }),
            directory: Arc::new(WatchDirectory { env: env.clone() }),
            templates: TemplateUses::new(env.clone(), links, deployed_from.clone()),
            settings: Arc::new(ChangeSettings { env, deployed_from }),
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

fn all<R: Routes<SettingsRoutes>>() -> R {
    R::new()
        .routes(routes!(show, replace))
        .merge(history::router())
        .merge(templates::router())
        .merge(device_sources::router())
        .merge(directory::router())
        .merge(device_events::router())
}

/// The settings and what they mean.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SettingsBody {
    #[serde(flatten)]
    settings: SettingsDraft,
    /// Which version; also the `ETag`.
    version: String,
    /// How likely somebody who guesses hits an invitation.
    guessing: GuessingReport,
    /// What the people who are invited will miss under these settings, in sentences.
    advice: Vec<String>,
}

type Answer = ([(header::HeaderName, String); 1], Json<SettingsBody>);

fn answer(view: SettingsView) -> Answer {
    let version = view.current.version.get().to_string();
    let advice = view.current.settings.advice();
    (
        [(header::ETAG, format!("\"{version}\""))],
        Json(SettingsBody {
            settings: view.current.settings.into(),
            version,
            guessing: view.guessing,
            advice,
        }),
    )
}

/// Read the settings
#[utoipa::path(get, path = "/v1/settings", operation_id = "getSettings", security(("bearer" = ["viewer"])), tag = "Settings", responses((status = 200, body = SettingsBody)))]
async fn show(State(routes): State<SettingsRoutes>, caller: Authorised) -> Result<Answer, Problem> {
    caller.to(Permission::View)?;
    Ok(answer(routes.settings.show().await?))
}

/// Replace the settings
///
/// The whole document: what is left out takes its default. `version`, `guessing` and
/// `advice` of the document that was read may be sent back and are ignored.
#[utoipa::path(
    put, path = "/v1/settings", operation_id = "replaceSettings", security(("bearer" = ["settings"])), tag = "Settings", request_body = SettingsDraft,
    params(("If-Match" = String, Header, description = "The ETag of the settings you changed; * replaces any")),
    responses(
        (status = 200, body = SettingsBody),
        (status = 412, description = "Somebody changed them meanwhile", body = Problem),
        (status = 422, description = "Fields are wrong", body = Problem),
        (status = 428, description = "If-Match is missing", body = Problem),
    )
)]
async fn replace(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    headers: HeaderMap,
    body: JsonBody<SettingsDraft>,
) -> Result<Answer, Problem> {
    caller.to(Permission::Configure)?;
    let expected = etag::expected(&headers, "settings", "/v1/settings")?;
    let who = caller.actor();
    let store = routes.settings.env.store();
    let current = async { Ok::<_, Unavailable>(store.current_settings().await?.version) };
    let expected = expected.against(current).await?;
    let saved = routes.settings.run(body.value, expected, &who).await?;
    // Credentials for an address that was changed are used no longer, whether or not they can be thrown away now.
    if let Err(error) = routes.sources.forget_unused().await {
        tracing::warn!(error = %beckon_runtime::problem::chain(&error), "secrets that are used no longer could not be thrown away; they are when the next is set");
    }
    Ok(answer(saved))
}
