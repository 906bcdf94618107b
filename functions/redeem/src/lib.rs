//! Redeeming, seen from the invited person and from the device management: the landing page, the
//! secrets it sends, what the device management does for people, and what became of a registration.

mod mdm;
mod page;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use beckon_aws::{KeySource, Table};
use beckon_domain::usecases::confirm_registration::ConfirmRegistration;
use beckon_domain::usecases::decline::Decline;
use beckon_domain::usecases::redeem::Redeem;
use beckon_domain::usecases::request_pin::RequestPin;
use beckon_outgoing::HttpsClient;
use beckon_runtime::routes::{OpenApiRouter, Routes};
use beckon_runtime::{FunctionEnv, NotGiven};

/// What holds a guesser back.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A refusal leaves no sooner than this, so that its time tells nothing about why.
    pub refuse_after: Duration,
    /// Wrong tries that one source has in an hour.
    pub wrong_tries_per_hour: u64,
}

/// What the use cases run in. They share one, since each request clones what the routes work with.
type RedeemEnv = Arc<
    FunctionEnv<Table, KeySource, NotGiven, NotGiven, NotGiven, NotGiven, NotGiven, HttpsClient>,
>;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct Redemptions {
    redeem: Redeem<RedeemEnv>,
    request: RequestPin<RedeemEnv>,
    decline: Decline<RedeemEnv>,
    confirm: ConfirmRegistration<RedeemEnv>,
    table: Table,
    refuse_after: Duration,
}

impl Redemptions {
    /// Redemptions of what this table holds. The client asks device managements for tokens.
    #[must_use]
    pub fn new(table: Table, keys: KeySource, outgoing: HttpsClient, limits: Limits) -> Self {
        let env = FunctionEnv::over(table.clone()).with_keys(keys);
        let env = Arc::new(env.with_outgoing(outgoing));
        Self {
            request: RequestPin { env: env.clone() },
            decline: Decline { env: env.clone() },
            confirm: ConfirmRegistration { env: env.clone() },
            redeem: Redeem {
                env,
                budget: limits.wrong_tries_per_hour,
            },
            table,
            refuse_after: limits.refuse_after,
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

fn all<R: Routes<Redemptions>>() -> R {
    routes::router::<R>()
        .merge(mdm::router())
        .merge(page::routes())
}
