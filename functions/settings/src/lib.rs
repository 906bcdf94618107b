//! The settings: read and replaced as one document, by version.

use axum::extract::State;
use axum::{Json, Router};
use beckon_aws::Table;
use beckon_domain::address::EmailAddress;
use beckon_domain::guessing::GuessingReport;
use beckon_domain::ids::Version;
use beckon_domain::permission::Permission;
use beckon_domain::problem::FieldProblem;
use beckon_domain::settings::SettingsDraft;
use beckon_domain::usecases::change_settings::{ChangeSettings, SettingsView};
use beckon_runtime::{Authorised, JsonBody, Problem};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct SettingsRoutes {
    settings: ChangeSettings<Table>,
}

impl SettingsRoutes {
    /// Settings kept in this table.
    #[must_use]
    pub fn new(table: Table, deployed_from: EmailAddress) -> Self {
        Self {
            settings: ChangeSettings {
                store: table,
                deployed_from,
            },
        }
    }

    /// The routes, with their part of the OpenAPI document.
    pub fn routes(self) -> OpenApiRouter {
        OpenApiRouter::new()
            .routes(routes!(read, replace))
            .with_state(self)
    }

    /// The routes alone.
    pub fn router(self) -> Router {
        self.routes().into()
    }
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
}

type Answer = ([(header::HeaderName, String); 1], Json<SettingsBody>);

fn answer(view: SettingsView) -> Answer {
    let version = view.current.version.get().to_string();
    (
        [(header::ETAG, format!("\"{version}\""))],
        Json(SettingsBody {
            settings: view.current.settings.into(),
            version,
            guessing: view.guessing,
        }),
    )
}

/// Read the settings
#[utoipa::path(get, path = "/v1/settings", tag = "Settings", responses((status = 200, body = SettingsBody)))]
async fn read(State(routes): State<SettingsRoutes>, caller: Authorised) -> Result<Answer, Problem> {
    caller.to(Permission::View)?;
    Ok(answer(routes.settings.show().await?))
}

/// Replace the settings
///
/// The whole document: what is left out takes its default. `version` and `guessing` of the
/// document that was read may be sent back and are ignored.
#[utoipa::path(
    put, path = "/v1/settings", tag = "Settings", request_body = SettingsDraft,
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
    let expected = expected_version(&headers)?;
    Ok(answer(routes.settings.run(body.value, expected).await?))
}

fn expected_version(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if-match-required",
            "If-Match is required",
            "Send If-Match with the ETag of the settings you changed, so that nobody else's change is lost; If-Match: * replaces whatever there is.",
        ));
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_start_matches("W/")
        .trim_matches('"')
        .parse()
        .map(|number| Some(Version::from_number(number)))
        .map_err(|_| {
            Problem::invalid_fields(vec![FieldProblem::new(
                "If-Match",
                "malformedETag",
                "is not an ETag of the settings; copy it from GET /v1/settings",
            )])
        })
}
