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
use beckon_domain::ports::batches::Batches as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::BatchId;

/// A table that finds nothing, and what it was asked.
fn table(index: Index) -> (Table, Arc<Asked>) {
    let asked = Arc::new(Asked::default());
    let (under_way, seen) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&asked));
    let config = clients::in_process(move |call| {
        seen.requests.fetch_add(1, Ordering::SeqCst);
        seen.at_once.fetch_max(
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
                "Scan" if index == Index::Long => {
                    r#"{"Items": [], "Count": 0, "LastEvaluatedKey": {"pk": {"S": "user#1"}}}"#
                }
                _ => "{}",
            };
            call.answer(200, body.to_owned());
        });
    });
    let sender = EmailAddress::parse("beckon@example.com").expect("an address");
    let table = Table::new(&config, "table", Settings::default_from(sender));
    (table, asked)
}

/// Whether one request reads all of the index that lists rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    Short,
    Long,
}

#[derive(Default)]
struct Asked {
    requests: AtomicUsize,
    /// The most that were under way at the same time.
    at_once: AtomicUsize,
}

impl Asked {
    fn at_once(&self) -> usize {
        self.at_once.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn the_first_list_of_a_process_needs_one_connection() {
    let (table, asked) = table(Index::Long);

    table.warm_up().await.expect("it answers");
    table.list_batches(None, 50).await.expect("it answers");

    assert_eq!(asked.at_once(), 1);
}

#[tokio::test]
async fn a_short_list_is_read_with_one_request() {
    let (table, asked) = table(Index::Short);

    for lists in 1..=3 {
        table.list_batches(None, 50).await.expect("it answers");

        assert_eq!(asked.requests.load(Ordering::SeqCst), lists);
    }
}

#[tokio::test]
async fn a_process_tries_to_read_a_long_list_with_one_request_but_once() {
    let (table, asked) = table(Index::Long);

    for lists in 1..=3 {
        table.list_batches(None, 50).await.expect("it answers");

        assert_eq!(asked.requests.load(Ordering::SeqCst), 1 + lists * 16);
    }
}

#[tokio::test]
async fn later_lists_need_a_few() {
    let (table, asked) = table(Index::Long);

    for _ in 0..3 {
        table.list_batches(None, 50).await.expect("it answers");
    }

    assert_eq!(asked.at_once(), 4);
}

#[tokio::test]
async fn counting_what_is_open_needs_one_connection_at_first() {
    let (table, asked) = table(Index::Long);

    table.open_invitations().await.expect("it answers");

    assert_eq!(asked.at_once(), 1);
}

#[tokio::test]
async fn a_batch_is_read_over_one_connection() {
    let (table, asked) = table(Index::Long);

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

    assert_eq!(asked.at_once(), 1);
}
