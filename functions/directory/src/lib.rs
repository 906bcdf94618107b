//! The directory: users, their invitations and their histories.

mod counts;
mod devices;
mod history;
mod history_facts;
mod import_export;
mod invitation;
mod lookup;
mod me;
mod routes;
mod unassigned;

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use beckon_aws::{KeySource, Table};
use beckon_domain::usecases::add_user::AddUser;
use beckon_domain::usecases::assign_device::AssignDevice;
use beckon_domain::usecases::change_invitation::ChangeInvitation;
use beckon_domain::usecases::change_user::ChangeUser;
use beckon_domain::usecases::delete_user::DeleteUser;
use beckon_domain::usecases::export_users::ExportUsers;
use beckon_domain::usecases::import_users::ImportUsers;
use beckon_domain::usecases::report_batch::ReportBatch;
use beckon_runtime::routes::{OpenApiRouter, Routes};
use beckon_runtime::{FunctionEnv, SystemClock};
use jiff::SignedDuration;

/// How long an import may go on writing. The gateway waits 30 seconds for an answer, and what an
/// import does before and after its writes takes a few of them.
const IMPORT_TIMEOUT: SignedDuration = SignedDuration::from_secs(18);

/// What the use cases run in. They share one, since each request clones what the routes work with.
type DirectoryEnv = Arc<FunctionEnv<Table, KeySource>>;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct Directory {
    add: AddUser<DirectoryEnv>,
    assign: AssignDevice<DirectoryEnv>,
    change: ChangeUser<DirectoryEnv>,
    invitation: ChangeInvitation<DirectoryEnv>,
    delete: DeleteUser<DirectoryEnv>,
    import: ImportUsers<DirectoryEnv>,
    export: ExportUsers<DirectoryEnv>,
    report: ReportBatch<DirectoryEnv>,
    table: Table,
    clock: SystemClock,
}

impl Directory {
    /// A directory in this table, which issues under these keys.
    #[must_use]
    pub fn new(table: Table, keys: KeySource) -> Self {
        let env = Arc::new(FunctionEnv::over(table.clone()).with_keys(keys));
        Self {
            add: AddUser { env: env.clone() },
            assign: AssignDevice { env: env.clone() },
            change: ChangeUser { env: env.clone() },
            delete: DeleteUser { env: env.clone() },
            import: ImportUsers {
                env: env.clone(),
                budget: IMPORT_TIMEOUT,
            },
            export: ExportUsers { env: env.clone() },
            report: ReportBatch { env: env.clone() },
            invitation: ChangeInvitation { env },
            table,
            clock: SystemClock,
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
}

fn all<R: Routes<Directory>>() -> R {
    routes::router::<R>()
        .merge(counts::router())
        .merge(devices::router())
        .merge(invitation::router())
        .merge(lookup::router())
        .merge(me::router())
        .merge(unassigned::router())
        .merge(import_export::router())
        .route("/openapi.json", get(openapi))
}

/// The document of the whole API. It is generated from the routes of all functions, of which each
/// knows but its own; `tests/tests/openapi.rs` writes it and holds it against them.
async fn openapi() -> impl IntoResponse {
    let json = [(http::header::CONTENT_TYPE, "application/json")];
    (json, include_str!("openapi.json"))
}
