//! An event bus in memory: it keeps what it takes, and can be told what not to take.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use beckon_domain::model::integration_events::{EventEnvelope, MAX_EVENTS_AT_ONCE};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::event_bus::{EventBus, Receipt};
use beckon_domain::values::ids::EventId;

/// The bus in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryBus(Arc<Mutex<Bus>>);

#[derive(Debug, Default)]
struct Bus {
    taken: Vec<EventEnvelope>,
    not_taken: BTreeMap<EventId, Receipt>,
    broken: bool,
    requests: usize,
}

impl MemoryBus {
    fn lock(&self) -> MutexGuard<'_, Bus> {
        self.0.lock().expect("nothing panics while it is held")
    }

    /// What it has, in the order in which it came.
    pub fn taken(&self) -> Vec<EventEnvelope> {
        self.lock().taken.clone()
    }

    /// How often it was asked to take something.
    pub fn requests(&self) -> usize {
        self.lock().requests
    }

    /// Whether it is out of reach from now on.
    pub fn break_down(&self, broken: bool) {
        self.lock().broken = broken;
    }

    /// From now on it says this of the event, and does not take it.
    pub fn say_of(&self, event: EventId, receipt: Receipt) {
        self.lock().not_taken.insert(event, receipt);
    }

    /// From now on it takes everything again.
    pub fn mend(&self) {
        self.lock().not_taken.clear();
    }
}

impl EventBus for MemoryBus {
    async fn publish_events(&self, events: &[EventEnvelope]) -> Result<Vec<Receipt>, Unavailable> {
        let mut bus = self.lock();
        bus.requests += 1;
        if bus.broken || events.len() > MAX_EVENTS_AT_ONCE {
            return Err(Unavailable::new("the event bus", "the test told it to"));
        }
        let mut receipts = Vec::new();
        for event in events {
            let receipt = bus.not_taken.get(&event.id).cloned();
            let receipt = receipt.unwrap_or(Receipt::Taken);
            if receipt == Receipt::Taken {
                bus.taken.push(event.clone());
            }
            receipts.push(receipt);
        }
        Ok(receipts)
    }
}
