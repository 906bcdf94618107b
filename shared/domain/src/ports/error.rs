//! Why a port could not do what it was asked.

use crate::model::stored::Unreadable;

/// Something outside cannot be reached, or answered what nobody expected. Trying again later may
/// do. Adapters report everything they do not recognise as this, never as absence.
#[derive(Debug, thiserror::Error)]
#[error("{what} is unavailable")]
pub struct Unavailable {
    /// What could not be reached: `the table`, `the mail service`.
    pub what: &'static str,
    /// What it said. It must hold no secret and no address.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Unavailable {
    /// `what` failed with `source`.
    pub fn new(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            what,
            source: source.into(),
        }
    }
}

/// Why something was not written. Nothing is, then.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody else wrote one of the rows since it was read: read again, decide again.
    #[error("somebody else wrote first")]
    Conflict,
    /// The store cannot be reached; whether it was written is not known.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl SaveError {
    /// Whether something was written: it was not where somebody else wrote first.
    pub fn was_written(result: Result<(), Self>) -> Result<bool, Unavailable> {
        match result {
            Ok(()) => Ok(true),
            Err(Self::Conflict) => Ok(false),
            Err(Self::Unavailable(error)) => Err(error),
        }
    }
}

impl Unavailable {
    /// The row that cannot be read, if that is why. Trying again later does not help then.
    #[must_use]
    pub fn unreadable(&self) -> Option<&Unreadable> {
        self.source.downcast_ref()
    }
}

impl From<Unreadable> for Unavailable {
    fn from(row: Unreadable) -> Self {
        Self::new("a row of the table", row)
    }
}
