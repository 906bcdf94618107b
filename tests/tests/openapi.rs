//! The document that AWS serves is the one that the code has.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use beckon_tests::Beckon;

/// Set, the test writes the document instead of comparing it.
const WRITE: &str = "BECKON_WRITE_OPENAPI";

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../functions/directory/src/openapi.json"
);

#[tokio::test]
async fn the_document_that_is_served_is_that_of_the_routes() {
    let beckon = Beckon::start().await;
    let of_the_code = beckon.openapi();
    if std::env::var_os(WRITE).is_some() {
        let text = serde_json::to_string_pretty(of_the_code).unwrap();
        std::fs::write(FILE, text + "\n").unwrap();
        return;
    }

    let served = beckon.get("/openapi.json").await.with_status(200);

    // Part by part, since the whole is too long to read.
    for (part, of_the_code) in of_the_code.as_object().unwrap() {
        assert_eq!(
            &served[part], of_the_code,
            "{part} is out of date: {WRITE}=1 cargo test -p beckon-tests --test openapi"
        );
    }
    assert_eq!(&served, of_the_code);
}
