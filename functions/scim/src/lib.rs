//! SCIM 2.0 (RFC 7643, RFC 7644): people and groups from a directory such as Entra ID or Okta, at `/scim/v2`. It speaks the
//! protocol's own language: its own errors, its own lists, its own document of what there is. Nothing is decided here:
//! what the directory says becomes a [`beckon_domain::model::directory::DirectoryPerson`] or a
//! [`beckon_domain::usecases::follow_groups::DirectoryGroup`], and a use case follows it.

mod answer;
mod attributes;
mod discovery;
mod filter;
mod group;
mod groups;
mod patch;
mod person;
mod request;
mod users;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use beckon_aws::{KeySource, Table};
use beckon_domain::model::directory::DirectoryRefusal;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::delete_user::DeleteUser;
use beckon_domain::usecases::follow_directory::FollowDirectory;
use beckon_domain::usecases::follow_groups::FollowGroups;
use beckon_domain::usecases::manage_directory_tokens::ManageDirectoryTokens;
use beckon_domain::usecases::watch_directory::{NOTED_EVERY, WatchDirectory};
use beckon_runtime::metrics::{self, Metric};
use beckon_runtime::problem::chain;
use beckon_runtime::{FunctionEnv, SystemClock};
use http::{HeaderValue, header};

use answer::Refusal;

/// What the use cases run in.
type ScimEnv = Arc<FunctionEnv<Table, KeySource>>;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct Scim {
    follow: FollowDirectory<ScimEnv>,
    groups: FollowGroups<ScimEnv>,
    delete: DeleteUser<ScimEnv>,
    tokens: ManageDirectoryTokens<ScimEnv>,
    watch: WatchDirectory<ScimEnv>,
    /// When a request was noted last, in epoch seconds.
    noted: Arc<AtomicI64>,
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
            groups: FollowGroups { env: env.clone() },
            delete: DeleteUser { env: env.clone() },
            watch: WatchDirectory { env: env.clone() },
            noted: Arc::default(),
            tokens: ManageDirectoryTokens { env },
            table,
            clock: SystemClock,
            base: base.into(),
        }
    }

    /// Notes that the directory made a request: each that was refused, of the others one a minute.
    async fn note(&self, asked: String, refusal: Option<&Refusal>) {
        let now = self.clock.now();
        let refusal = refusal.map(|refusal| {
            let (status, kind) = refusal.code();
            DirectoryRefusal {
                at: now,
                request: asked,
                status: status.as_u16(),
                kind: kind.map(str::to_owned),
            }
        });
        // That somebody is asked for who is not there is how directories look before they add.
        let refusal = refusal.filter(|refusal| refusal.status != 404);
        let last = self.noted.load(Ordering::Relaxed);
        let is_known = now.as_second() - last < NOTED_EVERY.as_secs();
        if refusal.is_none() && is_known {
            return;
        }
        self.noted.store(now.as_second(), Ordering::Relaxed);
        // It only tells administrators: no request fails for it.
        if let Err(error) = self.watch.note(refusal).await {
            tracing::warn!(error = %chain(&error), "a request of the directory could not be noted");
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
            .route("/scim/v2/.search", post(groups::search_all))
            .route("/scim/v2/Users/.search", post(users::search))
            .route("/scim/v2/Users", get(users::list).post(users::add))
            .route(
                "/scim/v2/Users/{id}",
                get(users::read)
                    .put(users::replace)
                    .patch(users::change)
                    .delete(users::delete),
            )
            .route("/scim/v2/Groups/.search", post(groups::search))
            .route("/scim/v2/Groups", get(groups::list).post(groups::add))
            .route(
                "/scim/v2/Groups/{id}",
                get(groups::read)
                    .put(groups::replace)
                    .patch(groups::change)
                    .delete(groups::delete),
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
        Ok(true) => {
            let asked = format!("{} {}", request.method(), resource_in(request.uri().path()));
            let response = next.run(request).await;
            scim.note(asked, response.extensions().get()).await;
            response
        }
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

/// The kind of resource in a path, which may name somebody further on.
fn resource_in(path: &str) -> String {
    let below = path.strip_prefix("/scim/v2/").unwrap_or_default();
    let kind = below.split('/').next().unwrap_or_default();
    let is_plain =
        !kind.is_empty() && kind.len() < 32 && kind.chars().all(|c| c.is_ascii_alphabetic());
    format!("/{}", if is_plain { kind } else { "" })
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
