use beckon_domain::model::ownership::EnrollmentType;
use serde_json::json;

use super::*;

fn read(report: &Value) -> Result<ReadReport, Vec<FieldProblem>> {
    crate::objects::from_value::<DeviceReport>(report)
        .unwrap()
        .parse()
}

/// A report with this device, besides its id.
fn of_device(mut facts: Value) -> ReadReport {
    facts["id"] = json!("d-1");
    let report = json!({
        "email": "a.user@example.com", "device": facts, "registeredAt": "2026-01-31T09:30:00Z",
    });
    read(&report).unwrap()
}

fn named(problems: &[FieldProblem]) -> Vec<(&str, &str)> {
    let entries = problems.iter();
    entries
        .map(|problem| (problem.field.as_str(), problem.code))
        .collect()
}

fn text_of(label: Option<&beckon_domain::values::names::Label>) -> Option<&str> {
    label.map(beckon_domain::values::names::Label::as_str)
}

#[test]
fn a_whole_report_is_read() {
    let read = of_device(json!({
        "name": "A's phone", "platform": "ios", "osVersion": "18.1", "serial": "C02",
        "supervised": true, "enrollmentType": "device",
    }));

    let device = read.report.device;
    assert!(matches!(
        read.report.registrants[..],
        [Registrant::Address(_)]
    ));
    assert_eq!(device.supervised, Some(true));
    assert_eq!(device.enrollment_type, Some(EnrollmentType::Device));
    assert!(read.report.registered_at.is_some());
    assert_eq!(read.ignored, []);
}

#[test]
fn everything_that_has_to_be_put_right_is_named() {
    let problems = read(&json!({ "device": {}, "registeredAt": "yesterday" })).unwrap_err();

    assert_eq!(
        named(&problems),
        [("", "missing"), ("device.id", "missing")]
    );
    for device in [
        json!(null),
        json!("phone"),
        json!(["a", "b"]),
        json!([{ "id": "d-1" }]),
    ] {
        let problems = read(&json!({ "email": "a@example.com", "device": device })).unwrap_err();
        assert_eq!(problems[0].field, "device");
    }
    for id in [
        json!("x".repeat(129)),
        json!("\u{7}"),
        json!(1.5),
        json!(1e30),
        json!(true),
        json!({ "id": "d-1" }),
    ] {
        let problems = read(&json!({ "email": "a@example.com", "device": { "id": id } }));
        assert_eq!(problems.unwrap_err()[0].field, "device.id");
    }
}

#[test]
fn what_a_report_says_to_others_is_let_be() {
    let report = read(&json!({
        "externalId": "hr-1",
        "device": { "id": "d-1", "colour": "blue" },
        "registeredAt": "2026-01-31T09:30:00Z",
        "tenant": { "id": 7 },
    }))
    .unwrap();

    assert!(matches!(
        report.report.registrants[..],
        [Registrant::External(_)]
    ));
    assert_eq!(report.ignored, []);
}

#[test]
fn a_person_may_be_named_by_what_they_sign_in_by() {
    let report = read(&json!({ "userName": "EXAMPLE\\ada", "device": { "id": "d-1" } })).unwrap();

    assert!(matches!(
        &report.report.registrants[..],
        [Registrant::UserName(name)] if name.as_str() == "EXAMPLE\\ada"
    ));
}

#[test]
fn numbers_are_taken_as_text_and_text_as_a_truth() {
    for supervised in [
        json!(true),
        json!("true"),
        json!("TRUE"),
        json!(" True "),
        json!(1),
        json!("1"),
        json!(1.0),
        json!([true]),
    ] {
        let read = of_device(json!({ "supervised": supervised }));
        assert_eq!(read.report.device.supervised, Some(true), "{supervised}");
        assert_eq!(read.ignored, []);
    }
    for supervised in [json!(false), json!("False"), json!(0), json!("0")] {
        let read = of_device(json!({ "supervised": supervised }));
        assert_eq!(read.report.device.supervised, Some(false), "{supervised}");
    }
    let read = of_device(json!({ "osVersion": 18, "serial": 12_345, "platform": ["ios"] }));

    let device = &read.report.device;
    assert_eq!(text_of(device.os_version.as_ref()), Some("18"));
    assert_eq!(text_of(device.serial.as_ref()), Some("12345"));
    assert_eq!(text_of(device.platform.as_ref()), Some("ios"));
    assert_eq!(read.ignored, []);
}

#[test]
fn ids_may_be_numbers() {
    let report = json!({ "externalId": 815, "device": { "id": 42 } });

    let report = read(&report).unwrap().report;

    assert_eq!(report.device.id.as_str(), "42");
    assert!(matches!(&report.registrants[..], [Registrant::External(id)] if id.as_str() == "815"));
}

#[test]
fn a_fact_that_is_not_understood_is_let_be_and_named() {
    let read = of_device(json!({
        "name": "see https://evil.example/x", "platform": ["ios", "android"],
        "osVersion": { "major": 18 }, "serial": "1".repeat(101), "supervised": "perhaps",
        "enrollmentType": "whole",
    }));

    assert_eq!(
        named(&read.ignored),
        [
            ("device.platform", "wrongType"),
            ("device.name", "link"),
            ("device.osVersion", "wrongType"),
            ("device.serial", "tooLong"),
            ("device.supervised", "wrongType"),
            ("device.enrollmentType", "unknownEnrollmentType"),
        ]
    );
    let device = read.report.device;
    assert_eq!((device.supervised, device.enrollment_type), (None, None));
    assert_eq!(
        (
            device.name,
            device.platform,
            device.os_version,
            device.serial
        ),
        (None, None, None, None)
    );
}

#[test]
fn what_is_empty_is_as_good_as_left_out() {
    for empty in [json!(null), json!(""), json!("  "), json!([]), json!([""])] {
        let read = of_device(json!({
            "name": empty, "platform": empty, "osVersion": empty, "serial": empty,
            "supervised": empty, "enrollmentType": empty,
        }));

        let device = read.report.device;
        assert_eq!(
            (device.supervised, device.enrollment_type),
            (None, None),
            "{empty}"
        );
        assert_eq!((device.name, device.platform), (None, None), "{empty}");
        assert_eq!(read.ignored, [], "{empty}");
    }
}

#[test]
fn a_user_enrollment_is_one_however_it_is_written() {
    for told in [
        "user",
        "User",
        "userEnrollment",
        "appleUserEnrollment",
        "User Enrollment",
    ] {
        let read = of_device(json!({ "enrollmentType": told }));

        assert_eq!(
            read.report.device.enrollment_type,
            Some(EnrollmentType::User),
            "{told}"
        );
        assert_eq!(read.ignored, [], "{told}");
    }
    let unknown = of_device(json!({ "enrollmentType": "unknown" }));
    assert_eq!(unknown.report.device.enrollment_type, None);
    assert_eq!(unknown.ignored, []);
}

#[test]
fn a_platform_that_is_known_goes_by_its_name_here_and_its_version_is_kept() {
    for (told, platform, version) in [
        ("iPhone", "ios", None),
        ("Darwin", "macos", None),
        ("Windows 10", "windows", Some("10")),
        ("iPhone15,2", "ios", None),
        ("iPhone 15", "ios", None),
        ("iOS 18.1", "ios", Some("18.1")),
        ("Tizen 4", "Tizen 4", None),
    ] {
        let device = of_device(json!({ "platform": told })).report.device;

        assert_eq!(text_of(device.platform.as_ref()), Some(platform), "{told}");
        assert_eq!(text_of(device.os_version.as_ref()), version, "{told}");
    }
    let told_apart = of_device(json!({ "platform": "Windows 10", "osVersion": "10.0.19045" }));
    let version = told_apart.report.device.os_version;
    assert_eq!(text_of(version.as_ref()), Some("10.0.19045"));
}

#[test]
fn of_the_fields_that_name_a_person_each_that_can_be_read_counts() {
    let of = |people: Value| {
        let mut report = people;
        report["device"] = json!({ "id": "d-1" });
        read(&report)
    };

    let empty = of(json!({ "registrationId": "", "userId": null, "externalId": " ", "email": "a@example.com" })).unwrap();
    let malformed =
        of(json!({ "registrationId": "nil", "userId": "7", "email": "a@example.com" })).unwrap();
    let several = of(json!({ "externalId": "-1", "email": ["a@example.com"] })).unwrap();
    let none = of(json!({ "registrationId": "nil", "email": "DOMAIN\\ada" })).unwrap_err();

    assert!(matches!(
        empty.report.registrants[..],
        [Registrant::Address(_)]
    ));
    assert_eq!(empty.ignored, []);
    assert!(matches!(
        malformed.report.registrants[..],
        [Registrant::Address(_)]
    ));
    assert_eq!(
        named(&malformed.ignored),
        [("registrationId", "malformedId"), ("userId", "malformedId")]
    );
    assert!(matches!(
        several.report.registrants[..],
        [Registrant::External(_), Registrant::Address(_)]
    ));
    assert_eq!(
        named(&none),
        [
            ("registrationId", "malformedId"),
            ("email", "malformedAddress")
        ]
    );
}

#[test]
fn a_time_that_is_not_understood_or_not_given_is_unknown() {
    let at = |registered_at: Value| {
        read(&json!({ "email": "a@example.com", "device": { "id": "d-1" }, "registeredAt": registered_at })).unwrap()
    };

    let malformed = at(json!("yesterday"));
    let missing = at(json!(null));

    assert_eq!(malformed.report.registered_at, None);
    assert_eq!(
        named(&malformed.ignored),
        [("registeredAt", "malformedTime")]
    );
    assert_eq!(missing.report.registered_at, None);
    assert_eq!(missing.ignored, []);
}
