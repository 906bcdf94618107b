//! The whole system on one machine, over HTTP. One program holds all these tests, since linking takes longer than
//! compiling them; what needs a process of its own stands beside this folder.

mod bad_input;
mod batches;
mod cost;
mod device_events;
mod device_systems;
mod directory;
mod enrolment_page;
mod enrolment_tokens;
mod http;
mod idempotency;
mod jobs;
mod life;
mod listing;
mod looked_up_people;
mod mail_service;
mod mdm;
mod overview;
mod ownership;
mod people;
mod pin_requests;
mod polled_systems;
mod published;
mod redeem;
mod reminders;
mod sample_events;
mod secrets;
mod sender_tokens;
mod settings_history;
mod sign_in;
mod templates;
mod unreadable;
mod walk;
