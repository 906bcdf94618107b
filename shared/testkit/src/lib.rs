//! What tests are made of: the ports in memory, which can be told to fail; builders for what
//! stands in them; and the contract that every adapter of a port is held to.
//!
//! Nothing here is part of the product. Nothing here knows a table of AWS, HTTP, or the words of
//! a real mail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "this crate runs in tests alone, where a broken expectation is a failed test"
)]
#![allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "a builder whose result is thrown away shows in the test that misses it"
)]

pub mod builders;
pub mod bus;
pub mod clock;
pub mod composer;
pub mod contract;
pub mod dead_letters;
pub mod entropy;
pub mod keys;
pub mod mail_service;
pub mod outgoing;
pub mod simulation;
pub mod store;
pub mod wake;
pub mod world;

pub use bus::MemoryBus;
pub use clock::ManualClock;
pub use composer::PlainComposer;
pub use dead_letters::MemoryDeadLetters;
pub use entropy::SeededEntropy;
pub use keys::MemoryKeys;
pub use mail_service::MemoryMailService;
pub use outgoing::MemoryOutgoing;
pub use store::{Call, Fault, MemoryStore};
pub use wake::WakeFlag;
pub use world::World;
