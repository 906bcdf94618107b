//! What could not be understood, kept where a test can look at it.

use std::sync::{Arc, Mutex};

use beckon_domain::ports::dead_letters::KeepRejected;
use beckon_domain::ports::error::Unavailable;

/// An event that was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Whole, as it came.
    pub event: String,
    /// Why.
    pub reason: String,
}

/// The failure queue in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct RejectedEvents {
    kept: Arc<Mutex<Vec<Rejected>>>,
}

impl RejectedEvents {
    /// Everything kept so far, oldest first.
    pub fn all(&self) -> Vec<Rejected> {
        self.kept.lock().unwrap().clone()
    }
}

impl KeepRejected for RejectedEvents {
    async fn keep_rejected(&self, event: &str, reason: &str) -> Result<(), Unavailable> {
        self.kept.lock().unwrap().push(Rejected {
            event: event.to_owned(),
            reason: reason.to_owned(),
        });
        Ok(())
    }
}
