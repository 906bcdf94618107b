//! Starts `publish` on the Lambda runtime.

use aws_lambda_events::dynamodb::Event;
use beckon_aws::{EventBridgeBus, SqsFailureQueue, clients};
use beckon_domain::usecases::publish::PublishRows;
use beckon_runtime::config::{complete, environment};
use beckon_runtime::telemetry;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use publish::Publish;

#[tokio::main]
async fn main() -> Result<(), Error> {
    telemetry::start_in_lambda();
    let (bus, failures) = complete(&environment, |reader| {
        Some((
            reader.required("BECKON_BUS"),
            reader.required("BECKON_FAILURE_QUEUE_URL"),
        ))
    })?;
    let aws = clients::load().await;
    let publish = Publish {
        publish: PublishRows {
            bus: EventBridgeBus::new(&aws, &bus),
        },
        failures: SqsFailureQueue::new(&aws, &failures),
    };
    telemetry::ready();
    lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| async {
        Ok::<_, Error>(publish.handle(event.payload).await)
    }))
    .await
}
