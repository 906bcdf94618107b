//! Starts `redeem` on the Lambda runtime.

use std::time::Duration;

use beckon_aws::{KeySource, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{Error, edge, processors, serve, telemetry};
use redeem::{Limits, Redemptions};

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (config, secret, limits) = complete(&environment, |reader| {
        let secret = reader.required("BECKON_KEY_SECRET");
        let limits = Limits {
            refuse_after: Duration::from_millis(
                reader.number_or("BECKON_REFUSE_AFTER_MILLIS", 400),
            ),
            wrong_tries_per_hour: reader.number_or("BECKON_WRONG_TRIES_PER_HOUR", 100),
        };
        Some((StoreConfig::read(reader)?, secret, limits))
    })?;
    let aws = clients::load();
    let table = Table::new(&aws, &config.table, Settings::default_from(config.sender));
    let keys = KeySource::secret(&aws, &secret);
    let (table_stands, ()) = tokio::join!(table.warm_up(), keys.warm_up());
    table_stands?;
    telemetry::ready();
    serve::requests(edge::in_lambda(
        Redemptions::new(table, keys, limits).router(),
    ))
    .await
}
