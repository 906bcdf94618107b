//! Starts `expand` on the Lambda runtime.

use std::convert::Infallible;

use beckon_aws::{KeySource, LambdaWakeUp, SesMailService, SqsDeadLetters, Table, clients};
use beckon_outgoing::HttpsClient;
use beckon_runtime::config::StoreConfig;
use beckon_runtime::{FunctionEnv, start};
use expand::Expand;

fn main() -> Result<(), start::Error> {
    start::events(
        |variables| {
            let secret = variables.required("BECKON_KEY_SECRET");
            let senders = variables.required("BECKON_SENDER_SECRET");
            let deliver = variables.required("BECKON_DELIVER_FUNCTION");
            let failures = variables.required("BECKON_DEAD_LETTER_QUEUE_URL");
            Some((
                StoreConfig::read(variables)?,
                (secret, senders),
                deliver,
                failures,
            ))
        },
        async |(store, (secret, senders), deliver, failures)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            let expand = Expand {
                env: FunctionEnv::over(table)
                    .with_keys(KeySource::secret_and_senders(&aws, &secret, &senders))
                    .with_mail_service(SesMailService::new(&aws, None))
                    .with_outgoing(HttpsClient::new())
                    .with_wake_up(LambdaWakeUp::new(&aws, &deliver))
                    .with_dead_letters(SqsDeadLetters::new(&aws, &failures)),
            };
            Ok(async move |event| Ok::<_, Infallible>(expand.handle(event).await))
        },
    )
}
