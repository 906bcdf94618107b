//! Redeeming, seen from the invited person and from the device management: the landing page, the
//! secrets it sends, and what became of a registration.

mod page;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use beckon_aws::{KeySource, Table};
use beckon_domain::usecases::redeem::Redeem;
use beckon_runtime::{SystemChance, SystemClock};
use utoipa_axum::router::OpenApiRouter;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct Redemptions {
    redeem: Arc<Redeem<Table, KeySource, SystemClock, SystemChance>>,
    table: Table,
    refuse_after: Duration,
}

impl Redemptions {
    /// Redemptions of what this table holds. A refusal leaves no sooner than `refuse_after`, so
    /// that its time tells nothing about why.
    #[must_use]
    pub fn new(table: Table, keys: KeySource, refuse_after: Duration) -> Self {
        Self {
            redeem: Arc::new(Redeem {
                store: table.clone(),
                keys,
                clock: SystemClock,
                chance: SystemChance::new(),
            }),
            table,
            refuse_after,
        }
    }

    /// The routes, with their part of the OpenAPI document.
    #[must_use]
    pub fn routes(self) -> OpenApiRouter {
        routes::all().with_state(self).merge(page::routes())
    }

    /// The routes alone.
    pub fn router(self) -> Router {
        self.routes().into()
    }
}
