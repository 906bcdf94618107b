//! The adapters: Beckon's ports on DynamoDB, SES, Secrets Manager, Lambda, SQS and EventBridge.
//!
//! This is the only crate that names an AWS SDK. What an SDK answers is given its meaning here
//! and nowhere else; what is not recognised is *unavailable*, never *not found*.

pub mod clients;
mod dead_letters;
mod event_bus;
mod in_process;
mod keys;
mod mail_service;
mod sdk_calls;
pub mod table;
mod wake_up;

pub use dead_letters::SqsDeadLetters;
pub use event_bus::EventBridgeBus;
pub use in_process::Call;
pub use keys::{HeldKeys, KeySource, SecretsManagerKeys, write_private};
pub use mail_service::SesMailService;
pub use table::Table;
pub use wake_up::{DeliveryWakeUp, LambdaWakeUp};
