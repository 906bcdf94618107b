//! Tokens of device managements, each made for one issue. A token lets whoever has it enrol a device, so it is stored nowhere:
//! what is kept is the name by which its device management shows it again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a token is good for: a session ends after a quarter of an hour, and the setup of a device that began in it may
/// take longer.
pub const TOKEN_TTL: SignedDuration = SignedDuration::from_hours(1);

/// How long making a token keeps others from making one for the same: longer than the calls may take, so that one that was
/// killed is made up for by the next.
pub const MAKING_TAKES: SignedDuration = SignedDuration::from_secs(30);

/// How long a token must be good for to be handed out still.
const MIN_REST: SignedDuration = SignedDuration::from_mins(5);

/// A token that was made for an issue, or is being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentToken {
    /// A digest of what it is for: source, policy, ownership, person and issue. For something else another one is made.
    pub made_for: String,
    /// The name by which its device management shows it; `None` while it is being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Until when it is good; while it is being made, until when nobody else makes one.
    pub until: Timestamp,
}

impl EnrolmentToken {
    /// One that is being made.
    #[must_use]
    pub fn in_the_making(made_for: String, now: Timestamp) -> Self {
        Self {
            made_for,
            name: None,
            until: now.saturating_add(MAKING_TAKES).unwrap_or(now),
        }
    }

    /// Whether it still says something: it is being made, or it is good for a while.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> bool {
        let rest = match self.name {
            Some(_) => MIN_REST,
            None => SignedDuration::ZERO,
        };
        self.until.duration_since(now) > rest
    }
}
