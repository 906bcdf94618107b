//! A wake-up that tells a test whether the delivery worker was woken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::wake_up::WakeUp;

/// Counts wake-ups. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct WakeFlag {
    rung: Arc<AtomicU64>,
    polling: Arc<AtomicU64>,
    broken: Arc<AtomicBool>,
}

impl WakeFlag {
    /// How often the delivery worker was woken.
    pub fn count(&self) -> u64 {
        self.rung.load(Ordering::SeqCst)
    }

    /// How often what asks device managements was woken.
    pub fn polling(&self) -> u64 {
        self.polling.load(Ordering::SeqCst)
    }

    /// Whether waking fails from now on.
    pub fn break_down(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }
}

impl WakeUp for WakeFlag {
    async fn wake_delivery(&self) -> Result<(), Unavailable> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(Unavailable::new(
                "the delivery worker",
                "the test told it to fail",
            ));
        }
        self.rung.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn wake_polling(&self) -> Result<(), Unavailable> {
        self.polling.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}
