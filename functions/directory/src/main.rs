//! Starts `directory` on the Lambda runtime.

use beckon_aws::{KeySource, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{edge, processors, telemetry};

fn main() -> Result<(), lambda_http::Error> {
    processors::run(start())
}

async fn start() -> Result<(), lambda_http::Error> {
    telemetry::start_in_lambda();
    let (config, secret) = complete(&environment, |reader| {
        let secret = reader.required("BECKON_KEY_SECRET");
        Some((StoreConfig::read(reader)?, secret))
    })?;
    let aws = clients::load().await;
    let table = Table::new(&aws, &config.table, Settings::default_from(config.sender));
    table.warm_up().await?;
    let keys = KeySource::secret(&aws, &secret);
    telemetry::ready();
    lambda_http::run(edge::in_lambda(
        directory::Directory::new(table, keys).router(),
    ))
    .await
}
