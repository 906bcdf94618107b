//! Starts `settings` on the Lambda runtime.

use beckon_aws::{Table, clients};
use beckon_domain::rules::content::Links;
use beckon_mail::Composer;
use beckon_runtime::config::StoreConfig;
use beckon_runtime::start;
use settings::SettingsRoutes;

fn main() -> Result<(), start::Error> {
    start::http_with_links(StoreConfig::read, async |store: StoreConfig| {
        let aws = clients::load();
        let table = Table::open(&aws, &store.table, store.defaults()).await?;
        let composer = Composer::new()?;
        Ok(move |enrolment_page| {
            let links = Links { enrolment_page };
            let (table, composer) = (table.clone(), composer.clone());
            SettingsRoutes::new(table, store.sender.clone(), composer, links).router()
        })
    })
}
