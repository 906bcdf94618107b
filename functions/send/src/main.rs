//! Starts `send` on the Lambda runtime.

use beckon_aws::{DeliveryWakeUp, LambdaWakeUp, SesMailService, Table, clients};
use beckon_runtime::config::StoreConfig;
use beckon_runtime::start;
use send::Sending;

fn main() -> Result<(), start::Error> {
    start::http(
        |variables| {
            let deliver = variables.required("BECKON_DELIVER_FUNCTION");
            Some((StoreConfig::read(variables)?, deliver))
        },
        async |(store, deliver)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            let service = SesMailService::new(&aws, None);
            let wake_up = DeliveryWakeUp::Lambda(LambdaWakeUp::new(&aws, &deliver));
            Ok(Sending::new(table, service, wake_up).router())
        },
    )
}
