use serde_json::{Value, json};

use super::*;
use crate::values::ids::DeviceId;
use crate::values::service_url::ServiceUrl;

const SERIAL: &str = "C02FAKE00001";

fn api() -> SourceApi {
    SourceApi {
        address: ServiceUrl::parse("https://mdm.example.com").unwrap(),
        tenant: None,
        client_id: Some("client".to_owned()),
        space: None,
    }
}

fn device(serial: &str, platform: Option<&str>) -> DeviceFacts {
    DeviceFacts {
        id: DeviceId::parse("mdm:1").unwrap(),
        name: None,
        platform: platform.map(|platform| Label::parse(platform).unwrap()),
        os_version: None,
        serial: Label::parse(serial).ok(),
        supervised: None,
        enrollment_type: None,
        ownership: None,
    }
}

fn secret() -> SenderSecret {
    SenderSecret::made("the-secret".to_owned())
}

fn asked(kind: SourceKind, device: &DeviceFacts) -> Vec<(String, String)> {
    let calls = calls(kind, &api(), &secret(), device).unwrap().into_iter();
    calls
        .map(|call| {
            let shown = call.headers.first().unwrap().1.clone();
            (call.url.as_str().to_owned(), shown)
        })
        .collect()
}

fn answered(status: u16, body: &str) -> OutgoingAnswer {
    OutgoingAnswer {
        status,
        body: body.as_bytes().to_vec(),
        ..OutgoingAnswer::default()
    }
}

fn named(kind: SourceKind, body: &Value) -> Option<Vec<Claimant>> {
    claimants_in(kind, SERIAL, &answered(200, &body.to_string())).unwrap()
}

fn address(text: &str) -> Claimant {
    Claimant::Address(EmailAddress::parse(text).unwrap())
}

fn by_name(text: &str) -> Vec<Claimant> {
    vec![
        Claimant::External(ExternalId::parse(text).unwrap()),
        Claimant::UserName(UserName::parse(text).unwrap()),
    ]
}

fn fleet(serial: &str, users: &Value) -> Value {
    json!({ "host": { "id": 42, "hardware_serial": serial, "hostname": "x", "end_users": users } })
}

fn simple(serial: &str, values: &Value) -> Value {
    json!({ "data": [
        { "type": "device", "id": 1, "attributes": { "name": SERIAL, "serial_number": null } },
        {
            "type": "device", "id": 2, "attributes": { "name": "Mac", "serial_number": serial },
            "relationships": { "custom_attribute_values": { "data": values } },
        },
    ], "has_more": false })
}

fn jamf(serial: &str) -> Value {
    json!({ "mobile_device": {
        "general": { "id": 1, "serial_number": serial },
        "location": { "username": "ada", "realname": "Ada", "email_address": "ada@example.com" },
    } })
}

#[test]
fn each_system_is_asked_for_the_serial_number_as_its_documents_say() {
    let phone = device(SERIAL, Some("ios"));
    let bearer = "Bearer the-secret".to_owned();
    let host = format!(
        "https://mdm.example.com/api/v1/fleet/hosts/identifier/{SERIAL}?exclude_software=true"
    );
    assert_eq!(asked(SourceKind::Fleet, &phone), [(host, bearer.clone())]);
    let list = format!("https://mdm.example.com/api/v1/devices?search={SERIAL}&limit=100");
    // The key, a colon, and no password.
    let basic = "Basic dGhlLXNlY3JldDo=".to_owned();
    assert_eq!(asked(SourceKind::SimpleMdm, &phone), [(list, basic)]);
    let one = |list: &str| {
        let path = format!("JSSResource/{list}/serialnumber/{SERIAL}/subset/General&Location");
        (format!("https://mdm.example.com/{path}"), bearer.clone())
    };
    assert_eq!(asked(SourceKind::Jamf, &phone), [one("mobiledevices")]);
    let mac = device(SERIAL, Some("macos"));
    assert_eq!(asked(SourceKind::Jamf, &mac), [one("computers")]);
    let unknown = device(SERIAL, None);
    let both = [one("mobiledevices"), one("computers")];
    assert_eq!(asked(SourceKind::Jamf, &unknown), both);
    let token = token_call(SourceKind::Jamf, &api(), &secret()).unwrap();
    let token = token.unwrap();
    assert_eq!(
        token.url.as_str(),
        "https://mdm.example.com/api/oauth/token"
    );
    let form = "grant_type=client_credentials&client_id=client&client_secret=the-secret";
    assert_eq!(token.body, form.as_bytes());
}

#[test]
fn a_serial_number_stays_within_its_part_of_the_path() {
    let strange = device("../a?b=c&d#e %", None);
    let [(url, _)] = asked(SourceKind::Fleet, &strange).try_into().unwrap();
    let part = "..%2Fa%3Fb%3Dc%26d%23e%20%25";
    assert!(url.contains(&format!("/identifier/{part}?")), "{url}");
    for nothing in ["..", "-", "\u{e4}1", &"x".repeat(65)] {
        assert_eq!(serial_of(&device(nothing, None)), None, "{nothing}");
    }
}

#[test]
fn whom_each_system_names_is_found_by_address_external_id_and_user_name() {
    let ada =
        json!([{ "idp_username": "ada@example.com", "idp_groups": [], "other_emails": null }]);
    let by_both = [by_name("ada@example.com"), vec![address("ada@example.com")]].concat();
    let found = named(SourceKind::Fleet, &fleet(SERIAL, &ada));
    assert_eq!(found, Some(by_both));
    let emails = json!([{ "idp_username": "", "other_emails": [
        { "email": "home@example.org", "source": "google_chrome_profiles" },
        { "email": "ada@example.com", "source": "custom" },
    ] }]);
    let found = named(SourceKind::Fleet, &fleet(&SERIAL.to_lowercase(), &emails));
    assert_eq!(found, Some(vec![address("ada@example.com")]));

    let value = |id: &str, value: Value| json!({ "id": id, "attributes": { "value": value } });
    let values = json!([
        value("Email", json!("ada@example.com")),
        value("username", json!("")),
        value("room", Value::Null),
    ]);
    let found = named(SourceKind::SimpleMdm, &simple(SERIAL, &values));
    assert_eq!(found, Some(vec![address("ada@example.com")]));

    let by_all = [vec![address("ada@example.com")], by_name("ada")].concat();
    let found = named(SourceKind::Jamf, &jamf(SERIAL));
    assert_eq!(found, Some(by_all));
}

#[test]
fn nobody_is_named_by_an_answer_about_another_device_or_about_two_people() {
    let ada = json!([{ "idp_username": "ada@example.com" }]);
    // A host that calls itself like the serial number of another.
    assert_eq!(named(SourceKind::Fleet, &fleet("OTHER", &ada)), None);
    assert_eq!(
        named(SourceKind::SimpleMdm, &simple("OTHER", &json!([]))),
        None
    );
    assert_eq!(named(SourceKind::SimpleMdm, &json!({ "data": [] })), None);
    assert_eq!(named(SourceKind::Jamf, &jamf("OTHER")), None);
    let two = json!([{ "idp_username": "ada@example.com" }, { "idp_username": "ben@example.com" }]);
    for users in [two, json!([]), Value::Null] {
        let found = named(SourceKind::Fleet, &fleet(SERIAL, &users));
        assert_eq!(found, Some(vec![]), "{users}");
    }
}

#[test]
fn what_is_no_answer_is_told_from_a_device_that_is_not_known() {
    for kind in [SourceKind::Fleet, SourceKind::Jamf] {
        let gone = claimants_in(kind, SERIAL, &answered(404, "<html>"));
        assert_eq!(gone, Ok(None), "{kind:?}");
    }
    for kind in [SourceKind::Fleet, SourceKind::Jamf, SourceKind::SimpleMdm] {
        for (status, body, why) in [
            (200, "[]", PollFailed::NotUnderstood),
            (200, "{\"host\":", PollFailed::NotUnderstood),
            (200, "<html>", PollFailed::NotUnderstood),
            (401, "", PollFailed::Unauthorised(401)),
            (403, "", PollFailed::Forbidden),
            (429, "", PollFailed::TooMany),
            (302, "", PollFailed::Redirected(302)),
            (500, "", PollFailed::Status(500)),
        ] {
            let found = claimants_in(kind, SERIAL, &answered(status, body));
            assert_eq!(found, Err(why), "{kind:?} {status}");
        }
    }
    let none = claimants_in(SourceKind::SimpleMdm, SERIAL, &answered(404, ""));
    assert_eq!(none, Err(PollFailed::Status(404)));
    assert!(is_of_the_system(&PollFailed::Status(503)));
    assert!(!is_of_the_system(&PollFailed::Status(400)));
    assert!(!is_of_the_system(&PollFailed::NotUnderstood));
}

#[test]
fn the_pauses_of_a_message_double_up_to_an_hour_and_wait_for_the_system() {
    let came = Timestamp::UNIX_EPOCH;
    let mut now = came;
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let next = tried_again_at(came, None, now);
        pauses.push(next.duration_since(now).as_mins());
        now = next;
    }
    assert_eq!(pauses, [5, 5, 10, 20, 40, 60]);
    let later = now + SignedDuration::from_hours(5);
    assert_eq!(tried_again_at(came, Some(later), now), later);
    assert!(!is_given_up(came, came + SignedDuration::from_hours(71)));
    assert!(is_given_up(came, came + SignedDuration::from_hours(72)));
}
