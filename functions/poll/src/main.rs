//! Starts `poll` on the Lambda runtime.

use beckon_aws::{KeySource, Table, clients};
use beckon_outgoing::HttpsClient;
use beckon_runtime::config::StoreConfig;
use beckon_runtime::{FunctionEnv, start};

fn main() -> Result<(), start::Error> {
    start::events(
        |variables| {
            let senders = variables.required("BECKON_SENDER_SECRET");
            Some((StoreConfig::read(variables)?, senders))
        },
        async |(store, senders)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            let env = FunctionEnv::over(table)
                .with_keys(KeySource::senders(&aws, &senders))
                .with_outgoing(HttpsClient::new());
            Ok(async move |_: serde_json::Value| poll::handle(&env).await)
        },
    )
}
