//! `/v1/users/lookup`: one user, by what others call them.

use axum::Json;
use axum::extract::State;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::ExternalId;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::FieldProblem;
use beckon_runtime::parameters::Parameters;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::UserView;
use beckon_runtime::{Authorised, Problem, Query};
use http::StatusCode;
use serde::Deserialize;

use crate::Directory;

pub(crate) fn router<R: Routes<Directory>>() -> R {
    R::new().routes(routes!(look_up))
}

/// Either of the two.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LookupQuery {
    /// The address, in whatever case.
    email: Option<String>,
    /// What your directory calls them, exactly.
    external_id: Option<String>,
}

enum Called {
    Address(EmailAddress),
    External(ExternalId),
}

impl LookupQuery {
    fn parse(&self) -> Result<Called, Vec<FieldProblem>> {
        let called = match (&self.email, &self.external_id) {
            (Some(email), None) => EmailAddress::parse(email)
                .map(Called::Address)
                .map_err(|problem| problem.under("email")),
            (None, Some(id)) => ExternalId::parse(id)
                .map(Called::External)
                .map_err(|problem| problem.under("externalId")),
            (Some(_), Some(_)) | (None, None) => Err(FieldProblem::new(
                "email",
                "oneOfTwo",
                "give either email or externalId",
            )),
        };
        called.map_err(|problem| vec![problem])
    }
}

impl Parameters for LookupQuery {
    fn problems(&self) -> Vec<FieldProblem> {
        self.parse().err().unwrap_or_default()
    }
}

/// Look up a user by address or external id
///
/// At once, however many users there are; the list finds people by how these begin.
#[utoipa::path(
    get, path = "/v1/users/lookup", operation_id = "lookUpUser", security(("bearer" = ["viewer"])), tag = "Users", params(LookupQuery),
    responses(
        (status = 200, body = UserView),
        (status = 404, description = "Nobody is called so", body = Problem),
        (status = 422, body = Problem),
    )
)]
async fn look_up(
    State(directory): State<Directory>,
    caller: Authorised,
    Query(query): Query<LookupQuery>,
) -> Result<Json<UserView>, Problem> {
    caller.to(Permission::View)?;
    let table = &directory.table;
    let found = match query.parse().map_err(Problem::invalid_fields)? {
        Called::Address(address) => table.user_by_address(&address.normalised()).await?,
        Called::External(id) => table.user_by_external_id(&id).await?,
    };
    let user = found.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            "Nobody has this address or external id; GET /v1/users?text= finds people by how it, or their name, begins.",
        )
    })?;
    directory.seen(user).await.map(Json)
}
