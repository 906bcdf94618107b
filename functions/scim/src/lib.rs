//! SCIM 2.0 (RFC 7643, RFC 7644): people from a directory such as Entra ID or Okta, at `/scim/v2`. It speaks the
//! protocol's own language: its own errors, its own lists, its own document of what there is. Nothing is decided here:
//! what the directory says becomes a [`beckon_domain::model::directory::DirectoryPerson`], and a use case follows it.

mod answer;
mod attributes;
mod discovery;
mod filter;
mod patch;
mod person;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use beckon_aws::{KeySource, Table};
use beckon_domain::usecases::delete_user::DeleteUser;
use beckon_domain::usecases::follow_directory::FollowDirectory;
use beckon_domain::usecases::manage_directory_tokens::ManageDirectoryTokens;
use beckon_runtime::metrics::{self, Metric};
use beckon_runtime::{FunctionEnv, SystemClock};
use http::{HeaderValue, header};

use answer::Refusal;

/// What the use cases run in.
type ScimEnv = Arc<FunctionEnv<Table, KeySource>>;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct Scim {
    follow: FollowDirectory<ScimEnv>,
    delete: DeleteUser<ScimEnv>,
    tokens: ManageDirectoryTokens<ScimEnv>,
    table: Table,
    clock: SystemClock,
    /// Where SCIM is, for the addresses of resources.
    base: Arc<str>,
}

impl Scim {
    /// People in this table, for whoever has one of the tokens that are with these keys. The enrolment page's address
    /// says where the API is.
    #[must_use]
    pub fn new(table: Table, keys: KeySource, enrolment_page: &str) -> Self {
        let env = Arc::new(FunctionEnv::over(table.clone()).with_keys(keys));
        let address = enrolment_page.strip_suffix("/enroll");
        let base = format!("{}/scim/v2", address.unwrap_or(enrolment_page));
        Self {
            follow: FollowDirectory { env: env.clone() },
            delete: DeleteUser { env: env.clone() },
            tokens: ManageDirectoryTokens { env },
            table,
            clock: SystemClock,
            base: base.into(),
        }
    }

    /// The routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/scim/v2/ServiceProviderConfig", get(discovery::provider))
            .route("/scim/v2/ResourceTypes", get(discovery::resource_types))
            .route("/scim/v2/ResourceTypes/{id}", get(discovery::resource_type))
            .route("/scim/v2/Schemas", get(discovery::schemas))
            .route("/scim/v2/Schemas/{id}", get(discovery::schema))
            .route("/scim/v2/.search", post(users::search))
            .route("/scim/v2/Users/.search", post(users::search))
            .route("/scim/v2/Users", get(users::list).post(users::add))
            .route(
                "/scim/v2/Users/{id}",
                get(users::read)
                    .put(users::replace)
                    .patch(users::change)
                    .delete(users::delete),
            )
            .route("/scim/v2/{*path}", any(nothing_there))
            .method_not_allowed_fallback(not_so)
            .layer(from_fn_with_state(self.clone(), admit))
            .with_state(self)
    }
}

/// Lets those pass who have a token of the directory.
async fn admit(State(scim): State<Scim>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown
        .and_then(|value| value.to_str().ok())
        .and_then(bearer)
        .unwrap_or_default();
    match scim.tokens.is_valid(shown).await {
        Ok(true) => next.run(request).await,
        Ok(false) => {
            metrics::record(&[(Metric::UnprovenDirectoryRequests, 1)]);
            let mut response = Refusal::unproven().into_response();
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        Err(error) => Refusal::from(error).into_response(),
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn nothing_there() -> Refusal {
    Refusal::not_found("There is nothing at this address. ResourceTypes lists what there is.")
}

async fn not_so() -> Refusal {
    Refusal::method_not_allowed()
}
