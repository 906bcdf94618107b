//! How far people are, as the API shows it.

use beckon_domain::model::counting::{Counts, Figure, Range, Standing, Step};
use serde::Serialize;

/// Between which times a median is. Times are counted in buckets, each √2 times as long as the one
/// before, so it is not known exactly.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MedianTime {
    /// It is not shorter, in seconds.
    pub from_seconds: u64,
    /// It is not longer, in seconds; null: longer than 97 days.
    pub to_seconds: Option<u64>,
}

impl From<Range> for MedianTime {
    fn from(range: Range) -> Self {
        Self {
            from_seconds: range.from_seconds,
            to_seconds: range.to_seconds,
        }
    }
}

/// A step from the invitation to the confirmation. Each is a fact of its own; who came further did not
/// need to pass it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FunnelStep {
    /// `invited`, `delivered`, `redeemed`, `registered` or `confirmed`, in this order.
    pub step: &'static str,
    /// How many people reached it.
    pub count: u64,
    /// Of how many the time is known that it took.
    pub timed: u64,
    /// The median of that time, since the nearest step before whose moment is known; null if no time
    /// is known.
    pub median: Option<MedianTime>,
}

impl FunnelStep {
    /// Every step.
    #[must_use]
    pub fn all(counts: &Counts) -> Vec<Self> {
        let step = |step: Step| Self {
            step: step.name(),
            count: counts.of(Figure::Reached(step)),
            timed: counts.timed(step),
            median: counts.median(step).map(MedianTime::from),
        };
        Step::ALL.map(step).into()
    }
}

/// How many invitations stand so that somebody should look at them, now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attention {
    /// Open, and the mail came back.
    pub bounced: u64,
    /// Open, and the mail service refused the mail.
    pub refused: u64,
    /// The tries are used up.
    pub locked: u64,
    /// The time ran out, and no device was registered.
    pub expired: u64,
    /// The person said that it was not for them.
    pub declined: u64,
}

impl Attention {
    /// What of these counts needs attention.
    #[must_use]
    pub fn of(counts: &Counts) -> Self {
        Self {
            bounced: counts.of(Figure::Bounced),
            refused: counts.of(Figure::Refused),
            locked: counts.of(Figure::Standing(Standing::Locked)),
            expired: counts.of(Figure::Standing(Standing::Expired)),
            declined: counts.of(Figure::Standing(Standing::Declined)),
        }
    }
}

/// How many invitations are open.
#[must_use]
pub fn open(counts: &Counts) -> u64 {
    [Standing::Pending, Standing::Locked]
        .map(|standing| counts.of(Figure::Standing(standing)))
        .iter()
        .sum()
}
