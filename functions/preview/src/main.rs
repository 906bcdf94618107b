//! Starts `preview` on the Lambda runtime.

use beckon_aws::{Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_domain::rules::writing::Links;
use beckon_mail::Composer;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{edge, processors, telemetry};
use preview::Previews;

fn main() -> Result<(), lambda_http::Error> {
    processors::run(start())
}

async fn start() -> Result<(), lambda_http::Error> {
    telemetry::start_in_lambda();
    let (config, links) = complete(&environment, |reader| {
        let enrolment_page = reader.required("BECKON_ENROLMENT_PAGE");
        Some((StoreConfig::read(reader)?, Links { enrolment_page }))
    })?;
    let table = Table::new(
        &clients::load().await,
        &config.table,
        Settings::default_from(config.sender),
    );
    table.warm_up().await?;
    telemetry::ready();
    lambda_http::run(edge::in_lambda(
        Previews::new(table, Composer::new()?, links).router(),
    ))
    .await
}
