//! What the use cases need from outside, so that the bounds of a use case read like the permissions it has.
//! Adapters implement these traits; the contract suites in the test kit hold every adapter to what the methods say
//! here. Ports use no rules, and rules no ports.

pub mod batches;
pub mod clock;
pub mod composer;
pub mod dead_letters;
pub mod delivery;
pub mod devices;
pub mod entropy;
pub mod env;
pub mod error;
pub mod event_bus;
pub mod history;
pub mod idempotency;
pub mod keys;
pub mod mail_service;
pub mod mails;
pub mod rate_counter;
pub mod reads;
pub mod rows_aside;
pub mod settings;
pub mod templates;
pub mod turns;
pub mod users;
pub mod wake_up;
