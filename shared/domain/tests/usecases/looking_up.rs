//! Looking up at its source whose a device is: what is kept, when the source is asked again, and who is left alone.

use beckon_domain::model::device_event::{DeviceEvent, DeviceEventState};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::outgoing_call::{NoAnswer, OutgoingAnswer};
use beckon_domain::model::settings::device_sources::{
    Authentication, DeviceSource, SourceApi, SourceKind,
};
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::devices::Devices as _;
use beckon_domain::usecases::assign_device::AssignDevice;
use beckon_domain::usecases::carry_device_event::{CarriedEvent, CarryDeviceEvent};
use beckon_domain::usecases::manage_device_sources::ManageDeviceSources;
use beckon_domain::usecases::poll_source::PollSource;
use beckon_domain::values::ids::{DeviceId, EventId};
use beckon_domain::values::service_url::ServiceUrl;
use beckon_domain::values::source_name::SourceName;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, an_administrator, settings};
use jiff::SignedDuration;
use serde_json::{Value, json};
use ulid::Ulid;

use crate::reports::{confirmations, invited_in};

const ADDRESS: &str = "https://fleet.example.com";

fn name() -> SourceName {
    SourceName::parse("fleet").unwrap()
}

fn world() -> World {
    let mut settings = settings().confirming_everyone().build();
    settings.device_sources = vec![DeviceSource {
        name: name(),
        kind: SourceKind::Fleet,
        authentication: Authentication::Query {
            parameter: "token".to_owned(),
        },
        mapping: None,
        api: Some(SourceApi {
            address: ServiceUrl::parse(ADDRESS).unwrap(),
            tenant: None,
            client_id: None,
            space: None,
        }),
    }];
    let world = World::under(&settings);
    world.keys.give_credentials(&name(), ADDRESS, "the-secret");
    world
}

/// A message of Fleet about a device that enrolled now.
async fn tell(world: &World, serial: &str) -> EventId {
    let now = world.clock.now();
    let body = json!({
        "type": "mdm_enrolled", "timestamp": now.to_string(),
        "details": { "host_serial": serial, "host_display_name": "Mac", "platform": "darwin" },
    });
    let millis = u64::try_from(now.as_millisecond()).unwrap();
    let random = serial.bytes().map(u128::from).sum();
    let id = EventId::new(Ulid::from_parts(millis, random));
    let event = DeviceEvent::received(id, name(), body.to_string().into_bytes(), now);
    world.store.save_device_event(&event).await.unwrap();
    id
}

async fn carried(world: &World, event: EventId) -> CarriedEvent {
    CarryDeviceEvent { env: world }.run(event).await.unwrap()
}

async fn row(world: &World, event: EventId) -> DeviceEvent {
    let row = world.store.load_device_event(event).await;
    row.unwrap().unwrap()
}

fn device(serial: &str) -> DeviceId {
    DeviceId::parse(&format!("fleet:{serial}")).unwrap()
}

fn answered(status: u16, body: &Value) -> OutgoingAnswer {
    OutgoingAnswer {
        status,
        body: body.to_string().into_bytes(),
        ..OutgoingAnswer::default()
    }
}

/// Fleet says that every device is this person's.
fn names(world: &World, user: &User) {
    let email = user.email.as_str().to_owned();
    world.outgoing.answer(move |call| {
        let (_, behind) = call.url.as_str().split_once("/identifier/").unwrap();
        let (serial, _) = behind.split_once('?').unwrap();
        let users = json!([{ "idp_username": email }]);
        let host = json!({ "hardware_serial": serial, "end_users": users });
        Ok(answered(200, &json!({ "host": host })))
    });
}

fn answers(world: &World, answer: OutgoingAnswer) {
    world.outgoing.answer(move |_| Ok(answer.clone()));
}

#[tokio::test]
async fn a_device_whose_message_names_nobody_is_looked_up_and_completes_the_invitation_once() {
    let world = world();
    let user = invited_in(&world).await;
    names(&world, &user);

    let event = tell(&world, "S1").await;
    assert_eq!(carried(&world, event).await, CarriedEvent::Settled);
    assert_eq!(carried(&world, event).await, CarriedEvent::Nothing);

    assert_eq!(row(&world, event).await.outcome.unwrap(), "recorded");
    assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
    assert_eq!(confirmations(&world, &user), 1);
    assert_eq!(world.outgoing.calls().len(), 1);
    let poll = world.store.load_source_poll(&name()).await.unwrap();
    assert!(poll.unwrap().last_success_at.is_some());
}

#[tokio::test]
async fn a_message_waits_while_its_source_fails_and_completes_the_invitation_when_it_answers() {
    let throttled = OutgoingAnswer {
        retry_after: Some("1200".to_owned()),
        ..answered(429, &json!({}))
    };
    let late: Result<OutgoingAnswer, NoAnswer> = Err(NoAnswer::TooLate);
    let odd = answered(200, &json!({ "hosts": [] }));
    for (fault, minutes, said, code) in [
        (Ok(throttled), 20, "429", "tooMany"),
        (Ok(answered(500, &json!({}))), 5, "500", "status"),
        (Ok(answered(401, &json!({}))), 5, "401", "unauthorised"),
        (Ok(odd), 5, "no device", "notUnderstood"),
        (late, 5, "in time", "tooLate"),
    ] {
        let world = world();
        let user = invited_in(&world).await;
        world.outgoing.answer(move |_| fault.clone());

        let event = tell(&world, "S1").await;
        assert_eq!(carried(&world, event).await, CarriedEvent::Waits, "{said}");

        // The stream tells of the row that was written, and nothing is asked for that.
        assert_eq!(carried(&world, event).await, CarriedEvent::Nothing);
        assert_eq!(world.outgoing.calls().len(), 1, "{said}");
        let waiting = row(&world, event).await;
        assert_eq!(waiting.state, DeviceEventState::Waiting);
        let pause = waiting.due_at.duration_since(world.clock.now());
        assert_eq!(pause, SignedDuration::from_mins(minutes), "{said}");
        assert!(waiting.outcome.unwrap().contains(said), "{said}");
        let poll = world
            .store
            .load_source_poll(&name())
            .await
            .unwrap()
            .unwrap();
        assert!(poll.last_error.unwrap().contains(said), "{said}");
        assert_eq!(poll.last_failure.unwrap().code, code, "{said}");
        // Meanwhile it stands among the devices that belong to nobody.
        let known = world.store.load_reported_device(&device("S1")).await;
        assert!(known.unwrap().unwrap().is_unassigned(), "{said}");

        names(&world, &user);
        world.wait(SignedDuration::from_mins(minutes));
        let found = CarryDeviceEvent { env: &world }.left_behind(10).await;
        assert_eq!(found.unwrap().settled, 1, "{said}");
        let state = world.invitation_of(&user).state;
        assert_eq!(state, InvitationState::Completed, "{said}");
        let poll = world.store.load_source_poll(&name()).await.unwrap();
        let poll = poll.unwrap();
        assert_eq!((poll.last_error, poll.last_failure), (None, None), "{said}");
    }
}

#[tokio::test]
async fn a_source_that_fails_is_asked_once_for_all_messages_and_one_odd_device_holds_up_no_other() {
    let world = world();
    let user = invited_in(&world).await;
    answers(&world, answered(503, &json!({})));
    let events = [tell(&world, "S1").await, tell(&world, "S2").await];
    for event in events {
        assert_eq!(carried(&world, event).await, CarriedEvent::Waits);
    }
    assert_eq!(world.outgoing.calls().len(), 1);

    // Of one device Fleet says what nobody can use.
    names(&world, &user);
    world.wait(SignedDuration::from_mins(5));
    answers(&world, answered(200, &json!({})));
    assert_eq!(carried(&world, events[0]).await, CarriedEvent::Waits);
    names(&world, &user);
    assert_eq!(carried(&world, events[1]).await, CarriedEvent::Settled);
}

#[tokio::test]
async fn a_device_that_the_source_does_not_know_is_settled_and_stays_with_nobody() {
    let world = world();
    invited_in(&world).await;
    answers(&world, answered(404, &json!({})));

    let event = tell(&world, "S1").await;

    assert_eq!(carried(&world, event).await, CarriedEvent::Settled);
    assert_eq!(row(&world, event).await.outcome.unwrap(), "unassigned");
}

#[tokio::test]
async fn a_message_that_waited_for_three_days_fails_with_its_reason_and_can_be_replayed() {
    let world = world();
    let user = invited_in(&world).await;
    answers(&world, answered(403, &json!({})));
    let event = tell(&world, "S1").await;
    assert_eq!(carried(&world, event).await, CarriedEvent::Waits);

    world.wait(SignedDuration::from_hours(72));
    assert_eq!(carried(&world, event).await, CarriedEvent::Failed);

    let failed = row(&world, event).await;
    assert_eq!(failed.failure.as_deref(), Some("lookUpFailed"));
    assert!(failed.outcome.unwrap().contains("permission"));
    names(&world, &user);
    let manage = ManageDeviceSources { env: &world };
    manage.set_credentials(&name(), "another").await.unwrap();
    manage.replay(event).await.unwrap();
    assert_eq!(carried(&world, event).await, CarriedEvent::Settled);
    let devices = world.store.all_registrations();
    assert_eq!(devices.len(), 1);
}

#[tokio::test]
async fn credentials_go_to_the_address_alone_that_they_were_given_for() {
    let world = world();
    invited_in(&world).await;
    let elsewhere = "https://fleet.example.org";
    world
        .keys
        .give_credentials(&name(), elsewhere, "the-secret");

    let event = tell(&world, "S1").await;

    assert_eq!(carried(&world, event).await, CarriedEvent::Waits);
    assert_eq!(world.outgoing.calls(), []);
    let why = row(&world, event).await.outcome.unwrap();
    assert!(why.contains("no credentials"), "{why}");
}

#[tokio::test]
async fn whom_an_administrator_assigned_meanwhile_keeps_the_device() {
    let world = world();
    let user = invited_in(&world).await;
    let ben = world.with(a_user().at("ben@example.com"));
    answers(&world, answered(500, &json!({})));
    let event = tell(&world, "S1").await;
    assert_eq!(carried(&world, event).await, CarriedEvent::Waits);
    let assign = AssignDevice { env: &world };
    let given = assign.run(&device("S1"), ben.id, &an_administrator()).await;
    given.unwrap();

    names(&world, &user);
    world.wait(SignedDuration::from_mins(5));
    assert_eq!(carried(&world, event).await, CarriedEvent::Settled);

    assert_eq!(world.outgoing.calls().len(), 1, "nothing is left to ask");
    let whose: Vec<_> = world.store.all_registrations();
    let whose: Vec<_> = whose.iter().map(|one| one.user).collect();
    assert_eq!(whose, [ben.id]);
}

#[tokio::test]
async fn a_source_that_is_asked_for_people_alone_is_not_asked_for_its_list() {
    let world = world();

    let due = PollSource { env: &world }.due().await.unwrap();

    assert_eq!((due.due, due.silent_for), (vec![], None));
}
