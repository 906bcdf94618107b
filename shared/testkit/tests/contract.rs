//! The ports in memory keep the contract, case by case and as a whole.

use std::path::Path;

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

/// A case that nobody names never runs.
#[test]
fn every_case_is_named_where_it_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
    let lists = std::fs::read_to_string(folder.with_extension("rs")).unwrap();
    let (mut cases, mut unnamed) = (0, Vec::new());
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let subject = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("pub async fn ") else {
                continue;
            };
            let case = rest.split(['<', '(']).next().unwrap();
            cases += 1;
            // Those of a subject that has a list of its own stand in that.
            let is_named = lists.contains(&format!("{subject}::{case};"))
                || text.contains(&format!(" {case};"));
            if !is_named && !CALLED_BY_OTHER_TESTS.contains(&(subject.as_str(), case)) {
                unnamed.push(format!("{subject}::{case}"));
            }
        }
    }
    assert!(
        unnamed.is_empty(),
        "name them in the list of cases in src/contract.rs: {unnamed:?}"
    );
    assert!(cases > 150, "{cases} cases");
}

const CALLED_BY_OTHER_TESTS: [(&str, &str); 2] = [
    ("life", "live"),
    ("unreachable", "whatever_cannot_be_reached_is_unavailable"),
];
