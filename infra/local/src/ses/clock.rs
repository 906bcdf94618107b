//! The time as the local SES sees it.
//!
//! Owns: the choice between the system's clock and one that a test turns by hand. Must not know what
//! is measured with it.

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Debug, Clone)]
pub(super) enum Clock {
    /// The machine's own.
    System,
    /// Stands still until a test moves it.
    #[cfg(test)]
    Manual(std::sync::Arc<std::sync::Mutex<Timestamp>>),
}

impl Clock {
    /// The current time.
    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            #[cfg(test)]
            Self::Manual(now) => *now.lock().unwrap(),
        }
    }

    /// A clock that stands still.
    #[cfg(test)]
    pub(super) fn manual(start: &str) -> Self {
        Self::Manual(std::sync::Arc::new(std::sync::Mutex::new(
            start.parse().unwrap(),
        )))
    }

    /// Moves a manual clock forward.
    #[cfg(test)]
    pub(super) fn advance(&self, by: jiff::SignedDuration) {
        match self {
            Self::System => panic!("only a manual clock can be moved"),
            Self::Manual(now) => *now.lock().unwrap() += by,
        }
    }
}
