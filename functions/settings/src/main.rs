//! Starts `settings` on the Lambda runtime.

use beckon_aws::{KeySource, Table, clients};
use beckon_domain::rules::content::Links;
use beckon_mail::Composer;
use beckon_runtime::config::StoreConfig;
use beckon_runtime::start;
use settings::SettingsRoutes;

fn main() -> Result<(), start::Error> {
    start::http_with_links(
        |variables| {
            let senders = variables.required("BECKON_SENDER_SECRET");
            let key = variables.optional("BECKON_KMS_KEY");
            Some((StoreConfig::read(variables)?, senders, key))
        },
        async |(store, senders, key): (StoreConfig, String, Option<String>)| {
            let aws = clients::load();
            let table = Table::open(&aws, &store.table, store.defaults()).await?;
            let keys = KeySource::senders(&aws, &senders).encrypted_with(key);
            let composer = Composer::new()?;
            Ok(move |enrolment_page| {
                let links = Links { enrolment_page };
                let (table, keys, composer) = (table.clone(), keys.clone(), composer.clone());
                SettingsRoutes::new(table, keys, store.sender.clone(), composer, links).router()
            })
        },
    )
}
