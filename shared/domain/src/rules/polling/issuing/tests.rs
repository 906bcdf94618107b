use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::model::examples::somebody;
use crate::model::outgoing_call::CallMethod;
use crate::model::settings::device_sources::Authentication;
use crate::values::ids::IssueNumber;
use crate::values::nonce::Nonce;
use crate::values::service_url::ServiceUrl;
use crate::values::source_name::SourceName;

fn source(kind: SourceKind) -> DeviceSource {
    DeviceSource {
        name: SourceName::parse("source").unwrap(),
        kind,
        authentication: Authentication::Basic,
        mapping: None,
        api: Some(SourceApi {
            address: ServiceUrl::parse("https://mdm.example.com").unwrap(),
            tenant: Some("LC01".to_owned()),
            client_id: Some("client".to_owned()),
            space: None,
        }),
    }
}

fn secret() -> SenderSecret {
    SenderSecret::made("the-access".to_owned())
}

fn made_by(
    kind: SourceKind,
    user: &User,
    ownership: Ownership,
    policy: Option<&str>,
) -> (OutgoingCall, String) {
    let source = source(kind);
    let reference = Reference::of_issue(
        user.id,
        IssueNumber::from_number(1),
        &Nonce::from_bytes([7; 16]),
    );
    let of = Issuing {
        source: &source,
        api: source.api.as_ref().unwrap(),
        issuer: &TokenIssuer {
            source: source.name.clone(),
            policy: policy.map(str::to_owned),
        },
        user,
        reference: &reference,
        ownership,
    };
    let now = "2026-03-02T10:00:00Z".parse().unwrap();
    (making(of, &secret(), now).unwrap(), of.made_for())
}

fn answered(status: u16, body: &str) -> OutgoingAnswer {
    OutgoingAnswer {
        status,
        body: body.as_bytes().to_vec(),
        ..OutgoingAnswer::default()
    }
}

#[test]
fn an_android_token_allows_what_the_ownership_says_and_another_one_is_for_something_else() {
    let user = somebody();
    let made = |ownership, policy| made_by(SourceKind::Android, &user, ownership, policy);
    for (ownership, allowed) in [
        (Ownership::NotSet, Value::Null),
        (Ownership::UserOwned, json!("PERSONAL_USAGE_ALLOWED")),
        (Ownership::CompanyOwned, json!("PERSONAL_USAGE_DISALLOWED")),
    ] {
        let (call, _) = made(ownership, None);
        let said: Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(said["allowPersonalUsage"], allowed);
        assert_eq!(said["policyName"], "enterprises/LC01/policies/default");
        let path = "https://mdm.example.com/v1/enterprises/LC01/enrollmentTokens";
        assert_eq!((call.method, call.url.as_str()), (CallMethod::Post, path));
    }
    let all = [
        made(Ownership::NotSet, None).1,
        made(Ownership::UserOwned, None).1,
        made(Ownership::UserOwned, Some("work")).1,
        made_by(SourceKind::Jamf, &user, Ownership::UserOwned, None).1,
    ];
    let different: BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn a_service_account_says_who_it_is_for_five_minutes_and_where_the_token_is_given() {
    let account = json!({
        "client_email": "tokens@beckon.iam.gserviceaccount.com", "private_key_id": "key-1",
        "private_key": "c29tZWJvZHk=", "token_uri": "https://oauth2.googleapis.com/token",
    });
    let credentials = SenderSecret::made(account.to_string());
    let source = source(SourceKind::Android);
    let api = source.api.as_ref().unwrap();
    let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();

    let AccessCall::Sign(assertion) = access(&source, api, &credentials, now).unwrap() else {
        panic!("nothing is signed");
    };

    let said = std::str::from_utf8(assertion.said()).unwrap();
    let parts: Vec<Value> = said
        .split('.')
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    let head = json!({ "alg": "RS256", "typ": "JWT", "kid": "key-1" });
    let claims = json!({
        "iss": "tokens@beckon.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/androidmanagement",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": now.as_second(), "exp": now.as_second() + 300,
    });
    assert_eq!(parts, [head, claims]);
    assert_eq!(assertion.key(), b"somebody");
    let call = assertion.call(b"signed");
    assert_eq!(call.url.as_str(), "https://oauth2.googleapis.com/token");
    let form = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={said}.c2lnbmVk"
    );
    assert_eq!(call.body, form.as_bytes());
}

#[test]
fn a_jamf_invitation_is_for_the_user_name_once_and_good_for_an_hour_in_any_time_zone() {
    let mut user = somebody();
    user.user_name = UserName::parse("ada<&").ok();
    let (call, _) = made_by(SourceKind::Jamf, &user, Ownership::NotSet, None);

    let path = "https://mdm.example.com/JSSResource/mobiledeviceinvitations/id/0";
    assert_eq!((call.method, call.url.as_str()), (CallMethod::Post, path));
    let body = String::from_utf8(call.body).unwrap();
    for part in [
        "<invitation_type>USER_INITIATED_URL</invitation_type>",
        "<expiration_date>2026-03-03 01:00:00</expiration_date>",
        "<username>ada&lt;&amp;</username>",
        "<allow_multiple_uses>false</allow_multiple_uses>",
    ] {
        assert!(body.contains(part), "{body}");
    }
    user.user_name = None;
    let (call, _) = made_by(SourceKind::Jamf, &user, Ownership::NotSet, None);
    let body = String::from_utf8(call.body).unwrap();
    let address = format!("<username>{}</username>", user.email.as_str());
    assert!(body.contains(&address), "{body}");
}

#[test]
fn what_jamf_made_is_named_by_its_id_and_its_number_is_read_whole() {
    for body in [
        "<?xml version=\"1.0\"?><mobile_device_invitation><id>7</id></mobile_device_invitation>",
        r#"{"mobile_device_invitation":{"id":7}}"#,
    ] {
        let made = made_in(SourceKind::Jamf, &answered(201, body)).unwrap();
        assert_eq!((made.name.as_str(), made.token), ("7", None));
    }
    let number = "957265384823673745958372626273892726191";
    for written in [number.to_owned(), format!("\"{number}\"")] {
        let body = format!(r#"{{"mobile_device_invitation":{{"id":7,"invitation":{written}}}}}"#);
        let shown = shown_in(SourceKind::Jamf, &answered(200, &body)).unwrap();
        assert_eq!(shown.unwrap().expose(), number);
    }
}

#[test]
fn an_answer_without_a_token_is_none_and_one_that_leads_elsewhere_is_not_taken() {
    for kind in [SourceKind::Android, SourceKind::Jamf] {
        for body in [
            "",
            "{}",
            "<html>",
            "<mobile_device_invitation><id>../7</id></mobile_device_invitation>",
            r#"{"name":"enterprises/../t","value":"T"}"#,
            r#"{"name":"/elsewhere","value":"T"}"#,
            r#"{"name":"enterprises/e/enrollmentTokens/t?a=b","value":"T"}"#,
            r#"{"name":"enterprises/e/enrollmentTokens/t","value":""}"#,
        ] {
            let made = made_in(kind, &answered(200, body));
            assert!(matches!(made, Err(PollFailed::NotIssued)), "{body}");
        }
        assert!(matches!(shown_in(kind, &answered(404, "")), Ok(None)));
        for (status, why) in [
            (401, PollFailed::Unauthorised(401)),
            (403, PollFailed::MayNotIssue),
        ] {
            assert_eq!(made_in(kind, &answered(status, "")).unwrap_err(), why);
            assert_eq!(shown_in(kind, &answered(status, "")).unwrap_err(), why);
        }
    }
}

#[test]
fn what_android_made_is_named_and_shown_again_by_that_name_and_nothing_else_is_a_name() {
    let made = |name: &str, value: &str| {
        let body = json!({ "name": name, "value": value }).to_string();
        made_in(SourceKind::Android, &answered(200, &body))
    };
    let name = "enterprises/LC01/enrollmentTokens/t-1_2.3~4";
    let longest = format!("enterprises/{}", "e".repeat(500));
    let issued = made(name, "the-token").unwrap();

    assert_eq!(issued.name, name);
    assert_eq!(issued.token.as_ref().unwrap().expose(), "the-token");
    assert_eq!(format!("{issued:?}"), "Issued { .. }");
    let source = source(SourceKind::Android);
    let api = source.api.as_ref().unwrap();
    let showing = |kind, name| showing(kind, api, name, &secret()).unwrap().url;
    assert_eq!(
        showing(SourceKind::Android, name).as_str(),
        format!("https://mdm.example.com/v1/{name}")
    );
    assert!(showing(SourceKind::Jamf, "7").as_str().ends_with("/id/7"));
    let body = json!({ "name": name, "value": "the-token" }).to_string();
    let shown = shown_in(SourceKind::Android, &answered(200, &body)).unwrap();
    assert_eq!(shown.unwrap().expose(), "the-token");
    assert!(made(&longest, "T").is_ok());
    assert!(made(name, &"v".repeat(1_024)).is_ok());
    for (name, value) in [
        (format!("{longest}e").as_str(), "T"),
        ("enterprises//t", "T"),
        ("enterprises/a..b/t", "T"),
        ("enterprises/a b/t", "T"),
        ("tokens/enterprises/t", "T"),
        (name, "a b"),
        (name, "a\r\nb"),
        (name, &"v".repeat(1_025)),
    ] {
        assert_eq!(made(name, value), Err(PollFailed::NotIssued), "{name}");
    }
}
