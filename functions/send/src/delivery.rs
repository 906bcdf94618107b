//! `/v1/delivery`: whether mail goes out, and what holds it up.

use axum::Json;
use axum::extract::State;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::values::permission::Permission;
use beckon_runtime::problem::chain;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{PauseView, Traffic};
use beckon_runtime::{Authorised, Problem, SystemClock};
use serde::Serialize;

use crate::Sending;

pub(crate) fn router<R: Routes<Sending>>() -> R {
    R::new().routes(routes!(show)).routes(routes!(resume))
}

/// Whether mail goes out, and what holds it up.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeliveryView {
    /// `running` or `paused`.
    state: &'static str,
    /// Why it is paused; null while it runs.
    pause: Option<PauseView>,
    /// Mails a second, as the mail account allows and the deployment caps; null before the first.
    per_second: Option<f64>,
}

async fn view(sending: &Sending) -> Result<DeliveryView, Problem> {
    let Traffic { pace, pause } = Traffic::now(&sending.table, SystemClock.now()).await?;
    Ok(DeliveryView {
        state: if pause.is_some() { "paused" } else { "running" },
        pause: pause.map(PauseView::from),
        per_second: pace,
    })
}

/// Whether mail goes out
#[utoipa::path(get, path = "/v1/delivery", operation_id = "getDelivery", security(("bearer" = ["viewer"])), tag = "Invitations", responses((status = 200, body = DeliveryView)))]
async fn show(
    State(sending): State<Sending>,
    caller: Authorised,
) -> Result<Json<DeliveryView>, Problem> {
    caller.to(Permission::View)?;
    view(&sending).await.map(Json)
}

/// End a pause before its time
///
/// Mail goes out again at once.
#[utoipa::path(post, path = "/v1/delivery/resume", operation_id = "resumeDelivery", security(("bearer" = ["inviter"])), tag = "Invitations", responses((status = 200, body = DeliveryView)))]
async fn resume(
    State(sending): State<Sending>,
    caller: Authorised,
) -> Result<Json<DeliveryView>, Problem> {
    caller.to(Permission::Invite)?;
    let resumed = sending.resume.run().await?;
    if let Some(error) = resumed.not_woken {
        // Maintenance comes by within a minute.
        tracing::warn!(error = %chain(&error), "the delivery worker was not woken");
    }
    view(&sending).await.map(Json)
}
