//! How far the asking of a device management is that tells of nothing by itself: what was read, where to go on, and how the
//! last round ended.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::stored::Carried;
use crate::values::ids::Version;
use crate::values::service_url::ServiceUrl;
use crate::values::source_name::SourceName;

/// How often a source is asked.
pub const POLL_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// How long a round holds a source for itself: longer than the function may run, so that one that was killed is made up
/// for by the next.
pub const ROUND_HOLDS: SignedDuration = SignedDuration::from_mins(4);

/// How far the asking of one source is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourcePoll {
    /// Which source.
    pub source: SourceName,
    /// A digest of what it is asked by: its kind, its address and its mapping. When that changes, asking begins anew.
    pub asked_by: String,
    /// When the next round may begin.
    pub due_at: Timestamp,
    /// Everything that enrolled before this was read; `None` until a walk came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Timestamp>,
    /// When a walk last looked further back than usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_back_at: Option<Timestamp>,
    /// The walk that has not come to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
    /// How many rounds failed since the last that did not.
    #[serde(default)]
    pub failures: u32,
    /// Since when the source is asked.
    pub since: Timestamp,
    /// When the last round ended, however it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_round_at: Option<Timestamp>,
    /// When a round last ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success_at: Option<Timestamp>,
    /// Why the last round failed, if it did. It holds no secret and nothing that the system said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The same for programs; `None` where a version noted the error that knew no codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<PollFailure>,
    /// How often the row was written.
    pub version: Version,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

/// Why a round failed, so that it can be said in any language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PollFailure {
    /// A stable name.
    pub code: String,
    /// What the sentence says in numbers and names, such as `status`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

/// A walk through the list of a system's devices, from its begin to its end, over as many rounds as it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Walk {
    /// Devices that enrolled before this are known, and are let be.
    pub from: Timestamp,
    /// When it began: what enrols later is for the next one.
    pub began_at: Timestamp,
    /// Where the next page begins; `None` at the begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// How many pages it has read.
    #[serde(default)]
    pub pages: u32,
}

/// Where a page of a list begins.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Position {
    /// Where a link of the system leads.
    Link(ServiceUrl),
    /// Behind so many rows.
    #[serde(rename_all = "camelCase")]
    Behind {
        /// The parts of the list that are still to be read, this one first, where a system has parts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        spaces: Vec<u64>,
        /// How many rows are before it.
        offset: u64,
        /// Digests of the last rows that were read. The page must begin with one of them: a list from which rows went
        /// meanwhile would otherwise lose those that moved up.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tail: Vec<String>,
    },
}

/// A link holds what the system remembers in it.
impl std::fmt::Debug for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Link(url) => f.debug_tuple("Link").field(url).finish(),
            Self::Behind { spaces, offset, .. } => f
                .debug_struct("Behind")
                .field("spaces", spaces)
                .field("offset", offset)
                .finish_non_exhaustive(),
        }
    }
}

impl SourcePoll {
    /// A source that was never asked.
    #[must_use]
    pub fn new(source: SourceName, asked_by: String, now: Timestamp) -> Self {
        Self {
            source,
            asked_by,
            due_at: now,
            cursor: None,
            looked_back_at: None,
            walk: None,
            failures: 0,
            since: now,
            last_round_at: None,
            last_success_at: None,
            last_error: None,
            last_failure: None,
            version: Version::from_number(0),
            carried: Carried::default(),
        }
    }

    /// For how long no round ended well.
    #[must_use]
    pub fn silent_for(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.last_success_at.unwrap_or(self.since))
    }
}
