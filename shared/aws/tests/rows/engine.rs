//! A table in the embedded engine, and a way to its items past the ports.

use std::collections::HashMap;
use std::sync::Mutex;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_aws::table::create_table;
use beckon_aws::{Table, clients};
use beckon_domain::model::stored::RowKey;
use beckon_testkit::builders::settings;
use beckon_testkit::contract::unreadable::Spoil;
use dynoxide::Database;
use tokio::net::TcpListener;

use crate::stored::Item;

const NAME: &str = "beckon";

/// An empty table.
pub(crate) struct Engine {
    /// Behind the ports.
    pub(crate) table: Table,
    client: Client,
    /// Attributes as they were before their rows were spoilt.
    before: Mutex<HashMap<RowKey, (&'static str, AttributeValue)>>,
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
            before: Mutex::default(),
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

/// What a later version, or a hand that slipped, may have left in a row of each kind.
fn spoilt(sk: &str) -> (&'static str, AttributeValue) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let of_type = |name: &str| AttributeValue::M(HashMap::from([("type".to_owned(), text(name))]));
    match sk.split('#').next().unwrap_or(sk) {
        "user" => ("groups", text("not a list")),
        "mail" => ("kind", of_type("weeklyDigest")),
        "device" => ("ownership", text("shared")),
        "event" => ("what", of_type("invitationForwarded")),
        "batch" => ("selection", of_type("department")),
        "cursor" => ("page", text("third")),
        "ids" => ("users", text("everybody")),
        "page" => ("recipients", text("everybody")),
        "session" => ("issue", text("first")),
        "current" | "version" => ("settings", text("as usual")),
        "answer" => ("until", text("tomorrow")),
        "address" | "external" => ("user", AttributeValue::N("7".to_owned())),
        "pause" => ("until", text("later")),
        _ => ("changedBy", text("somebody")),
    }
}

impl Engine {
    fn key(key: &RowKey) -> Item {
        Item::from([
            ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
        ])
    }

    /// An item as it is.
    pub(crate) async fn get(&self, key: &RowKey) -> Option<Item> {
        let get = self
            .client
            .get_item()
            .table_name(NAME)
            .consistent_read(true);
        let answer = get.set_key(Some(Self::key(key))).send().await;
        answer.expect("it is read").item
    }

    /// Sets one attribute of an item.
    pub(crate) async fn set(&self, key: &RowKey, name: &str, value: AttributeValue) {
        self.client
            .update_item()
            .table_name(NAME)
            .set_key(Some(Self::key(key)))
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value)
            .send()
            .await
            .expect("it is set");
    }
}

impl Spoil for Engine {
    async fn spoil(&self, key: &RowKey) {
        let item = self.get(key).await.expect("the row is there");
        let (name, value) = spoilt(&key.sk);
        if let Some(before) = item.get(name) {
            let mut kept = self.before.lock().expect("nobody panics");
            kept.insert(key.clone(), (name, before.clone()));
        }
        self.set(key, name, value).await;
    }

    async fn mend(&self, key: &RowKey) {
        let before = self.before.lock().expect("nobody panics").remove(key);
        let (name, value) = before.expect("the row was spoilt");
        self.set(key, name, value).await;
    }
}
