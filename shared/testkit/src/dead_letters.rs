//! What could not be understood, kept where a test can look at it.

use std::sync::{Arc, Mutex};

use beckon_domain::ports::dead_letters::DeadLetters;
use beckon_domain::ports::error::Unavailable;

/// An event that nobody could use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Whole, as it came.
    pub event: String,
    /// Why.
    pub reason: String,
}

/// The dead-letter queue in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryDeadLetters {
    kept: Arc<Mutex<Vec<DeadLetter>>>,
}

impl MemoryDeadLetters {
    /// Everything kept so far, oldest first.
    pub fn all(&self) -> Vec<DeadLetter> {
        self.kept.lock().unwrap().clone()
    }
}

impl DeadLetters for MemoryDeadLetters {
    async fn keep_dead_letter(&self, event: &str, reason: &str) -> Result<(), Unavailable> {
        self.kept.lock().unwrap().push(DeadLetter {
            event: event.to_owned(),
            reason: reason.to_owned(),
        });
        Ok(())
    }
}
