//! Starts `maintenance` on the Lambda runtime.

use beckon_aws::{LambdaWakeUp, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{FunctionEnv, processors, telemetry};
use lambda_runtime::{Error, LambdaEvent, service_fn};

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (config, deliver) = complete(&environment, |reader| {
        let deliver = reader.required("BECKON_DELIVER_FUNCTION");
        Some((StoreConfig::read(reader)?, deliver))
    })?;
    let aws = clients::load().await;
    let table = Table::new(&aws, &config.table, Settings::default_from(config.sender));
    table.warm_up().await?;
    let env = FunctionEnv::over(table).with_wake_up(LambdaWakeUp::new(&aws, &deliver));
    telemetry::ready();
    lambda_runtime::run(service_fn(|_: LambdaEvent<serde_json::Value>| async {
        // Mail first: a round that fails at erasing has done all else.
        maintenance::handle(&env).await?;
        maintenance::erase(&env).await?;
        Ok::<(), Error>(())
    }))
    .await
}
