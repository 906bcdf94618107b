//! What every adapter of the event bus must do, whatever stands behind it.

use beckon_domain::model::actor::Actor;
use beckon_domain::model::history::{HistoryEntry, HistoryEvent};
use beckon_domain::model::integration_events::{EventEnvelope, MAX_EVENTS_AT_ONCE};
use beckon_domain::ports::event_bus::{EventBus, Receipt};
use beckon_domain::values::ids::{EventId, IssueNumber, UserId};
use jiff::SignedDuration;
use serde_json::Value;

use crate::MemoryBus;
use crate::builders::monday_morning;
use crate::entropy::fresh_ulid;

/// A bus that a test can look at.
pub trait VisibleBus: EventBus {
    /// What is on it, in the order in which it came: detail-type and detail.
    fn on_it(&self) -> Vec<(String, Value)>;

    /// From now on it says this of the event. Both codes are the bus's own.
    fn say_of(&self, event: EventId, receipt: Receipt);

    /// From now on it cannot be reached.
    fn break_down(&self);
}

impl VisibleBus for MemoryBus {
    fn on_it(&self) -> Vec<(String, Value)> {
        self.taken().iter().map(seen).collect()
    }

    fn say_of(&self, event: EventId, receipt: Receipt) {
        Self::say_of(self, event, receipt);
    }

    fn break_down(&self) {
        Self::break_down(self, true);
    }
}

fn seen(event: &EventEnvelope) -> (String, Value) {
    let detail = serde_json::to_value(event).expect("an event is JSON");
    (event.event.detail_type().to_owned(), detail)
}

fn events(how_many: usize) -> Vec<EventEnvelope> {
    let user = UserId::new(fresh_ulid());
    (0..how_many)
        .map(|number| {
            let issue = IssueNumber::from_number(1);
            let row = HistoryEntry {
                id: EventId::new(fresh_ulid()),
                user,
                at: monday_morning() + SignedDuration::from_millis(1),
                who: Actor::Clock,
                what: if number % 2 == 0 {
                    HistoryEvent::InvitationExpired { issue }
                } else {
                    HistoryEvent::InvitationRestored { issue }
                },
            };
            EventEnvelope::of(&row).expect("it is told")
        })
        .collect()
}

/// As many as it takes at once, each under its own name.
pub async fn events_are_on_the_bus_as_they_were_given(bus: impl VisibleBus) {
    let events = events(MAX_EVENTS_AT_ONCE);

    let receipts = bus.publish_events(&events).await.expect("it is reached");

    assert_eq!(receipts, vec![Receipt::Taken; MAX_EVENTS_AT_ONCE]);
    assert_eq!(bus.on_it(), events.iter().map(seen).collect::<Vec<_>>());
}

/// An empty request is one that EventBridge refuses.
pub async fn nothing_to_publish_is_no_failure(bus: impl VisibleBus) {
    let receipts = bus.publish_events(&[]).await.expect("it is not asked");

    assert_eq!(receipts, []);
    assert_eq!(bus.on_it(), []);
}

/// Those around it are taken.
pub async fn each_event_that_is_not_taken_is_named_with_the_reason(bus: impl VisibleBus) {
    let events = events(4);
    let throttled = Receipt::NotNow {
        code: "ThrottlingException".to_owned(),
    };
    let malformed = Receipt::Refused {
        code: "MalformedDetail".to_owned(),
    };
    bus.say_of(events[1].id, throttled.clone());
    bus.say_of(events[2].id, malformed.clone());

    let receipts = bus.publish_events(&events).await.expect("it is reached");

    assert_eq!(
        receipts,
        [Receipt::Taken, throttled, malformed, Receipt::Taken]
    );
    assert_eq!(bus.on_it(), [seen(&events[0]), seen(&events[3])]);
}

/// Never taken, never refused.
pub async fn a_bus_out_of_reach_is_unavailable(bus: impl VisibleBus) {
    bus.break_down();

    let answer = bus.publish_events(&events(1)).await;

    assert_eq!(answer.expect_err("nobody answers").what, "the event bus");
}

/// Makes a `#[tokio::test]` of each case; each calls the function for a bus of its own.
#[macro_export]
macro_rules! event_bus_contract_tests {
    ($make:ident) => {
        $crate::event_bus_contract_tests! {
            @each $make
            events_are_on_the_bus_as_they_were_given;
            nothing_to_publish_is_no_failure;
            each_event_that_is_not_taken_is_named_with_the_reason;
            a_bus_out_of_reach_is_unavailable;
        }
    };
    (@each $make:ident $($case:ident;)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::contract::publishing::$case($make()).await;
            }
        )*
    };
}
