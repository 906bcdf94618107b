//! Beckon on one machine: the functions of the cloud, an embedded DynamoDB engine, a mail service
//! whose mailbox is a web page, and tasks in the place of stream, wake-up, schedule and event bus.
//! The code that does the work is the code that runs in AWS; this room only connects it.

mod aws;
mod bus;
#[cfg(test)]
mod counting_cost;
#[cfg(test)]
mod crowd;
mod dead_letters;
mod docs;
mod engine;
mod host;
mod keys;
mod openapi;
mod published;
mod ses;
mod sign_in;
mod stream;
mod system;

pub use sign_in::SignIn;
pub use system::{Options, System};
