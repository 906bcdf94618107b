//! What Beckon is, apart from where it runs: the model, the rules, the ports and the use cases.
//!
//! Nothing here knows a table, a mail service, HTTP or AWS. Time, randomness and everything
//! outside come in through [`ports`]; every rule is a function of its arguments. A use case is a
//! struct of ports with one `run` (see [`usecases`]); whoever embeds it decodes a request, calls
//! it, and encodes the answer.

pub mod address;
pub mod batch;
pub mod completion;
pub mod confirmation;
pub mod correcting;
pub mod enrolment;
pub mod erasure;
pub mod falling_due;
pub mod guessing;
pub mod hex;
pub mod history;
pub mod idempotency;
pub mod ids;
pub mod importing;
pub mod invitation;
pub mod issuing;
pub mod keys;
pub mod letter;
pub mod locale;
pub mod mail;
pub mod mail_header;
pub mod method;
pub mod names;
pub mod notices;
pub mod ownership;
pub mod permission;
pub mod pin;
pub mod platform;
pub mod ports;
pub mod problem;
pub mod published;
pub mod registration;
pub mod reminders;
pub mod sample;
pub mod selection;
pub mod sending;
pub mod session;
pub mod settings;
pub mod sheet;
pub mod stored;
pub mod template;
pub mod text;
pub mod token;
pub mod told;
pub mod usecases;
pub mod user;
pub mod writing;
