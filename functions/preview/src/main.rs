//! Starts `preview` on the Lambda runtime.

use beckon_aws::{Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_domain::rules::content::Links;
use beckon_mail::Composer;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{Error, edge, processors, serve, telemetry};
use preview::Previews;

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (config, page) = complete(&environment, |reader| {
        let page = reader.optional("BECKON_ENROLMENT_PAGE");
        Some((StoreConfig::read(reader)?, page))
    })?;
    let table = Table::new(
        &clients::load(),
        &config.table,
        Settings::default_from(config.sender),
    );
    table.warm_up().await?;
    telemetry::ready();
    let composer = Composer::new()?;
    serve::requests(edge::in_lambda_at(page, move |enrolment_page| {
        let links = Links { enrolment_page };
        Previews::new(table.clone(), composer.clone(), links).router()
    }))
    .await
}
