//! Starts `redeem` on the Lambda runtime.

use std::time::Duration;

use beckon_aws::{Table, clients};
use beckon_runtime::config::{Reader, StoreConfig};
use beckon_runtime::start;
use redeem::{Limits, Redemptions};

fn main() -> Result<(), start::Error> {
    start::http(
        |variables| {
            let secret = variables.required("BECKON_KEY_SECRET");
            let limits = limits(variables);
            Some((StoreConfig::read(variables)?, secret, limits))
        },
        async |(store, secret, limits)| {
            let aws = clients::load();
            let (table, keys) =
                Table::open_with_keys(&aws, &store.table, store.defaults(), &secret).await?;
            Ok(Redemptions::new(table, keys, limits).router())
        },
    )
}

fn limits(variables: &mut Reader<'_>) -> Limits {
    Limits {
        refuse_after: Duration::from_millis(variables.number_or("BECKON_REFUSE_AFTER_MILLIS", 400)),
        wrong_tries_per_hour: variables.number_or("BECKON_WRONG_TRIES_PER_HOUR", 100),
    }
}
