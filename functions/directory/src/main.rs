//! Starts `directory` on the Lambda runtime.

use beckon_aws::{KeySource, Table, clients};
use beckon_runtime::config::StoreConfig;
use beckon_runtime::start;
use directory::Directory;

fn main() -> Result<(), start::Error> {
    start::http(
        |variables| {
            let secret = variables.required("BECKON_KEY_SECRET");
            Some((StoreConfig::read(variables)?, secret))
        },
        async |(store, secret)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            Ok(Directory::new(table, KeySource::secret(&aws, &secret)).router())
        },
    )
}
