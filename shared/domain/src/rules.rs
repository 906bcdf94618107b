//! What follows from what: functions of their arguments. No port, no clock, no randomness; ids and nonces are
//! arguments.

pub mod completion;
pub mod confirmation;
pub mod content;
pub mod counting;
pub mod csv_users;
pub mod device_facts;
pub mod directory;
pub mod enrolment;
pub mod importing;
pub mod issuing;
pub mod mapping;
pub mod next_action;
pub mod notices;
pub mod ownership;
pub mod polling;
pub mod reported_device;
pub mod sample;
pub mod sender_proof;
pub mod sending;
pub mod user_update;
