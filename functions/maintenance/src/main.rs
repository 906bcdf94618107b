//! Starts `maintenance` on the Lambda runtime.

use beckon_aws::{KeySource, LambdaWakeUp, Table, clients};
use beckon_outgoing::HttpsClient;
use beckon_runtime::config::StoreConfig;
use beckon_runtime::{FunctionEnv, start};

fn main() -> Result<(), start::Error> {
    start::events(
        |variables| {
            let deliver = variables.required("BECKON_DELIVER_FUNCTION");
            let poll = variables.required("BECKON_POLL_FUNCTION");
            let senders = variables.required("BECKON_SENDER_SECRET");
            Some((StoreConfig::read(variables)?, deliver, poll, senders))
        },
        async |(store, deliver, poll, senders)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            let wake_up = LambdaWakeUp::new(&aws, &deliver).with_polling(&poll);
            let env = FunctionEnv::over(table)
                .with_keys(KeySource::senders(&aws, &senders))
                .with_outgoing(HttpsClient::new())
                .with_wake_up(wake_up);
            Ok(async move |_: serde_json::Value| {
                // Mail first. What fails keeps nothing else from its turn, and the round fails in the end.
                let failed = [
                    maintenance::handle(&env).await.err(),
                    maintenance::carry(&env).await.err(),
                    maintenance::poll(&env).await.err(),
                    maintenance::erase(&env).await.err(),
                    maintenance::count(&env).await.err(),
                ];
                failed.into_iter().flatten().next().map_or(Ok(()), Err)
            })
        },
    )
}
