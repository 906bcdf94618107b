//! Starts `desk` on the Lambda runtime.

use beckon_aws::{KeySource, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_domain::rules::content::Links;
use beckon_mail::Composer;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{Error, edge, processors, serve, telemetry};
use desk::Desk;

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (config, secret, page) = complete(&environment, |reader| {
        let secret = reader.required("BECKON_KEY_SECRET");
        let page = reader.optional("BECKON_ENROLMENT_PAGE");
        Some((StoreConfig::read(reader)?, secret, page))
    })?;
    let aws = clients::load();
    let table = Table::new(&aws, &config.table, Settings::default_from(config.sender));
    let keys = KeySource::secret(&aws, &secret);
    let (table_stands, ()) = tokio::join!(table.warm_up(), keys.warm_up());
    table_stands?;
    telemetry::ready();
    let composer = Composer::new()?;
    serve::requests(edge::in_lambda_at(page, move |enrolment_page| {
        let links = Links { enrolment_page };
        Desk::new(table.clone(), keys.clone(), composer.clone(), links).router()
    }))
    .await
}
