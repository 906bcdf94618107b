use super::*;
use crate::model::reported_device::Claimant;
use crate::values::address::EmailAddress;
use crate::values::ids::{DeviceId, UserId};
use crate::values::names::Label;

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn message(says: Said, at: i64, name: Option<&str>, supervised: Option<bool>) -> DeviceMessage {
    DeviceMessage {
        says,
        device: DeviceFacts {
            id: DeviceId::parse("nanomdm:1").unwrap(),
            name: name.map(|name| Label::parse(name).unwrap()),
            platform: None,
            os_version: None,
            serial: None,
            supervised,
            enrollment_type: None,
            ownership: None,
        },
        claimants: if says == Said::Enrolled {
            vec![Claimant::Address(
                EmailAddress::parse("ada@example.com").unwrap(),
            )]
        } else {
            Vec::new()
        },
        at: Some(moment(at)),
        repeats: false,
        ignored: Vec::new(),
    }
}

/// What is known after these messages, without what says how often it was written.
fn after(messages: &[&DeviceMessage]) -> ReportedDevice {
    let mut known: Option<ReportedDevice> = None;
    for message in messages {
        known = learn(known.as_ref(), message, moment(9_000)).or(known);
    }
    ReportedDevice {
        version: Version::FIRST,
        ..known.unwrap()
    }
}

#[test]
fn in_every_order_and_however_often_the_same_is_known_in_the_end() {
    let told = [
        message(Said::Facts, 1, Some("first"), None),
        message(Said::Enrolled, 2, None, None),
        message(Said::Facts, 3, Some("second"), Some(false)),
        message(Said::Facts, 4, None, Some(true)),
    ];
    let in_order = after(&told.iter().collect::<Vec<_>>());
    let mut orders = 0;

    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| *c != a && *c != b) {
                let d = 6 - a - b - c;
                let shuffled = [a, b, a, c, d, b, d].map(|index: usize| &told[index]);
                assert_eq!(after(&shuffled), in_order);
                orders += 1;
            }
        }
    }

    assert_eq!(orders, 24);
    let facts = facts_of(&in_order);
    assert_eq!(facts.name.unwrap().as_str(), "second");
    assert_eq!(facts.supervised, Some(true));
}

#[test]
fn a_message_that_says_nothing_new_changes_nothing() {
    let enrolled = message(Said::Enrolled, 2, Some("a"), None);
    let known = after(&[&enrolled]);

    assert_eq!(learn(Some(&known), &enrolled, moment(99)), None);
    let older = message(Said::Facts, 1, Some("b"), None);
    assert_eq!(learn(Some(&known), &older, moment(99)), None);
}

#[test]
fn a_device_that_was_wiped_is_no_longer_what_it_was() {
    let supervised = message(Said::Facts, 1, None, Some(true));
    let first = message(Said::Enrolled, 2, None, None);
    let wiped = message(Said::Enrolled, 10_000, None, None);

    assert_eq!(
        facts_of(&after(&[&supervised, &first])).supervised,
        Some(true)
    );
    let again = after(&[&wiped, &first, &supervised]);
    assert_eq!(facts_of(&again).supervised, None);
    assert_eq!(report_of(&again).unwrap().registered_at, wiped.at);
}

#[test]
fn who_enrols_a_device_anew_has_it_and_who_had_it_before_has_not() {
    let first = after(&[&message(Said::Enrolled, 2, None, None)]);
    let assigned = ReportedDevice {
        user: Some(UserId::from_bytes([1; 16])),
        assigned_to: Some(UserId::from_bytes([1; 16])),
        ..first
    };

    let repeated = learn(
        Some(&assigned),
        &message(Said::Facts, 3, Some("a"), None),
        moment(9),
    );
    assert_eq!(repeated.unwrap().user, assigned.user);
    let anew = learn(
        Some(&assigned),
        &message(Said::Enrolled, 99, None, None),
        moment(100),
    )
    .unwrap();
    assert_eq!((anew.user, anew.assigned_to), (None, None));
    assert!(anew.is_unassigned());
}

#[test]
fn a_device_that_says_again_that_it_is_managed_stays_with_whom_it_is_unless_it_left() {
    let by_nobody = |at| DeviceMessage {
        claimants: Vec::new(),
        repeats: true,
        ..message(Said::Enrolled, at, Some("renamed"), None)
    };
    let assigned = ReportedDevice {
        assigned_to: Some(UserId::from_bytes([1; 16])),
        ..after(&[&by_nobody(2)])
    };

    let again = learn(Some(&assigned), &by_nobody(3), moment(9)).unwrap();
    assert_eq!(again.assigned_to, assigned.assigned_to);
    assert_eq!(again.enrolment, assigned.enrolment);
    assert_eq!(again.told.name.unwrap().at, moment(3));

    let left = learn(
        Some(&assigned),
        &message(Said::Unenrolled, 4, None, None),
        moment(9),
    );
    let anew = learn(left.as_ref(), &by_nobody(5), moment(9)).unwrap();
    assert!(anew.is_unassigned());
}

#[test]
fn a_device_that_says_again_who_enrolled_it_stays_with_whom_it_is_and_one_that_names_another_does_not()
 {
    let named = |address: &str, at| DeviceMessage {
        claimants: vec![Claimant::Address(EmailAddress::parse(address).unwrap())],
        repeats: true,
        ..message(Said::Enrolled, at, None, None)
    };
    let owned = ReportedDevice {
        user: Some(UserId::from_bytes([1; 16])),
        ..after(&[&named("ada@example.com", 2)])
    };
    let told_again = |message: &DeviceMessage| learn(Some(&owned), message, moment(9));

    assert_eq!(told_again(&named("ada@example.com", 3)), None);
    let another = told_again(&named("ben@example.com", 3)).unwrap();
    assert_eq!(another.user, None);
    let first_time = DeviceMessage {
        repeats: false,
        ..named("ada@example.com", 3)
    };
    assert_eq!(told_again(&first_time).unwrap().user, None);
}

#[test]
fn a_device_that_left_belongs_to_nobody_until_it_enrols_again() {
    let enrolled = message(Said::Enrolled, 2, None, None);
    let left = message(Said::Unenrolled, 5, None, None);
    let again = message(Said::Enrolled, 8, None, None);

    assert!(after(&[&enrolled]).is_unassigned());
    assert!(after(&[&left, &enrolled]).is_unenrolled());
    assert!(!after(&[&enrolled, &left]).is_unassigned());
    assert!(after(&[&again, &left, &enrolled]).is_unassigned());
    assert_eq!(
        report_of(&after(&[&left])).map(|report| report.registered_at),
        None
    );
}

#[test]
fn an_enrolment_that_is_told_again_leaves_the_device_with_whom_it_was_assigned_to() {
    let enrolled = message(Said::Enrolled, 2, None, None);
    let somebody = UserId::from_bytes([7; 16]);
    let assigned = ReportedDevice {
        user: Some(somebody),
        assigned_to: Some(somebody),
        ..after(&[&enrolled])
    };

    let news = message(Said::Enrolled, 2, Some("a name"), None);
    let known = learn(Some(&assigned), &news, moment(99)).unwrap();

    assert_eq!(known.user, Some(somebody));
    assert_eq!(known.assigned_to, Some(somebody));
    assert_eq!(known.changed_at, moment(99));
}
