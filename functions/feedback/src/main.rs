//! Starts `feedback` on the Lambda runtime.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use beckon_aws::{SqsDeadLetters, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{Error, FunctionEnv, processors, serve, telemetry};
use feedback::Reports;

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (config, failures) = complete(&environment, |reader| {
        let failures = reader.required("BECKON_DEAD_LETTER_QUEUE_URL");
        Some((StoreConfig::read(reader)?, failures))
    })?;
    let aws = clients::load();
    let table = Table::new(&aws, &config.table, Settings::default_from(config.sender));
    table.warm_up().await?;
    let reports = Reports {
        env: FunctionEnv::over(table).with_dead_letters(SqsDeadLetters::new(&aws, &failures)),
    };
    telemetry::ready();
    serve::events(|event: EventBridgeEvent| async {
        reports.handle(event).await.map_err(Error::from)
    })
    .await
}
