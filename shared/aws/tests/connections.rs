//! How many connections the table needs: as many as it has requests under way at the same time, since `DynamoDB`
//! speaks HTTP/1.1. A first request must do with the one that the warm-up opened.

#![expect(
    clippy::expect_used,
    reason = "what sets a test up must work, or the test fails"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use beckon_aws::{Table, clients};
use beckon_domain::model::settings::Settings;
use beckon_domain::ports::batches::{ListBatches as _, LoadBatch as _};
use beckon_domain::ports::users::CountOpenInvitations as _;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::BatchId;

/// A table that holds nothing, and the most requests that were under way at the same time.
fn an_empty_table() -> (Table, Arc<AtomicUsize>) {
    let most = Arc::new(AtomicUsize::new(0));
    let (under_way, seen) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&most));
    let config = clients::in_process(move |call| {
        seen.fetch_max(
            under_way.fetch_add(1, Ordering::SeqCst) + 1,
            Ordering::SeqCst,
        );
        let under_way = Arc::clone(&under_way);
        tokio::spawn(async move {
            // Until everything has been asked that is asked at the same time.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            under_way.fetch_sub(1, Ordering::SeqCst);
            let body = match call.operation.as_str() {
                "Query" => r#"{"Items": [], "Count": 0, "ScannedCount": 0}"#,
                _ => "{}",
            };
            call.answer(200, body.to_owned());
        });
    });
    let sender = EmailAddress::parse("beckon@example.com").expect("an address");
    let table = Table::new(&config, "table", Settings::default_from(sender));
    (table, most)
}

#[tokio::test]
async fn the_first_list_of_a_process_needs_one_connection() {
    let (table, most) = an_empty_table();

    table.warm_up().await.expect("it answers");
    table.list_batches(None, 50).await.expect("it answers");

    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn later_lists_need_a_few() {
    let (table, most) = an_empty_table();

    for _ in 0..3 {
        table.list_batches(None, 50).await.expect("it answers");
    }

    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn counting_what_is_open_needs_one_connection_at_first() {
    let (table, most) = an_empty_table();

    table.open_invitations().await.expect("it answers");

    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_batch_is_read_over_one_connection() {
    let (table, most) = an_empty_table();

    for _ in 0..3 {
        table
            .load_batch(
                "01KG4JZ3M0000000000000000A"
                    .parse::<BatchId>()
                    .expect("an id"),
            )
            .await
            .expect("it answers");
    }

    assert_eq!(most.load(Ordering::SeqCst), 1);
}
