//! The event bus's port on EventBridge's protocol, held to the contract that the one in memory keeps.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what sets a test up must work, or the test fails"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use beckon_aws::{Call, EventBridgeBus, clients};
use beckon_domain::model::integration_events::EventEnvelope;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::event_bus::{EventBus, Receipt};
use beckon_domain::values::ids::EventId;
use beckon_testkit::contract::publishing::VisibleBus;
use serde_json::{Value, json};

beckon_testkit::event_bus_contract_tests!(a_bus);

/// The adapter, and the stand-in for EventBridge that it speaks with.
struct Bus {
    adapter: EventBridgeBus,
    service: Arc<Mutex<Service>>,
}

#[derive(Default)]
struct Service {
    entries: Vec<Value>,
    codes: BTreeMap<String, String>,
    broken: bool,
}

fn a_bus() -> Bus {
    let service = Arc::new(Mutex::new(Service::default()));
    let answering = Arc::clone(&service);
    let config = clients::in_process(move |call| answer(&answering, call));
    // Four tries of the SDK's would have a test wait for seconds.
    let config = config
        .into_builder()
        .retry_config(aws_sdk_eventbridge::config::retry::RetryConfig::disabled())
        .build();
    Bus {
        adapter: EventBridgeBus::new(&config, "bus-of-ours"),
        service,
    }
}

fn answer(service: &Mutex<Service>, call: Call) {
    let mut service = service.lock().expect("nothing panics while it is held");
    let request: Value = serde_json::from_slice(&call.body).expect("JSON");
    let entries = request["Entries"].as_array().expect("entries");
    if service.broken || call.operation != "PutEvents" || !(1..=10).contains(&entries.len()) {
        call.answer(500, json!({ "__type": "InternalException" }).to_string());
        return;
    }
    let mut results = Vec::new();
    for entry in entries {
        let detail = detail_of(entry);
        let code = detail["id"].as_str().and_then(|id| service.codes.get(id));
        results.push(if let Some(code) = code {
            json!({ "ErrorCode": code, "ErrorMessage": "…" })
        } else {
            service.entries.push(entry.clone());
            json!({ "EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860" })
        });
    }
    let failed = results.iter().filter(|one| one["ErrorCode"] != Value::Null);
    let answer = json!({ "FailedEntryCount": failed.count(), "Entries": results });
    call.answer(200, answer.to_string());
}

fn detail_of(entry: &Value) -> Value {
    serde_json::from_str(entry["Detail"].as_str().expect("text")).expect("JSON")
}

impl EventBus for Bus {
    async fn publish_events(&self, events: &[EventEnvelope]) -> Result<Vec<Receipt>, Unavailable> {
        self.adapter.publish_events(events).await
    }
}

impl VisibleBus for Bus {
    fn on_it(&self) -> Vec<(String, Value)> {
        let service = self.service.lock().expect("nothing panics");
        service
            .entries
            .iter()
            .map(|entry| {
                assert_eq!(entry["EventBusName"], "bus-of-ours");
                assert_eq!(entry["Source"], "beckon");
                // 2026-03-02T09:00:00Z, when the events of the contract happened.
                assert_eq!(entry["Time"].as_f64(), Some(1_772_442_000.0));
                let detail_type = entry["DetailType"].as_str().expect("text");
                (detail_type.to_owned(), detail_of(entry))
            })
            .collect()
    }

    fn say_of(&self, event: EventId, receipt: Receipt) {
        let (Receipt::NotNow { code } | Receipt::Refused { code }) = receipt else {
            return;
        };
        let mut service = self.service.lock().expect("nothing panics");
        service.codes.insert(event.to_string(), code);
    }

    fn break_down(&self) {
        self.service.lock().expect("nothing panics").broken = true;
    }
}
