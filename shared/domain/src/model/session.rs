//! Registration sessions: what a redeemed secret opens. The id of a session is a bearer secret,
//! so only its digest is stored.

use crate::model::ownership::{GivenOwnership, Ownership};
use crate::model::stored::Carried;
use crate::values::ids::{DeviceId, IssueNumber, UserId};
use crate::values::session_ids::SessionDigest;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a session lets a person go on without showing the secret again.
pub const SESSION_TTL: SignedDuration = SignedDuration::from_mins(15);

/// How many sessions of one issue may be open at a time.
pub const MAX_SESSIONS: usize = 3;

/// A place taken by a session among those of its issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSlot {
    /// Which session.
    pub digest: SessionDigest,
    /// Until when it holds the place.
    pub until: Timestamp,
}

/// What a device was said to be when the secret was shown. It need not be the one reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedDevice {
    /// The device's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<DeviceId>,
    /// Its platform: one that is known by its name in [`crate::values::platform`], any other in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// A registration session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Which.
    pub digest: SessionDigest,
    /// Whose.
    pub user: UserId,
    /// Of which issue.
    pub issue: IssueNumber,
    /// The ownership that issue carries; `None` of a session from before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// Whether the person chose that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chosen_by_person: bool,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when it lets the person go on. Reporting is not bound by it.
    pub expires_at: Timestamp,
    /// The device named when it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<NamedDevice>,
    /// The device whose registration was reported with this session's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

impl Session {
    /// The ownership that its issue gives a device, if that was noted.
    #[must_use]
    pub fn given(&self) -> Option<GivenOwnership> {
        self.ownership.map(|ownership| GivenOwnership {
            ownership,
            by_person: self.chosen_by_person,
        })
    }
}
