//! Asking device managements that tell of nothing: pages, failures, credentials, and what becomes of what was read.

use beckon_domain::model::device_event::DeviceEventState;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::outgoing_call::{NoAnswer, OutgoingAnswer, OutgoingCall};
use beckon_domain::model::polling::SourcePoll;
use beckon_domain::model::settings::device_sources::{
    Authentication, DeviceSource, SourceApi, SourceKind,
};
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::devices::Devices as _;
use beckon_domain::rules::polling::PollFailed;
use beckon_domain::usecases::carry_device_event::CarryDeviceEvent;
use beckon_domain::usecases::manage_device_sources::{ManageDeviceSources, ManageRefused};
use beckon_domain::usecases::poll_source::{PollSource, Polled};
use beckon_domain::values::service_url::ServiceUrl;
use beckon_domain::values::source_name::SourceName;
use beckon_testkit::World;
use beckon_testkit::builders::{a_user, settings};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::reports::confirmations;

const ADDRESS: &str = "https://mdm.example.com";

fn name() -> SourceName {
    SourceName::parse("asked").unwrap()
}

fn source(kind: SourceKind, address: &str) -> DeviceSource {
    DeviceSource {
        name: name(),
        kind,
        authentication: Authentication::Nothing,
        mapping: None,
        api: Some(SourceApi {
            address: ServiceUrl::parse(address).unwrap(),
            tenant: Some("contoso.example".to_owned()),
            client_id: Some("client".to_owned()),
            space: None,
        }),
    }
}

fn world_asking(kind: SourceKind) -> World {
    let mut settings = settings().confirming_everyone().build();
    settings.device_sources = vec![source(kind, ADDRESS)];
    let world = World::under(&settings);
    world.keys.give_credentials(&name(), ADDRESS, "api:secret");
    world
}

fn device(number: usize, email: &str, at: Timestamp) -> Value {
    json!({
        "device_id": format!("device-{number}"),
        "platform": "Mac",
        "user": { "email": email },
        "last_enrollment": at.to_string(),
    })
}

/// Kandji, listing these devices, two at a time.
fn lists(world: &World, devices: Vec<Value>) {
    world.outgoing.answer(move |call| Ok(page(&devices, call)));
}

fn page(devices: &[Value], call: &OutgoingCall) -> OutgoingAnswer {
    let offset = call.url.as_str().split("offset=").nth(1).unwrap();
    let rows: Vec<&Value> = devices
        .iter()
        .skip(offset.parse().unwrap())
        .take(2)
        .collect();
    answered(200, &json!(rows))
}

fn answered(status: u16, body: &Value) -> OutgoingAnswer {
    OutgoingAnswer {
        status,
        body: body.to_string().into_bytes(),
        ..OutgoingAnswer::default()
    }
}

async fn round(world: &World) -> Polled {
    PollSource { env: world }.run(&name()).await.unwrap()
}

async fn row(world: &World) -> SourcePoll {
    world
        .store
        .load_source_poll(&name())
        .await
        .unwrap()
        .unwrap()
}

async fn carry_everything(world: &World) {
    for event in world.store.all_device_events() {
        CarryDeviceEvent { env: world }.run(event.id).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_enrols_at_a_system_that_is_asked_completes_the_invitation_once() {
    let world = world_asking(SourceKind::Kandji);
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.wait(SignedDuration::from_mins(20));
    let at = world.clock.now();
    let email = user.email.as_str();
    lists(
        &world,
        vec![device(1, email, at), device(2, "nobody@example.com", at)],
    );

    let first = round(&world).await;
    carry_everything(&world).await;
    world.wait(SignedDuration::from_mins(5));
    let second = round(&world).await;
    carry_everything(&world).await;

    let read = |kept| Polled::Read {
        kept,
        to_the_end: true,
    };
    assert_eq!((first, second), (read(2), read(0)));
    assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
    assert_eq!(confirmations(&world, &user), 1);
    assert_eq!(world.store.all_device_events().len(), 2);
    let nobodys = world.store.all_reported_devices();
    assert_eq!(
        nobodys
            .iter()
            .filter(|device| device.is_unassigned())
            .count(),
        1
    );
}

#[tokio::test]
async fn a_round_that_is_killed_between_page_and_cursor_loses_nothing_and_keeps_nothing_twice() {
    let world = world_asking(SourceKind::Kandji);
    let at = world.clock.now();
    let devices: Vec<Value> = (0..9).map(|n| device(n, "ada@example.com", at)).collect();
    lists(&world, devices);

    // Whatever it was at when the table was out of reach, the next round that may begin goes on.
    let mut rounds = 0;
    for after in 0.. {
        world.store.go_down_after(after);
        let ended = PollSource { env: &world }.run(&name()).await;
        world.store.come_back();
        rounds += 1;
        world.wait(SignedDuration::from_mins(6));
        if matches!(
            ended,
            Ok(Polled::Read {
                to_the_end: true,
                ..
            })
        ) {
            break;
        }
    }

    assert!(rounds > 3);
    assert_eq!(world.store.all_device_events().len(), 9);
    let states = world.store.all_device_events();
    assert!(
        states
            .iter()
            .all(|event| event.state == DeviceEventState::Waiting)
    );
}

#[tokio::test]
async fn a_system_that_is_throttled_is_asked_again_when_it_says_and_the_walk_goes_on() {
    let world = world_asking(SourceKind::Kandji);
    let at = world.clock.now();
    let devices: Vec<Value> = (0..6).map(|n| device(n, "ada@example.com", at)).collect();
    let mut asked = 0;
    let listed = devices.clone();
    world.outgoing.answer(move |call| {
        asked += 1;
        if asked == 3 {
            return Ok(OutgoingAnswer {
                retry_after: Some("1800".to_owned()),
                ..answered(429, &json!({}))
            });
        }
        Ok(page(&listed, call))
    });

    let first = round(&world).await;
    let throttled = row(&world).await;
    let too_early = round(&world).await;
    world.wait(SignedDuration::from_mins(30));
    let later = round(&world).await;

    assert_eq!(first, Polled::Failed(PollFailed::TooMany));
    assert_eq!(throttled.due_at, at + SignedDuration::from_mins(30));
    assert!(throttled.walk.is_some_and(|walk| walk.pages == 2));
    assert!(throttled.last_error.is_some_and(|why| why.contains("429")));
    assert_eq!(too_early, Polled::Nothing);
    assert!(
        matches!(
            later,
            Polled::Read {
                to_the_end: true,
                ..
            }
        ),
        "{later:?}"
    );
    assert_eq!(world.store.all_device_events().len(), 6);
    assert_eq!(row(&world).await.last_error, None);
}

#[tokio::test]
async fn two_rounds_at_once_are_one() {
    let world = world_asking(SourceKind::Kandji);
    let at = world.clock.now();
    lists(&world, vec![device(1, "ada@example.com", at)]);

    let (poll, name) = (PollSource { env: &world }, name());
    let (one, other) = tokio::join!(poll.run(&name), poll.run(&name));

    let ended = [one.unwrap(), other.unwrap()];
    assert_eq!(
        ended.iter().filter(|end| **end == Polled::Nothing).count(),
        1
    );
    assert_eq!(world.store.all_device_events().len(), 1);
}

#[tokio::test]
async fn credentials_are_shown_to_the_address_alone_that_they_were_given_for() {
    let world = world_asking(SourceKind::Kandji);
    lists(&world, Vec::new());
    round(&world).await;
    let asked = world.outgoing.calls().len();
    let mut moved = world.store.settings().settings;
    moved.device_sources = vec![source(SourceKind::Kandji, "https://evil.example.com")];
    world.store.put_settings(&moved);
    world.wait(SignedDuration::from_mins(6));

    let elsewhere = round(&world).await;
    let manage = ManageDeviceSources { env: &world };
    manage.forget_unused().await.unwrap();
    let report = manage.list().await.unwrap();

    assert_eq!(elsewhere, Polled::Failed(PollFailed::NoCredentials));
    assert_eq!(world.outgoing.calls().len(), asked);
    assert_eq!(report[0].credentials_since, None);
    let gone = manage.remove_credentials(&name()).await;
    assert!(matches!(gone, Err(ManageRefused::UnknownId)));
    // Set anew, they are used at once, though the last round failed.
    manage.set_credentials(&name(), "another").await.unwrap();
    assert!(matches!(round(&world).await, Polled::Read { .. }));
    let last = world.outgoing.calls().pop().unwrap();
    assert!(last.url.as_str().starts_with("https://evil.example.com/"));
    assert_eq!(last.headers[0].1, "Bearer another");
}

#[tokio::test]
async fn credentials_of_a_form_that_cannot_be_right_are_refused() {
    let world = world_asking(SourceKind::IvantiEpmm);
    let manage = ManageDeviceSources { env: &world };

    for text in ["", " api:secret", "api:se\ncret", "no colon"] {
        let set = manage.set_credentials(&name(), text).await;
        assert!(matches!(set, Err(ManageRefused::Invalid(_))), "{text:?}");
    }
    let other = SourceName::parse("other").unwrap();
    let unknown = manage.set_credentials(&other, "api:secret").await;
    assert!(matches!(unknown, Err(ManageRefused::UnknownSource)));
    let secret = manage.add_secret(&name(), None).await;
    assert!(matches!(secret, Err(ManageRefused::NoSecret)));
}

#[tokio::test]
async fn a_token_that_ran_out_during_a_round_is_replaced_once() {
    let world = world_asking(SourceKind::Intune);
    let at = world.clock.now();
    let mut tokens = 0;
    world.outgoing.answer(move |call| {
        let url = call.url.as_str();
        if url.ends_with("/token") {
            tokens += 1;
            return Ok(answered(
                200,
                &json!({ "access_token": format!("t{tokens}") }),
            ));
        }
        let shown = &call.headers[0].1;
        if url.contains("skiptoken") && shown == "Bearer t1" {
            return Ok(answered(401, &json!({})));
        }
        let row = |id: &str| json!({ "id": id, "enrolledDateTime": at.to_string() });
        Ok(if url.contains("skiptoken") {
            answered(200, &json!({ "value": [row("2")] }))
        } else {
            let next = format!("{ADDRESS}/v1.0/next?$skiptoken=x");
            answered(
                200,
                &json!({ "value": [row("1")], "@odata.nextLink": next }),
            )
        })
    });

    let ended = round(&world).await;

    let all = Polled::Read {
        kept: 2,
        to_the_end: true,
    };
    assert_eq!(ended, all);
    assert_eq!(world.outgoing.calls().len(), 5);
}

#[tokio::test]
async fn a_system_that_does_not_answer_is_told_of_and_asked_less_and_less_often() {
    let world = world_asking(SourceKind::Kandji);
    world.outgoing.answer(|_| Err(NoAnswer::TooLate));

    let mut pauses = Vec::new();
    for _ in 0..5 {
        let before = world.clock.now();
        assert!(matches!(round(&world).await, Polled::Failed(_)));
        let row = row(&world).await;
        assert_eq!(row.last_failure.unwrap().code, "tooLate");
        let pause = row.due_at.duration_since(before);
        pauses.push(pause.as_mins());
        world.wait(pause);
    }

    assert_eq!(pauses, [5, 10, 20, 40, 60]);
    let due = PollSource { env: &world }.due().await.unwrap();
    assert_eq!(due.due, [name()]);
    assert_eq!(due.silent_for, Some(SignedDuration::from_mins(135)));
}

#[tokio::test]
async fn a_source_that_is_not_asked_or_is_gone_costs_nothing() {
    let world = World::new();
    let before = world.store.calls();

    let due = PollSource { env: &world }.due().await.unwrap();

    assert_eq!((due.due.len(), due.silent_for), (0, None));
    assert_eq!(round(&world).await, Polled::Nothing);
    assert_eq!(world.outgoing.calls().len(), 0);
    // The settings, once each.
    assert_eq!(world.store.calls() - before, 2);
}

#[tokio::test]
async fn another_mapping_has_the_whole_list_read_again() {
    let world = world_asking(SourceKind::Kandji);
    let at = world.clock.now();
    lists(&world, vec![device(1, "ada@example.com", at)]);
    round(&world).await;
    world.wait(SignedDuration::from_hours(48));
    let mut settings = world.store.settings().settings;
    let mut changed = source(SourceKind::Kandji, ADDRESS);
    let mut mapping = beckon_domain::rules::polling::mapping_of(&changed);
    mapping.device.serial = None;
    changed.mapping = Some(mapping);
    settings.device_sources = vec![changed];
    world.store.put_settings(&settings);

    let again = round(&world).await;

    assert!(matches!(again, Polled::Read { kept: 1, .. }), "{again:?}");
}
