//! Messages of device managements, and what they told of devices.

use beckon_domain::model::change::{ChangeOutcome, Identifier, ReportedChange, UserChange};
use beckon_domain::model::device_event::{DeviceEvent, DeviceEventState, STREAM_HAS};
use beckon_domain::model::polling::{Position, SourcePoll, Walk};
use beckon_domain::model::reported_device::{Claimant, Enrolment, ReportedDevice, ToldFacts};
use beckon_domain::model::stored::Carried;
use beckon_domain::ports::error::SaveError;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{DeviceId, EventId, ExternalId, UserId, Version};
use beckon_domain::values::source_name::SourceName;
use beckon_domain::values::user_name::UserName;
use jiff::SignedDuration;

use super::{Store, added, at_once, every_page, next, saved};
use crate::builders::{a_registration, a_session, a_user, monday_morning};
use crate::entropy::fresh_ulid;

pub(super) fn a_device_event() -> DeviceEvent {
    let id = EventId::new(fresh_ulid());
    let source = SourceName::parse("phones").unwrap();
    DeviceEvent::received(
        id,
        source,
        b"\x00 as it came \xff".to_vec(),
        monday_morning(),
    )
}

/// A device that enrolled and names people nobody knows.
pub(super) fn a_reported_device(id: &str) -> ReportedDevice {
    ReportedDevice {
        id: DeviceId::parse(&format!("phones:{id}")).unwrap(),
        told: ToldFacts::default(),
        enrolment: Some(Enrolment {
            at: Some(monday_morning()),
            claimants: vec![
                Claimant::Address(EmailAddress::parse("Nobody@example.com").unwrap()),
                Claimant::External(ExternalId::parse("nobody").unwrap()),
                Claimant::UserName(UserName::parse("Nobody").unwrap()),
            ],
        }),
        unenrolled_at: None,
        user: None,
        assigned_to: None,
        assigned_by: None,
        changed_at: monday_morning(),
        version: Version::FIRST,
        carried: Carried::default(),
    }
}

/// A source that was never asked, as its first version.
pub(super) fn a_source_poll(name: &str) -> SourcePoll {
    let name = SourceName::parse(name).unwrap();
    SourcePoll {
        version: Version::FIRST,
        ..SourcePoll::new(name, "digest".to_owned(), monday_morning())
    }
}

/// With the place at which its walk stands.
pub async fn how_far_the_asking_of_a_source_is_is_read_as_it_was_written<S: Store>(store: S) {
    let first = a_source_poll("asked");
    assert_eq!(store.load_source_poll(&first.source).await.unwrap(), None);

    store.save_source_poll(&first).await.unwrap();
    let found = store.load_source_poll(&first.source).await.unwrap();
    assert_eq!(found, Some(first.clone()));
    let walk = Walk {
        from: monday_morning(),
        began_at: monday_morning(),
        position: Some(Position::Behind {
            spaces: vec![1, 2],
            offset: 300,
            tail: vec!["digest".to_owned()],
        }),
        pages: 1,
    };
    let second = SourcePoll {
        walk: Some(walk),
        last_error: Some("why".to_owned()),
        version: first.version.next(),
        ..first.clone()
    };
    store.save_source_poll(&second).await.unwrap();
    let found = store.load_source_poll(&first.source).await.unwrap();

    assert_eq!(found, Some(second.clone()));
    // Whoever read it before is told, and so is whoever takes it for new.
    for late in [second, first] {
        let saved = store.save_source_poll(&late).await;
        assert!(matches!(saved, Err(SaveError::Conflict)), "{saved:?}");
    }
}

async fn written(store: &impl Store, event: DeviceEvent) -> DeviceEvent {
    store.save_device_event(&event).await.unwrap();
    event
}

async fn in_state(store: &impl Store, event: DeviceEvent, state: DeviceEventState) -> DeviceEvent {
    let why = Some("why".to_owned());
    written(store, event.in_state(state, why, monday_morning())).await
}

/// Its body byte by byte.
pub async fn a_message_is_read_as_it_was_written_in_each_state<S: Store>(store: S) {
    let waiting = written(&store, a_device_event()).await;
    let found = store.load_device_event(waiting.id).await.unwrap();
    assert_eq!(found, Some(waiting.clone()));

    let mut event = waiting;
    for state in [
        DeviceEventState::Failed,
        DeviceEventState::Waiting,
        DeviceEventState::Settled,
    ] {
        event = in_state(&store, event, state).await;
        let found = store.load_device_event(event.id).await.unwrap();
        assert_eq!(found, Some(event.clone()));
    }
    let unknown = EventId::new(fresh_ulid());
    assert_eq!(store.load_device_event(unknown).await.unwrap(), None);
}

/// Neither its first version nor a later one.
pub async fn a_message_that_somebody_wrote_first_is_not_replaced<S: Store>(store: S) {
    let first = written(&store, a_device_event()).await;
    let settled = in_state(&store, first.clone(), DeviceEventState::Settled).await;

    for late in [
        first.clone(),
        first.in_state(DeviceEventState::Failed, None, monday_morning()),
    ] {
        let saved = store.save_device_event(&late).await;
        assert!(matches!(saved, Err(SaveError::Conflict)), "{saved:?}");
    }
    let found = store.load_device_event(settled.id).await.unwrap();
    assert_eq!(found, Some(settled));
}

/// What was settled is neither.
pub async fn a_message_is_due_while_it_waits_and_listed_when_it_failed<S: Store>(store: S) {
    let waiting = written(&store, a_device_event()).await;
    let failed = written(&store, a_device_event()).await;
    let failed = in_state(&store, failed, DeviceEventState::Failed).await;
    let settled = written(&store, a_device_event()).await;
    in_state(&store, settled, DeviceEventState::Settled).await;
    let due_at = monday_morning() + STREAM_HAS;

    let early = due_at - SignedDuration::from_millis(1);
    assert_eq!(store.due_device_events(early, 10).await.unwrap(), []);
    assert_eq!(
        store.due_device_events(due_at, 10).await.unwrap(),
        [waiting.id]
    );
    let listed = store.failed_device_events(None, 10).await.unwrap();
    assert_eq!(listed.items, [failed.id]);
    in_state(&store, failed, DeviceEventState::Waiting).await;
    let listed = store.failed_device_events(None, 10).await.unwrap();
    assert_eq!(listed.items, []);
}

/// Each once.
pub async fn failed_messages_are_listed_newest_first_page_by_page<S: Store>(store: S) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        let event = written(&store, a_device_event()).await;
        ids.push(in_state(&store, event, DeviceEventState::Failed).await.id);
    }
    ids.sort();
    ids.reverse();

    let store = &store;
    let listed = every_page(2, |from| async move {
        store.failed_device_events(from.as_deref(), 2).await
    });
    assert_eq!(listed.await, ids);
}

/// Whatever order they were written in, and also when one that failed is carried on again.
pub async fn of_each_source_the_latest_message_is_known_with_what_became_of_it<S: Store>(store: S) {
    let [phones, macs, silent] =
        ["phones", "macs", "silent"].map(|name| SourceName::parse(name).unwrap());
    let of = |source: &SourceName| DeviceEvent {
        source: source.clone(),
        ..a_device_event()
    };
    let mut of_phones = [of(&phones), of(&phones), of(&phones)];
    of_phones.sort_by_key(|event| event.id);
    let [first, second, third] = of_phones;
    let other = of(&macs);
    for event in [&first, &second, &third, &other] {
        written(&store, event.clone()).await;
    }
    let sources = [phones, macs, silent];
    let latest = async || {
        let mut latest = store.latest_device_events(&sources).await.unwrap();
        latest.sort_by_key(|one| one.source.clone());
        latest
            .into_iter()
            .map(|one| (one.id, one.state, one.failure))
            .collect::<Vec<_>>()
    };
    let (failed, settled) = (DeviceEventState::Failed, DeviceEventState::Settled);

    assert_eq!(latest().await, []);
    let second = DeviceEvent {
        failure: Some("noJson".to_owned()),
        ..second.in_state(failed, Some("why".to_owned()), monday_morning())
    };
    let second = written(&store, second).await;
    in_state(&store, first, settled).await;
    let why = Some("noJson".to_owned());
    assert_eq!(latest().await, [(second.id, failed, why.clone())]);
    in_state(&store, other.clone(), settled).await;
    let waiting = in_state(&store, second, DeviceEventState::Waiting).await;
    assert_eq!(
        latest().await,
        [(other.id, settled, None), (waiting.id, failed, why)]
    );
    let second = in_state(&store, waiting, settled).await;
    assert_eq!(
        latest().await,
        [(other.id, settled, None), (second.id, settled, None)]
    );
    let third = in_state(&store, third, settled).await;
    assert_eq!(
        latest().await,
        [(other.id, settled, None), (third.id, settled, None)]
    );
}

/// Another one is absent.
pub async fn a_device_that_was_told_of_is_read_as_it_was_written<S: Store>(store: S) {
    let device = a_reported_device("enterprises/e/devices/#1");
    store.save_reported_device(&device, None).await.unwrap();

    let found = store.load_reported_device(&device.id).await.unwrap();
    assert_eq!(found, Some(device));
    let unknown = DeviceId::parse("phones:2").unwrap();
    assert_eq!(store.load_reported_device(&unknown).await.unwrap(), None);
}

/// By an address and a user name whatever their case, and by an external id.
pub async fn a_device_of_nobody_is_listed_and_found_by_what_it_names_until_it_is_somebodys<
    S: Store,
>(
    store: S,
) {
    let device = a_reported_device("1");
    store.save_reported_device(&device, None).await.unwrap();
    let address = EmailAddress::parse("nobody@EXAMPLE.com").unwrap();
    let names = [
        Identifier::Address(address.normalised()),
        Identifier::External(ExternalId::parse("nobody").unwrap()),
        Identifier::UserName(UserName::parse("NOBODY").unwrap().key()),
    ];

    for name in &names {
        let found = store.unassigned_devices_of(name, 10).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&device.id));
    }
    let listed = store.unassigned_devices(None, 10).await.unwrap();
    assert_eq!(listed.items, std::slice::from_ref(&device.id));
    let other = Identifier::External(ExternalId::parse("somebody").unwrap());
    assert_eq!(store.unassigned_devices_of(&other, 10).await.unwrap(), []);
    let assigned = ReportedDevice {
        user: Some(UserId::new(fresh_ulid())),
        version: device.version.next(),
        ..device.clone()
    };
    let saved = store.save_reported_device(&assigned, Some(&device)).await;
    saved.unwrap();
    for name in &names {
        assert_eq!(store.unassigned_devices_of(name, 10).await.unwrap(), []);
    }
    let listed = store.unassigned_devices(None, 10).await.unwrap();
    assert_eq!(listed.items, []);
}

/// Each once.
pub async fn devices_of_nobody_are_listed_newest_first_page_by_page<S: Store>(store: S) {
    let mut ids = Vec::new();
    for number in 0..5 {
        let device = ReportedDevice {
            changed_at: monday_morning() + SignedDuration::from_secs(number),
            ..a_reported_device(&number.to_string())
        };
        store.save_reported_device(&device, None).await.unwrap();
        ids.push(device.id);
    }
    ids.reverse();

    let store = &store;
    let listed = every_page(2, |from| async move {
        store.unassigned_devices(from.as_deref(), 2).await
    });
    assert_eq!(listed.await, ids);
}

/// Whoever comes second reads again.
pub async fn of_many_who_write_a_device_at_once_one_does<S: Store>(store: S) {
    let device = a_reported_device("1");
    let saved = at_once(8, |_| {
        let (store, device) = (store.clone(), device.clone());
        async move { store.save_reported_device(&device, None).await }
    })
    .await;

    let done = saved.iter().filter(|saved| saved.is_ok()).count();
    assert_eq!(done, 1);
    let refused = |saved: &&Result<(), SaveError>| matches!(saved, Err(SaveError::Conflict));
    assert_eq!(saved.iter().filter(refused).count(), 7);
}

/// Each is found by its own digest.
pub async fn a_reference_is_written_beside_the_session<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let (session, reference) = (a_session(user.id), a_session(user.id));
    let change = UserChange {
        session: Some(session.clone()),
        reference: Some(reference.clone()),
        ..next(&user, |_| {})
    };
    saved(&store, change).await;

    for one in [session, reference] {
        let found = store.load_session(&one.digest).await.unwrap();
        assert_eq!(found, Some(one));
    }
}

/// Of two who record one device for their users at once, one does, and the other changes nothing.
pub async fn a_device_is_recorded_as_one_with_whose_it_is<S: Store>(store: S) {
    let device = a_reported_device("1");
    store.save_reported_device(&device, None).await.unwrap();
    let mut changes = Vec::new();
    for _ in 0..2 {
        let user = added(&store, a_user().build()).await;
        let after = ReportedDevice {
            user: Some(user.id),
            version: device.version.next(),
            ..device.clone()
        };
        let reported = ReportedChange {
            before: device.clone(),
            after,
        };
        let registration = a_registration(user.id, device.id.as_str());
        let change = next(&user, |_| {}).with_registration(registration);
        changes.push(change.with_reported(Some(reported)));
    }

    let second = changes.pop().unwrap();
    let first = changes.pop().unwrap();
    saved(&store, first.clone()).await;
    let refused = store.save_user(&second).await.unwrap();

    assert_eq!(refused, ChangeOutcome::Conflict);
    let found = store.load_reported_device(&device.id).await.unwrap();
    assert_eq!(found.and_then(|device| device.user), Some(first.user.id));
    let listed = store.unassigned_devices(None, 10).await.unwrap();
    assert_eq!(listed.items, []);
    for (user, devices) in [(&first.user, 1), (&second.user, 0)] {
        let registered = store.registrations_of(user.id, 10).await.unwrap();
        assert_eq!(registered.items.len(), devices);
    }
}

/// The messages first, so many at a time, and of another device none.
pub async fn a_device_is_forgotten_with_the_messages_that_told_of_it<S: Store>(store: S) {
    let device = a_reported_device("1");
    store.save_reported_device(&device, None).await.unwrap();
    let mut told = Vec::new();
    for id in [
        &device.id,
        &device.id,
        &device.id,
        &a_reported_device("2").id,
    ] {
        let event = written(&store, a_device_event()).await;
        let settled = DeviceEvent {
            device: Some(id.clone()),
            ..event.in_state(DeviceEventState::Settled, None, monday_morning())
        };
        told.push(written(&store, settled).await.id);
    }

    assert!(!store.forget_reported_device(&device, 2).await.unwrap());
    assert!(
        store
            .load_reported_device(&device.id)
            .await
            .unwrap()
            .is_some()
    );
    assert!(store.forget_reported_device(&device, 2).await.unwrap());

    assert_eq!(store.load_reported_device(&device.id).await.unwrap(), None);
    for (index, id) in told.into_iter().enumerate() {
        let is_left = store.load_device_event(id).await.unwrap().is_some();
        assert_eq!(is_left, index == 3, "{index}");
    }
}

/// Somebody told more of it meanwhile.
pub async fn a_device_of_which_more_became_known_is_not_forgotten<S: Store>(store: S) {
    let device = a_reported_device("1");
    store.save_reported_device(&device, None).await.unwrap();
    let after = ReportedDevice {
        version: device.version.next(),
        ..device.clone()
    };
    store
        .save_reported_device(&after, Some(&device))
        .await
        .unwrap();

    assert!(!store.forget_reported_device(&device, 10).await.unwrap());

    let found = store.load_reported_device(&device.id).await.unwrap();
    assert_eq!(found, Some(after));
}
