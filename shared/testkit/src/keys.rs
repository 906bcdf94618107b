//! Keys that tests can read and change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::keys::Keys;
use beckon_domain::values::keys::KeyRing;

/// A key ring in memory. Clones share it.
#[derive(Debug, Clone)]
pub struct MemoryKeys {
    ring: Arc<Mutex<Option<KeyRing>>>,
}

impl MemoryKeys {
    /// A ring with one key, `k1`.
    pub fn new() -> Self {
        Self {
            ring: Arc::new(Mutex::new(Some(ring_of(&["k1"], "k1")))),
        }
    }

    /// Holds these keys from now on, and issues under `current`. A key of the same name is the
    /// same key.
    pub fn rotate(&self, names: &[&str], current: &str) {
        *self.ring.lock().unwrap() = Some(ring_of(names, current));
    }

    /// Cannot be read until the next [`MemoryKeys::rotate`].
    pub fn lose(&self) {
        *self.ring.lock().unwrap() = None;
    }

    /// The ring as it is now.
    pub fn ring(&self) -> KeyRing {
        self.ring
            .lock()
            .unwrap()
            .clone()
            .expect("the keys are there")
    }
}

impl Default for MemoryKeys {
    fn default() -> Self {
        Self::new()
    }
}

fn ring_of(names: &[&str], current: &str) -> KeyRing {
    let mut entries: BTreeMap<String, String> = names
        .iter()
        .map(|name| ((*name).to_owned(), format!("{name:-<40}")))
        .collect();
    entries.insert("current".to_owned(), current.to_owned());
    KeyRing::parse(entries).expect("the names make a ring")
}

impl Keys for MemoryKeys {
    async fn key_ring(&self) -> Result<KeyRing, Unavailable> {
        let ring = self.ring.lock().unwrap().clone();
        ring.ok_or_else(|| Unavailable::new("the keys", "the test took them away"))
    }
}
