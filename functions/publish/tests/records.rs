//! Records of the table's stream, as Lambda hands them over.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use beckon_aws::table::stream::StreamEvent;
use beckon_domain::ports::event_bus::Receipt;
use beckon_testkit::{MemoryBus, MemoryDeadLetters, World};
use publish::Publish;
use serde_json::{Value, json};

/// The sample event, with which the function is invoked by hand too.
const SAMPLE: &str = include_str!("../../../tests/events/publish.json");

struct Function {
    bus: MemoryBus,
    failures: MemoryDeadLetters,
}

impl Function {
    fn new() -> Self {
        Self {
            bus: MemoryBus::default(),
            failures: MemoryDeadLetters::default(),
        }
    }

    /// Hands it records. Gives the numbers of those that come again.
    async fn handle(&self, records: &[Value]) -> Vec<String> {
        let event: StreamEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
        let env = World {
            bus: self.bus.clone(),
            failures: self.failures.clone(),
            ..World::new()
        };
        let publish = Publish { env };
        let response = publish.handle(event).await;
        let failures = response.batch_item_failures.into_iter();
        failures.map(|one| one.item_identifier.unwrap()).collect()
    }

    fn published(&self) -> Vec<String> {
        let taken = self.bus.taken();
        taken.iter().map(|event| event.id.to_string()).collect()
    }
}

/// The record of an expiry, whose number is the last figure of the row's id.
fn record(number: u32) -> Value {
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let mut record = sample["Records"][0].clone();
    let id = id(number);
    record["dynamodb"]["SequenceNumber"] = json!(number.to_string());
    record["dynamodb"]["Keys"]["sk"]["S"] = json!(format!("event#{id}"));
    record["dynamodb"]["NewImage"]["sk"]["S"] = json!(format!("event#{id}"));
    record["dynamodb"]["NewImage"]["id"]["S"] = json!(id);
    record
}

fn id(number: u32) -> String {
    format!("01KG4JZ3M000000000000000{number:02}")
}

/// A row that says what this version does not know.
fn poison(number: u32) -> Value {
    let mut record = record(number);
    record["dynamodb"]["NewImage"]["what"]["M"]["type"]["S"] = json!("invitationEaten");
    record
}

#[tokio::test]
async fn the_row_of_the_sample_event_is_published() {
    let function = Function::new();
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();

    let again = function.handle(&[sample["Records"][0].clone()]).await;

    assert!(again.is_empty());
    let taken = function.bus.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].event.detail_type(), "Invitation Expired");
}

#[tokio::test]
async fn only_new_rows_of_histories_are_published() {
    let function = Function::new();
    let mut written_again = record(1);
    written_again["eventName"] = json!("MODIFY");
    let mut gone = record(2);
    gone["eventName"] = json!("REMOVE");
    let mut mail = record(3);
    mail["dynamodb"]["Keys"]["sk"]["S"] = json!("mail");

    let again = function
        .handle(&[written_again, gone, mail, record(4)])
        .await;

    assert!(again.is_empty());
    assert_eq!(function.published(), [id(4)]);
    assert_eq!(function.failures.all(), []);
}

#[tokio::test]
async fn a_row_that_nobody_understands_goes_whole_to_the_dead_letter_queue_and_the_rest_goes_on() {
    let function = Function::new();
    let mut without_keys = record(3);
    without_keys["dynamodb"]["Keys"] = json!({});

    let again = function
        .handle(&[record(1), poison(2), without_keys, record(4)])
        .await;

    assert!(again.is_empty());
    assert_eq!(function.published(), [id(1), id(4)]);
    let failures = function.failures.all();
    let reasons: Vec<&str> = failures.iter().map(|one| one.reason.as_str()).collect();
    let keys = &poison(2)["dynamodb"]["Keys"];
    let row = format!(
        "the row {} {} is",
        keys["pk"]["S"].as_str().unwrap(),
        keys["sk"]["S"].as_str().unwrap()
    );
    assert!(reasons[0].starts_with(&row), "{}", reasons[0]);
    assert_eq!(reasons[1..], ["the record has no keys of this table"]);
    let whole: Value = serde_json::from_str(&failures[0].event).unwrap();
    let image = &whole["dynamodb"]["NewImage"];
    assert_eq!(image, &poison(2)["dynamodb"]["NewImage"]);
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_goes_to_the_dead_letter_queue() {
    let function = Function::new();
    let code = "MalformedDetail".to_owned();
    let refused = id(1).parse().unwrap();
    function.bus.say_of(refused, Receipt::Refused { code });

    let again = function.handle(&[record(1), record(2)]).await;

    assert!(again.is_empty());
    assert_eq!(function.published(), [id(2)]);
    let failures = function.failures.all();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].reason.contains("MalformedDetail"));
}

#[tokio::test]
async fn records_come_again_from_the_first_that_the_bus_could_not_take() {
    let function = Function::new();
    let records = [record(1), poison(2), record(3), poison(4), record(5)];
    let code = "ThrottlingException".to_owned();
    let throttled = id(3).parse().unwrap();
    function.bus.say_of(throttled, Receipt::NotNow { code });

    let first = function.handle(&records).await;
    let after_the_first = function.failures.all().len();
    function.bus.mend();
    let second = function.handle(&records[2..]).await;

    assert_eq!(first, ["3"]);
    // What lies behind the record that failed comes again, and is rejected then.
    assert_eq!(after_the_first, 1);
    assert!(second.is_empty());
    assert_eq!(function.failures.all().len(), 2);
    let mut published = function.published();
    published.sort();
    published.dedup();
    assert_eq!(published, [id(1), id(3), id(5)]);
}

#[tokio::test]
async fn a_bus_out_of_reach_fails_the_batch_from_the_first_row_on() {
    let function = Function::new();
    function.bus.break_down(true);
    let mut other = record(1);
    other["dynamodb"]["Keys"]["sk"]["S"] = json!("mail");

    let again = function.handle(&[other, record(2), record(3)]).await;

    assert_eq!(again, ["2"]);
}
