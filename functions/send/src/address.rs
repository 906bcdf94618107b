//! `/v1/users/{id}/address/…`: an address that takes no mail any more is tried again.

use axum::Json;
use axum::extract::State;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::values::permission::Permission;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{UserView, id_in_path};
use beckon_runtime::{Authorised, Path, Problem, SystemClock};

use crate::Sending;

pub(crate) fn router<R: Routes<Sending>>() -> R {
    R::new().routes(routes!(try_again))
}

/// Try an address again that takes no mail
///
/// Clears what is held against the address after a mail came back for good or was called spam,
/// here and on the suppression list of SES, and mails an open invitation again.
#[utoipa::path(
    post, path = "/v1/users/{id}/address/try-again", operation_id = "tryAddressAgain", security(("bearer" = ["helpdesk"])), tag = "Users", params(("id" = String, Path)),
    responses(
        (status = 200, body = UserView),
        (status = 404, body = Problem),
        (status = 409, description = "Nothing is held against it", body = Problem),
    )
)]
async fn try_again(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<UserView>, Problem> {
    caller.to(Permission::AssistUsers)?;
    let id = id_in_path(&id, "user")?;
    let user = sending.try_again.run(id, &caller.actor()).await?;
    let view = UserView::of_one(user, &sending.table, SystemClock.now()).await?;
    Ok(Json(view))
}
