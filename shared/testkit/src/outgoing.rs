//! Systems of others in memory: they answer as a test tells them.

use std::sync::{Arc, Mutex};

use beckon_domain::model::outgoing_call::{NoAnswer, NotReached, OutgoingAnswer, OutgoingCall};
use beckon_domain::ports::outgoing::Outgoing;

type Answering = Box<dyn FnMut(&OutgoingCall) -> Result<OutgoingAnswer, NoAnswer> + Send>;

/// Systems of others in memory. Clones are the same systems.
#[derive(Clone, Default)]
pub struct MemoryOutgoing {
    answering: Arc<Mutex<Option<Answering>>>,
    calls: Arc<Mutex<Vec<OutgoingCall>>>,
}

impl std::fmt::Debug for MemoryOutgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryOutgoing").finish_non_exhaustive()
    }
}

impl MemoryOutgoing {
    /// Answers like this from now on.
    pub fn answer(
        &self,
        answering: impl FnMut(&OutgoingCall) -> Result<OutgoingAnswer, NoAnswer> + Send + 'static,
    ) {
        *self.answering.lock().unwrap() = Some(Box::new(answering));
    }

    /// What was called so far.
    pub fn calls(&self) -> Vec<OutgoingCall> {
        self.calls.lock().unwrap().clone()
    }
}

impl Outgoing for MemoryOutgoing {
    async fn call(&self, call: &OutgoingCall) -> Result<OutgoingAnswer, NoAnswer> {
        self.calls.lock().unwrap().push(call.clone());
        match self.answering.lock().unwrap().as_mut() {
            Some(answering) => answering(call),
            // No test said how to answer.
            None => Err(NoAnswer::Unreachable(NotReached::NotListening)),
        }
    }
}
