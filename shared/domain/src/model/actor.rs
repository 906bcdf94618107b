//! Who makes something happen.

use serde::{Deserialize, Serialize};

/// Who made something happen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type", content = "name")]
pub enum Actor {
    /// Somebody who called the API, by the subject of their token.
    Caller(String),
    /// The invited person.
    Invitee,
    /// The device management.
    DeviceManagement,
    /// The directory that people come from.
    Directory,
    /// The mail service.
    MailService,
    /// The clock.
    Clock,
}
