//! Values that are parsed once, at the edge. They know nothing of the other rooms.

pub mod address;
pub mod guessing;
pub mod hex;
pub mod ids;
pub mod keys;
pub mod lenient_text;
pub mod locale;
pub mod mail_header;
pub mod method;
pub mod names;
pub mod nonce;
pub mod permission;
pub mod pin;
pub mod platform;
pub mod problem;
pub mod sender_secrets;
pub mod service_account;
pub mod service_url;
pub mod session_ids;
pub mod source_name;
pub mod text;
pub mod token;
pub mod user_name;
