//! What the use cases need from outside: a trait for each aggregate of the table and for each thing beyond it, in a
//! file of its name. What a method does, and what its errors mean, stands with the method. Adapters implement these
//! traits in files of the same names; the contract suites in the test kit hold every adapter to what the methods say
//! here. `.ci/rooms` counts the ports: there are at most eighteen.
//!
//! [`mod@env`] is no port: `Env` and its `With…` are the environment, which holds the ports for a use case. Ports use no
//! rules, and rules no ports.

pub mod batches;
pub mod clock;
pub mod composer;
pub mod counters;
pub mod dead_letters;
pub mod delivery;
pub mod devices;
pub mod entropy;
pub mod env;
pub mod error;
pub mod event_bus;
pub mod idempotency;
pub mod jobs;
pub mod keys;
pub mod mail_service;
pub mod mails;
pub mod outgoing;
pub mod reads;
pub mod settings;
pub mod turns;
pub mod users;
pub mod wake_up;
