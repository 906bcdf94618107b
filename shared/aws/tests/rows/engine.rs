//! A table in the embedded engine, and a way to its items past the ports.

use aws_sdk_dynamodb::Client;
use beckon_aws::table::create_table;
use beckon_aws::{Table, clients};
use beckon_testkit::builders::settings;
use dynoxide::Database;
use tokio::net::TcpListener;

use crate::stored::Item;

const NAME: &str = "beckon";

/// An empty table.
pub(crate) struct Engine {
    /// Behind the ports.
    pub(crate) table: Table,
    client: Client,
}

impl Engine {
    pub(crate) async fn start() -> Self {
        let database = Database::memory().expect("an engine in memory");
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { dynoxide::server::serve_on(listener, database).await });
        let config = clients::local(&endpoint);
        create_table(&config, NAME).await.expect("a new table");
        Self {
            table: Table::new(&config, NAME, settings().build()),
            client: Client::new(&config),
        }
    }

    /// Puts an item, whatever there is.
    pub(crate) async fn put(&self, item: Item) {
        let put = self.client.put_item().table_name(NAME);
        put.set_item(Some(item)).send().await.expect("it is put");
    }

    /// Every item.
    pub(crate) async fn scan(&self) -> Vec<Item> {
        let pages = self.client.scan().table_name(NAME).into_paginator();
        let items = pages.items().send();
        items.try_collect().await.expect("the table is read")
    }
}
