//! The DynamoDB table keeps the contract of every store port, on the embedded engine.

use beckon_aws::{Table, clients};
use beckon_domain::address::EmailAddress;
use beckon_domain::settings::Settings;
use beckon_testkit::contract::unreachable;
use dynoxide::Database;
use tokio::net::TcpListener;

fn defaults() -> Settings {
    Settings::default_from(EmailAddress::parse("beckon@example.com").unwrap())
}

/// An empty table in an engine of its own.
async fn fresh_table() -> Table {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    tokio::spawn(async move { dynoxide::server::serve_on(listener, database).await });
    let config = clients::local(&endpoint);
    beckon_aws::table::create_table(&config, "beckon")
        .await
        .unwrap();
    Table::new(&config, "beckon", defaults())
}

beckon_testkit::contract_tests!(fresh_table);

/// Time is paused: nobody has to sit through the pauses between the SDK's attempts.
#[tokio::test(start_paused = true)]
async fn whatever_cannot_be_reached_is_unavailable() {
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let table = Table::new(&clients::local(&endpoint), "beckon", defaults());

    unreachable::whatever_cannot_be_reached_is_unavailable(table).await;
}
