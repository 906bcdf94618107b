//! Starts `registration-confirmed` on the Lambda runtime.

use beckon_aws::{SqsDeadLetters, Table, clients};
use beckon_runtime::config::StoreConfig;
use beckon_runtime::{FunctionEnv, start};
use registration_confirmed::Confirmations;

fn main() -> Result<(), start::Error> {
    start::events(
        |variables| {
            let failures = variables.required("BECKON_DEAD_LETTER_QUEUE_URL");
            Some((StoreConfig::read(variables)?, failures))
        },
        async |(store, failures)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            let dead_letters = SqsDeadLetters::new(&aws, &failures);
            let confirmations = Confirmations {
                env: FunctionEnv::over(table).with_dead_letters(dead_letters),
            };
            Ok(async move |event| confirmations.handle(event).await)
        },
    )
}
