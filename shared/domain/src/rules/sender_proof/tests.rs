use jiff::Timestamp;

use super::*;
use crate::values::sender_secrets::SenderSecret;

struct Request {
    header: (&'static str, String),
    query: (&'static str, &'static str),
    body: &'static [u8],
}

impl Shown for Request {
    fn header(&self, name: &str) -> Option<&str> {
        let is_it = self.header.0.eq_ignore_ascii_case(name);
        is_it.then_some(self.header.1.as_str())
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        (self.query.0 == name).then_some(self.query.1)
    }

    async fn identity(&self, _: &str) -> Result<Option<Identity>, KeysUnreachable> {
        Ok(None)
    }

    fn is_compressed(&self) -> bool {
        false
    }

    fn body(&self) -> &[u8] {
        self.body
    }
}

fn with_header(name: &'static str, value: &str) -> Request {
    Request {
        header: (name, value.to_owned()),
        query: ("", ""),
        body: b"what do ya want for nothing?",
    }
}

fn secrets(texts: &[&str]) -> Vec<HeldSecret> {
    let held = |(text, id): (&&str, u32)| HeldSecret {
        of_service: None,
        id,
        secret: SenderSecret::made((*text).to_owned()),
        since: Timestamp::UNIX_EPOCH,
    };
    texts.iter().zip(1..).map(held).collect()
}

/// RFC 4231, test case 2: key `Jefe`.
const SHA256_OF_JEFE: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

fn hmac(encoding: Encoding, prefix: &str, algorithm: Algorithm) -> Authentication {
    Authentication::Hmac {
        header: "X-Signature".to_owned(),
        encoding,
        prefix: prefix.to_owned(),
        algorithm,
    }
}

#[test]
fn a_signature_is_that_of_the_standard_in_either_writing_and_behind_its_prefix() {
    let held = secrets(&["another", "Jefe"]);
    let base64 = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
    let proven = |authentication, value: &str| {
        is_proven(
            &authentication,
            &held,
            &with_header("x-signature", value),
            None,
        )
    };
    let hex = |prefix| hmac(Encoding::Hex, prefix, Algorithm::Sha256);

    assert!(proven(hex(""), SHA256_OF_JEFE));
    assert!(proven(hex(""), &SHA256_OF_JEFE.to_uppercase()));
    assert!(proven(hex("sha256="), &format!("sha256={SHA256_OF_JEFE}")));
    assert!(!proven(hex("sha256="), SHA256_OF_JEFE));
    assert!(!proven(hex(""), &SHA256_OF_JEFE.replace('5', "6")));
    assert!(!proven(hex(""), ""));
    assert!(proven(
        hmac(Encoding::Base64, "", Algorithm::Sha256),
        base64
    ));
    assert!(!proven(
        hmac(Encoding::Base64, "", Algorithm::Sha512),
        base64
    ));
}

#[test]
fn a_signature_of_another_body_or_by_another_secret_proves_nothing() {
    let way = hmac(Encoding::Hex, "", Algorithm::Sha256);
    let mut request = with_header("X-Signature", SHA256_OF_JEFE);

    assert!(!is_proven(&way, &secrets(&["jefe"]), &request, None));
    assert!(!is_proven(&way, &[], &request, None));
    request.body = b"what do ya want for nothing!";
    assert!(!is_proven(&way, &secrets(&["Jefe"]), &request, None));
}

#[test]
fn a_password_a_header_and_a_parameter_are_compared_as_they_stand() {
    let held = secrets(&["user:pass-word"]);
    let basic = |value: &str| {
        let request = with_header("authorization", value);
        is_proven(&Authentication::Basic, &held, &request, None)
    };
    assert!(basic("Basic dXNlcjpwYXNzLXdvcmQ="));
    assert!(basic("basic dXNlcjpwYXNzLXdvcmQ="));
    for wrong in [
        "Basic dXNlcjpvdGhlcg==",
        "Bearer dXNlcjpwYXNzLXdvcmQ=",
        "Basic ?",
        "",
    ] {
        assert!(!basic(wrong), "{wrong}");
    }

    let way = Authentication::Header {
        header: "X-Token".to_owned(),
    };
    let by_header = |value| {
        is_proven(
            &way,
            &secrets(&["a-token"]),
            &with_header("x-token", value),
            None,
        )
    };
    assert!(by_header("a-token"));
    assert!(!by_header("a-token-"));

    let way = Authentication::Query {
        parameter: "token".to_owned(),
    };
    let mut request = with_header("x", "");
    request.query = ("token", "a-token");
    assert!(is_proven(&way, &secrets(&["a-token"]), &request, None));
    assert!(!is_proven(&way, &secrets(&["b-token"]), &request, None));
}

#[test]
fn a_token_counts_for_its_issuer_audience_and_account_alone() {
    let way = Authentication::Google {
        issuer: "https://accounts.google.com".to_owned(),
        audience: "https://beckon.example.com".to_owned(),
        account: "push@project.iam.gserviceaccount.com".to_owned(),
    };
    let identity = Identity {
        issuer: "https://accounts.google.com".to_owned(),
        audience: "https://beckon.example.com".to_owned(),
        account: "push@project.iam.gserviceaccount.com".to_owned(),
    };
    let proven = |identity: Option<Identity>| {
        let request = with_header("x", "");
        is_proven(&way, &[], &request, identity.as_ref())
    };

    assert!(proven(Some(identity.clone())));
    assert!(!proven(None));
    let other = || "other".to_owned();
    assert!(!proven(Some(Identity {
        issuer: other(),
        ..identity.clone()
    })));
    assert!(!proven(Some(Identity {
        audience: other(),
        ..identity.clone()
    })));
    assert!(!proven(Some(Identity {
        account: other(),
        ..identity
    })));
}

#[test]
fn a_secret_that_is_held_twice_proves_as_much_as_once() {
    let held = secrets(&["Jefe", "Jefe"]);
    let authentication = hmac(Encoding::Hex, "", Algorithm::Sha256);
    let request = with_header("x-signature", SHA256_OF_JEFE);

    assert!(is_proven(&authentication, &held, &request, None));
}
