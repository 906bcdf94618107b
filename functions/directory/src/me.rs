//! `/v1/me`: who calls, and what they may do. A client offers by it what its user may do, and no more.

use axum::Json;
use beckon_domain::values::permission::CallerKind;
use beckon_runtime::Authorised;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use serde::Serialize;

use crate::Directory;

pub(crate) fn router<R: Routes<Directory>>() -> R {
    R::new().routes(routes!(me))
}

/// Who calls, and what they may do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct Me {
    /// What histories call them: of people their address, or else what identifies them.
    name: String,
    /// Whether it is somebody who signed in, or a machine.
    kind: &'static str,
    /// The roles that they were given. Empty: they may do nothing but ask this.
    roles: Vec<&'static str>,
    /// Every role whose operations are open to them: an operation names the least that it needs.
    may_act_as: Vec<&'static str>,
}

impl From<Authorised> for Me {
    fn from(Authorised(caller): Authorised) -> Self {
        let least_roles = caller.permissions.iter().map(|may| may.least_role().name());
        Self {
            kind: match caller.kind {
                CallerKind::Person => "person",
                CallerKind::Machine => "machine",
            },
            roles: caller.roles.iter().map(|role| role.name()).collect(),
            may_act_as: least_roles.collect(),
            name: caller.name,
        }
    }
}

/// Read who calls
///
/// What the token says, for anybody who has one that counts here, whatever roles it carries. On one
/// machine there is no sign-in, and the caller may do everything.
#[utoipa::path(
    get, path = "/v1/me", operation_id = "getMe", security(("bearer" = [])), tag = "Users",
    responses((status = 200, body = Me))
)]
async fn me(caller: Authorised) -> Json<Me> {
    Json(caller.into())
}
