//! The table's ports on the embedded engine or on Amazon's DynamoDB Local, held to the contract that
//! the in-memory ones keep.

#![expect(
    clippy::expect_used,
    reason = "what sets a test up must work, or the test fails"
)]

use std::sync::atomic::{AtomicU32, Ordering};

use beckon_aws::table::create_table;
use beckon_aws::{Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_domain::values::address::EmailAddress;
use dynoxide::Database;
use tokio::net::TcpListener;

/// Where Amazon's DynamoDB Local answers, if the contract is to be kept there: `.ci/dynamodb-local`
/// starts it and says so.
const DYNAMODB_LOCAL: &str = "BECKON_DYNAMODB_LOCAL";

fn table_at(endpoint: &str, name: &str) -> Table {
    let sender = EmailAddress::parse("beckon@example.com").expect("an address");
    Table::new(
        &clients::local(endpoint),
        name,
        Settings::default_from(sender),
    )
}

/// An empty table of its own.
async fn fresh_table() -> Table {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "beckon-{}-{}",
        std::process::id(),
        MADE.fetch_add(1, Ordering::Relaxed)
    );
    let endpoint = match std::env::var(DYNAMODB_LOCAL) {
        Ok(endpoint) => endpoint,
        Err(_) => embedded_engine().await,
    };
    create_table(&clients::local(&endpoint), &name)
        .await
        .expect("a new table");
    table_at(&endpoint, &name)
}

/// The engine that `cargo run` embeds, on an address of its own.
async fn embedded_engine() -> String {
    let database = Database::memory().expect("an engine in memory");
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { dynoxide::server::serve_on(listener, database).await });
    endpoint
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

    let table = table_at(&endpoint, "beckon");
    let asking =
        beckon_testkit::contract::unreachable::whatever_cannot_be_reached_is_unavailable(table);
    Box::pin(asking).await;
}
