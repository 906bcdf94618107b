//! The bus on which the world is told.

use std::future::Future;

use crate::model::integration_events::EventEnvelope;
use crate::ports::error::Unavailable;

/// What the bus said of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It has it.
    Taken,
    /// It does not have it; later it may take it.
    NotNow {
        /// What it called the reason.
        code: String,
    },
    /// It will never take it.
    Refused {
        /// What it called the reason.
        code: String,
    },
}

/// The bus on which the world is told.
pub trait EventBus {
    /// Puts events on the bus, at most [`crate::model::integration_events::MAX_EVENTS_AT_ONCE`]. Gives a receipt for each,
    /// in their order: that one was not taken says nothing of the others. Whatever reason is not
    /// known to lie in the event itself is [`Receipt::NotNow`].
    fn publish_events(
        &self,
        events: &[EventEnvelope],
    ) -> impl Future<Output = Result<Vec<Receipt>, Unavailable>> + Send;
}
