//! The table's ports on the embedded engine, held to the contract that the in-memory ones keep.

#![expect(
    clippy::expect_used,
    reason = "what sets a test up must work, or the test fails"
)]

use beckon_aws::table::create_table;
use beckon_aws::{Table, clients};
use beckon_domain::address::EmailAddress;
use beckon_domain::settings::Settings;
use dynoxide::Database;
use tokio::net::TcpListener;

const TABLE: &str = "beckon";

fn table_at(endpoint: &str) -> Table {
    let sender = EmailAddress::parse("beckon@example.com").expect("an address");
    Table::new(
        &clients::local(endpoint),
        TABLE,
        Settings::default_from(sender),
    )
}

/// An empty table of its own.
async fn fresh_table() -> Table {
    let database = Database::memory().expect("an engine in memory");
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { dynoxide::server::serve_on(listener, database).await });
    create_table(&clients::local(&endpoint), TABLE)
        .await
        .expect("a new table");
    table_at(&endpoint)
}

beckon_testkit::contract_tests!(fresh_table);

#[tokio::test]
async fn a_table_that_cannot_be_reached_is_unavailable_and_never_empty() {
    // A port that was free a moment ago: nobody listens there.
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);

    beckon_testkit::contract::unreachable::whatever_cannot_be_reached_is_unavailable(table_at(
        &endpoint,
    ))
    .await;
}
