//! Send, jobs, and what has become of batches and jobs.

mod address;
mod delivery;
mod history;
mod job_import;
mod job_outcomes;
mod jobs;
mod overview;
mod routes;

use std::sync::Arc;

use axum::Router;
use beckon_aws::{DeliveryWakeUp, SesMailService, Table};
use beckon_domain::usecases::report_batch::ReportBatch;
use beckon_domain::usecases::report_job::ReportJob;
use beckon_domain::usecases::report_overview::ReportOverview;
use beckon_domain::usecases::resume_delivery::ResumeDelivery;
use beckon_domain::usecases::send_invitations::SendInvitations;
use beckon_domain::usecases::start_job::StartJob;
use beckon_domain::usecases::stop_batch::StopBatch;
use beckon_domain::usecases::stop_job::StopJob;
use beckon_domain::usecases::try_address_again::TryAddressAgain;
use beckon_runtime::routes::{OpenApiRouter, Routes};
use beckon_runtime::{FunctionEnv, NotGiven};

/// What the use cases run in. They share one, since each request clones what the routes work with.
type SendEnv = Arc<FunctionEnv<Table, NotGiven, NotGiven, SesMailService, DeliveryWakeUp>>;

/// What the routes work with.
#[derive(Debug, Clone)]
pub struct Sending {
    send: SendInvitations<SendEnv>,
    report: ReportBatch<SendEnv>,
    overview: ReportOverview<SendEnv>,
    stop: StopBatch<SendEnv>,
    start_job: StartJob<SendEnv>,
    report_job: ReportJob<SendEnv>,
    stop_job: StopJob<SendEnv>,
    resume: ResumeDelivery<SendEnv>,
    try_again: TryAddressAgain<SendEnv>,
    table: Table,
}

impl Sending {
    /// Batches kept in this table, through this mail service; the wake-up wakes the delivery worker.
    #[must_use]
    pub fn new(table: Table, service: SesMailService, wake_up: DeliveryWakeUp) -> Self {
        let env = Arc::new(
            FunctionEnv::over(table.clone())
                .with_mail_service(service)
                .with_wake_up(wake_up),
        );
        Self {
            try_again: TryAddressAgain { env: env.clone() },
            send: SendInvitations { env: env.clone() },
            report: ReportBatch { env: env.clone() },
            overview: ReportOverview { env: env.clone() },
            stop: StopBatch { env: env.clone() },
            start_job: StartJob { env: env.clone() },
            report_job: ReportJob { env: env.clone() },
            stop_job: StopJob { env: env.clone() },
            resume: ResumeDelivery { env },
            table,
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

fn all<R: Routes<Sending>>() -> R {
    routes::router::<R>()
        .merge(delivery::router())
        .merge(jobs::router())
        .merge(job_import::router())
        .merge(job_outcomes::router())
        .merge(address::router())
        .merge(history::router())
        .merge(overview::router())
}
