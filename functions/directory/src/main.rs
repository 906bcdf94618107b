//! Starts `directory` on the Lambda runtime.

use beckon_aws::{KeySource, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{Error, edge, processors, serve, telemetry};

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (config, secret) = complete(&environment, |reader| {
        let secret = reader.required("BECKON_KEY_SECRET");
        Some((StoreConfig::read(reader)?, secret))
    })?;
    let aws = clients::load();
    let table = Table::new(&aws, &config.table, Settings::default_from(config.sender));
    table.warm_up().await?;
    let keys = KeySource::secret(&aws, &secret);
    telemetry::ready();
    serve::requests(edge::in_lambda(
        directory::Directory::new(table, keys).router(),
    ))
    .await
}
