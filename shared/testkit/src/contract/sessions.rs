//! Registration sessions and registrations.

use beckon_domain::model::change::UserChange;
use beckon_domain::model::ownership::{Classification, EnrollmentType, Ownership, OwnershipRule};
use beckon_domain::model::registration::{NotCompleted, Registration, WhyNotCompleted};
use beckon_domain::model::session::{NamedDevice, Session};
use beckon_domain::model::user::User;
use beckon_domain::values::ids::{DeviceId, IssueNumber, UserId};
use beckon_domain::values::names::Label;
use jiff::SignedDuration;

use super::{Store, added, next, saved};
use crate::builders::{a_registration, a_session, a_user, monday_morning};
use crate::entropy::{fresh_registration_id, fresh_ulid};

async fn with_session(store: &impl Store, user: &User, session: &Session) -> User {
    let change = UserChange {
        session: Some(session.clone()),
        ..next(user, |_| {})
    };
    saved(store, change).await
}

async fn with_registration(store: &impl Store, user: &User, registration: &Registration) -> User {
    let change = UserChange {
        registration: Some(registration.clone()),
        ..next(user, |_| {})
    };
    saved(store, change).await
}

/// Another's digest, or none that was ever given out, finds nothing.
pub async fn a_session_is_read_by_its_digest_alone<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let (first, second) = (a_session(user.id), a_session(user.id));
    let user = with_session(&store, &user, &first).await;
    with_session(&store, &user, &second).await;

    let unknown = fresh_registration_id().digest();

    assert_eq!(
        store.load_session(&first.digest).await.unwrap(),
        Some(first)
    );
    assert_eq!(
        store.load_session(&second.digest).await.unwrap(),
        Some(second)
    );
    assert_eq!(store.load_session(&unknown).await.unwrap(), None);
}

/// As when its device is reported.
pub async fn a_session_that_is_set_again_is_replaced<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let opened = a_session(user.id);
    let user = with_session(&store, &user, &opened).await;
    let reported = Session {
        named: Some(NamedDevice {
            id: None,
            platform: Some("ios".to_owned()),
        }),
        device: Some(DeviceId::parse("device-1").unwrap()),
        ..opened
    };

    with_session(&store, &user, &reported).await;

    let found = store.load_session(&reported.digest).await.unwrap();
    assert_eq!(found, Some(reported));
}

/// The same device of another user is another registration.
pub async fn a_registration_is_read_by_user_and_device<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let other = added(&store, a_user().build()).await;
    let first = a_registration(user.id, "device/1 #a");
    let second = a_registration(user.id, "device/2");
    let user = with_registration(&store, &user, &first).await;
    with_registration(&store, &user, &second).await;

    for registration in [&first, &second] {
        let device = &registration.device.id;
        let ours = store.load_registration(user.id, device).await;
        let theirs = store.load_registration(other.id, device).await;
        assert_eq!(ours.unwrap().as_ref(), Some(registration));
        assert_eq!(theirs.unwrap(), None);
    }
    let unknown = DeviceId::parse("device").unwrap();
    let found = store.load_registration(user.id, &unknown).await;
    assert_eq!(found.unwrap(), None);
}

/// As when more becomes known of the device.
pub async fn a_registration_that_is_set_again_is_replaced<S: Store>(store: S) {
    let user = added(&store, a_user().build()).await;
    let first = a_registration(user.id, "device-1");
    let user = with_registration(&store, &user, &first).await;
    let mut second = Registration {
        invitation_ownership: Ownership::UserOwned,
        chosen_by_person: true,
        stated_counts: true,
        decided: Classification {
            ownership: Ownership::CompanyOwned,
            rule: OwnershipRule::Supervised,
        },
        after_end: true,
        time_unknown: true,
        session_issue: Some(IssueNumber::from_number(1)),
        not_completed: Some(NotCompleted {
            issue: IssueNumber::from_number(2),
            why: WhyNotCompleted::EarlierIssue,
            session_issue: Some(IssueNumber::from_number(1)),
        }),
        latest_enrolment_at: Some(monday_morning()),
        ..first
    };
    second.device.name = Some(Label::parse("Ann's phone").unwrap());
    second.device.supervised = Some(true);
    second.device.enrollment_type = Some(EnrollmentType::Device);

    with_registration(&store, &user, &second).await;

    let found = store.load_registration(user.id, &second.device.id).await;
    assert_eq!(found.unwrap(), Some(second));
}

/// Whatever their ids, and without what somebody else registered.
pub async fn a_user_s_registrations_are_listed_newest_first<S: Store>(store: S) {
    let mut user = added(&store, a_user().build()).await;
    let other = added(&store, a_user().build()).await;
    with_registration(&store, &other, &a_registration(other.id, "device-0")).await;
    let mut registered = Vec::new();
    for (device, minutes) in [("device-2", 5), ("device-1", 10), ("device-3", 0)] {
        let mut registration = a_registration(user.id, device);
        registration.registered_at += SignedDuration::from_mins(minutes);
        user = with_registration(&store, &user, &registration).await;
        registered.push(registration);
    }
    registered.sort_by_key(|registration| std::cmp::Reverse(registration.registered_at));

    let listed = store.registrations_of(user.id, 10).await.unwrap().items;
    let bounded = store.registrations_of(user.id, 2).await.unwrap().items;
    let nobody = UserId::new(fresh_ulid());

    assert_eq!(listed, registered);
    assert_eq!(bounded.len(), 2);
    assert!(
        store
            .registrations_of(nobody, 10)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}
