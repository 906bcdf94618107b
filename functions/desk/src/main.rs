//! Starts `desk` on the Lambda runtime.

use beckon_aws::{Table, clients};
use beckon_domain::rules::content::Links;
use beckon_mail::Composer;
use beckon_runtime::config::StoreConfig;
use beckon_runtime::start;
use desk::Desk;

fn main() -> Result<(), start::Error> {
    start::http_with_links(
        |variables| {
            let secret = variables.required("BECKON_KEY_SECRET");
            Some((StoreConfig::read(variables)?, secret))
        },
        async |(store, secret): (StoreConfig, String)| {
            let aws = clients::load();
            let (table, keys) =
                Table::open_with_keys(&aws, &store.table, store.defaults(), &secret).await?;
            let composer = Composer::new()?;
            Ok(move |enrolment_page| {
                let links = Links { enrolment_page };
                Desk::new(table.clone(), keys.clone(), composer.clone(), links).router()
            })
        },
    )
}
