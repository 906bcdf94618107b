//! The desk: secrets handed over without a mail, as a PIN or a link to read out, or as a handout to
//! print. A function of its own, since it is the only one that shows secrets to a caller.

mod handout;
mod sheets;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::{Json, Router};
use beckon_aws::{KeySource, Table};
use beckon_domain::model::mail_content::ContentSecret;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::rules::content::Links;
use beckon_domain::usecases::hand_over::{HandOver, HandedOver};
use beckon_domain::values::method::Method;
use beckon_domain::values::permission::Permission;
use beckon_mail::Composer;
use beckon_runtime::routes;
use beckon_runtime::routes::{OpenApiRouter, Routes};
use beckon_runtime::wire::{UserView, id_in_path};
use beckon_runtime::{Authorised, FunctionEnv, JsonBody, Path, Problem, SystemClock};
use http::{HeaderValue, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the use cases run in.
type DeskEnv = FunctionEnv<Table, KeySource>;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct Desk {
    hand_over: Arc<HandOver<DeskEnv>>,
    composer: Arc<Composer>,
    table: Table,
}

impl Desk {
    /// A desk for the users of this table.
    #[must_use]
    pub fn new(table: Table, keys: KeySource, composer: Composer, links: Links) -> Self {
        let env = FunctionEnv::over(table.clone()).with_keys(keys);
        Self {
            hand_over: Arc::new(HandOver { env, links }),
            composer: Arc::new(composer),
            table,
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

    async fn handed_over(
        &self,
        caller: &Authorised,
        id: &str,
        reason: &str,
    ) -> Result<HandedOver, Problem> {
        caller.to(Permission::HandOver)?;
        let id = id_in_path(id, "user")?;
        Ok(self.hand_over.run(id, reason, &caller.actor()).await?)
    }
}

fn all<R: Routes<Desk>>() -> R {
    R::new()
        .routes(routes!(pin))
        .routes(routes!(hand_out))
        .routes(routes!(hand_out_many))
}

/// Why a secret is handed over.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReasonBody {
    /// One line. The history keeps it, and the person reads it in a mail.
    #[serde(default)]
    reason: String,
}

/// Whose sheets are printed, and why.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SheetsBody {
    /// These users, at most 100.
    #[serde(default)]
    user_ids: Vec<String>,
    /// One line. The history keeps it, and each person reads it in a mail.
    #[serde(default)]
    reason: String,
}

/// What was handed over. It holds the secret: keep it nowhere.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct HandedOverView {
    user: UserView,
    method: Method,
    /// The PIN, in groups; null where the method uses a QR code.
    pin: Option<String>,
    /// The link that the QR code holds; null where the method uses a PIN.
    link: Option<String>,
    /// The page on which it is entered.
    page_url: String,
    /// Until when it is good.
    #[schema(value_type = String)]
    expires_at: Timestamp,
    /// Whether a new issue was made for it; otherwise it is that of the open invitation.
    issued: bool,
    /// Whether the person is told by mail: not where their address takes none.
    told: bool,
}

/// Hand a PIN or a link over without a mail
///
/// Shows the secret of the open invitation, or makes one. The reason is kept in the history, and
/// the person is told by mail that it happened.
#[utoipa::path(
    post, path = "/v1/users/{id}/invitation/pin", operation_id = "handOverSecret", security(("bearer" = ["pindesk"])), tag = "Desk", params(("id" = String, Path)), request_body = ReasonBody,
    responses(
        (status = 200, body = HandedOverView),
        (status = 404, body = Problem),
        (status = 409, description = "The user is disabled, or the method has no secret", body = Problem),
        (status = 422, description = "The reason is missing", body = Problem),
    )
)]
async fn pin(
    State(desk): State<Desk>,
    caller: Authorised,
    Path(id): Path<String>,
    body: JsonBody<ReasonBody>,
) -> Result<([(header::HeaderName, HeaderValue); 1], Json<HandedOverView>), Problem> {
    let handed = desk.handed_over(&caller, &id, &body.value.reason).await?;
    let (pin, link) = match &handed.content.secret {
        ContentSecret::Pin(pin) => (Some(pin.expose_grouped()), None),
        ContentSecret::Link(token) => (
            None,
            Some(beckon_mail::link_of(&handed.content.page_url, token)),
        ),
        ContentSecret::None | ContentSecret::Masked { .. } => (None, None),
    };
    let user = UserView::of_one(handed.user, &desk.table, SystemClock.now()).await?;
    Ok((
        [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        Json(HandedOverView {
            user,
            method: handed.content.method,
            pin,
            link,
            page_url: handed.content.page_url,
            expires_at: handed.content.expires_at,
            issued: handed.issued,
            told: handed.told,
        }),
    ))
}

/// Hand over a sheet to print
///
/// The same as a page in the person's language, with the PIN or the QR code on it.
#[utoipa::path(
    post, path = "/v1/users/{id}/invitation/sheet", operation_id = "handOverSheet", security(("bearer" = ["pindesk"])), tag = "Desk", params(("id" = String, Path)), request_body = ReasonBody,
    responses(
        (status = 200, content_type = "text/html", body = String),
        (status = 404, body = Problem),
        (status = 409, description = "The user is disabled, or the method has no secret", body = Problem),
        (status = 422, description = "The reason is missing", body = Problem),
    )
)]
async fn hand_out(
    State(desk): State<Desk>,
    caller: Authorised,
    Path(id): Path<String>,
    body: JsonBody<ReasonBody>,
) -> Result<Response, Problem> {
    let handed = desk.handed_over(&caller, &id, &body.value.reason).await?;
    handout::page(&desk.composer, handed.content)
}

/// Hand over sheets to print, for several people
///
/// A page with a sheet for each, at most 100 people at a time. Each is handed over as by
/// `POST /v1/users/{id}/invitation/sheet`: the secret of the open invitation, or a new one, with the
/// reason in the history and a mail to the person. Whoever has no sheet is named on a page before
/// them, with the reason.
#[utoipa::path(
    post, path = "/v1/sheets", operation_id = "handOverSheets", security(("bearer" = ["pindesk"])), tag = "Desk", request_body = SheetsBody,
    responses(
        (status = 200, content_type = "text/html", body = String),
        (status = 422, description = "The reason is missing, or ids are wrong", body = Problem),
    )
)]
async fn hand_out_many(
    State(desk): State<Desk>,
    caller: Authorised,
    body: JsonBody<SheetsBody>,
) -> Result<Response, Problem> {
    sheets::page(&desk, &caller, &body.value.user_ids, &body.value.reason).await
}
