use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;
use crate::model::ownership::EnrollmentType;
use crate::model::settings::device_sources::SourceKind;
use base64::Engine as _;

fn source() -> SourceName {
    SourceName::parse("mdm").unwrap()
}

fn by(kind: SourceKind, body: &Value) -> Result<DeviceMessage, NotRead> {
    let mapping = built_in::mapping(kind).unwrap();
    read(&mapping, &source(), body.to_string().as_bytes())
}

fn plist(inside: &str) -> String {
    STANDARD.encode(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">{inside}</plist>"
    ))
}

/// A message of `NanoMDM` about one phone.
fn of_nanomdm(topic: &str, kind: &str, payload: &str) -> Value {
    json!({
        "topic": topic,
        "created_at": "2027-01-15T08:00:01.123456789Z",
        "checkin_event": {
            "udid": "00008030-0001",
            "ids": { "type": kind, "id": "00008030-0001" },
            "token_update_tally": (topic == "mdm.TokenUpdate").then_some(1),
            "url_params": { "beckon": "0123456789abcdef0123456789abcdef" },
            "raw_payload": plist(payload),
        },
    })
}

const AUTHENTICATE: &str = "<dict><key>SerialNumber</key><string>FAKE0001</string><key>OSVersion</key><string>18.1</string><key>DeviceName</key><string>Ada’s iPhone</string><key>ProductName</key><string>iPhone14,5</string><key>Topic</key><data>AAEC</data></dict>";

#[test]
fn nanomdm_tells_facts_first_then_the_enrolment_then_supervision() {
    let facts = by(
        SourceKind::NanoMdm,
        &of_nanomdm("mdm.Authenticate", "Device", AUTHENTICATE),
    );
    let facts = facts.unwrap();
    assert_eq!(facts.says, Said::Facts);
    assert_eq!(facts.device.id.as_str(), "mdm:00008030-0001");
    assert_eq!(facts.device.serial.unwrap().as_str(), "FAKE0001");
    assert_eq!(facts.device.name.unwrap().as_str(), "Ada’s iPhone");
    assert_eq!(facts.device.platform.unwrap().as_str(), "ios");
    assert_eq!(facts.device.enrollment_type, Some(EnrollmentType::Device));
    assert!(facts.claimants.is_empty());

    let enrolled = of_nanomdm("mdm.TokenUpdate", "Device", "<dict></dict>");
    let enrolled = by(SourceKind::NanoMdm, &enrolled).unwrap();
    assert_eq!(enrolled.says, Said::Enrolled);
    let reference = Reference::parse("0123456789abcdef0123456789abcdef").unwrap();
    assert_eq!(
        enrolled.claimants,
        [Claimant::Reference(reference.digest())]
    );
    assert_eq!(enrolled.at, "2027-01-15T08:00:01.123456789Z".parse().ok());

    let answer =
        "<dict><key>QueryResponses</key><dict><key>IsSupervised</key><true/></dict></dict>";
    let supervision = by(
        SourceKind::NanoMdm,
        &json!({
            "topic": "mdm.Connect", "created_at": "2027-01-15T08:01:00Z",
            "acknowledge_event": { "udid": "00008030-0001", "status": "Acknowledged", "raw_payload": plist(answer) },
        }),
    );
    let supervision = supervision.unwrap();
    assert_eq!(supervision.says, Said::Facts);
    assert_eq!(supervision.device.supervised, Some(true));
    assert_eq!(supervision.device.id.as_str(), "mdm:00008030-0001");
}

#[test]
fn the_user_channel_and_what_comes_after_the_enrolment_say_nothing() {
    let passed_over = |message: &Value| match by(SourceKind::NanoMdm, message) {
        Err(NotRead::PassedOver(_)) => true,
        Ok(_) | Err(NotRead::NotUnderstood(_)) => false,
    };

    assert!(passed_over(&of_nanomdm(
        "mdm.TokenUpdate",
        "User",
        "<dict></dict>"
    )));
    let with_user = "<dict><key>UserID</key><string>u</string></dict>";
    assert!(passed_over(&of_nanomdm(
        "mdm.TokenUpdate",
        "Device",
        with_user
    )));
    let mut later = of_nanomdm("mdm.TokenUpdate", "Device", "<dict></dict>");
    later["checkin_event"]["token_update_tally"] = json!(2);
    assert!(passed_over(&later));
    assert!(passed_over(&json!({ "topic": "mdm.GetToken" })));
}

#[test]
fn a_body_that_is_hostile_is_refused_in_words_and_shows_nothing_of_itself() {
    let mapping = built_in::mapping(SourceKind::NanoMdm).unwrap();
    let refused = |body: &[u8]| match read(&mapping, &source(), body) {
        Err(NotRead::NotUnderstood(fault)) => fault.detail,
        other => panic!("{other:?}"),
    };
    let with_payload = |payload: &str| {
        let mut message = of_nanomdm("mdm.Authenticate", "Device", "<dict></dict>");
        message["checkin_event"]["raw_payload"] = json!(payload);
        refused(message.to_string().as_bytes())
    };

    for why in [
        refused(b"{\"topic\": \"mdm.Auth"),
        refused("[".repeat(100_000).as_bytes()),
        refused(b"\xff\xfe"),
        refused(b""),
        refused(b"{} {}"),
        with_payload("not base64!"),
        with_payload(&STANDARD.encode("no property list")),
        with_payload(
            &STANDARD.encode("<plist version=\"1.0\">".to_owned() + &"<array>".repeat(20_000)),
        ),
        with_payload(&plist(
            &("<array>".to_owned() + &"<true/>".repeat(30_000) + "</array>"),
        )),
        with_payload(
            &STANDARD.encode("<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>a</key>"),
        ),
    ] {
        assert!(!why.is_empty() && !why.contains("ada@"), "{why}");
    }
}

/// The library that reads property lists panics at them.
#[test]
fn a_property_list_with_a_date_that_no_calendar_has_is_refused() {
    // Seconds since 2001, as a binary list holds them: some three thousand years before the year 0.
    let before_all_years = [b"bplist00\x33".as_slice(), &(-1e11_f64).to_be_bytes()].concat();
    let mut binary = before_all_years;
    binary.extend([8]);
    binary.extend([0, 0, 0, 0, 0, 0, 1, 1]);
    binary.extend(1_u64.to_be_bytes());
    binary.extend(0_u64.to_be_bytes());
    binary.extend(17_u64.to_be_bytes());

    for payload in [
        plist("<dict><key>at</key><date>0000-01-01T00:00:00+01:00</date></dict>"),
        plist("<dict><key>at</key><date>9999-12-31T23:59:59-01:00</date></dict>"),
        STANDARD.encode(&binary),
    ] {
        let mut message = of_nanomdm("mdm.Authenticate", "Device", "<dict></dict>");
        message["checkin_event"]["raw_payload"] = json!(payload);

        let read = by(SourceKind::NanoMdm, &message);

        assert!(
            matches!(&read, Err(NotRead::NotUnderstood(why)) if why.code == "noPropertyList"),
            "{read:?}"
        );
    }
}

fn of_android(kind: &str, device: &Value) -> Value {
    let data = STANDARD.encode(device.to_string());
    json!({ "message": { "attributes": { "notificationType": kind }, "data": data } })
}

#[test]
fn what_another_program_wrote_into_an_enrolment_token_names_nobody_and_costs_no_message() {
    for theirs in ["kiosk-42", "{\"kiosk\": 42}", "{", "[]", ""] {
        let device = json!({ "name": "enterprises/e/devices/d", "enrollmentTokenData": theirs });

        let read = by(SourceKind::Android, &of_android("ENROLLMENT", &device)).unwrap();

        assert_eq!(
            (read.says, read.claimants),
            (Said::Enrolled, vec![]),
            "{theirs}"
        );
    }
}

#[test]
fn a_report_of_androids_is_of_the_time_of_the_report_and_not_of_the_enrolment() {
    let device = json!({
        "name": "enterprises/e/devices/d", "appliedState": "DELETED",
        "enrollmentTime": "2026-11-27T13:04:22Z", "lastStatusReportTime": "2026-11-28T08:00:00Z",
    });

    let left = by(SourceKind::Android, &of_android("STATUS_REPORT", &device)).unwrap();
    let enrolled = by(SourceKind::Android, &of_android("ENROLLMENT", &device)).unwrap();

    assert_eq!(left.says, Said::Unenrolled);
    assert_eq!(left.at, Some("2026-11-28T08:00:00Z".parse().unwrap()));
    assert_eq!(enrolled.at, Some("2026-11-27T13:04:22Z".parse().unwrap()));
}

#[test]
fn of_systems_that_are_asked_both_the_address_and_the_user_name_count() {
    let (address, user_name) = ("ada@example.com", "ada@example.onmicrosoft.com");
    for (kind, row) in [
        (
            SourceKind::Intune,
            json!({ "id": "1", "userPrincipalName": user_name, "emailAddress": address }),
        ),
        (
            SourceKind::IvantiNeurons,
            json!({ "guid": "1", "registrationState": "ACTIVE", "uid": user_name, "emailAddress": address }),
        ),
        (
            SourceKind::IvantiEpmm,
            json!({ "common.uuid": "1", "common.status": "ACTIVE", "user.user_id": user_name, "user.email_address": address }),
        ),
    ] {
        let claimants = by(kind, &row).unwrap().claimants;

        let addresses =
            [address, user_name].map(|text| Claimant::Address(EmailAddress::parse(text).unwrap()));
        assert_eq!(claimants.first(), Some(&addresses[0]), "{kind:?}");
        assert!(claimants.contains(&addresses[1]), "{kind:?}");
        let user_name = Claimant::UserName(UserName::parse(user_name).unwrap());
        assert!(claimants.contains(&user_name), "{kind:?}");
    }
}

/// What an entity stands for is not put in its place, so none can grow.
#[test]
fn the_entities_of_a_property_list_stand_for_nothing() {
    let entities = "<?xml version=\"1.0\"?><!DOCTYPE plist [<!ENTITY a \"ada@example.com\"><!ENTITY b \"&a;&a;&a;\">]><plist version=\"1.0\"><dict><key>SerialNumber</key><string>&b;</string></dict></plist>";
    let mut message = of_nanomdm("mdm.Authenticate", "Device", "<dict></dict>");
    message["checkin_event"]["raw_payload"] = json!(STANDARD.encode(entities));

    let said = format!("{:?}", by(SourceKind::NanoMdm, &message));

    assert!(!said.contains("ada@"), "{said}");
}

/// A binary property list of a few dozen bytes that says sixty-four times sixty-four times … the same.
#[test]
fn a_small_property_list_that_unfolds_into_a_huge_one_is_refused() {
    let levels = 8_u8;
    let mut list = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for level in 0..levels {
        offsets.push(u8::try_from(list.len()).unwrap());
        if level + 1 == levels {
            list.push(0x09);
        } else {
            list.push(0xAC);
            list.extend([level + 1; 12]);
        }
    }
    let table = u64::try_from(list.len()).unwrap();
    list.extend(offsets);
    list.extend([0, 0, 0, 0, 0, 0, 1, 1]);
    list.extend(u64::from(levels).to_be_bytes());
    list.extend(0_u64.to_be_bytes());
    list.extend(table.to_be_bytes());
    let mut message = of_nanomdm("mdm.Authenticate", "Device", "<dict></dict>");
    message["checkin_event"]["raw_payload"] = json!(STANDARD.encode(&list));

    assert!(list.len() < 200);
    assert!(matches!(
        by(SourceKind::NanoMdm, &message),
        Err(NotRead::NotUnderstood(_))
    ));
}

#[test]
fn a_pubsub_envelope_without_data_is_kept_as_not_understood() {
    let envelope = json!({ "message": { "attributes": { "notificationType": "ENROLLMENT" }, "messageId": "1" } });
    let test =
        json!({ "message": { "attributes": { "notificationType": "test" }, "messageId": "2" } });

    assert!(
        matches!(by(SourceKind::Android, &envelope), Err(NotRead::NotUnderstood(why)) if why.code == "noDeviceId")
    );
    assert!(matches!(
        by(SourceKind::Android, &test),
        Err(NotRead::PassedOver(_))
    ));
}

#[test]
fn a_fact_that_cannot_be_read_costs_no_message() {
    let message = by(
        SourceKind::Jamf,
        &json!({
            "webhook": { "webhookEvent": "ComputerAdded", "eventTimestamp": "soon" },
            "event": {
                "udid": "U-1", "deviceName": ["a"], "model": "Amiga", "osVersion": 15,
                "serialNumber": "", "emailAddress": "not an address", "username": "ada",
            },
        }),
    )
    .unwrap();

    assert_eq!(message.says, Said::Enrolled);
    assert_eq!(message.at, None);
    assert_eq!(message.device.os_version.unwrap().as_str(), "15");
    assert_eq!(
        (message.device.platform, message.device.serial),
        (None, None)
    );
    assert!(
        matches!(message.claimants.as_slice(), [Claimant::External(id), Claimant::UserName(name)] if id.as_str() == "ada" && name.as_str() == "ada")
    );
    let ignored: Vec<&str> = message
        .ignored
        .iter()
        .map(|problem| problem.field.as_str())
        .collect();
    assert!(
        ignored.contains(&"person.email") && ignored.contains(&"time"),
        "{ignored:?}"
    );
}

/// What a message says, of which device, whom it names, and whether it says when.
fn said(kind: SourceKind, body: &Value) -> (Said, String, String, bool) {
    let message = by(kind, body).unwrap();
    let people: Vec<String> = message
        .claimants
        .iter()
        .map(|one| format!("{one:?}"))
        .collect();
    let id = message.device.id.as_str().to_owned();
    (message.says, id, people.join(" "), message.at.is_some())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: one entry for each system")]
fn the_systems_that_are_built_in_are_read_as_their_documents_say() {
    let fleet = said(
        SourceKind::Fleet,
        &json!({
            "timestamp": "2027-01-15T00:00:01.5-08:00", "type": "mdm_enrolled",
            "details": { "host_serial": "C0001", "host_display_name": "Mac", "installed_from_dep": true, "platform": "darwin", "enrollment_id": null },
        }),
    );
    assert_eq!(
        fleet,
        (Said::Enrolled, "mdm:C0001".to_owned(), String::new(), true)
    );
    let windows = by(
        SourceKind::Fleet,
        &json!({
            "type": "mdm_enrolled", "details": { "host_serial": "", "enrollment_id": null, "platform": "windows" },
        }),
    );
    assert!(matches!(windows, Err(NotRead::PassedOver(_))));

    let simple = said(
        SourceKind::SimpleMdm,
        &json!({
            "type": "device.enrolled", "at": "2027-01-15T00:00:01.500+01:00",
            "data": { "device": { "id": 12, "udid": "U-2", "serial_number": "C0002" } },
        }),
    );
    assert_eq!(
        simple,
        (Said::Enrolled, "mdm:U-2".to_owned(), String::new(), true)
    );

    let ws1 = said(
        SourceKind::WorkspaceOne,
        &json!({
            "EventId": 148, "EventType": "MDM Enrollment Complete", "DeviceUUID": "u-3", "DeviceId": 7,
            "EnrollmentEmailAddress": "ada@example.com", "EnrollmentUserName": "ada",
            "EventTime": "2027-01-15T08:00:01.1234567Z", "Platform": "Apple",
        }),
    );
    // A user name that is an address names whoever has that address, and nobody twice.
    let jamf = |person: Value| {
        let mut event = json!({ "udid": "J-1" });
        event
            .as_object_mut()
            .unwrap()
            .extend(person.as_object().unwrap().clone());
        let webhook = json!({ "webhookEvent": "MobileDeviceEnrolled", "eventTimestamp": 1_800_000_000_000_u64 });
        said(
            SourceKind::Jamf,
            &json!({ "webhook": webhook, "event": event }),
        )
        .2
    };
    let by_user_name = jamf(json!({ "username": "ada@example.com" }));
    assert_eq!(by_user_name, "External(…) UserName(…) Address(…)");
    let by_both = jamf(json!({ "username": "ada@example.com", "emailAddress": "ada@example.com" }));
    assert_eq!(by_both, "Address(…) External(…) UserName(…)");
    assert_eq!(
        ws1,
        (
            Said::Enrolled,
            "mdm:u-3".to_owned(),
            "Address(…) External(…) UserName(…)".to_owned(),
            true
        )
    );

    let device = json!({
        "name": "enterprises/e/devices/d", "enrollmentTime": "2027-01-15T08:00:01Z",
        "enrollmentTokenData": "{\"beckon\":\"0123456789abcdef0123456789abcdef\"}",
    });
    let android = said(
        SourceKind::Android,
        &json!({
            "message": { "attributes": { "notificationType": "ENROLLMENT" }, "data": STANDARD.encode(device.to_string()) },
        }),
    );
    let of_android = (
        Said::Enrolled,
        "mdm:enterprises/e/devices/d".to_owned(),
        "Reference(…)".to_owned(),
        true,
    );
    assert_eq!(android, of_android);

    let micro = said(
        SourceKind::MicroMdm,
        &json!({
            "topic": "mdm.TokenUpdate", "created_at": "2027-01-15T08:00:01Z",
            "checkin_event": { "udid": "U-4", "url_params": null, "raw_payload": plist("<dict></dict>") },
        }),
    );
    assert_eq!(
        micro,
        (Said::Enrolled, "mdm:U-4".to_owned(), String::new(), true)
    );
}

#[test]
fn a_trace_says_of_each_field_where_it_was_looked_for_and_what_was_found() {
    let mapping: Mapping = serde_json::from_value(json!({
        "unwrap": [{ "from": "/inner", "as": "json", "to": "inside" }],
        "rules": [{ "says": "enrolled" }],
        "device": {
            "id": { "from": ["/inside/udid"] },
            "serial": { "from": ["/sn", "/serial"] },
            "supervised": { "from": ["/mode"], "map": { "full": true } },
        },
        "person": { "email": { "from": ["/user", "/mail"] } },
        "time": { "from": ["/at"] },
    }))
    .unwrap();
    let body = json!({ "inner": "{\"udid\": \"U-1\"}", "serial": "S-1", "mode": "part", "mail": "ada@example.com" });

    let traced = trace(&mapping, body.to_string().as_bytes()).unwrap();

    let told: Vec<_> = traced
        .iter()
        .map(|one| {
            (
                one.field.as_str(),
                one.found_by.as_deref(),
                one.value.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("device.id", Some("/inside/udid"), Some("U-1")),
            ("device.serial", Some("/serial"), Some("S-1")),
            ("device.supervised", Some("/mode"), None),
            ("person.email", Some("/mail"), Some("ada@example.com")),
            ("time", None, None),
        ]
    );
    assert_eq!(traced[1].pointers, ["/sn", "/serial"]);
    assert_eq!(trace(&mapping, b"{").unwrap_err().code, "endsTooSoon");
}

#[test]
fn why_a_message_is_passed_over_has_a_name_and_a_sentence() {
    for (why, code, sentence) in [
        (Passed::Ignored, "ignored", "the mapping ignores it"),
        (Passed::NoRule, "noRule", "no rule of the mapping is for it"),
    ] {
        assert_eq!((why.code(), why.as_str()), (code, sentence));
        assert_eq!(NotRead::PassedOver(why).code(), code);
    }
    let fault = Fault::new("noDeviceId", "the device's id is not there");
    assert_eq!(NotRead::NotUnderstood(fault).code(), "noDeviceId");
}
