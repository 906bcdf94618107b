//! Starts `send` on the Lambda runtime.

use beckon_aws::{DeliveryWakeUp, LambdaWakeUp, SesMailService, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{Error, edge, processors, serve, telemetry};

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
    let service = SesMailService::new(&aws, None);
    let wake_up = DeliveryWakeUp::Lambda(LambdaWakeUp::new(&aws, &deliver));
    table.warm_up().await?;
    telemetry::ready();
    serve::requests(edge::in_lambda(
        send::Sending::new(table, service, wake_up).router(),
    ))
    .await
}
