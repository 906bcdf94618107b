//! `/v1/jobs/import`: a file of users, imported as a job.

use axum::Json;
use axum::extract::{Request, State};
use beckon_domain::usecases::import_users::ImportOrder;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_runtime::parameters::Parameters;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::user_files::{charset_in, file_of};
use beckon_runtime::{Authorised, Problem, Query, idempotency};
use http::StatusCode;
use serde::Deserialize;

use crate::Sending;
use crate::jobs::{JobView, accepted_view};

pub(crate) fn router<R: Routes<Sending>>() -> R {
    R::new().routes(routes!(start))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportJobQuery {
    /// `true` or `false`: whether to invite everyone in the file who was never invited. It must
    /// be said.
    #[param(required = true)]
    invite: Option<String>,
}

impl Parameters for ImportJobQuery {
    fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Problems::default();
        match self.invite.as_deref() {
            Some("true" | "false") => {}
            Some(_) => problems.add(FieldProblem::new(
                "invite",
                "notABoolean",
                "must be true or false",
            )),
            None => problems.add(FieldProblem::new(
                "invite",
                "missing",
                "must be said: true invites everyone in the file who was never invited, false invites nobody",
            )),
        }
        problems.into_vec()
    }
}

/// Import a file of users as a job
///
/// The same file as `POST /v1/users/import` takes, at most 4 MiB (packed, 3.4 MiB) and 10,000 rows, by the same rules; for
/// a trial use `dryRun` there. The answer comes as soon as the file is stored; its lines are carried out
/// whether or not anybody waits for it, each when its turn comes, and `GET /v1/jobs/{id}/outcomes` says
/// what became of each. Invitations go out in one batch once the whole file is in.
///
/// The file is erased with the last step of the job, also when it is stopped, and what became of its lines
/// after 30 days. What a line changed is told by column; from what to what is told by a trial alone.
#[utoipa::path(
    post, path = "/v1/jobs/import", operation_id = "startImport", security(("bearer" = ["helpdesk"])), tag = "Jobs", params(ImportJobQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours")),
    request_body(content((String = "text/csv"), (String = "application/octet-stream"))),
    responses(
        (status = 202, description = "Will be carried out", body = JobView),
        (status = 413, description = "More than 4 MiB, or than 3.4 MiB packed", body = Problem),
        (status = 415, description = "No CSV", body = Problem),
        (status = 422, description = "The file or a parameter is wrong", body = Problem),
    )
)]
async fn start(
    State(sending): State<Sending>,
    caller: Authorised,
    Query(query): Query<ImportJobQuery>,
    request: Request,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    caller.to(Permission::AssistUsers)?;
    let invite = query.invite.as_deref() == Some("true");
    if invite {
        caller.to(Permission::Invite)?;
    }
    let order = ImportOrder {
        dry_run: false,
        invite,
        charset: charset_in(request.headers()),
        who: caller.actor(),
    };
    let headers = request.headers().clone();
    let file = file_of(request).await?;
    let route = if invite {
        "POST /v1/jobs/import?invite=true"
    } else {
        "POST /v1/jobs/import?invite=false"
    };
    let request = idempotency::repeatable(&headers, &caller, route, &file)?;
    let import = sending.start_job.import(&file, &order, request.as_ref());
    let accepted = import.await?;
    Ok((StatusCode::ACCEPTED, Json(accepted_view(&accepted))))
}
