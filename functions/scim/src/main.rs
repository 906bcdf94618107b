//! Starts `scim` on the Lambda runtime.

use beckon_aws::{KeySource, Table, clients};
use beckon_runtime::config::StoreConfig;
use beckon_runtime::start;
use scim::Scim;

fn main() -> Result<(), start::Error> {
    start::http_with_links(
        |variables| {
            let keys = variables.required("BECKON_KEY_SECRET");
            let senders = variables.required("BECKON_SENDER_SECRET");
            Some((StoreConfig::read(variables)?, keys, senders))
        },
        async |(store, keys, senders): (StoreConfig, String, String)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            let keys = KeySource::secret_and_senders(&aws, &keys, &senders);
            Ok(move |enrolment_page: String| {
                Scim::new(table.clone(), keys.clone(), &enrolment_page).router()
            })
        },
    )
}
