//! Send, and what has become of Sends.

mod address;
mod history;
mod outbox;
mod routes;

use std::sync::Arc;

use axum::Router;
use beckon_aws::{Bell, SesMailService, Table};
use beckon_domain::usecases::report_batch::ReportBatch;
use beckon_domain::usecases::resume_delivery::ResumeDelivery;
use beckon_domain::usecases::send::Send;
use beckon_domain::usecases::stop_batch::StopSend;
use beckon_domain::usecases::try_address_again::TryAddressAgain;
use beckon_runtime::{SystemChance, SystemClock};
use utoipa_axum::router::OpenApiRouter;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct Sending {
    send: Send<Table, SystemClock, SystemChance>,
    report: ReportBatch<Table>,
    stop: StopSend<Table, SystemClock>,
    resume: ResumeDelivery<Table, Bell>,
    try_again: Arc<TryAddressAgain<Table, SesMailService, SystemClock, SystemChance>>,
    table: Table,
}

impl Sending {
    /// Sends kept in this table, through this mail service; the bell wakes the postman.
    #[must_use]
    pub fn new(table: Table, service: SesMailService, bell: Bell) -> Self {
        Self {
            try_again: Arc::new(TryAddressAgain {
                store: table.clone(),
                service,
                clock: SystemClock,
                chance: SystemChance::new(),
            }),
            send: Send {
                store: table.clone(),
                clock: SystemClock,
                chance: SystemChance::new(),
            },
            report: ReportBatch {
                store: table.clone(),
            },
            stop: StopSend {
                store: table.clone(),
                clock: SystemClock,
            },
            resume: ResumeDelivery {
                store: table.clone(),
                postman: bell,
            },
            table,
        }
    }

    /// The routes, with their part of the OpenAPI document.
    #[must_use]
    pub fn routes(self) -> OpenApiRouter {
        routes::all()
            .merge(outbox::all())
            .merge(address::all())
            .merge(history::all())
            .with_state(self)
    }

    /// The routes alone.
    pub fn router(self) -> Router {
        self.routes().into()
    }
}
