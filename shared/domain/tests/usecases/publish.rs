//! Rows of histories become events on the bus, each with the row's id.

use beckon_domain::model::history::{HistoryEntry, HistoryEvent};
use beckon_domain::model::integration_events::{EventEnvelope, MAX_EVENTS_AT_ONCE};
use beckon_domain::ports::env::{Env, WithEventBus};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::event_bus::{EventBus, Receipt};
use beckon_domain::usecases::publish::{Fate, PublishRows};
use beckon_domain::values::ids::{EventId, IssueNumber, UserId};
use beckon_testkit::builders::{a_row, monday_morning};
use beckon_testkit::entropy::fresh_ulid;
use beckon_testkit::{ManualClock, MemoryBus, MemoryStore, SeededEntropy, World};

fn an_expiry() -> HistoryEntry {
    HistoryEntry {
        what: HistoryEvent::InvitationExpired {
            issue: IssueNumber::from_number(2),
        },
        ..a_row(UserId::new(fresh_ulid()), monday_morning())
    }
}

fn expiries(how_many: usize) -> Vec<HistoryEntry> {
    (0..how_many).map(|_| an_expiry()).collect()
}

fn ids(events: &[EventEnvelope]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

/// A world with this bus.
fn with(bus: &MemoryBus) -> World {
    World {
        bus: bus.clone(),
        ..World::new()
    }
}

/// A world with a bus of another kind.
struct OnBus<B> {
    world: World,
    bus: B,
}

impl<B: Sync> Env for OnBus<B> {
    type Store = MemoryStore;
    type Clock = ManualClock;
    type Entropy = SeededEntropy;

    fn store(&self) -> &MemoryStore {
        self.world.store()
    }

    fn clock(&self) -> &ManualClock {
        self.world.clock()
    }

    fn entropy(&self) -> &SeededEntropy {
        self.world.entropy()
    }
}

impl<B: EventBus + Sync> WithEventBus for OnBus<B> {
    type EventBus = B;

    fn event_bus(&self) -> &B {
        &self.bus
    }
}

fn ids_of(rows: &[HistoryEntry]) -> Vec<EventId> {
    rows.iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn rows_are_published_in_their_order_as_many_at_once_as_the_bus_takes() {
    let bus = MemoryBus::default();
    let mut rows = expiries(2 * MAX_EVENTS_AT_ONCE + 1);
    let told = ids_of(&rows);
    // What is kept inside takes no place in a request.
    rows.insert(3, a_row(rows[0].user, monday_morning()));

    let progress = PublishRows { env: with(&bus) }.run(&rows).await;

    assert_eq!(progress.fates.len(), rows.len());
    for (number, fate) in progress.fates.iter().enumerate() {
        let expected = if number == 3 {
            Fate::KeptInside
        } else {
            Fate::Published
        };
        assert_eq!(*fate, expected);
    }
    assert!(progress.stopped.is_none());
    assert_eq!(ids(&bus.taken()), told);
    assert_eq!(bus.requests(), 3);
}

#[tokio::test]
async fn a_row_that_comes_again_is_published_under_the_same_id() {
    let bus = MemoryBus::default();
    let publish = PublishRows { env: with(&bus) };
    let rows = expiries(1);

    publish.run(&rows).await;
    publish.run(&rows).await;

    let taken = bus.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0], taken[1]);
}

#[tokio::test]
async fn what_the_bus_cannot_take_now_stops_everything_behind_it() {
    let bus = MemoryBus::default();
    let rows = expiries(3 * MAX_EVENTS_AT_ONCE);
    let code = "ThrottlingException".to_owned();
    bus.say_of(rows[MAX_EVENTS_AT_ONCE + 1].id, Receipt::NotNow { code });

    let progress = PublishRows { env: with(&bus) }.run(&rows).await;

    assert_eq!(
        progress.fates,
        vec![Fate::Published; MAX_EVENTS_AT_ONCE + 1]
    );
    assert_eq!(progress.stopped.unwrap().what, "the event bus");
    assert_eq!(bus.requests(), 2);
}

#[tokio::test]
async fn what_the_bus_will_never_take_does_not_stop_the_rest() {
    let bus = MemoryBus::default();
    let rows = expiries(3);
    let code = "MalformedDetail".to_owned();
    bus.say_of(rows[1].id, Receipt::Refused { code: code.clone() });

    let progress = PublishRows { env: with(&bus) }.run(&rows).await;

    assert_eq!(
        progress.fates,
        [Fate::Published, Fate::Refused { code }, Fate::Published]
    );
    assert!(progress.stopped.is_none());
    assert_eq!(ids(&bus.taken()), [rows[0].id, rows[2].id]);
}

#[tokio::test]
async fn a_bus_out_of_reach_stops_at_the_first_row_that_is_told() {
    let bus = MemoryBus::default();
    let publish = PublishRows { env: with(&bus) };
    let kept_inside = a_row(UserId::new(fresh_ulid()), monday_morning());
    let rows = [vec![kept_inside], expiries(2)].concat();
    bus.break_down(true);

    let stopped = publish.run(&rows).await;
    bus.break_down(false);
    let again = publish.run(&rows).await;

    assert_eq!(stopped.fates, [Fate::KeptInside]);
    assert!(stopped.stopped.is_some());
    assert!(again.stopped.is_none());
    assert_eq!(ids(&bus.taken()), ids_of(&rows[1..]));
}

#[tokio::test]
async fn a_bus_that_leaves_events_out_of_its_answer_has_not_taken_them() {
    struct Forgetful;

    impl EventBus for Forgetful {
        async fn publish_events(&self, _: &[EventEnvelope]) -> Result<Vec<Receipt>, Unavailable> {
            Ok(vec![Receipt::Taken])
        }
    }

    let env = OnBus {
        world: World::new(),
        bus: Forgetful,
    };
    let progress = PublishRows { env }.run(&expiries(2)).await;

    assert_eq!(progress.fates, [Fate::Published]);
    assert!(progress.stopped.is_some());
}
