//! Starts `publish` on the Lambda runtime.

use aws_lambda_events::dynamodb::Event;
use beckon_aws::{EventBridgeBus, SqsDeadLetters, clients};
use beckon_runtime::config::{complete, environment};
use beckon_runtime::{Error, FunctionEnv, processors, serve, telemetry};
use publish::Publish;

fn main() -> Result<(), Error> {
    processors::run(start())
}

async fn start() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (bus, failures) = complete(&environment, |reader| {
        Some((
            reader.required("BECKON_BUS"),
            reader.required("BECKON_DEAD_LETTER_QUEUE_URL"),
        ))
    })?;
    let aws = clients::load();
    let publish = Publish {
        env: FunctionEnv::new()
            .with_event_bus(EventBridgeBus::new(&aws, &bus))
            .with_dead_letters(SqsDeadLetters::new(&aws, &failures)),
    };
    telemetry::ready();
    serve::events(|event: Event| async { Ok(publish.handle(event).await) }).await
}
