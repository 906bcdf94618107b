//! Starts `expand` on the Lambda runtime.

use aws_lambda_events::dynamodb::Event;
use beckon_aws::{KeySource, LambdaWakeUp, SqsDeadLetters, Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_runtime::config::{StoreConfig, complete, environment};
use beckon_runtime::{Error, FunctionEnv, processors, serve, telemetry};
use expand::Expand;

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (config, secret, deliver, failures) = complete(&environment, |reader| {
        let secret = reader.required("BECKON_KEY_SECRET");
        let deliver = reader.required("BECKON_DELIVER_FUNCTION");
        let failures = reader.required("BECKON_DEAD_LETTER_QUEUE_URL");
        Some((StoreConfig::read(reader)?, secret, deliver, failures))
    })?;
    let aws = clients::load();
    let table = Table::new(&aws, &config.table, Settings::default_from(config.sender));
    table.warm_up().await?;
    let expand = Expand {
        env: FunctionEnv::over(table)
            .with_keys(KeySource::secret(&aws, &secret))
            .with_wake_up(LambdaWakeUp::new(&aws, &deliver))
            .with_dead_letters(SqsDeadLetters::new(&aws, &failures)),
    };
    telemetry::ready();
    serve::events(|event: Event| async { Ok(expand.handle(event).await) }).await
}
