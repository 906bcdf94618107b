//! Messages of device managements: kept, carried on, and what becomes of the devices that they tell of.

use std::num::NonZeroU32;

use beckon_domain::model::actor::Actor;
use beckon_domain::model::change::Identifier;
use beckon_domain::model::device_event::{DeviceEventState, MAX_BODY_BYTES, STREAM_HAS};
use beckon_domain::model::history::{HistoryEntry, HistoryEvent};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::registration::{RegistrationFlag, WhyNotCompleted};
use beckon_domain::model::settings::device_sources::{Authentication, DeviceSource, SourceKind};
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::rules::sender_proof::{Identity, KeysUnreachable, Shown};
use beckon_domain::usecases::assign_device::{AssignDevice, AssignRefused};
use beckon_domain::usecases::carry_device_event::{CarriedEvent, CarryDeviceEvent};
use beckon_domain::usecases::delete_user::DeleteUser;
use beckon_domain::usecases::manage_device_sources::{ManageDeviceSources, ManageRefused};
use beckon_domain::usecases::receive_device_event::{ReceiveDeviceEvent, ReceiveRefused};
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{DeviceId, EventId};
use beckon_domain::values::source_name::SourceName;
use beckon_testkit::builders::{a_user, an_administrator, settings};
use beckon_testkit::{Call, World};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::jobs::meanwhile;
use crate::reports::{confirmations, invited_in};

const SECRET: &str = "a secret of sixteen";

struct Message {
    secret: &'static str,
    compressed: bool,
    body: Vec<u8>,
}

impl Shown for Message {
    fn header(&self, name: &str) -> Option<&str> {
        (name == "x-secret").then_some(self.secret)
    }

    fn parameter(&self, _: &str) -> Option<&str> {
        None
    }

    async fn identity(&self, _: &str) -> Result<Option<Identity>, KeysUnreachable> {
        Ok(None)
    }

    fn is_compressed(&self) -> bool {
        self.compressed
    }

    fn body(&self) -> &[u8] {
        &self.body
    }
}

fn name() -> SourceName {
    SourceName::parse("mdm").unwrap()
}

fn source(id: &str) -> DeviceSource {
    let mapping = json!({
        "rules": [
            { "says": "enrolled", "when": [{ "of": "/says", "in": ["enrolled"] }] },
            { "says": "unenrolled", "when": [{ "of": "/says", "in": ["left"] }] },
            { "says": "facts", "when": [{ "of": "/says", "in": ["facts"] }] },
        ],
        "person": { "email": { "from": ["/email"] } },
        "device": { "id": { "from": [id] }, "supervised": { "from": ["/supervised"] } },
        "time": { "from": ["/at"] },
    });
    DeviceSource {
        name: name(),
        kind: SourceKind::Generic,
        authentication: Authentication::Header {
            header: "x-secret".to_owned(),
        },
        mapping: Some(serde_json::from_value(mapping).unwrap()),
        api: None,
    }
}

fn world() -> World {
    let mut settings = settings().confirming_everyone().build();
    settings.device_sources = vec![source("/id")];
    let world = World::under(&settings);
    world.keys.give_sender(&name(), SECRET);
    world
}

fn message(body: &Value) -> Message {
    Message {
        secret: SECRET,
        compressed: false,
        body: body.to_string().into_bytes(),
    }
}

fn enrolled(world: &World, email: &str) -> Value {
    json!({ "says": "enrolled", "id": "1", "email": email, "at": world.clock.now().to_string() })
}

async fn received(world: &World, body: &Value) -> EventId {
    let receive = ReceiveDeviceEvent { env: world };
    receive.run("mdm", &message(body)).await.unwrap()
}

async fn carried(world: &World, body: &Value) -> CarriedEvent {
    let event = received(world, body).await;
    CarryDeviceEvent { env: world }.run(event).await.unwrap()
}

fn device() -> DeviceId {
    DeviceId::parse("mdm:1").unwrap()
}

#[tokio::test]
async fn wherever_it_is_cut_short_a_message_takes_effect_once() {
    let mut lengths = 0;
    for lost in [false, true] {
        for calls in 0..30 {
            let world = world();
            let user = invited_in(&world).await;
            let event = received(&world, &enrolled(&world, user.email.as_str())).await;
            let before = world.store.calls();
            let carry = CarryDeviceEvent { env: &world };

            if lost {
                world.store.plan(calls, beckon_testkit::Fault::LoseAnswer);
            } else {
                world.store.go_down_after(calls);
            }
            let first = carry.run(event).await;
            lengths = lengths.max(world.store.calls() - before);
            world.store.come_back();
            world.wait(STREAM_HAS);
            carry.left_behind(10).await.unwrap();
            // And the stream hands it over once more.
            let again = carry.run(event).await.unwrap();

            assert_eq!(again, CarriedEvent::Nothing, "{calls}, {lost}: {first:?}");
            let state = world.invitation_of(&user).state;
            assert_eq!(state, InvitationState::Completed, "{calls}, {lost}");
            assert_eq!(confirmations(&world, &user), 1, "{calls}, {lost}");
            assert_eq!(world.store.all_registrations().len(), 1, "{calls}, {lost}");
            let device = world.store.all_reported_devices().pop().unwrap();
            assert_eq!(device.user, Some(user.id), "{calls}, {lost}");
        }
    }
    assert!((8..30).contains(&lengths), "{lengths} calls");
}

#[tokio::test]
async fn nothing_of_a_stranger_is_kept() {
    let world = world();
    let body = enrolled(&world, "ada@example.com");
    let receive = ReceiveDeviceEvent { env: &world };
    let guessed = Message {
        secret: "a guess",
        ..message(&body)
    };
    let huge = Message {
        body: vec![b'x'; MAX_BODY_BYTES + 1],
        ..message(&body)
    };
    let compressed = Message {
        compressed: true,
        ..message(&body)
    };

    let wrong = receive.run("mdm", &guessed).await;
    assert!(matches!(wrong, Err(ReceiveRefused::Unproven)));
    let unknown = receive.run("other", &message(&body)).await;
    assert!(matches!(unknown, Err(ReceiveRefused::Unproven)));
    let nameless = receive.run("No Name", &message(&body)).await;
    assert!(matches!(nameless, Err(ReceiveRefused::Unproven)));
    let large = receive.run("mdm", &huge).await;
    assert!(matches!(large, Err(ReceiveRefused::TooLarge)));
    let packed = receive.run("mdm", &compressed).await;
    assert!(matches!(packed, Err(ReceiveRefused::Compressed)));
    assert_eq!(world.store.all_device_events(), []);
}

#[tokio::test]
async fn a_message_whose_source_was_removed_meanwhile_is_kept_and_replayed() {
    let world = world();
    let user = invited_in(&world).await;
    let event = received(&world, &enrolled(&world, user.email.as_str())).await;
    let with_sources = world.store.settings().settings;
    let mut without = with_sources.clone();
    without.device_sources.clear();
    world.store.put_settings(&without);
    let carry = CarryDeviceEvent { env: &world };
    let manage = ManageDeviceSources { env: &world };

    assert_eq!(carry.run(event).await.unwrap(), CarriedEvent::Failed);
    let failed = manage.failed(None, 10).await.unwrap().items;
    assert!(
        failed[0]
            .outcome
            .as_ref()
            .unwrap()
            .contains("no longer in the settings")
    );
    world.store.put_settings(&with_sources);
    manage.replay(event).await.unwrap();
    assert_eq!(carry.run(event).await.unwrap(), CarriedEvent::Settled);

    assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
    let again = manage.replay(event).await;
    assert!(matches!(again, Err(ManageRefused::UnknownId)));
    let states = world.store.all_device_events().into_iter();
    let states: Vec<_> = states.map(|event| event.state).collect();
    assert_eq!(states, [DeviceEventState::Settled]);
}

#[tokio::test]
async fn facts_that_come_later_find_the_person_and_decide_again() {
    let world = world();
    let user = invited_in(&world).await;
    carried(&world, &enrolled(&world, user.email.as_str())).await;
    let facts = json!({ "says": "facts", "id": "1", "supervised": true, "at": world.clock.now().to_string() });

    for _ in 0..2 {
        carried(&world, &facts).await;
    }

    let registration = world.store.all_registrations().pop().unwrap();
    assert_eq!(registration.device.supervised, Some(true));
    assert_eq!(confirmations(&world, &user), 1);
}

#[tokio::test]
async fn a_device_of_nobody_is_assigned_once_and_not_taken_from_who_has_it() {
    let world = world();
    let (user, other) = (invited_in(&world).await, world.with(a_user()));
    carried(&world, &enrolled(&world, "nobody@example.com")).await;
    let assign = AssignDevice { env: &world };

    let listed = assign.unassigned(None, 10).await.unwrap().items;
    assert_eq!(listed.len(), 1);
    for _ in 0..2 {
        let reported = assign
            .run(&device(), user.id, &an_administrator())
            .await
            .unwrap();
        assert!(reported.issue.is_some());
    }

    let taken = assign.run(&device(), other.id, &an_administrator()).await;
    assert!(matches!(taken, Err(AssignRefused::Taken { user: own }) if own == user.id));
    assert_eq!(assign.unassigned(None, 10).await.unwrap().items.len(), 0);
    assert_eq!(confirmations(&world, &user), 1);
    let unknown = DeviceId::parse("mdm:2").unwrap();
    let unknown = assign.run(&unknown, user.id, &an_administrator()).await;
    assert!(matches!(unknown, Err(AssignRefused::UnknownDevice)));
}

#[tokio::test]
async fn of_two_who_assign_a_device_at_once_one_is_told_that_another_has_it() {
    let world = world();
    let (user, other) = (invited_in(&world).await, world.with(a_user()));
    carried(&world, &enrolled(&world, "nobody@example.com")).await;
    let second = world.clone();
    world.store.before_next(Call::SaveUsers, move |_| {
        let assign = AssignDevice { env: &second };
        meanwhile(assign.run(&device(), other.id, &an_administrator())).unwrap();
    });

    let first = AssignDevice { env: &world }
        .run(&device(), user.id, &an_administrator())
        .await;

    assert!(matches!(first, Err(AssignRefused::Taken { user: own }) if own == other.id));
    let registered = world.store.all_registrations().into_iter();
    let whose: Vec<_> = registered.map(|one| one.user).collect();
    assert_eq!(whose, [other.id]);
}

#[tokio::test]
async fn a_device_that_is_assigned_while_its_person_is_found_has_one_registration() {
    let world = world();
    let user = invited_in(&world).await;
    carried(&world, &enrolled(&world, "later@example.com")).await;
    let named = world.with(a_user().at("later@example.com"));
    let identifiers = Identifier::all_of(&named);
    let second = world.clone();
    world.store.before_next(Call::SaveUsers, move |_| {
        let assign = AssignDevice { env: &second };
        meanwhile(assign.run(&device(), user.id, &an_administrator())).unwrap();
    });

    let assign = AssignDevice { env: &world };
    assign.adopt(&identifiers).await.unwrap();

    let registered = world.store.all_registrations().into_iter();
    let whose: Vec<_> = registered.map(|one| one.user).collect();
    assert_eq!(whose, [user.id]);
}

/// An address goes from one person to another, as a name does that two people share.
fn handed_on(world: &World, from: &User) -> User {
    let former = from.email.clone();
    world.store.change_user(from.id, |user| {
        user.email = EmailAddress::parse("elsewhere@example.com").unwrap();
    });
    world.with(a_user().at(former.as_str()))
}

#[tokio::test]
async fn a_device_stays_with_its_person_though_another_has_their_address_now() {
    let world = world();
    let user = invited_in(&world).await;
    carried(&world, &enrolled(&world, user.email.as_str())).await;
    let other = handed_on(&world, &user);
    let facts = json!({ "says": "facts", "id": "1", "supervised": true, "at": world.clock.now().to_string() });

    carried(&world, &facts).await;
    let assign = AssignDevice { env: &world };
    let again = assign.run(&device(), user.id, &an_administrator()).await;

    assert_eq!(again.unwrap().user, user.id);
    let refused = assign.run(&device(), other.id, &an_administrator()).await;
    assert!(matches!(refused, Err(AssignRefused::Taken { user: own }) if own == user.id));
    let registrations = world.store.all_registrations();
    assert_eq!(registrations.len(), 1);
    assert_eq!(registrations[0].user, user.id);
    assert_eq!(registrations[0].device.supervised, Some(true));
}

#[tokio::test]
async fn a_device_that_enrols_anew_is_whose_it_says_by_the_address_of_today() {
    let world = world();
    let user = invited_in(&world).await;
    carried(&world, &enrolled(&world, user.email.as_str())).await;
    let other = handed_on(&world, &user);
    world.wait(SignedDuration::from_hours(1));

    carried(&world, &enrolled(&world, other.email.as_str())).await;

    let device = world.store.all_reported_devices().pop().unwrap();
    assert_eq!(device.user, Some(other.id));
}

#[tokio::test]
async fn a_device_whose_person_is_gone_is_whose_address_it_names() {
    let world = world();
    let user = invited_in(&world).await;
    carried(&world, &enrolled(&world, "nobody@example.com")).await;
    let assign = AssignDevice { env: &world };
    assign
        .run(&device(), user.id, &an_administrator())
        .await
        .unwrap();
    // A message that is under way while its person is deleted leaves a device of nobody behind.
    world.store.remove_user(user.id);
    let named = world.with(a_user().at("nobody@example.com"));
    let facts = json!({ "says": "facts", "id": "1", "supervised": true, "at": world.clock.now().to_string() });

    carried(&world, &facts).await;

    let device = world.store.all_reported_devices().pop().unwrap();
    assert_eq!(device.user, Some(named.id));
}

#[tokio::test]
async fn a_device_whose_person_is_gone_can_be_assigned() {
    let world = world();
    let user = invited_in(&world).await;
    carried(&world, &enrolled(&world, user.email.as_str())).await;
    world.store.remove_user(user.id);
    let other = world.with(a_user());

    let assign = AssignDevice { env: &world };
    let assigned = assign
        .run(&device(), other.id, &an_administrator())
        .await
        .unwrap();

    assert_eq!(assigned.user, other.id);
    let device = world.store.all_reported_devices().pop().unwrap();
    assert_eq!(device.user, Some(other.id));
}

#[tokio::test]
async fn the_history_of_an_assigned_device_names_the_administrator_and_what_follows_its_source() {
    let world = world();
    let user = invited_in(&world).await;
    carried(&world, &enrolled(&world, "nobody@example.com")).await;
    let assign = AssignDevice { env: &world };
    let who = an_administrator();
    assign.run(&device(), user.id, &who).await.unwrap();
    let facts = json!({ "says": "facts", "id": "1", "supervised": true, "at": world.clock.now().to_string() });
    carried(&world, &facts).await;

    let history = world.store.history(user.id);
    let by = |is: fn(&HistoryEvent) -> bool| {
        let row = history.iter().find(|row| is(&row.what)).unwrap();
        row.who.clone()
    };
    let registered = by(|what| matches!(what, HistoryEvent::RegistrationConfirmed { .. }));
    let completed = by(|what| matches!(what, HistoryEvent::InvitationCompleted { .. }));
    let again = by(|what| matches!(what, HistoryEvent::OwnershipDecidedAgain { .. }));
    assert_eq!((registered, completed), (who.clone(), who));
    assert_eq!(again, Actor::DeviceManagement);
}

#[tokio::test]
async fn the_device_of_somebody_who_is_disabled_is_recorded_and_flagged_and_nothing_is_mailed() {
    let world = world();
    let user = invited_in(&world).await;
    world
        .store
        .change_user(user.id, |user| user.enabled = false);

    carried(&world, &enrolled(&world, user.email.as_str())).await;

    let registration = world.store.all_registrations().pop().unwrap();
    assert_eq!(registration.flags, [RegistrationFlag::UserDisabled]);
    let why = registration.not_completed.map(|left| left.why);
    assert_eq!(why, Some(WhyNotCompleted::UserDisabled));
    assert_eq!(world.invitation_of(&user).state, InvitationState::Pending);
    assert_eq!(confirmations(&world, &user), 0);
}

#[tokio::test]
async fn a_device_that_left_ends_alike_in_whatever_order_it_is_told() {
    for order in [[0, 1, 0], [1, 0, 1], [0, 1, 1]] {
        let world = world();
        let user = invited_in(&world).await;
        let first = enrolled(&world, user.email.as_str());
        let at = world.wait(SignedDuration::from_mins(1));
        let left = json!({ "says": "left", "id": "1", "at": at.to_string() });
        for index in order {
            carried(&world, [&first, &left][index]).await;
        }

        let registration = world.store.all_registrations().pop().unwrap();
        assert_eq!(registration.unenrolled_at, Some(at), "{order:?}");
        let state = world.invitation_of(&user).state;
        assert_eq!(state, InvitationState::Completed, "{order:?}");
        assert_eq!(confirmations(&world, &user), 1, "{order:?}");
        let history = world.store.history(user.id);
        let is_left =
            |row: &&HistoryEntry| matches!(row.what, HistoryEvent::DeviceUnenrolled { .. });
        assert_eq!(history.iter().filter(is_left).count(), 1, "{order:?}");

        // It comes back.
        world.wait(SignedDuration::from_mins(1));
        carried(&world, &enrolled(&world, user.email.as_str())).await;
        let registration = world.store.all_registrations().pop().unwrap();
        assert_eq!(registration.unenrolled_at, None, "{order:?}");
    }
}

#[tokio::test]
async fn a_device_that_left_makes_room_under_the_limit_and_needs_it_to_come_back() {
    let mut settings = settings().confirming_everyone().build();
    settings.device_sources = vec![source("/id")];
    settings.registration.device_limit = NonZeroU32::new(1);
    let world = World::under(&settings);
    world.keys.give_sender(&name(), SECRET);
    let user = invited_in(&world).await;
    let tell = async |says: &str, id: &str| {
        let at = world.wait(SignedDuration::from_mins(1)).to_string();
        let body = json!({ "says": says, "id": id, "email": user.email.as_str(), "at": at });
        carried(&world, &body).await;
        let registrations = world.store.all_registrations().into_iter();
        let mut named = registrations.filter(|one| one.device.id.as_str() == format!("mdm:{id}"));
        let counts = world.now_of(&user);
        let flags = named.next().unwrap().flags;
        (flags, counts.devices, counts.devices_unenrolled)
    };
    let beyond = vec![RegistrationFlag::BeyondDeviceLimit];

    assert_eq!(tell("enrolled", "1").await, (vec![], 1, 0));
    assert_eq!(tell("left", "1").await, (vec![], 1, 1));
    assert_eq!(tell("left", "1").await, (vec![], 1, 1));
    assert_eq!(tell("enrolled", "2").await, (vec![], 2, 1));
    assert_eq!(tell("enrolled", "1").await, (beyond, 2, 0));
    assert_eq!(tell("left", "2").await, (vec![], 2, 1));
    assert_eq!(tell("enrolled", "1").await, (vec![], 2, 1));
}

#[tokio::test]
async fn an_assignment_that_is_cut_short_can_be_made_again() {
    for calls in 0..20 {
        let world = world();
        let user = invited_in(&world).await;
        carried(&world, &enrolled(&world, "nobody@example.com")).await;
        let assign = AssignDevice { env: &world };

        world.store.go_down_after(calls);
        let _ = assign.run(&device(), user.id, &an_administrator()).await;
        world.store.come_back();
        assign
            .run(&device(), user.id, &an_administrator())
            .await
            .unwrap();

        assert_eq!(
            world.invitation_of(&user).state,
            InvitationState::Completed,
            "{calls}"
        );
        assert_eq!(confirmations(&world, &user), 1, "{calls}");
    }
}

#[tokio::test]
async fn a_device_that_left_cannot_be_assigned() {
    let world = world();
    let user = invited_in(&world).await;
    carried(&world, &enrolled(&world, "nobody@example.com")).await;
    world.wait(SignedDuration::from_mins(1));
    let left = json!({ "says": "left", "id": "1", "at": world.clock.now().to_string() });
    carried(&world, &left).await;
    let assign = AssignDevice { env: &world };

    let refused = assign.run(&device(), user.id, &an_administrator()).await;

    assert!(matches!(refused, Err(AssignRefused::Unenrolled)));
    assert_eq!(assign.unassigned(None, 10).await.unwrap().items.len(), 0);
}

#[tokio::test]
async fn with_a_user_goes_what_was_told_of_their_devices() {
    let world = world();
    let (user, other) = (invited_in(&world).await, invited_in(&world).await);
    carried(&world, &enrolled(&world, user.email.as_str())).await;
    let facts = json!({ "says": "facts", "id": "1", "supervised": true, "at": world.clock.now().to_string() });
    carried(&world, &facts).await;
    let of_other = json!({ "says": "enrolled", "id": "2", "email": other.email.as_str(), "at": world.clock.now().to_string() });
    carried(&world, &of_other).await;

    let delete = DeleteUser { env: &world };
    delete.run(user.id, &an_administrator()).await.unwrap();

    let left: Vec<_> = world.store.all_device_events().into_iter().collect();
    let devices = left.into_iter().map(|event| event.device.unwrap());
    let second = DeviceId::parse("mdm:2").unwrap();
    assert_eq!(devices.collect::<Vec<_>>(), std::slice::from_ref(&second));
    let known = world.store.all_reported_devices().into_iter();
    assert_eq!(known.map(|device| device.id).collect::<Vec<_>>(), [second]);
}

#[tokio::test]
async fn a_device_that_somebody_else_enrolled_since_is_theirs_when_its_first_user_goes() {
    let world = world();
    let (user, other) = (invited_in(&world).await, invited_in(&world).await);
    carried(&world, &enrolled(&world, user.email.as_str())).await;
    world.wait(SignedDuration::from_mins(1));
    carried(&world, &enrolled(&world, other.email.as_str())).await;

    let delete = DeleteUser { env: &world };
    delete.run(user.id, &an_administrator()).await.unwrap();

    let device = world.store.all_reported_devices().pop().unwrap();
    assert_eq!(device.user, Some(other.id));
    assert_eq!(world.store.all_device_events().len(), 2);
}

#[tokio::test]
async fn a_message_that_cannot_be_carried_on_keeps_no_later_one_waiting() {
    let world = world();
    let user = invited_in(&world).await;
    received(
        &world,
        &json!({ "says": "facts", "id": "2", "at": world.clock.now().to_string() }),
    )
    .await;
    world.wait(SignedDuration::from_secs(1));
    received(&world, &enrolled(&world, user.email.as_str())).await;
    world.wait(STREAM_HAS);
    let carry = CarryDeviceEvent { env: &world };

    // After the settings and the list of what is due, the first message's row.
    world.store.plan(2, beckon_testkit::Fault::Refuse);
    let round = carry.left_behind(10).await;

    assert!(round.is_err(), "the round tells of it: {round:?}");
    assert_eq!(world.invitation_of(&user).state, InvitationState::Completed);
    let left = carry.left_behind(10).await.unwrap();
    assert_eq!((left.settled, left.failed), (1, 0));
}

#[tokio::test]
async fn an_enrolment_that_lies_ahead_counts_before_no_later_one() {
    let world = world();
    let (ada, bert) = (invited_in(&world).await, invited_in(&world).await);
    let ahead = world.clock.now() + SignedDuration::from_hours(24 * 365);
    let of_ada = json!({ "says": "enrolled", "id": "1", "email": ada.email.as_str(), "at": ahead.to_string() });
    carried(&world, &of_ada).await;
    world.wait(SignedDuration::from_hours(1));

    carried(&world, &enrolled(&world, bert.email.as_str())).await;

    let device = world.store.all_reported_devices().pop().unwrap();
    assert_eq!(device.user, Some(bert.id));
}
