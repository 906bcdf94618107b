//! When what is known of somebody goes: who is over, since when, and what is left of whoever was
//! deleted.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::invitation::Invitation;
use crate::model::settings::retention::Retention;
use crate::model::user::User;
use crate::values::ids::{BatchId, UserId};

/// What is left of a user who was deleted, beside their history, until that is erased. Nothing in
/// it is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// Of whom.
    pub user: UserId,
    /// Since when they are over: the days until erasure count from here.
    pub over_since: Timestamp,
    /// The batches in whose numbers their deletion counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts_for: Vec<BatchId>,
}

impl Tombstone {
    /// What is left of a user who is deleted.
    #[must_use]
    pub fn of(user: &User, over_since: Timestamp) -> Self {
        let batches = user.invitation.iter().flat_map(Invitation::batches);
        Self {
            user: user.id,
            over_since,
            counts_for: batches.collect(),
        }
    }
}

impl Retention {
    /// Whoever was over at this moment is to be erased now; `None`: nobody.
    #[must_use]
    pub fn erases_before(&self, now: Timestamp) -> Option<Timestamp> {
        let days = self.erase_after_days?;
        let kept = SignedDuration::from_hours(i64::from(days) * 24);
        Some(now.saturating_sub(kept).unwrap_or(Timestamp::MIN))
    }
}

/// Since when a user is over: their invitation has ended. Whoever was never invited, or may still
/// register, is not. Nor is whoever is active in the directory: it would have them back at once, as somebody new.
#[must_use]
pub fn over_since(user: &User) -> Option<Timestamp> {
    if user.enabled && user.directory.is_some() {
        return None;
    }
    user.invitation.as_ref()?.over_since()
}
