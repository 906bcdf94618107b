//! Starts `publish` on the Lambda runtime.

use std::convert::Infallible;

use beckon_aws::{EventBridgeBus, SqsDeadLetters, clients};
use beckon_runtime::{FunctionEnv, start};
use publish::Publish;

fn main() -> Result<(), start::Error> {
    start::events(
        |variables| {
            let bus = variables.required("BECKON_BUS");
            Some((bus, variables.required("BECKON_DEAD_LETTER_QUEUE_URL")))
        },
        async |(bus, failures)| {
            let aws = clients::load();
            let publish = Publish {
                env: FunctionEnv::new()
                    .with_event_bus(EventBridgeBus::new(&aws, &bus))
                    .with_dead_letters(SqsDeadLetters::new(&aws, &failures)),
            };
            Ok(async move |event| Ok::<_, Infallible>(publish.handle(event).await))
        },
    )
}
