//! Telling of a row that was set aside because it cannot be read: once, with its key and the reason.
//!
//! The order is: look, tell, note. Whoever dies before noting has told, and tells once more; whoever
//! comes later finds it noted. So it may be told twice after a crash, and never not at all.

use serde_json::json;

use crate::model::stored::{RowKey, SetAside};
use crate::ports::dead_letters::DeadLetters;
use crate::ports::delivery::Delivery;
use crate::ports::env::{Env, WithDeadLetters};
use crate::ports::error::Unavailable;

/// What the dead-letter queue is told.
pub const REASON: &str = "a row of the table cannot be read by this version of Beckon and was set aside; RUNBOOK says how to repair and release it";

/// Tells of rows that were set aside.
#[derive(Debug, Clone)]
pub struct TellOfUnreadable<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> TellOfUnreadable<E>
where
    E: Env<Store: Delivery> + WithDeadLetters,
{
    /// Tells of this row, if nobody has yet and it still is set aside. Gives what was told.
    pub async fn run(&self, key: &RowKey) -> Result<Option<SetAside>, Unavailable> {
        let aside = self.env.store().row_aside(key).await?;
        let Some(aside) = aside.filter(|row| !row.reported) else {
            return Ok(None);
        };
        let event = json!({
            "row": aside.row.row,
            "reason": aside.row.reason,
            "setAsideAt": aside.at,
        });
        self.env
            .dead_letters()
            .keep_dead_letter(&event.to_string(), REASON)
            .await?;
        self.env.store().note_reported(key).await?;
        Ok(Some(aside))
    }
}
