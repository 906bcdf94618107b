//! Starts `send` on the Lambda runtime.

use beckon_aws::{DeliveryWakeUp, LambdaWakeUp, SesMailService, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{edge, processors, telemetry};

fn main() -> Result<(), lambda_http::Error> {
    processors::run(start())
}

async fn start() -> Result<(), lambda_http::Error> {
    telemetry::start_in_lambda();
    let (config, deliver) = complete(&environment, |reader| {
        let deliver = reader.required("BECKON_DELIVER_FUNCTION");
        Some((StoreConfig::read(reader)?, deliver))
    })?;
    let aws = clients::load().await;
    let table = Table::new(&aws, &config.table, Settings::default_from(config.sender));
    let service = SesMailService::new(&aws, None);
    let wake_up = DeliveryWakeUp::Lambda(LambdaWakeUp::new(&aws, &deliver));
    table.warm_up().await?;
    telemetry::ready();
    lambda_http::run(edge::in_lambda(
        send::Sending::new(table, service, wake_up).router(),
    ))
    .await
}
