//! The ports in memory keep the contract, case by case and as a whole.

use beckon_testkit::MemoryStore;
use beckon_testkit::builders::settings;
use beckon_testkit::contract::{unreachable, whole_contract};

async fn fresh_store() -> MemoryStore {
    MemoryStore::new(settings().build())
}

beckon_testkit::contract_tests!(fresh_store);

#[tokio::test]
async fn the_whole_contract_holds_while_pages_of_lists_are_short_and_empty() {
    whole_contract(|| async {
        let store = fresh_store().await;
        store.let_pages_read(3);
        store
    })
    .await;
}

#[tokio::test]
async fn whatever_cannot_be_reached_is_unavailable() {
    let store = fresh_store().await;
    store.go_down_after(0);

    unreachable::whatever_cannot_be_reached_is_unavailable(store).await;
}

mod event_bus {
    use beckon_testkit::MemoryBus;

    fn a_bus() -> MemoryBus {
        MemoryBus::default()
    }

    beckon_testkit::event_bus_contract_tests!(a_bus);
}

mod unreadable {
    use beckon_testkit::MemoryStore;

    async fn store_and_spoiler() -> (MemoryStore, MemoryStore) {
        let store = super::fresh_store().await;
        (store.clone(), store)
    }

    beckon_testkit::unreadable_rows_tests!(store_and_spoiler);
}
