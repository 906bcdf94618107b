//! Starts `device-events` on the Lambda runtime.

use beckon_aws::{KeySource, Table, clients};
use beckon_outgoing::HttpsClient;
use beckon_runtime::config::StoreConfig;
use beckon_runtime::start;
use device_events::DeviceEvents;

fn main() -> Result<(), start::Error> {
    start::http(
        |variables| {
            let senders = variables.required("BECKON_SENDER_SECRET");
            Some((StoreConfig::read(variables)?, senders))
        },
        async |(store, senders)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            let keys = KeySource::senders(&aws, &senders);
            Ok(DeviceEvents::new(table, keys, HttpsClient::new()).router())
        },
    )
}
