//! Starts `maintenance` on the Lambda runtime.

use beckon_aws::{LambdaWakeUp, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{Error, FunctionEnv, processors, serve, telemetry};

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (config, deliver) = complete(&environment, |reader| {
        let deliver = reader.required("BECKON_DELIVER_FUNCTION");
        Some((StoreConfig::read(reader)?, deliver))
    })?;
    let aws = clients::load();
    let table = Table::new(&aws, &config.table, Settings::default_from(config.sender));
    table.warm_up().await?;
    let env = FunctionEnv::over(table).with_wake_up(LambdaWakeUp::new(&aws, &deliver));
    telemetry::ready();
    serve::events(|_: serde_json::Value| async {
        // Mail first: a round that fails at erasing has done all else.
        maintenance::handle(&env).await?;
        maintenance::erase(&env).await?;
        Ok::<(), Error>(())
    })
    .await
}
