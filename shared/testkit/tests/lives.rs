//! Many random lives on the store in memory; a few are lived on every store, see the contract.

use beckon_testkit::contract::life::live;
use beckon_testkit::store::MemoryStore;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_happens_to_an_invitation_no_promise_is_broken(seed in 1_u64..) {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(live(
                MemoryStore::new(beckon_testkit::builders::settings().build()),
                seed,
            ));
    }
}
