//! The use cases, on the ports in memory: one module a use case, or a subject of several. `batches`,
//! `redemptions` and `reports` hold what several share. They are one program, so that it is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

mod add_user;
mod batches;
mod change_invitation;
mod change_settings;
mod change_user;
mod choosing_ownership;
mod confirm_again;
mod confirm_registration;
mod correct_address;
mod counting;
mod counting_later_mails;
mod decline;
mod delete_user;
mod deliver;
mod deliver_answers;
mod deliver_pace;
mod device_events;
mod device_limit;
mod enrolment_tokens;
mod expand;
mod expand_by_filter;
mod follow_directory;
mod follow_groups;
mod group_settings;
mod guesser;
mod hand_over;
mod import_identity;
mod import_job;
mod import_users;
mod jobs;
mod looking_up;
mod polling;
mod preview_invitations;
mod publish;
mod record_feedback;
mod redeem;
mod redeem_budget;
mod redeem_ended;
mod redemptions;
mod reinvite;
mod reminders;
mod report_batch;
mod reports;
mod request_pin;
mod run_maintenance;
mod send_invitations;
mod stop_batch;
mod templates;
mod try_address_again;
mod turns;
mod unreadable;
mod what_completes;
