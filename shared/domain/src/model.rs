//! What there is: users, invitations, mails, batches, devices, settings, and what is recorded of them. It uses
//! values alone.

pub mod actor;
pub mod batch;
pub mod change;
pub mod counting;
pub mod delivery;
pub mod device_event;
pub mod directory;
pub mod enrolment_token;
pub mod erasure;
#[cfg(test)]
pub(crate) mod examples;
pub mod group;
pub mod history;
pub mod idempotency;
pub mod integration_events;
pub mod invitation;
pub mod job;
pub mod mail;
pub mod mail_content;
pub mod mail_service;
pub mod mapping;
pub mod outgoing_call;
pub mod ownership;
pub mod polling;
pub mod registration;
pub mod reminders;
pub mod reported_device;
pub mod selection;
pub mod session;
pub mod settings;
pub mod stored;
pub mod template;
pub mod user;
