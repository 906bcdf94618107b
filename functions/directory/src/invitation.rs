//! `/v1/users/{id}/invitation/…`: what an administrator does to one open invitation.

use axum::Json;
use axum::extract::State;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::values::permission::Permission;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{UserView, id_in_path};
use beckon_runtime::{Authorised, Path, Problem};

use crate::Directory;

pub(crate) fn router<R: Routes<Directory>>() -> R {
    R::new()
        .routes(routes!(resend))
        .routes(routes!(cancel))
        .routes(routes!(restore))
}

async fn changed(
    directory: &Directory,
    caller: &Authorised,
    id: &str,
    change: InvitationChange,
) -> Result<Json<UserView>, Problem> {
    let id = id_in_path(id, "user")?;
    let user = directory
        .invitation
        .run(id, change, &caller.actor())
        .await?;
    directory.seen(user).await.map(Json)
}

/// Mail an open invitation again: same secret, same end
#[utoipa::path(
    post, path = "/v1/users/{id}/invitation/resend", operation_id = "resendInvitation", security(("bearer" = ["helpdesk"])), tag = "Invitations", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn resend(
    State(directory): State<Directory>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<UserView>, Problem> {
    caller.to(Permission::AssistUsers)?;
    changed(&directory, &caller, &id, InvitationChange::Resend).await
}

/// Take an open invitation back: its secret is dead at once
#[utoipa::path(
    post, path = "/v1/users/{id}/invitation/cancel", operation_id = "cancelInvitation", security(("bearer" = ["inviter"])), tag = "Invitations", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn cancel(
    State(directory): State<Directory>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<UserView>, Problem> {
    caller.to(Permission::Invite)?;
    changed(&directory, &caller, &id, InvitationChange::Cancel).await
}

/// Undo a cancel or a decline: the secret works again, until the end it had
#[utoipa::path(
    post, path = "/v1/users/{id}/invitation/restore", operation_id = "restoreInvitation", security(("bearer" = ["inviter"])), tag = "Invitations", params(("id" = String, Path)),
    responses((status = 200, body = UserView), (status = 404, body = Problem), (status = 409, body = Problem))
)]
async fn restore(
    State(directory): State<Directory>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<UserView>, Problem> {
    caller.to(Permission::Invite)?;
    changed(&directory, &caller, &id, InvitationChange::Restore).await
}
