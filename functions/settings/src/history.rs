//! `/v1/settings/history`: who changed what, when, from what to what.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::settings::comparing::FieldChange;
use beckon_domain::usecases::change_settings::PastChange;
use beckon_domain::values::ids::Version;
use beckon_domain::values::permission::Permission;
use beckon_runtime::parameters::PageQuery;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::actor_name;
use beckon_runtime::{Authorised, Pages, Problem, Query};
use jiff::Timestamp;
use serde::Serialize;

use crate::SettingsRoutes;

/// How many changes are on a page.
const PAGE_SIZE: usize = 20;

pub(crate) fn router<R: Routes<SettingsRoutes>>() -> R {
    R::new().routes(routes!(history))
}

/// A page of the settings' history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SettingsHistory {
    items: Vec<SettingsChange>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// A change of the settings.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SettingsChange {
    /// The version that it made.
    version: String,
    /// When; null for a version from before this was kept.
    #[schema(value_type = Option<String>)]
    at: Option<Timestamp>,
    /// Who; null for a version from before this was kept.
    by: Option<String>,
    /// Each field that changed, from what to what. Null where the version before can no longer be
    /// read; empty where the same was saved again.
    changes: Option<Vec<FieldChange>>,
}

impl From<PastChange> for SettingsChange {
    fn from(change: PastChange) -> Self {
        Self {
            version: change.version.get().to_string(),
            at: change.stamp.as_ref().map(|stamp| stamp.at),
            by: change.stamp.as_ref().map(|stamp| actor_name(&stamp.by)),
            changes: change.changes,
        }
    }
}

/// What was changed in the settings, newest first
///
/// Who saved each version, when, and which fields it changed, from what to what. A page has at
/// most 20.
#[utoipa::path(
    get, path = "/v1/settings/history", operation_id = "listSettingsHistory",
    security(("bearer" = ["viewer"])), tag = "Settings", params(PageQuery<PAGE_SIZE>),
    responses((status = 200, body = SettingsHistory), (status = 422, body = Problem))
)]
async fn history(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Query(query): Query<PageQuery<PAGE_SIZE>>,
) -> Result<Json<SettingsHistory>, Problem> {
    caller.to(Permission::View)?;
    let pages = Pages::of("settings/history");
    let position = pages.position(query.cursor.as_deref())?;
    let below = position
        .and_then(|position| position.parse().ok())
        .map(Version::from_number);
    let page = routes.settings.history(below, query.limit()).await?;
    Ok(Json(SettingsHistory {
        items: page.items.into_iter().map(SettingsChange::from).collect(),
        next: page
            .next
            .map(|below| pages.cursor(&below.get().to_string())),
    }))
}
