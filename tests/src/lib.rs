//! Beckon from outside: drivers for the end-to-end tests, in the words of those who use it.
//!
//! [`Api`] talks to a Beckon wherever it runs; [`Beckon`] is one that runs in the test's own
//! process, on a folder of its own. Nothing here waits for a fixed time: whoever waits says what
//! for, see [`until`].
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "this crate runs in tests alone, where a broken expectation is a failed test"
)]

mod answer;
mod api;
mod beckon;
pub mod document;
mod mail;
mod people;
mod waiting;

pub use answer::Answer;
pub use api::{Api, Call};
pub use beckon::Beckon;
pub use mail::Mail;
pub use people::{HistoryEntry, Person};
pub use waiting::until;
