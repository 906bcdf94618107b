//! Starts `maintenance` on the Lambda runtime.

use beckon_aws::{LambdaWakeUp, Table, clients};
use beckon_runtime::config::StoreConfig;
use beckon_runtime::{FunctionEnv, start};

fn main() -> Result<(), start::Error> {
    start::events(
        |variables| {
            let deliver = variables.required("BECKON_DELIVER_FUNCTION");
            let poll = variables.required("BECKON_POLL_FUNCTION");
            Some((StoreConfig::read(variables)?, deliver, poll))
        },
        async |(store, deliver, poll)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            let wake_up = LambdaWakeUp::new(&aws, &deliver).with_polling(&poll);
            let env = FunctionEnv::over(table).with_wake_up(wake_up);
            Ok(async move |_: serde_json::Value| {
                // Mail first: a round that fails at erasing has done all else.
                maintenance::handle(&env).await?;
                maintenance::carry(&env).await?;
                maintenance::poll(&env).await?;
                maintenance::erase(&env).await?;
                maintenance::count(&env).await.map(|_| ())
            })
        },
    )
}
