//! What is recorded of the delivery of mails: its pause.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why delivery stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// Until when.
    pub until: Timestamp,
    /// A stable name.
    pub code: String,
    /// What the mail service said, without addresses.
    pub reason: String,
}
