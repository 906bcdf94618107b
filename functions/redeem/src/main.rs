//! Starts `redeem` on the Lambda runtime.

use std::time::Duration;

use beckon_aws::{KeySource, Table, clients};
use beckon_outgoing::HttpsClient;
use beckon_runtime::config::{Reader, StoreConfig};
use beckon_runtime::start;
use redeem::{Limits, Redemptions};

fn main() -> Result<(), start::Error> {
    start::http(
        |variables| {
            let secret = variables.required("BECKON_KEY_SECRET");
            let senders = variables.required("BECKON_SENDER_SECRET");
            let limits = limits(variables);
            Some((StoreConfig::read(variables)?, (secret, senders), limits))
        },
        async |(store, (secret, senders), limits): (StoreConfig, (String, String), Limits)| {
            let aws = clients::load();
            let keys = KeySource::secret_and_senders(&aws, &secret, &senders);
            let opened = Table::open(&aws, &store.table, store.defaults());
            let (table, ()) = tokio::join!(opened, keys.warm_up());
            Ok(Redemptions::new(table?, keys, HttpsClient::new(), limits).router())
        },
    )
}

fn limits(variables: &mut Reader<'_>) -> Limits {
    Limits {
        refuse_after: Duration::from_millis(variables.number_or("BECKON_REFUSE_AFTER_MILLIS", 400)),
        wrong_tries_per_hour: variables.number_or("BECKON_WRONG_TRIES_PER_HOUR", 100),
    }
}
