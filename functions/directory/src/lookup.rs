//! `/v1/users/lookup`: one user, by what others call them.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::change::Identifier;
use beckon_domain::ports::devices::Devices as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::ExternalId;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::FieldProblem;
use beckon_domain::values::session_ids::RegistrationId;
use beckon_domain::values::user_name::UserName;
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

/// One of the four.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LookupQuery {
    /// The address, in whatever case.
    email: Option<String>,
    /// What your directory calls them, exactly.
    external_id: Option<String>,
    /// What they sign in by elsewhere, in whatever case.
    user_name: Option<String>,
    /// The registration id that the enrolment page showed to somebody, in whatever case and with spaces in between. It is
    /// known for a while after the secret was accepted.
    registration_id: Option<String>,
}

enum Called {
    Address(EmailAddress),
    External(ExternalId),
    UserName(UserName),
    Registration(RegistrationId),
}

impl LookupQuery {
    fn parse(&self) -> Result<Called, Vec<FieldProblem>> {
        let given = (
            &self.email,
            &self.external_id,
            &self.user_name,
            &self.registration_id,
        );
        let called = match given {
            (Some(email), None, None, None) => EmailAddress::parse(email)
                .map(Called::Address)
                .map_err(|problem| problem.under("email")),
            (None, Some(id), None, None) => ExternalId::parse(id)
                .map(Called::External)
                .map_err(|problem| problem.under("externalId")),
            (None, None, Some(name), None) => UserName::parse(name)
                .map(Called::UserName)
                .map_err(|problem| problem.under("userName")),
            (None, None, None, Some(id)) => {
                let together: String = id.split_whitespace().collect();
                RegistrationId::parse(&together)
                    .map(Called::Registration)
                    .ok_or_else(|| {
                        FieldProblem::new(
                            "registrationId",
                            "malformed",
                            "must be 32 digits and letters from a to f",
                        )
                    })
            }
            _ => Err(FieldProblem::new(
                "email",
                "oneOfFour",
                "give one of email, externalId, userName and registrationId",
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

/// Look up a user by address, external id, user name or registration id
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
        Called::UserName(name) => {
            let names = [Identifier::UserName(name.key())];
            table.users_by_names(&names).await?.one()?
        }
        Called::Registration(id) => match table.load_session(&id.digest()).await? {
            Some(session) => table.load_user(session.user).await?,
            None => None,
        },
    };
    let user = found.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            "Nobody has this address, external id, user name or registration id; GET /v1/users?text= finds people by how it, or their name, begins.",
        )
    })?;
    directory.seen(user).await.map(Json)
}
