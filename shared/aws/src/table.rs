//! The DynamoDB table: one table, two sparse indexes. Keys are made in `table/keys.rs`, rows in
//! `table/rows.rs`, and each port has the file of its name.

mod batches;
mod carrying;
mod changes;
mod counters;
mod delivery;
mod devices;
mod due;
mod history;
mod idempotency;
mod jobs;
mod keys;
mod list;
mod mails;
mod pauses;
mod reading;
mod requests;
mod rows;
mod schema;
mod settings;
pub mod stream;
mod users;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::model::settings::Settings;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::values::ids::UserId;

use crate::keys::KeySource;
use requests::{Cancelled, unavailable};

pub use schema::create_table;

/// The table, behind every port of the store.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
    defaults: Arc<Settings>,
    consumed: Arc<Consumed>,
    has_asked_partitions: Arc<AtomicBool>,
}

/// Capacity units that the table and its indexes reported, in thousandths.
#[derive(Debug, Default)]
struct Consumed {
    write: AtomicU64,
    read: AtomicU64,
}

impl Table {
    /// The table of this name. `defaults` are the settings that hold until somebody saves some.
    #[must_use]
    pub fn new(config: &aws_types::SdkConfig, name: &str, defaults: Settings) -> Self {
        Self {
            client: Client::new(config),
            name: name.to_owned(),
            defaults: Arc::new(defaults),
            consumed: Arc::default(),
            has_asked_partitions: Arc::default(),
        }
    }

    /// Write and read capacity units consumed through this handle and its clones, indexes
    /// included.
    #[must_use]
    pub fn consumed_units(&self) -> (f64, f64) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 thousandths")]
        let units = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64 / 1000.0;
        (units(&self.consumed.write), units(&self.consumed.read))
    }

    /// The table, with a connection that stands: for functions that need it in most events.
    pub async fn open(
        config: &aws_types::SdkConfig,
        name: &str,
        defaults: Settings,
    ) -> Result<Self, Unavailable> {
        let table = Self::new(config, name, defaults);
        table.warm_up().await?;
        Ok(table)
    }

    /// The same and the key ring in this secret, read at the same time: for functions that need both in most events.
    pub async fn open_with_keys(
        config: &aws_types::SdkConfig,
        name: &str,
        defaults: Settings,
        secret_id: &str,
    ) -> Result<(Self, KeySource), Unavailable> {
        let keys = KeySource::secret(config, secret_id);
        let (table, ()) = tokio::join!(Self::open(config, name, defaults), keys.warm_up());
        Ok((table?, keys))
    }

    /// A first, cheap request, so that the connection stands before it is needed.
    pub async fn warm_up(&self) -> Result<(), Unavailable> {
        self.get(keys::settings()).await.map(|_| ())
    }
}

/// The key of a user's row as DynamoDB's JSON spells it, for tests that look at it past the ports.
#[must_use]
pub fn key_of_user(id: UserId) -> serde_json::Value {
    let (pk, sk) = keys::user(id).parts();
    serde_json::json!({ keys::PK: { "S": pk }, keys::SK: { "S": sk } })
}

/// A number as DynamoDB takes it.
fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(format!("{value}"))
}

/// A text as DynamoDB takes it.
fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A row did not have the shape that this program writes.
fn foreign(error: impl std::error::Error + Send + Sync + 'static) -> Unavailable {
    Unavailable::new("a row of the table", error)
}
