//! The part of the settings about how long personal data is kept.

use serde::{Deserialize, Serialize};

use crate::values::problem::{FieldProblem, Problems};

/// The longest that personal data may be set to be kept: ten years.
const MAX_DAYS: u32 = 3_650;

/// How long personal data is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// How many days after its end; `None`: until somebody deletes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erase_after_days: Option<u32>,
}

/// See [`Retention`].
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RetentionDraft {
    /// 1 to 3650: how many days after somebody's invitation was completed, expired, cancelled or
    /// declined, or after they were deleted, all that is known of them is erased, their history
    /// and devices included. Whoever is invited again in time stays. Counts of batches stay. Null:
    /// never. Default null.
    pub erase_after_days: Option<u32>,
}

impl RetentionDraft {
    pub(super) fn parse(&self, problems: &mut Problems) -> Option<Retention> {
        let holds = self
            .erase_after_days
            .is_none_or(|days| (1..=MAX_DAYS).contains(&days));
        problems.ensure(holds, || {
            FieldProblem::new(
                "retention.eraseAfterDays",
                "outOfRange",
                format!("must be from 1 to {MAX_DAYS}, or null for never"),
            )
            .with("least", 1)
            .with("most", MAX_DAYS)
        });
        holds.then_some(Retention {
            erase_after_days: self.erase_after_days,
        })
    }
}

impl From<Retention> for RetentionDraft {
    fn from(retention: Retention) -> Self {
        Self {
            erase_after_days: retention.erase_after_days,
        }
    }
}
