//! What people and machines do with Beckon, one file each.

pub mod add_user;
pub mod change_invitation;
pub mod change_settings;
pub mod change_template;
pub mod change_user;
pub mod confirm_registration;
pub mod decline;
pub mod delete_user;
pub mod deliver;
pub mod erase_ended;
pub mod expand;
pub mod export_users;
pub mod hand_over;
pub mod import_users;
pub mod preview;
pub mod preview_template;
pub mod publish;
pub mod record_feedback;
pub mod redeem;
pub mod report_batch;
pub mod request_pin;
pub mod send;
pub mod stop_batch;
pub mod test_template;
pub mod tick;
pub mod try_address_again;
